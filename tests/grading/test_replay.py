"""A recorded verdict is judged again from its recipe, whatever has been reported or ruled since."""

from __future__ import annotations

from datetime import date

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.grading.factories import a_ruling
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_port, a_sea_port

from kouan.accounts.action import acting_system
from kouan.grading import queries
from kouan.grading.actions import record_verdicts
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import newest_verdicts
from kouan.grading.replay import replay

pytestmark = pytest.mark.django_db

AS_OF = date(2024, 6, 30)


def recorded(year: int = 2023) -> list[VerdictRecord]:
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=year, as_of=AS_OF)
    return newest_verdicts(a_national_officer(), year)


def a_road_port() -> str:
    code = a_port(mode="road", is_border=False, accepted_on=date(2010, 5, 1)).code
    figures(f"port:{code}", "cargo_tonnes", a_year_of_months(2023, 5_000))
    figures(f"port:{code}", "cargo_tonnes", a_year_of_months(2023, 1_000), group="transit")
    return code


def test_a_record_gives_its_verdict_again_though_figures_and_rulings_have_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    code = a_road_port()
    a_sea_port()
    a_port(mode="water", is_border=False)
    ruling = a_ruling("definition.cargo", "cross_border_without_transit")
    monkeypatch.setattr(queries, "rulings_on_record", lambda *_: (ruling,))
    records = recorded()
    assert {record.port_code: record.verdict for record in records}[code] == "incomplete"
    figures(f"port:{code}", "cargo_tonnes", {"2023-01": 9_000_000}, revision=2)
    monkeypatch.setattr(queries, "rulings_on_record", lambda *_: ())
    assert [replay(record) for record in records] == [None, None, None]


def test_a_record_that_does_not_follow_from_its_facts_is_found() -> None:
    code = a_road_port()
    (record,) = recorded()
    record.recipe["facts"]["cargo_tonnes"] = "1"
    found = replay(record)
    assert found is not None and (found.code, found.where.path, found.required) == ("replay_differs", code, "meets")
    assert "margins" in found.message.en


def test_facts_that_could_not_be_are_replayed_too() -> None:
    code = a_road_port()
    figures(f"port:{code}", "cargo_tonnes", {"2023-01": -999_999}, revision=2)
    (record,) = recorded()
    assert (record.verdict, replay(record)) == ("incomplete", None)


def test_the_newest_revision_of_ports_in_scope_is_taken() -> None:
    code = a_road_port()
    recorded()
    figures(f"port:{code}", "cargo_tonnes", {"2023-01": 6_000}, revision=2)
    (record,) = recorded()
    assert record.revision == 2
    assert newest_verdicts(a_provincial_officer("45"), 2023) == []
