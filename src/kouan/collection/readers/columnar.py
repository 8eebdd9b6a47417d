"""Parquet, read by DuckDB inside the process. Text stays text, so leading zeros survive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from kouan.collection.readers import limits as bounds
from kouan.collection.readers.limits import Limits
from kouan.collection.readers.sheet import OpenFile, Row, Sheet

_CHUNK = 20_000


def open_parquet(path: Path, name: str, limits: Limits) -> OpenFile:
    """Read the file's own description first, refuse what is too large, then stream. Raises Refused."""
    connection = duckdb.connect(config={"memory_limit": "256MB", "threads": "2"})
    # No other file, no extension, no network: the query below is ours, the file is not.
    connection.execute("SET autoinstall_known_extensions=false; SET autoload_known_extensions=false")
    where = str(path)
    try:
        found = connection.execute(
            "SELECT sum(row_group_num_rows), sum(size) FROM ("
            "SELECT row_group_id, any_value(row_group_num_rows) AS row_group_num_rows, "
            "sum(total_uncompressed_size) AS size FROM parquet_metadata(?) GROUP BY row_group_id)",
            [where],
        ).fetchone()
        rows, size = (int(value or 0) for value in found or (0, 0))
        if rows > limits.rows:
            raise bounds.too_many_rows(name, limits.rows, rows)
        if size > limits.unpacked_bytes:
            raise bounds.too_large(name, size, limits.unpacked_bytes)
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [where]).fetchall()
        columns = [str(row[0]) for row in described]
        # Lists, structures and maps are no cells of a table; as text they are read, and found wanting.
        wanted = ", ".join(
            f"CAST({_quoted(row[0])} AS VARCHAR)" if ("(" in row[1] and "DECIMAL" not in row[1]) or "[" in row[1]
            else _quoted(row[0])
            for row in described
        )
    except duckdb.Error as error:
        connection.close()
        raise bounds.truncated(name, str(error).splitlines()[0][:200]) from error
    except bounds.Refused:
        connection.close()
        raise
    if len(columns) > limits.columns:
        connection.close()
        raise bounds.too_many_columns(name, limits.columns, len(columns))
    if not rows:
        connection.close()
        raise bounds.empty(name)
    return OpenFile("parquet", "", [Sheet(0, "", _rows(connection, where, name, columns, wanted), total=rows)])


def _quoted(name: str) -> str:
    """A column's name as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _rows(
    connection: duckdb.DuckDBPyConnection, where: str, name: str, columns: list[str], wanted: str
) -> Iterator[Row]:
    try:
        yield 0, columns
        number = 0
        cursor = connection.execute(f"SELECT {wanted} FROM read_parquet(?)", [where])  # noqa: S608 - quoted
        while chunk := cursor.fetchmany(_CHUNK):
            for cells in chunk:
                number += 1
                yield number, cells
    except duckdb.Error as error:
        raise bounds.truncated(name, str(error).splitlines()[0][:200]) from error
    finally:
        connection.close()
