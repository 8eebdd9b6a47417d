"""A made day run at a speed: the same tables and the same panel as a live day, fed by the hand of a clock.

The reader may start anywhere: what lies before is fed in one go. Made days are kept (two of them; a national day is some
60 MB), since several walls may show the same one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from kouan.monitoring.live.day import DAY, HOUR, LiveDay
from kouan.monitoring.live.panel import PortOf, Reader, build
from kouan.monitoring.live.replay.national import CONVEYANCES, PERSONS, Fault, Made, make_day
from kouan.monitoring.live.usual import Usual
from kouan.monitoring.live.watch import Watch

SPEEDS = (1, 10, 60, 120, 300, 600)
# How many earlier days the usual band is made of.
EARLIER = 5
# Ports taken at random would make dull faults: they are put on the largest ones of their mode.
_LARGEST = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """One made day with what was usual before it."""

    made: Made
    usual: Usual | None
    midnight: int


@lru_cache(maxsize=2)
def national_scene(ports: tuple[str, ...], modes: tuple[str, ...], seed: int, midnight: int) -> Scene:
    """The day of this seed, with its faults and five ordinary days before it. Ports: a day for that many ports.

    The volume follows the number of ports: 80,000 conveyances and 2.5 million persons for three hundred.
    """
    part = min(len(ports) / 300, 1.0)
    conveyances, persons = round(CONVEYANCES * part), round(PERSONS * part)
    earlier = []
    for each in range(EARLIER):
        made = make_day(ports, modes, seed=1000 * (seed + 1) + each, conveyances=conveyances, persons=persons)
        day = LiveDay(ports, 0, cases=int(2.5 * conveyances))
        day.feed(made.block)
        earlier.append(day)
    return Scene(make_day(ports, modes, seed=seed, faults=usual_faults(ports, modes, earlier), conveyances=conveyances, persons=persons),
                 Usual.of(earlier), midnight)


def usual_faults(ports: Sequence[str], modes: Sequence[str], earlier: Sequence[LiveDay]) -> tuple[Fault, ...]:
    """The faults of every made day, at the busiest ports of each mode (by the days before): where and when is told here.

    Road: two thirds of the lanes closed 09:00–11:30 at the busiest; twice the persons 14:00–17:00 at the second.
    Water: customs four times as slow 10:00–15:00 at the busiest. Air: no data 12:00–14:00 at the busiest.
    Rail: a clock three hours fast from 08:00 at the busiest.
    """
    def busiest(mode: str, flow: int) -> list[str]:
        here = [index for index, each in enumerate(modes) if each == mode]
        traffic = np.sum([day.counts[:, flow].sum(axis=(1, 2)) for day in earlier], axis=0)
        return [ports[index] for index in sorted(here, key=lambda index: (-int(traffic[index]), ports[index]))[:_LARGEST]]

    road, water, air, rail = busiest("road", 0), busiest("water", 2), busiest("air", 0), busiest("rail", 2)
    faults = []
    if road:
        faults.append(Fault("lanes", road[0], 9, 11.5, 0.67))
    if len(road) > 1:
        faults.append(Fault("surge", road[1], 14, 17, 2.0))
    if water:
        faults.append(Fault("slow", water[0], 10, 15, 4.0))
    if air:
        faults.append(Fault("silent", air[0], 12, 14))
    if rail:
        faults.append(Fault("clock", rail[0], 8, 24, 3.0))
    return tuple(faults)


def run(scene: Scene, named: Sequence[PortOf], reader: Reader, *, start: int, speed: int,
        tick: float = 1.0) -> Iterator[tuple[str, dict[str, Any]] | None]:
    """Panels of the day from ``start`` (µs since midnight) on, one each ``tick`` seconds, until midnight."""
    ports = [each.code for each in named]
    day = LiveDay(ports, 0, cases=len(scene.made.received) // 4 + 16)
    watch = Watch(named)
    block, received = scene.made.block, scene.made.received
    at, clock = 0, min(max(start, 0), DAY)
    began = time.monotonic()
    # The hours before the start, looked at every ten minutes, so that the ticker knows them.
    for earlier in range(0, clock, HOUR // 6):
        to = int(np.searchsorted(received, earlier))
        day.feed(block.cut(at, to), earlier)
        at = to
        watch.look(day, scene.usual, earlier)
    while True:
        to = int(np.searchsorted(received, clock, side="right"))
        day.feed(block.cut(at, to), clock)
        at = to
        watch.look(day, scene.usual, clock)
        panel = build(day, named, reader, scene.usual, tuple(watch.notices), now=clock)
        yield "panel", panel | {"midnight": scene.midnight, "speed": speed, "ended": clock >= DAY, "id": clock}
        if clock >= DAY:
            return
        time.sleep(tick)
        clock = min(int(min(max(start, 0), DAY) + (time.monotonic() - began) * speed * 1_000_000), DAY)
