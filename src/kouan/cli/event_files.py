"""Files of milestone events, CSV or Parquet, for commands that follow single cases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kouan.monitoring.timing.events import Event

_NEEDED = ("case_id", "case_kind", "milestone", "mode", "direction", "port", "occurred_at")
_TRUE, _FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no", "")
_KINDS = (".csv", ".parquet")


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The files named, and every CSV and Parquet file under the folders named, in order of name."""
    from kouan.basis import Place, Refused

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.rglob("*") if each.suffix.lower() in _KINDS)
        elif path.suffix.lower() in _KINDS:
            found.append(path)
        else:
            raise Refused.because(
                "not_an_event_file", f"“{path.name}”不是 CSV 或 Parquet 文件。", f"“{path.name}” is no CSV or Parquet file.",
                where=Place(file=path.name), remedy=("给出 .csv、.parquet 文件或其文件夹。", "Name .csv or .parquet files, or their folder."),
            )
    if not found:
        raise Refused.because("no_event_files", "没有找到事件文件。", "No files of events were found.",
                              remedy=("核对 --events 的路径。", "Check the paths of --events."))
    return found


def events_of_case(paths: Sequence[Path], case: str) -> list[Event]:
    """Every event of one case in the files, in file order. Refused with the first slips of cells that cannot be read."""
    import duckdb

    from kouan.basis import Place, Refused
    from kouan.monitoring.timing.events import COLUMNS

    found: list[Event] = []
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'; SET threads = 1; SET memory_limit = '200MB'")
        for path in files_in(paths):
            is_csv = path.suffix.lower() == ".csv"
            # S608: `table` is one of these two texts, `asked` is made of column names of our own; the path and the case are parameters.
            table = "read_csv(?, header = true, all_varchar = true)" if is_csv else "read_parquet(?)"
            try:
                columns = [row[0] for row in engine.execute(f"DESCRIBE SELECT * FROM {table}", [str(path)]).fetchall()]  # noqa: S608
            except duckdb.Error as error:
                raise _unreadable(path, error)
            if missing := [name for name in _NEEDED if name not in columns]:
                raise Refused.because(
                    "columns_missing", f"缺少列：{'、'.join(missing)}。", f"Columns are missing: {', '.join(missing)}.",
                    where=Place(file=path.name), remedy=("列名见 docs/operation-times.md。", "docs/operation-times.md lists the columns."),
                )
            kept = [name for name in COLUMNS if name in columns]
            asked = ", ".join(f'"{name}"' for name in kept)
            try:
                rows = engine.execute(f"SELECT {asked} FROM {table} WHERE case_id = ?", [str(path), case]).fetchall()  # noqa: S608
            except duckdb.Error as error:
                raise _unreadable(path, error)
            found += [_event(dict(zip(kept, row, strict=True)), path) for row in rows]
    return found


def _unreadable(path: Path, error: Exception) -> Exception:
    from kouan.basis import Place, Refused

    said = str(error).splitlines()[0]
    return Refused.because(
        "unreadable_event_file", f"文件无法读取：{said}", f"The file cannot be read: {said}", where=Place(file=path.name),
        remedy=("核对文件是否完整、编码是否为 UTF-8。", "Check that the file is whole and in UTF-8."),
    )


def _event(row: dict[str, Any], path: Path) -> Event:
    from kouan.monitoring.timing.events import Event

    given = {name: value for name, value in row.items() if value is not None}
    for name in ("occurred_at", "received_at"):
        if name in given:
            given[name] = _read(_instant, given[name], name, row, path)
    for name in ("planned", "withdrawn"):
        if name in given:
            given[name] = _read(_truth, given[name], name, row, path)
    for name in ("utc_offset", "revision", "quantity"):
        if name in given and given[name] == "":
            del given[name]
        elif name in given:
            given[name] = _read(int, given[name], name, row, path)
    for name in ("nationality_group", "risk_channel", "goods_kind"):
        if given.get(name) == "":
            del given[name]
    if "occurred_at" not in given:
        _read(_instant, "", "occurred_at", row, path)
    return Event(**given)


def _instant(value: Any) -> int:
    """ISO text with an offset, or without one in UTC; a TIMESTAMP is UTC; a whole number is µs since 1970."""
    from kouan.cli.naming import FIRST_YEAR, LAST_YEAR
    from kouan.monitoring.timing.events import microseconds, moment

    if isinstance(value, str) and value.lstrip("-").isdigit() and len(value) > 8:
        value = int(value)
    when = moment(value) if isinstance(value, int) else value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
    if not FIRST_YEAR <= when.year <= LAST_YEAR:
        raise ValueError("no event of ours lies so far away")
    return microseconds(when if when.tzinfo else when.replace(tzinfo=UTC))


def _truth(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in (*_TRUE, *_FALSE):
        raise ValueError(word)
    return word in _TRUE


def _read(read: Any, value: Any, column: str, row: dict[str, Any], path: Path) -> Any:
    from kouan.basis import Place, Refused

    try:
        return read(value)
    except (ValueError, TypeError, OverflowError):
        raise Refused.because(
            "cell_unreadable", f"案例 {row.get('case_id')} 的“{value}”不能用作 {column}。",
            f"“{value}” of case {row.get('case_id')} cannot be read as {column}.", where=Place(file=path.name, column=column),
            remedy=("时间写作 2026-03-01T08:00:00+08:00，真假写作 true 或 false，数为整数。",
                    "Write times as 2026-03-01T08:00:00+08:00, truth as true or false, numbers whole."),
        )
