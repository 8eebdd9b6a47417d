"""Back-pressure by source: beyond four times its declared norm a source is asked to wait."""

from __future__ import annotations

from kouan.monitoring.journal.actions import Prepared
from kouan.monitoring.journal.committer import Meter, _pressed, meter
from kouan.monitoring.journal.models import EventSource


def press(prepared: Prepared, by: Meter = meter) -> None:
    """EventsPressed (429) when a source of the request has sent far more than its norm; nothing is taken then."""
    norms = dict(EventSource.objects.filter(code__in=list(prepared.judged)).values_list("code", "norm_per_second"))
    for code, judged in prepared.judged.items():
        wait = by.spend(code, norms.get(code, 0), judged.received)
        if wait:
            raise _pressed(429, wait, judged.received, f"{norms[code]} × 4 / s")
