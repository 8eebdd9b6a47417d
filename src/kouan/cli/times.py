"""``kouan times``: what operations took. Reads files of milestone events; no database."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="作业时间：由节点事件文件计算整体通关时间及各分段。 / Operation times: wholes and segments from files of milestone events."
)
