"""The files of a report: segments.csv, overall.csv, dfg.csv, variants.csv, status.csv and about.json in one folder.

Columns are told in ``docs/times-report.md``. Times are hours with four decimals, rounded half up from exact values;
where fewer than 30 cases stand behind a row its p95 is empty. The folder appears whole or not at all.

>>> hours("mean")
'CAST(mean AS DECIMAL(18,0)) * CAST(0.0001 AS DECIMAL(5,4)) AS mean_hours'
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kouan.basis import Place, Refused
from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.dialect import DUCKDB
from kouan.monitoring.eventlog.plan import LEAST_FOR_P95, STATUSES, Plan

if TYPE_CHECKING:
    import duckdb

    from kouan.monitoring.eventlog.engine import Result

FILES = ("segments.csv", "overall.csv", "dfg.csv", "variants.csv", "status.csv", "about.json")
ARROW = " > "


def hours(name: str) -> str:
    """SQL: ten-thousandths of an hour as hours."""
    return f"CAST({name} AS DECIMAL(18,0)) * CAST(0.0001 AS DECIMAL(5,4)) AS {name}_hours"


def times(where: str = "true") -> str:
    """SQL of the columns of statistics; empty where they do not hold (a row that only counts)."""
    shown = [hours(f"CASE WHEN {where} THEN {name} END").rpartition(" AS ")[0] + f" AS {name}_hours" for name in sql.STATISTICS[1:-1]]
    last = hours(f"CASE WHEN {where} AND n >= {LEAST_FOR_P95} THEN p95 END").rpartition(" AS ")[0] + " AS p95_hours"
    return ", ".join(("n", *shown, last))


def write(result: Result, into: Path, *, about: Mapping[str, Any] | None = None) -> list[Path]:
    """Write the folder ``into``, which must not hold anything but an earlier report; answer the files."""
    import duckdb

    refuse_other_folder(into)
    into.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    try:
        with duckdb.connect(config={"threads": 1}) as connection, ThreadPoolExecutor(2) as pool:
            for written in _write_tables(connection, pool, result, work):
                written.result()
        said = json.dumps(describe(result, about), ensure_ascii=False, indent=2) + "\n"
        (work / "about.json").write_text(said, encoding="utf-8")
        work.chmod(0o755)
        if into.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{into.name}-old-", dir=into.parent))
            os.replace(into, old)
            os.replace(work, into)
            shutil.rmtree(old)
        else:
            os.replace(work, into)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return [into / name for name in FILES]


def refuse_other_folder(into: Path) -> None:
    """Refuse a folder that holds anything but an earlier report."""
    if into.is_dir() and not (into / "about.json").is_file() and any(into.iterdir()):
        raise Refused.because(
            "folder_not_empty", "结果文件夹里有别的文件，不覆盖。", "The folder holds other files and is left alone.", where=Place(file=str(into)),
            remedy=("另选文件夹，或先清空。", "Name another folder, or empty it first."))  # fmt: skip


def describe(result: Result, about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a report says of itself: by what definitions, of how much, and whose figures."""
    plan = result.plan
    return {
        "report": "times", "cases": result.cases, "events": result.events, "by": list(plan.by), "cohort": plan.cohort,
        "utc_offset_minutes": plan.offset_minutes, "is_foreign": plan.is_foreign, "wholes": list(plan.wholes),
        "definitions_digest": plan.digest, "least_cases_for_p95": LEAST_FOR_P95, "quantiles": "type 7",
        "origin": list(result.origins), **(about or {}),
    }  # fmt: skip


