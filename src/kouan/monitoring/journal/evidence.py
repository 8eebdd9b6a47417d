"""Events as evidence: what was read of the journal is named by port and month.

A month is how events are closed and kept. Naming each event would make millions of links; a day would make twenty thousand for one large
study. So "what depends on it" answers for every record that read the month.

>>> from datetime import date
>>> [each.id for each in port_months(["luohu-rail"], date(2026, 1, 31), date(2026, 3, 1))]
['luohu-rail@2026-01', 'luohu-rail@2026-02', 'luohu-rail@2026-03']
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kouan.basis import EvidenceRef

KIND = "port_month"


def port_months(ports: Iterable[str], first: date, last: date) -> list[EvidenceRef]:
    """The months of these ports that two days span."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [EvidenceRef("monitoring", KIND, f"{port}@{at // 12}-{at % 12 + 1:02d}") for port in ports for at in months]
