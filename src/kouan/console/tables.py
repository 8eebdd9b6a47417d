"""Data tables: declared once, shown as a page, taken away as XLSX, CSV or JSON.

A ``Table`` names its columns and filters; ``table.read(request, rows)`` applies what the address
bar says (filters, order, page) and answers a ``TableView`` for the template tag
``{% table view %}``. The same rows leave by ``?format=xlsx|csv|json``:

    view = PORTS.read(request, Port.objects.visible_to(request.user))
    if view.wants_export:
        return view.export()

``rows`` must already have passed ``visible_to``: an export can then hold nothing that the page
may not show (DESIGN.md, contract 7). Every export is written to the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from html import escape
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString, mark_safe

from kouan.basis import Finding, Period, Place, Text
from kouan.console import figures
from kouan.console.words import here, page_language

PAGE_SIZE = 50  # a 313-row page with links costs 25 ms of CPU (DESIGN.md, known traps)
CHUNK = 2000
FORMATS = ("xlsx", "csv", "json")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    ``value`` gets the value from a row (by default the attribute or key named ``key``); ``show``
    writes the HTML of a cell; ``export`` gives the exported value where it differs from
    ``value``. ``order`` is the field to order a queryset by (for lists: True orders by value).
    ``only``: "page" or "export" keeps the column out of the other.
    """

    key: str
    label: Text
    value: Callable[[Any], Any] | None = None
    unit: Text | None = None
    show: Callable[[Any], SafeString | str] | None = None
    export: Callable[[Any], Any] | None = None
    order: str | bool | None = None
    is_number: bool = False
    is_key: bool = False
    only: str = ""
    note: Text | None = None
    keeps_line: bool = False
    is_wide: bool = False

    def value_of(self, row: Any) -> Any:
        """The value of a row in this column."""
        if self.value is not None:
            return self.value(row)
        return row.get(self.key) if isinstance(row, Mapping) else getattr(row, self.key)

    def export_of(self, row: Any) -> Any:
        """The exported value: exact, in the unit of the head."""
        return self.export(row) if self.export is not None else self.value_of(row)

    def cell(self, row: Any) -> str:
        """The cell as HTML: safe, shortened for reading."""
        value = self.show(row) if self.show is not None else self.value_of(row)
        if isinstance(value, SafeString):
            return value
        if isinstance(value, Text):
            return escape(here(value))
        read = value if type(value) is str and value else as_read(value)
        return read if isinstance(read, SafeString) else escape(str(read))


def as_read(value: Any) -> Any:
    """How a bare value reads in a cell."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return here(Text("是", "yes") if value else Text("否", "no"))
    if figures.is_number(value):
        return figures.number(value)
    if isinstance(value, Text):
        return here(value)
    if isinstance(value, datetime):
        return figures.moment(value)
    if isinstance(value, date):
        return figures.day(value)
    if isinstance(value, Period):
        return value.label(page_language())
    return value


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of the address bar. ``choices=None``: free text; else (value, words) pairs.

    ``apply(rows, value)`` narrows the rows. ``field`` is the short way for a queryset:
    an exact match on that field.
    """

    key: str
    label: Text
    choices: Sequence[tuple[str, Text]] | Callable[[], Sequence[tuple[str, Text]]] | None = None
    apply: Callable[[Any, str], Any] | None = None
    field: str = ""
    hint: Text | None = None
    default: str = ""

    def options(self) -> Sequence[tuple[str, Text]] | None:
        """The choices, worked out when they depend on data."""
        return self.choices() if callable(self.choices) else self.choices

    def options_html(self, chosen: str) -> SafeString | None:
        """The choices as HTML options in the page's language; None for free text."""
        options = self.options()
        if options is None:
            return None
        return mark_safe("".join(  # noqa: S308 - escaped here
            f'<option value="{escape(code)}"{" selected" if code == chosen else ""}>{escape(here(words))}</option>'
            for code, words in options
        ))

    def narrow(self, rows: Any, value: str) -> Any:
        """The rows that pass."""
        if self.apply is not None:
            return self.apply(rows, value)
        if isinstance(rows, QuerySet):
            return rows.filter(**{self.field or self.key: value})
        return [row for row in rows if str(_plain(row, self.field or self.key)) == value]


