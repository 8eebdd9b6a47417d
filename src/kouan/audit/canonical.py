"""The canonical text of bulk rows, and its SHA-256.

The writer of a bulk table knows its rows as Python values; ``verify`` reads them back from one of
two databases. Both must come to the same text: integers in decimal, decimals without trailing
zeros, dates and UTC instants as ISO 8601, JSON with sorted keys, NULL as one NUL character.
Columns are joined by U+001F, every row ends with U+001E. A value that contained these could at
most shift a border between two columns or rows, and the count of rows, which is recorded beside
the digest, would then differ.

SQLite keeps a decimal as a double: fifteen significant digits. Decimals with more are rounded to
fifteen before they are digested, on both databases; no figure of ours comes near.

>>> from decimal import Decimal
>>> from datetime import date
>>> written = RowsDigest(["text", "decimal", "date"])
>>> written.add(("port:luohu-rail", Decimal("12.50"), date(2023, 3, 6)))
>>> read = RowsDigest(["text", "decimal", "date"])
>>> read.add(("port:luohu-rail", 12.5, "2023-03-06"))
>>> written.hexdigest() == read.hexdigest(), written.rows
(True, 1)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from django.db.models import Field, Model

COLUMN_END = "\x1f"
ROW_END = "\x1e"
NULL = "\x00"
# A mark of the running digest every so many rows: verify can then name the range that differs.
MARK_EVERY = 1000
MARK_LENGTH = 16

_FIFTEEN_DIGITS = Context(prec=15)


def decimal_text(value: Decimal | float | str) -> str:
    """A number in plain decimal notation without trailing zeros.

    >>> decimal_text(Decimal("1E+3")), decimal_text(0.1), decimal_text("-0.00"), decimal_text(7)
    ('1000', '0.1', '0', '7')
    """
    if type(value) is int:
        return str(value) if -10**15 < value < 10**15 else decimal_text(Decimal(value))
    text = str(value)
    # Only plain notation of at most fifteen digits can be trimmed as text.
    if len(text) > 15 or "E" in text or "e" in text or text[0] == "+":
        text = format(_FIFTEEN_DIGITS.create_decimal(text), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@lru_cache(maxsize=4096)
def _instant_text(value: str) -> str:
    moment = datetime.fromisoformat(value)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_text(value: datetime | str) -> str:
    """An instant in UTC with microseconds; a naive one is read as UTC, as SQLite keeps it."""
    return _instant_text(value if isinstance(value, str) else value.isoformat())


def date_text(value: date | str) -> str:
    """A calendar day, ISO 8601."""
    return value if isinstance(value, str) else value.isoformat()


@lru_cache(maxsize=65536)
def _json_text_again(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def json_text(value: Any) -> str:
    """JSON with sorted keys and no spaces. A ``str`` is taken as JSON text already."""
    return _json_text_again(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _uuid_text(value: UUID | str) -> str:
    return value.hex if isinstance(value, UUID) else str(value).replace("-", "")


# A kind of column → how one value that is not NULL becomes text.
KINDS: dict[str, Callable[[Any], str]] = {
    # Members of an enumeration count as the value that the database gets.
    "text": lambda value: str.__str__(value) if isinstance(value, str) else str(value),
    "int": lambda value: str(int(value)) if isinstance(value, bool) else str(value),
    "decimal": decimal_text,
    "float": lambda value: repr(float(value)),
    "bool": lambda value: "1" if value else "0",
    "date": date_text,
    "datetime": instant_text,
    "json": json_text,
    "uuid": _uuid_text,
    "binary": lambda value: bytes(value).hex(),
}


def _whole_column(kind: str, column: Sequence[Any]) -> Sequence[str] | None:
    """The texts of a column whose values are all of one easy type, made in C; None for any other."""
    types = set(map(type, column))
    if len(types) != 1:
        return None
    (found,) = types
    if found is type(None):
        return [NULL] * len(column)
    if found is bool and kind == "bool":
        return ["1" if value else "0" for value in column]
    if found is str and kind in ("text", "date"):
        return column
    if found is int and kind == "int":
        return list(map(str, column))
    if found is int and kind == "decimal" and min(column) > -(10**15) and max(column) < 10**15:
        return list(map(str, column))
    if found is date and kind == "date":
        return list(map(date.isoformat, column))
    return None


_KIND_OF_FIELD = {
    "DecimalField": "decimal", "FloatField": "float", "BooleanField": "bool", "DateField": "date",
    "DateTimeField": "datetime", "JSONField": "json", "UUIDField": "uuid", "BinaryField": "binary",
    "BigIntegerField": "int", "IntegerField": "int", "SmallIntegerField": "int", "AutoField": "int",
    "PositiveIntegerField": "int", "PositiveBigIntegerField": "int", "PositiveSmallIntegerField": "int",
    "BigAutoField": "int", "SmallAutoField": "int",
    "CharField": "text", "TextField": "text", "SlugField": "text", "EmailField": "text", "URLField": "text",
}


def kind_of(field: Field[Any, Any]) -> str:
    """The kind of a model field; a foreign key has the kind of the key it holds."""
    while field.remote_field is not None:
        field = field.target_field  # type: ignore[attr-defined]
    internal = field.get_internal_type()
    if internal not in _KIND_OF_FIELD:
        raise TypeError(f"{field}: a {internal} has no canonical text; leave it out of digest_columns")
    return _KIND_OF_FIELD[internal]


def _whatever(convert: Callable[[Any], str]) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        try:
            return convert(value)
        except (ValueError, TypeError, ArithmeticError):
            return f"?{value!r}"

    return text


class RowsDigest:
    """SHA-256 over rows in order, fed while they stream; holds a thousand rows at most.

    ``kinds`` names the kind of each column (``KINDS``); ``RowsDigest.of(Model)`` takes them from the
    registration of a bulk model. ``marks`` are the first hexadecimal digits of the running digest
    after every ``MARK_EVERY`` rows. ``lenient`` is for reading back: SQLite lets a shell store text in
    a number's column, and such a row must differ, not stop the reading. ``skip`` columns at the front
    of each row (its batch and key) are not digested. ``later`` columns at the end are left out of the text of a row in which all of
    them are NULL: the table had rows before it had these columns. A row with them has more columns, so the two cannot be mistaken.
    """

    def __init__(self, kinds: Sequence[str], *, lenient: bool = False, skip: int = 0, later: int = 0) -> None:
        self._lenient, self._skip, self._later = lenient, skip, later
        self._kinds = [(kind, KINDS[kind]) for kind in kinds]
        self._sha = hashlib.sha256()
        self._pending: list[Sequence[Any]] = []
        self._flushed = 0
        self.marks: list[str] = []

    @classmethod
    def of(cls, model: type[Model]) -> RowsDigest:
        """A digest for the rows of a registered bulk model; values come in ``columns_of(model)`` order."""
        from kouan.audit.registry import registration_of

        found = registration_of(model._meta.db_table)
        return cls([kind_of(field) for field in found.row_fields], later=len(found.later_columns))

    @staticmethod
    def columns_of(model: type[Model]) -> list[str]:
        """The attribute names (``batch_id``, …) of the values that ``add`` takes, in order."""
        from kouan.audit.registry import registration_of

        return [field.attname for field in registration_of(model._meta.db_table).row_fields]

    @property
    def rows(self) -> int:
        """How many rows have been added."""
        return self._flushed + len(self._pending)

    def add(self, values: Sequence[Any]) -> None:
        """Add one row: its values in column order."""
        self._pending.append(values)
        if len(self._pending) == MARK_EVERY:
            self._flush()

    def add_many(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add many rows."""
        coming = iter(rows)
        while piece := list(islice(coming, MARK_EVERY - len(self._pending))):
            self._pending += piece
            if len(self._pending) == MARK_EVERY:
                self._flush()

    def add_columns(self, columns: Sequence[Sequence[Any]]) -> str:
        """Add rows given column by column, and answer their canonical text: a writer may make its own form of it.

        Nothing may have been added row by row before.
        """
        if self._pending or self._flushed % MARK_EVERY:
            raise RuntimeError("columns can be added only behind whole thousands of rows")
        pieces = []
        for start in range(0, len(columns[0]), MARK_EVERY):
            piece = [column[start : start + MARK_EVERY] for column in columns] if len(columns[0]) > MARK_EVERY else columns
            text = self._text_of(self._kinds, piece)
            self._digest(text, len(piece[0]))
            pieces.append(text)
        return "".join(pieces)

    def _flush(self) -> None:
        """Digest the pending rows column by column: the work then runs in C for the most part."""
        if not self._pending:
            return
        try:
            text = self._text(self._kinds)
        except (ValueError, TypeError, ArithmeticError):
            if not self._lenient:
                raise
            text = self._text([(kind, _whatever(convert)) for kind, convert in self._kinds])
        self._digest(text, len(self._pending))
        self._pending = []

    def _digest(self, text: str, rows: int) -> None:
        # A lone surrogate cannot be stored by either database; let the writer hear of it here.
        self._sha.update(text.encode("utf-8", "backslashreplace" if self._lenient else "strict"))
        self._flushed += rows
        if self._flushed % MARK_EVERY == 0:
            self.marks.append(self._sha.copy().hexdigest()[:MARK_LENGTH])

    def _text(self, kinds: Sequence[tuple[str, Callable[[Any], str]]]) -> str:
        return self._text_of(kinds, list(zip(*self._pending, strict=True))[self._skip:])

    def _text_of(self, kinds: Sequence[tuple[str, Callable[[Any], str]]], given: Sequence[Sequence[Any]]) -> str:
        columns = []
        for (kind, convert), column in zip(kinds, given, strict=True):
            texts = _whole_column(kind, column)
            if texts is None:
                texts = [NULL if value is None else convert(value) for value in column]
            columns.append(texts)
        if self._later and not any(set(column) - {NULL} for column in columns[-self._later:]):
            columns = columns[:-self._later]
        elif self._later:
            nothing = (NULL,) * self._later
            rows = (row if row[-self._later:] != nothing else row[:-self._later] for row in zip(*columns, strict=True))
            return ROW_END.join(map(COLUMN_END.join, rows)) + ROW_END
        return ROW_END.join(map(COLUMN_END.join, zip(*columns, strict=True))) + ROW_END

    def hexdigest(self) -> str:
        """The digest of all rows added so far; ask at the end, for marks stand at every full thousand."""
        self._flush()
        return self._sha.hexdigest()
