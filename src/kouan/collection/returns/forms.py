"""Forms as data (``forms/*.yaml``): which items are asked, of whom, how often, by what evidence; dated and versioned.

A form bears 表号, 制定机关, 批准/备案文号 and 有效期至 (统计法: a statistical survey form shows them). Without a number of approval or
filing it is called 业务报送 and never 统计调查.

>>> form = get("KA-02")
>>> form.name.zh, form.cadence, form.kind_of_return.zh
('出入境人员和交通运输工具月报表', 'month', '业务报送')
>>> form.items["pax_in"].unit.name.zh, len(forms(date(2026, 1, 1)))
('人次', 16)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import (
    Measure,
    NotFound,
    Period,
    PeriodKind,
    Place,
    Text,
    Unit,
    clock,
    measures,
    nearest,
    strict_yaml,
    units,
)
from kouan.basis.measures import DataItem, Rollup
from kouan.collection.value_checks import is_counted
from kouan.ports.models import Port, TransportMode

FOLDER = Path(__file__).parent / "forms"
SURVEY = Text("统计调查", "statistical survey")
BUSINESS = Text("业务报送", "administrative return")
# By which kind of period a cadence is filed. Events are told when they happen and returned by month, 零报告 included.
KINDS = {"month": PeriodKind.MONTH, "event": PeriodKind.MONTH, "quarter": PeriodKind.QUARTER, "half_year": PeriodKind.SPAN,
         "year": PeriodKind.YEAR}
CADENCES = {"month": Text("月报", "monthly"), "event": Text("事件报（按月零报告）", "events, by month"), "quarter": Text("季报", "quarterly"),
            "half_year": Text("半年报", "half-yearly"), "year": Text("年报", "yearly")}
# The source under which a cadence's figures are recorded: they continue the series of the generic return.
SOURCES = {"half_year": "port-half-year"}
_WATER = ("sea", "inland_river", "boundary_river")


@dataclass(frozen=True, slots=True)
class Approval:
    """批准或者备案: by which number, until when."""

    kind: Text
    number: str
    until: date


@dataclass(frozen=True, slots=True)
class FormItem:
    """One line of a form: a data item with its words, verifier and evidence. ``unit`` is that in which it is filled in."""

    code: str
    item: DataItem
    measure: Measure
    definition: Text
    verifier: Text
    evidence: tuple[Text, ...]

    @property
    def name(self) -> Text:
        """Its name."""
        return self.item.name

    @property
    def unit(self) -> Unit:
        """The unit in which it is filled in."""
        return units.get(self.item.unit)

    @property
    def direction(self) -> str:
        """Inbound, outbound or total."""
        return (self.item.direction or self.measure.default_direction).value

    @property
    def group(self) -> str:
        """The part of the measure that is asked; ``all`` for the whole."""
        return self.item.group or measures.ALL

    @property
    def is_whole(self) -> bool:
        """Whether it counts things one by one."""
        return is_counted(self.measure)

    @property
    def is_additive(self) -> bool:
        """Whether a port where nothing happened has zero of it (and not: nothing to measure)."""
        return self.measure.rollup is Rollup.SUM

    def applies_to(self, port: Port) -> bool:
        """Whether a port of this type is asked for it."""
        return not self.item.ports or bool(set(self.item.ports) & set(types_of(port)))


@dataclass(frozen=True)
class Form:
    """One version of a form. ``parts``: (item, item that it is a part of). ``totals``: items the system computes and shows.
    ``recorded_totals``: those of them that become figures too (the parts stand under groups of their own, so that nobody else adds them)."""

    code: str
    version: str
    name: Text
    issuer: Text
    approval: Approval | None
    cadence: str
    body: str
    body_name: Text
    zero_report: bool
    valid_from: date
    valid_to: date | None
    items: Mapping[str, FormItem]
    parts: tuple[tuple[str, str], ...] = ()
    totals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recorded_totals: tuple[str, ...] = ()

    @property
    def kind(self) -> PeriodKind:
        """The kind of period it is filed by."""
        return KINDS[self.cadence]

    @property
    def kind_of_return(self) -> Text:
        """统计调查 only with a number of approval or filing."""
        return SURVEY if self.approval is not None else BUSINESS

    @property
    def approval_words(self) -> Text:
        """What stands at 批准/备案文号."""
        if self.approval is None:
            return Text("无（业务报送，不属于统计调查）", "none (an administrative return, no statistical survey)")
        return Text(f"{self.approval.kind.zh} {self.approval.number}", f"{self.approval.kind.en} {self.approval.number}")

    @property
    def until_words(self) -> Text:
        """What stands at 有效期至."""
        day = self.approval.until if self.approval else self.valid_to
        return Text(f"{day.year}年{day.month}月{day.day}日", day.isoformat()) if day else Text("另行通知", "further notice")

    def items_for(self, port: Port) -> dict[str, FormItem]:
        """The items that a port of this type is asked for."""
        return {code: each for code, each in self.items.items() if each.applies_to(port)}

    def as_dict(self) -> dict[str, Any]:
        """The form in JSON, for programs and commands."""
        return {
            "code": self.code, "version": self.version, "name": self.name.as_dict(), "issuer": self.issuer.as_dict(),
            "approval_number": self.approval.number if self.approval else None, "approval": self.approval_words.as_dict(),
            "valid_until": self.until_words.as_dict(), "kind_of_return": self.kind_of_return.as_dict(), "cadence": self.cadence,
            "filed_by": self.body, "filed_by_name": self.body_name.as_dict(), "zero_report": self.zero_report, "valid_from": self.valid_from,
            "items": [
                {"code": each.code, "name": each.name.as_dict(), "definition": each.definition.as_dict(), "unit": each.unit.code,
                 "unit_name": each.unit.name.as_dict(), "submitters": [one.as_dict() for one in each.item.submitters],
                 "verifier": each.verifier.as_dict(), "cadence": each.item.cadence, "evidence": [one.as_dict() for one in each.evidence],
                 "measure": each.measure.code, "direction": each.direction, "group": each.group, "ports": list(each.item.ports)}
                for each in self.items.values()
            ],
        }


def types_of(port: Port) -> tuple[str, ...]:
    """The port types of the catalogue that a port may be: one, or each of its mode while its class is not known."""
    word = port.transport_class or ""
    if word:
        return ("air",) if word.startswith("air") else (word,)
    return _WATER if port.mode == TransportMode.WATER else (port.mode,)


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Any]:
    read: Mapping[str, Any] = strict_yaml.load_file(FOLDER / "words.yaml")
    return read


def bodies() -> dict[str, Text]:
    """Who files forms."""
    return {code: Text.from_dict(each) for code, each in _words()["bodies"].items()}


def not_filed() -> tuple[str, ...]:
    """Items that nobody files: computed by the system, or set by the law in force."""
    return tuple(_words()["not_filed"])


@lru_cache(maxsize=1)
def _all() -> tuple[Form, ...]:
    return tuple(_read(path) for path in sorted(FOLDER.glob("K*.yaml")))


def _read(path: Path) -> Form:
    said: Any = strict_yaml.load_file(path)
    words, catalogue = _words(), measures.data_items()
    items = {}
    for code, each in said["items"].items():
        item = catalogue[code]
        measure = measures.get(item.measure or "")
        items[code] = FormItem(
            code, item, measure, Text.from_dict(each["definition"]) if "definition" in each else measure.definition,
            Text.from_dict(words["verifiers"][each["verifier"]]), tuple(Text.from_dict(words["evidence"][one]) for one in each["evidence"]))
    totals = {}
    for code in said.get("totals", ()):
        totals[code] = tuple(part.strip() for part in (catalogue[code].formula or "").split("+"))
    approved = said["approval"]
    return Form(
        said["code"], said["version"], Text.from_dict(said["name"]), Text.from_dict(said["issuer"]),
        Approval(Text.from_dict(approved["kind"]), approved["number"], approved["until"]) if approved else None,
        said["cadence"], said["body"], Text.from_dict(words["bodies"][said["body"]]), said["zero_report"], said["valid_from"], said["valid_to"],
        items, tuple((each["part"], each["whole"]) for each in said.get("parts", ())), totals,
        tuple(said.get("record_totals", ())))


def versions() -> tuple[Form, ...]:
    """Every version of every form that ever was."""
    return _all()


def forms(on: date | None = None) -> list[Form]:
    """The forms in force on a day (today), by their numbers."""
    day = on or clock.today()
    found: dict[str, Form] = {}
    for each in _all():
        if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to):
            found[each.code] = each
    return [found[code] for code in sorted(found)]


def get(code: str, on: date | None = None, *, version: str = "") -> Form:
    """A form in force on a day, or one version of it; NotFound with the nearest."""
    wanted = code.strip().upper()
    found = [each for each in (_all() if version else forms(on)) if each.code == wanted and version in ("", each.version)]
    if found:
        return found[-1]
    known = sorted({each.code for each in _all()})
    near = nearest(wanted, known) or known
    raise NotFound.because(
        "unknown_form", f"没有施行中的表号“{code[:24]}”。", f"There is no form “{code[:24]}” in force.", where=Place(field="form"),
            measured=code[:24],
        remedy=(f"是否为：{'、'.join(near)}？", f"Did you mean: {', '.join(near)}?"))


def period_of(form: Form, said: str | Period) -> Period:
    """The period of a form as somebody wrote it: 2026-10, 2026-Q3, 2026-H1, 2026. Raises Refused for another kind."""
    from kouan.basis import Finding, Refused

    period = said if isinstance(said, Period) else Period.read(said.strip())
    if isinstance(period, Finding):
        raise Refused([period.at(Place(field="period"))])
    if period.kind is not form.kind or (form.cadence == "half_year" and period not in _halves(period.start.year)):
        raise Refused.because(
            "wrong_cadence", f"{form.code}是{CADENCES[form.cadence].zh}，没有“{period.label('zh')}”这一期。",
            f"{form.code} is {CADENCES[form.cadence].en}; “{period.label('en')}” is no period of it.", where=Place(field="period"),
                measured=period.code,
            required=latest_period(form.cadence).code, remedy=(f"请写成 {latest_period(form.cadence).code} 的形式。",
                                                             f"Write it as {latest_period(form.cadence).code}."))
    return period


def _halves(year: int) -> tuple[Period, Period]:
    return Period.half(year, 1), Period.half(year, 2)


def latest_period(cadence: str, today: date | None = None) -> Period:
    """The last period of a cadence that has ended.

    >>> latest_period("half_year", date(2026, 3, 1)).label("zh"), latest_period("month", date(2026, 3, 1)).code
    ('2025年下半年', '2026-02')
    """
    day = today or clock.today()
    if cadence == "half_year":
        return Period.half(day.year, 1) if day.month > 6 else Period.half(day.year - 1, 2)
    return Period.of(KINDS[cadence], day).previous()


def steps_before(period: Period, cadence: str) -> Iterator[Period]:
    """The periods before one, newest first, without end."""
    while True:
        if cadence == "half_year":
            period = Period.half(period.start.year, 1) if period.start.month > 6 else Period.half(period.start.year - 1, 2)
        else:
            period = period.previous()
        yield period
