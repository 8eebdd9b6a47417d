"""The tables of an engine with names in place of codes, in the shape of ``reference``."""

from __future__ import annotations

from typing import Any

from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.engine import Result
from kouan.monitoring.eventlog.plan import STATUSES

SHOWN = sql.STATISTICS


def named(result: Result) -> dict[str, Any]:
    """segments, overall, status, dfg, ends, variants as dictionaries."""
    plan = result.plan
    kinds, modes, directions = sql.kinds_of(plan)
    lists: dict[str, Any] = {"port": plan.ports, "direction": directions, "mode": modes, "case_kind": kinds}

    def rows(name: str) -> list[dict[str, int]]:
        table = result.tables[name]
        return [dict(zip(table, row, strict=True)) for row in zip(*(column.tolist() for column in table.values()), strict=True)]

    def by(row: dict[str, int]) -> tuple[Any, ...]:
        return tuple(row[name] if name == "month" else lists[name][row[name]] for name in plan.by)

    def flow(row: dict[str, int]) -> tuple[str, ...]:
        f = row["f"]
        return kinds[f // len(directions) // len(modes)], modes[f // len(directions) % len(modes)], directions[f % len(directions)]

    def shown(row: dict[str, int], *more: Any) -> tuple[Any, ...]:
        return (*(row[name] for name in SHOWN), *more)

    m = plan.milestones
    made: dict[str, Any] = {
        "dfg": {(*flow(r), m[r["a"]], m[r["b"]]): shown(r) for r in rows("dfg")},
        "ends": {(*flow(r), m[r["a"]], m[r["b"]]): r["n"] for r in rows("ends")},
        "variants": {
            (*flow(r), tuple(m[code] for code in path)): shown(r, example)
            for r, path, example in zip(rows("variants"), result.paths, result.examples, strict=True)
        },
    }
    if plan.is_foreign:
        made["segments"] = {(*by(r), m[r["a"]], m[r["b"]]): shown(r) for r in rows("segments")}
        return made
    for r in rows("segments"):
        pair = plan.pairs[r["pair"]]
        key = (*by(r), plan.wholes[pair.whole], pair.part.code, m[pair.since], m[pair.to], "+".join(part.code for part in pair.absorbed))
        made.setdefault("segments", {})[key] = shown(r)
    made["overall"] = {(*by(r), plan.wholes[r["w"]]): shown(r, r["early"]) for r in rows("overall")}
    made["status"] = {(*flow(r), plan.wholes[r["w"]], STATUSES[r["status"]]): r["n"] for r in rows("status")}
    return made
