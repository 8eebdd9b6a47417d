"""What is unusual in a day's traces. Pure: no database, no clock; the same traces give the same answer.

Each detector is one function from traces to what it found, bounded by dated settings (``watch.yaml``). A person's own usual is taken from the
28 days before. Nothing here judges anybody: it is shown to the auditor, who rules.

>>> settings = settings_on(date(2026, 3, 2))
>>> at = datetime(2026, 3, 2, 2, tzinfo=BEIJING)
>>> found = look(date(2026, 3, 2), [Trace(at, "export", actor=7, rows=5000)], [], settings, is_working=lambda day: True)
>>> [(each.kind, each.actor, each.count) for each in found]
[('night_rows', 7, 5000)]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Text
from kouan.basis.clock import BEIJING
from kouan.basis.strict_yaml import load_file

HOUR = timedelta(hours=1)
USUAL_DAYS = 28
# Kinds of trace: rows were taken by these.
TAKEN = ("export", "download", "grant_read")

KINDS: Mapping[str, Text] = {
    "night_rows": Text("非工作时间大量读取", "Much read out of hours"),
    "bulk_rows": Text("读取量远超本人平时", "Far more read than usual"),
    "probing": Text("反复访问范围外的记录", "Records of others asked for again and again"),
    "refusals": Text("反复尝试无权的操作", "Deeds without the right tried again and again"),
    "names_tried": Text("同一地址尝试多个登录名", "Many sign-in names tried from one address"),
    "name_guessed": Text("同一登录名反复登录失败", "One sign-in name tried again and again"),
    "woken": Text("长期未用的账号登录", "An account long unused signs in"),
    "own_right": Text("本人授予本人权限", "A right that somebody gave to oneself"),
}


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that somebody did. ``kind``: export, download, grant_read, out_of_scope, out_of_reach, refused, sign_in, sign_in_failed, granted.

    ``name`` and ``address``: of a failed sign-in, the name as a keyed digest. ``subject``: whom a right was given to.
    """

    at: datetime
    kind: str
    actor: int | None = None
    rows: int = 0
    name: str = ""
    address: str = ""
    subject: int | None = None


@dataclass(frozen=True, slots=True)
class Unusual:
    """What a detector found on a day. ``actor``: of whom; None where nobody is known (then ``about`` is the address or digest)."""

    kind: str
    actor: int | None
    about: str
    since: datetime
    until: datetime
    count: int
    limit: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def _settings() -> list[dict[str, Any]]:
    return sorted(load_file(Path(__file__).with_name("watch.yaml")), key=lambda entry: entry["from"])


def settings_on(day: date) -> Mapping[str, Any]:
    """The settings that hold on a day; before the first, the first."""
    held = [entry for entry in _settings() if entry["from"] <= day] or _settings()[:1]
    found: Mapping[str, Any] = held[-1]["settings"]
    return found


def look(
    day: date, traces: Sequence[Trace], before: Sequence[Trace], settings: Mapping[str, Any], *, is_working: Callable[[date], bool],
) -> list[Unusual]:
    """Everything unusual on a day in Beijing. ``traces``: of that day; ``before``: of the 28 days before; for ``woken`` every earlier sign-in
    that is known, at least ``dormant_days`` back."""
    today = sorted((each for each in traces if each.at.astimezone(BEIJING).date() == day), key=lambda each: each.at)
    found = [*_out_of_hours(day, today, settings, is_working), *_bulk(day, today, before, settings),
             *_within(today, ("out_of_scope", "out_of_reach", "intake.out_of_scope"), "probing", settings["probes_an_hour"], lambda each: each.actor),
             *_within(today, ("refused",), "refusals", settings["refusals_an_hour"], lambda each: each.actor),
             *_within(today, ("sign_in_failed",), "name_guessed", settings["tries_an_hour"], lambda each: each.name),
             *_names_tried(today, settings), *_woken(day, today, before, settings), *_own_right(today)]
    return sorted(found, key=lambda each: (each.since, each.kind, each.actor or 0, each.about))


def _taken(traces: Iterable[Trace]) -> dict[int, list[Trace]]:
    found: dict[int, list[Trace]] = defaultdict(list)
    for each in traces:
        if each.kind in TAKEN and each.actor is not None:
            found[each.actor].append(each)
    return found


