"""Every figure on the panorama leads to its lineage, and the lineage answers both questions about each, for each reader his own."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client

from accounts.factories import a_provincial_officer
from kouan.accounts.action import acting_system
from kouan.basis import EvidenceRef, clock
from kouan.collection.lineage import record_use
from kouan.collection.models import Batch, BatchState, Holding, LineageLink
from kouan.console.lineage_map import Box, lineage_map
from kouan.grading.actions import record_verdicts
from kouan.grading.models import VerdictRecord
from kouan.monitoring.journal.evidence import port_months
from kouan.monitoring.journal.models import EventBatch
from kouan.monitoring.live.day import DAY
from kouan.monitoring.timing.events import microseconds
from kouan.ports.models import LayoutEntry, LayoutLink, Port
from monitoring.factories import a_batch, a_year_of_months, figures
from monitoring.journal_factories import a_source
from ports.factories import a_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]

# Digits that are no figure: dates, years of periods, the numbers of boxes and parts of the plan, the length of the trail in a heading,
# the bounds of the shades in the legend, how many rows a table has.
NO_FIGURE = re.compile(
    r"^打印时间.*|^\d+–\d+$|^≥\d+$|^共 \d+ 条|\d{4}年(度|底|\d{1,2}月(\d{1,2}日)?)?|\d{1,2}:\d\d|2016—2020年|"
    r"专栏\d(—\d)?|近24个月|第一部分|31个省（区、市）|^\d{4}-\d\d-\d\d$")


class Figures(HTMLParser):
    """The figures of a page's main part: (reference, text); reference "" where a number leads nowhere."""

    VOID = frozenset({"br", "img", "input", "link", "meta", "hr", "rect", "path", "polyline", "circle", "line", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, str]] = []
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get("data-lineage") or given.get("href") or ""
        reference = parse_qs(urlparse(address).query).get("of", [""])[0] if address.startswith("/lineage?") else ""
        if reference and given.get("aria-label"):
            self.found.append((reference, ""))
        if tag not in self.VOID:
            self.stack.append((tag, reference))

    def handle_endtag(self, tag: str) -> None:
        if tag in {each for each, _ in self.stack}:  # an element that closes itself was never put there
            while self.stack.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self.stack}
        if "main" not in tags or tags & {"script", "style", "select", "form", "nav", "time"}:
            return
        reference = next((said for _, said in reversed(self.stack) if said), "")
        if re.search(r"\d", NO_FIGURE.sub("", data)) or (reference and data.strip()):
            self.found.append((reference, data.strip()))


def figures_of(client: Client) -> list[tuple[str, str]]:
    reader = Figures()
    reader.feed(client.get("/").content.decode())
    return reader.found


@pytest.fixture
def nation(ports: None) -> Any:
    """Something in each part of the panorama: returns, counterpart and press figures, the nation, held rows, verdicts, the layout."""
    with clock.travel_to("2024-03-01"):
        figures("port:luohu-rail", "cargo_tonnes", a_year_of_months(2023, 9_000))
        figures("port:luohu-rail", "person_crossings", {**a_year_of_months(2022, 500), **a_year_of_months(2023, 700)}, direction="inbound",
                unit="persons")
        figures("port:luohu-rail", "person_crossings", {**a_year_of_months(2022, 100), **a_year_of_months(2023, 300)}, direction="outbound",
                unit="persons")
        figures("port:manzhouli-road", "cargo_tonnes", {"2019": 7_654_321}, origin="press", source="press-facts")
        figures("nation:CN", "person_crossings", {"2022": 500_000_000, "2023": 610_000_000}, origin="press", source="press-facts",
                unit="person_crossings")
        Batch.objects.update(state=BatchState.COMMITTED, committed_at=clock.now())
        Port.objects.filter(pk=a_port("guihua-road", "road", province_code="15").pk).update(status="planned")
        for source in ("press-facts", "port-return"):
            Holding.objects.create(batch=a_batch(source=source), row=7, outcome="held", raw=["x"], findings=[], subject_kind="port",
                                   subject_code="luohu-rail")
        entry = LayoutEntry.objects.create(layout_id="L-1", box="专栏3", mode="rail", role="border", name_zh="罗湖", province_code="44")
        LayoutLink.objects.create(entry=entry, port=Port.objects.get(code="luohu-rail"))
        with acting_system("tests") as system:
            record_verdicts(actor=system, year=2023)
        yield


