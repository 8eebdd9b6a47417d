"""A wall that stays open for a day: the browser's memory and the page's elements stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.factories import an_office
from tests.browser.test_live import persons
from tests.monitoring.journal_factories import sent

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind
from kouan.monitoring.journal.models import EventSource

pytestmark = pytest.mark.usefixtures("noon")

# A frame every ten seconds of a day. A wall really gets one a second: what a frame leaves behind is multiplied by ten below.
FRAMES, A_DAY = 8_640, 86_400
# Bytes of heap that a real day may add: less than what one page of figures needs.
MOST_A_DAY = 20_000_000

# The page's own EventSource is replaced by one that keeps the page's listeners; the first frame comes from the real stream.
KEEP = """
  const Real = window.EventSource;
  window.EventSource = function (address) {
    const real = new Real(address), listen = real.addEventListener.bind(real);
    window.__heard = window.__heard || {};
    real.addEventListener = function (kind, act) {
      window.__heard[kind] = act;
      listen(kind, function (event) { if (kind === 'panel') window.__frame = event.data; if (!window.__own) act(event); });
    };
    return real;
  };
  window.EventSource.CLOSED = Real.CLOSED;
"""
FEED = """([first, frames]) => {
  window.__own = true;
  for (let number = first; number < first + frames; number++) {
    const frame = JSON.parse(window.__frame);
    frame.as_of += number * 1e7; frame.now += number * 1e7;
    frame.slot = Math.min(95, frame.slot + Math.floor(number / 90));
    for (const flow of frame.flows) {
      flow.total += number;
      flow.inbound += number;
      flow.slots = flow.slots.concat(Array(96).fill(number)).slice(0, 96);
    }
    frame.notices = Array.from({ length: 12 }, (_, at) => ({ at: frame.now, port: '', words: '第' + (number + at) + '条动态', weight: 1 }));
    window.__heard.panel({ data: JSON.stringify(frame) });
  }
}"""


@pytest.mark.long
def test_a_wall_open_for_a_day_keeps_its_memory(house: Any, page: Any, sign_in: Any) -> None:
    office = an_office(OrganisationKind.PORT_OPERATOR, name_zh="罗湖口岸运行系统", port_codes=["luohu-rail"])
    EventSource.objects.create(code="luohu-lanes", name_zh="罗湖查验通道", name_en="Lanes of Luohu", organisation=office, port_codes=["*"])
    with acting_system("test") as system:
        sent(system, *persons("luohu-rail", 1, 2))
    sign_in(page, "guojia")
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.add_init_script(KEEP)
    page.goto(f"{house.url}/panorama/wall")
    page.wait_for_function("() => window.__frame && JSON.parse(window.__frame).flows[0].total === 80", timeout=20_000)
    profiler = page.context.new_cdp_session(page)

    def weighed() -> tuple[int, int]:
        profiler.send("HeapProfiler.collectGarbage")
        heap = int(profiler.send("Runtime.getHeapUsage")["usedSize"])
        return heap, int(page.evaluate("document.getElementsByTagName('*').length"))

    warm = 720  # the first two hours: charts and tables get their final size
    page.evaluate(FEED, [0, warm])
    before, elements = weighed()
    for first in range(warm, FRAMES, 720):
        page.evaluate(FEED, [first, 720])
    after, still = weighed()
    assert page.evaluate("Number(document.querySelector('[data-flow=persons] [data-live=total]').getAttribute('value'))") == 80 + FRAMES - 1
    grown = (after - before) * A_DAY / (FRAMES - warm)
    print(f"heap {before / 1e6:.1f} MB, later {after / 1e6:.1f} MB: {grown / 1e6:+.1f} MB in a day of frames; {elements}, {still} elements")
    assert still <= elements, "elements pile up on an open wall"
    assert grown < MOST_A_DAY, f"a wall grows by {grown / 1e6:.0f} MB a day"
