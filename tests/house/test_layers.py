"""The house stands: floors and purity hold, as import-linter sees them and as Python runs them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "pyproject.toml"
CONTRACTS = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
PURE = [
    module
    for contract in CONTRACTS
    if contract["id"].startswith("pure-")
    for module in contract["source_modules"]
]


def lint(configuration: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter as `make check` does, without its cache."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache", "--config", str(configuration)],
        cwd=cwd, capture_output=True, text=True, check=False,
    )


def test_floors_and_purity_hold() -> None:
    done = lint(CONFIGURATION, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in done.stdout


@pytest.mark.parametrize("module", PURE)
def test_a_pure_room_runs_without_django(module: str) -> None:
    """Importing it loads no Django, no database driver and no settings, packages above it included."""
    program = (
        f"import sys, {module}\n"
        "heavy = [m for m in sys.modules if m.split('.')[0] in ('django', 'ninja', 'psycopg', 'duckdb', 'sqlite3')"
        " or m in ('kouan.settings', 'kouan.home')]\n"
        "sys.exit(', '.join(sorted(heavy)[:5]) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("room", "line", "broken"),
    [
        ("ports", "import kouan.grading", "Floors"),
        ("console", "import kouan.api", "Floors"),
        ("cellar", "", "Floors"),
    ],
)
def test_the_floors_catch_what_they_should(tmp_path: Path, room: str, line: str, broken: str) -> None:
    """The contract itself, tried on a small house that breaks it: upwards, sideways, and a room on no floor."""
    house = tmp_path / "kouan"
    for name in {"basis", "ports", "grading", "console", "api", room}:
        (house / name).mkdir(parents=True)
        (house / name / "__init__.py").write_text("", encoding="utf-8")
    (house / "__init__.py").write_text("", encoding="utf-8")
    floors = tmp_path / "floors.toml"
    floors.write_text(floors_alone(), encoding="utf-8")
    sound = lint_in(tmp_path, floors)
    assert (sound.returncode == 0) is (room != "cellar"), sound.stdout + sound.stderr
    (house / room / "__init__.py").write_text(line + "\n", encoding="utf-8")
    done = lint_in(tmp_path, floors)
    assert done.returncode == 1 and f"{broken}: a room imports only from floors below its own BROKEN" in done.stdout


def floors_alone() -> str:
    """The project's first contract as a configuration of its own."""
    floors = next(contract for contract in CONTRACTS if contract["id"] == "floors")
    lines = ['[tool.importlinter]', 'root_package = "kouan"', "[[tool.importlinter.contracts]]"]
    for key, value in floors.items():
        lines.append(f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}")
    return "\n".join(lines)


def lint_in(folder: Path, configuration: Path) -> subprocess.CompletedProcess[str]:
    """import-linter on the small house, in a process that sees that house before the installed one."""
    program = (
        "import sys; sys.path.insert(0, '.');"
        "from importlinter.cli import lint_imports;"
        f"sys.exit(lint_imports(config_filename={str(configuration)!r}, no_cache=True))"
    )
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
