"""Every page by its boxes: no table cut without a sign, no text over its neighbour; and paper with its reasons."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from console.benchmarks import a_scored_set
from kouan.accounts.action import acting_system
from kouan.audit.sealer import seal
from kouan.grading.actions import record_verdicts
from monitoring.factories import figures

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# Answers that are files, and doors out of the session.
NOT_PAGES = frozenset({"template-file", "users-template", "initial-passwords", "audit-anchor", "batch-file", "base-map", "sign-out", "home"})
FAULTS = """() => {
  const faults = [];
  const name = (part) => (part.closest('[id]') || {}).id || part.className;
  const boxes = new Set(Array.from(document.querySelectorAll('table'), (table) => table.closest('.table-box') || table.parentElement));
  for (const box of boxes) {
    if (box.clientWidth < 2 || box.scrollWidth <= box.clientWidth + 1) continue;
    const sign = box.previousElementSibling;
    const isSaid = sign && sign.matches('.scroll-sign') && sign.offsetHeight > 8 && sign.textContent.length > 5;
    const fades = getComputedStyle(box).maskImage || getComputedStyle(box).webkitMaskImage;
    if (!isSaid || !fades || fades === 'none') faults.push(`cut without a sign: ${name(box)} ${box.scrollWidth} in ${box.clientWidth}`);
  }
  for (const cell of document.querySelectorAll('td, th')) {
    const room = cell.getBoundingClientRect();
    if (room.width < 2 || cell.closest('.visually-hidden')) continue;
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const said = texts.currentNode;
      if (!said.data.trim() || said.parentElement.closest('.visually-hidden, td td')) continue;
      const range = document.createRange();
      range.selectNodeContents(said);
      for (const line of range.getClientRects()) {
        if (line.width > 0 && (line.right > room.right + 1.5 || line.left < room.left - 1.5))
          faults.push(`text beyond its cell: ${name(cell)} “${said.data.trim().slice(0, 30)}”`);
      }
    }
  }
  for (const row of document.querySelectorAll('tr')) {
    const cells = Array.from(row.cells, (cell) => cell.getBoundingClientRect()).filter((room) => room.width > 1);
    cells.forEach((one, at) => cells.slice(at + 1).forEach((other) => {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 1.5 && down > 1.5) faults.push(`cells over each other: ${name(row)} “${row.innerText.slice(0, 30)}”`);
    }));
  }
  return Array.from(new Set(faults));
}"""


@pytest.fixture
def furnished(counted: Any) -> Any:
    """Pages with something on them: counterpart, press and own figures, verdicts, benchmark scores, a sealed trail."""
    figures("port:luohu-rail", "person_crossings", {"2022-03-01/2022-09-30": 12_345_678}, origin="press", source="press-facts")
    with acting_system("test") as system:
        record_verdicts(actor=system, year=2023)
    a_scored_set()
    seal()
    return counted


def faults_of(page: Any, size: dict[str, int]) -> list[str]:
    """What is wrong with the tables of the page at a size."""
    page.set_viewport_size(size)
    page.wait_for_timeout(120)
    found: list[str] = page.evaluate(FAULTS)
    return found


def pages_reached(page: Any, root: str, start: str, within: tuple[str, ...]) -> list[str]:
    """One address of every view that links lead to, the page of the start first; ``within`` holds the first parts wanted."""
    asked, waiting, seen = [], [start], set()
    while waiting:
        address = waiting.pop(0)
        view = _view_of(address)
        if not view or view in seen or view in NOT_PAGES or "format=" in address or not address.startswith(within):
            continue
        seen.add(view)
        answer = page.request.get(root + address)
        if answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        asked.append(address)
        page.goto(root + address)
        links = page.eval_on_selector_all("a[href]", "(links) => links.map((link) => new URL(link.getAttribute('href'), location.href).href)")
        waiting += [link.removeprefix(root).split("#")[0] for link in links if link.startswith(root)]
    return asked


def _view_of(address: str) -> str:
    try:
        return resolve(urlsplit(address).path or "/").view_name
    except Resolver404:
        return ""


@pytest.mark.parametrize(("who", "start", "within", "at_least"), [
    pytest.param("guojia", "/", ("/",), 20, marks=pytest.mark.long), ("shenji", "/audit", ("/audit",), 5),
    ("guanli", "/users", ("/users", "/organisations"), 4),
])
def test_no_table_is_cut_without_a_sign_and_no_text_lies_over_another(furnished, page, sign_in, who, start, within, at_least):
    sign_in(page, who)
    addresses = pages_reached(page, furnished.url, start, within)
    if start == "/":
        addresses += ["/law/try?transport_class=sea&is_border=否&accepted_on=2012-05-01&year=2023&cargo_tonnes=1200万&months_reported=12",
                      "/api/v1/docs"]
    assert len(addresses) >= at_least, addresses
    faults = []
    for language in ("zh-hans", "en"):
        page.context.add_cookies([{"name": "kouan_language", "value": language, "url": furnished.url}])
        for address in addresses:
            page.goto(furnished.url + address)
            for size in (WIDE, PHONE):
                faults += [f"{address} {language} {size['width']}: {fault}" for fault in faults_of(page, size)]
    assert faults == []


def test_the_measure_finds_what_it_looks_for(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/ports")
    assert faults_of(page, WIDE) == []
    page.add_style_tag(content=".table td { min-width: 300px !important; } .scroll-sign { display: none; }")
    assert any("cut without a sign" in fault for fault in faults_of(page, WIDE))
    page.add_style_tag(content=".table.stacks tbody td { white-space: nowrap !important; min-width: 0 !important; width: 20px; }")
    assert any("text beyond its cell" in fault for fault in faults_of(page, PHONE))


def test_a_table_that_goes_on_says_so_until_its_end(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/ports")
    page.add_style_tag(content=".table td { min-width: 300px !important; }")
    box = page.locator("#table-ports .table-box")
    page.wait_for_selector(".goes-on-right")
    assert page.locator(".scroll-sign").inner_text() == "→ 左右滑动看全表"
    box.evaluate("(box) => box.scrollTo({left: box.scrollWidth})")
    page.wait_for_selector(".goes-on-left:not(.goes-on-right)")
    # A table that is drawn anew, by a filter, is watched too.
    page.select_option("select[name=mode]", "road")
    page.wait_for_selector("#table-ports .goes-on-right")


def test_a_port_on_paper_gives_its_reasons_and_no_empty_heading(furnished, page, sign_in):
    sign_in(page, "guojia")
    page.goto(f"{furnished.url}/ports/luohu-rail")
    assert page.locator(".verdict-reason").inner_text().startswith("是否边境口岸不明，不能判定。")
    assert not page.locator(".steps li >> nth=0").is_visible()
    page.evaluate("""() => addEventListener('beforeprint', () => {
      document.body.dataset.printed = [document.querySelector('details.trace').open, document.querySelector('.steps li').offsetHeight > 10].join();
    })""")
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.get_attribute("body", "data-printed") == "true,true", "the trace stands open on the paper that Chromium made"
    page.wait_for_selector("details.trace:not([open])", state="attached")
    page.emulate_media(media="print")
    assert not page.locator("h2:has-text('查看过去')").is_visible()
    assert not page.locator(".verdict-reason .btn").is_visible()
    assert page.locator(".verdict-reason").is_visible()