def _plain(row: Any, key: str) -> Any:
    return row.get(key) if isinstance(row, Mapping) else getattr(row, key)


def put(row: Any, **shown: Any) -> None:
    """Put on a row what only its page shows, such as a link made for this reader; ``decorate`` and templates use it."""
    vars(row).update(shown)


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table. ``name`` is its id on the page and in the trail.

    ``prefix`` keeps two tables of one page apart in the address bar (``prefix="held"`` reads
    ``held.page``). ``decorate`` of ``read`` gets the rows of a page (or of a chunk of an export)
    and may `put` on them what one query fetches for all. ``period``, ``origin`` and ``source`` are printed over the table and on the
    note sheet of every export; ``read`` may override them. ``group`` names the group of a row of a list:
    in the default order the rows stand group by group, each under a heading; in any other order they are mixed.

    On a phone the rows of a table of four columns and more are shown as blocks; ``stacks=False`` keeps the lines
    of a table that is read down its columns.
    """

    name: str
    title: Text
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    prefix: str = ""
    stacks: bool = True
    page_size: int = PAGE_SIZE
    default_order: str = ""
    source: Text | None = None
    origin: str | None = None
    period: str = ""
    empty: Text = Text("没有符合条件的记录。", "No records match.")
    empty_next: Text | None = None
    can_export: bool = True
    group: Callable[[Any], Text] | None = None

    def parameter(self, key: str) -> str:
        """The name of one of the table's parameters in the address bar."""
        return f"{self.prefix}.{key}" if self.prefix else key

    def read(self, request: HttpRequest, rows: Any, **known: Any) -> TableView:
        """What the address bar asks for. ``rows``: a queryset or a list, already in scope."""
        return TableView(self, request, rows, **known)


@dataclass(frozen=True, slots=True)
class Head:
    """One head of the table as shown."""

    column: Column
    label: str
    unit: str
    address: str
    direction: str


