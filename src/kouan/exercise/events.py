"""Operation events of the exercise (演练), sent to the journal by its own door: the goods of three closed months and of this one, and the
last days of conveyances and persons.

Goods come from the generator of logs (``monitoring/eventlog/generate``), month by month, each month the same whenever it is made; days of
conveyances and persons from the generator of days (``monitoring/live/replay/national``). Each batch stands in the journal at the moment at
which its last event was received, so that rates and delays are those of the story. What is received later than now is left for a
later set-up, which sends what has passed since.

Laid in: Manzhouli closed for three days; a surge and closed lanes at Luohu on the afternoon before the first day, slow documents at Mohan
that day; events with an unknown milestone, for a port of another source and from the future, which are held; a spare system whose clock
runs three hours behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from heapq import merge
from operator import itemgetter
from typing import Any

from kouan.basis import clock
from kouan.exercise.places import CLOSED, CLOSED_FOR, CODES, FEEDS, PLACES, SPARE, Feed
from kouan.monitoring.eventlog import generate
from kouan.monitoring.journal.actions import register_event_source
from kouan.monitoring.journal.files import take_in_rows
from kouan.monitoring.journal.models import Event, EventOrigin, EventSource
from kouan.monitoring.live.day import DAY, HOUR, KINDS, MINUTE
from kouan.monitoring.live.hub import midnight_of
from kouan.monitoring.live.replay.national import Fault, make_day
from kouan.monitoring.live.vocabulary import DIRECTIONS, MILESTONES

MONTHS_CLOSED, DAYS_BACK = 3, 8
CASES_A_MONTH = 900
CONVEYANCES_A_DAY, PERSONS_A_DAY = 250, 21_000
# How long what began in a month may go on after it.
RUNS_ON = 20
# Every second consignment is general goods; every fifth batch of travellers is not of citizens.
_GOODS = ("general", "general", "general", "general", "bulk_dry", "perishable", "dangerous", "parcels")
_MODES = {"sea": "water", "river": "water"}
GENERATED = {"zh": "演练：由程序生成，与任何真实口岸、企业、日期无关。", "en": "Exercise: generated; of no real port, enterprise or day."}
Row = dict[str, Any]


def fill_events(actor: Any) -> int:
    """Send what has been received up to now and is not in the journal yet; how many events were sent."""
    feeds = [each for each in (*FEEDS, SPARE) if _registered(actor, each)]
    last = Event.objects.filter(source__in=[each.code for each in feeds]).order_by("-received_us").values_list("received_us", flat=True).first()
    now = int(clock.now().timestamp()) * 1_000_000
    first = clock.day_of(EventSource.objects.get(code=FEEDS[0].code).created_at)
    sent = 0
    source_of = {port: feed.code for feed in FEEDS for port in feed.ports}
    for end, rows in _by_day(_received(last or 0, now, first)):
        with clock.travel_to(datetime.fromtimestamp(min(end, now) / 1_000_000, UTC)):
            for feed in feeds:
                mine = [row for row in rows if row.get("_source", source_of.get(row["port"])) == feed.code]
                if mine:
                    numbered = ((number, {name: value for name, value in row.items() if name != "_source"}) for number, row in enumerate(mine, 1))
                    take_in_rows(numbered, actor=actor, source=feed.code, name=f"演练-{feed.code}")
                    sent += len(mine)
    return sent


def _registered(actor: Any, feed: Feed) -> bool:
    if not EventSource.objects.filter(code=feed.code).exists():
        register_event_source(
            actor=actor, code=feed.code, name_zh=feed.name_zh, name_en=feed.name_en, organisation=feed.organisation, ports=feed.ports,
            origin=EventOrigin.EXERCISE, norm_per_second=50,
            known_faults=[GENERATED])
    return True


def _received(after: int, until: int, first: date) -> Iterator[Row]:
    """Everything received in (after, until], in order."""
    # On the first day that is still to be sent as much as the story holds; later what is new.
    today = clock.day_of(datetime.fromtimestamp(until / 1_000_000, UTC))
    streams = [*(_goods(month) for month in _months(today)), *(_day(today - timedelta(days=back), first) for back in range(DAYS_BACK, -1, -1)),
               _flawed(first)]
    shut, open_again = midnight_of(first - timedelta(days=CLOSED_FOR)), midnight_of(first)
    for row in merge(*streams, key=itemgetter("received_at")):
        is_shut = row["port"] == CLOSED and shut <= row["received_at"] < open_again
        if after < row["received_at"] <= until and not is_shut:
            yield row


def _by_day(rows: Iterator[Row]) -> Iterator[tuple[int, list[Row]]]:
    """(µs at which the last of them was received, rows) of each day of Beijing in which anything was."""
    held: list[Row] = []
    for row in rows:
        if held and (row["received_at"] + 8 * HOUR) // DAY != (held[0]["received_at"] + 8 * HOUR) // DAY:
            yield held[-1]["received_at"], held
            held = []
        held.append(row)
    if held:
        yield held[-1]["received_at"], held


def _months(today: date) -> list[date]:
    first = today.replace(day=1)
    found = [first]
    for _ in range(MONTHS_CLOSED):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]


def _goods(month: date) -> Iterator[Row]:
    number = (month.year % 100) * 100 + month.month
    plan = generate.Plan(
        cases=CASES_A_MONTH, seed=number, ports=CODES, modes=tuple(each.mode for each in PLACES),
        begin=datetime(month.year, month.month, 1, tzinfo=UTC), months=1, runs_on=RUNS_ON, first_case=number * 100_000, chunk=CASES_A_MONTH)
    told = list(generate.rows(plan))
    examined = {row["case_id"] for row in told if row["milestone"] == "inspection_ordered"}
    for row in told:
        del row["source"]
        if row["milestone"] == "declared":
            lot = _lot(row["case_id"])
            row["risk_channel"] = "red" if row["case_id"] in examined else "yellow" if lot % 4 == 0 else "green"
            row["goods_kind"] = _GOODS[lot % len(_GOODS)]
        yield row


def _group(case: str) -> dict[str, str]:
    return {"nationality_group": "others" if _lot(case) % 5 == 0 else "citizens"}


def _lot(case: str) -> int:
    """A number that is the same for a case whenever it is made."""
    return int.from_bytes(sha256(case.encode()).digest()[:4], "big")


def _day(day: date, first: date) -> Iterator[Row]:
    """One day of conveyances and persons at these ports."""
    faults: tuple[Fault, ...] = ()
    if day == first - timedelta(days=1):
        faults = (Fault("surge", "luohu-rail", 16.5, 18.5, 4.0), Fault("lanes", "luohu-rail", 16.0, 19.5, 0.6),
                  Fault("slow", "mohan-road", 0.0, 24.0, 6.0))
    made = make_day(CODES, [_MODES.get(each.mode, each.mode) for each in PLACES], seed=day.toordinal(), faults=faults,
                    conveyances=CONVEYANCES_A_DAY, persons=PERSONS_A_DAY)
    midnight, block, modes = midnight_of(day), made.block, {each.code: each.mode for each in PLACES}
    for at in range(len(block)):
        port, milestone = str(block.ports[at]), MILESTONES[block.milestones[at]]
        case = f"EX{day:%y%m%d}{block.cases[at]}"
        yield {
            "case_id": case, "case_kind": KINDS[block.kinds[at]], "milestone": milestone, "mode": modes[port],
            "direction": DIRECTIONS[block.directions[at]], "port": port, "occurred_at": midnight + int(block.occurred[at]),
            "utc_offset": 480, "received_at": midnight + int(made.received[at]), "event_id": f"{case}-{milestone}",
            "quantity": int(block.quantities[at]),
            **(_group(case) if milestone == "queue_joined" and KINDS[block.kinds[at]] == "passenger_batch" else {}),
        }


def _flawed(first: date) -> Iterator[Row]:
    """A few events that cannot be taken in as they are, and a system with a wrong clock, on the day before the first."""
    noon = midnight_of(first) - 12 * HOUR

    def event(number: int, case: str, minutes: int, **more: Any) -> Row:
        told = noon + minutes * MINUTE
        return {"case_id": f"EX{case}{number:03d}", "case_kind": "consignment", "milestone": "released", "mode": "sea", "direction": "inbound",
                "port": "shenzhen-water", "occurred_at": told - MINUTE, "utc_offset": 480, "received_at": told, "event_id": f"EX{case}{number:03d}-1",
                **more}

    rows = [
        *(event(number, "WRONG", 5 * number, milestone="tax_payed") for number in range(1, 5)),
        *(event(number, "AWAY", 7 * number, port="ruili-road", _source="exercise-guangdong") for number in range(1, 3)),
        *(event(number, "AHEAD", 11 * number, occurred_at=noon + 11 * number * MINUTE + 3 * HOUR) for number in range(1, 4)),
        *(event(number, "SPARE", 4 * number, case_kind="passenger_batch", milestone="lane_cleared", mode="rail", port="luohu-rail", quantity=12,
                occurred_at=noon + 4 * number * MINUTE - 3 * HOUR - MINUTE, _source=SPARE.code) for number in range(1, 61)),
    ]
    yield from sorted(rows, key=itemgetter("received_at"))
