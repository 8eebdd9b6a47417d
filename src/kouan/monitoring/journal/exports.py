"""Events as rows for exports, within a user's scope: sorted by case and time, times as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kouan.monitoring.journal.columns import COLUMNS, iso
from kouan.monitoring.journal.reading import events_table


def exported_rows(
    user: Any, *, ports: tuple[str, ...] = (), month: str = "", is_current: bool = True, with_withdrawn: bool = False,
) -> Iterator[dict[str, Any]]:
    """The events that a user may see. ``is_current``: of each the highest revision; withdrawn ones only when asked for."""
    where: list[str] = []
    values: list[str] = []
    if ports:
        where.append(f"port IN ({', '.join('?' * len(ports))})")
        values += ports
    if month:
        where.append("strftime(occurred_at, '%Y-%m') = ?")
        values.append(month)
    view = "events_current" if is_current and not with_withdrawn else "events"
    names = [{"occurred_us": "occurred_at", "received_us": "received_at"}.get(name, name) for name in COLUMNS]
    chosen = ", ".join(f"epoch_us({name})" if name.endswith("_at") else name for name in names)
    newest = "QUALIFY revision = max(revision) OVER (PARTITION BY source, event_id)" if is_current and with_withdrawn else ""
    with events_table(user) as engine:
        found = engine.execute(
            f"SELECT {chosen} FROM {view} {'WHERE ' + ' AND '.join(where) if where else ''} {newest} "  # noqa: S608 - values are bound
            "ORDER BY case_id, occurred_at, journal_id", values)
        while rows := found.fetchmany(10_000):
            for row in rows:
                said = dict(zip(names, row, strict=True))
                said["occurred_at"], said["received_at"] = iso(said["occurred_at"]), iso(said["received_at"])
                yield said
