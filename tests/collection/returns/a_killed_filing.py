"""Run as a process of its own: file one return and sign it, in a child that is killed at a chosen write.

    python a_killed_filing.py NUMBER AT

The database cursor counts what is written; at the AT-th statement that changes something the process kills itself with SIGKILL. AT 0: it
lives, and says how many writes there were.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any


def main(number: int, at: int) -> None:
    """File and exit."""
    import django

    django.setup()
    from django.db import connection

    from kouan.accounts.models import User
    from kouan.collection.returns import actions

    actor = User.objects.get(username="luohu-bianjian")
    people = {"head": "甲", "statistician": "乙", "filler": "丙", "reported_on": "2024-01-01"}
    values = {"pax_in": 1000, "pax_out": 900, "crew": 10, "conv": 60, "lane_capacity_hour": 500, "citizen_batches": 4, "citizen_batches_30": 4}
    filled = actions.filled_from({code: (value, "", "") for code, value in values.items()}, people, False)
    writes = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal writes
        if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            writes += 1
            if writes == at:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        done = actions.file_return(actor=actor, number=number, filled=filled, channel="api")
    sys.stdout.write(f"{writes} {done.version.number}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
