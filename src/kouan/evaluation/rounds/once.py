"""Rows that are written once: no verb, no queryset and no save changes them, but for the columns named.

The trail would show a change made past this in the database, and a replay refuses it by its digest.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models


class WrittenOnce(TypeError):
    """A program tried to change or delete what is written once."""


class OnceQuerySet(models.QuerySet[Any]):
    """Adds and reads; changes nothing but the columns that may."""

    def update(self, **values: Any) -> int:
        """Refused for any other column."""
        _only(self.model, values)
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Always refused."""
        raise WrittenOnce(f"{self.model.__name__} is written once")


class Once(models.Model):
    """``may_change``: the columns that a later step fills."""

    may_change: ClassVar[tuple[str, ...]] = ()
    objects: ClassVar[Any] = OnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, **options: Any) -> None:
        """New rows, and the columns that may change."""
        if not self._state.adding:
            _only(type(self), options.get("update_fields") or [field.name for field in self._meta.local_fields])
        super().save(**options)

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Always refused."""
        raise WrittenOnce(f"{type(self).__name__} is written once")


def _only(model: Any, names: Any) -> None:
    wrong = sorted(set(names) - set(model.may_change))
    if wrong:
        raise WrittenOnce(f"{model.__name__} is written once: {', '.join(wrong)}")
