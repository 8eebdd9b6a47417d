"""What one reader's panel says of the live day: everything is a sum over the ports that the reader may see.

A panel is plain data with words in both languages (``Text``); the console writes it in the reader's. Numbers are those of
the moment it was made; ``as_of`` is the newest event, not the time of day, so that a stopped feed shows as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kouan.basis import Text
from kouan.monitoring.live.day import ERROR, HOUR, MINUTE, SLOT, SLOTS, Ints, LiveDay, quantiles
from kouan.monitoring.live.usual import Usual
from kouan.monitoring.live.vocabulary import FLOWS, STAGES

# Below this many cases in the last hour a port's stage is not set beside its usual time: the median of thirty
# log-normal times (sigma 0.8) is known to about ±15 %, of ten to ±30 %.
FEWEST_TIMED = 30
# A p90 of fewer durations says too little (the exact engine shows no p95 below thirty, for the same reason).
FEWEST_FOR_TAIL = 30
LISTED = 8


@dataclass(frozen=True, slots=True)
class PortOf:
    """A port as a panel names it."""

    code: str
    name: Text
    province: str
    mode: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line of the ticker. ``port`` decides who sees it; an empty one everybody. ``weight``: info, warn or bad."""

    at: int
    port: str
    words: Text
    weight: str = "info"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose panel it is: indices into the day's ports."""

    ports: tuple[int, ...]

    def key(self) -> int:
        """The same for readers who see the same."""
        return hash(self.ports)


def build(day: LiveDay, named: Sequence[PortOf], reader: Reader, usual: Usual | None = None,
          notices: Sequence[Notice] = (), *, now: int | None = None, alerts: Mapping[str, int] | None = None) -> dict[str, Any]:
    """The panel of one reader. ``named``: the day's ports in its order; ``now``: µs since 1970 (the newest event if None);
    ``alerts``: open early warnings by port, of which those of the reader's ports are shown."""
    at = day.now if now is None else now
    ports = np.asarray(reader.ports, dtype=np.int64)
    seen = {named[index].code for index in reader.ports}
    return {
        "as_of": day.now, "now": at, "slot": day.slot_of(at), "ports": len(ports), "error": ERROR,
        "flows": _flows(day, ports, usual, at),
        "waiting": _waiting(day, ports, named),
        "stages": _stages(day, ports, usual),
        "slowest": _slowest(day, ports, named, usual),
        "provinces": _provinces(day, ports, named, alerts or {}),
        "fresh": _fresh(day, ports, named, at),
        "notices": [
            {"at": each.at, "port": each.port, "words": each.words, "weight": each.weight}
            for each in reversed(notices) if not each.port or each.port in seen
        ][:12],
        "alerts": sum(number for code, number in (alerts or {}).items() if code in seen),
    }


def _flows(day: LiveDay, ports: Ints, usual: Usual | None, at: int) -> list[dict[str, Any]]:
    slot = day.slot_of(at)
    counted = day.counts[ports].sum(axis=0, dtype=np.int64)
    told = []
    bands = (usual.per_slot(ports), usual.by_now(ports)) if usual is not None and len(ports) else None
    for index, flow in enumerate(FLOWS):
        both = counted[index].sum(axis=0)
        total = int(both.sum())
        line: dict[str, Any] = {
            "code": flow.code, "name": flow.name, "unit": flow.unit, "total": total,
            "inbound": int(counted[index, 0].sum()), "outbound": int(counted[index, 1].sum()),
            "slots": [int(each) for each in both[:slot + 1]], "usual": None, "low": None, "high": None, "change": None,
            "band": None, "position": None,
        }
        if bands is not None:
            (middle, low, high), (whole, least, most) = bands
            # The running quarter hour counts for as much of it as has passed, as today's does.
            part = min(max((at - day.midnight - slot * SLOT) / SLOT, 0.0), 1.0)
            expected, lower, upper = (_so_far(each[index], slot, part) for each in (whole, least, most))
            line |= {
                "usual": round(expected), "low": round(lower), "high": round(upper),
                "change": (total / expected - 1) if expected >= 1 else None,
                "position": "below" if total < lower else "above" if total > upper else "within",
                "band": [[round(float(each[index][at_slot])) for at_slot in range(SLOTS)] for each in (middle, low, high)],
            }
        told.append(line)
    return told


def _so_far(added: npt.NDArray[np.float64], slot: int, part: float) -> float:
    before = float(added[slot - 1]) if slot else 0.0
    return before + part * (float(added[slot]) - before)


