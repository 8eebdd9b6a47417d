"""Imports of one port over two months, in field words, small enough to count by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.monitoring.journal_factories import OTHER_PORT, PORT, a_source, an_event, sent

from kouan.accounts.models import User
from kouan.basis import clock

# Hours after arrival. The usual path; with an inspection, eight hours later; declared before it arrived; without a released.
USUAL = {"arrived": 0, "declared": 4, "docs_checked": 5, "released": 10}
INSPECTED = {"arrived": 0, "declared": 4, "docs_checked": 5, "inspection_ordered": 6, "inspection_started": 14, "inspection_ended": 16,
             "released": 18}
AHEAD = {"declared": -3, "arrived": 0, "docs_checked": 1, "released": 6}
RUNNING = {"arrived": 0, "declared": 4}
MARCH, APRIL = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC)
LATER = datetime(2026, 5, 20, tzinfo=UTC)


def steps(case: str, begun: datetime, hours: dict[str, float], port: str = PORT, **fields: Any) -> list[dict[str, Any]]:
    """The events of one import."""
    return [an_event(1, case_id=case, milestone=code, event_id=f"{case}-{code}", port=port, occurred_at=(begun + timedelta(hours=at)).isoformat(),
                     **fields) for code, at in hours.items()]  # fmt: skip


def two_months(**fields: Any) -> User:
    """In March six usual imports and two inspected; in April six faster by two hours, one declared ahead, one still running."""
    user = a_source(ports=(PORT, OTHER_PORT), **fields).organisation.users.get()
    faster = {code: at * 0.8 for code, at in USUAL.items()}
    told: list[Iterable[dict[str, Any]]] = [
        *(steps(f"M{n}", MARCH + timedelta(days=n), USUAL) for n in range(6)),
        *(steps(f"I{n}", MARCH + timedelta(days=n), INSPECTED) for n in range(2)),
        *(steps(f"A{n}", APRIL + timedelta(days=n), faster) for n in range(6)),
        steps("AHEAD", APRIL, AHEAD), steps("RUNS", APRIL, RUNNING),
    ]  # fmt: skip
    with clock.travel_to(LATER):
        answer = sent(user, *[event for events in told for event in events]).as_dict()
    assert answer["held"] == 0, answer
    return user


def a_queue() -> User:
    """On 2 March 2026, at the port: a hundred batches of two persons, one each minute from nine; lane A serves one in two minutes."""
    user = a_source().organisation.users.get()
    nine = datetime(2026, 3, 2, 1, tzinfo=UTC)
    rows = []
    for n in range(100):
        joined, entered = nine + timedelta(minutes=n), nine + timedelta(minutes=max(n, 2 * n))
        for code, when in (("queue_joined", joined), ("lane_entered", entered), ("lane_cleared", entered + timedelta(minutes=2))):
            rows.append(an_event(1, case_id=f"Q{n}", case_kind="passenger_batch", milestone=code, event_id=f"Q{n}-{code}", quantity=2,
                                 place="" if code == "queue_joined" else "A", occurred_at=when.isoformat()))  # fmt: skip
    with clock.travel_to(LATER):
        assert sent(user, *rows).as_dict()["held"] == 0
    return user
