"""How the command line speaks: figures, findings, JSON and progress."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from kouan.basis import Finding, Text

# A pipe has no width of its own: wide enough that no code or figure is broken over lines.
# Sentences are wrapped by the terminal itself, never inside a pipe or a log.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 180)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_language = "zh"

MARKS = {
    "error": ("red", "✖ 错误", "✖ error"),
    "warning": ("yellow", "▲ 提示", "▲ warning"),
    "info": ("blue", "● 说明", "● note"),
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
        colour, zh, en = MARKS[finding.severity.value]
        err.print(f"[{colour}]{say(zh, en)}[/] {finding.code}", end="  ")
        err.print(text(finding.message), markup=False)
        if str(finding.where):
            place = finding.where.describe(say("zh", "en"))
            err.print(f"    {say('位置：', 'at: ')}{place}", markup=False, style="dim")
        if finding.remedy:
            err.print(f"    {say('办法：', 'do: ')}{text(finding.remedy)}", markup=False)
    if len(findings) > limit:
        more = len(findings) - limit
        err.print(say(f"    另有 {more} 条，用 --json 查看全部。", f"    {more} more; --json shows all."), style="dim")


def fail(findings: Sequence[Finding], *, as_json: bool = False, status: int = 1) -> int:
    """Show why something was refused and answer the exit status. As JSON it stands on standard output."""
    if as_json:
        write_json({"error": {"status": status, "findings": [finding.as_dict() for finding in findings]}})
    else:
        show_findings(findings)
    return status


def status_of(findings: Iterable[Finding]) -> int:
    """0, or 1 when anything is of error severity."""
    return 1 if any(finding.is_error for finding in findings) else 0


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[int] = (), title: str = "") -> None:
    """A table on standard output; ``right`` lists the columns of figures."""
    from rich.table import Table

    drawn = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    figures = set(right)
    for index, column in enumerate(columns):
        drawn.add_column(column, justify="right" if index in figures else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    draw(drawn)


def draw(drawn: Any) -> None:
    """A table in the terminal's width; wide where it goes into a pipe."""
    out.print(drawn, soft_wrap=False)


@contextmanager
def progress_bar(quiet: bool = False, after: float = 1.0) -> Iterator[Callable[[int, int | None, str], None]]:
    """A bar for work that takes longer than ``after`` seconds; nothing is drawn where nobody watches."""
    if quiet or not err.is_terminal:
        yield lambda done, total, stage: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    drawn = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=err, transient=True,
    )
    line = drawn.add_task("…", total=None)
    begun, is_shown = time.monotonic(), False

    def report(done: int, total: int | None, stage: str) -> None:
        nonlocal is_shown
        if not is_shown and time.monotonic() - begun > after:
            drawn.start()
            is_shown = True
        drawn.update(line, completed=done, total=total, description=stage)

    try:
        yield report
    finally:
        drawn.stop()
