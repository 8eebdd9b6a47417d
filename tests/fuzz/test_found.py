# ruff: noqa: E501 - what broke is data
"""The very files that broke a parser once, each with the finding that it now gets."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kouan.basis import Finding, Place, Refused


def refused(read: Callable[[], Any]) -> list[str]:
    """The codes of a refusal, whose findings can be told in both languages."""
    with pytest.raises(Refused) as caught:
        read()
    for each in caught.value.findings:
        assert each.message.zh and each.message.en
        json.dumps(each.as_dict(), ensure_ascii=False).encode()
    return [each.code for each in caught.value.findings]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str | bytes, str], Path]:
    """Write what is given to a file of a name."""

    def write(content: str | bytes, name: str) -> Path:
        place = tmp_path / name
        place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return place

    return write


def test_a_finding_quotes_nothing_that_cannot_be_shown_sent_or_stored() -> None:
    wild = "\0\ud800\u202e\x1b[31m罗湖"
    found = Finding.error("x", f"“{wild}”不对。", f"“{wild}” is wrong.", where=Place(file=wild, column=wild), measured="9" * 1_000_000, remedy=(wild, wild))
    said = json.dumps(found.as_dict(), ensure_ascii=False)
    said.encode()
    assert not any(mark in said for mark in ("\\u0000", "\ud800", "\u202e", "\\u001b")) and "罗湖" in said and len(said) < 3_000
    long = Finding.error("x", f"“{'9' * 100_000}”不是日期。", f"“{'9' * 100_000}” is no date.")
    assert long.message.zh.endswith("不是日期。") and long.message.en.endswith("is no date.") and len(long.message.zh) == 2_000
    # What is plain stays as it is, the very same text.
    text = "第一行\n　第二行：罗湖"
    assert Finding.error("x", text, "a").message.zh is text
    assert Finding.from_dict(found.as_dict()) == found


@pytest.mark.parametrize("body", [b'{"case_id": "\xf4"}', b'[{"case_id": "\xd4\xff"}]', b'[{"a": "\xed\xa0\x80"}]'])
def test_events_that_are_no_utf8_are_held_or_refused(body: bytes) -> None:
    from kouan.monitoring.journal import shape

    try:
        assert [finding.code for _, _, finding in shape.read(body).misfits] == ["event_malformed"]
    except Refused as refusal:
        assert refusal.findings[0].code == "unreadable_events"


def test_a_parquet_of_events_that_breaks_in_its_middle_is_refused(written: Any) -> None:
    from tests.fuzz.parsers import parquets

    from kouan.monitoring.journal.files import rows_of

    broken = 0
    for data in parquets()[-3:]:
        for at in range(8, len(data) - 400, 211):
            spoiled = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1:]
            place = written(spoiled, "events.parquet")
            try:
                list(rows_of(place))
            except Refused as refusal:
                broken += 1
                assert refusal.findings[0].where.file == "events.parquet"
    assert broken


@pytest.mark.parametrize("broken", [b"PK\x03\x04" + b"\0" * 40, b"PK\x05\x06" + b"\xff" * 18])
def test_a_zip_of_a_scheme_that_is_damaged_is_refused(broken: bytes) -> None:
    from kouan.evaluation.rounds.scheme_files import content_of_upload

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scheme.yaml", "code: x\n" * 500)
    data = held.getvalue()
    at = data.index(b"scheme.yaml") + 14
    for spoiled in (broken, data[:at] + b"\xff" * 20 + data[at + 20:], data[:-6] + b"\xff\xff\xff\xff" + data[-2:]):
        assert refused(lambda spoiled=spoiled: content_of_upload({"方案.zip": spoiled}))[0] in ("scheme_zip_unreadable", "scheme_file_missing")


@pytest.mark.parametrize(("ahp", "code"), [("", "judgement_shape"), ("- 1\n", "judgement_shape"), ("order: 7\ntypes: {}\n", "judgement_shape")])
def test_a_scheme_whose_judgements_are_no_table_is_refused(ahp: str, code: str) -> None:
    from kouan.basis.strict_yaml import load
    from kouan.evaluation.method.scheme.judging import judged_weights

    assert refused(lambda: judged_weights(load(ahp))) == [code]


DEEP = "a: " + "[" * 3_000


@pytest.mark.parametrize("text", [DEEP, "- " * 3_000 + "a", 'a: "\\U0011FFFF"', 'a: "\\ud800"', "a: 0x_", "a: &a [*a]", "a: 2024-02-30"])
def test_yaml_traps_are_refused_by_every_reader(written: Any, text: str) -> None:
    from kouan.basis.strict_yaml import load_file
    from kouan.evaluation.method.index.recipe import Recipe
    from kouan.evaluation.method.index.robustness.study import Study
    from kouan.evaluation.method.loading import load_framework
    from kouan.procedure.reading import read_text

    place = written(text, "x.yaml")
    if text != "a: 0x_":  # a word to the strict reader
        assert refused(lambda: load_file(place)) == ["not_yaml"]
        assert refused(lambda: read_text(text, roles=None, name="x.yaml")) == ["not_yaml"]
    assert refused(lambda: Recipe.from_yaml(text)) == ["recipe_not_yaml"]
    assert refused(lambda: Study.from_yaml(text)) == ["study_not_yaml"]
    assert refused(lambda: load_framework(place)) == ["framework_unreadable"]


def test_a_billion_laughs_is_refused_before_anything_is_written_out(written: Any) -> None:
    from kouan.evaluation.method.loading import load_framework

    laughs = ["a0: &a0 [ha, ha, ha]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert refused(lambda: load_framework(written("\n".join(laughs), "x.yaml"))) == ["framework_unreadable"]


def test_a_choice_that_is_a_table_is_refused(written: Any) -> None:
    import yaml

    from kouan.evaluation import frameworks
    from kouan.evaluation.method.loading import load_framework

    data = yaml.safe_load((Path(frameworks.__file__).parent / "throughput-benchmark.yaml").read_text(encoding="utf-8"))

    def spoil(value: Any) -> None:
        for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
            if key == "polarity":
                value[key] = {"a": {}}
            else:
                spoil(part)

    spoil(data)
    assert "framework_unknown_code" in refused(lambda: load_framework(written(yaml.safe_dump(data), "x.yaml")))


@pytest.mark.parametrize("content", ["ports: 7", "ports: [{port: A, zone: Asia/Shanghai, hours: 5}]",
                                     "ports:\n- {port: A, zone: Asia/Shanghai, hours: [{from: 9999-12-31, week: daily 24h}]}",
                                     "ports:\n- {port: A, zone: Asia/Shanghai, hours: [{from: x, week: daily 24h}], special: [1]}"])  # fmt: skip
def test_hours_of_the_wrong_form_are_refused(written: Any, content: str) -> None:
    from kouan.monitoring.timing.clocks import read_hours

    assert set(refused(lambda: read_hours(written(content, "hours.yaml")))) & {"wrong_form", "date_out_of_range"}


def test_norms_thresholds_and_holidays_of_the_wrong_form_are_refused(written: Any) -> None:
    from kouan.monitoring.detection.thresholds import read_thresholds
    from kouan.monitoring.timing.norms import read_norms
    from kouan.procedure.working_days import read_table

    assert "wrong_form" in refused(lambda: read_norms(written("norms: 3", "norms.yaml")))
    assert "unknown_code" in refused(lambda: read_norms(written("norms: [{zh: 甲, en: a, whole: x, direction: {}, modes: [[]], values: 1}]", "norms.yaml")))
    assert "wrong_form" in refused(lambda: read_thresholds(written("surge: {values: 3}", "t.yaml")))
    table = "year: {}\nnotice: 甲\nnumber: 乙\nchecked: true\nholidays: {}\nworked_weekends: [x]\n"
    for year in ("2024", "abc", "99999", "2024-01-01T00:00:00"):
        assert set(refused(lambda year=year: read_table(written(table.format(year, "[2024-01-01T08:00:00, 5]"), "y.yaml")))) == {"bad_holiday_table"}
    assert "wrong_form" in refused(lambda: read_table(written(table.format("2024", "x"), "y.yaml")))


@pytest.mark.parametrize("content", [b"date,control_point,direction,total\n2024-01-01,Lo Wu,Arrival,x\n", b"date,control_point\n2024-01-01,Lo Wu\n", b"",
                                     b"date,control_point,direction,total\n2024-01-01,Lo Wu,Up,1\n", b"date,control_point,direction,total\n0001-01-01,Lo Wu,Arrival,1\n9999-01-01,Lo Wu,Arrival,1\n"])  # fmt: skip
def test_replayed_passengers_of_a_wrong_form_are_refused(written: Any, content: bytes) -> None:
    from kouan.monitoring.detection.replay import read_passengers

    for packed in (gzip.compress(content), content or b"x", gzip.compress(content)[:-9], gzip.compress(content)[:12] + b"\xff" * 30):
        assert set(refused(lambda packed=packed: read_passengers(written(packed, "p.csv.gz")))) <= {"not_daily_passengers", "no_days", "days_too_far_apart"}


@pytest.mark.parametrize("text", ["9" * 140_000, "iCode,b\n1," + "x" * 140_000])
def test_a_cell_without_end_is_refused_by_every_reader_of_csv(written: Any, text: str) -> None:
    from kouan.basis import Text
    from kouan.evaluation.method.index import files
    from kouan.evaluation.method.index.robustness.design_file import read_design
    from kouan.monitoring.live.replay.hourly import read

    assert refused(lambda: files.read_framework(written(text, "iMeta.csv"))) == ["file_not_csv"]
    header = "hour_start,avg_delay_minutes\n"
    assert refused(lambda: read(written(header + "9" * 140_000, "w.csv"), code="x", name=Text("甲", "a"), source=Text("乙", "b"))) == ["unreadable_file"]
    recipe = files.read_recipe(Path(__file__).parents[2] / "recipes/asem-gmean.yaml")
    assert refused(lambda: read_design(Path("d.csv"), "run\n" + "9" * 140_000, {}, recipe)) == ["file_not_csv"]


def test_an_index_file_of_very_many_columns_is_refused_before_it_fills_memory(written: Any) -> None:
    from kouan.evaluation.method.index import files

    assert refused(lambda: files.read_framework(written("iCode" + "," * 1_000_000 + "\n1\n", "iMeta.csv"))) == ["too_many_columns"]


@pytest.mark.parametrize("features", ["[1]", '["x"]', '[{"properties": [1]}]', '[{"properties": 7}]', '[{"properties": {"name": "\\ud800"}}]', "[" * 100_000])
def test_a_base_map_whose_features_are_none_is_told(written: Any, features: str) -> None:
    from kouan.console import base_map

    place = written(f'{{"审图号": "GS(2024)0650号", "features": {features}}}', f"map{abs(hash(features))}.json")
    found = base_map._read(str(place), 1, place.stat().st_size)
    assert isinstance(found, Finding) and found.code == "base_map_unreadable"


def test_json_without_end_is_refused_as_an_anchor_and_as_a_key(written: Any) -> None:
    from kouan.audit.anchor import read_anchor
    from kouan.crypto.keyfiles import KeyFile

    place = written("[" * 100_000, "x.json")
    assert refused(lambda: read_anchor(place)) == ["audit_anchor_unreadable"]
    assert refused(lambda: KeyFile.read(place)) == ["key_file_unreadable"]


def test_a_workbook_of_users_with_damaged_parts_is_one_finding() -> None:
    from tests.fuzz.mutations import _unzipped, zipped
    from tests.fuzz.parsers import a_workbook

    from kouan.accounts.provisioning import read

    entries = _unzipped(a_workbook([("登录名",)]))
    assert entries
    for number, (name, _) in enumerate(entries):
        for content in (b"", b"<a", b"<a>&#31;</a>", b"<styleSheet><fonts><font><color r='1'/></font></fonts></styleSheet>"):
            spoiled = zipped([*entries[:number], (name, content), *entries[number + 1:]])
            assert all(each.message.zh for each in read(spoiled, "用户.xlsx", None).findings)
    packed = bytearray(zipped(entries))
    packed[packed.index(b"[Content_Types].xml") + 25] ^= 0xFF
    assert [each.code for each in read(bytes(packed), "用户.xlsx", None).findings] == ["not_a_workbook"]


@pytest.mark.parametrize("text", ["9" * 100_000, "9" * 3_000 + "e" + "9" * 3_000, "9e" + "9" * 300, "1e99999999999999999999", "1," * 50_000, "0." + "0" * 1_000_000 + "1"])
def test_a_number_without_end_is_refused_at_once(text: str) -> None:
    from kouan.basis import numbers
    from kouan.basis.period_reading import read_period

    for found in (numbers.parse(text), numbers.parse(text, scientific=True), read_period(text)):
        assert isinstance(found, Finding) and len(str(found)) < 3_000
    assert numbers.parse(" " * 1_000 + "12" + " " * 1_000) == 12


def test_a_judgement_with_an_exponent_is_refused_at_once() -> None:
    from kouan.evaluation.method.scheme.judging import judged_weights

    for cell in ("1e999999999", "9" * 100_000, "1/0", "nan", "-3", {"a": 1}):
        assert refused(lambda cell=cell: judged_weights({"order": ["A"], "types": {"sea": {"pairwise": [[cell]]}}})) == ["judgement_shape"]


def test_a_scheme_file_without_keys_and_a_zip_with_a_nameless_entry_are_refused() -> None:
    from kouan.evaluation.method.scheme.shape import shape_of
    from kouan.evaluation.rounds.scheme_files import content_of_upload

    assert refused(lambda: shape_of(None)) == ["scheme_value_unusable"]  # type: ignore[arg-type]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x", b"")
    nameless = packed.getvalue().replace(b"x", b"\0")
    assert set(refused(lambda: content_of_upload({"a.zip": nameless}))) == {"scheme_file_missing"}


def test_a_whole_number_larger_than_any_float_is_out_of_range() -> None:
    from kouan.evaluation.method.reading import Reader

    reader = Reader()
    assert reader.number(10**400, "a", 0, 1) == 0 and [each.code for each in reader.findings] == ["framework_number_out_of_range"]


def test_a_word_of_a_million_letters_is_compared_with_no_name() -> None:
    import time

    from kouan.basis import nearest, units

    began = time.process_time()
    found = units.find("吨" + "4" * 1_000_000)
    assert isinstance(found, Finding) and found.code == "unknown_unit" and nearest("罗" * 1_000_000, ["罗湖", "满洲里"]) == []
    assert time.process_time() - began < 1


def test_the_kind_of_an_epcis_document_may_be_anything() -> None:
    from kouan.exchange.epcis import read_epcis

    for kind in ("{}", "[]", "1", "null"):
        assert refused(lambda kind=kind: list(read_epcis(f'{{"type": {kind}}}'.encode()))) == ["epcis_no_events"]  # type: ignore[misc]


@pytest.mark.parametrize("manifest", [
    b"", b"[", b"[" * 100_000, b"[]", b'{"files": {}, "rows": {}, "migrations": []}', b'{"files": {"../x": {"sha256": ""}}, "rows": {}, "migrations": [], "vendor": "sqlite"}',
    b'{"files": {}, "rows": {"x\\" UNION SELECT 1": 1}, "migrations": [], "vendor": "sqlite"}', b'{"files": {"a": 1}, "rows": {}, "migrations": [], "vendor": "sqlite"}',
])
def test_a_manifest_of_another_shape_restores_nothing(written: Any, manifest: bytes) -> None:
    from kouan.backup import _manifest_of

    assert refused(lambda: _manifest_of(written(manifest, "manifest.json").parent)) == ["backup_no_manifest"]


def test_a_backup_whose_head_is_deep_is_no_backup() -> None:
    from kouan.backup import Opening

    assert refused(lambda: Opening(io.BytesIO(b"[" * 4_000), "correct horse battery", "data")) == ["not_a_backup"]


@pytest.mark.parametrize("name, was, now", [
    ("name", "{zh: 自编代码, en: own codes}", "{zh: {a: 1}, en: own codes}"), ("body", "body: own", "body: other"), ("form", "'[0-9]{2}'", "'[0-9'"),
    ("days", "valid_from: 2024-01-01", "valid_from: [1]"),
])
def test_a_registry_of_code_lists_that_says_nonsense_is_refused(written: Any, name: str, was: str, now: str) -> None:
    from tests.fuzz.carried import REGISTRY

    from kouan.basis.codelists import registry

    second = ", '2025': {valid_from: 2025-01-01, file: codes.csv, sha256: '', rows: 2, source: own}}}" if name == "days" else "}}"
    text = REGISTRY.replace("source: own}}}", f"source: own}}{second}", 1)
    assert was in text
    place = written(text.replace(was, now, 1), "own.yaml")
    assert refused(lambda: registry(place.parent)) == ["unreadable_code_registry"]


def test_a_packed_code_list_that_does_not_unpack_is_refused(written: Any) -> None:
    from kouan.basis.codelists.sheet import read_sheet

    whole = gzip.compress(b"code\tname_zh\n01\t\xe7\x94\xb2\n")
    for content in (b"", b"abc", whole[:-9], whole[:12] + b"\xff\xff" + whole[14:], gzip.compress(b"code\tname_zh\n01\t\xff\n")):
        assert refused(lambda content=content: read_sheet(written(content, "codes.tsv.gz"))) == ["unreadable_code_list"]  # type: ignore[misc]


def test_the_record_of_a_result_may_be_as_deep_as_it_likes(written: Any) -> None:
    from kouan.evaluation.method.index.analysis.kept import read_result

    assert refused(lambda: read_result(written("[" * 100_000, "record.json").parent)) == ["record_unusable"]


def test_a_log_that_breaks_while_it_is_read_is_refused(written: Any) -> None:
    from tests.fuzz.parsers import parquets

    from kouan.monitoring.eventlog.engine import run

    text = "case_id,case_kind,milestone,mode,direction,port,occurred_at,planned\nC1,container,arrived,sea,inbound,x,2026-03-01T08:00:00,perhaps\n"
    assert refused(lambda: run([written(text, "events.csv")], workers=1)) == ["unreadable_events"]
    broken = 0
    for data in parquets()[-3:]:
        for at in range(8, len(data) - 400, 331):
            try:
                run([written(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1:], "events.parquet")], workers=1)
            except Refused:
                broken += 1
    assert broken


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9, 0.97])
def test_a_zip_of_returns_that_does_not_unpack_is_refused(written: Any, at: float) -> None:
    from tests.fuzz.mutations import zipped
    from tests.fuzz.parsers import workbooks

    from kouan.collection.returns.reading import read_upload

    packed = zipped([("a.xlsx", workbooks()[0]), ("b.txt", b"x")])
    place = int(len(packed) * at)
    for content in (packed[:place] + bytes([packed[place] ^ 0xFF]) + packed[place + 1:], packed[:place]):
        assert refused(lambda content=content: read_upload(written(content, "报表.zip"), "报表.zip"))  # type: ignore[misc]
