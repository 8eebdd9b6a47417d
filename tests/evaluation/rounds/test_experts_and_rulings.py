"""Experts mark what they are asked, with a declaration first; two at least count. And what the national office rules is kept with the freeze."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.accounts.factories import a_user, an_enterprise_user
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.accounts.models import Role, User
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, Text, clock
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import ProcedureSetting
from kouan.desk.matters.queries import inbox
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.evidence.experts import (
    ask_experts,
    declare_interest,
    mark_points,
    release_expert,
    to_mark,
)
from kouan.evaluation.rounds.evidence.models import ExpertAsked, ExpertMark, FiledEntry, MarkingTask, Ruling
from kouan.evaluation.rounds.evidence.panel import findings_of, panels_of
from kouan.evaluation.rounds.evidence.rulings import (
    rule_failed_feed,
    rule_not_applicable,
    rulings_in_force,
    rulings_visible_to,
    withdraw_ruling,
)
from kouan.evaluation.rounds.evidence.seeing import asked_visible_to, evidence_file, newest
from kouan.evaluation.rounds.frozen import data_of
from kouan.evaluation.rounds.models import Freeze, PortScore, Round
from kouan.evaluation.rounds.replaying import replayed

DAY = date(2026, 2, 2)
POINT, OTHER = "I-0606/5G", "I-0606/北斗"
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    """Guangdong filed two points of 新技术应用度, both accepted by customs."""
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.opened()
        entries = [found.entry(item=each) for each in (POINT, OTHER)]
        found.file(found.guangdong)
        for each in entries:
            found.decide(each)
        yield found


@pytest.fixture
def second(office: RoundOffice) -> User:
    return a_user(Role.EXPERT, office.expert.organisation)


def ask(office: RoundOffice, *people: User, **known: Any) -> list[ExpertAsked]:
    return ask_experts(**{"actor": office.officer, "year": YEAR, "experts": [each.username for each in people], "ports": ["luohu-road"],
                          "indicators": ["I-0606"]} | known)


def mark(person: User, first: int, other: int, *, declared: bool = False, **known: Any) -> ExpertMark:
    if declared:
        declare_interest(actor=person, year=YEAR, port="luohu-road", has_conflict=False, statement="无利益关系")
    row = ExpertAsked.objects.get(expert=person, indicator="I-0606", port="luohu-road", released_on__isnull=True)
    return mark_points(**{"actor": person, "year": YEAR, "asked": row.pk, "points": {POINT: first, OTHER: other}, "reason": "看了材料"} | known)


def freeze(office: RoundOffice) -> Freeze:
    office.verify(office.guangdong, office.customs)
    office.file(office.hubei)
    office.verify(office.hubei)
    office.step("close_collection")
    found = freeze_round(actor=office.officer, year=YEAR)
    score_round(actor=office.officer, year=YEAR)
    assert replayed(Round.objects.get()).data.digest == found.data_digest
    return found


def frozen(item: str) -> float:
    data = data_of(Freeze.objects.order_by("-revision")[0])
    return float(data.column(item)[-1, data.ports.index("luohu-road")])


def by_code(port: str) -> Text:
    return Text(port, port)


def panels() -> Any:
    held = Round.objects.get()
    return panels_of(held, held.scheme_version.scheme(), newest(FiledEntry.objects.filter(filed_in__round=held)))


def test_the_mean_of_two_counts_and_the_spread_is_shown(office: RoundOffice, second: User) -> None:
    assert len(ask(office, office.expert, second)) == 2 and ask(office, office.expert) == [], "asked once"
    mark(office.expert, 100, 60, declared=True)
    mark(second, 60, 40, declared=True)
    mark(second, 50, 40)
    found = panels()[0]
    assert (found.mean, found.spread, round(found.deviation, 6)) == (62.5, 35.0, 24.748737)
    assert found.points == {POINT: 75.0, OTHER: 50.0}
    kept = freeze(office)
    assert (frozen(POINT), frozen(OTHER)) == (0.75, 0.5)
    told = {each["code"] for each in kept.findings}
    assert "marks_far_apart" in told and "marks_too_few" not in told
    with refused("round_frozen", Conflict):
        mark(second, 60, 40)


@pytest.mark.parametrize(("low", "told"), [(50, []), (49, ["marks_far_apart"])])
def test_a_spread_is_told_above_the_bound_of_the_scheme(office: RoundOffice, second: User, low: int, told: list[str]) -> None:
    ask(office, office.expert, second)
    mark(office.expert, 80, 80, declared=True)
    mark(second, low, low, declared=True)
    scheme = Round.objects.get().scheme_version.scheme()
    assert scheme.shape.experts.spread == 30 and [each.code for each in findings_of(panels(), scheme, by_code)] == told


def test_one_mark_alone_counts_for_nothing(office: RoundOffice, second: User) -> None:
    ask(office, office.expert, second)
    mark(office.expert, 10, 10, declared=True)
    kept = freeze(office)
    assert (frozen(POINT), frozen(OTHER)) == (1.0, 1.0), "what was verified stands"
    assert "marks_too_few" in {each["code"] for each in kept.findings}


def test_no_declaration_no_mark_and_with_an_interest_none_that_counts(office: RoundOffice, second: User) -> None:
    ask(office, office.expert, second)
    with refused("interest_not_cleared", NotAllowed):
        mark(office.expert, 80, 80)
    mark(office.expert, 80, 80, declared=True)
    mark(second, 60, 60, declared=True)
    declare_interest(actor=second, year=YEAR, port="luohu-road", has_conflict=True, statement="曾任该口岸顾问")
    with refused("interest_not_cleared", NotAllowed):
        mark(second, 90, 90)
    found = panels()[0]
    assert found.excluded == {second.pk} and list(found.marks) == [office.expert.pk] and found.points == {}
    paper = FiledEntry.objects.get(item=POINT).papers.get()
    assert evidence_file(office.expert, paper.entry_id, paper.version_id)
    with refused("evidence_not_found", NotFound):
        evidence_file(second, paper.entry_id, paper.version_id)
    with refused("expert_has_interest"):
        ask(office, second, indicators=["I-0401"])


def test_an_expert_sees_and_marks_only_what_he_or_she_is_asked(office: RoundOffice, second: User) -> None:
    held = Round.objects.get()
    mine = ask(office, office.expert)[0]
    for stranger in (second, an_enterprise_user(), office.guangdong, office.customs):
        assert not asked_visible_to(stranger, held).exists()
    with refused("unknown_round", NotFound):
        declare_interest(actor=second, year=YEAR, port="luohu-road", has_conflict=False, statement="无")
    ask(office, second, ports=["wuhan-water"])
    with refused("not_asked", NotFound):
        mark_points(actor=second, year=YEAR, asked=mine.pk, points={POINT: 80, OTHER: 80}, reason="看了材料")
    with refused("not_asked", NotFound):
        declare_interest(actor=second, year=YEAR, port="luohu-road", has_conflict=False, statement="无")
    for nobody in (office.guangdong, office.officer, an_enterprise_user()):
        with refused("not_allowed", NotAllowed):
            mark_points(actor=nobody, year=YEAR, asked=mine.pk, points={POINT: 80}, reason="看了材料")
    for nobody in (office.guangdong, office.expert):
        with refused("not_allowed", NotAllowed):
            ask(office, second, actor=nobody)
    assert asked_visible_to(office.officer, held).count() == 2
    release_expert(actor=office.officer, year=YEAR, asked=mine.pk, reason="工作调整")
    with refused("unknown_round", NotFound):
        mark_points(actor=office.expert, year=YEAR, asked=mine.pk, points={POINT: 80, OTHER: 80}, reason="看了材料")
    with refused("expert_released", Conflict):
        release_expert(actor=office.officer, year=YEAR, asked=mine.pk, reason="再撤")


def test_every_claimed_point_is_marked_and_nothing_else(office: RoundOffice) -> None:
    ask(office, office.expert)
    mark(office.expert, 1, 1, declared=True)
    with refused("mark_missing"):
        mark(office.expert, 1, 1, points={POINT: 80})
    with refused("mark_missing"):
        mark(office.expert, 101, 80)
    with refused("mark_not_asked"):
        mark(office.expert, 1, 1, points={POINT: 80, OTHER: 80, "I-0606/物联网": 80})
    with refused("words_missing"):
        mark(office.expert, 1, 1, reason=" ")
    with refused("not_for_experts"):
        ask(office, office.expert, indicators=["I-0101"])
    with refused("unknown_expert"):
        ask(office, office.guangdong)
    with refused("port_not_in_return", NotFound):
        ask(office, office.expert, ports=["nowhere-road"])


def test_a_mark_on_what_was_filed_anew_counts_no_more(office: RoundOffice, second: User) -> None:
    ask(office, office.expert, second)
    mark(office.expert, 80, 80, declared=True)
    mark(second, 60, 60, declared=True)
    take_step(actor=office.customs, matter=office.return_of(office.guangdong).matter_id, transition="give_back", fields={"reason": "佐证不清"})
    asked = ExpertAsked.objects.get(expert=second)
    assert to_mark(asked) == {}, "what is still being written is not for experts"
    with refused("nothing_to_mark", Conflict):
        mark(second, 60, 60)
    again = office.entry(item=POINT, evidence="新的材料")
    office.file(office.guangdong)
    office.decide(again)
    found = panels()[0]
    assert found.points == {OTHER: 70.0} and found.stale == {office.expert.pk, second.pk}
    held = Round.objects.get()
    assert [each.code for each in findings_of([found], held.scheme_version.scheme(), by_code)] == ["marks_of_old_entries"]
    freeze(office)
    assert (frozen(POINT), frozen(OTHER)) == (1.0, 0.7)


def test_rulings_are_kept_with_the_freeze_and_withdrawn_by_a_later_one(office: RoundOffice) -> None:
    before = rule_not_applicable(actor=office.officer, year=YEAR, code="I-0606", port="luohu-road", reason="该口岸试点未启动")
    rule_not_applicable(actor=office.officer, year=YEAR, code="I-0401", port_class="sea", reason="另行考核")
    feed = rule_failed_feed(actor=office.officer, year=YEAR, code="import_time_h", of_year=YEAR, port_class="road", reason="数据源升级停供")
    with refused("ruling_on_record", Conflict):
        rule_not_applicable(actor=office.officer, year=YEAR, code="I-0606", port="luohu-road", reason="再认定")
    withdraw_ruling(actor=office.leader, year=YEAR, ruling=before.pk, reason="试点已启动")
    with refused("ruling_withdrawn", Conflict):
        withdraw_ruling(actor=office.leader, year=YEAR, ruling=before.pk, reason="再撤")
    held = Round.objects.get()
    assert [each.code for each in rulings_in_force(held)] == ["I-0401", "import_time_h"]
    assert rulings_visible_to(office.guangdong, held).count() == 4 and rulings_visible_to(office.hubei, held).count() == 2
    assert not rulings_visible_to(office.expert, held).exists()
    kept = freeze(office)
    ours = [each for each in kept.decisions if not each["reason"].startswith("演练")]
    assert [(each["code"], each["by"], each["port_class"]) for each in ours] == [("I-0401", "national_office", "sea")]
    assert {"code": "import_time_h", "year": YEAR, "port_class": "road"} in kept.failed_feeds
    cells = {each.port.code: each.cells for each in PortScore.objects.select_related("port")}
    assert cells["wuhan-water"]["I-0401"]["mark"] == "not_applicable" and cells["luohu-road"]["I-0401"]["mark"] != "not_applicable"
    assert cells["luohu-road"]["I-0501"]["mark"] == "suspended" and cells["luohu-road"]["I-0606"]["mark"] != "not_applicable"
    assert feed.reason == "数据源升级停供"
    with refused("round_frozen", Conflict):
        withdraw_ruling(actor=office.officer, year=YEAR, ruling=feed.pk, reason="冻结后")


def test_only_the_national_office_rules_and_only_on_what_there_is(office: RoundOffice) -> None:
    for nobody in (office.guangdong, office.customs, office.expert, an_enterprise_user()):
        with refused("not_allowed", NotAllowed):
            rule_not_applicable(actor=nobody, year=YEAR, code="I-0606", port="luohu-road", reason="不适用")
    for code, known in (
        ("item_unknown", {"code": "I-9999"}), ("port_unknown", {"port": "nowhere-road"}), ("class_unknown", {"port": "", "port_class": "space"}),
        ("port_or_class", {"port_class": "road"}), ("year_out_of_range", {"of_year": YEAR + 1}), ("words_missing", {"reason": " "}),
    ):
        with refused(code):
            rule_not_applicable(**{"actor": office.officer, "year": YEAR, "code": "I-0606", "port": "luohu-road", "reason": "不适用"} | known)
    with refused("not_a_central_source"):
        rule_failed_feed(actor=office.officer, year=YEAR, code="opex_cny", of_year=YEAR, reason="停供")
    assert not Ruling.objects.exists()
    assert rule_failed_feed(actor=office.officer, year=YEAR, code="cargo_in_t", of_year=YEAR, reason="停供").pk, "a part of a total"


# ---- the expert's desk ------------------------------------------------------------------------------------


def desks(*people: User) -> list[list[tuple[str, date | None]]]:
    return [[(each.matter.procedure, each.due_on) for each in inbox(person)] for person in people]


def test_what_is_asked_lies_on_the_desk_of_the_expert_alone_until_it_is_marked(office: RoundOffice, second: User) -> None:
    due = [("evaluation_marking", DAY + timedelta(days=10))]
    assert desks(office.expert, second) == [[], []]
    ask(office, office.expert)
    assert second.organisation_id == office.expert.organisation_id and desks(office.expert, second) == [due, []], "of one panel, of one person"
    mark(office.expert, 100, 60, declared=True)
    assert desks(office.expert) == [[]]
    assert [each.matter.state for each in MarkingTask.objects.all()] == ["marked"]


def test_a_desk_fills_again_when_an_entry_is_filed_anew_and_empties_with_an_interest(office: RoundOffice, second: User) -> None:
    ask(office, office.expert)
    mark(office.expert, 100, 60, declared=True)
    take_step(actor=office.customs, matter=office.return_of(office.guangdong).matter_id, transition="give_back", fields={"reason": "补正"})
    office.entry(evidence="更清楚的材料")
    assert len(desks(office.expert)[0]) == 1 and MarkingTask.objects.count() == 2
    declare_interest(actor=office.expert, year=YEAR, port="luohu-road", has_conflict=True, statement="曾任职")
    assert desks(office.expert) == [[]]


def test_a_desk_empties_when_the_expert_is_released_and_with_the_freeze(office: RoundOffice, second: User) -> None:
    asked = ask(office, office.expert, second)
    release_expert(actor=office.officer, year=YEAR, asked=asked[0].pk, reason="另行安排")
    assert [len(each) for each in desks(office.expert, second)] == [0, 1]
    task = MarkingTask.objects.get(expert=second)
    with refused("marks_missing"):
        take_step(actor=second, matter=task.matter_id, transition="finish")
    freeze(office)
    assert desks(second) == [[]]
    assert list(MarkingTask.objects.values_list("matter__state", flat=True)) == ["not_marked", "not_marked"]


def test_nobody_is_asked_while_the_days_to_mark_are_not_set(office: RoundOffice) -> None:
    ProcedureSetting.objects.filter(procedure="evaluation_marking").delete()
    with pytest.raises(Refused):
        ask(office, office.expert)
    assert not ExpertAsked.objects.exists()
