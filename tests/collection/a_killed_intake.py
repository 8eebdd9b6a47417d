"""Run as a process of its own: take files in, each in a child process, so that the parent test may kill it.

    python a_killed_intake.py FILE…

``start N`` on standard input begins with file N in a new child and answers ``started PID``; the child
answers ``done REPORT`` if it lives so long. ``wait`` answers ``ended`` when the child is gone.
"""

from __future__ import annotations

import json
import os
import sys


def child(file: str, go: int) -> None:
    """Take one file in and say so. The connection is the child's own: the parent never opens one."""
    from kouan.accounts.action import acting_system
    from kouan.collection.actions import take_in

    os.read(go, 1)  # until the parent has named the child, so that the lines come in order
    with acting_system("killed intake") as system:
        report = take_in(actor=system, path=file, source="port-return")
    os.write(1, f"done {json.dumps(report.as_dict())}\n".encode())
    os._exit(0)


def main(files: list[str]) -> None:
    """Serve the parent test until its end."""
    import django

    django.setup()
    running = 0
    os.write(1, b"ready\n")
    for line in sys.stdin:
        verb, _, number = line.strip().partition(" ")
        if verb == "start":
            go, ready = os.pipe()
            running = os.fork()
            if not running:
                child(files[int(number)], go)
            os.write(1, f"started {running}\n".encode())
            os.write(ready, b"!")
            os.close(go)
            os.close(ready)
        else:
            os.waitpid(running, 0)
            os.write(1, b"ended\n")


if __name__ == "__main__":
    main(sys.argv[1:])
