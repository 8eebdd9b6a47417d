"""What a source description says, read from YAML and checked.

>>> from kouan.collection import sources
>>> hongkong = sources.get("hk-control-points")
>>> hongkong.cadence, hongkong.origin_in("real"), hongkong.origin_in("exercise")
('day', 'counterpart', None)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from kouan.basis import PeriodKind, Text, measures, units
from kouan.basis.names import half_width

ORIGINS = ("official", "counterpart", "press", "derived", "exercise")
SUBMITTERS = ("national", "scope")
# The safe parser in C, where PyYAML has it: every command reads all descriptions.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class BadSource(ValueError):
    """A source description contradicts itself or the registries. A fault of the product, not of a user."""


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """A column of figures: what it measures, if the column alone says so."""

    column: str
    measure: str | None = None
    group: str = measures.ALL
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Rows that are held because of what the source is known to contain. `when`: column → exact words,
    or {contains: word}."""

    when: Mapping[str, Any]
    code: str
    message: Text
    remedy: Text | None


@dataclass(frozen=True, slots=True)
class SumCheck:
    """The parts must add up to the whole, in every row."""

    parts: tuple[str, ...]
    whole: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One form in which the source's files come, recognised by its header.

    `columns` names every column that is read, with the headings under which it is found; `optional`
    ones may be absent; `ignore` are known and not read.
    """

    id: str
    columns: Mapping[str, tuple[str, ...]]
    titles: Mapping[str, tuple[str, ...]]  # the headings as the publisher writes them, for people
    optional: frozenset[str]
    ignore: frozenset[str]
    period_columns: tuple[str, ...]
    period_kinds: frozenset[PeriodKind]
    day_first: bool
    month_first: bool
    first_day_is_month: bool
    fiscal: tuple[int, str] | None  # first month of the fiscal year, and which end names it
    subject: Mapping[str, Any]
    measure_column: str | None
    measure_words: Mapping[str, Any] | None
    direction_column: str | None
    direction_words: Mapping[str, str]
    direction: str | None
    group_column: str | None
    group_words: Mapping[str, str]
    unit_column: str | None
    values: tuple[ValueColumn, ...]
    holds: tuple[Hold, ...]
    sums: tuple[SumCheck, ...]
    example: Mapping[str, str]  # words of the one row of our own template that is no data


@dataclass(frozen=True, slots=True)
class BundledFile:
    """A file that the product ships with this source, with its note."""

    source: str
    path: Path
    sha256: str
    rows: int
    note: Text
    is_seed: bool  # taken in by `kouan setup`; the others are samples


@dataclass(frozen=True, slots=True)
class Source:
    """Who publishes what, under which terms and definition, and how its files are read."""

    id: str
    name: Text
    producer: Text
    licence: Text
    address: str
    cadence: str
    definition_code: str
    definition: Text
    origins: Mapping[str, str]
    submitter: str
    is_open: bool
    known_faults: tuple[Text, ...]
    layouts: tuple[Layout, ...]
    bundled: tuple[BundledFile, ...]
    earliest: date | None = None  # no figure of this source can be of a period that ends before
    digest: str = field(repr=False, default="")

    def origin_in(self, workspace: str) -> str | None:
        """Whose figures these are in a workspace; None where the source may not be taken in."""
        return self.origins.get(workspace)

    def as_dict(self) -> dict[str, Any]:
        """The description for `kouan sources show --json` and the API."""
        return {
            "id": self.id,
            "name": self.name.as_dict(),
            "producer": self.producer.as_dict(),
            "licence": self.licence.as_dict(),
            "address": self.address,
            "cadence": self.cadence,
            "earliest": self.earliest.isoformat() if self.earliest else None,
            "definition": {"code": self.definition_code, **self.definition.as_dict()},
            "origin": dict(self.origins),
            "submitter": self.submitter,
            "is_open": self.is_open,
            "known_faults": [fault.as_dict() for fault in self.known_faults],
            "layouts": [
                {
                    "id": layout.id,
                    "columns": {name: list(found) for name, found in layout.titles.items()},
                    "optional": sorted(layout.optional),
                    "ignored": sorted(layout.ignore),
                }
                for layout in self.layouts
            ],
            "bundled": [
                {"file": each.path.name, "sha256": each.sha256, "rows": each.rows, "note": each.note.as_dict()}
                for each in self.bundled
            ],
        }


def heading(text: object) -> str:
    """What two writings of one column heading agree on: width, case, spaces, an asterisk for required.

    >>> heading(" Port　Name* ") == heading("port name")
    True
    """
    return " ".join(half_width(str(text)).replace("*", " ").casefold().split())


def load(path: Path, data_folder: Path) -> Source:
    """Read and check one description. Raises BadSource."""
    text = path.read_bytes()
    try:
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
        return _source(data, path, data_folder, hashlib.sha256(text).hexdigest())
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadSource(f"{path.name}: {error!r}") from error


def _source(data: dict[str, Any], path: Path, data_folder: Path, digest: str) -> Source:
    _only(data, {"id", "name", "producer", "licence", "address", "cadence", "definition", "origin", "submitter",
                 "is_open", "known_faults", "layouts", "bundled", "earliest"}, path.name)
    if not isinstance(data.get("earliest"), date | None):
        raise BadSource(f"{path.name}: earliest is a day, such as 1949-01-01")
    if data["id"] != path.stem:
        raise BadSource(f"{path.name} describes {data['id']}")
    if data["submitter"] not in SUBMITTERS or not set(data["origin"].values()) <= set(ORIGINS):
        raise BadSource(f"{path.name}: submitter or origin")
    return Source(
        id=data["id"], name=Text.of(data["name"]), producer=Text.of(data["producer"]),
        licence=Text.of(data["licence"]), address=data.get("address", ""), cadence=data["cadence"],
        definition_code=data["definition"]["code"],
        definition=Text(data["definition"]["zh"], data["definition"]["en"]),
        origins=data["origin"], submitter=data["submitter"], is_open=bool(data["is_open"]),
        known_faults=tuple(Text.of(fault) for fault in data.get("known_faults", ())),
        layouts=tuple(_layout(each, path.name) for each in data["layouts"]),
        bundled=tuple(
            BundledFile(data["id"], data_folder / data["id"] / each["file"], each["sha256"], each["rows"],
                        Text.of(each["note"]), bool(each["seed"]))
            for each in data.get("bundled", ())
        ),
        earliest=data.get("earliest"),
        digest=digest,
    )


def _only(data: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = set(data) - known
    if unknown:
        raise BadSource(f"{where}: unknown keys {sorted(unknown)}")


def _layout(data: dict[str, Any], where: str) -> Layout:
    _only(data, {"id", "columns", "optional", "ignore", "period", "subject", "measure", "direction", "group", "unit",
                 "values", "hold_when", "sums", "example"}, where)
    columns = {name: tuple(heading(each) for each in found) for name, found in data["columns"].items()}
    period, direction, group = data["period"], data.get("direction") or {}, data.get("group") or {}
    measure = data.get("measure") or {}
    order = period.get("order", "")
    if order not in ("", "day_first", "month_first"):
        raise BadSource(f"{where}: order {order}")
    values = tuple(ValueColumn(**each) for each in data["values"])
    for value in values:
        if value.measure:
            found = measures.get(value.measure)
            if value.group not in found.dimension_groups:
                raise BadSource(f"{where}: {value.measure} has no group {value.group}")
            if value.unit:
                units.get(value.unit)
    used = {*period["columns"], *(each.column for each in values),
            *filter(None, (measure.get("column"), direction.get("column"), group.get("column"),
                           (data.get("unit") or {}).get("column")))}
    used |= set(data.get("example") or ())
    if not used <= set(columns):
        raise BadSource(f"{where}: {sorted(used - set(columns))} are not among the columns")
    return Layout(
        id=data["id"], columns=columns, titles={name: tuple(found) for name, found in data["columns"].items()},
        optional=frozenset(data.get("optional", ())),
        ignore=frozenset(heading(each) for each in data.get("ignore", ())),
        period_columns=tuple(period["columns"]),
        period_kinds=frozenset(PeriodKind(kind) for kind in period["kinds"]),
        day_first=order == "day_first", month_first=order == "month_first",
        first_day_is_month=bool(period.get("first_day_is_month", False)),
        fiscal=_fiscal(period.get("fiscal"), where),
        subject=data["subject"],
        measure_column=measure.get("column"),
        measure_words=measure.get("words"),
        direction_column=direction.get("column"), direction_words=direction.get("words") or {},
        direction=direction.get("fixed"),
        group_column=group.get("column"), group_words=group.get("words") or {},
        unit_column=(data.get("unit") or {}).get("column"),
        values=values,
        holds=tuple(
            Hold(each["when"], each["code"], Text.of(each["message"]),
                 Text.of(each["remedy"]) if "remedy" in each else None)
            for each in data.get("hold_when", ())
        ),
        sums=tuple(SumCheck(tuple(each["parts"]), each["whole"]) for each in data.get("sums", ())),
        example={column: str(word) for column, word in (data.get("example") or {}).items()},
    )


def _fiscal(data: dict[str, Any] | None, where: str) -> tuple[int, str] | None:
    """The fiscal calendar that a source states: `{begins: 4, named_by: start}`."""
    if data is None:
        return None
    begins, named_by = data["begins"], data.get("named_by", "start")
    if begins not in range(1, 13) or named_by not in ("start", "end"):
        raise BadSource(f"{where}: fiscal {data}")
    return begins, named_by
