"""The law of a day: values by date, settings by ruling, nearest names for unknown keys."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kouan.basis import NotFound, Refused
from kouan.law import Law, Ruling, load_rulings

SEA = "volume_standard.sea.cargo"
MODE = "volume_standard.border_mode"


def a_ruling(**fields: Any) -> Ruling:
    whole = {
        "setting": MODE,
        "value": "no_grace",
        "from_date": date(2024, 7, 1),
        "document_number": "测试函〔2024〕1号",
        "document_title": "关于测试用解释的函",
        "issued": date(2024, 6, 20),
    }
    return Ruling(**{**whole, **fields})


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2017, 1, 1), 1_000_000),
        (date(2020, 12, 31), 1_000_000),
        (date(2021, 1, 1), 10_000_000),
        (date(2031, 5, 1), 10_000_000),
    ],
)
def test_the_day_picks_the_value(day: date, value: int) -> None:
    assert Law(date(2024, 6, 30)).parameter(SEA, on=day).value == value


def test_without_a_day_the_as_of_date_picks() -> None:
    assert Law(date(2019, 6, 30)).parameter(SEA).printed_text == "100万吨"
    assert Law(date(2024, 6, 30)).parameter(SEA).printed_text == "1000万吨"


def test_a_day_before_the_first_value_is_not_found() -> None:
    with pytest.raises(NotFound) as refusal:
        Law(date(2024, 6, 30)).parameter(SEA, on=date(2016, 12, 31))
    [finding] = refusal.value.findings
    assert finding.code == "not_yet_in_force" and "2017-01-01" in finding.message.zh


def test_history_is_oldest_first() -> None:
    assert [v.in_force_from.year for v in Law(date(2024, 6, 30)).history(SEA)] == [2017, 2021]


def test_an_unknown_key_suggests_the_nearest() -> None:
    law = Law(date(2024, 6, 30))
    for ask, key, near in (
        (law.parameter, "volume_standard.sea.crago", SEA),
        (law.history, "volume_standard.see.cargo", SEA),
        (law.setting, "volume_standard.border_mod", MODE),
    ):
        with pytest.raises(NotFound) as refusal:
            ask(key)
        [finding] = refusal.value.findings
        assert finding.remedy and near in finding.remedy.zh and near in finding.remedy.en


def test_a_ruling_replaces_the_default_from_its_day() -> None:
    ruling = a_ruling()
    before, after = (
        Law(date(2024, 6, 30), [ruling]).setting(MODE),
        Law(date(2024, 7, 1), [ruling]).setting(MODE),
    )
    assert (before.value, before.decided_by) == ("monitor_only", None)
    assert (after.value, after.decided_by) == ("no_grace", ruling)
    assert "测试函〔2024〕1号" in after.reason.zh and "2024年7月1日" in after.reason.zh
    assert after.citation.instrument == "关于测试用解释的函" and after.citation.issued == date(2024, 6, 20)
    # The text that is open stays known beside the answer.
    assert after.question.citation.article == "专栏6"


def test_the_latest_ruling_wins_whatever_the_order() -> None:
    one, two = a_ruling(), a_ruling(value="exempt", from_date=date(2025, 1, 1), issued=date(2024, 12, 1))
    for rulings in ([one, two], [two, one]):
        assert Law(date(2024, 12, 31), rulings).setting(MODE).value == "no_grace"
        assert Law(date(2025, 1, 1), rulings).setting(MODE).value == "exempt"


def test_a_ruling_issued_later_reaches_back_unless_one_asks_what_was_known() -> None:
    late = a_ruling(from_date=date(2023, 1, 1), issued=date(2024, 6, 20))
    assert Law(date(2023, 6, 1), [late]).setting(MODE).value == "no_grace"
    assert Law(date(2023, 6, 1), [late], known_at=date(2024, 6, 19)).setting(MODE).value == "monitor_only"
    assert Law(date(2023, 6, 1), [late], known_at=date(2024, 6, 20)).setting(MODE).value == "no_grace"


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"setting": "volume_standard.border"}, "unknown_setting", "/0/setting"),
        ({"value": "strict"}, "unknown_choice", "/0/value"),
        ({"document_number": " "}, "ruling_without_document", "/0/document_number"),
        ({"document_title": ""}, "ruling_without_document", "/0/document_title"),
    ],
)
def test_a_ruling_that_cannot_hold_is_refused(fields: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Refused) as refusal:
        Law(date(2024, 6, 30), [a_ruling(**fields)])
    assert [(f.code, f.where.path) for f in refusal.value.findings] == [(code, path)]


def test_contradictory_rulings_of_one_day_are_refused() -> None:
    with pytest.raises(Refused) as refusal:
        Law(date(2024, 7, 1), [a_ruling(), a_ruling(value="exempt", document_number="测试函〔2024〕2号")])
    [finding] = refusal.value.findings
    assert finding.code == "contradictory_rulings" and "〔2024〕2号" in finding.message.zh


def test_an_instant_is_no_day() -> None:
    with pytest.raises(TypeError):
        Law(datetime(2024, 6, 30, 20, tzinfo=UTC))


def test_supposing_changes_one_setting_and_nothing_else() -> None:
    law = Law(date(2024, 6, 30))
    other = law.supposing(MODE, "exempt")
    assert other.setting(MODE).value == "exempt" and other.setting(MODE).is_supposed
    assert law.setting(MODE).value == "monitor_only"
    assert other.setting("volume_standard.combine") == law.setting("volume_standard.combine")
    assert law.supposing(MODE, "exempt") is other
    with pytest.raises(Refused):
        law.supposing(MODE, "never")


def test_the_digest_changes_with_a_ruling_that_holds() -> None:
    plain = Law(date(2024, 6, 30)).digest
    assert Law(date(2024, 6, 30), [a_ruling()]).digest == plain
    assert Law(date(2024, 7, 1), [a_ruling()]).digest != plain
    assert Law(date(2024, 6, 30)).supposing(MODE, "exempt").digest != plain


def test_the_catalogue_is_complete_and_json_ready() -> None:
    law = Law(date(2024, 7, 1), [a_ruling()])
    catalogue = law.catalogue()
    assert {p.key for p in catalogue.parameters} == set(law.library.parameters)
    assert {s.key for s in catalogue.settings} == set(law.library.questions)
    data = json.loads(json.dumps(catalogue.as_dict(), ensure_ascii=False))
    [mode] = [s for s in data["settings"] if s["key"] == MODE]
    assert mode["in_force"]["decided_by"]["document_number"] == "测试函〔2024〕1号"
    assert len([each for each in data["parameters"] if each["key"].startswith("volume_standard.")]) == 15


RULINGS = """\
- setting: volume_standard.border_mode
  value: no_grace
  from_date: 2024-07-01
  document_number: 测试函〔2024〕1号
  document_title: 关于测试用解释的函
  issued: 2024-06-20
