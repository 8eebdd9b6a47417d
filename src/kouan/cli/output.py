"""How the command line speaks: figures, findings, JSON and progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kouan.basis import Finding, Severity, Text, has_errors

LANGUAGE_HELP = "界面语言 zh 或 en / language of messages: zh or en"

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
_language = "zh"

MARKS = {
    Severity.ERROR: Text("✖ 错误", "✖ error"),
    Severity.WARNING: Text("▲ 提示", "▲ warning"),
    Severity.INFO: Text("● 说明", "● note"),
}


def use_language(language: str) -> None:
    """Fix the language of this run; anything but ``en`` is Chinese."""
    global _language
    _language = "en" if language.lower().startswith("en") else "zh"


def say(zh: str, en: str) -> str:
    """One of two texts."""
    return en if _language == "en" else zh


def tell(zh: str, en: str) -> None:
    """A line about what is going on, to standard error, so that it never mixes with results."""
    err.print(f"· {say(zh, en)}", style="dim", markup=False)


def text(value: Text) -> str:
    """A bilingual text in the language of this run."""
    return value.in_language(_language)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def write_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def show_findings(findings: Sequence[Finding], *, limit: int = 20) -> None:
    """Findings as a list: what, where, what to do."""
    for finding in findings[:limit]:
        colour = {"error": "red", "warning": "yellow"}.get(finding.severity.value, "blue")
        err.print(f"[{colour}]{text(MARKS[finding.severity])}[/] {finding.code}", end="  ")
        err.print(text(finding.message), markup=False)
        if str(finding.where):
            err.print(f"    {say('位置：', 'at: ')}{finding.where}", markup=False, style="dim")
        if finding.remedy:
            err.print(f"    {say('办法：', 'do: ')}{text(finding.remedy)}", markup=False)
    if len(findings) > limit:
        more = len(findings) - limit
        err.print(say(f"    另有 {more} 条，用 --json 查看全部。", f"    {more} more; --json shows all."), style="dim")


def fail(findings: Sequence[Finding]) -> int:
    """Show why something was refused; answer exit status 1. Under --json it stands on standard output."""
    if "--json" in sys.argv:
        write_json({"refused": True, "findings": [finding.as_dict() for finding in findings]})
    else:
        show_findings(findings)
    return 1


def status_of(findings: Iterable[Finding]) -> int:
    """0, or 1 when anything is of error severity."""
    return 1 if has_errors(list(findings)) else 0


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[int] = (), title: str = "") -> None:
    """A table on standard output; ``right`` lists the columns of figures."""
    drawn = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    figures = set(right)
    for index, column in enumerate(columns):
        drawn.add_column(column, justify="right" if index in figures else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(drawn)


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Callable[[int, int | None, str], None]]:
    """A bar for work over two seconds; nothing is drawn where nobody watches."""
    if quiet or not err.is_terminal:
        yield lambda done, total, stage: None
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=err, transient=True,
    ) as drawn:
        line = drawn.add_task("…", total=None)

        def report(done: int, total: int | None, stage: str) -> None:
            drawn.update(line, completed=done, total=total, description=stage)

        yield report
