"""Run as a process of its own: write events, or compact a month, in children that the parent test may kill.

``start write N``    a child takes in batches of fifty events, numbered from N, and says ``acked FIRST LAST`` after each commit
``start compact M``  a child compacts month M again and again and says ``made GENERATION``
``start check``      a child says what the journal holds, as JSON
``wait``             answers ``ended`` when the child is gone

Every start is answered ``started PID``. No connection is opened in the parent.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from datetime import UTC, datetime, timedelta

SIZE = 50
MARCH = datetime(2026, 3, 2, 4, tzinfo=UTC)


def say(line: str) -> None:
    """One line to the parent test."""
    os.write(1, f"{line}\n".encode())


def write(first: int) -> None:
    """Take in batch after batch until killed."""
    import msgspec

    from kouan.accounts.action import acting_system
    from kouan.monitoring.journal import shape
    from kouan.monitoring.journal.actions import take_in_events
    from kouan.ports.models import Port

    port = Port.objects.order_by("code").values_list("code", flat=True)[0]
    with acting_system("killed journal") as system:
        for start in itertools.count(first, SIZE):
            rows = [
                {"case_id": f"K{number // 4}", "case_kind": "container", "milestone": "arrived", "mode": "sea", "direction": "inbound",
                 "port": port, "occurred_at": (MARCH + timedelta(seconds=number)).isoformat(), "source": "killed", "event_id": str(number)}
                for number in range(start, start + SIZE)
            ]
            answer = take_in_events(actor=system, read=shape.read(msgspec.json.encode(rows))).as_dict()
            assert answer["accepted"] + answer["repeated"] == SIZE, answer
            say(f"acked {start} {start + SIZE - 1}")


def compact(month: str) -> None:
    """Compact one month again and again until killed."""
    from kouan.accounts.action import acting_system
    from kouan.monitoring.journal.compaction import compact as run

    with acting_system("killed journal") as system:
        while True:
            for made in run(actor=system, months=[month]):
                say(f"made {made.generation}")


def check() -> None:
    """What the journal, its trail and the one table hold."""
    from django.db.models import Sum

    from kouan.accounts.action import acting_system
    from kouan.audit.verify import verify
    from kouan.monitoring.journal.models import Event, EventBatch
    from kouan.monitoring.journal.reading import check_files, events_table

    with acting_system("check") as system, events_table(system) as engine:
        table = engine.execute("SELECT count(*), count(DISTINCT event_id) FROM events").fetchone()
    say(json.dumps({
        "ids": sorted(map(int, Event.objects.values_list("event_id", flat=True))), "table": table,
        "accepted": EventBatch.objects.aggregate(sum=Sum("accepted"))["sum"] or 0,
        "faults": [finding.code for finding in [*verify().findings, *check_files()] if finding.is_error],
    }))


def prepare() -> None:
    """The source under which events are sent."""
    from kouan.accounts.models import Organisation, OrganisationKind
    from kouan.monitoring.journal.models import EventSource

    office, _ = Organisation.objects.get_or_create(code="killed", kind=OrganisationKind.PORT_OPERATOR, name_zh="测试单位")
    EventSource.objects.get_or_create(code="killed", defaults={
        "name_zh": "测试", "name_en": "test", "organisation": office, "port_codes": ["*"], "origin": "exercise"})
    say("prepared")


def child(words: list[str], go: int) -> None:
    """Do what was asked. The connection is the child's own."""
    os.read(go, 1)
    match words:
        case ["write", first]:
            write(int(first))
        case ["compact", month]:
            compact(month)
        case ["check"]:
            check()
        case ["prepare"]:
            prepare()
    os._exit(0)


def main() -> None:
    """Serve the parent test until its end."""
    import django

    django.setup()
    # Loaded before the fork, so that a child's time goes into what may be killed.
    import kouan.monitoring.journal.actions
    import kouan.monitoring.journal.compaction
    import kouan.monitoring.journal.reading  # noqa: F401

    running = 0
    say("ready")
    for line in sys.stdin:
        verb, *words = line.split()
        if verb == "start":
            go, ready = os.pipe()
            running = os.fork()
            if not running:
                child(words, go)
            say(f"started {running}")
            os.write(ready, b"!")
            os.close(go)
            os.close(ready)
        else:
            os.waitpid(running, 0)
            say("ended")


if __name__ == "__main__":
    main()
