"""The home folder of one installation: its database, its keys and its documents.

A workspace lives in a home of its own, so that exercise data (演练数据) can never mix with
real data (DESIGN.md, contract 2): the home remembers which of the two it is, and refuses to
be opened as the other.

>>> import tempfile
>>> home = Home(Path(tempfile.mkdtemp()))
>>> home.open_as("exercise"); home.workspace
'exercise'
>>> len(home.key("audit")) >= 32 and home.key("audit") == home.key("audit")
True
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

WORKSPACES = ("real", "exercise")


class WrongWorkspace(RuntimeError):
    """The home belongs to the other workspace."""


@dataclass(frozen=True)
class Home:
    """One folder that holds everything an installation writes."""

    path: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home named by ``KOUAN_HOME``, else ``.kouan`` in the working folder."""
        return cls(Path(os.environ.get("KOUAN_HOME") or ".kouan").resolve())

    def _written_once(self, name: str, content: str) -> str:
        """Write a small private file if it is not there yet; answer what it holds.

        The exclusive open lets two processes start at once: one writes, the other reads.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = self.path / name
        try:
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return place.read_text(encoding="utf-8").strip()
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content + "\n")
        return content

    @property
    def workspace(self) -> str:
        """``real`` or ``exercise``; a new home is real unless it was opened otherwise."""
        place = self.path / "workspace"
        return place.read_text(encoding="utf-8").strip() if place.exists() else "real"

    def open_as(self, workspace: str) -> None:
        """Fix the workspace of a new home; refuse a home that belongs to the other one."""
        if workspace not in WORKSPACES:
            raise WrongWorkspace(f"工作区只能是 real 或 exercise / unknown workspace: {workspace}")
        found = self._written_once("workspace", workspace)
        if found != workspace:
            raise WrongWorkspace(
                f"{self.path} 属于 {found} 工作区，不能按 {workspace} 打开；请另选 KOUAN_HOME。"
                f" / This home belongs to the {found} workspace; choose another KOUAN_HOME."
            )

    def key(self, name: str) -> str:
        """A secret of this installation, made on first use and kept outside the database."""
        return self._written_once(f"{name}.key", secrets.token_urlsafe(48))

    @property
    def database(self) -> Path:
        """Where the embedded database lies."""
        return self.path / "kouan.sqlite3"

    @property
    def documents(self) -> Path:
        """Where uploaded files lie, named by their checksum."""
        return self.path / "documents"
