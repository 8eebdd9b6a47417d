"""A newcomer's first look: `kouan setup`, `kouan serve`, a browser, and figures that a hand sum confirms."""

from __future__ import annotations

import csv
import gzip
import re
import socket
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import ROOT, Installation

from kouan.accounts.actions import DEMONSTRATION_PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.browser]

BUNDLED = ROOT / "src/kouan/collection/data/hk-control-points/daily_passengers_2020_2025.csv.gz"


def hand_sum(point: str, first: str, last: str) -> int:
    """Both directions of a control point, added up from the publisher's file by nothing of ours."""
    with gzip.open(BUNDLED, "rt", encoding="utf-8") as rows:
        return sum(
            int(row["total"]) for row in csv.DictReader(rows)
            if row["control_point"] == point and first <= row["date"] <= last
        )


@pytest.fixture
def served(installation: Installation) -> Iterator[str]:
    """The address of an installation with all the bundled data, served by its own command."""
    done = installation.kouan("setup")
    assert done.returncode == 0, done.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = installation.start("serve", "--port", str(port))
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/sign-in", timeout=2)
                break
            except OSError:
                assert server.poll() is None, "the server ended before it served a page"
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.mark.long
def test_the_console_shows_the_real_figures(served: str, page: Any) -> None:
    page.goto(f"{served}/sign-in")
    page.fill("#in-username", "guojia")
    page.fill("#in-password", DEMONSTRATION_PASSWORD)
    page.click("form[data-once] .btn-primary")
    page.wait_for_url(lambda address: "/sign-in" not in address)

    assert "/ 313" in page.inner_text("main"), "已登记 N / 国务院批准 313, never N as the national total"

    lo_wu = hand_sum("Lo Wu", "2023-01-01", "2023-12-31")
    assert lo_wu == 45_335_960
    page.goto(f"{served}/ports/luohu-rail?by=year")
    shown = page.inner_text("main")
    assert "对侧口岸数据" in shown
    assert re.search(r"4533\.60?万", shown.replace(",", "")), "the 2023 crossings at Lo Wu, at 罗湖"
    assert f"{lo_wu:,}" in page.content() or str(lo_wu) in page.content(), "the exact value stands behind it"

    page.goto(f"{served}/counterpart-checks")
    counted = hand_sum("Lo Wu", "2023-02-06", "2023-03-06")
    assert abs(counted / 3_100_000 - 1) <= 0.01
    row = page.locator("tr", has_text="罗湖").first.inner_text()
    assert "0.8%" in row.replace(" ", ""), row
    assert "310万" in row.replace(" ", "") or "3,100,000" in row, row

    page.goto(f"{served}/benchmark")
    assert "117" in page.inner_text("main")
