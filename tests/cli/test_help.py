"""Help: every command in both languages with an example, at once and without loading Django."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from kouan.cli import app
from kouan.cli.command import in_language, language_in


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command by its path."""
    command = command or typer.main.get_command(app)
    members = getattr(command, "commands", None)
    if not members:
        yield path, command
        return
    for name, member in members.items():
        yield from commands(member, (*path, name))


ALL = dict(commands())


def test_the_list_of_commands_is_whole() -> None:
    assert {"setup", "upgrade", "serve", "worker", "intake", "template", "verdict", "flows", "counterpart", "score"} <= {
        path[0] for path in ALL
    }
    assert {("law", "try"), ("law", "show"), ("audit", "verify"), ("audit", "anchor"), ("audit", "seal"), ("ports", "list"),
            ("sources", "list"), ("sources", "show"), ("accounts", "provision"), ("accounts", "token")} <= set(ALL)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_command_is_explained_with_an_example(kouan: Any, path: tuple[str, ...], language: str) -> None:
    ran = kouan("--language", language, *path, "--help")
    assert ran.status == 0
    said = ran.out
    if language == "zh":
        assert "用法：kouan" in said and "例：" in said and "选项" in said
        assert "Example:" not in said
    else:
        assert "Usage: kouan" in said and "Example:" in said and "Options" in said
        assert "例：" not in said and "显示" not in said
    assert f"kouan {' '.join(path)}" in said.split("例：" if language == "zh" else "Example:")[1]
    assert " / " not in said.replace("--again / --no-again", "").replace(" / --no-", ""), "one language at a time"
    for parameter in ALL[path].params:
        assert parameter.help, f"{path}: {parameter.name} is not explained"


@pytest.mark.parametrize("language,words", [("zh", ["口岸综合管理系统", "退出状态", "命令"]), ("en", ["Exit status", "Commands"])])
def test_the_first_page(kouan: Any, language: str, words: list[str]) -> None:
    for argument in ("--help", "-h"):
        ran = kouan("-l", language, argument)
        assert ran.status == 0 and all(word in ran.out for word in words)


def test_no_arguments_show_the_first_page(kouan: Any) -> None:
    ran = kouan()
    assert ran.status == 2 and "用法：kouan" in ran.out
    assert kouan("law").out.startswith("\n用法：kouan law")


def test_the_version(kouan: Any) -> None:
    from kouan import __version__

    assert kouan("--version").out == f"kouan {__version__}\n"


def test_help_loads_neither_django_nor_the_registries() -> None:
    code = (
        "import sys; from kouan.cli import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'django', 'ninja', 'numpy', 'yaml', 'openpyxl', 'duckdb', 'rich.markdown'} & set(sys.modules)\n"
        "sys.exit(f'loaded for nothing: {heavy}' if heavy else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_language_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOUAN_LANGUAGE", "en")
    assert language_in(["verdict"]) == "en"
    assert language_in(["--language=zh", "verdict"]) == "zh"
    assert language_in(["-l", "zh"]) == "zh"


@pytest.mark.parametrize("text,zh,en", [
    ("甲 / A", "甲", "A"), ("甲\n    / A\n    b", "甲", "A b"), ("甲，\n    乙 / A", "甲，乙", "A"),
    ("例：kouan x", "例：kouan x", "Example: kouan x"), ("甲 / A\n\n例：y", "甲\n\n例：y", "A\n\nExample: y"),
])
def test_both_languages_stand_in_one_text(text: str, zh: str, en: str) -> None:
    assert (in_language(text, "zh"), in_language(text, "en")) == (zh, en)
