"""Thresholds of detectors: dated data, by port and by season, each with its reason.

A file has one entry per detector. `values` hold from their day on; `seasons` replace single values in a part of every year; `ports` replace them
for one port from a day on, and win over seasons. The shipped file is a starting point: an office changes it with its reason after a back-test.

>>> shipped().value("seasonal", "score", "any-port", date(2024, 6, 1)) > 3
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kouan.basis import Refused, Text
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.monitoring.detection.panel import Panel

_SHIPPED = Path(__file__).parent / "data" / "thresholds.yaml"


@dataclass(frozen=True)
class Dated:
    """Values that hold from a day on, with their reason. ``port``: only there. ``months``: only in these months of the year."""

    since: date
    values: Mapping[str, float]
    reason: Text
    port: str = ""
    months: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of all detectors."""

    entries: Mapping[str, tuple[Dated, ...]]

    def value(self, detector: str, name: str, port: str, day: date) -> float:
        """The threshold of a port on a day: the latest of the port, else of the season, else of all."""
        found: float | None = None
        for entry in self._ranked(detector, name):
            if entry.since <= day and entry.port in ("", port) and (not entry.months or day.month in entry.months):
                found = entry.values[name]
        if found is None:
            raise LookupError(f"no threshold {detector}.{name} holds on {day}")
        return found

    def grid(self, detector: str, name: str, panel: Panel) -> np.ndarray:
        """The threshold for each series and day of a panel, shape (series, days)."""
        answer = np.full(panel.values.shape, np.nan)
        months = np.array([panel.day(column).month for column in range(panel.days)])
        ports = np.array([key.port for key in panel.series])
        for entry in self._ranked(detector, name):
            columns = np.arange(panel.days) >= panel.column(entry.since)
            if entry.months:
                columns &= np.isin(months, list(entry.months))
            rows = ports == entry.port if entry.port else np.ones(len(ports), dtype=bool)
            answer[np.ix_(rows, columns)] = entry.values[name]
        return answer

    def changed(self, detector: str, reason: Text, since: date, port: str = "", **values: float) -> Thresholds:
        """The same with other values from a day on: for one port, or for every port all year. Refused for a name that the detector does
        not know."""
        self._refuse_unknown(detector, values)
        kept = self.entries[detector]
        if not port:
            kept = _without(kept, values, lambda entry: bool(entry.port or entry.months))
        return Thresholds({**self.entries, detector: (*kept, Dated(since, dict(values), reason, port))})

    def tried(self, detector: str, port: str = "", **values: float) -> Thresholds:
        """The same with other values on every day, past ones included, whatever was set since: what a back-test tries."""
        self._refuse_unknown(detector, values)
        kept = _without(self.entries[detector], values, lambda entry: not port or entry.port == port)
        return Thresholds({**self.entries, detector: (*kept, Dated(date.min, dict(values), Text("回测试用", "tried by a back-test"), port))})

    def _refuse_unknown(self, detector: str, values: Mapping[str, float]) -> None:
        known = {name for entry in self.entries.get(detector, ()) for name in entry.values}
        for name in values:
            if name not in known:
                raise Refused.because(
                    "unknown_threshold", f"检测规则“{detector}”没有名为“{name}”的阈值。", f"The detector “{detector}” has no threshold “{name}”.",
                    remedy=(f"可用：{'、'.join(sorted(known)) or '无'}。", f"Known: {', '.join(sorted(known)) or 'none'}."),
                )
    def _ranked(self, detector: str, name: str) -> list[Dated]:
        """Entries that hold the name, weakest first: for all, of a season, of a port; among equals by day."""
        entries = [entry for entry in self.entries.get(detector, ()) if name in entry.values]
        return sorted(entries, key=lambda entry: (bool(entry.port), bool(entry.months), entry.since))


def _without(entries: tuple[Dated, ...], values: Mapping[str, float], where: Callable[[Dated], bool]) -> tuple[Dated, ...]:
    """The entries, those that ``where`` names without some values."""
    return tuple(
        replace(entry, values={name: value for name, value in entry.values.items() if name not in values}) if where(entry) else entry
        for entry in entries
    )


def read_thresholds(path: Path) -> Thresholds:
    """Read a file of thresholds; Refused with a finding for each slip."""
    form = Form(path.name)
    data = load_file(path)
    entries: dict[str, tuple[Dated, ...]] = {}
    for detector, body in (data if isinstance(data, dict) else {}).items():
        keys = form.mapping(body, f"/{detector}", {"values"}, {"seasons", "ports"})
        found = []
        for part in ("values", "seasons", "ports"):
            needs = {"since", "set", "reason"} | ({"months"} if part == "seasons" else set()) | ({"port"} if part == "ports" else set())
            for at, raw in enumerate(form.rows(keys.get(part), f"/{detector}/{part}")):
                where = f"/{detector}/{part}/{at}"
                entry = form.mapping(raw, where, needs)
                values = _values(form, entry.get("set"), f"{where}/set")
                months = form.rows(entry.get("months"), f"{where}/months")
                if any(not isinstance(month, int) or not 1 <= month <= 12 for month in months):
                    form.slip(f"{where}/months", "wrong_form", "月份应为1到12。", "Months are 1 to 12.", ("请改正。", "Correct it."))
                since = form.day(entry.get("since"), f"{where}/since")
                reason = form.text(entry.get("reason"), f"{where}/reason")
                found.append(Dated(since, values, reason, str(entry.get("port") or ""), frozenset(months)))
        entries[str(detector)] = tuple(found)
    if form.findings:
        raise Refused(form.findings)
    return Thresholds(entries)


def _values(form: Form, raw: Any, where: str) -> dict[str, float]:
    values = {}
    for name, value in form.mapping(raw, where, set(), set(raw) if isinstance(raw, dict) else set()).items():
        try:
            values[name] = float(value)
        except (TypeError, ValueError, OverflowError):
            form.slip(f"{where}/{name}", "wrong_form", "阈值应为数字。", "A threshold is a number.", ("请改为数字。", "Write a number."))
    return values


@lru_cache(maxsize=1)
def shipped() -> Thresholds:
    """The thresholds that the product ships."""
    return read_thresholds(_SHIPPED)


def year_before(day: date) -> date:
    """The first day of the 365 days that end on a day: the span of a back-test over the last year."""
    return day - timedelta(days=364)
