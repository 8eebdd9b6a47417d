"""Groups of a report as one number each: month, port, direction, mode, kind, and what was measured inside."""

from __future__ import annotations

from typing import Any

import numpy as np

from kouan.monitoring.eventlog import sql
from kouan.monitoring.eventlog.plan import Plan

Array = np.ndarray[Any, Any]


def month_numbers(instants: Array, offset_minutes: int) -> Array:
    """Months since January 1970 of instants in µs, on a clock so many minutes ahead of UTC."""
    if not len(instants):
        return np.zeros(0, np.int64)
    shifted = instants + offset_minutes * 60_000_000
    low, high = (np.datetime64(int(x), "us").astype("datetime64[M]").astype(int) for x in (shifted.min(), shifted.max()))
    edges = np.arange(low + 1, high + 1).astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
    return low + np.searchsorted(edges, shifted, side="right")


def group(plan: Plan, port: Array, month: Array, flow: Array) -> Array:
    """One number for a group: the columns of ``by``, month most significant."""
    kinds, modes, directions = sql.kinds_of(plan)
    sizes = {"port": len(plan.ports), "direction": len(directions), "mode": len(modes), "case_kind": len(kinds)}
    value = month.astype(np.int64) if "month" in plan.by else np.zeros(len(port), np.int64)
    flow = flow.astype(np.int64)
    columns = {
        "port": port, "direction": flow % len(directions), "mode": flow // len(directions) % len(modes),
        "case_kind": flow // (len(directions) * len(modes)),
    }  # fmt: skip
    for name in plan.by:
        if name != "month":
            value = value * sizes[name] + columns[name]
    return value


def ungroup(plan: Plan, value: Array, inner_size: int) -> tuple[dict[str, Array], Array]:
    """The columns again, months as 202603, and what was measured inside."""
    kinds, modes, directions = sql.kinds_of(plan)
    sizes = {"port": len(plan.ports), "direction": len(directions), "mode": len(modes), "case_kind": len(kinds)}
    inner, value = value % inner_size, value // inner_size
    columns: dict[str, Array] = {}
    for name in reversed([each for each in plan.by if each != "month"]):
        columns[name] = value % sizes[name]
        value = value // sizes[name]
    if "month" in plan.by:
        columns["month"] = (1970 + value // 12) * 100 + value % 12 + 1
    return {name: columns[name] for name in plan.by}, inner
