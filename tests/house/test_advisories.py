"""The dependency audit: a made-up advisory that hits a pinned package is named; without a file nothing passes for checked."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8")
DJANGO = re.search(r"^django==(\S+)", LOCK, re.M)[1]  # type: ignore[index]


def advisory(identifier: str, name: str = "Django", ecosystem: str = "PyPI", **affected: Any) -> dict[str, Any]:
    """A made-up OSV record."""
    return {"id": identifier, "summary": "made up", "affected": [{"package": {"name": name, "ecosystem": ecosystem}, **affected}]}


def below(version: str) -> list[dict[str, Any]]:
    """All versions before one."""
    return [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}]


def run(place: Path | None) -> tuple[int, str]:
    """Ask the script."""
    environment = {name: value for name, value in os.environ.items() if name != "KOUAN_ADVISORIES"}
    if place is not None:
        environment["KOUAN_ADVISORIES"] = str(place)
    done = subprocess.run([sys.executable, "scripts/check-advisories"], cwd=ROOT, env=environment, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_without_a_file_it_says_that_nothing_was_looked_for() -> None:
    status, said = run(None)
    assert status == 0 and "SKIPPED" in said and "未核对" in said


def test_a_pinned_package_that_is_hit_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([
        advisory("TEST-2026-1", ranges=below("99")), advisory("TEST-2026-2", versions=[DJANGO]),
        advisory("TEST-2026-3", ranges=below(DJANGO)), advisory("TEST-2026-4", "no-such-package", ranges=below("99")),
        advisory("TEST-2026-5", ranges=below("99")) | {"withdrawn": "2026-01-01T00:00:00Z"},
        advisory("TEST-2026-6", "echarts", "npm", ranges=[{"type": "SEMVER", "events": [{"introduced": "5.0.0"}]}]),
        advisory("TEST-2026-7", "echarts", "PyPI", ranges=below("99")),
    ]))
    status, said = run(tmp_path / "a.json")
    assert status == 1
    assert set(re.findall(r"TEST-2026-\d", said)) == {"TEST-2026-1", "TEST-2026-2", "TEST-2026-6"}
    assert f"django {DJANGO}" in said


def test_an_export_that_touches_nothing_passes_and_says_how_much_was_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("TEST-1.json", json.dumps(advisory("TEST-1", ranges=below(DJANGO))))
    status, said = run(tmp_path / "all.zip")
    assert status == 0 and "1 records" in said


@pytest.mark.parametrize("content", ["{", "[1]", '{"no": "id"}', "[]"])
def test_what_is_no_export_does_not_pass(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    assert run(tmp_path / "bad.json")[0] == 2
    assert run(tmp_path / "absent.zip")[0] == 2