def _out_of_hours(day: date, today: list[Trace], settings: Mapping[str, Any], is_working: Callable[[date], bool]) -> Iterator[Unusual]:
    """Rows taken at night or on a day off."""
    opens, closes = settings["office_hours"]
    off = not is_working(day)
    for actor, taken in _taken(today).items():
        night = [each for each in taken if off or not opens <= each.at.astimezone(BEIJING).hour < closes]
        rows = sum(each.rows for each in night)
        if rows >= settings["night_rows"]:
            yield Unusual("night_rows", actor, "", night[0].at, night[-1].at, rows, settings["night_rows"],
                          {"times": len(night), "is_day_off": off})


def _bulk(day: date, today: list[Trace], before: Sequence[Trace], settings: Mapping[str, Any]) -> Iterator[Unusual]:
    """Far more rows than on the person's own busiest day of the four weeks before."""
    first = day - timedelta(days=USUAL_DAYS)
    busiest: dict[int, int] = defaultdict(int)
    by_day: dict[tuple[int, date], int] = defaultdict(int)
    for actor, taken in _taken(before).items():
        for each in taken:
            on = each.at.astimezone(BEIJING).date()
            if first <= on < day:
                by_day[actor, on] += each.rows
                busiest[actor] = max(busiest[actor], by_day[actor, on])
    for actor, taken in _taken(today).items():
        rows, limit = sum(each.rows for each in taken), max(settings["bulk_rows"], settings["bulk_times"] * busiest[actor])
        if rows >= limit:
            yield Unusual("bulk_rows", actor, "", taken[0].at, taken[-1].at, rows, limit, {"times": len(taken), "busiest_before": busiest[actor]})


def _within(today: list[Trace], kinds: Sequence[str], name: str, limit: int, of: Callable[[Trace], Any]) -> Iterator[Unusual]:
    """As many of a kind within any hour: one finding a day, from the first to the last of the day."""
    groups: dict[Any, list[Trace]] = defaultdict(list)
    for each in today:
        if each.kind in kinds and of(each) not in (None, ""):
            groups[of(each)].append(each)
    for whose, traces in groups.items():
        most = _most_in_an_hour(traces, lambda window: len(window))
        if most >= limit:
            known = whose if isinstance(whose, int) else None
            yield Unusual(name, known, "" if known is not None else str(whose), traces[0].at, traces[-1].at, most, limit, {"times": len(traces)})


def _most_in_an_hour(traces: list[Trace], measure: Callable[[list[Trace]], int]) -> int:
    most = first = 0
    for last, each in enumerate(traces):
        while each.at - traces[first].at >= HOUR:
            first += 1
        most = max(most, measure(traces[first:last + 1]))
    return most


def _names_tried(today: list[Trace], settings: Mapping[str, Any]) -> Iterator[Unusual]:
    """Different names tried from one address: one password tried at many doors."""
    groups: dict[str, list[Trace]] = defaultdict(list)
    for each in today:
        if each.kind == "sign_in_failed" and each.address:
            groups[each.address].append(each)
    for address, traces in groups.items():
        most = _most_in_an_hour(traces, lambda window: len({each.name for each in window}))
        if most >= settings["names_an_hour"]:
            yield Unusual("names_tried", None, address, traces[0].at, traces[-1].at, most, settings["names_an_hour"], {"times": len(traces)})


def _woken(day: date, today: list[Trace], before: Sequence[Trace], settings: Mapping[str, Any]) -> Iterator[Unusual]:
    """A sign-in of somebody whose last one lies long back. Who never signed in before is new, and not woken."""
    last: dict[int, datetime] = {}
    for each in before:
        if each.kind == "sign_in" and each.actor is not None and each.at.astimezone(BEIJING).date() < day:
            last[each.actor] = max(each.at, last.get(each.actor, each.at))
    seen: set[int] = set()
    for each in today:
        if each.kind == "sign_in" and each.actor in last and each.actor not in seen:
            seen.add(each.actor)
            days = (day - last[each.actor].astimezone(BEIJING).date()).days
            if days >= settings["dormant_days"]:
                yield Unusual("woken", each.actor, "", each.at, each.at, days, settings["dormant_days"])


def _own_right(today: list[Trace]) -> Iterator[Unusual]:
    """A role or right changed by the person who holds it."""
    for each in today:
        if each.kind == "granted" and each.actor is not None and each.actor == each.subject:
            yield Unusual("own_right", each.actor, "", each.at, each.at, 1, 1)
