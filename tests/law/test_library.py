"""The files of the law: what is read, and what is refused with file and path."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kouan.basis import Refused
from kouan.basis.strict_yaml import load
from kouan.law import Law, Library

PARAMETER = """\
label: {zh: 测试口岸标准, en: Standard of test ports}
parameters:
  cargo:
    label: {zh: 年货运量下限, en: least cargo in a year}
    measure: cargo_tonnes
    unit: 万吨
    base_unit: t
    comparison: '>='
    values:
      2017-01-01:
        value: 1.5
        base_value: 15_000
        issued: 2017-12-27
        citation: {instrument: 测试办法, article: 第一条, quote: 不少于1.5万吨}
      2021-01-01:
        value: 20
        base_value: 200_000
        issued: 2020-12-01
        covers_to: 2025-12-31
        citation: {instrument: 测试规划, article: 专栏1}
"""
SETTING = """\
label: {zh: 如何理解, en: How it is read}
ambiguity: A-99
question: {zh: 原文未写明。, en: The text does not say.}
citation: {instrument: 测试规划, article: 专栏1, quote: 测试}
adopted: 2026-01-01
default: wide
reason: {zh: 从宽。, en: The wide reading.}
choices:
  wide: {zh: 从宽, en: wide}
  narrow: {zh: 从严, en: narrow}
