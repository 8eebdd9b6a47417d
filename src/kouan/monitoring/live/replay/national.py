"""An invented day of the nation's ports: 80,000 conveyances and 2.5 million persons, with faults at known places.

What is generated, and how: every port has a share of its mode's traffic (a Zipf law over the ports in a seeded order),
every mode a rhythm over the day, every stage a log-normal duration of a size that its mode makes plausible. Persons come
in batches (a train, a coach, a stretch of the hall); how long they wait follows from the open lanes: a fluid queue of
each port, the arrivals of each minute against what its lanes clear. So closed lanes make a queue that one sees growing,
and a surge makes one where there was none.

Nothing here is a figure of any real port: the day is 演练 or 演示 and says so wherever it is shown.

>>> made = make_day(["a", "b", "c", "d"], ["road", "air", "water", "rail"], seed=1, conveyances=200, persons=4000)
>>> len(made.block) > 1000, bool((np.diff(made.received) >= 0).all())
(True, True)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kouan.monitoring.live.day import DAY, HOUR, KINDS, MINUTE, SECOND, Block
from kouan.monitoring.live.vocabulary import MILESTONES

CONVEYANCES, PERSONS = 80_000, 2_500_000
_MILESTONE = {code: index for index, code in enumerate(MILESTONES)}
_KIND = {code: index for index, code in enumerate(KINDS)}
# The mode's share of conveyances; its conveyance; hours with traffic (start, end, two peaks); the size of its stages in hours.
MODES: Mapping[str, tuple[float, str, tuple[float, float, float, float], float]] = {
    "road": (0.66, "vehicle", (6, 24, 9.5, 16), 0.5),
    "air": (0.14, "flight", (0, 24, 9, 21), 1.2),
    "water": (0.12, "vessel_call", (0, 24, 8, 14), 4.0),
    "rail": (0.08, "train", (0, 24, 6, 18), 2.0),
}
PERSON_SHARE: Mapping[str, float] = {"road": 0.62, "air": 0.25, "rail": 0.09, "water": 0.04}
# Stages of goods with their median as a part of the mode's size and their spread (sigma of the logarithm).
CHAIN: Sequence[tuple[str, float, float]] = (
    ("arrived", 0.0, 0.0), ("declared", 0.5, 0.8), ("docs_checked", 0.12, 0.6), ("released", 0.6, 0.7),
    ("picked_up", 1.6, 0.8), ("departed", 0.2, 0.5),
)
INSPECTED = 0.06
BATCH_OF_PERSONS = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong on purpose. ``size``: times longer, times more, share of lanes closed, hours wrong.

    ``kind``: ``slow`` (customs stages take ``size`` times as long), ``lanes`` (that share of the lanes is closed), ``surge``
    (``size`` times the persons), ``silent`` (nothing is received; all of it comes when it is over), ``clock`` (occurrence
    is told ``size`` hours late).
    """

    kind: str
    port: str
    begin_hour: float
    end_hour: float
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class Made:
    """A made day: events in the order in which they are received, µs since midnight; ``faults`` that are in it."""

    block: Block
    received: npt.NDArray[np.int64]
    faults: Sequence[Fault]


def make_day(
    ports: Sequence[str], modes: Sequence[str], *, seed: int, faults: Sequence[Fault] = (),
    conveyances: int = CONVEYANCES, persons: int = PERSONS,
) -> Made:
    """The events of one day at these ports (``modes``: water, air, rail or road, port by port), as µs since midnight.

    The same seed gives the same day. Cost: about a second for the nation.
    """
    random = np.random.default_rng(seed)
    share = _shares(modes, np.random.default_rng(20211))
    goods = _goods(random, ports, modes, share, faults, conveyances)
    people = _people(random, ports, modes, share, faults, persons)
    columns = [np.concatenate(pair) for pair in zip(goods, people, strict=True)]
    case, port, kind, direction, milestone, occurred, quantity = columns
    received = occurred + random.exponential(8 * SECOND, len(occurred)).astype(np.int64)
    names = np.asarray(ports, dtype=object)
    for fault in faults:
        here = (names[port] == fault.port) & (received >= fault.begin_hour * HOUR) & (received < fault.end_hour * HOUR)
        if fault.kind == "silent":
            received[here] = int(fault.end_hour * HOUR) + random.integers(0, 5 * MINUTE, int(here.sum()))
        elif fault.kind == "clock":
            occurred[here] += int(fault.size * HOUR)
    order = np.argsort(received, kind="stable")
    order = order[received[order] < DAY]
    return Made(Block(
        np.asarray([f"{'P' if each < 0 else 'G'}{abs(each)}" for each in case[order]], dtype=object), names[port[order]],
        kind[order].astype(np.int8), direction[order].astype(np.int8), milestone[order].astype(np.int8),
        occurred[order], quantity[order],
    ), received[order], tuple(faults))


