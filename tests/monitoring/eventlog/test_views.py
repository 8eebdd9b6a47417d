"""The usual path, deviations with their cost, conformance, and down to the cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from kouan.monitoring.eventlog import engine, views

FLOW = ("container", "sea", "inbound")
HEAD = "case_id,case_kind,mode,direction,port,milestone,occurred_at\n"


def log_of(folder: Path, *cases: tuple[str, dict[str, int]]) -> Path:
    """Cases as milestones with the hour at which each was reached."""
    path = folder / "events.csv"
    rows = [f"{case},{','.join(FLOW)},P1,{name},{hour * 3_600_000_000}" for case, told in cases for name, hour in told.items()]
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


USUAL = {"arrived": 0, "declared": 2, "released": 10}
INSPECTED = {"arrived": 0, "declared": 2, "inspection_ended": 20, "released": 30}
EARLY = {"declared": 0, "arrived": 4, "released": 6}


@pytest.fixture
def result(tmp_path: Path) -> engine.Result:
    path = log_of(tmp_path, *((f"U{n}", USUAL) for n in range(5)), ("I1", INSPECTED), ("I2", INSPECTED), ("E1", EARLY))
    return engine.run([path])


def test_the_usual_path_is_the_most_frequent_of_its_flow(result: engine.Result) -> None:
    usual = views.usual_paths(result)
    assert list(usual) == [FLOW]
    assert (usual[FLOW].milestones, usual[FLOW].n, usual[FLOW].median_hours) == (("arrived", "declared", "released"), 5, 10.0)


def test_a_deviation_says_what_differs_and_what_it_costs(result: engine.Result) -> None:
    dearest, cheapest = views.deviations(result)
    assert (dearest.added, dearest.skipped, dearest.swapped, dearest.extra_hours, dearest.total_hours) == (("inspection_ended",), (), (), 20.0, 40.0)
    assert (cheapest.swapped, cheapest.extra_hours, cheapest.total_hours) == ((("declared", "arrived"),), -4.0, -4.0)
    assert [each.path.n for each in views.deviations(result, at_least=2)] == [2]


def test_conformance_counts_the_legs_that_keep_the_published_order(result: engine.Result) -> None:
    (flow,) = views.conformance(result)
    assert (flow.flow, flow.n, flow.conforming_n) == (FLOW, 8, 7)
    assert flow.breaches == (("declared", "arrived", 1),), "an advance declaration runs ahead of the order"
    assert flow.share == 7 / 8 and flow.foreign == ()


def test_one_can_go_down_to_the_cases(result: engine.Result) -> None:
    assert views.cases_of(result, FLOW, ["arrived", "declared", "inspection_ended", "released"]) == ["I1", "I2"]
    assert views.cases_of(result, FLOW, USUAL, limit=3) == ["U0", "U1", "U2"]
    assert views.cases_of(result, FLOW, ["arrived"]) == []
