"""What the API answers on real rows: pages, filters, verdicts, lineage; and how it takes arguments."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.api.world import GUANGDONG, INNER_MONGOLIA, World, client_of
from tests.monitoring.factories import a_batch

from kouan.collection.models import Observation

ROOT = "/api/v1"


@pytest.fixture
def program(world: World) -> Any:
    """A program of the national office."""
    return client_of(world.national)


def codes_of(answer: Any) -> list[str]:
    return [finding["code"] for finding in answer.json()["error"]["findings"]]


def walk(program: Any, address: str) -> list[Any]:
    """All items of a list, one a page."""
    items, after = [], ""
    while True:
        body = program.get(f"{ROOT}{address}{'&' if '?' in address else '?'}limit=1&after={after}").json()
        items += body["items"]
        if body["next"] is None:
            return items
        after = body["next"]


@pytest.mark.parametrize("address", [
    "/ports", "/series", "/batches", "/scores", "/sources", "/verdicts?year=2023", f"/observations?subject=port:{GUANGDONG}",
])
def test_pages_add_up_to_the_whole_list_in_the_same_order(program: Any, address: str) -> None:
    whole = program.get(f"{ROOT}{address}{'&' if '?' in address else '?'}limit=200").json()
    assert whole["next"] is None and len(whole["items"]) > 1
    assert walk(program, address) == whole["items"]


def test_the_register_is_filtered_and_searched(program: Any) -> None:
    def found(query: str) -> list[str]:
        return [each["code"] for each in program.get(f"{ROOT}/ports?{query}").json()["items"]]

    assert found("province=44") == [GUANGDONG]
    assert found("mode=road") == [INNER_MONGOLIA]
    assert found("q=罗湖") == found("q=luohu") == [GUANGDONG]
    assert found("province=11") == []


def test_a_port_that_met_the_standard_and_one_that_did_not(program: Any) -> None:
    items = program.get(f"{ROOT}/verdicts?year=2023&as_of=2024-06-30").json()["items"]
    verdicts = {each["port"]: each for each in items}
    assert verdicts[INNER_MONGOLIA]["margins"]["cargo_tonnes"]["measured"] == 1200
    assert verdicts[GUANGDONG]["margins"]["cargo_tonnes"]["measured"] == 108_000
    one = program.get(f"{ROOT}/verdicts?year=2023&as_of=2024-06-30&port={GUANGDONG}").json()["items"]
    assert one == [verdicts[GUANGDONG]]
    assert one[0]["steps"] and one[0]["readings"] and one[0]["citation"]


def test_a_figure_leads_to_its_file_and_its_revisions(program: Any, world: World) -> None:
    first = world.figure
    second = Observation.objects.create(
        series=first.series, period_start=first.period_start, period_end=first.period_end, revision=2, value=1,
        batch=a_batch(), row=3, column=3,
    )
    body = program.get(f"{ROOT}/observations/{first.pk}").json()
    assert body["lineage"]["file"] == "报送.xlsx" and body["lineage"]["row"] == first.row
    assert [(each["revision"], each["is_current"]) for each in body["history"]] == [(1, False), (2, True)]
    listed = program.get(f"{ROOT}/observations?subject=port:{GUANGDONG}&limit=200").json()["items"]
    assert second.pk in {each["id"] for each in listed} and first.pk not in {each["id"] for each in listed}
    every = program.get(f"{ROOT}/observations?subject=port:{GUANGDONG}&limit=200&revisions=true").json()["items"]
    assert len(every) == len(listed) + 1


def test_figures_are_bounded_by_both_days(program: Any) -> None:
    body = program.get(f"{ROOT}/observations?subject=port:{GUANGDONG}&start=2023-03-01&end=2023-04-30").json()
    assert [each["period"] for each in body["items"]] == ["2023-03", "2023-04"]


def test_a_year_rolls_up_and_a_missing_month_leaves_it_open(program: Any, world: World) -> None:
    address = f"{ROOT}/flows?subject=port:{GUANGDONG}&measure=cargo_tonnes"
    [series] = program.get(address).json()["items"]
    [year] = series["flows"]
    assert (year["period"], year["value"], year["present"]) == ("2023", 108_000, 12)


def test_a_held_row_is_shown_with_its_findings(program: Any, world: World) -> None:
    [row] = program.get(f"{ROOT}/findings?batch={world.other_batch.pk}&outcome=held&open=true").json()["items"]
    assert row["raw"][0] == "满洲里" and row["findings"][0]["code"] == "unknown_port"
    assert program.get(f"{ROOT}/findings?outcome=refused").json()["items"] == []


def test_the_state_of_a_port_is_asked_on_two_clocks(program: Any) -> None:
    now = program.get(f"{ROOT}/ports/{GUANGDONG}/state").json()
    assert now["state"]["name_zh"] == "罗湖铁路口岸"
    then = program.get(f"{ROOT}/ports/{GUANGDONG}/state?known_at=1999-01-01T00:00:00%2B08:00").json()
    assert then["state"] is None


@pytest.mark.parametrize("query,code", [
    ("ports?provinc=44", "unknown_parameter"), ("ports?limit=1&limit=2", "repeated_parameter"),
    ("ports?limit=0", "unusable_argument"), ("ports?limit=201", "unusable_argument"), ("ports?after=大连", "unusable_argument"),
    ("ports?q=%00", "unusable_argument"), (f"ports?q={'长' * 61}", "unusable_argument"), ("batches?after=x", "unusable_argument"),
    ("observations", "unusable_argument"), ("observations?subject=luohu", "unusable_argument"),
    ("verdicts", "unusable_argument"), ("verdicts?year=1900", "unusable_argument"), ("verdicts?year=2199", "year_out_of_range"),
    ("verdicts?year=2023&as_of=5", "unusable_argument"), ("verdicts?year=2023&as_of=2023-02-30", "unusable_argument"),
    (f"ports/{GUANGDONG}/state?known_at=2026-01-01T00:00:00", "unusable_argument"),
    ("flows?subject=port:luohu-rail&every=week", "unusable_argument"), ("batches/0", "unusable_argument"),
    ("batches/9223372036854775808", "unusable_argument"),
])
def test_unusable_arguments_are_named(program: Any, query: str, code: str) -> None:
    answer = program.get(f"{ROOT}/{query}")
    assert answer.status_code == 422
    assert code in codes_of(answer)
    assert all(finding["where"] for finding in answer.json()["error"]["findings"])
    for finding in answer.json()["error"]["findings"]:
        # Patterns and the names of values stay as they are; no sentence of English stands in the Chinese.
        assert not re.search(r"[a-z]{3,} [a-z]{2,}", finding["message"]["zh"]), finding["message"]["zh"]
        assert re.search(r"[\u4e00-\u9fff]", finding["message"]["zh"])


def test_law_of_any_day_can_be_asked(program: Any) -> None:
    for day in ("0001-01-01", "1949-10-01", "2016-12-31", "9999-12-31"):
        answer = program.get(f"{ROOT}/verdicts?year=1950&as_of={day}")
        assert answer.status_code in (200, 422), day
