"""A closed port keeps its sources and its backlog still: from the closure of an emergency, or from changed opening hours on paper."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.monitoring.emergency_office import NOON, EmergencyOffices
from tests.monitoring.test_warning_operations import YESTERDAY, an_event, at, told
from tests.monitoring.test_warning_operations import offices as offices
from tests.monitoring.warning_office import TODAY, WarningOffices

from kouan.basis import Conflict, Refused, clock
from kouan.monitoring.emergencies.actions import close_at_port, reopen_at_port
from kouan.monitoring.warnings.actions import CLOSED, end_silence, plan_silence, silence_closure
from kouan.monitoring.warnings.models import EarlyWarning, PlannedSilence, SilencedEpisode
from kouan.monitoring.warnings.queries import silences_of

pytestmark = pytest.mark.django_db


def test_a_closure_is_a_silence_until_the_port_is_open_again() -> None:
    with clock.travel_to(NOON):
        offices = EmergencyOffices()
        offices.published()
        event = offices.opened()
        closure = close_at_port(actor=offices.city, event=event.pk, what="货运通道", decided_by="深圳市人民政府")
        silence = PlannedSilence.objects.get()
        assert (silence.grounds, silence.port, silence.last_day, silence.reference) == ("closure", offices.port, None, f"closure:{closure.pk}")
        assert set(silence.detectors) == set(CLOSED) and "货运通道关闭" in silence.reason
        assert not PlannedSilence.objects.visible_to(offices.neighbour).exists()
        with pytest.raises(Conflict):
            end_silence(actor=offices.city, silence=silence.pk)
    with clock.travel_to(NOON + timedelta(days=2)):
        reopen_at_port(actor=offices.city, event=event.pk, closure=closure.pk)
        silence.refresh_from_db()
        assert silence.last_day == NOON.date() + timedelta(days=2) and silence.ended_at is None


def test_a_drills_closure_keeps_nothing_still() -> None:
    with clock.travel_to(NOON):
        offices = EmergencyOffices()
        offices.published()
        drill = offices.opened(is_drill=True)
        close_at_port(actor=offices.city, event=drill.pk, what="货运通道", decided_by="深圳市人民政府")
        assert not PlannedSilence.objects.exists()


def test_what_falls_silent_at_a_closed_port_is_kept_and_told_to_nobody(offices: WarningOffices) -> None:
    for back in range(12, 1, -1):
        with clock.travel_to(TODAY - timedelta(days=back)):
            told(an_event(back, "arrived", at(TODAY - timedelta(days=back), 10)))
    silence = silence_closure(actor=offices.city, reference="closure:1", port=offices.port, first=TODAY - timedelta(days=2), last=None, reason="关闭")
    assert offices.detect().silenced == 1 and not EarlyWarning.objects.exists()
    assert [each.detector for each in SilencedEpisode.objects.filter(silence=silence)] == ["silent_source"]
    silence.last_day = TODAY - timedelta(days=2)
    silence.save()
    offices.detect()
    assert offices.warning().detector == "silent_source", "what lasts longer than the closure is told"


def test_changed_hours_are_of_one_port_and_name_their_paper(offices: WarningOffices) -> None:
    span: dict[str, Any] = {"first": YESTERDAY, "last": TODAY, "reason": "开放时间缩短"}
    for wrong in ({"port": "luohu-rail"}, {"document": "通告3号"}, {"port": "luohu-rail", "document": "通告3号", "grounds": "closure"}):
        with pytest.raises(Refused):
            plan_silence(actor=offices.city, **{**span, "grounds": "hours", **wrong})
    with pytest.raises(Refused, match="没有这个口岸"):
        plan_silence(actor=offices.neighbour, **span, grounds="hours", port="luohu-rail", document="通告3号")
    made = plan_silence(actor=offices.city, **span, grounds="hours", port="luohu-rail", document="通告3号")
    assert (made.document, set(made.detectors)) == ("通告3号", set(CLOSED))


def test_the_page_of_a_warning_states_the_silences_of_its_port(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 3.0})
    offices.detect()
    warning = offices.warning()
    silence_closure(actor=offices.city, reference="closure:7", port=offices.port, first=YESTERDAY, last=None, reason="旅客通道关闭，突发事件#7")
    plan_silence(actor=offices.city, first=TODAY - timedelta(days=30), last=TODAY - timedelta(days=20), reason="早已期满", port="luohu-rail")
    assert [each.reference for each in silences_of(offices.city, warning)] == ["closure:7"]
    client = Client()
    client.force_login(offices.city, backend="kouan.accounts.backends.SignInBackend")
    shown = client.get(f"/warnings/{warning.pk}").content.decode()
    assert "旅客通道关闭" in shown and "恢复开放为止" in shown and "早已期满" not in shown
    listed = client.get("/warnings/silences").content.decode()
    assert "恢复开放为止" in listed and "口岸关闭" in listed and listed.count('name="end"') == 0
    answer = client.post("/warnings/silences", {"port": "luohu-rail", "first": YESTERDAY.isoformat(), "last": TODAY.isoformat(), "grounds": "hours",
                                                "document": "口岸通告〔2024〕3号", "reason": "夜间停开"})
    assert answer.status_code == 302 and "口岸通告〔2024〕3号" in client.get("/warnings/silences").content.decode()
