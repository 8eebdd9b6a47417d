"""Running commands in this process, on the test's own database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from kouan.cli import app


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote where."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        """Codes of the findings of a refusal."""
        return [finding["code"] for finding in self.json["error"]["findings"]]


@pytest.fixture
def kouan() -> Callable[..., Ran]:
    """``kouan("verdict", "--year", "2023")`` in this process."""

    def run(*arguments: str) -> Ran:
        ended: Any = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "TERM": "dumb"})
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ran(ended.exit_code, ended.stdout, ended.stderr)

    return run
