"""Reading the register: two clocks, counts, names, scope."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from tests.accounts.factories import (
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    a_user,
    an_office,
)
from tests.ports.factories import a_border_port, a_document, a_port, a_reply, a_sea_port

from kouan.accounts.action import System
from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry
from kouan.basis import Finding, NotFound, Period, Place, clock
from kouan.ports.actions import change_port, close_port, open_port
from kouan.ports.models import CounterpartPoint, EventKind, Port, PortStatus
from kouan.ports.queries import (
    PortIndex,
    benchmark_ports,
    counterpart_points_visible_to,
    event_counts,
    get_port,
    history,
    layout_entries,
    ports_visible_to,
    projects,
    register_counts,
    resolve,
    search,
    state_of,
    states_of,
)

pytestmark = pytest.mark.usefixtures("register")


# ---- two clocks -------------------------------------------------------------------------------------


def test_a_day_before_the_change_shows_what_held_then():
    port = a_sea_port(open_since=date(2015, 6, 1))
    with_reply = close_port(
        actor=a_national_officer(), code=port.code, document=a_reply(), closed_on=date(2019, 3, 1))
    assert with_reply.status == PortStatus.CLOSED
    assert state_of(port, date(2015, 5, 31)).status == PortStatus.UNKNOWN
    assert state_of(port, date(2015, 6, 1)).status == PortStatus.OPEN
    assert state_of(port, date(2019, 2, 28)).status == PortStatus.OPEN
    assert state_of(port, date(2019, 3, 1)).status == PortStatus.CLOSED


def test_what_was_known_then_leaves_out_what_was_recorded_later():
    officer = a_national_officer()
    with clock.travel_to("2021-01-10"):
        port = a_port(city_name="甲县")
        before = clock.now()
    with clock.travel_to("2022-05-01"):
        # A correction: it always was 乙县, as it turns out.
        change_port(actor=officer, code=port.code, values={"city_name": "乙县"}, document=a_document(), reason="更正")
    day = date(2021, 6, 1)
    assert state_of(port, day).city_name == "乙县"
    assert state_of(port, day, known_at=before).city_name == "甲县"
    assert state_of(port, day, known_at=before - timedelta(days=1)) is None
    assert [change.value for change in history(port) if change.attribute == "city_name"] == ["乙县", "甲县"]


def test_a_correction_of_a_dated_change_is_a_later_row_of_the_same_day():
    officer = a_national_officer()
    port = a_port()
    change_port(actor=officer, code=port.code, values={"status": "suspended"}, document=a_document(),
                valid_from=date(2020, 1, 27))
    change_port(actor=officer, code=port.code, values={"status": "unknown"}, document=a_document(),
                valid_from=date(2020, 1, 27), reason="误登")
    assert state_of(port, date(2020, 2, 1)).status == PortStatus.UNKNOWN
    assert Port.objects.get(pk=port.pk).status == PortStatus.UNKNOWN


def test_the_state_today_equals_the_columns():
    states = states_of(Port.objects.all())
    assert len(states) == Port.objects.count()
    for port in Port.objects.select_related("parent"):
        state = states[port.code]
        assert state.parent == (port.parent.code if port.parent else None)
        for name in ("name_zh", "status", "approval", "transport_class", "is_border", "latitude", "source_note"):
            assert getattr(state, name) == getattr(port, name), (port.code, name)
        assert state.as_dict()["because"]["name_zh"]


def test_evidence_of_running_dates_from_the_first_count():
    luohu = Port.objects.get(code="luohu-rail")
    assert state_of(luohu, date(2020, 1, 24)).status == PortStatus.UNKNOWN
    assert state_of(luohu, date(2020, 1, 25)).status == PortStatus.OPEN


# ---- counts -----------------------------------------------------------------------------------------


def test_counts_leave_out_groups_and_count_no_planned_port_as_open():
    counts = register_counts()
    assert (counts.registered, counts.total, counts.groups) == (175, 184, 1)
    assert counts.approved_total == 313
    assert counts.approved_total_on == date(2020, 12, 31)
    assert counts.planned == 9
    assert counts.open == 22
    assert counts.by_province["44"] == 21
    assert sum(counts.by_mode.values()) == sum(counts.by_province.values()) == counts.registered
    assert sum(counts.by_status.values()) == counts.total


def test_counts_of_another_day_and_of_a_scope():
    # Counted on 2020-01-25: 罗湖, 福田, 皇岗, 文锦渡, 深圳湾, 港珠澳大桥, 西九龙站; by the press before: 8.
    assert register_counts(as_of=date(2020, 1, 24)).open == 8
    assert register_counts(as_of=date(2020, 1, 25)).open == 15
    assert register_counts(user=a_provincial_officer("44")).registered == 21
    assert register_counts(user=AnonymousUser()).registered == 0
    assert register_counts(known_at=clock.now() - timedelta(days=1)).total == 0


def test_a_closed_port_leaves_the_open_count_and_keeps_its_history():
    officer = a_national_officer()
    before = register_counts()
    port = a_sea_port(open_since=date(2012, 1, 1))
    assert register_counts().open == before.open + 1
    close_port(actor=officer, code=port.code, document=a_reply(), closed_on=date(2019, 1, 1))
    after = register_counts()
    assert (after.open, after.registered) == (before.open, before.registered)
    assert register_counts(as_of=date(2018, 12, 31)).registered == before.registered + 1
    assert {change.attribute for change in history(port)} >= {"status", "approval", "name_zh"}


def test_events_per_period_stand_beside_the_plan():
    officer = a_national_officer()
    port = a_border_port()
    open_port(actor=officer, code=port.code, document=a_reply(), opened_on=date(2018, 7, 1))
    close_port(actor=officer, code=port.code, document=a_reply(), closed_on=date(2021, 1, 1))
    counts = event_counts(Period.parse("2016-01-01/2020-12-31"))
    assert counts.counts[EventKind.OPENING] == 1
    assert counts.counts[EventKind.CLOSURE] == 0
    assert counts.plan == {"opening": 28, "expansion": 38, "closure": 7, "merger": 4}
    assert counts.by_province["23"][EventKind.OPENING] == 1
    of_2021 = event_counts(Period.year(2021), user=a_provincial_officer("44"))
    assert of_2021.counts[EventKind.CLOSURE] == 0
    assert of_2021.plan == {}
    assert event_counts(Period.year(2021)).counts[EventKind.CLOSURE] == 1


# ---- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "code"), [
    ("罗湖", "luohu-rail"), ("罗湖口岸", "luohu-rail"), ("luohu-rail", "luohu-rail"), ("LUOHU-RAIL", "luohu-rail"),
    ("满洲里铁路口岸", "manzhouli-rail"), ("满洲里（公路）口岸", "manzhouli-road"), ("满洲里铁路", "manzhouli-rail"),
    ("PEK", "beijing-capital-air"), ("ｐｅｋ", "beijing-capital-air"), ("北京首都机场", "beijing-capital-air"),
    ("成都双流机场", "chengdu-shuangliu-air"), ("CHN113", "dalian-water"), ("CNTXG", "tianjin-water"),
    ("西九龙站", "xijiulong-rail"), ("猴桥", "tengchonghouqiao-road"), ("张家港", "zhangjiagang-water"),
    ("大连港口岸", "dalian-water"), ("Khunjerab", "hongqilafu-road"), ("Khunjerab Highway Port", "hongqilafu-road"),
    ("CNHUC", None), ("laoyemiao", "laoyemiao-road"),
])
def test_a_port_is_found_by_any_code_or_name(text, code):
    found = resolve(text)
    if code is None:
        assert isinstance(found, Finding) and found.code == "ambiguous_port"
    else:
        assert isinstance(found, Port), found
        assert found.code == code


@pytest.mark.parametrize(("text", "kind", "hint"), [
    ("满洲里", "ambiguous_port", "manzhouli-road"), ("CNMLX", "ambiguous_port", "manzhouli-rail"),
    ("琿春", "ambiguous_port", "hunchun-road"), ("北京", "ambiguous_port", "beijing-daxing-air"),
    ("满州里", "unknown_port", "满洲里"), ("罗胡", "unknown_port", "罗湖"), ("mzl", "unknown_port", "满洲里"),
    ("上海港", "harbour_not_port", "shanghai-water"), ("", "unknown_port", ""), ("０" * 500, "unknown_port", ""),
])
def test_what_is_not_one_port_says_what_is_near(text, kind, hint):
    found = resolve(text, where=Place(row=7, column="口岸"))
    assert isinstance(found, Finding)
    assert found.code == kind
    assert found.where.row == 7
    assert hint in str(found.message.zh) + str(found.message.en) + str(found.remedy.zh)


def test_the_mode_of_the_source_decides_between_the_ports_of_a_place():
    index = PortIndex.build(everything=True)
    assert index.resolve("满洲里", mode="road").code == "manzhouli-road"
    assert index.resolve("CNMLX", mode="rail").code == "manzhouli-rail"
    wrong = index.resolve("罗湖", mode="road")
    assert wrong.code == "unknown_port" and "罗湖铁路口岸" in wrong.message.zh


def test_search_by_chinese_pinyin_initials_and_codes():
    def codes(text):
        return set(search(Port.objects.all(), text).values_list("code", flat=True))

    assert codes("mzl") == {"manzhouli-rail", "manzhouli-road"}
    assert codes("manzhou") == codes("满洲") == codes("mzl")
    assert codes("西九龙") == {"xijiulong-rail"}
    assert codes("罗湖口岸") == {"luohu-rail"}
    assert "beijing-daxing-air" in codes("PKX")
    assert codes("崇左") == set() and codes("凭祥市") == {"pingxiang-rail", "youyiguan-road"}
    assert len(codes("")) == 185
    assert codes("'; drop table ports_port; --") == codes("a\x00b") == set()


# ---- scope ------------------------------------------------------------------------------------------


def test_each_office_sees_its_own_ports():
    assert ports_visible_to(a_national_officer()).count() == 185
    assert ports_visible_to(System("tests")).count() == 185
    guangdong = ports_visible_to(a_provincial_officer("44"))
    assert set(guangdong.values_list("province_code", flat=True)) == {"44"}
    assert guangdong.count() == 23
    assert list(ports_visible_to(a_port_reporter("luohu-rail")).values_list("code", flat=True)) == ["luohu-rail"]
    shenzhen = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, city_code="440300"))
    assert set(ports_visible_to(shenzhen).values_list("city_name", flat=True)) == {"深圳市"}
    mudanjiang = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, city_code="231000"))
    assert set(ports_visible_to(mudanjiang).values_list("short_name_zh", flat=True)) == {"绥芬河", "东宁"}
    nobody = a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE, province_code="44"))
    for outsider in (nobody, AnonymousUser(), None):
        assert not ports_visible_to(outsider).exists()


def test_a_port_out_of_scope_answers_like_one_that_is_not_there_and_leaves_a_trace():
    jilin = a_provincial_officer("22")
    for code in ("luohu-rail", "no-such-road"):
        with pytest.raises(NotFound) as refusal:
            get_port(jilin, code)
        assert refusal.value.findings[0].message.zh == f"没有“{code}”这个口岸。"
        assert refusal.value.findings[0].as_dict().keys() == Finding.info("a", "b", "c").as_dict().keys()
    traces = AuditEntry.objects.filter(note="out_of_scope")
    assert [entry.actor_id for entry in traces] == [jilin.pk]
    assert "luohu-rail" in str(traces[0].after)
    assert get_port(jilin, "hunchun-rail").name_zh == "珲春铁路口岸"


def test_names_never_give_away_a_port_out_of_scope():
    jilin = a_provincial_officer("22")
    for text in ("罗湖", "luohu-rail", "罗胡", "满洲里铁路口岸"):
        found = resolve(text, user=jilin)
        assert isinstance(found, Finding)
        assert found.code == "unknown_port"
        said = str(found.as_dict()).replace(text, "")
        assert "罗湖" not in said and "luohu" not in said and "manzhouli" not in said
    assert resolve("珲春铁路口岸", user=jilin).code == "hunchun-rail"


def test_counterpart_points_go_with_the_port_they_face():
    assert counterpart_points_visible_to(a_national_officer()).count() == 16
    assert counterpart_points_visible_to(a_provincial_officer("44")).count() == 9
    assert set(counterpart_points_visible_to(a_port_reporter("luohu-rail")).values_list("code", flat=True)) == {"lo-wu"}
    assert not counterpart_points_visible_to(a_provincial_officer("22")).exists()
    assert not counterpart_points_visible_to(AnonymousUser()).exists()
    assert CounterpartPoint.objects.count() == 16


def test_plan_and_benchmarks_are_open_to_readers_but_not_the_ports_behind_them():
    jilin = a_provincial_officer("22")
    assert benchmark_ports(jilin).count() == 117
    assert benchmark_ports(AnonymousUser()).count() == 0
    entries = {entry.layout_id: entry for entry in layout_entries(jilin)}
    assert len(entries) == 145
    assert [port.code for port in entries["BDR-03"].ports.all()] == ["hunchun-rail"]
    assert list(entries["BDR-01"].ports.all()) == []
    assert [project.object_zh for project in projects(jilin, "专栏9")]
    assert len(projects(a_national_officer())) == 147


def test_ports_there_on_a_day():
    with clock.travel_to("2024-06-01"):
        port = a_port(valid_from=date(2024, 5, 1), province_code="44")
    officer = a_national_officer()
    assert ports_visible_to(officer, as_of=date(2024, 5, 1)).filter(code=port.code).exists()
    assert not ports_visible_to(officer, as_of=date(2024, 4, 30)).filter(code=port.code).exists()
