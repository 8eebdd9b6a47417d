"""Yearly clearance times out of the journal: by hand the same, taken in by the common door, read by a round's freeze."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import median
from typing import Any

import pytest
from tests.monitoring.journal_factories import NOON, PORT, sent
from tests.monitoring.studies.a_log import House, a_case, spread

from kouan.basis import NotAllowed, Refused, clock
from kouan.collection.models import Observation, Origin
from kouan.evaluation import schemes
from kouan.evaluation.rounds.gathering import gather
from kouan.evaluation.rounds.objects import Evaluated
from kouan.monitoring.clearance_year import hand_over_year, yearly
from kouan.ports.models import Port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(date(2027, 2, 1)):
        yield


@pytest.fixture
def house() -> House:
    """36 imports at Tianjin in 2026: 22 of March and 14 of April; 12 at Manzhouli; demonstration events beside them."""
    made = House()
    made.log()
    rows = [event for n in range(14) for event in a_case(f"A{n:02d}", hours=spread(n), after=24 * 35 + n)]
    shown = [event for n in range(40) for event in a_case(f"D{n:02d}", hours=(0, 0, 0, 0, 0, 1), after=n, origin="demonstration")]
    with clock.travel_to(NOON + timedelta(days=60)):
        assert sent(made.terminal, *rows).as_dict()["accepted"] == len(rows)
        sent(made.terminal, *shown)
    return made


def test_a_year_is_the_median_of_all_its_official_cases(house: House) -> None:
    found = {(row.port, row.direction): row for row in yearly(house.national, 2026)}
    lengths = [16 + 16 * n / 100 for n in range(21)] + [87] + [16 + 16 * n / 100 for n in range(14)]
    assert found[PORT, "inbound"].n == 36 and found[PORT, "inbound"].median_hours == pytest.approx(median(lengths))
    assert [(row.n, row.median_hours) for key, row in found.items() if key[0] != PORT] == [(12, None)], "fewer than 30 give no figure"
    for year in (2020, 2027):
        with pytest.raises(Refused):
            yearly(house.national, year)


def test_it_enters_as_a_derived_figure_that_a_round_reads(house: House) -> None:
    tried = hand_over_year(actor=house.national, year=2026, dry_run=True)
    assert tried.intake is not None and tried.intake.accepted == 1 and not Observation.objects.exists()
    done = hand_over_year(actor=house.national, year=2026)
    assert done.intake is not None and (done.intake.accepted, done.intake.observations) == (1, 1), done.intake
    held = Observation.objects.select_related("series").get()
    assert (held.series.origin, held.series.source, held.series.direction) == (Origin.DERIVED, "operation-times", "inbound")
    again = hand_over_year(actor=house.national, year=2026)
    assert again.intake is not None and again.intake.repeated
    port = Port.objects.get(code=PORT)
    scheme = schemes.get("national-first")
    one = Evaluated(PORT, port.name_zh, port.name_en, "sea", province_code=port.province_code)
    data = gather(scheme, 2026, [one], clock.now()).data
    assert data.values[-1, 0, data.items.index("import_time_h")] == pytest.approx(float(held.value))


def test_only_the_national_office_hands_over(house: House) -> None:
    for nobody in (house.tianjin, house.terminal):
        with pytest.raises(NotAllowed):
            hand_over_year(actor=nobody, year=2026)
    assert not Observation.objects.exists()
