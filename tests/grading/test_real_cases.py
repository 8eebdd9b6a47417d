"""Real airports against the rule of their day: what it explains, what it cannot, and what is not verified."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kouan.basis.strict_yaml import load_file
from kouan.grading.access import AccessAir
from kouan.grading.airports import airport
from kouan.grading.distance import AirPort, Distances, Origin, Standing, measure
from kouan.law import Law

REAL = Path(__file__).parent / "cases" / "real"
SOURCES = load_file(REAL / "sources.yaml")
STORIES = {place.stem: load_file(place) for place in sorted(REAL.glob("*.yaml")) if place.stem != "sources"}
CASES = [(story, case) for story in STORIES.values() for case in story["cases"]]
PAGE = Path(__file__).parents[2] / "docs" / "real-cases.md"


def distances_of(story: dict[str, Any]) -> Distances:
    """To the ports around, at their positions in the list of airports."""
    here = airport(story["iata"])
    assert here is not None
    ports = []
    for each in story["around"]:
        known = airport(each["iata"])
        assert known is not None
        ports.append(AirPort(each["iata"], known.name, Standing(each["standing"]), latitude=known.latitude, longitude=known.longitude,
                             iata=(each["iata"],)))  # fmt: skip
    return measure(Origin(here.latitude, here.longitude, here.name, here.source, here.iata), ports, ())


def facts_of(case: dict[str, Any]) -> dict[str, Any]:
    parts = [case.get(kind, {}) for kind in ("facts", "assumed", "unverified")]
    whole = {name: value for part in parts for name, value in part.items()}
    assert len(whole) == sum(map(len, parts)), "a fact is either found, unverified or assumed"
    return whole


def test_there_are_three_airports_with_several_cases_each() -> None:
    assert set(STORIES) == {"ezhou", "enshi", "xiangyang"} and all(len(story["cases"]) >= 4 for story in STORIES.values())


@pytest.mark.parametrize(("story", "case"), CASES, ids=[case["name"] for _, case in CASES])
def test_what_the_rule_says_of_it(story: dict[str, Any], case: dict[str, Any]) -> None:
    verdict = AccessAir().judge_row(facts_of(case), Law(case["as_of"]))
    assert verdict.verdict == case["expect"], verdict.possible
    if "possible" in case:
        assert list(verdict.possible) == case["possible"]
    if "missing" in case:
        assert [each["fact"] for each in verdict.missing] == case["missing"]
    if "differs" in case:
        found = {f"{other.reading.ambiguity} {other.reading.value}": other.verdict for other in verdict.differs_under}
        assert found | case["differs"] == found
    for name, outcome in case.get("outcomes", {}).items():
        assert verdict.outcome(name) == outcome


@pytest.mark.parametrize("name", STORIES)
def test_what_is_only_found_never_settles_the_case(name: str) -> None:
    """Honesty: with no assumption the verdict is unknown, so each other verdict says what it assumes."""
    for case in STORIES[name]["cases"]:
        assert (case["expect"] == "unknown") == (not case.get("assumed"))


@pytest.mark.parametrize("name", STORIES)
def test_distances_to_the_open_air_ports_around(name: str) -> None:
    story = STORIES[name]
    found = distances_of(story)
    assert found.open[0].port.code == story["nearest"]["iata"]
    assert f"{found.open[0].straight_km}" == f"{story['nearest']['straight_km']:.3f}"
    nearer = [leg.port.code for leg in found.unsettled if leg.straight_km is not None and leg.straight_km < found.open[0].straight_km]
    assert nearer == story["nearest"].get("unsettled_nearer", [])
    # Where a nearer port may have been open, nothing is called the nearest.
    assert (found.nearest is None) == bool(nearer)


@pytest.mark.parametrize("name", STORIES)
def test_every_fact_is_found_or_marked_and_every_source_named(name: str) -> None:
    story = STORIES[name]
    for each in [*story["events"], *story["around"]]:
        assert set(each["sources"]) <= set(SOURCES)
    for event in story["events"]:
        assert event["checked"] in ("found", "待核")
        assert event["sources"] if event["checked"] == "found" else event["why"]
    for port in story["around"]:
        assert port["sources"] if port["standing"] == "open" else port["why"]
    assert story["gaps"] and story["explains"]


def test_every_source_has_title_publisher_and_date_and_is_used() -> None:
    used = {key for story in STORIES.values() for each in [*story["events"], *story["around"]] for key in each["sources"]}
    assert used == set(SOURCES)
    for source in SOURCES.values():
        assert source["title"] and source["publisher"] and source["seen"] in ("original", "republished")
        assert isinstance(source["date"], date) or "不详" in source["date"]


def test_the_page_tells_the_same() -> None:
    said = PAGE.read_text(encoding="utf-8")
    for source in SOURCES.values():
        assert source["title"] in said and source["publisher"] in said and str(source["date"]) in said
    for story in STORIES.values():
        assert story["name"] in said and f"{story['nearest']['straight_km']:.3f}" in said
        for part in (story["explains"], *story["gaps"], *(event["what"] for event in story["events"]), *(case["name"] for case in story["cases"])):
            assert part in said, part
    # Each event stands with its mark.
    assert said.count("| 待核 |") == sum(event["checked"] == "待核" for story in STORIES.values() for event in story["events"])


def test_the_days_between_reply_and_acceptance_are_counted_not_quoted() -> None:
    days = {event["what"]: event["on"] for event in STORIES["ezhou"]["events"]}
    passed = (days["航空口岸通过国家验收"] - days["国务院批复同意对外开放"]).days
    assert re.search(rf"相隔{passed}日", "".join(STORIES["ezhou"]["gaps"]))