@pytest.mark.usefixtures("nation")
def test_every_figure_leads_to_both_answers(open_as: Any, officer: Any, guangdong: Any) -> None:
    for user, at_least in ((officer, 250), (guangdong, 40)):
        client = open_as(user)
        found = figures_of(client)
        nowhere = [text for reference, text in found if not reference]
        assert nowhere == [], f"numbers that lead nowhere: {nowhere}"
        assert len(found) >= at_least
        by_reference: dict[str, list[str]] = {}
        for reference, text in found:
            by_reference.setdefault(reference, []).append(text)
        # The zeros of 31 provinces are alike; those of two are asked about.
        wanted = [each for each in by_reference if not re.search(r"/(?!44|15)\d\d$", each) and not re.match(r"count:province/(?!44|15)", each)]
        kinds = {each.partition("/")[0] for each in wanted}
        assert {"count:registered", "count:reported", "count:due", "count:verdict", "count:held", "count:batches", "count:mode",
                "count:status", "count:approval", "quoted:B-07"} <= kinds
        assert user is guangdong or "count:silent" in kinds
        for reference in wanted:
            answer = client.get("/lineage", {"of": reference})
            page = answer.content.decode()
            assert answer.status_code == 200, (reference, page[:300])
            assert 'id="from"' in page and 'id="for"' in page and "<svg" in page
            if reference.startswith("count:"):
                said = re.search(r'class="lineage-number"><strong>(\d+)</strong>', page)
                assert said
                bare = {text for text in by_reference[reference] if text.isdigit()}
                assert bare <= {said[1]}, f"{reference}: the panorama says {bare}, its lineage {said[1]}"
                listed = len(re.findall(r'<tr><th scope="row"><a href="[^"]+">', page))
                assert listed == min(int(said[1]), 60), f"{reference}: the parts are as many as the figure says, each with a way to it"
            elif not reference.startswith("quoted:"):
                assert "报送.xlsx" in page or "<td" in page
                assert re.search(r'href="/intake/figures/\d+"', page), f"{reference}: no recorded figure behind it"


@pytest.mark.usefixtures("nation")
def test_what_depends_is_what_was_made_and_no_more(open_as: Any, officer: Any) -> None:
    client = open_as(officer)

    def dependants(reference: str) -> str:
        return client.get("/lineage", {"of": reference}).content.decode().partition('id="for"')[2]

    # The verdict of 2023 rests on the tonnes of 罗湖, on its entry in the register, and on its having reported.
    for reference in ("figure:port:luohu-rail/cargo_tonnes/official/port-return/2023-01-01/2023-12-31", "count:reported/2023",
                      "count:registered", "count:mode/rail/44", "count:layout/border"):
        assert "luohu-rail 2023" in dependants(reference), reference
    # Nothing rests on a held row, on a quotation, on an empty count.
    for reference in ("count:held", "quoted:B-07", "count:mode/air/44",
                      "figure:port:manzhouli-road/cargo_tonnes/press/press-facts/2019-01-01/2019-12-31"):
        assert "还没有结论" in dependants(reference), reference
    # A verdict's own count: until a list uses the verdict nothing does.
    verdict = VerdictRecord.objects.get(port_code="luohu-rail", year=2023)
    of = f"count:verdict/{verdict.verdict}/2023"
    assert "还没有结论" in dependants(of)
    record_use(EvidenceRef("grading", "list_entry", 987_654), [EvidenceRef("grading", "verdict", verdict.pk)])
    assert "名单条目" in dependants(of) and "1 项不在您的查看范围内" in dependants(of)


