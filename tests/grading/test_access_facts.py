"""The facts of an airport gathered from register, verdicts, plan, schedule and application, each with its source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from accounts.factories import a_national_officer, a_port_reporter, a_provincial_officer, an_enterprise_user
from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.basis import Finding, NotFound, Refused, clock
from kouan.grading.access_facts import Assembled, assemble, distances, open_air_ports, origin_of
from kouan.grading.distance import Standing
from kouan.grading.models import VerdictRecord
from kouan.grading.province_gates import province_gates
from kouan.grading.routes import count_routes
from kouan.grading.submitted import NOTHING, Submitted, read_submitted
from kouan.law import Law
from kouan.ports.actions import add_code, load_register, record_approval
from kouan.ports.models import LayoutEntry, LayoutLink, Project, ProjectLink
from ports.factories import a_document, a_port, a_reply

pytestmark = pytest.mark.django_db
DAY = date(2024, 3, 19)
LAW = Law(DAY)
COMPLETE = {"register_is_complete": {"value": True, "evidence": "省口岸办清单"}}
WUH = {"latitude": Decimal("30.77480"), "longitude": Decimal("114.21372"), "position_source": "测试坐标"}


@pytest.fixture(autouse=True)
def day() -> Iterator[None]:
    with clock.travel_to("2024-03-20"):
        yield


def an_air_port(code: str, iata: str = "", *, province: str = "42", **fields: Any) -> Any:
    """An air port of Hubei; with an IATA code where one is given."""
    port = a_port(code, "air", name_zh=f"{code}航空口岸", province_code=province, **fields)
    if iata:
        with acting_system("tests") as system:
            add_code(actor=system, port=code, scheme="iata", code=iata, document=a_document())
    return port


def submitted(**given: Any) -> Submitted:
    found, findings = read_submitted(given, DAY)
    assert [finding.code for finding in findings if finding.is_error] == []
    return found


def codes(findings: Any) -> list[str]:
    return [finding.code for finding in findings]


def verdict_of(found: Assembled) -> str | None:
    return found.verdict.verdict if found.verdict else None


# -- distances from the register


def test_the_standing_of_ports_is_that_of_the_day() -> None:
    an_air_port("wuhan-air", "WUH", open_since=date(2024, 1, 1), **WUH)
    an_air_port("nanchang-air", "KHN", province="36")
    [nanchang, wuhan] = sorted(open_air_ports(DAY)[0], key=lambda port: port.code)
    assert (wuhan.standing, nanchang.standing) == (Standing.OPEN, Standing.UNSETTLED)
    before = {port.code: port.standing for port in open_air_ports(date(2023, 12, 31))[0]}
    assert before["wuhan-air"] is not Standing.OPEN
    # The register gives no position for Nanchang; the list of airports does, and is named.
    assert nanchang.latitude == pytest.approx(28.86482) and "OurAirports" in nanchang.position_source


def test_distances_name_the_source_of_each_position_and_what_the_register_may_lack() -> None:
    an_air_port("wuhan-air", "WUH", open_since=date(2000, 1, 1), **WUH)
    found = distances(origin_of("ehu", as_of=DAY), DAY)
    assert found.straight_km == Decimal("91.776") and found.open[0].port.position_source == "测试坐标"
    assert "公开机场名单" in found.origin.source.zh and codes(found.findings) == ["register_coverage"]
    assert "1个航空口岸" in found.findings[0].message.zh


def test_a_group_is_a_heading_and_no_port() -> None:
    an_air_port("wuhan-air", "WUH", is_group=True, **WUH)
    assert open_air_ports(DAY)[0] == []


def test_submitted_ports_settle_what_the_register_leaves_open_but_do_not_overrule_it() -> None:
    an_air_port("wuhan-air", "WUH", **WUH)
    an_air_port("changsha-air", "CSX", province="43", open_since=date(2000, 1, 1))
    given = submitted(
        open_air_ports=[{"iata": "WUH", "evidence": "甲"}, {"iata": "YIH", "evidence": "乙"},
                        {"iata": "QQQ", "name": "新机场", "lat": 31, "lon": 112, "evidence": "丙"}],
        not_open=[{"port": "CSX", "evidence": "丁"}],
    )  # fmt: skip
    ports, findings = open_air_ports(DAY, given)
    standing = {port.code: (port.standing, port.given_by) for port in ports}
    assert standing["wuhan-air"] == (Standing.OPEN, "甲") and standing["YIH"] == (Standing.OPEN, "乙")
    assert standing["QQQ"] == (Standing.OPEN, "丙") and standing["changsha-air"] == (Standing.OPEN, "")
    assert codes(findings) == ["register_says_otherwise"] and findings[0].is_error


def test_a_submitted_port_that_nobody_can_place_is_an_error() -> None:
    _, findings = open_air_ports(DAY, submitted(open_air_ports=[{"iata": "QQQ", "evidence": "丙"}]))
    assert codes(findings) == ["unknown_air_port"]


@pytest.mark.parametrize(("known", "code"), [
    ({"iata": "QQQ"}, "unknown_airport"), ({}, "no_origin"), ({"latitude": 30.0}, "no_origin"),
    ({"latitude": 95.0, "longitude": 1.0}, "impossible_position"),
])  # fmt: skip
def test_an_origin_that_cannot_be(known: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        origin_of(**known, as_of=DAY)
    assert codes(refused.value.findings) == [code]


def test_the_registers_position_goes_before_the_list_of_airports() -> None:
    an_air_port("wuhan-air", "WUH", **{**WUH, "latitude": Decimal("30.70000")})
    assert origin_of("WUH", as_of=DAY).latitude == 30.7 and origin_of("WUH", as_of=DAY).source.zh == "测试坐标"


# -- the province's gates


def gates(complete: str = "省口岸办清单", law: Law = LAW, filed_on: date | None = None) -> tuple[dict[str, Any], list[Finding]]:
    found, findings = province_gates(a_national_officer(), "42", law, filed_on, complete_by=complete)
    return {name: known.value for name, known in found.items()}, findings


def approved(code: str, on: date, **fields: Any) -> None:
    an_air_port(code, **fields)
    with acting_system("tests") as system:
        record_approval(actor=system, code=code, document=a_reply(), approved_on=on)


@pytest.mark.parametrize(("on", "years"), [(date(2021, 3, 19), "3.000"), (date(2021, 3, 20), "2.997"), (date(2020, 3, 18), "4.002")])
def test_years_since_an_approval_without_acceptance(on: date, years: str) -> None:
    approved("enshi-air", on)
    found, _ = gates()
    assert found["air_ports_approved_unaccepted_years_max"] == Decimal(years)
    assert found["ports_approved_unaccepted_years_max"] == Decimal(years)


def test_years_are_counted_to_the_day_of_filing() -> None:
    approved("enshi-air", date(2021, 3, 19))
    assert gates(filed_on=date(2023, 3, 19))[0]["air_ports_approved_unaccepted_years_max"] == Decimal("2.000")


def test_three_years_are_known_whatever_else_is_not() -> None:
    approved("enshi-air", date(2021, 3, 1))
    an_air_port("wuhan-air")
    found, findings = gates(complete="")
    assert found["air_ports_approved_unaccepted_years_max"] >= 3
    assert codes(findings) == ["register_cannot_tell"] and "未达到客货运量标准" in findings[0].message.zh


def test_less_than_the_limit_is_known_only_of_a_complete_register_without_unknown_ports() -> None:
    approved("enshi-air", date(2023, 5, 24))
    assert "air_ports_approved_unaccepted_years_max" not in gates(complete="")[0]
    assert gates()[0]["air_ports_approved_unaccepted_years_max"] < 1
    an_air_port("wuhan-air")
    found, findings = gates()
    assert "air_ports_approved_unaccepted_years_max" not in found
    assert any("wuhan-air航空口岸的批准或验收情况不明" in finding.message.zh for finding in findings)


def test_accepted_open_planned_and_foreign_ports_are_no_overdue_approvals() -> None:
    an_air_port("a-air", open_since=date(2010, 1, 1))
    an_air_port("b-air", status="planned")
    approved("c-air", date(2010, 1, 1), province="43")
    assert gates()[0]["air_ports_approved_unaccepted_years_max"] == 0


def a_verdict(port: str, year: int, verdict: str, revision: int = 1) -> None:
    VerdictRecord.objects.create(port_code=port, year=year, verdict=verdict, revision=revision, as_of=DAY, facts={}, margins={},
                                 steps=[], recipe={}, digest="0")  # fmt: skip


def test_air_ports_below_the_standard_are_those_of_the_newest_recorded_verdict() -> None:
    an_air_port("wuhan-air", open_since=date(2000, 1, 1))
    an_air_port("yichang-air", open_since=date(2007, 11, 25))
    a_verdict("yichang-air", 2022, "fails")
    a_verdict("yichang-air", 2023, "fails")
    a_verdict("yichang-air", 2024, "meets")  # of a year not over on the day
    assert gates(complete="")[0]["air_ports_below_volume_standard"] == 1
    a_verdict("yichang-air", 2023, "meets", revision=2)
    assert "air_ports_below_volume_standard" not in gates()[0]  # Wuhan has no verdict
    a_verdict("wuhan-air", 2023, "in_grace")
    assert gates()[0]["air_ports_below_volume_standard"] == 0
    assert "air_ports_below_volume_standard" not in gates(complete="")[0]
    a_verdict("wuhan-air", 2023, "incomplete", revision=2)
    assert "air_ports_below_volume_standard" not in gates()[0]


def test_before_the_plan_nobody_asks_for_the_gates() -> None:
    assert gates(law=Law(date(2019, 1, 1))) == ({}, [])


def test_a_complete_register_without_air_ports_has_none_to_withdraw() -> None:
    assert gates()[0]["air_ports_that_should_withdraw"] == 0
    assert "air_ports_that_should_withdraw" not in gates(complete="")[0]
    an_air_port("wuhan-air", open_since=date(2000, 1, 1))
    assert "air_ports_that_should_withdraw" not in gates()[0]


# -- everything together


def facts_of_application(**more: Any) -> dict[str, Any]:
    """What 襄阳 would have to submit beside the register, passing everywhere."""
    return {
        "projects": [], "air_ports_that_should_withdraw": {"value": 0, "evidence": "省口岸办"}, "civil_military_airport": False,
        "listed_in_14fyp_plan": True, "region_class": "inland", "freight_hub_airport": False, "hub_airport": False,
        "real_need_shown": False, "full_demonstration_done": False,
        "passengers": [{"year": 2023, "value": 1_791_000, "evidence": "省商务厅"}],
        "road": [{"port": "WUH", "road_km": 320, "driving_hours": 3.5, "evidence": "测算"}],
        **COMPLETE, **more,
    }  # fmt: skip


def a_schedule(destinations: int, **fields: str) -> Any:
    letters = "ABCDEFGHIJKLMNOPQRSTUVW"
    return count_routes([
        (number + 2, {"origin": "XFN", "destination": f"Q{letters[number]}Q", "flight": "CZ1234", "stops": "0", "weekdays": "每日",
                      "scope": "国内", **fields}) for number in range(destinations)
    ], "XFN")  # fmt: skip


def wuhan_open() -> None:
    an_air_port("wuhan-air", "WUH", open_since=date(2000, 1, 1), **WUH)
    a_verdict("wuhan-air", 2023, "meets")


def test_all_facts_come_with_their_source_and_lead_to_a_verdict() -> None:
    wuhan_open()
    found = assemble(a_national_officer(), "XFN", LAW, submitted(**facts_of_application()), a_schedule(10))
    assert verdict_of(found) == "eligible"
    kinds = {name: known.kind for name, known in found.known.items()}
    assert kinds | {
        "straight_line_km_to_nearest_open_air_port": "computed", "distance_km_to_nearest_open_air_port": "submitted",
        "fixed_direct_routes": "schedule", "peak_annual_passengers": "submitted", "air_ports_below_volume_standard": "verdicts",
        "air_ports_approved_unaccepted_years_max": "register",
    } == kinds
    assert found.known["distance_km_to_nearest_open_air_port"].evidence == ("测算",)
    assert found.known["peak_annual_passengers"].evidence == ("省商务厅",)
    answer = found.as_dict()
    assert set(answer["facts"]) == set(found.known) and all(known["source"]["zh"] for known in answer["facts"].values())
    assert answer["verdict"]["rule"] == "access_air" and answer["distances"]["straight_km"] == "238.094"


def test_a_fact_that_nobody_gives_stays_unknown_and_says_who_supplies_it() -> None:
    wuhan_open()
    found = assemble(a_national_officer(), "XFN", LAW, submitted(**COMPLETE))
    assert verdict_of(found) == "unknown" and found.verdict is not None
    missing = {each["fact"]: each["supplied_by"][0]["role"] for each in found.verdict.as_dict()["missing"]}
    assert missing["peak_annual_passengers"] == "PPO" and missing["civil_military_airport"] == "PPO"
    assert "air_ports_below_volume_standard" not in missing
    assert "fixed_direct_routes" not in found.known


def test_without_a_complete_register_a_distance_that_passes_is_no_fact_and_one_that_fails_is() -> None:
    wuhan_open()
    found = assemble(a_national_officer(), "XFN", LAW, submitted(road=[{"port": "WUH", "road_km": 320, "evidence": "测算"}]))
    assert "distance_km_to_nearest_open_air_port" not in found.known and "nearer_port_may_be_missing" in codes(found.findings)
    near = assemble(a_national_officer(), "EHU", LAW, NOTHING)
    assert near.known["straight_line_km_to_nearest_open_air_port"].value == Decimal("91.776")


def test_a_straight_line_beyond_the_limit_settles_the_road() -> None:
    wuhan_open()
    given = facts_of_application()
    del given["road"]
    found = assemble(a_national_officer(), "XFN", LAW, submitted(**given), a_schedule(10))
    assert verdict_of(found) == "eligible" and "不会更短" in found.known["distance_km_to_nearest_open_air_port"].source.zh


def test_the_count_that_the_plan_leaves_open_is_shown_as_another_verdict() -> None:
    wuhan_open()
    rows = [(row.row, row) for row in a_schedule(10).rows]
    seasonal = count_routes([
        (number, {"origin": "XFN", "destination": row.other or "", "flight": "CZ1234", "stops": "0", "weekdays": "每日", "scope": "国内",
                  "season": "冬春" if number == 2 else "全年"}) for number, row in rows
    ], "XFN")  # fmt: skip
    found = assemble(a_national_officer(), "XFN", LAW, submitted(**facts_of_application()), seasonal)
    assert verdict_of(found) == "exception_track"
    assert [(why.zh, other.verdict) for why, other in found.others] == [("季节性航线也算固定航线", "eligible")]


def test_what_the_system_knows_goes_before_what_is_submitted() -> None:
    wuhan_open()
    a_verdict("wuhan-air", 2023, "fails", revision=2)
    found = assemble(a_national_officer(), "XFN", LAW, submitted(**facts_of_application(air_ports_below_volume_standard=0)), a_schedule(10))
    assert verdict_of(found) == "strict_control" and "submitted_differs" in codes(found.findings)


def test_a_fact_that_cannot_be_gives_no_verdict() -> None:
    found = assemble(a_national_officer(), "XFN", LAW, submitted(fixed_direct_routes=-1))
    assert found.verdict is None and "negative_figure" in codes(found.findings) and found.as_dict()["verdict"] is None


def test_the_plan_speaks_through_the_register() -> None:
    port = an_air_port("ezhou-air", "EHU", status="planned")
    project = Project.objects.create(project_id="P7-23", box="专栏7", programme_zh="示范", object_zh="鄂州", mode="air", kind_en="freight hub",
                                     quote="郑州、鄂州（货运）")  # fmt: skip
    ProjectLink.objects.create(project=project, port=port)
    entry = LayoutEntry.objects.create(layout_id="AIR-99", box="专栏4", name_zh="鄂州", mode="air", hub_tier="regional_hub", quote="鄂州")
    LayoutLink.objects.create(entry=entry, port=port, basis="测试")
    found = assemble(a_national_officer(), "EHU", LAW).known
    assert {name: (found[name].value, found[name].kind) for name in ("listed_in_14fyp_plan", "freight_hub_airport", "hub_airport")} == {
        "listed_in_14fyp_plan": (True, "plan"), "freight_hub_airport": (True, "plan"), "hub_airport": (True, "plan"),
    }  # fmt: skip
    assert "专栏7 P7-23" in found["listed_in_14fyp_plan"].source.zh and "郑州、鄂州（货运）" in found["freight_hub_airport"].evidence
    assert "listed_in_14fyp_plan" not in assemble(a_national_officer(), "EHU", Law(date(2020, 12, 31))).known


def test_the_bundled_register_names_what_it_does_not_know_of_ezhou() -> None:
    """The plan's list of freight hubs is read; Wuhan, of unknown status, is named and not skipped for Shanghai."""
    with acting_system("tests") as system:
        load_register(actor=system)
    found = assemble(a_national_officer(), "EHU", LAW)
    assert (found.known["freight_hub_airport"].value, found.known["listed_in_14fyp_plan"].value) == (True, True)
    assert found.distances.nearest is None and found.distances.open[0].port.code == "shanghai-pudong-air"
    assert found.distances.unsettled[0].port.code == "wuhan-air" and found.distances.unsettled[0].straight_km == Decimal("91.776")
    assert "nearer_port_unsettled" in codes(found.findings)
    assert found.verdict is not None and found.verdict.possible == ("strict_control", "conditional")
    settled = assemble(a_national_officer(), "EHU", LAW, submitted(open_air_ports=[{"iata": "WUH", "evidence": "国家口岸办名录"}]))
    assert settled.known["straight_line_km_to_nearest_open_air_port"].evidence == ("国家口岸办名录",)


