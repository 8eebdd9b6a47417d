"""How far a job has come, readable while its one large transaction is still open.

A job's own transaction hides what it writes until the end, and on SQLite a second writer
would have to wait for it. So progress lies in a small file of the home, replaced whole each
time; with several machines on one PostgreSQL, the home's folder ``progress`` must be shared
(docs/operations.md).

>>> from tempfile import mkdtemp; from pathlib import Path
>>> book = ProgressBook(Path(mkdtemp()))
>>> book.write(7, done=50, total=200, stage="校验")
>>> book.read(7).share
0.25
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Report = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Work done of a total (rows, mostly), the step, and when it was last heard of (epoch seconds)."""

    done: int
    total: int | None
    stage: str
    heard_at: float

    @property
    def share(self) -> float | None:
        """0…1, or None while the total is not known."""
        return min(1.0, self.done / self.total) if self.total else None


@dataclass(frozen=True)
class ProgressBook:
    """One file for each running job."""

    folder: Path

    def _place(self, job_id: int) -> Path:
        return self.folder / f"{int(job_id)}.json"

    def write(self, job_id: int, *, done: int, total: int | None, stage: str) -> None:
        """Replace the job's line; a reader sees the old one or the new one, never half."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f"{int(job_id)}.{os.getpid()}.part"
        draft.write_text(json.dumps([done, total, stage, time.time()], ensure_ascii=False), encoding="utf-8")
        os.replace(draft, self._place(job_id))

    def read(self, job_id: int) -> Progress | None:
        """The last line of the job, or None when nothing was heard yet."""
        try:
            done, total, stage, heard_at = json.loads(self._place(job_id).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return Progress(done, total, stage, heard_at)

    def forget(self, job_id: int) -> None:
        """Drop the line of a finished job."""
        self._place(job_id).unlink(missing_ok=True)


def throttled(report: Report, seconds: float = 0.25) -> Report:
    """Pass on at most one line each ``seconds``, and every change of step."""
    last_at, last_stage = 0.0, ""

    def pass_on(done: int, total: int | None, stage: str) -> None:
        nonlocal last_at, last_stage
        now = time.monotonic()
        if stage != last_stage or now - last_at >= seconds or (total and done >= total):
            last_at, last_stage = now, stage
            report(done, total, stage)

    return pass_on