"""


def test_rulings_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rulings.yaml"
    file.write_text(RULINGS, encoding="utf-8")
    assert load_rulings(file) == [a_ruling()]
    file.write_text("", encoding="utf-8")
    assert load_rulings(file) == []


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        (RULINGS.replace("no_grace", "strict"), "unknown_choice", "/0/value"),
        (RULINGS.replace("border_mode", "border_mod"), "unknown_setting", "/0/setting"),
        (RULINGS.replace("  issued: 2024-06-20\n", ""), "missing_key", "/0/issued"),
        (RULINGS.replace("issued: 2024-06-20", "issued: yesterday"), "not_a_date", "/0/issued"),
        (RULINGS.replace("测试函〔2024〕1号", "''"), "empty", "/0/document_number"),
        ("setting: volume_standard.border_mode", "wrong_form", "/"),
    ],
)
def test_a_slip_in_a_file_of_rulings_is_refused(tmp_path: Path, text: str, code: str, path: str) -> None:
    file = tmp_path / "rulings.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        load_rulings(file)
    assert [(f.code, f.where.path, f.where.file) for f in refusal.value.findings] == [
        (code, path, "rulings.yaml")
    ]


def test_a_missing_file_of_rulings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        load_rulings(tmp_path / "none.yaml")
    assert refusal.value.findings[0].code == "unreadable_file"


def test_a_value_is_carried_on_from_the_day_after_the_period_it_was_made_for() -> None:
    value = Law(date(2024, 6, 30)).parameter(SEA)
    assert not value.is_carried_on(date(2025, 12, 31))
    assert value.is_carried_on(date(2026, 1, 1))
