"""From files to tables: look at the log, compile the plan, let one of the engines count, name the codes.

>>> ENGINES
('duckdb', 'duckdb-sql', 'spark')

``duckdb``      DuckDB reads and codes, columns of numbers count (``native``): one machine, the fastest
``duckdb-sql``  the generated SQL on DuckDB, grouped by the case id itself
``spark``       the generated SQL on Apache Spark (``spark``), one machine or many
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kouan.basis import Finding, Place, Refused
from kouan.monitoring.eventlog import native, source, sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.eventlog.plan import CHINA_MINUTES, Plan, compile_plan
from kouan.monitoring.timing.definitions import shipped

if TYPE_CHECKING:
    import duckdb

Array = np.ndarray[Any, Any]
ENGINES = ("duckdb", "duckdb-sql", "spark")


@dataclass(frozen=True)
class Result:
    """The tables of one run in codes: positions in the lists of ``plan``; times in ten-thousandths of an hour.

    ``variants`` carries the list ``paths`` (milestones of each variant) and ``examples`` (a case of each).
    """

    plan: Plan
    log: source.Log
    tables: Mapping[str, Mapping[str, Array]]
    paths: list[tuple[int, ...]]
    examples: list[str]
    cases: int
    events: int
    origins: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def run(
    paths: Iterable[Path], *, columns: Mapping[str, str] | None = None, engine: str = "duckdb",
    by: tuple[str, ...] = ("port", "month", "direction"), wholes: tuple[str, ...] = (), cohort: str = "end",
    offset_minutes: int = CHINA_MINUTES, on: date | None = None, workers: int = 2, master: str = "local[2]", session: Any = None,
) -> Result:
    """Compute every table of a report. ``master``, ``session``: where the engine ``spark`` works (a session of the caller's own)."""
    import duckdb

    if engine not in ENGINES:
        raise Refused.because(
            "unknown_engine", f"没有引擎“{engine}”。", f"There is no engine “{engine}”.",
            remedy=(f"可用：{'、'.join(ENGINES)}。", f"Use one of: {', '.join(ENGINES)}."))  # fmt: skip
    # What does not fit into memory goes to a folder of its own, gone afterwards; by default DuckDB would spill into the working folder.
    with (
        tempfile.TemporaryDirectory(prefix="kouan-times-") as spill,
        duckdb.connect(config={"threads": workers, "temp_directory": spill}) as connection,
    ):
        log = source.open_log(connection, paths, columns)
        with source.told_of_files(log):
            plan = compile_plan(
                source.contents_of(connection, log), by=by, wholes=wholes, cohort=cohort, is_foreign=log.is_foreign,
                offset_minutes=offset_minutes, on=on,
            )  # fmt: skip
            is_corrected = log.is_admitted and source.has_corrections(connection, log)
            if engine == "duckdb":
                result = _columns(connection, log, plan, is_corrected, workers)
            elif engine == "duckdb-sql":
                result = _generated(connection, log, plan, is_corrected)
            else:
                from kouan.monitoring.eventlog import spark

                tables, paths_, examples, events = spark.run(log, plan, is_corrected, master=master, session=session)
                result = _result(plan, log, tables, paths_, examples, events)
            return replace(result, origins=source.origins(connection, log), findings=tuple(_unknown(plan, log)))


def _unknown(plan: Plan, log: source.Log) -> list[Finding]:
    """Milestones that the code list does not have, and kinds of flow that no whole measures."""
    if plan.is_foreign:
        return []
    known = shipped()
    where = Place(file=str(log.files[0])) if len(log.files) == 1 else Place()
    found = [
        Finding.warning(
            "unknown_milestone", f"代码表没有节点“{name}”，只计入路径，不计时。",
            f"The code list has no milestone “{name}”: it stands in paths and is not timed.", where=where,
            remedy=("按 milestones.yaml 的代码报送。", "Use the codes of milestones.yaml."))
        for name in plan.milestones if name not in known.milestones
    ]  # fmt: skip
    if not any(flow.chains for flow in plan.flows):
        found.append(Finding.warning(
            "no_flow", "文件里的办件类型、方向、运输方式没有对应的流程，不计时。",
            "None of the kinds, directions and modes in the files has a flow: nothing is timed.", where=where,
            remedy=("核对 case_kind、direction、mode 的代码。", "Check the codes of case_kind, direction and mode.")))  # fmt: skip
    return found


def _columns(connection: duckdb.DuckDBPyConnection, log: source.Log, plan: Plan, is_corrected: bool, workers: int) -> Result:
    is_one = source.is_one_source(log)
    found = native.run(log, plan, has_corrections=is_corrected, is_one_source=is_one, workers=workers)
    tables = native.tables(plan, found, workers)
    variants = tables["variants"]
    told = [found.paths[key] for key in variants.pop("key").tolist()]
    variants["f"] = np.array([int.from_bytes(each[:2], "little") for each in told], np.int64)
    paths = [tuple(np.frombuffer(each[2:], np.uint16).tolist()) for each in told]
    of, hashes = variants.pop("example_of"), variants.pop("example_hash")
    examples = _examples(connection, log, of, hashes, len(paths))
    return _result(plan, log, tables, paths, examples, found.events)


def _examples(connection: duckdb.DuckDBPyConnection, log: source.Log, of: Array, hashes: Array, count: int) -> list[str]:
    """The case ids behind some hashes, the smallest of each variant."""
    if not count:
        return []
    column = DUCKDB.named(log.columns["case_id"])
    connection.register("wanted", {"of": of, "h": hashes})
    rows = connection.execute(
        f"SELECT wanted.of, min(case_id) FROM (SELECT {column} AS case_id, hash({column}) AS h FROM "
        f"{DUCKDB.relation(log.files, log.is_parquet)}) e JOIN wanted ON e.h = wanted.h GROUP BY 1 ORDER BY 1"
    ).fetchall()
    connection.unregister("wanted")
    return [row[1] for row in rows]


def _generated(connection: duckdb.DuckDBPyConnection, log: source.Log, plan: Plan, is_corrected: bool) -> Result:
    """The generated SQL on DuckDB, the legs in a table of its own (which may go to disk)."""
    if is_corrected:
        connection.execute(f"CREATE TEMP TABLE corrected AS {source.corrected_sql(log)}")
    events = source.events_sql(log, log.files, corrected="corrected" if is_corrected else "")
    if not plan.is_foreign:
        connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"CREATE TEMP TABLE legs AS {sql.cases(plan, events, DUCKDB)}")
    return of_legs(connection, plan, log)


