"""The exercise's operations (演练): events, daily figures and warnings by the doors that real ones take, once, and on from there each day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.ports.factories import a_port

from kouan.accounts.action import acting_system
from kouan.accounts.actions import make_demonstration_users
from kouan.accounts.models import User
from kouan.basis import Refused, clock
from kouan.collection.models import Observation
from kouan.desk.matters.queries import settings_of
from kouan.exercise import daily, events, fill_operations
from kouan.exercise.places import CODES, FEEDS, PLACES, SPARE
from kouan.monitoring.journal import compaction, reading
from kouan.monitoring.journal.models import Event, EventBatch, EventMonth, EventSource, HeldEvent
from kouan.monitoring.journal.status import journal_status
from kouan.monitoring.warnings.models import EarlyWarning
from kouan.monitoring.warnings.queries import warnings_visible_to

TODAY = date(2026, 11, 27)


def quiet(zh: str, en: str) -> None:
    """Nobody listens."""


def fill() -> None:
    with acting_system("test") as system:
        fill_operations(system, quiet)


def counts() -> tuple[int, ...]:
    return tuple(each.objects.count() for each in (Event, EventBatch, HeldEvent, EventMonth, Observation, EarlyWarning))


@pytest.fixture
def demo(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    """The demonstration's people, the ports that take part, and little traffic at them."""
    settings.IS_EXERCISE = settings.DEBUG = True
    for module, name, value in ((events, "CASES_A_MONTH", 40), (events, "CONVEYANCES_A_DAY", 20), (events, "PERSONS_A_DAY", 2_000),
                                (events, "MONTHS_CLOSED", 1), (daily, "DAYS", 100)):
        monkeypatch.setattr(module, name, value)
    for module in (compaction, reading):
        monkeypatch.setattr(module, "folder", lambda: tmp_path)
    with acting_system("test") as system:
        make_demonstration_users(actor=system)
    where = {"ruili": "53", "mohan": "53", "shanghai": "31", "manzhouli": "15"}
    for each in PLACES:
        name, mode = each.code.rsplit("-", 1)
        in_shenzhen = name in ("luohu", "futian", "huanggang", "shenzhen")
        a_port(each.code, mode, province_code=where.get(name, "44"), city_code="440300" if in_shenzhen else "")
    with clock.travel_to(TODAY):
        yield


@pytest.mark.usefixtures("demo")
def test_a_first_day_has_events_figures_and_warnings_at_the_right_desks_and_a_second_run_changes_nothing() -> None:
    fill()
    assert set(Event.objects.values_list("origin", flat=True)) == {"exercise"} and not Observation.objects.exclude(series__origin="exercise").exists()
    assert set(Event.objects.values_list("port", flat=True)) == set(CODES)
    held = [each.findings[0]["code"] for each in HeldEvent.objects.all()]
    assert {code: held.count(code) for code in held} == {"event_milestone_unknown": 4, "event_port_not_yours": 2, "event_in_future": 3}
    assert [each["findings"][0]["measured"] for each in journal_status(_user("guojia"))["sources"] if each["findings"]] == ["-180 min"]
    assert set(EventMonth.objects.values_list("month", flat=True)) == {"2026-10"}
    assert set(settings_of("early_warning")) == {"acknowledge_days", "assign_days", "joint_days", "act_days", "verify_days"}
    told = {(each.port.code, each.detector): each.handler.code for each in EarlyWarning.objects.select_related("port", "handler")}
    assert told.items() >= {("futian-rail", "seasonal"): "sz", ("ruili-road", "stuck_feed"): "yn", ("shenzhen-water", "seasonal"): "gd",
                            ("manzhouli-rail", "fell_silent"): "npo"}.items()
    assert {each.port.province_code for each in warnings_visible_to(_user("yunnan"))} == {"53"}, "another province's user sees none of the others"
    before = counts()
    fill()
    assert counts() == before
    with clock.travel_to(TODAY + timedelta(days=1)):
        fill()
        assert Observation.objects.filter(period_start=TODAY).exists()
        newest = Event.objects.order_by("-received_us").values_list("received_us", flat=True)[0]
        assert clock.now().timestamp() - newest / 1_000_000 < 3_600, "what has passed since is sent, and nothing from the future"
        assert EventSource.objects.count() == len([*FEEDS, SPARE])


def _user(name: str) -> User:
    return User.objects.select_related("organisation").get(username=name)


@pytest.mark.django_db
def test_operations_are_refused_in_a_real_workspace_and_without_their_people(settings: Any) -> None:
    with pytest.raises(Refused) as refusal:
        fill()
    assert refusal.value.findings[0].code == "not_an_exercise"
    settings.IS_EXERCISE = True
    with pytest.raises(Refused) as refusal:
        fill()
    assert refusal.value.findings[0].code == "no_demonstration" and not EventSource.objects.exists()