@pytest.mark.usefixtures("nation")
def test_somebody_else_reads_only_his_own(open_as: Any, officer: Any) -> None:
    stranger = open_as(a_provincial_officer("15"))
    for reference in {reference for reference, _ in figures_of(open_as(officer))} - {""}:
        answer = stranger.get("/lineage", {"of": reference})
        page = answer.content.decode()
        assert "luohu" not in page.replace(reference, "").replace(reference.replace("/", "%2F"), "") or answer.status_code == 404, reference
        assert "罗湖" not in page, reference
        if reference.startswith(("figure:port:luohu", "change:port:luohu")):
            assert answer.status_code == 404
        if reference.startswith("count:mode/rail"):
            assert '<strong>0</strong>' in page


@pytest.mark.parametrize("said", [
    "count:", "count:nothing", "count:mode", "count:mode/tram", "count:mode/rail/99", "count:reported/x", "count:verdict/meets", "count:status/x",
    "count:batches/nobody", "count:layout/x", "count:held-elsewhere/x", "quoted:B-99", "quoted:B-07/1", "count:registered/1/2/3/4",
    "count:mode/rail/44/1",
])
def test_what_names_no_count_is_said(open_as: Any, officer: Any, said: str) -> None:
    assert open_as(officer).get("/lineage", {"of": said}).status_code in (404, 422)


def test_a_change_rests_on_both_years(open_as: Any, officer: Any) -> None:
    figures("port:luohu-rail", "cargo_tonnes", {"2023-02": 10, "2024-02": 12, "2023-03": 7, "2022-02": 3})
    page = open_as(officer).get("/lineage", {
        "of": "change:port:luohu-rail/cargo_tonnes/official/port-return/2024-02-01/2024-02-29"}).content.decode()
    assert len(re.findall(r'href="/intake/figures/\d+"', page.partition('id="from"')[2])) == 2
    assert LineageLink.objects.count() == 0


@pytest.mark.parametrize("address", ["/panorama/live", "/panorama/wall"])
def test_every_block_of_the_wall_leads_to_the_events_behind_it(open_as: Any, officer: Any, guangdong: Any, address: str) -> None:
    a_source("luohu-gate", user=guangdong, ports=("luohu-rail",))
    a_source("manzhouli-gate", ports=("manzhouli-road",))
    noon = microseconds(clock.now())
    for source in ("luohu-gate", "manzhouli-gate"):
        EventBatch.objects.create(source=source, channel="api", received_at=clock.now(), received=3, accepted=3, first_us=noon - 5, last_us=noon)
    EventBatch.objects.create(source="luohu-gate", channel="api", received_at=clock.now() - timedelta(days=3), received=1, accepted=1,
                              first_us=noon - 3 * DAY, last_us=noon - 3 * DAY)
    record_use(EvidenceRef("monitoring", "study", 987_654), port_months(["luohu-rail"], clock.today(), clock.today()))
    for user, seen, unseen, number in ((officer, "manzhouli-gate", "987654", 2), (guangdong, "luohu-gate #", "manzhouli-gate", 1)):
        client = open_as(user)
        page = client.get(address).content.decode()
        blocks = re.findall(r"<h2.*?</h2>", page, re.S)
        assert blocks and all('href="/lineage?of=events' in each for each in blocks), "a block of the wall leads nowhere"
        [link] = set(re.findall(r'href="(/lineage\?of=events[^"]+)"', page))
        answer = client.get(link).content.decode()
        assert seen in answer and unseen not in answer and f"<strong>{number}</strong>" in answer
        assert "放行时间研究" in answer and "1 项不在您的查看范围内" in answer
    # Another province's port is not there at all; nor is a day to come.
    client = open_as(guangdong)
    today = clock.today()
    for of in (f"events:port-manzhouli-road/{today}", f"events:province-15/{today}", f"events:all/{today + timedelta(days=1)}", "events:all/x",
               "events:all/2026-99-01"):
        assert client.get("/lineage", {"of": of}).status_code == 404


def test_the_picture_says_how_many_are_not_drawn() -> None:
    boxes = [Box(f"b{number}") for number in range(10)]
    assert "另有 3 项" in lineage_map([boxes, boxes[:1]])
    assert "另有 168 项" in lineage_map([boxes, boxes[:1]], totals=(175,))
    assert "另有" not in lineage_map([boxes[:7], boxes[:1]], totals=(7,))
