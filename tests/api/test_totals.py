"""``/totals`` and ``/flows`` of provinces and the nation: complete or said to be incomplete, ranks to the national office."""

from __future__ import annotations

import pytest
from tests.api.world import GUANGDONG, World, client_of
from tests.monitoring.factories import figures
from tests.ports.factories import a_port

from kouan.audit.models import AuditEntry

ROOT = "/api/v1"
CARGO = "measure=cargo_tonnes"
YEAR = "first_year=2023&last_year=2023"


def test_the_nation_by_province(world: World) -> None:
    answer = client_of(world.national).get(f"{ROOT}/totals?subject=nation:CN&{CARGO}&{YEAR}").json()
    [year] = answer["totals"]["flows"]
    assert (year["value"], year["reported"], year["due"], year["peak"]) == (109_200, 2, 2, True)
    assert {each["subject"]: (each["value"], each["rank"]) for each in answer["members"]} == {
        "province:44": (108_000, 1), "province:15": (1_200, 2)}
    assert sum(each["share"] for each in answer["members"]) == pytest.approx(1)


def test_one_silent_port_makes_it_incomplete(world: World) -> None:
    a_port("wenjindu-road", "road", province_code="44")
    answer = client_of(world.national).get(f"{ROOT}/totals?subject=province:44&{CARGO}&every=month&{YEAR}").json()
    assert {(each["value"], each["partial"], each["reported"], each["due"]) for each in answer["totals"]["flows"]} == {
        (None, 9_000, 1, 2)}
    assert answer["period"] == "2023-12"
    chosen = client_of(world.national).get(f"{ROOT}/totals?subject=province:44&{CARGO}&every=month&{YEAR}&period=2023-05").json()
    assert {each["subject"]: each["partial"] for each in chosen["members"]} == {f"port:{GUANGDONG}": 9_000, "port:wenjindu-road": None}


def test_a_province_gets_its_own_without_ranks_and_nobody_elses(world: World) -> None:
    program = client_of(world.guangdong)
    own = program.get(f"{ROOT}/totals?subject=province:44&{CARGO}&{YEAR}").json()
    assert own["totals"]["flows"][0]["value"] == 108_000
    assert {each["rank"] for each in own["members"]} == {None}
    for region in ("province:15", "nation:CN"):
        assert program.get(f"{ROOT}/totals?subject={region}&{CARGO}").status_code == 404
    assert AuditEntry.objects.filter(note="out_of_scope", actor_id=world.guangdong.pk).count() == 2


def test_flows_of_a_province_and_of_the_nation_hold_the_totals(world: World) -> None:
    figures("nation:CN", "cargo_tonnes", {"2023": 5}, origin="press", source="press-facts")
    answer = client_of(world.national).get(f"{ROOT}/flows?subject=nation:CN").json()
    assert [each["origin"] for each in answer["items"]] == ["press"]
    assert [(each["measure"], each["flows"][-1]["value"]) for each in answer["totals"]] == [("cargo_tonnes", 109_200)]
    limited = client_of(world.guangdong).get(f"{ROOT}/flows?subject=nation:CN").json()
    assert limited["totals"] == [] and len(limited["items"]) == 1
    assert client_of(world.guangdong).get(f"{ROOT}/flows?subject=province:15").status_code == 404


def test_a_flow_tells_changes_share_and_rank(world: World) -> None:
    figures(f"port:{GUANGDONG}", "cargo_tonnes", {f"2022-{month:02d}": 4_500 for month in range(1, 13)})
    [series] = client_of(world.national).get(f"{ROOT}/flows?subject=port:{GUANGDONG}").json()["items"]
    last = series["flows"][-1]
    assert (last["yoy"], last["rank"], last["peak"]) == (1.0, 1, True)
    assert last["share"] == pytest.approx(108_000 / 109_200)
    [series] = client_of(world.guangdong).get(f"{ROOT}/flows?subject=port:{GUANGDONG}").json()["items"]
    assert series["flows"][-1]["rank"] is None


@pytest.mark.parametrize("address", [
    "/flows?subject=benchmark_port:230", "/flows?subject=counterpart_point:nope", "/flows?subject=province:99",
    "/series?subject=nation:US", "/observations?subject=group:nope", "/totals?subject=province:99&measure=cargo_tonnes",
])
def test_what_is_not_there_is_404(world: World, address: str) -> None:
    assert client_of(world.national).get(ROOT + address).status_code == 404


@pytest.mark.parametrize(("address", "code"), [
    (f"/flows?subject=port:{GUANGDONG}&measure=persons", "unknown_measure"),
    (f"/series?subject=port:{GUANGDONG}&measure=persons", "unknown_measure"),
    (f"/observations?subject=port:{GUANGDONG}&measure=persons", "unknown_measure"),
    ("/totals?subject=nation:CN&measure=clearance_hours", "not_additive"),
    ("/totals?subject=nation:CN&measure=teu&first_year=1950&last_year=2199", "unusable_years"),
    ("/totals?subject=nation:CN&measure=teu&first_year=2024&last_year=2023", "unusable_years"),
    ("/totals?subject=nation:CN&measure=cargo_tonnes&period=1999", "unknown_period"),
    ("/totals?subject=nation:CN&measure=teu&first_year=99999", "unusable_argument"),
    ("/verdicts?year=99999", "unusable_argument"), ("/verdicts?year=-5", "unusable_argument"),
    ("/scores?year=99999", "unusable_argument"),
])
def test_unusable_arguments_are_refused_in_words(world: World, address: str, code: str) -> None:
    answer = client_of(world.national).get(ROOT + address)
    assert answer.status_code == 422
    assert [each["code"] for each in answer.json()["error"]["findings"]] == [code]