@pytest.mark.parametrize("said", [
    {"filed_on": "soon"}, {"filed_on": 7}, {"region_class": []}, {"projects": "none"}, {"fixed_direct_routes": "12"}, {"no_such_fact": 1},
    {"peak_annual_passengers": 10**30},
])  # fmt: skip
def test_what_cannot_be_a_fact_is_a_finding_and_gives_no_verdict(said: dict[str, Any]) -> None:
    found = assemble(a_national_officer(), "XFN", LAW, submitted(**said))
    assert found.verdict is None and any(finding.is_error for finding in found.findings)


# -- scope


def test_a_province_sees_its_own_airports_and_no_others() -> None:
    wuhan_open()
    assert "air_ports_below_volume_standard" in assemble(a_provincial_officer("42"), "XFN", LAW, submitted(**COMPLETE)).known
    before = AuditEntry.objects.count()
    with pytest.raises(NotFound) as refused:
        assemble(a_provincial_officer("44"), "XFN", LAW)
    assert codes(refused.value.findings) == ["unknown_airport"] and AuditEntry.objects.count() > before
    with pytest.raises(NotFound):
        assemble(an_enterprise_user(), "XFN", LAW)


def test_who_sees_one_port_of_the_province_reads_no_gates() -> None:
    wuhan_open()
    found = assemble(a_port_reporter("wuhan-air"), "XFN", LAW, submitted(**COMPLETE))
    assert "air_ports_below_volume_standard" not in found.known and "gates_beyond_scope" in codes(found.findings)
