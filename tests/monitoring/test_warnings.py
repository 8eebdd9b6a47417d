"""Early warnings on the desk: raised once at the right office, answered by each who must, acted on, verified, closed with a cause."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.monitoring.factories import figures
from tests.monitoring.warning_office import TODAY, WarningOffices, daily, state

from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.basis import EvidenceRef, NotAllowed, NotFound, Refused, clock
from kouan.collection.lineage import dependants, evidence_of
from kouan.collection.models import Origin, Series
from kouan.desk import jobs
from kouan.desk.matters.actions import give_opinion, run_clocks
from kouan.desk.matters.models import Matter, MatterNotice
from kouan.desk.matters.queries import inbox
from kouan.desk.models import Job
from kouan.monitoring.detection import registered_detectors
from kouan.monitoring.warnings.actions import end_silence, plan_silence, set_threshold, vote_on_warning
from kouan.monitoring.warnings.models import EarlyWarning, PlannedSilence, SilencedEpisode
from kouan.monitoring.warnings.queries import drawn, get_warning, told, try_setting, warnings_visible_to
from kouan.monitoring.warnings.routing import causes, rule_for, rules

pytestmark = pytest.mark.django_db
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def offices() -> Iterator[WarningOffices]:
    with clock.travel_to(TODAY.isoformat()):
        yield WarningOffices()


def code_of(refusal: Any) -> set[str]:
    return {each.code for each in refusal.value.findings}


def test_every_detector_has_a_rule_and_every_rule_says_why() -> None:
    assert {rule_for([key], 1.0).to for key in registered_detectors()} == {"agency", "city", "province"}
    assert all(each.why.zh and each.why.en for each in rules()) and len(causes()) == 12


def test_a_spike_raises_one_alert_at_the_office_of_its_place_r042_r150(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 1.6})
    assert len(offices.detect().opened) == 1
    again = offices.detect()
    assert again.opened == () and len(again.prolonged) == 1, "however often it runs, an episode is told once"
    warning = offices.warning()
    assert (warning.handler, warning.rule, warning.detector) == (offices.city.organisation, "flow", "seasonal")
    assert (warning.first_day, warning.last_day, warning.goes, warning.origin) == (YESTERDAY, YESTERDAY, "up", "official")
    assert len(warning.candidates) == 1 and "高出常态" in warning.message_zh
    # The daily series that it was seen in leads to the warning and to its matter, once however often the detectors ran.
    [used] = evidence_of(EvidenceRef("monitoring", "warning", warning.pk))
    assert (used.kind, Series.objects.get(pk=used.id).direction) == ("series", "inbound")
    assert [(each.reference.kind, each.reference.id) for each in dependants([used])] == [
        ("warning", str(warning.pk)), ("matter", str(warning.matter_id))]
    assert [each.matter_id for each in inbox(offices.city)] == [warning.matter_id]
    assert not inbox(offices.province).exists() and not inbox(offices.agency).exists()
    assert set(MatterNotice.objects.filter(kind="warning").values_list("recipient_id", flat=True)) == {offices.city.pk}


def test_ordinary_days_raise_nothing_and_an_empty_register_neither(offices: WarningOffices) -> None:
    assert offices.detect().series == 0
    offices.counted()
    found = offices.detect()
    assert found.series == 1 and found.opened == () and not EarlyWarning.objects.exists()


def test_counterpart_figures_are_never_judged(offices: WarningOffices) -> None:
    values = daily(400)
    values[YESTERDAY] *= 4
    for subject in ("counterpart_point:lo-wu", "port:luohu-rail"):
        figures(subject, "person_crossings", {day.isoformat(): value for day, value in values.items()}, direction="inbound",
                origin=Origin.COUNTERPART, unit="person_crossings", source="hk-control-points")
    assert offices.detect().series == 0 and not EarlyWarning.objects.exists()


def test_the_next_day_prolongs_and_a_new_episode_is_a_new_warning(offices: WarningOffices) -> None:
    changes = {YESTERDAY - timedelta(days=3): 1.5, YESTERDAY - timedelta(days=2): 1.8, YESTERDAY: 1.6}
    offices.counted(changes)
    assert len(offices.detect(until=YESTERDAY - timedelta(days=3)).opened) == 1
    assert offices.detect(until=YESTERDAY - timedelta(days=2)).opened == ()
    warning = offices.warning()
    assert (warning.last_day, warning.peak_day) == (YESTERDAY - timedelta(days=2),) * 2, "further out than the first day"
    offices.detect()
    warning.refresh_from_db()
    assert warning.last_day == YESTERDAY and len(warning.candidates) == 3
    later = {day.isoformat(): value for day, value in daily(6, last=TODAY + timedelta(days=5)).items()}
    later[(TODAY + timedelta(days=5)).isoformat()] = 15_000
    figures("port:luohu-rail", "person_crossings", later, direction="inbound", origin=Origin.OFFICIAL, unit="person_crossings")
    assert len(offices.detect(until=TODAY + timedelta(days=5)).opened) == 1


def test_from_raised_to_closed_with_a_cause_each_step_timed(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 1.6})
    offices.detect()
    warning = offices.warning()
    with pytest.raises(NotAllowed):
        offices.take(warning, "acknowledge", offices.province, comment="代收")
    with pytest.raises(Refused) as refused:
        offices.take(warning, "acknowledge", offices.city)
    assert code_of(refused), "a comment is asked for"
    offices.take(warning, "acknowledge", offices.city, comment="已收到，正在核对")
    with pytest.raises(Refused, match="无须联合研判"):
        offices.take(warning, "ask_jointly", offices.city, plan="会商")
    offices.take(warning, "assign", offices.city, responsible="值班科", plan="增开通道")
    offices.take(warning, "report", offices.city, measures="增开两条通道，排队消除")
    with pytest.raises(NotAllowed):
        offices.take(warning, "close", offices.city, verification="自查", cause="event", cause_words="展会")
    with pytest.raises(Refused) as refused:
        offices.take(warning, "close", offices.province, verification="属实", cause="because", cause_words="展会")
    assert code_of(refused) == {"unknown_cause"} and state(warning) == "verifying", "a refusal takes the step back"
    offices.take(warning, "send_back", offices.province, reason="请附排队数据")
    offices.take(warning, "report", offices.city, measures="排队由40分钟降至10分钟")
    offices.take(warning, "close", offices.province, verification="属实", cause="event", cause_words="展会")
    data = told(get_warning(offices.national, warning.pk))
    assert (data["state"], data["cause"], data["is_open"]) == ("closed", "event", False)
    assert [each["label"]["zh"] for each in data["steps"]] == [
        "发出预警", "签收", "交办处置", "报告处置情况", "效果不足，退回处置", "报告处置情况", "核实并按原因办结"]
    assert data["steps"][0]["hours_after"] is None and all(each["hours_after"] is not None for each in data["steps"][1:])


def test_a_stop_is_joint_and_each_member_must_answer_r020_r021(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 0})
    offices.detect()
    warning = offices.warning()
    assert warning.is_joint and warning.rule == "stop" and warning.handler == offices.province.organisation
    reached = set(MatterNotice.objects.filter(kind="warning").values_list("recipient_id", flat=True))
    assert reached == {each.pk for each in (offices.province, offices.province_second, offices.city, offices.agency, offices.other_agency)}
    offices.take(warning, "acknowledge", offices.province, comment="已收到")
    with pytest.raises(Refused, match="先联合研判"):
        offices.take(warning, "assign", offices.province, responsible="甲", plan="直接处置")
    offices.take(warning, "ask_jointly", offices.province, plan="会商停运原因")
    for member in (offices.city, offices.agency, offices.other_agency):
        assert [each.matter_id for each in inbox(member)] == [warning.matter_id]
    for party, member in (("city", offices.city), ("agency_one", offices.agency)):
        give_opinion(actor=member, matter=warning.matter_id, consultation="assessment", party=party, agrees=True, words="台风停航")
    with pytest.raises(Refused):
        offices.take(warning, "assign_jointly", offices.province, responsible="甲", plan="通告")
    with pytest.raises(NotAllowed):
        give_opinion(actor=offices.agency, matter=warning.matter_id, consultation="assessment", party="agency_two", agrees=True, words="代答")
    give_opinion(actor=offices.other_agency, matter=warning.matter_id, consultation="assessment", party="agency_two", agrees=False, words="设备故障")
    offices.take(warning, "assign_jointly", offices.province, responsible="甲", plan="通告")
    assert state(warning) == "acting"
    offices.take(warning, "report", offices.province, measures="已通告")
    offices.take(warning, "dismiss", offices.national, verification="数据误报", cause_words="当日漏报")
    warning.refresh_from_db()
    assert warning.cause == "false_alarm" and state(warning) == "dismissed"


def test_missing_data_goes_to_the_office_of_the_place(offices: WarningOffices) -> None:
    offices.counted(left_out=2)
    offices.detect()
    assert (offices.warning().detector, offices.warning().rule, offices.warning().is_joint) == ("missing_data", "data", False)


def test_an_office_without_people_is_stepped_over_and_the_reason_says_so(offices: WarningOffices) -> None:
    offices.city.is_active = False
    offices.city.save()
    offices.counted({YESTERDAY: 1.6})
    offices.detect()
    warning = offices.warning()
    assert warning.handler == offices.province.organisation and "没有在用的口岸办" in warning.why_zh


def test_what_is_not_acknowledged_or_acted_on_in_time_goes_up_once(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 1.6})
    offices.detect()
    warning = offices.warning()

    def clocks_on(day: date) -> int:
        with clock.travel_to(day.isoformat()), acting_system("run_clocks") as system:
            return run_clocks(actor=system, today=day)["lapsed"]

    assert clocks_on(TODAY + timedelta(days=2)) == 0, "two working days: the day itself is in time"
    assert clocks_on(TODAY + timedelta(days=5)) == 1 and state(warning) == "escalated"
    assert clocks_on(TODAY + timedelta(days=5)) == 0
    assert [each.matter_id for each in inbox(offices.province)] == [warning.matter_id]
    with clock.travel_to((TODAY + timedelta(days=5)).isoformat()):
        offices.take(warning, "acknowledge_late", offices.province, comment="上级代为签收")
        offices.take(warning, "assign", offices.city, responsible="值班科", plan="增开通道")
    assert clocks_on(TODAY + timedelta(days=9)) == 1 and state(warning) == "overdue"


def test_nothing_is_raised_while_the_periods_are_not_set() -> None:
    with clock.travel_to(TODAY.isoformat()):
        offices = WarningOffices(is_set=False)
        offices.counted({YESTERDAY: 1.6})
        with pytest.raises(Refused):
            offices.detect()
        assert not EarlyWarning.objects.exists() and not Matter.objects.exists(), "all or nothing"


def test_somebody_else_sees_nothing_and_the_asking_leaves_a_trace(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 1.6})
    offices.detect()
    warning = offices.warning()
    for reader in (offices.national, offices.province, offices.city, offices.agency):
        assert warnings_visible_to(reader).count() == 1
    for stranger in (offices.neighbour, offices.far_agency, offices.enterprise):
        assert not warnings_visible_to(stranger).exists()
        with pytest.raises(NotFound):
            get_warning(stranger, warning.pk)
    with pytest.raises(NotFound):
        vote_on_warning(actor=offices.neighbour, warning=warning.pk, is_useful=False)
    with pytest.raises(NotAllowed):
        vote_on_warning(actor=offices.enterprise, warning=warning.pk, is_useful=False)
    assert AuditEntry.objects.filter(actor_id=offices.neighbour.pk, note="out_of_scope").exists()


def test_a_planned_silence_keeps_it_apart_and_lasts_no_longer_than_planned(offices: WarningOffices) -> None:
    plan_silence(actor=offices.city, first=YESTERDAY - timedelta(days=1), last=YESTERDAY, reason="展会客流已有安排", port="luohu-rail")
    offices.counted({YESTERDAY: 1.6})
    found = offices.detect()
    assert (found.opened, found.silenced) == ((), 1) and SilencedEpisode.objects.get().port == offices.port
    offices.detect()
    assert SilencedEpisode.objects.count() == 1
    for refused_actor, port, code in ((offices.neighbour, "luohu-rail", "unknown_port"), (offices.city, "", "port_needed")):
        with pytest.raises((Refused, NotAllowed)) as refused:
            plan_silence(actor=refused_actor, first=YESTERDAY, last=TODAY, reason="假日", port=port)
        assert code_of(refused) == {code}
    with pytest.raises(NotAllowed):
        plan_silence(actor=offices.agency, first=YESTERDAY, last=TODAY, reason="假日", port="luohu-rail")
    with pytest.raises(Refused):
        plan_silence(actor=offices.city, first=TODAY, last=YESTERDAY, reason="假日", port="luohu-rail")
    silence = PlannedSilence.objects.get()
    with pytest.raises(NotFound):
        end_silence(actor=offices.neighbour, silence=silence.pk)
    with pytest.raises(NotAllowed):
        end_silence(actor=offices.province, silence=silence.pk)
    end_silence(actor=offices.city, silence=silence.pk)
    assert len(offices.detect().opened) == 1, "once it is ended the deviation is told"


def test_votes_and_the_back_test_of_a_setting(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY - timedelta(days=60): 2.0, YESTERDAY - timedelta(days=30): 0.5, YESTERDAY: 1.35})
    before = try_setting(offices.city, last=YESTERDAY)
    assert [each.episode.first for each in before.alerts] == [YESTERDAY - timedelta(days=60), YESTERDAY - timedelta(days=30), YESTERDAY]
    assert before.useful == 0 and before.not_judged == 3
    offices.detect()
    warning = offices.warning()
    vote_on_warning(actor=offices.city, warning=warning.pk, is_useful=False, words="看错")
    vote_on_warning(actor=offices.city, warning=warning.pk, is_useful=True, words="有用")
    after = try_setting(offices.city, last=YESTERDAY)
    assert (len(after.alerts), after.useful, after.not_judged) == (3, 1, 2), "the latest vote of a person counts"
    stricter = try_setting(offices.city, last=YESTERDAY, changes=[("seasonal", "min_change", 0.8)])
    assert [each.episode.first for each in stricter.alerts] == [YESTERDAY - timedelta(days=60)]
    assert try_setting(offices.neighbour, last=YESTERDAY).alerts == ()
    with pytest.raises(Refused):
        try_setting(offices.city, last=YESTERDAY, changes=[("seasonal", "scoer", 1)])


def test_a_threshold_is_set_with_its_reason_within_ones_scope(offices: WarningOffices) -> None:
    with pytest.raises(NotAllowed):
        set_threshold(actor=offices.city, detector="seasonal", name="min_change", value=0.5, since=TODAY, reason="回测", port="luohu-rail")
    with pytest.raises(NotAllowed):
        set_threshold(actor=offices.province, detector="seasonal", name="min_change", value=0.5, since=TODAY, reason="回测")
    with pytest.raises(Refused):
        set_threshold(actor=offices.neighbour, detector="seasonal", name="min_change", value=0.5, since=TODAY, reason="回测", port="luohu-rail")
    with pytest.raises(Refused):
        set_threshold(actor=offices.province, detector="seasonal", name="min_change", value=0, since=TODAY, reason="回测", port="luohu-rail")
    set_threshold(actor=offices.province, detector="seasonal", name="min_change", value=0.5, since=YESTERDAY, reason="回测：多为零星波动",
        port="luohu-rail")
    offices.counted({YESTERDAY - timedelta(days=3): 1.45, YESTERDAY: 1.45})
    offices.detect()
    assert offices.warning().first_day == YESTERDAY - timedelta(days=3), "before the change the shipped threshold holds"
    assert offices.warning().last_day == YESTERDAY - timedelta(days=3)


def test_the_chart_shows_the_band_around_the_day(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 1.6})
    offices.detect()
    seen = drawn(offices.warning())
    assert seen is not None and len(seen.days) == 56 + 1 and seen.days[-1] == YESTERDAY, "days to come are not drawn"
    at = seen.days.index(YESTERDAY)
    assert seen.measured[at] is not None and seen.high[at] is not None and seen.measured[at] > seen.high[at]


def _client(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


def test_the_pages_show_what_one_may_see_and_take_votes_silences_and_settings(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 1.6})
    offices.detect()
    warning = offices.warning()
    city, stranger = _client(offices.city), _client(offices.neighbour)
    assert f"#{warning.pk} 罗湖铁路口岸" in city.get("/warnings").content.decode()
    assert "罗湖铁路口岸" not in stranger.get("/warnings").content.decode()
    shown = city.get(f"/warnings/{warning.pk}").content.decode()
    assert "高出常态" in shown and "此件在贵单位桌上" in shown and "发出预警" in shown and 'id="chart-warning-data"' in shown
    assert stranger.get(f"/warnings/{warning.pk}").status_code == 404
    assert stranger.post(f"/warnings/{warning.pk}", {"useful": "no"}).status_code == 404
    assert city.post(f"/warnings/{warning.pk}", {"useful": "yes", "words": "属实"}).status_code == 302
    assert "：有用，属实" in city.get(f"/warnings/{warning.pk}").content.decode()
    asked = city.post("/warnings/backtest", {"threshold": "seasonal.min_change", "value": "0.9"})
    job = jobs.run(Job.objects.get(kind="warnings.backtest").pk)
    assert job is not None and asked["Location"] == f"/jobs/{job.pk}" and job.state == "done", job.findings
    tried = city.get("/warnings/backtest", {"job": job.pk}).content.decode()
    assert "预警1次，其中有用1次" in tried and "预警0次，其中有用0次" in tried
    assert stranger.get("/warnings/backtest", {"job": job.pk}).status_code == 404, "a result is its owner's alone"
    assert city.post("/warnings/backtest", {"threshold": "seasonal.min_change", "value": "-1"}).status_code == 422
    assert city.post("/warnings/backtest/set", {"threshold": "seasonal.min_change", "value": "0.9", "reason": "试"}).status_code == 403
    province = _client(offices.province)
    assert province.post("/warnings/backtest/set", {
        "threshold": "seasonal.min_change", "value": "0.9", "reason": "回测", "port": "luohu-rail"}).status_code == 302
    planned = {"port": "luohu-rail", "first": "2024-06-08", "last": "2024-06-10", "reason": "端午假期"}
    assert city.post("/warnings/silences", planned).status_code == 302
    assert city.post("/warnings/silences", {**planned, "first": "六月"}).status_code == 422
    assert city.post("/warnings/silences", {**planned, "reason": ""}).status_code == 422
    assert "端午假期" in city.get("/warnings/silences").content.decode()
    assert "端午假期" not in stranger.get("/warnings/silences").content.decode()
    silence = PlannedSilence.objects.get()
    assert stranger.post("/warnings/silences", {"end": silence.pk}).status_code == 404
    assert city.post("/warnings/silences", {"end": silence.pk}).status_code == 302


def test_the_api_tells_the_same_and_no_more(offices: WarningOffices) -> None:
    offices.counted({YESTERDAY: 1.6})
    offices.detect()
    number = offices.warning().pk
    city, stranger = _client(offices.city), _client(offices.neighbour)
    page = city.get("/api/v1/warnings?running=true&port=luohu-rail").json()
    assert [each["id"] for each in page["items"]] == [number] and page["items"][0]["steps"][0]["hours_after"] is None
    assert stranger.get("/api/v1/warnings").json()["items"] == []
    assert city.get(f"/api/v1/warnings/{number}").json()["detector"] == "seasonal"
    assert stranger.get(f"/api/v1/warnings/{number}").status_code == 404
