"""The Hong Kong replay (演示): detectors meet the events that a reader would expect; what the page says is what comes out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kouan.monitoring.detection import BackTest, Panel
from kouan.monitoring.detection.calendar import national_spans
from kouan.monitoring.detection.forecast import evaluate, forecast
from kouan.monitoring.detection.replay import events, kinds_of, read_passengers, replay, spring_festivals

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "src/kouan/collection/data/hk-control-points/daily_passengers_2020_2025.csv.gz"
# No usual day: ships now and then, or rows that end.
UNSTEADY = {"Kai Tak Cruise Terminal", "Harbour Control", "Hung Hom", "Tuen Mun Ferry Terminal", "Sha Tau Kok"}


@pytest.fixture(scope="module")
def passengers() -> Panel:
    return read_passengers(FILE)


@pytest.fixture(scope="module")
def by_weekdays(passengers: Panel) -> BackTest:
    """Without any calendar, so that holidays are told as well."""
    kinds = kinds_of(passengers, national_spans(), calendar=False)
    return replay(passengers, kinds, first=date(2020, 1, 25), last=date(2025, 12, 31))


@pytest.fixture(scope="module")
def by_calendar(passengers: Panel) -> BackTest:
    kinds = kinds_of(passengers, national_spans())
    return replay(passengers, kinds, first=date(2020, 1, 25), last=date(2025, 12, 31), silences=spring_festivals())


def test_every_event_has_a_page_or_a_calendar_behind_it_and_real_points(passengers: Panel) -> None:
    points = {key.port for key in passengers.series}
    for event in events():
        assert event.source.startswith(("http://", "https://")) or event.source in ("calendar", "the source note of the bundled data set")
        assert event.first <= event.last and event.ports <= points, event.code


def told_at(result: BackTest, day: date) -> dict[str, set[str]]:
    return {
        each.episode.port: {candidate.detector for candidate in each.episode.candidates if candidate.day == day}
        for each in result.alerts if each.episode.first <= day <= each.episode.last
    }


def test_closures_and_reopenings_are_told_on_their_day_at_their_points(by_calendar: BackTest) -> None:
    first_closed = told_at(by_calendar, date(2020, 1, 30))
    for point in ("Express Rail Link West Kowloon", "Hung Hom", "Man Kam To", "Sha Tau Kok", "China Ferry Terminal", "Tuen Mun Ferry Terminal"):
        assert "fell_silent" in first_closed.get(point, set()), point
    assert "Lo Wu" not in first_closed
    second_closed = told_at(by_calendar, date(2020, 2, 4))
    for point in ("Lo Wu", "Lok Ma Chau", "Lok Ma Chau Spur Line", "Macau Ferry Terminal"):
        assert "fell_silent" in second_closed.get(point, set()), point
    opened = told_at(by_calendar, date(2023, 1, 8))
    for point in ("Lok Ma Chau Spur Line", "Man Kam To", "Macau Ferry Terminal"):
        assert "resumed" in opened.get(point, set()), point
    assert "resumed" in told_at(by_calendar, date(2023, 1, 15))["Express Rail Link West Kowloon"]
    for point in ("Lo Wu", "Lok Ma Chau", "Heung Yuen Wai"):
        assert "resumed" in told_at(by_calendar, date(2023, 2, 6)).get(point, set()), point


@pytest.mark.parametrize(("day", "least"), [
    (date(2023, 9, 1), 8), (date(2023, 9, 8), 5), (date(2023, 10, 8), 5), (date(2025, 7, 20), 8), (date(2025, 9, 23), 8), (date(2025, 9, 24), 8),
])
def test_typhoon_and_rainstorm_days_are_told_at_many_points(by_calendar: BackTest, day: date, least: int) -> None:
    told = [port for port, detectors in told_at(by_calendar, day).items() if detectors]
    assert len(told) >= least, told


def test_the_spring_festival_is_told_by_weekdays_alone_and_silent_where_it_was_planned(by_weekdays: BackTest, by_calendar: BackTest) -> None:
    for code in ("spring-festival-2024", "spring-festival-2025"):
        assert any(code in each.events for each in by_weekdays.alerts), code
    assert by_calendar.silenced and len(by_calendar.alerts) < len(by_weekdays.alerts)


def test_the_page_tells_hits_and_misses_as_they_come_out(by_weekdays: BackTest, by_calendar: BackTest) -> None:
    page = (ROOT / "docs/early-warnings.md").read_text(encoding="utf-8")
    assert by_weekdays.sentence.en in page and by_calendar.sentence.en in page, f"{by_weekdays.sentence.en}\n{by_calendar.sentence.en}"
    assert [event.code for event in by_weekdays.missed] == ["quarantine-2020-02-08", "ma-on-2022"]
    known_beforehand = [event for event in by_calendar.missed if event.source == "calendar"]
    assert [event.code for event in by_calendar.missed if event not in known_beforehand] == ["quarantine-2020-02-08", "ma-on-2022"]
    for year in range(2020, 2026):
        of_year = [each for each in by_calendar.alerts if each.episode.first.year == year]
        row = f"| {year} | {len(of_year)} | {sum(each.useful is True for each in of_year)} |"
        assert row in page, row


def test_forecasts_beat_last_week_and_their_interval_holds_what_it_says(passengers: Panel) -> None:
    keep = [at for at, key in enumerate(passengers.series) if key.port not in UNSTEADY]
    start = passengers.column(date(2023, 3, 1))
    panel = Panel(tuple(passengers.series[at] for at in keep), date(2023, 3, 1), passengers.values[keep][:, start:])
    kinds = kinds_of(panel, national_spans())
    origins = range(panel.column(date(2024, 1, 7)), panel.days - 14, 56)
    found = evaluate(panel, kinds, origins, 14)
    assert found.mase < 0.85 * found.naive_mase
    assert 0.92 <= found.coverage <= 0.98
    made = forecast(panel.until(date(2025, 6, 1)), kinds, 7)
    assert made.first_day == date(2025, 6, 2) and (made.low <= made.middle).all() and (made.middle <= made.high).all()
    with pytest.raises(ValueError, match="horizon"):
        forecast(panel, kinds, 7)
