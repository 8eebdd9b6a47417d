"""Which tables are audited, and how: the one list from which triggers are generated.

The convention: a room calls ``register`` in its ``models.py``, right under (or above, as a
decorator) the model, so that a model and its audit cannot drift apart::

    @register(exclude=("last_login",), digest=("password", "email"))
    class User(AbstractBaseUser): ...

``exclude``   fields that are not recorded; a change of nothing else makes no entry (heartbeats)
``digest``    secrets and personal fields: a keyed digest is recorded instead of the value
``bulk``      an append-only table too big for an entry per row: its inserts are recorded as one
              entry per batch (``record_batch``), its updates and deletes row by row as everywhere

A model that is not audited says why with ``exempt``; a house test finds models that do neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from django.core.exceptions import ImproperlyConfigured
from django.db import models

M = TypeVar("M", bound=type[models.Model])

# SQLite and PostgreSQL take about a hundred arguments to a JSON constructor: two for each column.
COLUMNS_LIMIT = 48


@dataclass(frozen=True, slots=True)
class Registration:
    """How one table is audited. Fields are resolved late, when all models are loaded."""

    model: type[models.Model]
    bulk: bool = False
    exclude: tuple[str, ...] = ()
    digest: tuple[str, ...] = ()
    batch_column: str = ""
    digest_columns: tuple[str, ...] = ()
    later_columns: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table's name in the database."""
        return self.model._meta.db_table

    @property
    def key(self) -> models.Field[Any, Any]:
        """The primary key field."""
        return self.model._meta.pk

    def field(self, name: str) -> models.Field[Any, Any]:
        """A field of this table by its name; a wrong name is an error of the registering room."""
        for field in self.model._meta.local_concrete_fields:
            if name in (field.name, field.attname):
                return field
        raise ImproperlyConfigured(f"audit.register({self.model._meta.label}): there is no field {name!r}")

    @property
    def recorded(self) -> list[models.Field[Any, Any]]:
        """The fields whose values enter the trail, in the order of the model."""
        excluded = {self.field(name) for name in self.exclude}
        fields = [field for field in self.model._meta.local_concrete_fields if field not in excluded]
        if len(fields) > COLUMNS_LIMIT:
            raise ImproperlyConfigured(
                f"{self.model._meta.label} has {len(fields)} recorded columns; the audit triggers hold "
                f"{COLUMNS_LIMIT} at most: split the model"
            )
        return fields

    @property
    def digested(self) -> set[models.Field[Any, Any]]:
        """The fields of which only a keyed digest enters the trail."""
        return {self.field(name) for name in self.digest}

    @property
    def batch(self) -> models.Field[Any, Any]:
        """The field of a bulk table that says to which batch a row belongs."""
        return self.field(self.batch_column)

    @property
    def row_fields(self) -> list[models.Field[Any, Any]]:
        """The fields of a bulk row that its batch's digest covers, in the order of the digest.

        By default all recorded ones but the key, which the writer does not know while it streams.
        """
        if self.digest_columns:
            return [self.field(name) for name in self.digest_columns]
        fields = [field for field in self.recorded if not field.primary_key]
        if tuple(field.name for field in fields[len(fields) - len(self.later_columns):]) != self.later_columns:
            raise ImproperlyConfigured(f"audit.register({self.model._meta.label}): later_columns are the last ones of the model, in its order")
        return fields

    @property
    def open_fields(self) -> list[models.Field[Any, Any]]:
        """The recorded fields of a bulk row outside its batch's digest: an action may change them later.

        They must be written with their defaults; a row that was never updated then still has these.
        """
        covered = {*self.row_fields, self.key}
        return [field for field in self.recorded if field not in covered] if self.bulk else []


def column_of(field: models.Field[Any, Any]) -> str:
    """The name of a field's column; every field of a table has one."""
    if field.column is None:
        raise ImproperlyConfigured(f"{field} has no column")
    return field.column


_registered: dict[type[models.Model], Registration] = {}
_exempt: dict[type[models.Model], str] = {}


@overload
def register(
    model: M, *, bulk: bool = False, exclude: tuple[str, ...] = (), digest: tuple[str, ...] = (),
    batch_column: str = "", digest_columns: tuple[str, ...] = (), later_columns: tuple[str, ...] = (),
) -> M: ...
@overload
def register(
    *, bulk: bool = False, exclude: tuple[str, ...] = (), digest: tuple[str, ...] = (),
    batch_column: str = "", digest_columns: tuple[str, ...] = (), later_columns: tuple[str, ...] = (),
) -> Callable[[M], M]: ...
def register(
    model: Any = None, *, bulk: bool = False, exclude: tuple[str, ...] = (), digest: tuple[str, ...] = (),
    batch_column: str = "", digest_columns: tuple[str, ...] = (), later_columns: tuple[str, ...] = (),
) -> Any:
    """Declare that a model's table is audited; usable as a call or as a decorator. Returns the model.

    A bulk table names its ``batch_column`` and may name ``digest_columns``, the fields that never change
    after the batch; the others are written with their defaults and audited row by row. ``later_columns`` came to the
    table when batches had been recorded without them: nullable, the last of the model; they count in a row's digest only where one
    of them is not null, so that what was recorded before still verifies.
    Tables that Django makes by itself for many-to-many fields are audited with their model.
    """
    if model is None:
        return lambda found: register(
            found, bulk=bulk, exclude=exclude, digest=digest,
            batch_column=batch_column, digest_columns=digest_columns, later_columns=later_columns,
        )
    if bulk and not batch_column:
        raise ImproperlyConfigured(f"audit.register({model._meta.label}): a bulk table needs batch_column")
    if model._meta.proxy or model._meta.abstract:
        raise ImproperlyConfigured(f"audit.register({model._meta.label}): it has no table of its own")
    _registered[model] = Registration(model, bulk, tuple(exclude), tuple(digest), batch_column, tuple(digest_columns), tuple(later_columns))
    return model


def exempt(model: M, reason: str) -> M:
    """Declare that a model's table is not audited, and why."""
    if not reason.strip():
        raise ImproperlyConfigured(f"audit.exempt({model._meta.label}): give the reason")
    _exempt[model] = reason
    return model


def forget(model: type[models.Model]) -> None:
    """Take a model off the list again (tests only: a product's list never changes while it runs)."""
    _registered.pop(model, None)
    _exempt.pop(model, None)


def registrations() -> Iterator[Registration]:
    """Every audited table, by table name; many-to-many tables included."""
    found = dict(_registered)
    for model in _registered:
        for relation in model._meta.local_many_to_many:
            through = relation.remote_field.through
            if through is not None and through._meta.auto_created and through not in found:
                found[through] = Registration(through)
    yield from sorted(found.values(), key=lambda registration: registration.table)


def registration_of(table: str) -> Registration:
    """The registration of a table; KeyError when it is not audited."""
    for registration in registrations():
        if registration.table == table:
            return registration
    raise KeyError(table)


def exemptions() -> dict[type[models.Model], str]:
    """Every model declared as not audited, with the reason."""
    return dict(_exempt)


def undeclared() -> list[type[models.Model]]:
    """Models of the house with a table that are neither registered nor exempt."""
    from django.apps import apps

    known = {registration.model for registration in registrations()} | set(_exempt)
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("kouan.") and model._meta.managed
        and not model._meta.proxy and model not in known
    ]
