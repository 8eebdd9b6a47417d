"""``kouan flows``: totals of the nation and provinces, names that are not there, years that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.monitoring.factories import figures
from tests.ports.factories import a_port

from kouan.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
PERSONS = "person_crossings"


@pytest.fixture(autouse=True)
def register() -> None:
    """Two provinces whose ports report 2022 and 2023, and an office of each kind."""
    for code, province, name in (("luohu-rail", "44", "罗湖铁路口岸"), ("wenjindu-road", "44", "文锦渡公路口岸"),
                                 ("dalian-water", "21", "大连水运口岸")):
        a_port(code, code.split("-")[1], province_code=province, name_zh=name)
    a_national_officer(username="guojia")
    a_provincial_officer("44", username="guangdong")
    for port, values in (("luohu-rail", (10, 30)), ("wenjindu-road", (10, 10)), ("dalian-water", (20, 40))):
        figures(f"port:{port}", PERSONS, {"2022": values[0], "2023": values[1]}, unit=PERSONS)


def test_a_provinces_total_gives_changes_share_rank_and_peak(kouan: Any) -> None:
    [told] = kouan("flows", "province:44", "--measure", PERSONS, "--json").json
    assert (told["subject"], told["within"], told["ports_due"], told["peak"]) == ("province:44", "nation:CN", 2, "2023")
    first, last = told["flows"]
    assert (first["value"], first["yoy"], first["peak"]) == (20, None, False)
    assert (last["value"], last["yoy"], last["mom"], last["share"], last["rank"], last["peak"]) == (40, 1.0, 1.0, 0.5, 1, True)
    assert {each["subject"]: (each["value"], each["share"], each["rank"]) for each in last["members"]} == {
        "port:luohu-rail": (30, 0.75, 1), "port:wenjindu-road": (10, 0.25, 2)}


def test_the_nations_total_is_incomplete_until_all_have_reported(kouan: Any) -> None:
    a_port("xiamen-air", "air", province_code="35")
    [told] = kouan("flows", "nation", "--from", "2023", "--json").json
    assert [(each["value"], each["partial"], each["reported"], each["due"]) for each in told["flows"]] == [(None, 80, 3, 4)]
    said = kouan("flows", "nation:CN").out
    assert "数据不全" in said and "3/4" in said
    assert "incomplete" in kouan("--language", "en", "flows", "nation").out


def test_published_figures_stand_beside_the_total(kouan: Any) -> None:
    figures("nation:CN", PERSONS, {"2023": 424}, origin="press", source="press-facts", unit=PERSONS)
    total, published = kouan("flows", "nation", "--measure", "出入境人员", "--json").json
    assert [each["value"] for each in total["flows"]] == [40, 80]
    assert (published["origin"], [each["value"] for each in published["flows"]]) == ("press", [424])


def test_a_ports_figures_give_changes_share_rank_and_peak(kouan: Any) -> None:
    [told] = kouan("flows", "罗湖", "--json").json
    assert (told["within"], told["peak"]) == ("nation:CN", "2023")
    last = told["flows"][-1]
    assert (last["yoy"], last["share"], last["rank"], last["peak"]) == (2.0, 0.375, 2, True)
    [mine] = kouan("flows", "罗湖", "--as", "guangdong", "--json").json
    assert (mine["within"], mine["flows"][-1]["share"], mine["flows"][-1]["rank"]) == ("province:44", 0.75, None)


def test_ranks_are_not_told_to_a_province(kouan: Any) -> None:
    [told] = kouan("flows", "province:44", "--as", "guangdong", "--json").json
    last = told["flows"][-1]
    assert (last["value"], last["rank"], last["share"]) == (40, None, None)
    assert {each["rank"] for each in last["members"]} == {None}


@pytest.mark.parametrize("subject", ["port:dalian-water", "province:21", "大连"])
def test_another_provinces_data_is_not_found_and_the_attempt_is_recorded(kouan: Any, subject: str) -> None:
    ran = kouan("flows", subject, "--as", "guangdong", "--json")
    assert ran.status == 1 and ran.codes[0] in ("unknown_port", "unknown_subject")
    assert AuditEntry.objects.filter(note="out_of_scope").count() == 1


def test_a_province_is_told_why_it_gets_no_total_of_the_nation(kouan: Any) -> None:
    ran = kouan("flows", "nation", "--as", "guangdong", "--json")
    assert (ran.status, ran.json) == (0, []) and "国家口岸管理办公室" in ran.err


@pytest.mark.parametrize(("subject", "code"), [
    ("port:nope", "unknown_port"), ("benchmark_port:230", "unknown_subject"), ("province:99", "unknown_subject"),
    ("counterpart_point:nope", "unknown_subject"), ("harbour:x", "unreadable_subject"), ("nowhere", "unknown_port"),
])
def test_what_is_not_there_is_not_silence(kouan: Any, subject: str, code: str) -> None:
    ran = kouan("flows", subject, "--json")
    assert (ran.status, ran.codes) == (1, [code])


def test_a_measure_that_is_not_there_names_the_nearest(kouan: Any) -> None:
    ran = kouan("flows", "罗湖", "--measure", "persons", "--json")
    assert (ran.status, ran.codes) == (2, ["unknown_measure"]) and "person_crossings" in ran.out
    assert kouan("flows", "nation", "--measure", "clearance_hours", "--json").codes == ["not_additive"]


@pytest.mark.parametrize("year", ["99999", "-5", "0", "1839"])
@pytest.mark.parametrize("command", [
    ("verdict", "--year"), ("score", "--year"), ("flows", "nation", "--from"), ("flows", "nation", "--to"),
])
def test_a_year_that_cannot_be_is_a_finding(kouan: Any, command: tuple[str, ...], year: str) -> None:
    ran = kouan(*command, year, "--json")
    assert (ran.status, ran.codes) == (2, ["year_out_of_range"])
    finding = ran.json["error"]["findings"][0]
    assert year in finding["message"]["zh"] and year in finding["message"]["en"] and finding["remedy"]


def test_the_first_year_may_not_follow_the_last(kouan: Any) -> None:
    assert kouan("flows", "nation", "--from", "2023", "--to", "2022", "--json").status == 2


def test_another_provinces_port_by_name_leaves_a_trace_at_verdict_too(kouan: Any) -> None:
    assert kouan("verdict", "--year", "2023", "--port", "大连", "--as", "guangdong", "--json").status == 1
    assert AuditEntry.objects.filter(note="out_of_scope").count() == 1
