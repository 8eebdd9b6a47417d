"""The few words in which DuckDB and Apache Spark differ; everything else of the generated SQL is the same text.

>>> DUCKDB.position(("a", "b"), "milestone"), SPARK.position(("a", "b"), "milestone")
("list_position(['a', 'b'], milestone)", "array_position(array('a', 'b'), milestone)")
>>> print(DUCKDB.quoted("O'Hare"), SPARK.quoted("O'Hare"))
'O''Hare' 'O\\'Hare'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


class Dialect:
    """DuckDB; Spark changes what it must."""

    name = "duckdb"
    text = "VARCHAR"

    def named(self, column: str) -> str:
        """A name as an identifier."""
        return '"' + column.replace('"', '""') + '"'

    def quoted(self, text: str) -> str:
        """A text as a literal."""
        return "'" + text.replace("'", "''") + "'"

    def literals(self, texts: Sequence[str]) -> str:
        """A list of texts."""
        return "[" + ", ".join(map(self.quoted, texts)) + "]"

    def array(self, items: Sequence[str]) -> str:
        """A list of expressions."""
        return "[" + ", ".join(items) + "]"

    def position(self, texts: Sequence[str], column: str) -> str:
        """Where a text stands in a list, from 1. DuckDB asks once per dictionary entry of the Parquet file, not once per row."""
        return f"list_position({self.literals(texts)}, {column})"

    def instant(self, column: str, kind: str) -> str:
        """Microseconds since 1970 UTC. Text may carry an offset (without one it is UTC), or be whole microseconds."""
        if kind.startswith("TIMESTAMP"):
            return f"epoch_us({column})"
        if kind in ("BIGINT", "UBIGINT", "INTEGER"):
            return f"CAST({column} AS BIGINT)"
        if kind == "DATE":
            return f"epoch_us(CAST({column} AS TIMESTAMP))"
        return f"coalesce(TRY_CAST({column} AS BIGINT), epoch_us(TRY_CAST({column} AS TIMESTAMPTZ)))"

    def relation(self, files: Iterable[Path], is_parquet: bool, ordinal: str = "") -> str:
        """Files as a table. ``ordinal``: name of a column that counts the rows of the input, none by default."""
        listed = self.literals([str(path) for path in files])
        read = (
            f"read_parquet({listed}, hive_partitioning=false, union_by_name=true)" if is_parquet else
            f"read_csv({listed}, all_varchar=true, header=true, union_by_name=true, nullstr='')"
        )  # fmt: skip
        return f"(SELECT *, row_number() OVER () AS {ordinal} FROM {read})" if ordinal else read

    def year_month(self, micros: str) -> str:
        """202603 of an instant."""
        return f"(year(make_timestamp({micros})) * 100 + month(make_timestamp({micros})))"

    def gather(self, value: str) -> str:
        """An aggregate: all values, sorted."""
        return f"list_sort(list({value}))"

    def of_least(self, value: str, by: str, where: str) -> str:
        """An aggregate: the value where another is least, among some rows."""
        return f"arg_min({value}, {by}) FILTER (WHERE {where})"

    def of_most(self, value: str, by: str, where: str) -> str:
        """An aggregate: the value where another is greatest, among some rows."""
        return f"arg_max({value}, {by}) FILTER (WHERE {where})"

    def size(self, items: str) -> str:
        """How many items a list has."""
        return f"len({items})"

    def at(self, items: str, place: str) -> str:
        """The item at a place, from 1."""
        return f"{items}[{place}]"

    def explode(self, items: str) -> str:
        """One row per item."""
        return f"unnest({items})"

    def places(self, first: str, last: str) -> str:
        """The list of whole numbers from first to last."""
        return f"range({first}, {last} + 1)"

    def without_repeats(self, items: str, differ: str) -> str:
        """A sorted list without items equal to the one before; ``differ`` compares item with $y."""
        test = differ.replace("$y", f"{items}[place - 1]")
        return f"list_filter({items}, lambda item, place: place = 1 OR {test})"

    def mapped(self, items: str, expression: str) -> str:
        """A list of an expression of item."""
        return f"list_transform({items}, lambda item: {expression})"

    def struct(self, **fields: str) -> str:
        """A record."""
        return "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + "}"

    def div(self, a: str, b: str) -> str:
        """Whole division of what is not negative."""
        return f"(({a}) // ({b}))"

    def total(self, value: str) -> str:
        """An aggregate: a sum too wide for 64 bits."""
        return f"sum({value})"

    def whole(self, value: str) -> str:
        """Back to 64 bits."""
        return f"CAST({value} AS BIGINT)"


class Spark(Dialect):
    """Apache Spark 4. The session must speak UTC; tables are views made before (Spark has no function that reads files in place)."""

    name = "spark"
    text = "STRING"

    def named(self, column: str) -> str:
        """A name as an identifier."""
        return "`" + column.replace("`", "``") + "`"

    def quoted(self, text: str) -> str:
        """A text as a literal; Spark reads a backslash as an escape."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def literals(self, texts: Sequence[str]) -> str:
        """A list of texts."""
        return "array(" + ", ".join(map(self.quoted, texts)) + ")"

    def array(self, items: Sequence[str]) -> str:
        """A list of expressions."""
        return "array(" + ", ".join(items) + ")"

    def position(self, texts: Sequence[str], column: str) -> str:
        """Where a text stands in a list, from 1."""
        return f"array_position({self.literals(texts)}, {column})"

    def instant(self, column: str, kind: str) -> str:
        """Microseconds since 1970 UTC of a timestamp or of a whole number."""
        if kind.startswith("TIMESTAMP"):  # a TIMESTAMP_NTZ is read in the session's zone, which is UTC
            return f"unix_micros(CAST({column} AS TIMESTAMP))"
        return f"CAST({column} AS BIGINT)"

    def relation(self, files: Iterable[Path], is_parquet: bool, ordinal: str = "") -> str:
        """The view of the log; its rows have no numbers but those that their partitions give."""
        return f"(SELECT *, monotonically_increasing_id() AS {ordinal} FROM log)" if ordinal else "log"

    def year_month(self, micros: str) -> str:
        """202603 of an instant."""
        return f"(year(timestamp_micros({micros})) * 100 + month(timestamp_micros({micros})))"

    def gather(self, value: str) -> str:
        """An aggregate: all values, sorted."""
        return f"sort_array(collect_list({value}))"

    def of_least(self, value: str, by: str, where: str) -> str:
        """An aggregate: the value where another is least, among some rows."""
        return f"min_by({value}, {by}) FILTER (WHERE {where})"

    def of_most(self, value: str, by: str, where: str) -> str:
        """An aggregate: the value where another is greatest, among some rows."""
        return f"max_by({value}, {by}) FILTER (WHERE {where})"

    def size(self, items: str) -> str:
        """How many items a list has."""
        return f"size({items})"

    def at(self, items: str, place: str) -> str:
        """The item at a place, from 1."""
        return f"{items}[CAST({place} AS INT) - 1]"

    def explode(self, items: str) -> str:
        """One row per item."""
        return f"explode({items})"

    def places(self, first: str, last: str) -> str:
        """The list of whole numbers from first to last."""
        return f"sequence({first}, {last})"

    def without_repeats(self, items: str, differ: str) -> str:
        """A sorted list without items equal to the one before."""
        test = differ.replace("$y", f"{items}[place - 1]")
        return f"filter({items}, (item, place) -> place = 0 OR {test})"

    def mapped(self, items: str, expression: str) -> str:
        """A list of an expression of item."""
        return f"transform({items}, item -> {expression})"

    def struct(self, **fields: str) -> str:
        """A record."""
        return "named_struct(" + ", ".join(f"'{name}', {value}" for name, value in fields.items()) + ")"

    def div(self, a: str, b: str) -> str:
        """Whole division of what is not negative."""
        return f"(({a}) div ({b}))"

    def total(self, value: str) -> str:
        """An aggregate: a sum too wide for 64 bits."""
        return f"sum(CAST({value} AS DECIMAL(20, 0)))"


DUCKDB, SPARK = Dialect(), Spark()
