"""The live day against a plain reading of the same events: counts exact, durations within one per cent, nothing counted twice."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.basis import Text
from kouan.monitoring.live.day import AHEAD, DAY, ERROR, HOUR, MINUTE, SECOND, SLOT, Block, LiveDay
from kouan.monitoring.live.panel import PortOf, Reader, build
from kouan.monitoring.live.replay.national import Fault, make_day
from kouan.monitoring.live.usual import Usual
from kouan.monitoring.live.vocabulary import DIRECTIONS, FLOWS, STAGES
from kouan.monitoring.live.watch import Watch

PORTS = ["luohu", "manzhouli", "yantian"]
NAMED = [PortOf("luohu", Text("罗湖", "Luohu"), "44", "road"), PortOf("manzhouli", Text("满洲里", "Manzhouli"), "15", "rail"),
         PortOf("yantian", Text("盐田", "Yantian"), "44", "water")]
Row = tuple[str, str, str, str, str, int, int | None]


def plainly(rows: list[Row]) -> dict[str, Any]:
    """The same day by hand: the first time of each milestone of each case, every count and duration from those."""
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        first.setdefault((row[0], row[4]), row)
    counts: dict[tuple[str, str, str, int], int] = defaultdict(int)
    for (_, milestone), (_, port, kind, direction, _, at, quantity) in first.items():
        for flow in FLOWS:
            if kind in flow.kinds and milestone == flow.milestone(direction) and 0 <= at < DAY:
                counts[port, flow.code, direction, at // SLOT] += (quantity or 1) if flow.by_quantity else 1
    durations: dict[tuple[str, str], list[int]] = defaultdict(list)
    for stage in STAGES:
        for (case, milestone), row in first.items():
            end = first.get((case, stage.end))
            if milestone == stage.start and end is not None and end[5] >= row[5]:
                weight = (end[6] or 1) if stage.by_quantity else 1
                durations[stage.code, end[1]] += [end[5] - row[5]] * weight
    return {"counts": dict(counts), "durations": dict(durations)}


def some_events(seed: int, cases: int = 120) -> list[Row]:
    drawn = random.Random(seed)
    rows: list[Row] = []
    for case in range(cases):
        port, direction = drawn.choice(PORTS), drawn.choice(DIRECTIONS)
        kind = drawn.choice(["passenger_batch", "consignment", "vehicle", "flight"])
        chain = (["queue_joined", "lane_entered", "lane_cleared"] if kind == "passenger_batch"
                 else ["arrived", "declared", "docs_checked", "released", "picked_up", "departed"])
        at = drawn.randrange(-2 * HOUR, DAY)
        for milestone in chain:
            if drawn.random() < 0.9:
                rows.append((f"c{case}", port, kind, direction, milestone, at, drawn.randrange(1, 60)))
            at += int(drawn.lognormvariate(2.5, 1.2) * MINUTE)
            if drawn.random() < 0.05 and rows:
                rows.append(rows[-1])
    drawn.shuffle(rows)
    return rows


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_exact_and_durations_lie_within_one_per_cent(seed: int) -> None:
    rows = some_events(seed)
    day = LiveDay(PORTS, 0, cases=8)
    for start in range(0, len(rows), 37):
        day.feed(Block.of(rows[start:start + 37]))
    by_hand = plainly(rows)
    for at, port in enumerate(PORTS):
        for number, flow in enumerate(FLOWS):
            for side, direction in enumerate(DIRECTIONS):
                found = {slot: int(day.counts[at, number, side, slot]) for slot in range(96) if day.counts[at, number, side, slot]}
                wanted = {key[3]: value for key, value in by_hand["counts"].items() if key[:3] == (port, flow.code, direction)}
                assert found == wanted, f"{port} {flow.code} {direction}"
        for stage in STAGES:
            exact = sorted(by_hand["durations"].get((stage.code, port), []))
            assert int(day.histogram(stage.code, [at], recent=False).sum()) == len(exact), f"{port} {stage.code}: 个数"
            for share in (0.5, 0.9):
                told = day.quantile(stage.code, share, [at], recent=False)
                if not exact:
                    assert told is None
                    continue
                rank = exact[max(math.ceil(len(exact) * share), 1) - 1]
                assert told == pytest.approx(max(rank, SECOND), rel=ERROR + 1e-9), f"{port} {stage.code} p{share:.0%}"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 700), max_size=5))
def test_the_blocks_in_which_events_come_do_not_matter(seed: int, cuts: list[int]) -> None:
    rows = some_events(seed, 60)
    at_once, in_parts = LiveDay(PORTS, 0), LiveDay(PORTS, 0)
    at_once.feed(Block.of(rows))
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    for start, end in pairwise(edges):
        in_parts.feed(Block.of(rows[start:end]))
    assert (at_once.counts == in_parts.counts).all() and (at_once.waiting == in_parts.waiting).all()
    assert (at_once.durations == in_parts.durations).all()
    assert at_once.repeats == in_parts.repeats


def test_the_same_events_again_change_nothing() -> None:
    rows = some_events(3)
    once, twice = LiveDay(PORTS, 0), LiveDay(PORTS, 0)
    once.feed(Block.of(rows))
    for _ in range(2):
        twice.feed(Block.of(rows))
    assert (once.counts == twice.counts).all() and (once.durations == twice.durations).all() and (once.waiting == twice.waiting).all()
    assert twice.repeats == once.repeats + len(rows)


def test_unknown_ports_and_milestones_are_counted_and_left() -> None:
    day = LiveDay(PORTS, 0)
    day.feed(Block.of([("a", "elsewhere", "vehicle", "inbound", "arrived", HOUR, None), ("b", "luohu", "vehicle", "inbound", "tallied", HOUR, None),
                       ("c", "luohu", "vehicle", "transit", "arrived", HOUR, None), ("d", "luohu", "vehicle", "inbound", "arrived", HOUR, None)]))
    assert day.foreign == 3 and day.events == 1 and int(day.counts.sum()) == 1


def test_a_clock_that_is_fast_carries_nobody_into_the_future() -> None:
    day, now = LiveDay(PORTS, 0), 10 * HOUR
    day.feed(Block.of([("a", "luohu", "vehicle", "inbound", "arrived", now + AHEAD, None),
                       ("b", "yantian", "vehicle", "inbound", "arrived", now + 3 * HOUR, None)]), now)
    assert day.now == now and day.events == 1
    assert day.ahead.tolist() == [0, 0, 1] and day.ahead_by[2] == 3 * HOUR
    # Its clock is wrong, but its line is alive.
    assert day.last_event[2] == now


def test_the_tables_do_not_grow_with_the_events() -> None:
    """A wall may stay open: a second day of the same cases takes no more memory, and old quarter hours leave the last hour."""
    day = LiveDay(PORTS, 0, cases=16)
    for hour in range(24):
        day.feed(Block.of([("a", "luohu", "passenger_batch", "inbound", "queue_joined", hour * HOUR, 5),
                           (f"x{hour}", "luohu", "passenger_batch", "inbound", "queue_joined", hour * HOUR, 5),
                           (f"x{hour}", "luohu", "passenger_batch", "inbound", "lane_entered", hour * HOUR + 9 * MINUTE, 5)]))
    assert len(day._passed) <= 64
    assert int(day.histogram("person_wait").sum()) == 5 and int(day.histogram("person_wait", recent=False).sum()) == 24 * 5


# ---- panels --------------------------------------------------------------------------------------------


def test_a_panel_is_the_sum_over_the_ports_one_may_see_and_names_no_other() -> None:
    day = LiveDay(PORTS, 0)
    day.feed(Block.of(some_events(5)))
    whole = build(day, NAMED, Reader((0, 1, 2)))
    parts = [build(day, NAMED, Reader((at,))) for at in range(3)]
    for number, flow in enumerate(FLOWS):
        assert whole["flows"][number]["total"] == sum(part["flows"][number]["total"] for part in parts), flow.code
    south = build(day, NAMED, Reader((0, 2)))
    assert {line["code"] for line in south["provinces"]} == {"44"} and "满洲里" not in str(south)
    nobody = build(day, NAMED, Reader(()))
    assert nobody["flows"][0]["total"] == 0 and nobody["provinces"] == [] and nobody["waiting"]["persons"] == 0


def test_open_warnings_are_counted_at_the_ports_one_may_see() -> None:
    day = LiveDay(PORTS, 0)
    alerts = {"luohu": 2, "manzhouli": 1}
    assert build(day, NAMED, Reader((0, 1, 2)), alerts=alerts)["alerts"] == 3
    south = build(day, NAMED, Reader((0, 2)), alerts=alerts)
    assert south["alerts"] == 2 and [(line["code"], line["alerts"]) for line in south["provinces"]] == [("44", 2)]


def test_thirty_minutes_exactly_is_within_the_limit() -> None:
    day = LiveDay(PORTS, 0)
    rows: list[Row] = []
    for case, wait in (("a", 30 * MINUTE), ("b", 30 * MINUTE + 1)):
        rows += [(case, "luohu", "passenger_batch", "inbound", "queue_joined", HOUR, 10),
                 (case, "luohu", "passenger_batch", "inbound", "lane_entered", HOUR + wait, 10)]
    day.feed(Block.of(rows))
    assert build(day, NAMED, Reader((0,)))["waiting"]["within"] == 0.5


def test_too_few_days_draw_no_band_and_too_few_cases_no_tail() -> None:
    day = LiveDay(PORTS, 0)
    day.feed(Block.of(some_events(1, 20)))
    assert Usual.of([day] * 3) is None
    panel = build(day, NAMED, Reader((0, 1, 2)), Usual.of([day] * 3))
    assert all(flow["usual"] is None and flow["band"] is None for flow in panel["flows"]) and panel["slowest"] == []
    assert all(stage["p90"] is None for stage in panel["stages"] if stage["n"] < 30)


# ---- the ticker finds what was put into a made day --------------------------------------------------------


def test_faults_put_into_a_made_day_are_told_at_their_ports_and_little_else() -> None:
    ports = [f"p{number:03d}" for number in range(60)]
    modes = ["road"] * 22 + ["air"] * 16 + ["water"] * 16 + ["rail"] * 6
    named = [PortOf(code, Text(code, code), "44", mode) for code, mode in zip(ports, modes, strict=True)]
    volume: dict[str, Any] = {"conveyances": 40_000, "persons": 500_000}
    days = []
    for seed in range(5):
        earlier = LiveDay(ports, 0)
        earlier.feed(make_day(ports, modes, seed=100 + seed, **volume).block)
        days.append(earlier)
    usual = Usual.of(days)
    traffic = np.sum([day.counts.sum(axis=(2, 3)) for day in days], axis=0)
    road, water, air = (max(range(first, last), key=lambda at, flow=flow: int(traffic[at, flow]))
                        for first, last, flow in ((0, 22, 0), (38, 54, 2), (22, 38, 0)))
    faults = [Fault("lanes", ports[road], 9, 11.5, 0.67), Fault("slow", ports[water], 10, 15, 4), Fault("silent", ports[air], 12, 14)]
    made = make_day(ports, modes, seed=7, faults=faults, **volume)
    watch, day, at = Watch(named), LiveDay(ports, 0), 0
    for now in range(0, DAY, 5 * MINUTE):
        to = int(np.searchsorted(made.received, now))
        day.feed(made.block.cut(at, to), now)
        at = to
        watch.look(day, usual, now)
    begun = [(notice.port, notice.at / HOUR, notice.words.zh) for notice in watch.notices if notice.weight != "info"]

    def told(port: int, from_hour: float, to_hour: float, words: str) -> bool:
        return any(code == ports[port] and from_hour <= hour <= to_hour and words in said for code, hour, said in begun)

    assert told(road, 9, 11.5, "候检") or told(road, 9, 11.5, "客流"), f"关闭通道未被发现：{begun}"
    assert told(water, 10, 15, "倍"), f"海关环节变慢未被发现：{begun}"
    assert told(air, 13, 14.2, "没有收到"), f"数据中断未被发现：{begun}"
    others = {code for code, _, _ in begun} - {ports[road], ports[water], ports[air]}
    assert len(others) <= 6, f"无异常的口岸报得太多：{sorted(others)}"