def _write_tables(connection: duckdb.DuckDBPyConnection, pool: ThreadPoolExecutor, result: Result, folder: Path) -> list[Future[None]]:
    """Begin to write every table; two files at a time."""
    plan, tables = result.plan, result.tables
    lead = "".join(f"{expression} AS {name}, " for name, expression in _by(plan))
    flow = ", ".join(f"{expression} AS {name}" for name, expression in _flow(plan))

    waiting: list[Future[None]] = []

    def copy(name: str, columns: Mapping[str, Any], chosen: str) -> None:
        waiting.append(pool.submit(put, name, dict(columns), chosen))

    def put(name: str, columns: dict[str, Any], chosen: str) -> None:
        with connection.cursor() as cursor:  # names registered in one are not seen in another
            cursor.register("rows_", columns)
            cursor.execute(f"COPY (SELECT {chosen} FROM rows_) TO {DUCKDB.quoted(str(folder / name))} (FORMAT csv, HEADER)")
            cursor.unregister("rows_")

    if plan.is_foreign:
        stage = f'{_text(plan.milestones, "a")} AS "from", {_text(plan.milestones, "b")} AS "to"'
        copy("segments.csv", tables["segments"], f"{lead}{stage}, {times()}")
        copy("overall.csv", tables["overall"], f"{lead}{times()}")
        (folder / "status.csv").write_text("case_kind,mode,direction,whole,status,n\n", encoding="utf-8")
    else:
        stage = ", ".join(f"{_text(texts, 'pair')} AS {DUCKDB.named(name)}" for name, texts in stages(plan).items())
        copy("segments.csv", tables["segments"], f"{lead}{stage}, {times()}")
        copy("overall.csv", tables["overall"], f"{lead}{_text(plan.wholes, 'w')} AS whole, {times()}, early AS early_n")
        status = f"{_text(plan.wholes, 'w')} AS whole, {_text(STATUSES, 'status')} AS status, n"
        copy("status.csv", tables["status"], f"{flow}, {status}")
    ends = f'{_text(plan.milestones, "a")} AS "from", {_text(plan.milestones, "b")} AS "to"'
    copy("dfg.csv", _dfg(tables), f"{flow}, {ends}, {times('a >= 0 AND b >= 0')}")
    share = f"CAST(round(n / {max(result.cases, 1)}, 6) AS DECIMAL(9,6)) AS share"
    copy("variants.csv", _variants(result), f'"rank", {flow}, variant, steps, {share}, {times()}, example_case')
    return waiting


def _text(texts: Sequence[str], place: str) -> str:
    """SQL: a text by its position; empty for a position below none (-1)."""
    return f"CASE WHEN {place} >= 0 THEN ({DUCKDB.literals(texts)})[{place} + 1] ELSE '' END" if texts else "''"


def _flow(plan: Plan) -> list[tuple[str, str]]:
    columns = dict(sql.group_columns(plan, ("case_kind", "mode", "direction")))
    lists = dict(zip(("case_kind", "mode", "direction"), sql.kinds_of(plan), strict=True))
    return [(name, _text(lists[name], columns[name])) for name in columns]


def _by(plan: Plan) -> list[tuple[str, str]]:
    kinds, modes, directions = sql.kinds_of(plan)
    lists = {"port": plan.ports, "direction": directions, "mode": modes, "case_kind": kinds}
    month = "concat(CAST(month // 100 AS VARCHAR), '-', right(concat('0', CAST(month % 100 AS VARCHAR)), 2))"
    return [(name, month if name == "month" else _text(lists[name], name)) for name in plan.by]


def stages(plan: Plan) -> dict[str, list[str]]:
    """The texts of each stage pair: whole, part, from, to, owner and nature of the part, mandatory parts that it absorbed."""
    rows: dict[str, list[str]] = {name: [] for name in ("whole", "part", "from", "to", "owner", "nature", "absorbed")}
    for pair in plan.pairs:
        natures = {pair.part.nature, *(each.nature for each in pair.absorbed)}
        said = (
            plan.wholes[pair.whole], pair.part.code, plan.milestones[pair.since], plan.milestones[pair.to],
            "+".join(dict.fromkeys([*(each.owner for each in pair.absorbed), pair.part.owner])),
            natures.pop() if len(natures) == 1 else "undivided", "+".join(each.code for each in pair.absorbed),
        )  # fmt: skip
        for name, text in zip(rows, said, strict=True):
            rows[name].append(text)
    return rows


def _dfg(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The edges, and before and after them how many legs begin and end with a milestone (from or to empty, no times)."""
    edges, ends = tables["dfg"], tables["ends"]
    rows = [edges]
    for side, other in (("a", "b"), ("b", "a")):
        keys, place = np.unique(np.stack([ends["f"], ends[side]]), axis=1, return_inverse=True)
        n = np.zeros(keys.shape[1], np.int64)
        np.add.at(n, place.reshape(-1), ends["n"])
        nobody, zero = np.full(len(n), -1, np.int64), np.zeros(len(n), np.int64)
        rows.append({"f": keys[0], other: keys[1], side: nobody, "n": n, **dict.fromkeys(sql.STATISTICS[1:], zero)})
    joined = {name: np.concatenate([row[name] for row in rows]) for name in edges}
    order = np.lexsort((joined["b"], joined["a"], joined["f"]))
    return {name: values[order] for name, values in joined.items()}


def _variants(result: Result) -> dict[str, Any]:
    names = result.plan.milestones
    return {
        **result.tables["variants"], "rank": np.arange(1, len(result.paths) + 1),
        "variant": np.array([ARROW.join(names[m] for m in path) for path in result.paths], dtype=object),
        "steps": np.array([len(path) for path in result.paths], np.int64),
        "example_case": np.array(result.examples, dtype=object),
    }  # fmt: skip
