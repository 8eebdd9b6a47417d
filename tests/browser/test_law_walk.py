"""From a verdict on a page to the sentence of law, the facts and the rows of the file: two clicks at the most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.grading.worlds import an_air_port
from tests.ports import factories

from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.collection.actions import take_in
from kouan.grading.actions import record_verdicts


@pytest.fixture
def judged(house: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """An air port below the standard last year, as a file of returns says; its verdict on record."""
    monkeypatch.setattr(factories, "_numbers", count(1000))  # see test_grading.py
    last = clock.today().year - 1
    an_air_port("di-air", name_zh="低流量航空口岸", short_name_zh="低流量")
    lines = ["口岸,指标,时期,数值,单位"]
    for measure in ("person_crossings", "cargo_tonnes"):
        lines += [f"di-air,{measure},{last}-{month:02d},1,{'人次' if measure == 'person_crossings' else '吨'}" for month in range(1, 13)]
    place = tmp_path / "returns.csv"
    place.write_text("\n".join(lines), encoding="utf-8")
    with acting_system("test") as system:
        report = take_in(actor=system, path=place, source="port-return")
        assert report.accepted == 24, report.findings
        record_verdicts(actor=system, year=last)
    yield house


class Walk:
    """Clicks from where a reader stands, counted; nothing else leads on."""

    def __init__(self, page: Any) -> None:
        self.page, self.clicks = page, 0

    def click(self, what: str) -> str:
        """Follow a link and return what the page that it leads to says."""
        target = self.page.locator(what).first
        address = target.get_attribute("href")
        target.click()
        self.page.wait_for_url(f"**{address}")
        self.clicks += 1
        return str(self.page.locator("main").inner_text())


def test_from_a_verdict_to_sentence_facts_and_source_rows(
    judged: Any, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None]
) -> None:
    last = clock.today().year - 1
    sign_in(page, "guojia")
    start = f"{judged.url}/ports/di-air?year={last}"

    page.goto(start)
    assert "不达标" in page.locator("#verdict").inner_text()
    sentence = Walk(page)
    said = sentence.click("#verdict .verdict-line a")
    assert "口岸自通过验收之日起满3年后" in said and "口岸通过验收之日满 3 年后执行" in said and sentence.clicks == 1
    assert "低流量航空口岸" in page.locator("#table-law-verdicts").inner_text()
    look(page, "law-rule-used")

    page.goto(start)
    limit = Walk(page)
    said = limit.click("#verdict td[data-label='依据'] a")
    assert "专栏6" in said and "3万吨" in said and limit.clicks == 1

    page.goto(start)
    page.click("#verdict details.trace summary")  # the facts stand on the page itself, folded away
    assert "事实：" in page.locator("#verdict .steps").inner_text()

    page.goto(start)
    rows = Walk(page)
    rows.click("#verdict td[data-label='全年实际'] a")
    said = rows.click("#table-port-figures tbody th a")
    assert rows.clicks == 2 and "returns.csv" in said and "di-air" in said, "the row of the file, cell by cell"

    # And from the page of the law: the verdicts that used it, to their figures, to the row.
    page.goto(f"{judged.url}/law/parameters/volume_standard.air_other.cargo")
    rows = Walk(page)
    rows.click("#table-law-verdicts a[href*='/figures']")
    rows.click("#table-port-figures tbody th a")
    assert rows.clicks == 2 and "/intake/figures/" in page.url
