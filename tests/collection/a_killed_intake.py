"""Run as a process of its own: take a file in, once for each line on standard input, until killed.

    python a_killed_intake.py FILE…      reads an index per line, answers "started", then "done REPORT"

The parent kills it at any moment; whatever it had begun must then be complete or absent.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from kouan.accounts.action import acting_system  # noqa: E402
from kouan.collection.actions import take_in  # noqa: E402

# The first query opens the connection, so that the kill falls into the intake itself.
from kouan.collection.models import Batch  # noqa: E402

Batch.objects.exists()
print("ready", flush=True)
for line in sys.stdin:
    print("started", flush=True)
    with acting_system("killed intake") as system:
        report = take_in(actor=system, path=sys.argv[1 + int(line)], source="port-return")
    print("done", json.dumps(report.as_dict()), flush=True)