def of_legs(connection: duckdb.DuckDBPyConnection, plan: Plan, log: source.Log) -> Result:
    """The tables of whatever a connection holds as ``legs`` (``sql.cases``): of a whole log, or of the legs that somebody chose."""
    tables: dict[str, dict[str, Array]] = {}
    paths: list[tuple[int, ...]] = []
    examples: list[str] = []
    for name, statement in sql.statements(plan, "legs", DUCKDB).items():
        fetched = connection.execute(statement).fetchnumpy()
        if name == "variants":
            paths = [tuple(map(int, path)) for path in fetched.pop("path")]
            examples = [each["c"] for each in fetched.pop("example")]
        tables[name] = {column: np.asarray(values).astype(np.int64) for column, values in fetched.items()}
    events_counted = connection.execute("SELECT sum(len(l)) FROM legs").fetchall()
    return _result(plan, log, tables, paths, examples, int(events_counted[0][0] or 0))


def _result(
    plan: Plan, log: source.Log, tables: dict[str, dict[str, Array]], paths: list[tuple[int, ...]], examples: list[str], events: int
) -> Result:
    """The same order of rows whatever the engine: by code; variants by number of cases, then by flow and path."""
    for name, table in tables.items():
        if name != "variants":
            keys = [column for column in table if column not in (*sql.STATISTICS, "early")]
            order = np.lexsort([table[column] for column in reversed(keys)]) if len(next(iter(table.values()))) else np.zeros(0, int)
            tables[name] = {column: values[order] for column, values in table.items()}
    variants = tables["variants"]
    counts, flows = variants["n"].tolist(), variants["f"].tolist()
    ranked = sorted(range(len(paths)), key=lambda i: (-counts[i], flows[i], paths[i]))
    order = np.array(ranked, np.int64)
    tables["variants"] = {column: values[order] for column, values in variants.items()}
    return Result(
        plan, log, tables, [paths[i] for i in ranked], [examples[i] for i in ranked], int(variants["n"].sum()) if len(paths) else 0, events,
    )  # fmt: skip