@dataclass
class TableView:
    """A table as one request sees it."""

    table: Table
    request: HttpRequest
    rows: Any
    period: str = ""
    origin: str | None = None
    source: Text | None = None
    source_url: str = ""
    fresh_at: datetime | None = None
    notes: Sequence[Text] = ()
    decorate: Callable[[list[Any]], None] | None = None
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.period = self.period or self.table.period
        self.origin = self.origin or self.table.origin
        self.source = self.source or self.table.source
        self.chosen: dict[str, str] = {}
        for one in self.table.filters:
            self._narrow(one)
        self.order = self._asked("sort") or self.table.default_order
        self._arrange()
        self._total: int | None = None

    # ---- what the address bar says ---------------------------------------------------------------

    def _asked(self, key: str) -> str:
        return self.request.GET.get(self.table.parameter(key), "").strip()[:200].replace("\x00", "")

    def _narrow(self, one: Filter) -> None:
        value = self._asked(one.key) or one.default
        if not value or (value == "*" and one.default):
            return
        options = one.options()
        if options is not None and value not in {code for code, _ in options}:
            self.findings.append(Finding.warning(
                "unknown_filter_value",
                f"筛选项“{one.label.zh}”没有“{value}”这一选项，已忽略。",
                f"“{value}” is not an option of the filter “{one.label.en}”; it was ignored.",
                where=Place(field=self.table.parameter(one.key)),
                remedy=("请从下拉列表中选择。", "Choose one from the list."),
            ))
            return
        self.chosen[one.key] = value
        self.rows = one.narrow(self.rows, value)

    def _arrange(self) -> None:
        key, falling = self.order.lstrip("-"), self.order.startswith("-")
        column = next((c for c in self.table.columns if c.key == key and c.order), None)
        if column is None:
            self.order = ""
            return
        if isinstance(self.rows, QuerySet) and isinstance(column.order, str):
            self.rows = self.rows.order_by(f"-{column.order}" if falling else column.order, "pk")
        else:
            # Missing values stand last in both directions: they are not small, they are absent.
            held = [(column.value_of(row), row) for row in self.rows]
            known = [pair for pair in held if pair[0] is not None]
            known.sort(key=lambda pair: _sortable(pair[0]), reverse=falling)
            self.rows = [row for _, row in known] + [row for value, row in held if value is None]
            if self.is_grouped and self.table.group is not None:
                group = self.table.group
                self.rows.sort(key=lambda row: here(group(row)))

    @property
    def is_grouped(self) -> bool:
        """Whether the rows stand group by group."""
        return self.table.group is not None and self.order == self.table.default_order

    # ---- pages -----------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """How many rows there are in all pages."""
        if self._total is None:
            self._total = self.rows.count() if isinstance(self.rows, QuerySet) else len(self.rows)
        return self._total

    @property
    def page_count(self) -> int:
        """How many pages; at least one."""
        return max(1, -(-self.total // self.table.page_size))

    @property
    def page(self) -> int:
        """The page shown; a number out of range is brought back into it."""
        asked = self._asked("page")
        return min(max(int(asked), 1), self.page_count) if asked.isascii() and asked.isdigit() else 1

    @property
    def page_rows(self) -> list[Any]:
        """The rows of the page shown."""
        start = (self.page - 1) * self.table.page_size
        rows = list(self.rows[start : start + self.table.page_size])
        if self.decorate is not None:
            self.decorate(rows)
        return rows

    @property
    def first_row(self) -> int:
        """The number of the first row shown."""
        return (self.page - 1) * self.table.page_size + 1 if self.total else 0

    @property
    def last_row(self) -> int:
        """The number of the last row shown."""
        return min(self.page * self.table.page_size, self.total)

    @property
    def pages(self) -> list[dict[str, Any]]:
        """Links to pages: first, last and those around the one shown; None marks a gap."""
        near = {1, self.page_count, *range(self.page - 1, self.page + 2)}
        links: list[dict[str, Any]] = []
        last = 0
        for number in sorted(n for n in near if 1 <= n <= self.page_count):
            if number > last + 1:
                links.append({"gap": True})
            links.append({"number": number, "address": self.address(page=number), "is_open": number == self.page})
            last = number
        return links

    @property
    def previous_address(self) -> str:
        """The page before, or empty."""
        return self.address(page=self.page - 1) if self.page > 1 else ""

    @property
    def next_address(self) -> str:
        """The page after, or empty."""
        return self.address(page=self.page + 1) if self.page < self.page_count else ""

    def address(self, **changes: Any) -> str:
        """The page's address with some of this table's parameters changed; None drops one."""
        query: QueryDict = self.request.GET.copy()
        query.pop(self.table.parameter("format"), None)
        for key, value in changes.items():
            name = self.table.parameter(key)
            if value is None or value == "":
                query.pop(name, None)
            else:
                query[name] = str(value)
        return "?" + query.urlencode()

    # ---- what the template writes ----------------------------------------------------------------

    @property
    def is_stacked(self) -> bool:
        """Whether a phone shows each row as a block of names and values instead of a line."""
        return self.table.stacks and len(self.columns) > 3

    @property
    def is_sortable(self) -> bool:
        """Whether any head orders the rows."""
        return any(column.order for column in self.columns)

    @property
    def columns(self) -> list[Column]:
        """The columns of the page."""
        return [c for c in self.table.columns if c.only != "export"]

    @property
    def heads(self) -> list[Head]:
        """The heads, with the address that orders by each."""
        found = []
        for column in self.columns:
            direction = ""
            address = ""
            if column.order:
                if self.order.lstrip("-") == column.key:
                    direction = "descending" if self.order.startswith("-") else "ascending"
                falling_next = direction == "ascending" or (direction == "" and column.is_number)
                address = self.address(sort=f"-{column.key}" if falling_next else column.key, page=None)
            unit = here(column.unit) if column.unit else ""
            found.append(Head(column, here(column.label), unit, address, direction))
        return found

    @property
    def body(self) -> SafeString:
        """The rows as HTML. Written here, not in the template: 50 × 10 cells cost ten times less."""
        columns = []
        for column in self.columns:
            tag, scope = ("th", ' scope="row"') if column.is_key else ("td", _cell_label(column) if self.is_stacked else "")
            columns.append((f"<{tag}{scope}{_cell_class(column)}>", column.cell, f"</{tag}>"))
        group = self.table.group if self.is_grouped else None
        lines, open_group = [], ""
        for row in self.page_rows:
            if group is not None and (name := here(group(row))) != open_group:
                open_group = name
                lines.append(f'<tr class="is-group"><th scope="rowgroup" colspan="{len(columns)}">{escape(name)}</th></tr>')
            lines.append("<tr>" + "".join([before + cell(row) + after for before, cell, after in columns]) + "</tr>")
        return mark_safe("\n".join(lines))  # noqa: S308 - every cell was escaped by Column.cell

    @property
    def filter_fields(self) -> list[dict[str, Any]]:
        """The filters as form fields."""
        return [
            {
                "name": self.table.parameter(one.key),
                "label": here(one.label),
                "hint": here(one.hint) if one.hint else "",
                "value": self.chosen.get(one.key, "*" if one.default and self._asked(one.key) == "*" else ""),
                "any_value": "*" if one.default else "",
                "options": one.options_html(self.chosen.get(one.key, "")),
            }
            for one in self.table.filters
        ]

    @property
    def kept_parameters(self) -> list[tuple[str, str]]:
        """Parameters of the address bar that the filter form must carry along."""
        own = {self.table.parameter(one.key) for one in self.table.filters}
        dropped = own | {self.table.parameter("page"), self.table.parameter("format")}
        return [(key, str(value)) for key, value in self.request.GET.items() if key not in dropped]

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is set."""
        return bool(self.chosen)

    @property
    def unfiltered_address(self) -> str:
        """The address without this table's filters."""
        return self.address(**{one.key: None for one in self.table.filters}, page=None)

    @property
    def export_links(self) -> list[tuple[str, str]]:
        """(name, address) of each export."""
        return [(name.upper(), self.address(format=name, page=None)) for name in FORMATS]

    # ---- taking away -----------------------------------------------------------------------------

    @property
    def wants_export(self) -> bool:
        """Whether the address asks for a file of this table."""
        return self.table.can_export and bool(self._asked("format"))

    def export(self) -> Any:
        """All rows that pass the filters, as a response with a file, streamed or whole; the trail records who took what."""
        from kouan.console.exports import export_table

        return export_table(self, self._asked("format"))

    def export_columns(self) -> list[Column]:
        """The columns of exports."""
        return [c for c in self.table.columns if c.only != "page"]

    def all_rows(self) -> Iterable[Any]:
        """Every row, never more than a chunk of a queryset in memory at a time."""
        rows = iter(self.rows.iterator(chunk_size=CHUNK) if isinstance(self.rows, QuerySet) else self.rows)
        while chunk := list(islice(rows, CHUNK)):
            if self.decorate is not None:
                self.decorate(chunk)
            yield from chunk


def _cell_class(column: Column) -> str:
    known = (("number", column.is_number), ("keep", column.keeps_line), ("wide", column.is_wide))
    names = [name for name, wanted in known if wanted]
    return f' class="{" ".join(names)}"' if names else ""


def _cell_label(column: Column) -> str:
    unit = here(Text(f"（{column.unit.zh}）", f" ({column.unit.en})")) if column.unit else ""
    return f' data-label="{escape(here(column.label) + unit)}"'


def _sortable(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Text):
        return value.in_language(page_language())
    return value if isinstance(value, int | float | Decimal | str | date | Period) else str(value)
