"""How the journal stands: sources with their newest events and clocks, what is held, which months are closed."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min, Q, Sum

from kouan.basis import Finding
from kouan.monitoring.journal.columns import iso
from kouan.monitoring.journal.compaction import current_months, waiting_months
from kouan.monitoring.journal.models import EventBatch, HeldEvent
from kouan.monitoring.journal.queries import event_sources_visible_to
from kouan.monitoring.journal.reading import check_files
from kouan.monitoring.journal.skew import clock_findings

_SUMS = ("received", "accepted", "repeated", "held", "corrections", "withdrawals", "late", "out_of_order")


def journal_status(user: Any, *, with_files: bool = False) -> dict[str, Any]:
    """JSON-ready. ``with_files`` reads every file of the closed months and compares it with its checksum."""
    sums = {
        row["source"]: row for row in EventBatch.objects.visible_to(user).values("source").annotate(
            batches=Count("pk"), newest=Max("received_at"), first_us=Min("first_us"), last_us=Max("last_us"),
            **{f"sum_{name}": Sum(name) for name in _SUMS}).order_by()
    }
    waiting = dict(HeldEvent.objects.visible_to(user).filter(Q(resolution="")).values_list("source").annotate(Count("pk")).order_by())
    sources, findings = [], []
    for source in event_sources_visible_to(user).select_related("organisation").prefetch_related("rulings"):
        row = sums.get(source.code, {})
        clocks = clock_findings(source)
        findings += clocks
        sources.append({
            "code": source.code, "name": source.name.as_dict(), "origin": source.origin, "batches": row.get("batches", 0),
            **{name: row.get(f"sum_{name}") or 0 for name in _SUMS}, "waiting": waiting.get(source.code, 0),
            "newest_received_at": row["newest"].isoformat() if row.get("newest") else None,
            "first_occurred_at": iso(row["first_us"]) if row.get("first_us") is not None else None,
            "last_occurred_at": iso(row["last_us"]) if row.get("last_us") is not None else None,
            "findings": [finding.as_dict() for finding in clocks],
        })
    months = [
        {"month": row.month, "generation": row.generation, "rows": row.rows, "files": len(row.files),
         "bytes": sum(each["bytes"] for each in row.files), "created_at": row.created_at.isoformat()}
        for row in current_months().values()
    ]
    late = waiting_months()
    if late:
        findings.append(Finding.info(
            "months_to_compact", f"{len(late)} 个月份待归档：{'、'.join(late[:6])}。",
            f"{len(late)} months wait to be compacted: {', '.join(late[:6])}.",
            remedy=("运行 kouan events compact。", "Run kouan events compact.")))
    if with_files:
        findings += check_files()
    return {"sources": sources, "months": months, "months_waiting": late, "findings": [finding.as_dict() for finding in findings]}
