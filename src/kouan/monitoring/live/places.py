"""Which ports a live day follows: every port of the register that is not closed or merged away."""

from __future__ import annotations

from kouan.basis import Text
from kouan.monitoring.live.panel import PortOf
from kouan.ports.models import Port, PortStatus

GONE = (PortStatus.CLOSED, PortStatus.MERGED)


def followed_ports() -> list[PortOf]:
    """Their names, province and mode, by code. Not narrowed to a reader: a panel is, by ``Reader``."""
    rows = Port.objects.exclude(status__in=GONE).exclude(province_code="").order_by("code").values_list(
        "code", "short_name_zh", "name_en", "province_code", "mode")
    return [PortOf(code, Text(name, english or name), province, mode) for code, name, english, province, mode in rows]
