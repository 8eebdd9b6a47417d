"""Fixed direct routes of an airport, counted from its schedule, with the working shown (R-097, R-098).

专栏5 counts “固定直达航线（不包括中转经停航线）”. A route is a pair of airports, whoever flies it, however often and in
whichever direction: distinct direct destinations, so that code shares and several carriers count once. Rows with a
stop are left out. Domestic, regional (Hong Kong, Macao, Taiwan) and international routes are kept apart; only
domestic ones count as domestic. A row that cannot be read is held with a finding and counts for nothing.

Whether a route of one season is “fixed” the plan does not say, and no reading of it is a setting yet: such routes
are counted apart, the fact is the count without them, and `facts(with_seasonal=True)` gives the other.

>>> row = {"origin": "EHU", "destination": "SZX", "flight": "O36801", "stops": "0", "weekdays": "1-7", "scope": "国内"}
>>> counted = count_routes([(2, row), (3, row | {"stops": "1", "destination": "PEK"})], "EHU")
>>> counted.facts(), [outcome.fate.value for outcome in counted.rows]
({'fixed_direct_routes': 1, 'domestic_fixed_direct_routes': 1}, ['counted', 'stop_over'])
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from kouan.basis import Finding, Place, Text, names

TOTAL, DOMESTIC = "fixed_direct_routes", "domestic_fixed_direct_routes"
REQUIRED = ("origin", "destination", "flight", "stops", "weekdays", "scope")
OPTIONAL = ("carrier", "operating_flight", "season", "valid_from", "valid_to")


class Scope(StrEnum):
    """Where a route leads."""

    DOMESTIC = "domestic"
    REGIONAL = "regional"
    INTERNATIONAL = "international"


class Fate(StrEnum):
    """What became of a row."""

    COUNTED = "counted"  # the first row of a route
    SAME_ROUTE = "same_route"
    CODE_SHARE = "code_share"
    STOP_OVER = "stop_over"
    OTHER_AIRPORT = "other_airport"
    HELD = "held"


FATES: Mapping[Fate, Text] = {
    Fate.COUNTED: Text("计入", "counted"),
    Fate.SAME_ROUTE: Text("同一航线，已计", "same route, counted already"),
    Fate.CODE_SHARE: Text("代号共享，随实际承运航班计一次", "code share, counted once with the operating flight"),
    Fate.STOP_OVER: Text("经停航线，不计", "with a stop, left out"),
    Fate.OTHER_AIRPORT: Text("起讫均非本机场，不计", "neither end is this airport, left out"),
    Fate.HELD: Text("存疑搁置，未计", "held, not counted"),
}
SCOPES: Mapping[Scope, Text] = {
    Scope.DOMESTIC: Text("国内", "domestic"),
    Scope.REGIONAL: Text("地区（港澳台）", "regional (Hong Kong, Macao, Taiwan)"),
    Scope.INTERNATIONAL: Text("国际", "international"),
}
_SCOPE_WORDS = {
    "国内": Scope.DOMESTIC, "domestic": Scope.DOMESTIC, "d": Scope.DOMESTIC, "国内航线": Scope.DOMESTIC,
    "地区": Scope.REGIONAL, "港澳台": Scope.REGIONAL, "regional": Scope.REGIONAL, "r": Scope.REGIONAL, "地区航线": Scope.REGIONAL,
    "国际": Scope.INTERNATIONAL, "international": Scope.INTERNATIONAL, "i": Scope.INTERNATIONAL, "国际航线": Scope.INTERNATIONAL,
}  # fmt: skip
SUMMER, WINTER = "summer", "winter"
_WHOLE = frozenset({SUMMER, WINTER})
# A row that says only “seasonal” covers no season as a whole.
_SEASON_WORDS: Mapping[str, frozenset[str]] = {
    "全年": _WHOLE, "year-round": _WHOLE, "year_round": _WHOLE, "all": _WHOLE,
    "夏秋": frozenset({SUMMER}), "夏秋航季": frozenset({SUMMER}), "夏航季": frozenset({SUMMER}), "summer": frozenset({SUMMER}),
    "冬春": frozenset({WINTER}), "冬春航季": frozenset({WINTER}), "冬航季": frozenset({WINTER}), "winter": frozenset({WINTER}),
    "季节性": frozenset(), "seasonal": frozenset(),
}  # fmt: skip
_IATA = re.compile(r"[A-Z]{3}")
_FLIGHT = re.compile(r"(?=[A-Z0-9]*[A-Z])[A-Z0-9]{2,3}[0-9]{1,4}[A-Z]?")
_DAILY = frozenset({"每日", "每天", "天天", "日", "daily", "d"})
_DAY_WORDS = dict(zip("一二三四五六日天", (1, 2, 3, 4, 5, 6, 7, 7), strict=True))
_NON_STOP = frozenset({"直达", "直飞", "无", "非经停", "nonstop", "non-stop", "direct"})
_LONGEST = timedelta(days=1100)
_FIRST_YEAR, _LAST_YEAR = 1949, 2199


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """One row of the file: what became of it, the other end, and why in words."""

    row: int
    fate: Fate
    other: str | None = None
    scope: Scope | None = None
    flight: str = ""
    detail: Text | None = None

    @property
    def why(self) -> Text:
        """Return the reason in words."""
        return self.detail or FATES[self.fate]

    def as_dict(self) -> dict[str, Any]:
        return {
            "row": self.row, "fate": self.fate.value, "other": self.other, "scope": self.scope.value if self.scope else None,
            "flight": self.flight or None, "why": self.why.as_dict(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """One direct route: the airport at its other end, where it leads, the flights and rows that show it."""

    other: str
    scope: Scope
    flights: tuple[str, ...]
    rows: tuple[int, ...]
    is_seasonal: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "other": self.other, "scope": self.scope.value, "flights": list(self.flights), "rows": list(self.rows),
            "is_seasonal": self.is_seasonal,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RouteCount:
    """The routes of one airport, every row with its fate, and the findings. `doubtful`: other ends only in held rows."""

    airport: str
    routes: tuple[Route, ...]
    rows: tuple[RowOutcome, ...]
    findings: tuple[Finding, ...]
    seasons: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    doubtful_domestic: tuple[str, ...] = field(default=())

    def number(self, scope: Scope | None = None, *, with_seasonal: bool = False) -> int:
        """Return how many routes there are, of one scope or of all."""
        return sum(1 for route in self.routes if scope in (None, route.scope) and (with_seasonal or not route.is_seasonal))

    @property
    def seasonal(self) -> int:
        return sum(1 for route in self.routes if route.is_seasonal)

    def facts(self, *, with_seasonal: bool = False, with_doubtful: bool = False) -> dict[str, int]:
        """Return the facts of the rule. `with_doubtful` gives the most they can be, were every held row good."""
        return {
            TOTAL: self.number(with_seasonal=with_seasonal) + (len(self.doubtful) if with_doubtful else 0),
            DOMESTIC: self.number(Scope.DOMESTIC, with_seasonal=with_seasonal)
            + (len(self.doubtful_domestic) if with_doubtful else 0),
        }  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        return {
            "airport": self.airport, "facts": self.facts(), "facts_with_seasonal": self.facts(with_seasonal=True),
            "facts_at_most": self.facts(with_seasonal=True, with_doubtful=True),
            "by_scope": {scope.value: self.number(scope) for scope in Scope}, "seasonal": self.seasonal,
            "seasons": list(self.seasons), "doubtful": list(self.doubtful),
            "routes": [route.as_dict() for route in self.routes], "rows": [row.as_dict() for row in self.rows],
            "findings": [finding.as_dict() for finding in self.findings],
        }  # fmt: skip


@dataclass(slots=True)
class _Read:
    """A row that could be read, or what could be read of a held one."""

    row: int
    other: str | None = None
    scope: Scope | None = None
    flight: str = ""
    operating: str = ""
    stops: int | None = None
    is_ours: bool = False
    season: frozenset[str] | None = None
    span: tuple[date, date] | None = None
    faults: list[Finding] = field(default_factory=list)


def count_routes(rows: Iterable[tuple[int, Mapping[str, str]]], airport: str) -> RouteCount:
    """Count the routes of `airport` (IATA) from rows (number in the file, column to text; see REQUIRED, OPTIONAL).

    The order of the rows changes nothing but which row of a route is the one that counts.
    """
    ours = airport.strip().upper()
    read = [_row(number, cells, ours) for number, cells in rows]
    findings = [fault for each in read for fault in each.faults]
    findings += _hold_contradictions(read)
    outcomes: list[RowOutcome] = []
    routes: dict[str, list[_Read]] = {}
    first: dict[str, int] = {}
    own = {(each.other, each.flight) for each in read if _counts(each) and each.operating in ("", each.flight)}
    for each in read:
        fate, detail = _fate(each, own, first)
        if fate is Fate.COUNTED:
            first[each.other or ""] = each.row
        if fate in (Fate.COUNTED, Fate.SAME_ROUTE, Fate.CODE_SHARE) and each.other is not None:
            routes.setdefault(each.other, []).append(each)
        outcomes.append(RowOutcome(each.row, fate, each.other, each.scope, each.flight, detail))
    seasons = {season for rows_of in routes.values() for season in _seasons(rows_of) or ()}
    found = tuple(
        Route(
            other, rows_of[0].scope or Scope.INTERNATIONAL, tuple(sorted({each.flight for each in rows_of})),
            tuple(each.row for each in rows_of), _is_seasonal(rows_of, seasons),
        )
        for other, rows_of in sorted(routes.items())
    )  # fmt: skip
    held = [each for each in read if each.faults and each.stops in (None, 0) and each.other and each.other not in routes]
    doubtful = sorted({each.other for each in held if each.other})
    domestic = sorted({each.other for each in held if each.other and each.scope in (None, Scope.DOMESTIC)})
    findings += _remarks(found, seasons, doubtful)
    return RouteCount(ours, found, tuple(outcomes), tuple(findings), tuple(sorted(seasons)), tuple(doubtful), tuple(domestic))


def _counts(each: _Read) -> bool:
    return not each.faults and each.is_ours and each.stops == 0


def _fate(each: _Read, own: set[tuple[str | None, str]], first: Mapping[str, int]) -> tuple[Fate, Text | None]:
    if each.faults:
        return Fate.HELD, Text("；".join(fault.message.zh for fault in each.faults), " ".join(fault.message.en for fault in each.faults))
    if not each.is_ours:
        return Fate.OTHER_AIRPORT, None
    if each.stops:
        return Fate.STOP_OVER, Text(f"经停{each.stops}次，不计", f"{each.stops} stop(s), left out")
    other = each.other or ""
    if each.operating and each.operating != each.flight:
        if (each.other, each.operating) in own:
            return Fate.CODE_SHARE, Text(f"{each.operating}的代号共享，已随其计一次", f"code share of {each.operating}, counted once with it")
        if other not in first:
            return Fate.COUNTED, Text(f"{each.operating}的代号共享，其本身不在文件中，计一次",
                                      f"code share of {each.operating}, which the file does not hold: counted once")  # fmt: skip
    if other in first:
        return Fate.SAME_ROUTE, Text(f"与第{first[other]}行为同一航线，已计", f"same route as row {first[other]}, counted already")
    return Fate.COUNTED, None


def _row(number: int, cells: Mapping[str, str], ours: str) -> _Read:
    read = _Read(number)
    get = {column: names.half_width(str(cells.get(column) or "")).strip() for column in (*REQUIRED, *OPTIONAL)}
    ends = [_end(read, get[column], column) for column in ("origin", "destination")]
    if all(ends) and ends[0] == ends[1]:
        _fault(read, "same_airport", "始发与目的为同一机场", "origin and destination are the same airport", "destination", get["destination"])
        return read
    if ours in ends:
        read.is_ours = True
        read.other = ends[1] if ends[0] == ours else ends[0]
    if all(ends) and not read.is_ours:
        return read
    read.flight = _flight(read, get["flight"], "flight", is_required=True)
    read.operating = _flight(read, get["operating_flight"], "operating_flight", is_required=False)
    read.stops = _stops(read, get["stops"])
    if read.stops:
        read.faults = [fault for fault in read.faults if fault.where.column in ("origin", "destination")]
        return read
    if not _weekdays(get["weekdays"]):
        _fault(read, "bad_weekdays", "班期缺少或无法识别", "the weekdays are missing or cannot be read", "weekdays", get["weekdays"],
               ("请写 1 至 7 的数字，如 135，或“每日”。", "Write the digits 1 to 7, such as 135, or “daily”."))  # fmt: skip
    read.scope = _SCOPE_WORDS.get(get["scope"].lower())
    if read.scope is None:
        _fault(read, "bad_scope", "航线性质缺少或无法识别", "where the route leads is missing or cannot be read", "scope", get["scope"],
               ("请写国内、地区（港澳台）或国际。", "Write domestic, regional (Hong Kong, Macao, Taiwan) or international."))  # fmt: skip
    _times(read, get)
    return read


def _end(read: _Read, said: str, column: str) -> str | None:
    code = said.upper()
    if _IATA.fullmatch(code):
        return code
    _fault(read, "bad_airport_code", "机场代码缺少或不是三个字母", "the airport's code is missing or not three letters", column, said,
           ("请填写 IATA 三字代码，如 WUH。", "Give the IATA code, such as WUH."))  # fmt: skip
    return None


def _flight(read: _Read, said: str, column: str, *, is_required: bool) -> str:
    number = re.sub(r"[\s-]", "", said).upper()
    if not number and not is_required:
        return ""
    if not _FLIGHT.fullmatch(number):
        _fault(read, "bad_flight_number", "航班号缺少或无法识别", "the flight number is missing or cannot be read", column, said,
               ("请填写承运人两字代码加数字，如 CZ8541。", "Give the carrier's code and digits, such as CZ8541."))  # fmt: skip
        return ""
    return number


def _stops(read: _Read, said: str) -> int | None:
    if said.lower() in _NON_STOP:
        return 0
    if re.fullmatch(r"[0-9](?:\.0+)?", said):
        return int(said[0])
    _fault(read, "bad_stops", "经停次数缺少或无法识别，不能判断是否直达", "the number of stops is missing or cannot be read", "stops", said,
           ("直达请写 0，经停请写次数。", "Write 0 for a direct flight, else the number of stops."))  # fmt: skip
    return None


def _weekdays(said: str) -> frozenset[int]:
    """Return the days of the week, 1 for Monday; empty where they cannot be read.

    >>> sorted(_weekdays("1.3.5")), sorted(_weekdays("周二、周日")), len(_weekdays("每日")), len(_weekdays("1-7")), len(_weekdays("18"))
    ([1, 3, 5], [2, 7], 7, 7, 0)
    """
    word = said.lower()
    if word in _DAILY:
        return frozenset(range(1, 8))
    span = re.fullmatch(r"(?:周|星期)?([1-7一二三四五六日天])[-—–至到](?:周|星期)?([1-7一二三四五六日天])", word)
    if span:
        first, last = (_DAY_WORDS.get(day) or int(day) for day in span.groups())
        return frozenset(range(first, last + 1))
    days = re.sub(r"\.0$|周|星期|[\s,，、;；/.|·_-]", "", word)
    if not days or re.search(r"[^1-7一二三四五六日天]", days):
        return frozenset()
    return frozenset(_DAY_WORDS.get(day) or int(day) for day in days)


def _times(read: _Read, get: Mapping[str, str]) -> None:
    """Read the season, or the first and the last day."""
    if get["season"]:
        read.season = _SEASON_WORDS.get(get["season"].lower())
        if read.season is None:
            _fault(read, "bad_season", "航季无法识别", "the season cannot be read", "season", get["season"],
                   ("请写全年、夏秋、冬春或季节性。", "Write year-round, summer, winter or seasonal."))  # fmt: skip
    if not get["valid_from"] and not get["valid_to"]:
        return
    days = []
    for column in ("valid_from", "valid_to"):
        try:
            days.append(date.fromisoformat(get[column].replace("/", "-").replace(".", "-")[:10]))
        except ValueError:
            _fault(read, "bad_date", "日期缺少或无法识别", "the day is missing or cannot be read", column, get[column],
                   ("起止日期都请按 2024-03-31 的形式填写。", "Write both days as 2024-03-31."))  # fmt: skip
    if len(days) < 2:
        return
    if days[0] > days[1] or days[1] - days[0] > _LONGEST or not _FIRST_YEAR <= days[0].year <= _LAST_YEAR:
        _fault(read, "impossible_span", "起止日期颠倒、跨度超过三年或年份不可能",
               "the days stand the wrong way round, span more than three years or lie in an impossible year",
               "valid_to", get["valid_to"], ("请核对起止日期。", "Check both days."))  # fmt: skip
    else:
        read.span = days[0], days[1]


def _fault(read: _Read, code: str, zh: str, en: str, column: str, said: str, remedy: tuple[str, str] | None = None) -> None:
    shown = said[:40]
    read.faults.append(Finding.error(
        code, f"{zh}{f'（“{shown}”）' if shown else ''}。", f"{en[0].upper()}{en[1:]}{f' (“{shown}”)' if shown else ''}.",
        where=Place(row=read.row, column=column), measured=shown or None,
        remedy=remedy or ("请核对该行。", "Check the row."),
    ))  # fmt: skip


def _hold_contradictions(read: list[_Read]) -> list[Finding]:
    """Hold every row of a route that the file calls domestic in one place and not in another."""
    scopes: dict[str, set[Scope]] = {}
    for each in read:
        if _counts(each) and each.other and each.scope:
            scopes.setdefault(each.other, set()).add(each.scope)
    findings = []
    for each in read:
        if _counts(each) and each.other and len(said := scopes[each.other]) > 1:
            words = [SCOPES[scope] for scope in sorted(said)]
            finding = Finding.error(
                "scope_contradicts", f"同一航线（{each.other}）有的行写{'、有的写'.join(word.zh for word in words)}。",
                f"The same route ({each.other}) is said to be {' and '.join(word.en for word in words)}.",
                where=Place(row=each.row, column="scope"), remedy=("请统一航线性质。", "Make them agree."),
            )  # fmt: skip
            each.faults.append(finding)
            findings.append(finding)
    return findings


# -- seasons


def _seasons(rows: list[_Read]) -> frozenset[str] | None:
    """Return the seasons that a route covers; None where no row says."""
    words = [each.season for each in rows if each.season is not None]
    spans = sorted(each.span for each in rows if each.span is not None)
    if not words and not spans:
        return None
    return frozenset().union(*words, _covered(spans))


def _is_seasonal(rows: list[_Read], seen: set[str]) -> bool:
    covers = _seasons(rows)
    if covers is None or any(each.season is None and each.span is None for each in rows):
        return False
    return not covers or not seen <= covers


def _covered(spans: list[tuple[date, date]]) -> frozenset[str]:
    """Return the scheduling seasons of which the spans together hold at least half the days.

    >>> sorted(_covered([(date(2024, 1, 1), date(2024, 12, 31))])), sorted(_covered([(date(2024, 7, 1), date(2024, 8, 31))]))
    (['summer', 'winter'], [])
    """
    days = [(max(first, last_before), last) for (first, last), last_before in zip(spans, _ends(spans), strict=True)]
    found = set()
    for year in {day.year for span in spans for day in span} | {span[0].year - 1 for span in spans}:
        start, turn, end = _last_sunday(year, 3), _last_sunday(year, 10), _last_sunday(year + 1, 3)
        for season, first, after in ((SUMMER, start, turn), (WINTER, turn, end)):
            held = sum(max(0, (min(last, after - timedelta(1)) - max(begin, first)).days + 1) for begin, last in days)
            if held * 2 >= (after - first).days:
                found.add(season)
    return frozenset(found)


def _ends(spans: list[tuple[date, date]]) -> list[date]:
    """For each span, the day after the latest end of those before it, so that no day is counted twice."""
    ends, latest = [], date.min
    for _, last in spans:
        ends.append(latest)
        latest = max(latest, last + timedelta(1))
    return ends


def _last_sunday(year: int, month: int) -> date:
    """Scheduling seasons turn on the last Sunday of March and of October."""
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _remarks(routes: tuple[Route, ...], seasons: set[str], doubtful: list[str]) -> list[Finding]:
    findings = []
    seasonal = [route.other for route in routes if route.is_seasonal]
    if seasonal:
        findings.append(Finding.warning(
            "seasonal_routes", f"{len(seasonal)}条航线只在部分航季开行，未计入“固定”航线：{'、'.join(seasonal)}。",
            f"{len(seasonal)} routes are flown in part of the year only and not counted as fixed: {', '.join(seasonal)}.",
            remedy=("规划未说明季节性航线是否属于“固定”；两种计数均已列出，如影响结论请报国家口岸办解释。",
                    "The plan does not say whether they are fixed; both counts are given. Ask the national office where it matters."),
        ))  # fmt: skip
    if routes and len(seasons) == 1:
        findings.append(Finding.info(
            "one_season_only", "文件只覆盖一个航季，不能区分全年航线与季节性航线。",
            "The file covers one season, so routes flown all year cannot be told from seasonal ones.",
            remedy=("请提供夏秋、冬春两个航季的时刻。", "Give the schedules of both seasons."),
        ))  # fmt: skip
    if doubtful:
        findings.append(Finding.warning(
            "held_rows_may_count", f"搁置的行中还有{len(doubtful)}个未计的目的地：{'、'.join(doubtful)}；改正后航线数可能增加。",
            f"Held rows name {len(doubtful)} destinations not counted: {', '.join(doubtful)}; the count may grow once they are corrected.",
            remedy=("请改正所列各行后重新提交。", "Correct the rows and submit them again."),
        ))  # fmt: skip
    return findings
