"""``docs/commands.md``, written from the commands themselves: ``python -m kouan.cli.reference > docs/commands.md``.

A house test compares the page with the commands, so that neither changes without the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import typer

from kouan.cli import app
from kouan.cli.command import localise

HEAD = """# Commands / 命令

Written by `python -m kouan.cli.reference`; change the commands, not this page.
本页由程序生成，修改请改命令本身。

Every command: `--help` explains it in Chinese, `kouan --language en … --help` in English. With `--json` one JSON
document stands on standard output and nothing else; what goes on besides is told on standard error.
每个命令均有 `--help`；加 `--json` 时标准输出只有一份 JSON。

| Exit status 退出状态 | |
|---|---|
| 0 | done / 完成 |
| 1 | findings of error severity, or refused / 有错误级问题，或被拒绝 |
| 2 | unusable arguments / 参数不能使用 |
| 130 | interrupted; nothing half-done stays / 被中断，不留下半成品 |

A refusal with `--json` is `{"error": {"status": …, "findings": […]}}`, the shape that the API uses.
`kouan intake --json` has its counts (all zero) beside it, also where there is no such file.
It lists every finding by row in `row_findings` (at most 10,000; `row_findings_left` counts the rest).
"""


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command by its path, in the order of ``--help``."""
    command = command if command is not None else typer.main.get_command(app)
    members = getattr(command, "commands", None)
    if not members:
        yield path, command
        return
    for name, member in members.items():
        yield from commands(member, (*path, name))


def page() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    said = [HEAD]
    for path, command in commands(root):
        texts = {}
        for language in ("zh", "en"):
            localise(root, language)
            texts[language] = (command.help or "", {each.name: each.help or "" for each in command.params})
        said.append(_section(path, command, texts))
    return "\n".join(said)


def _section(path: tuple[str, ...], command: Any, texts: dict[str, tuple[str, dict[str, str]]]) -> str:
    paragraphs = {language: text.split("\n\n") for language, (text, _) in texts.items()}
    example = next((each for each in paragraphs["zh"] if each.startswith("例：")), "")
    lines = [f"\n## kouan {' '.join(path)}\n"]
    for zh, en in zip(paragraphs["zh"], paragraphs["en"], strict=True):
        if not zh.startswith("例："):
            lines.append(f"{en}\n{zh}\n" if en != zh else f"{zh}\n")
    lines.append(f"```sh\n{example.removeprefix('例：')}\n```\n")
    if command.params:
        lines.append("| Argument 参数 | |\n|---|---|")
    for each in command.params:
        if each.param_type_name == "argument":
            name = each.name.upper()
        else:
            name = ", ".join((*each.opts, *each.secondary_opts))
        zh, en = (texts[language][1][each.name] for language in ("zh", "en"))
        needed = " (required / 必填)" if each.required else ""
        lines.append(f"| `{name}` | {en} / {zh}{needed} |" if en != zh else f"| `{name}` | {zh}{needed} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(page() + "\n")