"""


def write(folder: Path, parameter: str = PARAMETER, setting: str = SETTING) -> Path:
    for name, text in (("parameters/test/port.yaml", parameter), ("settings/test/reading.yaml", setting)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def slips(folder: Path) -> dict[str, str | None]:
    with pytest.raises(Refused) as refusal:
        Library.load(folder)
    assert all(f.where.file and f.message.zh and f.message.en and f.remedy for f in refusal.value.findings)
    return {f.code: f.where.path for f in refusal.value.findings}


def test_keys_come_from_the_place_of_the_file(tmp_path: Path) -> None:
    library = Library.load(write(tmp_path))
    assert set(library.parameters) == {"test.port.cargo"}
    assert set(library.questions) == {"test.reading"}
    old, new = library.parameters["test.port.cargo"].values
    assert (old.value, old.printed, old.printed_text) == (Decimal(15_000), Decimal("1.5"), "1.5万吨")
    assert (old.in_force_from, old.in_force_to) == (date(2017, 1, 1), date(2020, 12, 31))
    assert (new.in_force_to, new.covers_to) == (None, date(2025, 12, 31))
    assert new.citation.issued == date(2020, 12, 1) and new.citation.in_force_from == date(2021, 1, 1)


def test_values_are_ordered_by_date_however_they_stand(tmp_path: Path) -> None:
    head, _, rest = PARAMETER.partition("      2017-01-01:")
    first, _, second = rest.partition("      2021-01-01:")
    turned = f"{head}      2021-01-01:{second}      2017-01-01:{first}"
    assert Library.load(write(tmp_path, turned)).parameters == Library.load(write(tmp_path)).parameters


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("value: 20\n", "value: 2\n", "value_mismatch", "/parameters/cargo/values/2021-01-01/base_value"),
        ("value: 20\n", "value: -20\n", "not_a_number", "/parameters/cargo/values/2021-01-01/value"),
        ("value: 20\n", "value: true\n", "not_a_number", "/parameters/cargo/values/2021-01-01/value"),
        ("value: 20\n", "value: .nan\n", "not_a_number", "/parameters/cargo/values/2021-01-01/value"),
        ("value: 20\n", "value: '20'\n", "not_a_number", "/parameters/cargo/values/2021-01-01/value"),
        ("        value: 20\n", "", "missing_key", "/parameters/cargo/values/2021-01-01/value"),
        ("value: 20\n", "value: 20\n        vlaue: 3\n", "unknown_key", "/parameters/cargo/values/2021-01-01/vlaue"),
        ("issued: 2020-12-01", "issued: '2020-12-01'", "not_a_date", "/parameters/cargo/values/2021-01-01/issued"),
        ("issued: 2020-12-01", "issued: soon", "not_a_date", "/parameters/cargo/values/2021-01-01/issued"),
        ("2021-01-01:", "'2021-01-01':", "not_a_date", "/parameters/cargo/values/2021-01-01"),
        ("2021-01-01:", "next year:", "not_a_date", "/parameters/cargo/values/next year"),
        ("covers_to: 2025-12-31", "covers_to: 2020-12-31", "wrong_order", "/parameters/cargo/values/2021-01-01/covers_to"),
        ("        citation: {instrument: 测试规划, article: 专栏1}\n", "", "missing_key",
         "/parameters/cargo/values/2021-01-01/citation"),
        ("article: 专栏1}", "article: ''}", "empty", "/parameters/cargo/values/2021-01-01/citation/article"),
        ("article: 专栏1}", "article: 6}", "wrong_form", "/parameters/cargo/values/2021-01-01/citation/article"),
        ("unit: 万吨", "unit: 万人次", "unknown_unit", "/parameters/cargo/unit"),
        ("unit: 万吨", "unit: 车", "unknown_unit", "/parameters/cargo/unit"),
        ("comparison: '>='", "comparison: about", "unknown_comparison", "/parameters/cargo/comparison"),
        ("  cargo:\n", "  Cargo Tonnes:\n", "wrong_key", "/parameters/Cargo Tonnes"),
        ("en: Standard of test ports}", "fr: ports}", "unknown_key", "/label/fr"),
    ],
)  # fmt: skip
def test_a_slip_is_refused_with_file_and_path(
    tmp_path: Path, old: str, new: str, code: str, path: str
) -> None:
    assert old in PARAMETER
    found = slips(write(tmp_path, PARAMETER.replace(old, new)))
    assert found.get(code) == path


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        ("default: wide", "default: broad", "unknown_choice", "/default"),
        ("  narrow: {zh: 从严, en: narrow}\n", "", "empty", "/choices"),
        ("ambiguity: A-99\n", "", "missing_key", "/ambiguity"),
        ("citation: {instrument: 测试规划, article: 专栏1, quote: 测试}\n", "", "missing_key", "/citation"),
        ("adopted: 2026-01-01", "adopted: ''", "not_a_date", "/adopted"),
        # A comma inside a flow mapping makes a second key of the rest: the slip most easily made.
        ("en: narrow}", "en: narrow, as it were}", "unknown_key", "/choices/narrow/as it were"),
    ],
)
def test_a_slip_in_a_setting_is_refused(tmp_path: Path, old: str, new: str, code: str, path: str) -> None:
    assert old in SETTING
    assert slips(write(tmp_path, setting=SETTING.replace(old, new))).get(code) == path


def test_all_slips_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        PARAMETER.replace("value: 20\n", "value: 2\n"),
        SETTING.replace("default: wide", "default: x"),
    )
    with pytest.raises(Refused) as refusal:
        Library.load(folder)
    assert {(f.where.file, f.code) for f in refusal.value.findings} == {
        ("parameters/test/port.yaml", "value_mismatch"),
        ("settings/test/reading.yaml", "unknown_choice"),
    }


def test_a_repeated_key_is_refused_with_its_line(tmp_path: Path) -> None:
    twice = PARAMETER.replace("        value: 20\n", "        value: 20\n        value: 30\n")
    with pytest.raises(Refused) as refusal:
        Library.load(write(tmp_path, twice))
    [finding] = refusal.value.findings
    assert finding.code == "not_yaml" and "value" in finding.message.en
    assert finding.where.row == twice.splitlines().index("        value: 30") + 1


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x",
        "a: [1",
        "a: !!python/object/apply:os.system [x]",
        "a: 2021-02-30",
        "? [1, 2]\n: 3",
        "\ttab: 1",
    ],
)
def test_what_is_not_plain_yaml_is_refused(tmp_path: Path, text: str) -> None:
    assert "not_yaml" in slips(write(tmp_path, setting=text))


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "settings/test/reading.yaml").write_bytes(SETTING.encode("gb18030"))
    assert "not_utf8" in slips(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert slips(tmp_path) == {"no_parameters": None}


def test_on_stays_a_word_and_decimals_stay_exact() -> None:
    assert load("on: no\nyes: 0.1\ntrue_one: true") == {"on": "no", "yes": Decimal("0.1"), "true_one": True}
    assert load("[010, 1:30, 0x1F, 1_000, -7, +2.50, 0]") == [
        "010",
        "1:30",
        "0x1F",
        1000,
        -7,
        Decimal("2.50"),
        0,
    ]


def test_another_reading_must_lead_to_an_older_value(tmp_path: Path) -> None:
    other = "        other_reading: {setting: test.reading, choice: narrow, value_of: %s}\n"
    good = write(tmp_path / "good", PARAMETER + other % "2017-01-01")
    law = Law(date(2024, 1, 1), library=Library.load(good))
    assert law.parameter("test.port.cargo").value == 200_000
    narrow = law.supposing("test.reading", "narrow").parameter("test.port.cargo")
    assert narrow.value == 15_000 and narrow.covers_to == date(2025, 12, 31)
    assert slips(write(tmp_path / "bad", PARAMETER + other % "2021-01-01")) == {
        "dangling_reading": "/test.port.cargo/2021-01-01/other_reading"
    }
    broken = (PARAMETER + other % "2017-01-01").replace("choice: narrow", "choice: strict")
    assert "dangling_reading" in slips(write(tmp_path / "worse", broken))


def test_the_digest_follows_the_content_not_the_line_ends(tmp_path: Path) -> None:
    one = Library.load(write(tmp_path / "one")).digest
    folder = write(tmp_path / "two")
    file = folder / "parameters/test/port.yaml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert Library.load(folder).digest == one
    file.write_text(PARAMETER.replace("测试规划", "试验规划"), encoding="utf-8")
    assert Library.load(folder).digest != one
