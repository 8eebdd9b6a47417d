"""Writing the bundled register into the database: what is new is added, what somebody changed is kept.

The private half of ``actions.load_register``. A fact goes in as a ``PortChange`` with its document.
When a later release bundles another value, it is recorded as a further change, but only where the
newest change of that attribute came with the software: a decision recorded here is never overridden.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models

from kouan.accounts.action import System
from kouan.basis import Finding, clock
from kouan.desk.actions import record_document
from kouan.desk.models import Document
from kouan.ports.folding import COLUMNS, Change, as_stored, as_value, fold
from kouan.ports.models import (
    BenchmarkPort,
    CounterpartPoint,
    LayoutEntry,
    LayoutLink,
    Port,
    PortChange,
    PortCode,
    Project,
    ProjectLink,
)
from kouan.ports.seed import Seed, SeedPort

M = TypeVar("M", bound=models.Model)


@dataclass(slots=True)
class Loaded:
    """What one loading did: rows added or changed by table, and what it left alone, with the reason."""

    digest: str
    counts: dict[str, int] = field(default_factory=dict)
    kept: list[Finding] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Rows written; 0 when everything was there already."""
        return sum(self.counts.values())

    def add(self, table: str, number: int) -> None:
        """Count rows written to a table."""
        if number:
            self.counts[table] = self.counts.get(table, 0) + number


def write_seed(seed: Seed, actor: System) -> Loaded:
    """Write what differs. Runs inside the caller's transaction."""
    loaded = Loaded(seed.digest)
    documents = _documents(seed, actor, loaded)
    ports = _ports(seed, documents, loaded)
    _codes(seed, ports, documents, loaded)
    entries = _upsert(LayoutEntry, "layout_id", _without(seed.entries, "parent"), loaded)
    _entry_parents(seed, entries)
    _links(LayoutLink, "entry", seed.entry_links, entries, ports, loaded)
    projects = _upsert(Project, "project_id", seed.projects, loaded)
    _links(ProjectLink, "project", seed.project_links, projects, ports, loaded)
    _upsert(CounterpartPoint, "code", ({**row, "port": ports.get(row["port"])} for row in seed.points), loaded)
    _upsert(BenchmarkPort, "code", seed.benchmarks, loaded)
    return loaded


def _documents(seed: Seed, actor: System, loaded: Loaded) -> dict[str, Document]:
    found = {document.reference: document for document in Document.objects.all()}
    for row in seed.documents:
        if row["reference"] not in found:
            found[row["reference"]] = record_document(actor=actor, is_public=True, **row)
            loaded.add("documents", 1)
    return found


# ---- ports and their facts ------------------------------------------------------------------------


def _ports(seed: Seed, documents: Mapping[str, Document], loaded: Loaded) -> dict[str, Port]:
    now, today = clock.now(), clock.today()
    ports = {port.code: port for port in Port.objects.all()}
    fresh = [_new_port(each, today) for each in seed.ports if each.code not in ports]
    for port in Port.objects.bulk_create(fresh):
        ports[port.code] = port
    loaded.add("ports", len(fresh))
    known = _known_facts()
    changes: list[PortChange] = []
    for each in seed.ports:
        port = ports[each.code]
        changes += _new_facts(each, port, known.get(port.pk, {}), documents, now, loaded)
    PortChange.objects.bulk_create(changes, batch_size=500)
    loaded.add("changes", len(changes))
    _refold_columns({change.port_id for change in changes}, ports, today, {port.pk for port in fresh})
    return ports


def _new_port(each: SeedPort, today: date) -> Port:
    held = fold(
        (Change(fact.attribute, fact.value, fact.valid_from, 0, number) for number, fact in enumerate(each.facts)),
        today,
    )
    # The parent needs the key of another new port and is set by _refold_columns.
    columns = {name: as_value(name, change.value) for name, change in held.items() if name != "parent"}
    return Port(code=each.code, mode=each.mode, recorded_at=clock.now(), **columns)


def _known_facts() -> dict[int, dict[str, list[tuple[bool, Any, date | None]]]]:
    """By port and attribute: (came with the software, value, valid from), newest recorded last."""
    known: dict[int, dict[str, list[tuple[bool, Any, date | None]]]] = defaultdict(lambda: defaultdict(list))
    rows = PortChange.objects.order_by("recorded_at", "id").values_list(
        "port_id", "attribute", "from_seed", "value", "valid_from"
    )
    for port, attribute, from_seed, value, valid_from in rows.iterator():
        known[port][attribute].append((from_seed, value, valid_from))
    return known


def _new_facts(
    each: SeedPort, port: Port, known: Mapping[str, list[tuple[bool, Any, date | None]]],
    documents: Mapping[str, Document], now: datetime, loaded: Loaded,
) -> list[PortChange]:
    changes = []
    for fact in each.facts:
        value = as_stored(fact.attribute, fact.value)
        history = known.get(fact.attribute, [])
        bundled = [(was, since) for from_seed, was, since in history if from_seed and since == fact.valid_from]
        if bundled and bundled[-1][0] == value:
            continue
        if history and not history[-1][0]:
            loaded.kept.append(Finding.info(
                "register_value_kept",
                f"{port.name_zh}的“{label_of(fact.attribute)}”已由本单位另行登记，未按附带名录更新。",
                f"“{fact.attribute}” of {port.code} was changed here and keeps its value.",
                measured=history[-1][1], required=value,
            ))
            continue
        changes.append(PortChange(
            port=port, attribute=fact.attribute, value=value, valid_from=fact.valid_from,
            document=documents[fact.document], reason=fact.reason, from_seed=True, recorded_at=now,
        ))
    return changes


