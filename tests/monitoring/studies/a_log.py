"""A small journal in field words: imports by sea at two ports of two provinces, some slow at a known step."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.accounts.factories import a_national_officer, a_provincial_officer, a_user
from tests.monitoring.journal_factories import NOON, OTHER_PORT, PORT, a_source, an_event, sent

from kouan.accounts.models import Role
from kouan.basis import clock

STEPS = ("arrived", "berthed", "unloaded", "declared", "docs_checked", "released")
# Hours after arrival at which each milestone is reached.
USUAL = (0, 4, 10, 12, 13, 16)


def a_case(name: str, port: str = PORT, hours: tuple[float | None, ...] = USUAL, after: float = 0.0, **fields: Any) -> list[dict[str, Any]]:
    """The events of one import; ``after``: hours from noon on 2 March 2026 to its arrival; None: that milestone is not told."""
    source = "tj-terminal" if port == PORT else "mzl-rail"
    return [
        an_event(1, case_id=name, milestone=step, port=port, source=source, event_id=f"{name}-{step}",
                 occurred_at=(NOON + timedelta(hours=after + at)).isoformat(), **fields)
        for step, at in zip(STEPS, hours, strict=True) if at is not None
    ]


def spread(n: int) -> tuple[float, ...]:
    """The usual hours, a little longer with each case, so that no two are alike."""
    return tuple(at + at * n / 100 for at in USUAL)


class House:
    """Tianjin and Manzhouli with their terminals, their provinces, the national office; 24 imports at Tianjin, 12 at Manzhouli."""

    def __init__(self) -> None:
        self.terminal = a_source().organisation.users.get()
        self.station = a_source("mzl-rail", ports=(OTHER_PORT,)).organisation.users.get()
        self.national = a_national_officer()
        self.second = a_user(Role.NATIONAL_OFFICER, self.national.organisation, username="second")
        self.tianjin = a_provincial_officer("12")
        self.inner_mongolia = a_provincial_officer("15")

    def log(self, at: datetime = NOON + timedelta(days=6)) -> None:
        """Take the log in. One import waits three days for its papers (SLOW), one still runs, one lacks its arrival."""
        rows = [event for n in range(21) for event in a_case(f"T{n:03d}", hours=spread(n), after=n)]
        rows += a_case("SLOW", hours=(0, 4, 10, 12, 84, 87))
        rows += a_case("RUNS", hours=(0, 4, 10, 12, None, None))
        rows += a_case("LACKS", hours=(None, 4, 10, 12, 13, 16))
        with clock.travel_to(at):
            assert sent(self.terminal, *rows).as_dict()["accepted"] == len(rows)
            others = [event for n in range(12) for event in a_case(f"M{n:03d}", OTHER_PORT, spread(n), n, mode="rail")]
            others = [event for event in others if event["milestone"] != "berthed"]
            assert sent(self.station, *others).as_dict()["accepted"] == len(others)
