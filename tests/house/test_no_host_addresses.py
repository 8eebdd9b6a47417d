"""Lock files say what to install, never from where (docs/decisions/0002); the check itself can fail."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def script(name: str) -> ModuleType:
    """One of the scripts, imported as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


check_locks = script("check-locks")
check_licences = script("check-licences")


def test_the_lock_files_are_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_locks.main() == 0, capsys.readouterr().out


def test_no_other_tracked_lock_or_settings_file_names_an_index() -> None:
    for name in (".npmrc", "pyproject.toml", "requirements/base.in", "requirements/dev-tools.in"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "registry=" not in text and "index-url" not in text and "find-links" not in text, name


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("--index-url https://mirror.example/simple\nalpha==1.0 --hash=sha256:aa\n", "names a host"),
        ("alpha @ https://mirror.example/alpha.whl\nalpha==1.0 --hash=sha256:aa\n", "names a host"),
        ("-f /mnt/wheels\nalpha==1.0 --hash=sha256:aa\n", "names a host"),
        ("alpha==1.0\n", "has no hash"),
        ("beta==1.0 \\\n    --hash=sha256:aa\n", "alpha"),
    ],
)
def test_a_python_lock_that_is_not_sound_is_refused(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "x.in").write_text("alpha>=1\n", encoding="utf-8")
    (tmp_path / "x.txt").write_text(text, encoding="utf-8")
    assert any(word in fault for fault in check_locks.faults_in_python_lock(tmp_path / "x.txt"))


def test_an_npm_lock_that_records_a_host_is_refused_and_a_sponsor_link_is_not(tmp_path: Path) -> None:
    package = {"version": "1.0.0", "integrity": "sha512-xx", "funding": {"url": "https://sponsor.example"}}
    lock = {"packages": {"": {}, "node_modules/a": package}}
    manifest = tmp_path / "package.json"
    manifest.write_text("{}", encoding="utf-8")
    path = tmp_path / "package-lock.json"
    path.write_text(json.dumps(lock), encoding="utf-8")
    assert check_locks.faults_in_npm_lock(path, manifest) == []
    package["resolved"] = "https://mirror.example/a.tgz"
    path.write_text(json.dumps(lock), encoding="utf-8")
    assert len(check_locks.faults_in_npm_lock(path, manifest)) == 1


def test_what_we_ship_is_free_of_strong_copyleft(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_licences.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("licence", "ships"),
    [
        ("MIT", True),
        ("LGPL-3.0-only", True),
        ("MIT OR GPL-3.0", True),
        ("MIT AND AGPL-3.0-only", False),
        ("GPL-2.0-or-later", False),
        ("GNU Affero General Public License v3", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_the_licence_audit_tells_them_apart(licence: str, ships: bool) -> None:
    assert (check_licences.verdict(licence) is None) is ships
