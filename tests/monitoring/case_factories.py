"""A case in the journal, in field words."""

from __future__ import annotations

from datetime import timedelta

from tests.monitoring.journal_factories import NOON, a_source, an_event, sent

from kouan.accounts.models import User
from kouan.basis import clock

STEPS = {"arrived": 0, "berthed": 4, "unloaded": 10, "declared": 12, "docs_checked": 13}


def an_import_under_way() -> User:
    """The terminal's user, who has reported the import C00001 up to the check of its papers, at one o'clock in the morning."""
    user = a_source().organisation.users.get()
    with clock.travel_to(NOON + timedelta(hours=14)):
        events = [an_event(1, milestone=code, event_id=code, occurred_at=(NOON + timedelta(hours=at)).isoformat()) for code, at in STEPS.items()]
        assert sent(user, *events).as_dict()["accepted"] == len(STEPS)
    return user
