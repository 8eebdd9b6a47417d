"""One function tells the time, and travelling binds only who travels."""

import asyncio
import contextvars
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from kouan.basis import clock


def test_the_day_turns_at_midnight_in_beijing() -> None:
    with clock.travel_to(datetime(2020, 12, 31, 15, 59, 59, tzinfo=UTC)):
        assert clock.today() == date(2020, 12, 31)
    with clock.travel_to(datetime(2020, 12, 31, 16, 0, tzinfo=UTC)):
        assert clock.today() == date(2021, 1, 1)


@pytest.mark.parametrize(
    "when",
    [
        date(2023, 3, 6),
        "2023-03-06",
        datetime(2023, 3, 6, 12),
        "2023-03-06T12:00:00+08:00",
        datetime(2023, 3, 6, 4, tzinfo=UTC),
        datetime(2023, 3, 5, 23, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_all_ways_to_say_noon_in_beijing_are_one_instant(when: datetime | date | str) -> None:
    with clock.travel_to(when) as moment:
        assert moment == clock.now() == datetime(2023, 3, 6, 4, tzinfo=UTC)
        assert clock.now().tzinfo is UTC
        assert clock.today() == date(2023, 3, 6)


@pytest.mark.skipif("KOUAN_TEST_NOW" in os.environ, reason="the suite itself has travelled")
def test_journeys_nest_and_end_even_after_an_error() -> None:
    before = datetime.now(UTC)
    with clock.travel_to("2001-01-01"):
        with pytest.raises(RuntimeError), clock.travel_to("2002-02-02"):
            raise RuntimeError
        assert clock.today() == date(2001, 1, 1)
    assert before <= clock.now() <= datetime.now(UTC)


def test_another_thread_keeps_its_own_time() -> None:
    seen: dict[str, date] = {}
    with clock.travel_to("2001-01-01"):
        context = contextvars.copy_context()
        alone = threading.Thread(target=lambda: seen.update(alone=clock.today()))
        taken_along = threading.Thread(
            target=lambda: context.run(lambda: seen.update(taken_along=clock.today()))
        )
        for thread in (alone, taken_along):
            thread.start()
            thread.join()
    assert seen["alone"] > date(2001, 1, 1)
    assert seen["taken_along"] == date(2001, 1, 1)


def test_two_asynchronous_tasks_travel_apart() -> None:
    async def stand_on(day: str) -> date:
        with clock.travel_to(day):
            await asyncio.sleep(0.01)
            return clock.today()

    async def both() -> list[date]:
        return list(await asyncio.gather(stand_on("2001-01-01"), stand_on("2002-02-02")))

    # In a thread of its own: the browser of other tests may have left a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, both()).result() == [date(2001, 1, 1), date(2002, 2, 2)]


def test_an_instant_without_zone_has_no_day() -> None:
    assert clock.day_of(datetime(2022, 12, 31, 16, tzinfo=UTC)) == date(2023, 1, 1)
    with pytest.raises(ValueError, match="time zone"):
        clock.day_of(datetime(2023, 1, 1))
