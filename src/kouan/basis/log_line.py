"""One entry of the log, one line: what strangers type (names, addresses) can neither begin a line nor colour a terminal.

>>> import logging
>>> record = logging.LogRecord("kouan", logging.WARNING, "", 0, "no user %s", ("a\\n2026-01-01 INFO forged\\x1b[31m",), None)
>>> OneLine("{levelname} {message}", style="{").format(record)
'WARNING no user a\\\\n2026-01-01 INFO forged\\\\x1b[31m'
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


class OneLine(logging.Formatter):
    """Times in UTC with their offset; control characters escaped. A traceback follows on lines of its own, indented."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """The moment as RFC 3339 has it."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, escaped."""
        return _CONTROL.sub(_escaped, super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        """The traceback, whose lines cannot be taken for entries."""
        return "\n".join("    " + _CONTROL.sub(_escaped, line) for line in super().formatException(ei).splitlines())  # type: ignore[arg-type]
