"""Every command and every setting stands in the documents, and nothing stands there that is not."""

from __future__ import annotations

import re
from pathlib import Path

from kouan.cli.reference import commands, page

ROOT = Path(__file__).parents[2]
READ = re.compile(r"""(?:environ(?:\.get\(|\[)|envvar=)\s*["'](KOUAN_[A-Z_]+)["']""")
LISTED = re.compile(r"^\|(.+?)\|", re.MULTILINE)


def settings_read() -> set[str]:
    """Names of the environment variables that the product reads."""
    return {
        name for place in (ROOT / "src").rglob("*.py") for name in READ.findall(place.read_text(encoding="utf-8"))
    }


def settings_listed() -> set[str]:
    """Names in the first column of the table of settings."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.split("\n## Settings\n", 1)[1].split("\n## ", 1)[0]
    return {name for cell in LISTED.findall(section) for name in re.findall(r"KOUAN_[A-Z_]+", cell)}


def test_the_page_of_commands_is_the_one_that_the_commands_write() -> None:
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == page() + "\n", "run: python -m kouan.cli.reference > docs/commands.md"


def test_every_command_stands_in_the_operators_table() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for path, _ in commands():
        assert f"kouan {path[0]}" in text, f"docs/operations.md does not know kouan {path[0]}"


def test_every_setting_is_documented_and_no_other() -> None:
    assert len(settings_read()) > 8
    assert settings_read() == settings_listed()


def test_every_command_has_a_machine_readable_form() -> None:
    endless = {("serve",), ("worker",)}
    for path, command in commands():
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options or path in endless, path