Columns = tuple[npt.NDArray[np.int64], ...]


def _shares(modes: Sequence[str], random: np.random.Generator) -> npt.NDArray[np.float64]:
    """Each port's share of its mode's traffic: Zipf over a seeded order, so that a few are large and most are small."""
    share = np.zeros(len(modes))
    for mode in sorted(set(modes)):  # a set alone comes in another order in each process
        here = np.flatnonzero(np.asarray(modes) == mode)
        weight = 1.0 / (1.0 + np.arange(len(here))) ** 0.9
        share[random.permutation(here)] = weight / weight.sum()
    return share


def _rhythm(mode: str) -> npt.NDArray[np.float64]:
    """How likely each minute of the day is: two soft peaks between the hours with traffic."""
    first, last, morning, evening = MODES[mode][2]
    hour = np.arange(1440) / 60
    weight = 0.35 + np.exp(-((hour - morning) / 2.2) ** 2) + 0.9 * np.exp(-((hour - evening) / 2.8) ** 2)
    weight[(hour < first) | (hour >= last)] = 0.0
    return weight / weight.sum()


def _goods(random: np.random.Generator, ports: Sequence[str], modes: Sequence[str], share: npt.NDArray[np.float64],
           faults: Sequence[Fault], conveyances: int) -> Columns:
    port_of, begin, size, kind_of = [], [], [], []
    present = {mode: MODES[mode][0] for mode in set(modes)}
    for mode in sorted(present):
        here = np.flatnonzero(np.asarray(modes) == mode)
        number = round(conveyances * present[mode] / sum(present.values()))
        port_of.append(random.choice(here, number, p=share[here] / share[here].sum()))
        begin.append(random.choice(1440, number, p=_rhythm(mode)) * MINUTE + random.integers(0, MINUTE, number))
        size.append(np.full(number, MODES[mode][3]))
        kind_of.append(np.full(number, _KIND[MODES[mode][1]]))
    port, clock, size_of, kind = (np.concatenate(each) for each in (port_of, begin, size, kind_of))
    number = len(port)
    case = np.arange(1, number + 1)
    direction = random.integers(0, 2, number)
    slow = np.ones(number)
    for fault in faults:
        if fault.kind == "slow":
            at = port == list(ports).index(fault.port)
            slow[at & (clock >= fault.begin_hour * HOUR) & (clock < fault.end_hour * HOUR)] = fault.size
    events: list[tuple[npt.NDArray[np.int64], str, npt.NDArray[np.int64]]] = []
    clock = clock.astype(np.int64)
    inspected = random.random(number) < INSPECTED
    for code, median, spread in CHAIN:
        if median:
            took = median * size_of * np.exp(spread * random.standard_normal(number)) * HOUR
            clock = clock + (took * (slow if code in ("docs_checked", "released") else 1.0)).astype(np.int64)
        events.append((case, code, clock))
        if code == "docs_checked":
            length = (0.9 * size_of * np.exp(0.5 * random.standard_normal(number)) * slow * HOUR).astype(np.int64)
            begun = clock + 5 * MINUTE
            events.append((case[inspected], "inspection_started", begun[inspected]))
            events.append((case[inspected], "inspection_ended", (begun + length)[inspected]))
            clock = np.where(inspected, begun + length, clock)
    cases = np.concatenate([each[0] for each in events])
    at = cases - 1
    # Goods and documents are told of the consignment that the conveyance carries; the conveyance of its own coming and going.
    milestone = np.concatenate([np.full(len(each[0]), _MILESTONE[each[1]]) for each in events])
    moves = np.isin(milestone, [_MILESTONE["arrived"], _MILESTONE["departed"]])
    kinds = np.where(moves, kind[at], _KIND["consignment"])
    return (cases, port[at], kinds, direction[at], milestone, np.concatenate([each[2] for each in events]),
            np.ones(len(cases), dtype=np.int64))


