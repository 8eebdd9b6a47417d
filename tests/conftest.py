"""What the tests of all rooms share: an installation to run commands in, a browser, and the proof of axe."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import pytest

from kouan.basis import clock

ROOT = Path(__file__).resolve().parents[1]

# Timings vary on a shared machine; in CI the examples are the same at each run.
hypothesis.settings.register_profile("kouan", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("kouan")


# Tests of the pure parts (DESIGN.md, "The house"): they cannot differ from one database to another.
PURE = tuple(ROOT / "tests" / folder for folder in (
    "basis", "crypto", "law", "procedure", "evaluation/index", "evaluation/scheme", "monitoring/timing", "monitoring/eventlog",
    "collection/checks"))


def is_pure(item: pytest.Item) -> bool:
    """Whether a test of a pure part asks for no database either."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.path.is_relative_to(ROOT / "tests") and any(item.path.is_relative_to(folder) for folder in PURE) and not (
        item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db", "installation", "prepared", "kouan"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run cannot prove or another one does, and say so."""
    on_postgres = bool(os.environ.get("KOUAN_DATABASE_URL"))
    samples = os.environ.get("KOUAN_CONFORMANCE")
    if on_postgres:
        # What knows no database, and what a browser sees, is proved once: by `make test`, on SQLite.
        apart = [item for item in items if is_pure(item) or item.path.is_relative_to(ROOT / "tests" / "browser")]
        left = set(apart)
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=apart)
    for item in items:
        if item.get_closest_marker("postgres") and not on_postgres:
            item.add_marker(pytest.mark.skip(reason="holds on PostgreSQL only: make test-pg"))
        if item.get_closest_marker("conformance") and not samples:
            item.add_marker(pytest.mark.skip(reason="KOUAN_CONFORMANCE names no folder of samples"))


@pytest.fixture(autouse=True, scope="session")
def another_hour() -> Iterator[None]:
    """``KOUAN_TEST_NOW=2026-02-16T23:58+08:00 pytest …`` runs the suite as if it began at that hour: no test may lean on today's."""
    begun = os.environ.get("KOUAN_TEST_NOW")
    with pytest.MonkeyPatch.context() as patched:
        if begun:
            gone = datetime.fromisoformat(begun) - datetime.now(UTC)
            patched.setattr(clock, "machine_time", lambda: datetime.now(UTC) + gone)
        yield


@pytest.fixture(autouse=True)
def in_chinese() -> None:
    """The command line speaks Chinese again, whatever language an earlier test asked it for."""
    from kouan.cli.output import use_language

    use_language("zh")


@dataclass(frozen=True)
class Installation:
    """A home folder with a database of its own, for commands that run in processes of their own."""

    home: Path
    environment: dict[str, str]

    def kouan(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run ``kouan ARGUMENT …`` here and wait for it; the caller judges the exit status."""
        return subprocess.run(
            self.command(*arguments),
            **{"env": self.environment, "cwd": self.home, "capture_output": True, "text": True,
               "stdin": subprocess.DEVNULL, "timeout": 300, "check": False} | options,
        )

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start ``kouan ARGUMENT …`` here and go on; the caller ends it."""
        return subprocess.Popen(
            self.command(*arguments),
            **{"env": self.environment, "cwd": self.home, "text": True, "stdin": subprocess.DEVNULL} | options,
        )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The argument vector of the installed command."""
        return [str(Path(sys.executable).with_name("kouan")), *arguments]


@contextmanager
def _database(environment: dict[str, str], template: str = "") -> Iterator[str]:
    """On PostgreSQL a new database, empty or a copy of another, named in the environment; elsewhere nothing ("")."""
    url = os.environ.get("KOUAN_DATABASE_URL", "")
    if not url:
        yield ""
        return
    import psycopg
    from psycopg import sql

    name = f"kouan_{secrets.token_hex(6)}"
    of = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), of))
    environment["KOUAN_DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
    try:
        yield name
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "KOUAN_HOME": str(home), "KOUAN_DEBUG": "1", "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An empty installation: a new home, and on PostgreSQL a new database; nothing is migrated yet."""
    home = tmp_path / "installation"
    home.mkdir()
    environment = _environment(home)
    with _database(environment):
        yield Installation(home, environment)


@pytest.fixture(scope="session")
def _set_up_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """What ``kouan setup --no-data`` leaves, made once: the home, and the name of its database on PostgreSQL."""
    home = tmp_path_factory.mktemp("set-up") / "installation"
    home.mkdir()
    environment = _environment(home)
    with _database(environment) as name:
        done = Installation(home, environment).kouan("setup", "--no-data")
        assert done.returncode == 0, done.stderr
        yield home, name


@pytest.fixture
def prepared(_set_up_once: tuple[Path, str], tmp_path: Path) -> Iterator[Installation]:
    """An installation set up without data: a copy of one that was set up once."""
    model, name = _set_up_once
    home = Path(shutil.copytree(model, tmp_path / "prepared"))
    environment = _environment(home)
    with _database(environment, name):
        yield Installation(home, environment)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium, headless; fails, not skips, where none is installed."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.fail("没有 Chromium，请运行 scripts/bootstrap-debian browser / no Chromium found: run that script")
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=program,
                args=[
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage",
                ],
            )
            yield chromium
            chromium.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page of 1280 × 800 in zh-CN. A request that leaves this machine, or a script error, fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(30_000)  # on a machine that does other work as well
    faults: list[str] = []

    def loopback_only(route: Any) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
            route.continue_()
        else:
            faults.append(f"request leaves this machine: {route.request.url}")
            route.abort()

    context.route("http*://**/*", loopback_only)
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    wait_for_selector = opened.wait_for_selector

    def wait_until_loaded(selector: str, **options: Any) -> Any:
        """After a form was sent the new page may be there before its scripts have run: wait for both."""
        found = wait_for_selector(selector, **options)
        opened.wait_for_load_state("load")
        return found

    opened.wait_for_selector = wait_until_loaded
    yield opened
    context.close()
    assert faults == []


@pytest.fixture(scope="session")
def axe_violations() -> Callable[[Any], list[str]]:
    """``axe_violations(page)``: what axe-core finds on an open page (WCAG 2 A and AA, best practice), one line each."""
    source = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

    def examine(page: Any) -> list[str]:
        # evaluate() goes in by the debugger and so past the page's own content security policy.
        page.evaluate(source + "; null")
        found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [
            f"{rule['id']} ({rule['impact']}): {node['target']} {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]

    return examine
