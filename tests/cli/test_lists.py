"""``kouan lists`` and ``kouan grades``: what an operator sees, records, replays, submits and decides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.grading.worlds import TODAY, an_air_port
from tests.ports.factories import a_document, a_sea_port

from kouan.basis import clock
from kouan.grading.models import ClassTwoPort, CriterionScores, GradeDecision, ListEntry, ListRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> Iterator[None]:
    """A port below, a city with two water ports, two officers and a paper."""
    with clock.travel_to(TODAY):
        an_air_port("di-air", below=(2021, 2022, 2023), name_zh="低航空口岸", province_code="37")
        for code in ("a-water", "b-water"):
            a_sea_port(code, province_code="44", city_code="440500", city_name="汕头市")
        a_provincial_officer("44", username="guangdong")
        a_national_officer(username="guojia")
        a_document(reference="paper")
        yield


def test_the_watch_list_as_json_and_as_a_table(kouan: Any) -> None:
    said = kouan("lists", "watch", "--year", "2023", "--json").json
    (entry,) = [each for each in said["entries"] if each["is_listed"]]
    assert (entry["port"], entry["verdict"], said["year"]) == ("di-air", "review", 2023)
    assert {each["ambiguity"] for each in said["readings"]} >= {"A-01", "A-02", "A-13"} and entry["others"] and entry["citations"][0]["quote"]
    assert "低航空口岸" in kouan("lists", "watch", "--year", "2023").out
    assert "candidate for closing" in kouan("-l", "en", "lists", "closing", "--year", "2023").out


def test_a_province_sees_its_own(kouan: Any) -> None:
    assert kouan("lists", "watch", "--json", "--as", "guangdong").json["counts"]["considered"] == 2
    assert [each["subject"] for each in kouan("lists", "merge", "--json", "--as", "guangdong").json["entries"]] == ["city:440500"]


def test_recorded_and_replayed(kouan: Any) -> None:
    nothing = kouan("lists", "watch", "--replay", "--json")
    assert (nothing.status, nothing.codes) == (1, ["no_record"])
    assert kouan("lists", "watch", "--record", "--json").status == 0 and ListRecord.objects.get().year == 2023
    assert kouan("lists", "watch", "--replay", "--json").json["findings"] == []
    held = ListEntry.objects.get(subject="port:di-air")
    held.content["verdict"] = "none"
    ListEntry.objects.filter(pk=held.pk).update(content=held.content)
    touched = kouan("lists", "watch", "--replay", "--json")
    assert touched.status == 1 and touched.json["findings"][0]["code"] == "replay_differs"
    assert kouan("lists", "watch", "--record", "--as", "guangdong", "--json").codes == ["not_allowed"]


def test_other_lists_and_wrong_years(kouan: Any) -> None:
    assert kouan("lists", "unaccepted", "--json").json["entries"] == []
    assert "名册为空" in kouan("lists", "class-two").out
    assert kouan("lists", "watch", "--year", "99999").status == 2
    assert kouan("lists", "watch", "--year", "2100", "--json").codes == ["year_out_of_range"]


def test_class_two_by_sheet(kouan: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "名册.csv"
    sheet.write_text("名称,运输方式,省份\n甲,公路,广东\n", encoding="utf-8")
    dry = kouan("lists", "enter-class-two", str(sheet), "--document", "paper", "--json").json
    assert (dry["rows"], dry["entered"]) == (1, 0) and not ClassTwoPort.objects.exists()
    assert kouan("lists", "enter-class-two", str(sheet), "--document", "paper", "--commit", "--json").json["entered"] == 1
    assert [each["verdict"] for each in kouan("lists", "class-two", "--json").json["entries"]] == ["to_clear"]
    sheet.write_text("名称,运输方式,省份\n甲,公路,广冬\n", encoding="utf-8")
    assert kouan("lists", "enter-class-two", str(sheet), "--document", "paper", "--commit", "--json").status == 1


def test_scores_proposal_decision_policy(kouan: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "得分.csv"
    sheet.write_text("口岸,年度,战略地位,经济社会效益,辐射带动作用\n低航空口岸,2023,80,80,80\n", encoding="utf-8")
    assert kouan("grades", "scores", str(sheet), "--document", "paper", "--json").json["recorded"] == 0 and not CriterionScores.objects.exists()
    assert kouan("grades", "scores", str(sheet), "--document", "paper", "--commit", "--json").json["recorded"] == 1
    rows = {each["port"]: each for each in kouan("grades", "list", "--json").json}
    assert (rows["di-air"]["proposal"], rows["di-air"]["grade"], rows["a-water"]["proposal"]) == ("hub", None, "unknown")
    decide = ("grades", "decide", "低航空口岸", "--from", "2024-01-01", "--reason", "按评估结果", "--document", "paper", "--json")
    assert kouan(*decide, "--grade", "regional").codes == ["override_needs_name"]
    assert kouan(*decide, "--grade", "hub", "--as", "guojia").json == {
        "port": "di-air",
        "grade": "hub",
        "valid_from": "2024-01-01",
        "is_override": False,
        "proposal": "hub",
    }
    assert GradeDecision.objects.count() == 1 and kouan("grades", "show", "di-air", "--json").json["decisions"][0]["grade"] == "hub"
    assert "国际枢纽口岸" in kouan("grades", "list").out and "按评估结果" in kouan("grades", "show", "低航空口岸").out
    assert "未制定" in kouan("grades", "policy-for", "di-air", "access").out
    assert kouan("grades", "policy-for", "di-air", "elsewhere").status == 2
    cells = kouan("grades", "policy", "--json").json
    assert len(cells) == 84 and {each["text"] for each in cells} == {None}
    assert kouan("grades", "show", "di-air", "--as", "guangdong", "--json").status == 1


def test_a_strategy_mark_is_shown_and_recorded(kouan: Any) -> None:
    assert kouan("grades", "mark", "di-air", "--json").json == {"port": "di-air", "is_marked": None, "history": []}
    said = ("grades", "mark", "di-air", "--none", "--from", "2024-01-01", "--reason", "按来文", "--document", "paper", "--json")
    assert kouan(*said, "--set").status == 2, "marked and not marked at once"
    assert kouan(*said, "--as", "guangdong").status == 1 and kouan("grades", "mark", "di-air", "--set", "--document", "paper").status == 2
    told = kouan(*said, "--as", "guojia").json
    assert (told["is_marked"], told["history"][0]["valid_from"], told["history"][0]["document"]) == (False, "2024-01-01", "paper")
    assert "无战略标记" in kouan("grades", "mark", "di-air").out