def label_of(attribute: str) -> str:
    """The Chinese name of an attribute, from its column."""
    field_ = Port._meta.get_field(attribute)
    return "上级口岸" if attribute == "parent" else str(getattr(field_, "verbose_name", attribute))


def _refold_columns(touched: set[int], ports: Mapping[str, Port], today: date, new: set[int]) -> None:
    """Bring the columns of the touched ports to what holds today; a port that was there gets a new version."""
    by_key = {port.pk: port for port in ports.values()}
    held: dict[int, list[Change]] = defaultdict(list)
    for key, *columns in PortChange.objects.filter(port_id__in=touched).values_list("port_id", *COLUMNS):
        held[key].append(Change(*columns))
    altered: dict[str, list[Port]] = defaultdict(list)
    for key, rows in held.items():
        names = set_columns(by_key[key], fold(rows, today), ports)
        for name in names:
            altered[name].append(by_key[key])
    if altered:
        unique = {port.pk: port for group in altered.values() for port in group}
        for port in unique.values():
            port.version += port.pk not in new
        Port.objects.bulk_update(unique.values(), [*altered, "version"], batch_size=200)


def set_columns(port: Port, held: Mapping[str, Change], ports: Mapping[str, Port]) -> list[str]:
    """Set the columns that differ from what holds, and name them. Nothing is saved."""
    names = []
    for name, change in held.items():
        value: Any
        if name == "parent":
            value = ports[change.value] if change.value else None
            differs = port.parent_id != (value.pk if value else None)
        else:
            value = as_value(name, change.value)
            differs = getattr(port, name) != value
        if differs:
            setattr(port, name, value)
            names.append(name)
    return names


# ---- what surrounds the ports ---------------------------------------------------------------------


def _codes(seed: Seed, ports: Mapping[str, Port], documents: Mapping[str, Document], loaded: Loaded) -> None:
    there = set(PortCode.objects.values_list("port__code", "scheme", "code"))
    taken = {
        (scheme, code): port
        for scheme, code, port in PortCode.objects.filter(names_place=False, valid_to=None)
        .values_list("scheme", "code", "port__code")
    }
    fresh = []
    for each in seed.codes:
        if (each.port, each.scheme, each.code) in there:
            continue
        holder = None if each.names_place else taken.get((each.scheme, each.code))
        if holder:
            loaded.kept.append(Finding.warning(
                "code_taken", f"代码 {each.code} 现由 {holder} 使用，未登记给 {each.port}。",
                f"The code {each.code} belongs to {holder} and was not given to {each.port}.",
            ))
            continue
        fresh.append(PortCode(
            port=ports[each.port], scheme=each.scheme, code=each.code, names_place=each.names_place,
            document=documents[each.document],
        ))
    PortCode.objects.bulk_create(fresh, batch_size=500)
    loaded.add("codes", len(fresh))


def _without(rows: Iterable[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != name} for row in rows]


def _upsert(model: type[M], key: str, rows: Iterable[Mapping[str, Any]], loaded: Loaded) -> dict[str, M]:
    """Insert the rows that are missing and update those that differ; answer all by key."""
    found: dict[str, M] = {getattr(row, key): row for row in model._default_manager.all()}
    fresh, differing, columns = [], [], set()
    for row in rows:
        there = found.get(row[key])
        if there is None:
            fresh.append(model(**row))
            continue
        names = [name for name, value in row.items() if not _same(model, there, name, value)]
        for name in names:
            setattr(there, name, row[name])
        if names:
            differing.append(there)
            columns.update(names)
    for made in model._default_manager.bulk_create(fresh, batch_size=500):
        found[getattr(made, key)] = made
    if differing:
        model._default_manager.bulk_update(differing, list(columns), batch_size=200)
    loaded.add(model._meta.model_name or "", len(fresh) + len(differing))
    return found


def _same(model: type[models.Model], row: models.Model, name: str, value: Any) -> bool:
    there = getattr(row, name)
    column = model._meta.get_field(name)
    return bool(there == (column.to_python(value) if isinstance(column, models.DecimalField) else value))


def _entry_parents(seed: Seed, entries: Mapping[str, LayoutEntry]) -> None:
    groups = {(entry.box, entry.name_zh): entry for entry in entries.values() if entry.is_group}
    for row in seed.entries:
        entry, parent = entries[row["layout_id"]], groups.get((row["box"], row["parent"]))
        if entry.parent_id != (parent.pk if parent else None):
            entry.parent = parent
            entry.save(update_fields=["parent"])


def _links(
    model: Any, side: str, rows: Iterable[tuple[str, str, str]], heads: Mapping[str, Any],
    ports: Mapping[str, Port], loaded: Loaded,
) -> None:
    there = set(model.objects.values_list(f"{side}_id", "port_id"))
    fresh = [
        model(**{side: heads[head]}, port=ports[port], basis=basis)
        for head, port, basis in rows if (heads[head].pk, ports[port].pk) not in there
    ]
    model.objects.bulk_create(fresh, batch_size=500)
    loaded.add(model._meta.model_name, len(fresh))
