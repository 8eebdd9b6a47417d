"""Suspicions kept, ruled on, answered, explained; who may, who sees."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from files import a_csv, a_return, somebody

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Conflict, NotAllowed, NotFound, Refused
from kouan.collection.actions import take_in
from kouan.collection.vetting import actions, queries
from kouan.collection.vetting.models import CheckRun, Suspicion, SuspicionState

pytestmark = pytest.mark.usefixtures("register")


def rows(port: str, changed: dict[int, int], size: int = 60_000) -> list[tuple[Any, ...]]:
    """Five years of months of one port, some changed."""
    usual = [int(size * (1 + 0.2 * math.sin(at * math.pi / 6) + 0.03 * math.sin(at * 7.3 + len(port)))) for at in range(60)]
    return [a_return(changed.get(at, usual[at]), port=port, period=f"{2018 + at // 12}-{at % 12 + 1:02d}") for at in range(60)]


@pytest.fixture
def faulty(tmp_path: Path, national: Any) -> None:
    """罗湖 with a unit slip and two months of nought, 满洲里 with a spike."""
    for port, changed in (("luohu-rail", {40: 70_388_000, 50: 0, 51: 0}), ("manzhouli-rail", {30: 260_000})):
        take_in(actor=national, path=a_csv(tmp_path, rows(port, changed)), source="port-return")


def kept(user: Any) -> dict[tuple[str, str, str], str]:
    """Check, subject and first period → state."""
    return {(one.check_id, one.subject_code, one.first_start.isoformat()): one.state for one in Suspicion.objects.visible_to(user)}


SLIP, ZEROS = ("unit_slip", "luohu-rail", "2021-05-01"), ("zero_run", "luohu-rail", "2022-03-01")
SPIKE = ("spike", "manzhouli-rail", "2020-07-01")


@pytest.mark.usefixtures("faulty")
def test_a_run_keeps_what_it_finds_once(national: Any, guangdong: Any, inner_mongolia: Any) -> None:
    run = actions.run_checks(actor=national)
    assert (run.series, run.figures, run.found, run.fresh) == (2, 120, 3, 3)
    assert kept(national) == dict.fromkeys((SLIP, ZEROS, SPIKE), "open")
    again = actions.run_checks(actor=national)
    assert (again.found, again.fresh, again.cleared) == (3, 0, 0) and Suspicion.objects.count() == 3
    assert set(kept(guangdong)) == {SLIP, ZEROS} and set(kept(inner_mongolia)) == {SPIKE}
    assert kept(None) == {}


@pytest.mark.usefixtures("faulty")
def test_what_is_corrected_is_cleared(national: Any, tmp_path: Path) -> None:
    actions.run_checks(actor=national)
    usual = rows("luohu-rail", {})[40]
    take_in(actor=national, path=a_csv(tmp_path, [usual]), source="port-return")
    assert actions.run_checks(actor=national).cleared == 1
    assert kept(national)[SLIP] == "cleared"


@pytest.mark.usefixtures("faulty")
def test_rulings_are_national_need_a_reason_and_stay(national: Any, guangdong: Any, inner_mongolia: Any) -> None:
    actions.run_checks(actor=national)
    spike = Suspicion.objects.get(check_id="spike")
    for actor in (guangdong, inner_mongolia):
        with pytest.raises(NotAllowed):
            actions.rule(actor=actor, numbers=[spike.pk], state="false_alarm", reason="属实")
    with pytest.raises(Refused, match="理由"):
        actions.rule(actor=national, numbers=[spike.pk], state="false_alarm", reason=" ")
    with pytest.raises(NotFound):
        actions.rule(actor=national, numbers=[spike.pk, 10**9], state="false_alarm", reason="属实")
    assert actions.rule(actor=national, numbers=[spike.pk], state="false_alarm", reason="经核属实") == 1
    actions.run_checks(actor=national)
    spike.refresh_from_db()
    assert (spike.state, spike.reason, spike.ruled_by) == ("false_alarm", "经核属实", national)
    # One false alarm in advance of two confirmed ones: two thirds of the likelihood, for the check and for the series.
    assert queries.learned() == [("spike", 0, 1, pytest.approx(2 / 3))]


@pytest.mark.usefixtures("faulty")
def test_an_answer_is_the_reporters_and_rules_nothing(national: Any, guangdong: Any, inner_mongolia: Any) -> None:
    actions.run_checks(actor=national)
    slip = Suspicion.objects.get(check_id="unit_slip")
    with pytest.raises(NotFound):
        actions.answer(actor=inner_mongolia, number=slip.pk, text="不是我们的")
    actions.answer(actor=guangdong, number=slip.pk, text="填报时误将元计作万元，已补报更正。")
    slip.refresh_from_db()
    assert slip.state == SuspicionState.OPEN and slip.answered_by == guangdong
    actions.rule(actor=national, numbers=[slip.pk], state="confirmed", reason="报送方已承认")
    with pytest.raises(Conflict):
        actions.answer(actor=guangdong, number=slip.pk, text="再说明")


@pytest.mark.usefixtures("faulty")
def test_an_exception_answers_now_and_later(national: Any, guangdong: Any) -> None:
    actions.run_checks(actor=national)
    with pytest.raises(NotAllowed):
        actions.explain(actor=guangdong, subject="port:luohu-rail", first_day=date(2022, 3, 1), last_day=None, reason="停运", reference="文")
    for bad in ({"subject": "罗湖"}, {"last_day": date(2022, 1, 1)}, {"reference": " "}, {"measure_codes": ["wind"]}):
        with pytest.raises(Refused):
            actions.explain(**{  # type: ignore[arg-type]
                "actor": national, "subject": "port:luohu-rail", "first_day": date(2022, 3, 1), "last_day": date(2022, 4, 30),
                "reason": "疫情停运", "reference": "公告", **bad})
    made = actions.explain(actor=national, subject="port:luohu-rail", first_day=date(2022, 3, 1), last_day=date(2022, 4, 30),
                           reason="疫情停运", reference="联防联控机制公告2022年第3号")
    assert kept(national)[ZEROS] == "explained" and kept(national)[SLIP] == "open"
    actions.run_checks(actor=national)
    assert kept(national)[ZEROS] == "explained"
    Suspicion.objects.filter(check_id="zero_run").delete()
    actions.run_checks(actor=national)
    assert ZEROS not in kept(national)
    assert [one.pk for one in queries.exceptions_visible_to(guangdong)] == [made.pk]
    actions.withdraw_exception(actor=national, number=made.pk)
    actions.run_checks(actor=national)
    assert kept(national)[ZEROS] == "open"
    with pytest.raises(NotFound):
        actions.withdraw_exception(actor=national, number=made.pk)


@pytest.mark.usefixtures("faulty")
def test_only_some_may_run_checks(national: Any, guangdong: Any) -> None:
    reporter = somebody(Role.PORT_REPORTER, OrganisationKind.PORT_OPERATOR, port_codes=["luohu-rail"])
    for actor in (guangdong, reporter):
        with pytest.raises(NotAllowed):
            actions.run_checks(actor=actor)
    assert not CheckRun.objects.exists()
    actions.run_checks(actor=national)
    assert set(kept(reporter)) == {SLIP, ZEROS}


@pytest.mark.usefixtures("faulty")
def test_pairs_of_counts_turn_the_direction() -> None:
    from kouan.collection.checks import Key

    pairs = queries.links()
    assert (Key("port:luohu-rail", "person_crossings", "inbound"), Key("counterpart_point:lo-wu", "person_crossings", "outbound")) in pairs
    assert queries.facing(Key("counterpart_point:lo-wu", "person_crossings", "inbound")) == Key("port:luohu-rail", "person_crossings", "outbound")


def test_days_make_months_and_the_two_sides_are_compared(tmp_path: Path, national: Any) -> None:
    from datetime import timedelta

    from files import HONGKONG, a_crossing_day

    from kouan.basis import PeriodKind
    from kouan.collection.models import Series
    from kouan.collection.vetting import reading

    days = [date(2023, 3, 1) + timedelta(days=at) for at in range(59)]  # to 28 April: April is not whole
    take_in(actor=national, path=a_csv(tmp_path, [a_crossing_day(day=day.isoformat()) for day in days], HONGKONG), source="hk-control-points")
    found = reading.panels(Series.objects.filter(subject_code="lo-wu", group="all"))
    assert set(found) == {PeriodKind.DAY, PeriodKind.MONTH}
    march, april = found[PeriodKind.MONTH].values[0]
    assert march == found[PeriodKind.DAY].values[0][:31].sum() and april != april