def _waiting(day: LiveDay, ports: Ints, named: Sequence[PortOf]) -> dict[str, Any]:
    together = day.histogram("person_wait", ports)
    by_port = day.per_port("person_wait")[ports] if len(ports) else np.zeros((0, len(together)), dtype=np.int64)
    queue = np.maximum(day.waiting[ports], 0)
    ninety = quantiles(by_port, 0.9) if len(ports) else np.zeros(0)
    within, of = day.within_limit[ports].sum(axis=0) if len(ports) else (0, 0)
    order = np.lexsort((-np.nan_to_num(ninety), -queue))[:LISTED]
    return {
        "persons": int(queue.sum()), "median": _minutes(quantiles(together[None, :], 0.5)[0]),
        "p90": _minutes(quantiles(together[None, :], 0.9)[0]) if together.sum() >= FEWEST_FOR_TAIL else None,
        "within": float(within / of) if of else None, "limit": day.wait_limit // MINUTE,
        "ports": [
            {"code": named[ports[each]].code, "name": named[ports[each]].name, "persons": int(queue[each]),
             "p90": _minutes(ninety[each]) if by_port[each].sum() >= FEWEST_FOR_TAIL else None}
            for each in order if queue[each] > 0
        ],
    }


def _stages(day: LiveDay, ports: Ints, usual: Usual | None) -> list[dict[str, Any]]:
    before = usual.stage_median(ports) if usual is not None and len(ports) else None
    told = []
    for index, stage in enumerate(STAGES):
        recent = day.histogram(stage.code, ports)
        number = int(recent.sum())
        median = quantiles(recent[None, :], 0.5)[0]
        usually = float(before[index]) if before is not None else float("nan")
        told.append({
            "code": stage.code, "name": stage.name, "owner": stage.owner, "n": number, "median": _minutes(median),
            "p90": _minutes(quantiles(recent[None, :], 0.9)[0]) if number >= FEWEST_FOR_TAIL else None,
            "usual": _minutes(usually), "ratio": _ratio(median, usually),
        })
    return told


def _slowest(day: LiveDay, ports: Ints, named: Sequence[PortOf], usual: Usual | None) -> list[dict[str, Any]]:
    """The stages of single ports that take longest beside their usual time. Without earlier days: none."""
    if usual is None or not len(ports):
        return []
    before = usual.stage_median_by_port[:, ports]
    found = []
    for index, stage in enumerate(STAGES):
        timed = day.cases_timed(stage.code)[ports]
        enough = timed >= FEWEST_TIMED
        median = np.full(len(ports), np.nan)
        median[enough] = quantiles(day.per_port(stage.code)[ports[enough]], 0.5)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(enough & (before[index] > 0), median / before[index], np.nan)
        for each in np.flatnonzero(ratio >= 1.25):
            port = named[ports[each]]
            found.append({
                "port": port.code, "name": port.name, "stage": stage.code, "stage_name": stage.name, "owner": stage.owner,
                "median": _minutes(median[each]), "usual": _minutes(before[index][each]), "ratio": float(ratio[each]),
                "n": int(timed[each]),
            })
    return sorted(found, key=lambda line: (-line["ratio"], line["port"], line["stage"]))[:LISTED]


def _provinces(day: LiveDay, ports: Ints, named: Sequence[PortOf],
               alerts: Mapping[str, int]) -> list[dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    totals = day.counts[ports].sum(axis=(2, 3), dtype=np.int64)
    queue = np.maximum(day.waiting[ports], 0)
    heard = day.last_event[ports] > np.iinfo(np.int64).min
    for place, index in enumerate(ports):
        port = named[index]
        line = told.setdefault(port.province, {"code": port.province, "heard": False, "waiting": 0, "alerts": 0} | {flow.code: 0 for flow in FLOWS})
        line["heard"] = line["heard"] or bool(heard[place])
        for at, flow in enumerate(FLOWS):
            line[flow.code] += int(totals[place, at])
        line["waiting"] += int(queue[place])
        line["alerts"] += alerts.get(port.code, 0)
    return [told[code] for code in sorted(told)]


def _fresh(day: LiveDay, ports: Ints, named: Sequence[PortOf], at: int) -> dict[str, Any]:
    """How many ports were heard within a quarter hour, within an hour, earlier, and never today."""
    last = day.last_event[ports]
    heard = last > np.iinfo(np.int64).min
    age = np.where(heard, at - np.where(heard, last, at), 0)
    silent = sorted(np.flatnonzero(heard & (age > HOUR)), key=lambda each: -int(age[each]))
    return {
        "quarter": int((heard & (age <= 15 * MINUTE)).sum()), "hour": int((heard & (age > 15 * MINUTE) & (age <= HOUR)).sum()),
        "earlier": len(silent), "never": int((~heard).sum()),
        "silent": [{"code": named[ports[each]].code, "name": named[ports[each]].name, "minutes": int(age[each] // MINUTE)}
                   for each in silent[:LISTED]],
    }


def _minutes(value: float) -> float | None:
    return None if np.isnan(value) else float(value) / MINUTE


def _ratio(value: float, usually: float) -> float | None:
    return float(value / usually) if usually and not np.isnan(value) and not np.isnan(usually) else None
