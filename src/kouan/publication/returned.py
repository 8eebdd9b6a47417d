"""The recipe that cuts the months of the country from signed returns: sums by province and mode, for months that are frozen.

A sum is given where every port that owes the item has had its return signed off; else it is left out as incomplete (M). A sum of few
respondents is left out (Q), and with it as much as keeps it from being worked out (``disclosure``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max, Min, Q

from kouan.basis import EvidenceRef, Period, Text, clock, codes, measures, units
from kouan.collection.models import Observation
from kouan.collection.returns import forms
from kouan.collection.returns.history import exempted
from kouan.collection.returns.models import Return, ReturnState, ReturnVersion
from kouan.collection.returns.template import total_of
from kouan.ports.models import TransportMode
from kouan.publication.definitions import Definition
from kouan.publication.disclosure import hidden, is_sensitive

NATION, EVERY_MODE = "CN", "all"
STATUSES = {"A": Text("完整", "complete"), "M": Text("报送不全，不给合计", "returns missing, no sum given"),
            "Q": Text("为保护单个报送单位的资料不公布", "left out to protect the data of single respondents")}


@dataclass
class Sum:
    """One cell of a month: what its ports reported of an item, and how many have not."""

    values: dict[int, Decimal] = field(default_factory=dict)
    missing: int = 0
    offices: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, port: int, office: int, value: Decimal | None) -> None:
        """A port's value, or that there is none."""
        if value is None:
            self.missing += 1
            return
        self.values[port] = value
        self.offices[office] += value

    @property
    def total(self) -> Decimal:
        """What was reported."""
        return sum(self.values.values(), Decimal(0))


def frozen_months(items: Iterable[str], today: date | None = None) -> list[Period]:
    """The months whose returns of these items are all past their freeze, oldest first."""
    rows = (Return.objects.filter(form__in=_forms_of(items), cadence="month").exclude(state=ReturnState.NOT_APPLICABLE)
            .order_by().values("period_start").annotate(last=Max("freeze_on"), open=Min("pk", filter=Q(freeze_on__isnull=True))))
    return sorted((Period.month(each["period_start"].year, each["period_start"].month) for each in rows
                   if each["open"] is None and each["last"] is not None and each["last"] < (today or clock.today())), key=lambda period: period.start)


def returned_months(found: Definition) -> tuple[list[dict[str, Any]], dict[str, dict[str, Text]]]:
    """Rows by area, mode, item and month."""
    rows = [row for period in frozen_months(found.items) for item, cells in _month(found.items, period).items()
            for row in _rows(found, period, item, cells)]
    catalogue = measures.data_items()
    return rows, {
        "area": {NATION: Text("全国", "China")} | {each.code: Text(each.zh, each.en) for each in codes.provinces},
        "mode": {EVERY_MODE: Text("全部", "all")} | {mode.value: Text(str(mode.label), mode.value) for mode in TransportMode},
        "item": {code: catalogue[code].name for code in found.items},
        "unit": {catalogue[code].unit: units.get(catalogue[code].unit).name for code in found.items}, "status": STATUSES}


def evidence_of(found: Definition) -> list[EvidenceRef]:
    """The recorded figures that a cut of today rests on: those of the signed filings behind it."""
    months = frozen_months(found.items)
    batches = [version.batch_id for period in months for _, version in _filings(found.items, period) if version is not None]
    return [EvidenceRef("collection", "observation", pk) for start in range(0, len(batches), 400)
            for pk in Observation.objects.filter(batch__in=batches[start:start + 400]).order_by("pk").values_list("pk", flat=True)]


def _forms_of(items: Iterable[str]) -> list[str]:
    """The monthly forms in which items stand, computed totals included."""
    wanted = set(items)
    return sorted({form.code for form in forms.versions() if form.cadence == "month" and wanted & {*form.items, *form.totals}})


def _filings(items: Iterable[str], period: Period) -> Iterator[tuple[Return, ReturnVersion | None]]:
    """Each return owed for a month, with the filing that was signed off last."""
    owed = list(Return.objects.filter(form__in=_forms_of(items), cadence="month", period_start=period.start).exclude(
        state=ReturnState.NOT_APPLICABLE).select_related("port"))
    signed: dict[int, ReturnVersion] = {}
    for start in range(0, len(owed), 400):
        for version in ReturnVersion.objects.filter(owner__in=owed[start:start + 400], batch__isnull=False).order_by("number"):
            signed[version.owner_id] = version
    for held in owed:
        yield held, signed.get(held.pk)


def _month(items: Iterable[str], period: Period) -> dict[str, dict[tuple[str, str], Sum]]:
    """The sums of a month by item and (area, mode)."""
    found: dict[str, dict[tuple[str, str], Sum]] = {item: defaultdict(Sum) for item in items}
    filings = list(_filings(items, period))
    spared = exempted({held.port_id for held, _ in filings}, period)
    for held, version in filings:
        form = held.form_of
        values = {} if version is None else {code: Decimal(each["value"]) if each.get("value") else None for code, each in version.cells.items()}
        asked = form.items_for(held.port)
        for item in set(items) & {*asked, *form.totals}:
            parts = form.totals.get(item, (item,))
            if spared.get(held.port_id, frozenset()) & set(parts):
                continue  # M2: what does not apply to a port is not missing from it
            value = total_of(values, parts)
            for cell in ((held.port.province_code, held.port.mode), (held.port.province_code, EVERY_MODE), (NATION, held.port.mode),
                         (NATION, EVERY_MODE)):
                found[item][cell].add(held.port_id, held.organisation_id, value)
    return found


def _rows(found: Definition, period: Period, item: str, cells: Mapping[tuple[str, str], Sum]) -> Iterator[dict[str, Any]]:
    named = {f"{area}/{mode}": each for (area, mode), each in cells.items()}
    incomplete = {name for name, each in named.items() if each.missing}
    # What a table gives away it gives away by whoever filed: a respondent of several ports is one.
    sensitive = {name for name, each in named.items() if name not in incomplete
                 and is_sensitive(list(each.offices.values()), least=found.least, percent=found.percent)}
    out = hidden({name: each.total for name, each in named.items()}, _sums(cells), sensitive=sensitive, unknown=incomplete)
    for (area, mode), each in cells.items():
        name = f"{area}/{mode}"
        status = "M" if name in incomplete else "Q" if name in out else "A"
        yield {"area": area, "mode": mode, "item": item, "period": period.code, "value": each.total if status == "A" else None,
               "unit": measures.data_items()[item].unit, "status": status, "ports": len(each.values) if status == "A" else None}


def _sums(cells: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """How the cells add up: the modes of each area to all modes, the provinces to the nation for each mode."""
    there = sorted(cells)
    by_mode = [(f"{area}/{EVERY_MODE}", [f"{area}/{mode}" for at, mode in there if at == area and mode != EVERY_MODE])
               for area in sorted({area for area, _ in there})]
    by_area = [(f"{NATION}/{mode}", [f"{area}/{mode}" for area, by in there if by == mode and area != NATION])
               for mode in sorted({mode for _, mode in there})]
    return by_mode + by_area
