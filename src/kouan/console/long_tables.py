"""Tables over millions of rows: counted up to a bound, so that no page counts them all.

Counting a million entries costs more than showing fifty of them. A ``LongTable`` counts up to
``BOUND`` rows and pages through those; beyond, the reader is told to narrow the filters. Exports
hold every row that passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from kouan.basis import Text
from kouan.console.tables import Table, TableView

BOUND = 10_000


@dataclass(frozen=True, slots=True)
class LongTable(Table):
    """A table that may hold more rows than anybody pages through."""

    def read(self, request: HttpRequest, rows: Any, **known: Any) -> LongView:
        """What the address bar asks for."""
        return LongView(self, request, rows, **known)


class LongView(TableView):
    """A long table as one request sees it."""

    @property
    def total(self) -> int:
        """How many rows the pages show: all, or the bound. An export counts every row."""
        if self._total is None:
            if not isinstance(self.rows, QuerySet):
                self._total = len(self.rows)
            elif self.wants_export:
                self._total = self.rows.count()
            else:
                self._total = self._bounded(self.rows)
        return self._total

    def _bounded(self, rows: QuerySet[Any]) -> int:
        # The order does not matter for counting, and keeps the database from its best index.
        counted = rows.order_by()[: BOUND + 1].count()
        if counted > BOUND:
            self.notes = (*self.notes, Text(
                f"记录很多，这里只列前 {BOUND:,} 条；请用筛选缩小范围，或导出全部。",
                f"There are many; the first {BOUND:,} are listed. Narrow the filters, or export them all.",
            ))
        return min(counted, BOUND)
