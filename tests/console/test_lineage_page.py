"""Where is this from, and what depends on it: for a recorded figure and for every figure of the panorama."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.factories import a_provincial_officer
from kouan.accounts.action import acting_system
from kouan.basis import EvidenceRef
from kouan.collection.lineage import dependants, record_use
from kouan.collection.models import Observation
from kouan.grading.actions import record_verdicts
from monitoring.factories import a_year_of_months, figures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


@pytest.fixture
def judged() -> Observation:
    """Figures of a port, a verdict that used them, and a case that used the verdict."""
    series = figures("port:luohu-rail", "cargo_tonnes", a_year_of_months(2023, 9_000))
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=2023)
    return series.observations.order_by("period_start").first()


def test_from_a_figure_back_to_the_cell_and_forward_to_the_verdict(open_as: Any, officer: Any, judged: Observation) -> None:
    page = text_of(open_as(officer), f"/lineage?of=observation:{judged.pk}")
    assert "<svg" in page and "报送.xlsx" in page and f"第 {judged.row} 行" in page
    assert "客货运量标准结论" in page and "luohu-rail 2023" in page
    assert f"/lineage?of=observation:{judged.pk}" in text_of(open_as(officer), f"/intake/figures/{judged.pk}")


def test_what_rests_on_a_verdict_depends_on_its_figures_too(open_as: Any, officer: Any, judged: Observation) -> None:
    used = EvidenceRef("collection", "series", judged.series_id)
    verdict = next(each.reference for each in dependants([used]) if each.reference.kind == "verdict")
    record_use(EvidenceRef("grading", "list_entry", 987_654), [verdict])
    record_use(EvidenceRef("collection", "series", judged.series_id), [EvidenceRef("grading", "list_entry", 987_654)])  # a loop ends
    found = {(each.reference.kind, each.steps) for each in dependants([used])}
    assert found == {("verdict", 1), ("list_entry", 2)}
    # A record that is gone, or that the reader may not see, is counted and not shown.
    page = text_of(open_as(officer), f"/lineage?of=observation:{judged.pk}")
    assert "名单条目" in page and "1 项不在您的查看范围内" in page and "987654" not in page


def test_others_figures_are_not_found(open_as: Any, officer: Any, judged: Observation) -> None:
    client = open_as(a_provincial_officer("15"))
    text_of(client, f"/lineage?of=observation:{judged.pk}", 404)
    text_of(client, "/lineage?of=figure:port:luohu-rail/cargo_tonnes/official/port-return/2023-01-01/2023-12-31", 404)
    text_of(open_as(officer), "/lineage?of=figure:port:luohu-rail/cargo_tonnes/official/port-return/2023-01-01/2023-12-31")


@pytest.mark.parametrize("said", ["", "x", "observation:", "figure:port:x", "observation:1 or 1=1",
                                  "figure:port:x/cargo_tonnes/official/port-return/2023-99-01/2023-12-31"])
def test_what_names_no_figure_is_said(open_as: Any, officer: Any, said: str) -> None:
    assert open_as(officer).get("/lineage", {"of": said}).status_code in (404, 422)
