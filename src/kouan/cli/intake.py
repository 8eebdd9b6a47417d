"""``kouan intake``, ``template`` and ``sources``: the way in, from the command line."""

from __future__ import annotations

import typer

from kouan.collection import commands


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    commands.mount(app)
