"""``kouan law preview|propose|approve|reject|withdraw|changes|diff|search`` and ``law show`` of rules and conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.grading.lawbook import a_judged_road_port, a_value, an_answer, approved

from kouan.basis import clock
from kouan.grading.lawbook.models import LawChange

pytestmark = pytest.mark.django_db

FILE = """
document: {title: 关于测试用口径的复函, number: 测试函〔2024〕2号, issued: 2024-06-20}
reason: 测试
parameters:
  - {parameter: volume_standard.road.cargo, value: 2.5, from_date: 2025-01-01, article: 第四条, quote: 公路口岸货运量}
rulings:
  - {setting: volume_standard.combine, value: and, from_date: 2024-07-01, quote: 均应达到}
"""


@pytest.fixture(autouse=True)
def in_summer() -> Any:
    with clock.travel_to("2024-06-30"):
        yield


@pytest.fixture
def file(tmp_path: Path) -> str:
    place = tmp_path / "change.yaml"
    place.write_text(FILE, encoding="utf-8")
    return str(place)


def test_a_file_is_previewed_and_nothing_is_kept(kouan: Any, file: str) -> None:
    code = a_judged_road_port()
    found = kouan("law", "preview", file, "--year", "2023", "--json").json
    assert [(row["port"], row["before"]["verdict"], row["after"]["verdict"]) for row in found["moved"]] == [(code, "meets", "fails")]
    assert {change["kind"] for change in found["changes"]} == {"parameter", "ruling"} and LawChange.objects.count() == 0
    said = kouan("law", "preview", file, "--year", "2022", "--year", "2023").out
    assert "结论会变的 1 项" in said and "2022、2023" in said and "不达标" in said
    assert "1 would change" in kouan("-l", "en", "law", "preview", file, "--year", "2023").out


def test_proposed_by_one_and_approved_by_another(kouan: Any, file: str) -> None:
    first, second = a_national_officer(username="jia"), a_national_officer(username="yi")
    proposed = kouan("law", "propose", file, "--as", "jia", "--json").json["changes"]
    assert [(each["state"], each["proposed_by"]) for each in proposed] == [("proposed", first.pk)] * 2
    own = kouan("law", "approve", str(proposed[0]["number"]), "--as", "jia", "--json")
    assert own.status == 1 and own.codes == ["four_eyes"]
    done = kouan("law", "approve", str(proposed[0]["number"]), "--as", "yi", "--json").json["changes"][0]
    assert (done["state"], done["decided_by"]) == ("approved", second.pk)
    assert kouan("law", "reject", str(proposed[1]["number"]), "--reason", "再议", "--as", "yi").status == 0
    listed = kouan("law", "changes", "--json").json
    assert [each["state"] for each in listed["changes"]] == ["approved", "rejected"] and listed["file"] == []
    assert "已批准 1" in kouan("law", "changes").out
    shown = kouan("law", "show", "volume_standard.road.cargo", "--as-of", "2025-01-01", "--json").json
    assert shown["in_force"]["printed"] == "2.5万吨"
    earlier = kouan("law", "show", "volume_standard.road.cargo", "--as-of", "2024-12-31", "--json").json
    assert earlier["in_force"]["printed"] != "2.5万吨"


def test_the_proposer_withdraws(kouan: Any, file: str) -> None:
    a_national_officer(username="jia")
    number = kouan("law", "propose", file, "--as", "jia", "--json").json["changes"][0]["number"]
    assert kouan("law", "withdraw", str(number), "--reason", "日期有误", "--as", "jia", "--json").json["changes"][0]["state"] == "withdrawn"
    assert kouan("law", "approve", str(number), "--as", "jia", "--json").codes == ["already_decided"]
    assert "已撤回" in kouan("law", "changes", str(number)).out


def test_without_a_name_nobody_proposes(kouan: Any, file: str) -> None:
    assert kouan("law", "propose", file, "--json").codes == ["needs_a_person"]


def test_another_role_is_refused_at_every_command(kouan: Any, file: str) -> None:
    row = approved(an_answer())
    LawChange.objects.filter(pk=row.pk).update(state="proposed")
    a_provincial_officer(username="sheng")
    for arguments in (("preview", file), ("propose", file), ("approve", str(row.pk)), ("reject", str(row.pk), "--reason", "不"),
                      ("withdraw", str(row.pk), "--reason", "不")):
        ran = kouan("law", *arguments, "--as", "sheng", "--json")
        assert ran.status == 1 and ran.codes == ["not_allowed"], arguments
    hidden = kouan("law", "changes", str(row.pk), "--as", "sheng", "--json")
    assert hidden.status == 1 and hidden.codes == ["unknown_law_change"]
    assert kouan("law", "changes", "--as", "sheng", "--json").json["changes"] == []


@pytest.mark.parametrize(("old", "new", "code"), [
    ("volume_standard.combine", "volume_standard.combin", "unknown_law_key"), ("value: and", "value: both", "unknown_choice"),
    ("from_date: 2025-01-01", "from_date: soon", "not_a_date"), ("reason: 测试\n", "", "missing_key"),
    ("number: 测试函〔2024〕2号", "nummer: 1", "unknown_key"), ("value: 2.5", "value: many", "not_a_number"),
    ("from_date: 2025-01-01", "from_date: 2021-01-01", "value_of_that_day"),
])
def test_a_faulty_file_is_told_with_its_path(kouan: Any, tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in FILE
    place = tmp_path / "faulty.yaml"
    place.write_text(FILE.replace(old, new), encoding="utf-8")
    ran = kouan("law", "preview", str(place), "--json")
    findings = ran.json["error"]["findings"]
    assert ran.status == 1 and code in ran.codes and all(each["where"]["file"] == "faulty.yaml" and each["where"]["path"] for each in findings)


@pytest.mark.parametrize("text", ["", "[]", "12", "document: 1\nreason: 2\n", "parameters: x\n"])
def test_a_file_that_is_none_is_refused_in_words(kouan: Any, tmp_path: Path, text: str) -> None:
    place = tmp_path / "odd.yaml"
    place.write_text(text, encoding="utf-8")
    assert kouan("law", "preview", str(place), "--json").status == 1


def test_two_days_are_compared(kouan: Any) -> None:
    approved(an_answer())
    approved(a_value())
    found = kouan("law", "diff", "2024-06-30", "2025-01-01", "--json").json
    assert [(each["key"], each["after"]["printed"]) for each in found["parameters"]] == [("volume_standard.road.cargo", "2万吨")]
    readings = [(each["key"], each["before"]["value"], each["after"]["value"]) for each in found["settings"]]
    assert readings == [("volume_standard.combine", "or", "and")]
    assert found["rules"] == found["criteria"] == []
    back = kouan("law", "diff", "2025-01-01", "2024-06-30", "--json").json
    assert back["parameters"][0]["before"]["printed"] == "2万吨"
    plan = kouan("law", "diff", "2020-12-31", "2021-01-01", "--json").json
    assert {"access_air"} <= {each["key"] for each in plan["rules"]} and "AC-A2" in {each["key"] for each in plan["criteria"]}
    sea = next(each for each in plan["parameters"] if each["key"] == "volume_standard.sea.cargo")
    assert sea["value_differs"] and (sea["before"]["printed"], sea["after"]["printed"]) == ("100万吨", "1000万吨")
    assert "没有不同" in kouan("law", "diff", "2024-06-30", "2024-06-30").out
    assert "1000万吨" in kouan("law", "diff", "2020-12-31", "2021-01-01").out


@pytest.mark.parametrize(("name", "kind", "key"), [
    ("access-air", "rule", "access_air"), ("access_air", "rule", "access_air"), ("AC-A2", "criterion", "AC-A2"), ("ac-a2", "criterion", "AC-A2"),
    ("volume_standard.combine", "setting", "volume_standard.combine"), ("volume_standard.sea.cargo", "parameter", "volume_standard.sea.cargo"),
])
def test_whatever_has_a_name_is_shown_on_any_day(kouan: Any, name: str, kind: str, key: str) -> None:
    for day in ("2016-06-30", "2024-06-30"):
        found = kouan("law", "show", name, "--as-of", day, "--json").json
        assert (found["kind"], found["key"], found["as_of"]) == (kind, key, day)
        assert key in kouan("law", "show", name, "--as-of", day).out
    assert isinstance(found["parameters"], list) and isinstance(found["settings"], list)


@pytest.mark.parametrize(("slip", "near"), [("acces-air", "access_air"), ("AC-A22", "AC-A2"), ("volume_standard.combin", "volume_standard.combine")])
def test_an_unknown_name_gets_the_nearest(kouan: Any, slip: str, near: str) -> None:
    ran = kouan("law", "show", slip, "--json")
    assert ran.status == 1 and ran.codes == ["unknown_law_key"] and near in ran.json["error"]["findings"][0]["remedy"]["zh"]


def test_words_are_found(kouan: Any) -> None:
    found = kouan("law", "search", "退出", "--json").json
    assert found["count"] > 5 and found["hits"][0]["key"] == "withdrawal_ladder" and "退出" in str(found["hits"][0])
    assert "【验收】" in kouan("law", "search", "验收").out
    assert kouan("law", "search", "囍囍囍", "--json").json["hits"] == []