def _people(random: np.random.Generator, ports: Sequence[str], modes: Sequence[str], share: npt.NDArray[np.float64],
            faults: Sequence[Fault], persons: int) -> Columns:
    present = {mode: PERSON_SHARE[mode] for mode in set(modes)}
    port_of, minute_of = [], []
    for mode in sorted(present):
        here = np.flatnonzero(np.asarray(modes) == mode)
        number = round(persons / BATCH_OF_PERSONS * present[mode] / sum(present.values()))
        port_of.append(random.choice(here, number, p=share[here] / share[here].sum()))
        minute_of.append(random.choice(1440, number, p=_rhythm(mode)))
    port, minute = np.concatenate(port_of), np.concatenate(minute_of)
    for fault in faults:
        if fault.kind == "surge":
            at = list(ports).index(fault.port)
            here = np.flatnonzero((port == at) & (minute >= fault.begin_hour * 60) & (minute < fault.end_hour * 60))
            more = random.choice(here, round(len(here) * (fault.size - 1))) if len(here) else here
            port, minute = np.concatenate([port, port[more]]), np.concatenate([minute, minute[more]])
    number = len(port)
    quantity = np.maximum(random.poisson(BATCH_OF_PERSONS, number), 1)
    joined = minute * MINUTE + random.integers(0, MINUTE, number)
    direction = random.integers(0, 2, number)
    entered = joined + _queued(random, ports, port, joined, quantity, faults)
    cleared = entered + (np.exp(0.35 * random.standard_normal(number)) * 90 * SECOND).astype(np.int64)
    case = -np.arange(1, number + 1)
    kind = np.full(3 * number, _KIND["passenger_batch"])
    milestones = np.repeat([_MILESTONE[code] for code in ("queue_joined", "lane_entered", "lane_cleared")], number)
    return (np.tile(case, 3), np.tile(port, 3), kind, np.tile(direction, 3), milestones,
            np.concatenate([joined, entered, cleared]), np.tile(quantity, 3))


def _queued(random: np.random.Generator, ports: Sequence[str], port: npt.NDArray[np.int64], joined: npt.NDArray[np.int64],
            quantity: npt.NDArray[np.int64], faults: Sequence[Fault]) -> npt.NDArray[np.int64]:
    """How long each batch waits for a lane: first come, first served, by the persons that its port's lanes clear in a minute.

    Lanes are staffed for a quarter more than the port's busiest hour of an ordinary day; a walk of two to eight minutes comes on top.
    """
    arrivals = np.zeros((len(ports), 1440))
    np.add.at(arrivals, (port, np.minimum(joined // MINUTE, 1439)), quantity)
    hourly = arrivals.reshape(len(ports), 24, 60).sum(axis=2)
    usual = np.sort(hourly, axis=1)[:, -3] / 60
    capacity = np.repeat(np.maximum(1.25 * usual, 2.0)[:, None], 1440, axis=1)
    for fault in faults:
        at = list(ports).index(fault.port)
        span = slice(int(fault.begin_hour * 60), int(fault.end_hour * 60))
        if fault.kind == "lanes":
            capacity[at, span] *= 1 - fault.size
    backlog = np.zeros_like(arrivals)
    for minute in range(1, 1440):
        backlog[:, minute] = np.maximum(backlog[:, minute - 1] + arrivals[:, minute - 1] - capacity[:, minute - 1], 0)
    at_minute = np.minimum(joined // MINUTE, 1439)
    ahead = backlog[port, at_minute] / np.maximum(capacity[port, at_minute], 0.2)
    walk = 2 + 6 * random.random(len(port))
    return ((ahead + walk) * MINUTE).astype(np.int64)
