"""The card of a port: sums that hold, peers that give nobody away, what each reader finds at each stage, and the way to the source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.accounts.factories import a_port_reporter, a_user, an_administrator, an_enterprise_user
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_border_port

from kouan.accounts.models import Role
from kouan.audit.models import AuditEntry
from kouan.basis import NotFound, clock
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds import replaying
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.models import FrozenPort, PortScore, Round
from kouan.evaluation.rounds.queries import get_round
from kouan.evaluation.rounds.scorecard import LEAST_GAP, Card, scorecard
from kouan.evaluation.rounds.tracing import IndicatorTrace, indicator_trace

DAY = date(2026, 2, 2)
HIDDEN = {"total", "rank", "groups", "five_types", "total_among_peers", "strengths", "change", "counted_share"}
HIDDEN_CELL = {"value", "points", "weight", "contribution", "peers", "basis", "before"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def exercise(settings: Any) -> None:
    settings.IS_EXERCISE = True


def card_of(user: Any, port: str = "luohu-road") -> Card:
    return scorecard(user, get_round(user, YEAR), port)


def trace_of(user: Any, indicator: str, port: str = "luohu-road") -> IndicatorTrace:
    return indicator_trace(user, get_round(user, YEAR), port, indicator)


def test_contributions_sum_to_the_total_and_each_figure_is_the_stored_one(exercise: None) -> None:
    office = RoundOffice()
    scoring = office.scored()
    for score in scoring.scores.select_related("port"):
        card = card_of(office.officer, score.port.code)
        assert card.result.total == score.total is not None
        assert abs(sum(each.contribution or 0 for each in card.indicators) - score.total) < 1e-6
        assert abs(sum(each.contribution or 0 for each in card.groups) - score.total) < 1e-6
        assert abs(sum(each.weight or 0 for each in card.groups) - 1) < 1e-9
        assert {each.code: each.points for each in card.groups} == score.groups
        assert {each.code: each.points for each in card.five_types} == score.five_types
        assert {each.code: (each.value, each.points, each.mark, each.weight) for each in card.indicators} == {
            code: (cell["raw"], cell["points"], cell["mark"], cell["weight"]) for code, cell in score.cells.items()}
        assert card.change is not None and card.change.published is None
        year = card.change.of_year
        assert abs(year.own + year.peers - (score.total - year.before)) < 1e-9
        for each in card.strengths:
            assert (each.gap or 0) >= LEAST_GAP
        for each in card.weaknesses:
            assert (each.gap or 0) <= -LEAST_GAP
        gains = [each.effect or 0 for each in card.strengths]
        assert gains == sorted(gains, reverse=True) and not {*card.strengths} & {*card.weaknesses}


def test_peers_are_those_of_the_group_or_the_class_and_their_quartiles(exercise: None) -> None:
    office = RoundOffice()
    scoring = office.scored()
    card = card_of(office.officer)
    peers = [score.total for score in scoring.scores.filter(port__port_class="road")]
    assert card.total.peers is not None and (card.total.peers.of, card.total.peers.count) == ("class", 6)
    assert abs(card.total.peers.median - float(np.median(peers))) < 1e-9
    assert abs(card.total.peers.lower - float(np.percentile(peers, 25))) < 1e-9
    assert card.peer_group.startswith("road/") and card.peer_ports == scoring.scores.filter(peer_group=card.peer_group).count()


def test_a_province_reads_marks_then_decimals_and_medians_only_where_enough_strangers_stand_behind_them(exercise: None) -> None:
    office = RoundOffice()
    office.scored()
    with refused("unknown_result", NotFound):
        card_of(office.guangdong)
    office.step("open_peer_view")
    card = card_of(office.guangdong)
    said = card.as_dict()
    assert card.result.band_name is not None and not HIDDEN & said.keys() and not card.shows_decimals
    assert said["indicators"] and all(not HIDDEN_CELL & cell.keys() and cell["mark_name"]["zh"] for cell in said["indicators"])
    trace = trace_of(office.guangdong, "I-0207")
    assert trace.told is None and "sentence" not in trace.as_dict() and not HIDDEN_CELL & trace.as_dict().keys()
    assert all(figure.source.kind != "computed" for figure in trace.figures)
    office.from_peer_view_to_notice()
    card, water = card_of(office.guangdong), card_of(office.hubei, "wuhan-water")
    assert card.shows_decimals and card.result.rank is None and "rank" not in card.as_dict()
    assert card.total.peers is not None and card.total.peers.count == 6, "five strangers and the own port"
    assert water.shows_decimals and water.total.peers is None, "four strangers: two quartiles would tell who they are"
    assert all(each.peers is None for each in (*water.groups, *water.five_types, *water.indicators)) and not water.strengths
    assert card_of(office.officer, "wuhan-water").total.peers is not None
    others = set(FrozenPort.objects.exclude(code="luohu-road").values_list("code", flat=True))
    said = str(card.as_dict()) + str([trace_of(office.guangdong, each.code).as_dict() for each in card.indicators])
    assert not [code for code in others if code in said]


def test_nobody_finds_what_is_not_theirs_and_the_attempt_leaves_a_trace(exercise: None) -> None:
    office = RoundOffice()
    office.scored(experts=office.expert.organisation.code)
    held = Round.objects.get()
    reporter = a_port_reporter("luohu-road")
    for user in (office.hubei, reporter, office.expert, an_enterprise_user(), a_user(Role.MINISTRY_OFFICER, office.expert.organisation)):
        with refused("unknown_result", NotFound):
            scorecard(user, held, "luohu-road")
        with refused("unknown_result", NotFound):
            indicator_trace(user, held, "luohu-road", "I-0201")
    assert AuditEntry.objects.filter(after__contains='"port_score"').count() == 10
    few = card_of(an_administrator(organisation=office.officer.organisation))
    assert not few.shows_decimals and few.result.band is not None
    with refused("unknown_indicator", NotFound):
        trace_of(office.officer, "I-9999")
    with refused("unknown_indicator", NotFound):
        trace_of(office.officer, "I-0807", "wuhan-water")
    assert "I-0807" not in card_of(office.officer, "wuhan-water").result.marks, "border residents are no sea port's"


def test_a_trace_goes_down_to_generated_figures_that_say_so(exercise: None) -> None:
    office = RoundOffice()
    office.scored()
    trace = trace_of(office.officer, "I-0301")
    assert trace.formula == "cargo_t / staff_insp" and trace.formula_words.zh == "进出境货运量 ÷ 查验人员在岗数"
    by_item = {figure.item: figure for figure in trace.figures}
    assert by_item["cargo_t"].source.kind == "computed" and by_item["staff_insp"].source.kind == "generated"
    assert by_item["cargo_in_t"].depth == 1 and by_item["cargo_t"].depth == 0
    parts = [by_item[each].value for each in ("cargo_in_t", "cargo_out_t", "cargo_transit_t")]
    assert None not in parts and abs(sum(each or 0 for each in parts) - (by_item["cargo_t"].value or 0)) < 1e-6
    assert trace.told is not None and trace.told.raw == pytest.approx(by_item["cargo_t"].value / by_item["staff_insp"].value)  # type: ignore[operator]
    assert "生成" in by_item["staff_insp"].source.words.zh and trace.as_dict()["is_exercise"] is True
    for each in card_of(office.officer).indicators:
        said = trace_of(office.officer, each.code).as_dict()
        assert said["rule"]["zh"] and said["missing_rule"]["en"] and said["sentence"]["zh"].startswith(each.code)


def test_a_real_figure_leads_to_the_rows_it_was_frozen_from(settings: Any) -> None:
    office = RoundOffice(ports=False)
    for number, province in enumerate(("44", "44", "42", "42", "42")):
        code = "luohu-road" if not number else f"ceshi-{number}-road"
        a_border_port(code, open_since=date(1990, 1, 1), province_code=province, transport_class="road", class_basis="测试")
        figures(f"port:{code}", "cargo_tonnes", {str(year): 1000 * (number + 1) for year in range(2021, 2026)}, direction="total")
        figures(f"port:{code}", "person_crossings", a_year_of_months(2025, 10 + number), direction="total", unit="person_crossings")
    office.frozen()
    with clock.travel_to(DAY + timedelta(days=1)):
        figures("port:luohu-road", "cargo_tonnes", {"2025": 999_999}, direction="total", revision=2)
    score_round(actor=office.officer, year=YEAR)
    (cargo,) = trace_of(office.officer, "I-0201").figures
    assert cargo.value == 1000.0 and cargo.source.kind == "observations" and cargo.source.measure == "cargo_tonnes"
    (row,) = cargo.source.rows
    assert (row.series.subject_code, row.value, row.revision, row.period_start.year) == ("luohu-road", 1000, 1, 2025), "the revision known then"
    persons = trace_of(office.officer, "I-0202").figures[0]
    assert persons.source.count == 12 and sum(each.value for each in persons.source.rows) == persons.value == 120
    level = {figure.item: figure for figure in trace_of(office.officer, "I-0206").figures}
    assert level["threshold_cargo_t"].source.parameter == "volume_standard.road.cargo" and level["threshold_cargo_t"].value
    areas = trace_of(office.officer, "I-0101").figures
    assert {figure.source.kind for figure in areas} == {"not_reported"}
    points = trace_of(office.officer, "I-0704")
    assert {figure.source.kind for figure in points.figures} == {"not_filed"} and points.line.mark == "no_evidence"


def test_the_round_is_scored_again_once_and_kept_until_it_changes(exercise: None, monkeypatch: pytest.MonkeyPatch) -> None:
    office = RoundOffice()
    office.scored()
    replaying._KEPT.clear()
    made: list[int] = []
    again = replaying.replayed
    monkeypatch.setattr(replaying, "replayed", lambda *args: made.append(1) or again(*args))
    first = card_of(office.officer)
    assert card_of(office.officer).total == first.total and len(made) == 1
    office.step("reopen", office.leader, reason="补充数据")
    with refused("unknown_result", NotFound):
        card_of(office.officer)
    assert len(made) == 1 and PortScore.objects.exists()


def test_a_point_that_was_filed_leads_to_what_was_filed_for_whoever_sees_the_return(exercise: None) -> None:
    office = RoundOffice()
    office.opened()
    entry = office.entry(evidence="佐证")
    office.file(office.guangdong)
    office.decide(entry)
    office.verify(office.guangdong, office.customs)
    office.file(office.hubei)
    office.verify(office.hubei)
    office.step("close_collection")
    freeze_round(actor=office.officer, year=YEAR)
    score_round(actor=office.officer, year=YEAR)
    for user, kind in ((office.officer, "filed"), (a_port_reporter("luohu-road"), "")):
        if not kind:
            office.step("open_peer_view")
        sources = {figure.item: figure.source for figure in trace_of(user, "I-0606").figures}
        assert sources["I-0606/5G"].kind == "filed" and sources["I-0606/北斗"].kind == "generated"
        assert sources["I-0606/5G"].entry == (entry if kind else None), "who reports for the port does not see the office's return"
