"""``kouan times explain``: one case out of CSV and Parquet files, without a database; or out of the journal."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from tests.monitoring.case_factories import an_import_under_way
from tests.monitoring.journal_factories import NOON, OTHER_PORT, a_source

from kouan.basis import clock

COLUMNS = ("case_id", "case_kind", "milestone", "mode", "direction", "port", "occurred_at", "planned")
USUAL = {
    "declared": "2026-03-05T20:00:00+08:00", "docs_checked": "2026-03-05T20:12:00+08:00", "arrived": "2026-03-06T02:00:00+08:00",
    "berthed": "2026-03-05T22:30:00Z", "unloaded": "2026-03-06 07:00:00", "released": "2026-03-09T14:00:00+08:00",
    "delivery_permitted": "2026-03-09T14:30:00.000001+08:00", "gate_out": "2026-03-10T08:00:00+08:00",
}  # fmt: skip


def write(file: Path, case: str = "C1", **changed: str | None) -> str:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(COLUMNS)
        for milestone, when in {**USUAL, **changed}.items():
            if when is not None:
                rows.writerow([case, "container", milestone, "sea", "inbound", "CNSHA", when, "false"])
        rows.writerow(["C9", "container", "arrived", "sea", "inbound", "CNSHA", "2026-03-06T02:00:00+08:00", ""])
    return str(file)


@pytest.fixture
def events(tmp_path: Path) -> str:
    return write(tmp_path / "events.csv")


def test_a_case_explained_in_both_languages(kouan, events: str, tmp_path: Path) -> None:
    hours = tmp_path / "hours.yaml"
    hours.write_text("ports: [{port: CNSHA, zone: Asia/Shanghai, hours: [{from: 2026-01-01, week: 'mon-fri 08:30-17:30'}]}]", encoding="utf-8")
    done = kouan("times", "explain", "C1", "--events", events, "--hours", str(hours))
    assert done.status == 0
    # Friday 02:00 to Monday 14:30: 84.5 hours by the clock; Friday's nine and Monday's six open hours.
    assert "整体通关时间 · C1 · CNSHA · 完成 · 3天12小时30分（84.50 h）" in done.out
    assert "等待申报（提前完成）" in done.out and "起点之前：申报 −6小时（不缩短全程）" in done.out
    assert "3天12小时30分" in done.out.split("合计")[1] and "15小时" in done.out.split("合计")[1]
    english = kouan("-l", "en", "times", "explain", "C1", "--events", events)
    assert "overall clearance time · C1 · CNSHA · complete · 3 d 12 h 30 min (84.50 h)" in english.out
    assert not any("一" <= letter <= "鿿" for letter in english.out.replace("国家“十四五”口岸发展规划 四（六）", "").replace(
        "2018年9月27日公开吹风会 整体通关时间", "").replace("2018年9月27日公开吹风会 海关通关时间", ""))


def test_json_sums_exactly_and_parquet_says_the_same(kouan, events: str, tmp_path: Path) -> None:
    told = kouan("times", "explain", "C1", "--events", events, "--json").json
    overall = told["wholes"][0]
    assert overall["us"] == 84 * 3_600_000_000 + 1_800_000_001 == sum(part["us"] for part in overall["parts"])
    assert {part["from"] for part in overall["parts"]} >= {"arrived", "berthed", "unloaded"} and overall["open_us"] is None
    folder = tmp_path / "events" / "month=2026-03"
    folder.mkdir(parents=True)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(
            "COPY (SELECT * REPLACE (occurred_at::TIMESTAMPTZ::TIMESTAMP AS occurred_at, planned = 'true' AS planned) "
            f"FROM read_csv('{events}', all_varchar = true)) TO '{folder}/part-0.parquet'"
        )
    again = kouan("times", "explain", "C1", "--events", str(tmp_path / "events"), "--json").json
    assert again["wholes"] == told["wholes"]


def test_a_contradiction_ends_with_status_one(kouan, tmp_path: Path) -> None:
    done = kouan("times", "explain", "C1", "--events", write(tmp_path / "e.csv", gate_out="2026-03-06T01:59:59+08:00"))
    assert done.status == 1 and "起止矛盾" in done.out and "“出闸”" in done.err and "早于“抵港”" in done.err


def test_a_running_case_says_its_age(kouan, tmp_path: Path) -> None:
    file = write(tmp_path / "e.csv", released=None, delivery_permitted=None, gate_out=None)
    with clock.travel_to("2026-03-07T03:00:00+08:00"):
        assert "整体通关时间 · C1 · CNSHA · 在办 · 已 1天1小时" in kouan("times", "explain", "C1", "--events", file).out


def test_what_cannot_be_read_is_named(kouan, events: str, tmp_path: Path) -> None:
    assert kouan("times", "explain", "C7", "--events", events, "--json").codes == ["no_such_case"]
    bad = kouan("times", "explain", "C1", "--events", write(tmp_path / "bad.csv", released="last Monday"), "--json")
    assert bad.status == 1 and bad.codes == ["cell_unreadable"]
    assert bad.json["error"]["findings"][0]["where"] == {"file": "bad.csv", "column": "occurred_at"}
    (tmp_path / "short.csv").write_text("case_id,milestone\nC1,arrived\n", encoding="utf-8")
    assert kouan("times", "explain", "C1", "--events", str(tmp_path / "short.csv"), "--json").codes == ["columns_missing"]
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing")
    assert kouan("times", "explain", "C1", "--events", str(tmp_path / "broken.parquet"), "--json").codes == ["unreadable_event_file"]
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert kouan("times", "explain", "C1", "--events", str(tmp_path / "notes.txt"), "--json").codes == ["not_an_event_file"]
    assert kouan("times", "explain", "C1", "--events", str(tmp_path / "nowhere.csv"), "--json").status == 2


def test_norms_are_held_against_the_case(kouan, events: str, tmp_path: Path) -> None:
    norms = tmp_path / "norms.yaml"
    norms.write_text("norms: [{zh: 卸货, en: unloading, whole: full_operation, between: [berthed, unloaded], direction: inbound, "
                     "values: [{from: 2026-01-01, hours: 8, instrument: 试用规范, article: 一}]}]", encoding="utf-8")  # fmt: skip
    done = kouan("times", "explain", "C1", "--events", events, "--norms", str(norms))
    assert done.status == 0 and "规范：卸货 ≤ 8小时：8小时30分 ✖ 超过" in done.out and "over_norm" in done.err


def test_a_year_far_away_is_a_slip_of_the_pen(kouan, tmp_path: Path) -> None:
    for wrong in ("9026-03-09T14:00:00+08:00", str(10**18)):
        done = kouan("times", "explain", "C1", "--events", write(tmp_path / "e.csv", released=wrong), "--json")
        assert done.codes == ["cell_unreadable"]


def test_a_running_case_shows_whose_step_it_is(kouan, tmp_path: Path) -> None:
    file = write(tmp_path / "e.csv", released=None, delivery_permitted=None, gate_out=None, unloaded=None)
    with clock.travel_to("2026-03-07T03:00:00+08:00"):
        done = kouan("times", "explain", "C1", "--events", file)
    # At the berth since 06:30 on Friday; it is Saturday, 03:00.
    assert "卸货（进行中）" in done.out and "20小时30分" in done.out and "港站经营单位" in done.out
    assert "起点之前：申报 −6小时" in done.out


def test_the_page_of_definitions_is_the_one_that_the_command_writes(kouan, tmp_path: Path) -> None:
    done = kouan("times", "definitions", "--out", str(tmp_path / "page.md"), "--json")
    written = Path(__file__).parents[2] / "docs" / "times-definitions.md"
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == written.read_text(encoding="utf-8"), (
        "run: kouan times definitions --out docs/times-definitions.md")
    assert {each["code"] for each in done.json["milestones"]} >= {"arrived", "released", "lane_cleared"}
    assert "抵港" in kouan("times", "definitions").out and "arriving" in kouan("-l", "en", "times", "definitions").out


@pytest.mark.django_db
def test_without_files_the_journal_is_read_within_a_users_scope(kouan) -> None:
    user = an_import_under_way()
    with clock.travel_to(NOON + timedelta(hours=20)):
        done = kouan("times", "explain", "C00001", "--as", user.username)
        assert done.status == 0 and "在办" in done.out and "放行（进行中）" in done.out
        stranger = a_source("mzl-rail", ports=(OTHER_PORT,)).organisation.users.get()
        assert kouan("times", "explain", "C00001", "--as", stranger.username, "--json").codes == ["unknown_case"]
