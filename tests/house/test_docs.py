"""The pages of docs/ stay true where that can be checked: rights, settings, commands, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from kouan.accounts.models import Role
from kouan.accounts.permissions import PERMISSIONS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CHANGELOG.md"])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def links_of(page: Path) -> list[str]:
    """Where a page points inside the repository."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    return [link for link in LINK.findall(text) if not re.match(r"[a-z]+:|#", link)]


def target(page: Path, link: str) -> Path:
    """The file or folder that a link of a page names."""
    return (page.parent / link.split("#")[0]).resolve()


def permissions_table() -> str:
    """What docs/security.md must say of roles and permissions."""
    lines = ["| | " + " | ".join(role.label for role in Role) + " |", "|---" * (len(Role) + 1) + "|"]
    for name, roles in PERMISSIONS.items():
        lines.append(f"| `{name}` | " + " | ".join("●" if role in roles else "" for role in Role) + " |")
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines)


def test_the_page_on_security_shows_every_right_of_every_role() -> None:
    page = (DOCS / "security.md").read_text(encoding="utf-8")
    shown = page.split("<!-- permissions -->\n")[1].split("\n<!-- end of permissions -->")[0]
    assert shown == permissions_table(), f"put this between the two marks:\n{permissions_table()}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    missing = [link for link in links_of(page) if not target(page, link).exists()]
    assert not missing


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        for link in links_of(page):
            place = target(page, link)
            waiting.append(place / "README.md" if place.is_dir() else place)
    lost = [page.relative_to(ROOT).as_posix() for page in sorted(DOCS.rglob("*.md")) if page not in seen]
    assert not lost


def test_both_readmes_show_the_same_pictures_and_pages() -> None:
    english, chinese = (set(links_of(ROOT / name)) for name in ("README.md", "README.zh-CN.md"))
    english = {link.replace("-en.png", ".png") for link in english}
    assert english - {"README.zh-CN.md"} == chinese - {"README.md"}


def test_every_setting_is_documented() -> None:
    said = (DOCS / "operations.md").read_text(encoding="utf-8")
    used = {
        name for file in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"""environ(?:\.get\(|\[)\s*["'](KOUAN_\w+)|envvar=["'](KOUAN_\w+)""",
                               file.read_text(encoding="utf-8"))
        for name in name if name
    }
    assert len(used) > 8
    assert sorted(name for name in used if f"`{name}`" not in said) == []


def test_every_command_is_documented() -> None:
    from kouan.cli import app

    said = (DOCS / "operations.md").read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands) > 10
    assert sorted(name for name in commands if f"`kouan {name}`" not in said) == []
