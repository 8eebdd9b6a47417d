"""Changing the register: papers, dates, refusals, codes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.ports.factories import a_border_port, a_document, a_port, a_reply, a_sea_port

from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.desk.models import DocumentKind
from kouan.ports.actions import (
    add_code,
    change_port,
    close_port,
    expand_port,
    link_layout,
    merge_ports,
    open_port,
    record_acceptance,
    record_approval,
    refresh_register,
    register_port,
    retire_code,
)
from kouan.ports.models import Approval, EventKind, LayoutEntry, Port, PortStatus
from kouan.ports.queries import PortIndex, events_of, resolve, state_of

pytestmark = pytest.mark.django_db


def refused(*codes, kind=Refused):
    """The findings' codes of the refusal that the block ends in."""
    return pytest.raises(kind, check=lambda refusal: [finding.code for finding in refusal.findings] == list(codes))


def test_registering_fills_in_what_follows_from_the_name():
    officer = a_national_officer()
    port = register_port(actor=officer, code="ceshi-road", mode="road", name_zh="测试公路口岸", province_code="23",
                         neighbour_code="RU", is_border=True, document=a_document())
    assert (port.short_name_zh, port.pinyin, port.initials) == ("测试", "ceshi", "cs")
    assert (port.transport_class, port.class_basis) == ("road", "按运输方式：公路")
    assert port.approval == Approval.UNVERIFIED
    assert {change.actor_id_recorded for change in port.changes.all()} == {officer.pk}
    assert resolve("测试").code == "ceshi-road"
    assert AuditEntry.objects.filter(actor_id=officer.pk, note__contains="register_port").exists()


@pytest.mark.parametrize(("wrong", "codes"), [
    ({"code": "Ceshi Road"}, ["malformed_port_code"]),
    ({"code": "ceshi-rail"}, ["malformed_port_code"]),
    ({"mode": "river"}, ["unknown_mode"]),
    ({"name_zh": ""}, ["value_required"]),
    ({"province_code": "99"}, ["unknown_code"]),
    ({"colour": "red"}, ["unknown_attribute"]),
    ({"transport_class": "sea", "class_basis": "x"}, ["class_not_of_mode"]),
    ({"is_border": True, "neighbour_code": "HK"}, ["no_border_with_region"]),
    ({"latitude": "91"}, ["bad_coordinate"]),
    ({"accepted_on": "2020-13-01"}, ["not_a_date"]),
    ({"accepted_on": date(1900, 1, 1)}, ["date_out_of_range"]),
    ({"is_border": "maybe"}, ["not_a_flag"]),
    ({"status": "asleep"}, ["unknown_choice"]),
    ({"city_name": "长" * 61}, ["too_long"]),
    ({"parent": "no-such-road"}, ["unknown_port"]),
    ({"city_name": ["甲县"]}, ["bad_text"]),
    ({"city_name": "甲\x00县"}, ["bad_text"]),
    ({"neighbour_code": "俄"}, ["malformed_code"]),
    ({"latitude": "NaN"}, ["bad_coordinate"]),
    ({"reason": "长" * 401}, ["bad_text"]),
    ({"document": "pa\x00per"}, ["unknown_document"]),
    ({"document": ""}, ["document_required"]),
    ({"document": "no-such-paper"}, ["unknown_document"]),
    ({"valid_from": date(1800, 1, 1)}, ["date_out_of_range"]),
])
def test_bad_input_names_the_field_and_says_what_to_do(wrong, codes):
    good = {"code": "ceshi-road", "mode": "road", "name_zh": "测试公路口岸", "province_code": "23", "document": a_document()}
    with refused(*codes) as refusal:
        register_port(actor=a_national_officer(), **{**good, **wrong})
    for finding in refusal.value.findings:
        assert finding.message.zh and finding.message.en and finding.where.field
    assert not Port.objects.exists()


def test_a_port_is_registered_once():
    port = a_port("ceshi-road", name_zh="测试公路口岸")
    with refused("port_exists", "port_name_taken"):
        register_port(actor=a_national_officer(), code=port.code, mode="road", name_zh=port.name_zh, document=a_document())


def test_only_the_national_office_changes_the_register():
    port = a_port(province_code="44")
    officer = a_provincial_officer("44")
    with pytest.raises(NotAllowed):
        change_port(actor=officer, code=port.code, values={"city_name": "x"}, document=a_document())
    assert AuditEntry.objects.filter(note="refused", actor_id=officer.pk).exists()


def test_a_port_opens_and_closes_only_by_a_reply_of_the_state_council():
    officer = a_national_officer()
    port = a_sea_port()
    for verb, day in ((open_port, "opened_on"), (close_port, "closed_on"), (expand_port, "expanded_on")):
        with refused("reply_required"):
            verb(actor=officer, code=port.code, document=a_document(), **{day: date(2020, 1, 1)})
    for status in (PortStatus.CLOSED, PortStatus.MERGED):
        with refused("needs_its_verb"):
            change_port(actor=officer, code=port.code, values={"status": status.value}, document=a_reply())
    reply = a_reply(issued_on=date(2019, 11, 5))
    opened = open_port(actor=officer, code=port.code, document=reply, opened_on=date(2020, 1, 1))
    assert (opened.status, opened.approval, opened.approved_on) == (
        PortStatus.OPEN, Approval.STATE_COUNCIL, date(2019, 11, 5))
    assert state_of(opened, date(2020, 1, 1)).because["status"] == opened.changes.get(
        attribute="status", document=reply).pk
    with refused("already_recorded"):
        open_port(actor=officer, code=port.code, document=a_reply(), opened_on=date(2021, 1, 1))
    close_port(actor=officer, code=port.code, document=a_reply(), closed_on=date(2022, 1, 1))
    with refused("port_gone"):
        close_port(actor=officer, code=port.code, document=a_reply(), closed_on=date(2023, 1, 1))
    assert [event.kind for event in events_of(port)] == [EventKind.CLOSURE, EventKind.OPENING]


def test_approval_then_acceptance_then_opening():
    officer = a_national_officer()
    port = a_port(status="planned")
    approved = record_approval(actor=officer, code=port.code, document=a_reply(), approved_on=date(2016, 2, 1))
    assert (approved.status, approved.approved_on) == (PortStatus.APPROVED, date(2016, 2, 1))
    with refused("acceptance_paper_required"):
        record_acceptance(actor=officer, code=port.code, document=a_document("data"), accepted_on=date(2018, 5, 1))
    accepted = record_acceptance(
        actor=officer, code=port.code, document=a_document("minutes"), accepted_on=date(2018, 5, 1))
    assert accepted.accepted_on == date(2018, 5, 1)
    assert state_of(accepted, date(2018, 4, 30)).accepted_on is None
    assert accepted.status == PortStatus.APPROVED


def test_a_change_dated_ahead_takes_effect_on_its_day():
    officer = a_national_officer()
    with clock.travel_to("2024-03-01"):
        port = a_sea_port()
        open_port(actor=officer, code=port.code, document=a_reply(), opened_on=date(2024, 7, 1))
        assert Port.objects.get(pk=port.pk).status == PortStatus.UNKNOWN
        assert state_of(port, date(2024, 7, 1)).status == PortStatus.OPEN
        with acting_system("tests") as system:
            assert refresh_register(actor=system) == []
            assert refresh_register(actor=system, today=date(2024, 6, 30)) == []
    with clock.travel_to("2024-07-01"), acting_system("tests") as system:
        assert refresh_register(actor=system) == [port.code]
        assert refresh_register(actor=system) == []
    assert Port.objects.get(pk=port.pk).status == PortStatus.OPEN


def test_merged_ports_name_their_successor():
    officer = a_national_officer()
    target, one, other = (a_sea_port(open_since=date(2010, 1, 1)) for _ in range(3))
    road = a_border_port()
    with refused("other_mode"):
        merge_ports(actor=officer, codes_merged=[one.code, road.code], into=target.code, document=a_reply(),
                    merged_on=date(2020, 6, 1))
    assert Port.objects.get(pk=one.pk).status == PortStatus.OPEN, "a refusal leaves nothing behind"
    with refused("merge_into_itself"):
        merge_ports(actor=officer, codes_merged=[target.code], into=target.code, document=a_reply(),
                    merged_on=date(2020, 6, 1))
    merge_ports(actor=officer, codes_merged=[one.code, other.code], into=target.code, document=a_reply(),
                merged_on=date(2020, 6, 1))
    assert set(Port.objects.filter(status=PortStatus.MERGED)) == {one, other}
    assert {event.port_id for event in target.events_into.all()} == {one.pk, other.pk}


def test_the_second_of_two_editors_is_told_who_changed_what():
    first, second = a_national_officer(display_name="李四"), a_national_officer(display_name="王五")
    port = a_port()
    seen = port.version
    with clock.travel_to("2024-03-01T09:30:00+08:00"):
        change_port(actor=first, code=port.code, values={"city_name": "甲县"}, document=a_document(), version=seen)
    with refused("changed_meanwhile", kind=Conflict) as refusal:
        change_port(actor=second, code=port.code, values={"city_name": "乙县"}, document=a_document(), version=seen)
    said = refusal.value.findings[0].message.zh
    assert "李四" in said and "2024年3月1日 09:30" in said and "所在市县" in said
    assert Port.objects.get(pk=port.pk).city_name == "甲县"


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(hours=1)], ids=["one_clock", "the_database_tells_another_time"])
def test_the_second_editor_is_told_of_everything_since_and_of_nothing_before(ahead):
    officer, second = a_national_officer(display_name="李四"), a_national_officer(display_name="王五")
    port = a_port()
    change_port(actor=officer, code=port.code, values={"city_name": "旧县"}, document=a_document())
    seen = Port.objects.get(pk=port.pk).version
    with clock.travel_to(clock.now() + ahead):
        change_port(actor=officer, code=port.code, values={"city_name": "甲县", "province_code": "45"}, document=a_document())
        add_code(actor=second, port=port.code, scheme="name", code="别名", document=a_document())
        expand_port(actor=second, code=port.code, document=a_reply(), expanded_on=date(2020, 1, 1))
        change_port(actor=second, code=port.code, values={"name_en": "Later"}, document=a_document(), valid_from=date(2090, 1, 1))
    with refused("changed_meanwhile", kind=Conflict) as refusal:
        record_approval(actor=officer, code=port.code, document=a_reply(), approved_on=date(2020, 1, 1), version=seen)
    told = [(each.what, each.value, each.who) for each in refusal.value.changes]
    assert sorted(told) == [
        ("city_name", "甲县", "李四"), ("code", "名称 别名", "王五"), ("event", "扩大开放", "王五"),
        ("name_en", "Later", "王五"), ("province_code", "45", "李四"),
    ]
    said = refusal.value.findings[0].message
    assert "甲县" in said.zh and "旧县" not in said.zh and "李四、王五" in said.zh


def test_a_merger_compares_the_versions_that_were_seen():
    officer = a_national_officer()
    target, one = a_sea_port(), a_sea_port()
    stale = {one.code: Port.objects.get(pk=one.pk).version}
    change_port(actor=officer, code=one.code, values={"city_name": "甲县"}, document=a_document())
    with refused("changed_meanwhile", kind=Conflict):
        merge_ports(actor=officer, codes_merged=[one.code], into=target.code, document=a_reply(), merged_on=date(2020, 1, 1), versions=stale)


def test_the_same_value_again_writes_nothing():
    officer = a_national_officer()
    port = a_port(city_name="甲县")
    before = port.changes.count()
    again = change_port(actor=officer, code=port.code, values={"city_name": "甲县"}, document=a_document())
    assert (again.changes.count(), again.version) == (before, port.version)


def test_that_a_port_is_on_no_border_is_news_where_nothing_was_known():
    port = a_sea_port(is_border=None)
    changed = change_port(actor=a_national_officer(), code=port.code, values={"is_border": False}, document=a_document())
    assert changed.is_border is False
    assert changed.changes.filter(attribute="is_border", value=False).exists()


def test_a_new_class_needs_its_basis_and_clears_the_question():
    officer = a_national_officer()
    port = a_port(mode="water", class_basis="待国家口岸办确定（A-04）", class_needs_review=True)
    with refused("class_basis_required"):
        change_port(actor=officer, code=port.code, values={"transport_class": "inland_river"}, document=a_document("ruling"))
    ruled = change_port(
        actor=officer, code=port.code, document=a_document("ruling"), reason="国家口岸办认定",
        values={"transport_class": "inland_river", "class_basis": "国家口岸办认定", "class_needs_review": False})
    assert (ruled.transport_class, ruled.class_needs_review) == ("inland_river", False)


@pytest.mark.parametrize("kind", list(DocumentKind))
@pytest.mark.parametrize("values", [
    {"approval": "state_council"}, {"approval": "plan_listed"}, {"approved_on": "2019-05-01"}, {"accepted_on": date(2019, 5, 1)},
    {"accepted_on": None}, {"status": "approved"}, {"status": "open"}, {"status": "closed"}, {"status": "merged"},
])
def test_what_the_state_council_or_an_acceptance_decides_is_no_attribute(values, kind):
    """DESIGN: no port opens or closes without the reply; not even on a reply may the attribute be set past its verb."""
    port = a_sea_port()
    before = port.changes.count()
    with refused("needs_its_verb") as refusal:
        change_port(actor=a_national_officer(), code=port.code, values=values, document=a_document(kind), valid_from=date(2020, 1, 1))
    assert refusal.value.findings[0].where.field in values and refusal.value.findings[0].remedy
    assert Port.objects.get(pk=port.pk).changes.count() == before


@pytest.mark.parametrize("values", [
    {"approval": "state_council"}, {"approved_on": date(2019, 5, 1)}, {"accepted_on": date(2019, 5, 1)}, {"status": "open"},
    {"status": "approved"}, {"status": "suspended"}, {"status": "closed"}, {"status": "merged"},
])
def test_a_port_does_not_enter_the_register_as_opened(values):
    with refused("needs_its_verb"):
        register_port(actor=a_national_officer(), code="ceshi-road", mode="road", name_zh="测试公路口岸", document=a_reply(), **values)
    assert not Port.objects.exists()


def test_that_a_plan_lists_a_port_rests_on_the_plan():
    with refused("plan_required"):
        a_port(approval="plan_listed", document=a_document("notice"))
    assert a_port(approval="plan_listed", document=a_document("plan")).approval == Approval.PLAN_LISTED


def test_a_port_is_suspended_and_restored_by_a_notice_or_a_reply():
    officer = a_national_officer()
    port = a_sea_port(open_since=date(2010, 1, 1))

    def set_status(status, paper, day=date(2020, 1, 27)):
        return change_port(actor=officer, code=port.code, values={"status": status}, document=paper, valid_from=day).status

    for kind in set(DocumentKind) - {DocumentKind.NOTICE, DocumentKind.REPLY}:
        with refused("other_paper_required"):
            set_status("suspended", a_document(kind))
    with refused("date_required"):
        set_status("suspended", a_document(), day=None)
    assert set_status("suspended", a_document()) == "suspended"
    with refused("other_paper_required"):
        set_status("open", a_document("plan"), date(2023, 1, 8))
    assert set_status("open", a_reply(), date(2023, 1, 8)) == "open"
    with refused("status_step"):
        set_status("unknown", a_document(), date(2024, 1, 1))
    with refused("status_step"):
        set_status("planned", a_document(), date(2024, 1, 1))
    close_port(actor=officer, code=port.code, document=a_reply(), closed_on=date(2024, 1, 1))
    with refused("needs_its_verb"):
        set_status("suspended", a_document(), date(2024, 2, 1))


def test_a_port_that_never_was_open_is_not_restored_to_open():
    port = a_sea_port()
    change_port(actor=a_national_officer(), code=port.code, values={"status": "suspended"}, document=a_document(), valid_from=date(2020, 1, 1))
    with refused("needs_its_verb"):
        change_port(actor=a_national_officer(), code=port.code, values={"status": "open"}, document=a_reply(), valid_from=date(2021, 1, 1))


@pytest.mark.parametrize(("values", "code"), [
    ({"province_code": "81"}, "not_mainland_province"), ({"province_code": "82"}, "not_mainland_province"),
    ({"province_code": "71"}, "not_mainland_province"), ({"city_code": "810000"}, "not_mainland_province"),
    ({"city_code": "4403"}, "malformed_code"), ({"city_code": "370200"}, "city_not_in_province"),
    ({"neighbour_code": "JP"}, "not_a_neighbour"),
])
def test_ports_lie_in_the_provinces_of_the_mainland(values, code):
    qingdao = a_sea_port("qingdao-water", name_zh="青岛水运口岸", province_code="44")
    with refused(code):
        change_port(actor=a_national_officer(), code=qingdao.code, values=values, document=a_document())
    moved = change_port(actor=a_national_officer(), code=qingdao.code, document=a_document(),
                        values={"province_code": "37", "city_code": "370200"})
    assert (moved.province_code, moved.city_code) == ("37", "370200")


def test_dates_may_come_as_text_and_are_checked_before_anything_else():
    port = a_port()
    with refused("not_a_date"):
        change_port(actor=a_national_officer(), code=port.code, values={"accepted_on": "2019-13-01"}, document=a_document())
    with refused("own_parent"):
        change_port(actor=a_national_officer(), code=port.code, values={"parent": port.code}, document=a_document())


def test_what_has_not_happened_is_not_recorded():
    officer, port = a_national_officer(), a_port()
    with clock.travel_to("2024-03-01"):
        with refused("date_in_future"):
            record_approval(actor=officer, code=port.code, document=a_reply(), approved_on=date(2024, 3, 2))
        with refused("date_in_future"):
            record_acceptance(actor=officer, code=port.code, document=a_document("minutes"), accepted_on=date(2024, 3, 2))


def test_an_unknown_port_cannot_be_changed():
    with refused("unknown_port", kind=NotFound):
        change_port(actor=a_national_officer(), code="no-such-road", values={"city_name": "x"}, document=a_document())


# ---- codes and layout --------------------------------------------------------------------------------


def test_a_port_level_code_names_one_port_at_a_time():
    officer = a_national_officer()
    old, new = a_port(mode="air"), a_port(mode="air")
    add_code(actor=officer, port=old.code, scheme="iata", code="URC", document=a_document(), valid_from=date(2000, 1, 1))
    with refused("code_clash") as refusal:
        add_code(actor=officer, port=new.code, scheme="iata", code="URC", document=a_document())
    assert old.code in refusal.value.findings[0].message.zh and "2000-01-01" in refusal.value.findings[0].message.zh
    with refused("dates_reversed"):
        retire_code(actor=officer, port=old.code, scheme="iata", code="URC", valid_to=date(1999, 1, 1), document=a_document())
    retire_code(actor=officer, port=old.code, scheme="iata", code="URC", valid_to=date(2020, 1, 1), document=a_document())
    with refused("code_clash"):
        add_code(actor=officer, port=new.code, scheme="iata", code="URC", document=a_document(), valid_from=date(2019, 12, 31))
    add_code(actor=officer, port=new.code, scheme="iata", code="URC", document=a_document(), valid_from=date(2020, 1, 1))
    assert resolve("URC").code == new.code
    assert PortIndex.build(everything=True, on=date(2019, 1, 1)).resolve("URC").code == old.code


def test_a_retired_code_says_so():
    officer = a_national_officer()
    port = a_port(mode="air")
    add_code(actor=officer, port=port.code, scheme="iata", code="URC", document=a_document())
    retire_code(actor=officer, port=port.code, scheme="iata", code="URC", valid_to=date(2020, 1, 1), document=a_document())
    assert resolve("URC").code == "code_retired"
    with refused("unknown_code"):
        retire_code(actor=officer, port=port.code, scheme="iata", code="URC", valid_to=date(2021, 1, 1), document=a_document())


def test_ports_of_one_place_share_its_code():
    officer = a_national_officer()
    rail, road = a_port(mode="rail"), a_port(mode="road")
    for port in (rail, road):
        add_code(actor=officer, port=port.code, scheme="unlocode", code="CNMLX", names_place=True, document=a_document())
    assert resolve("CNMLX").code == "ambiguous_port"
    with refused("code_clash"):
        add_code(actor=officer, port=road.code, scheme="unlocode", code="CNMLX", names_place=True, document=a_document())


@pytest.mark.parametrize(("scheme", "code", "finding"), [
    ("iata", "TOOLONG", "malformed_code"), ("postcode", "100000", "unknown_scheme"), ("name", "  ", "value_required"),
])
def test_a_code_is_checked_by_its_scheme(scheme, code, finding):
    with refused(finding):
        add_code(actor=a_national_officer(), port=a_port().code, scheme=scheme, code=code, document=a_document())


def test_linking_a_row_of_the_layout():
    officer = a_national_officer()
    entry = LayoutEntry.objects.create(layout_id="BDR-99", box="专栏3", name_zh="测试", mode="road")
    road, rail = a_port(), a_port(mode="rail")
    paper = a_document("plan")
    with refused("document_required"):
        link_layout(actor=officer, layout_id="BDR-99", port=road.code, basis="同名")
    link = link_layout(actor=officer, layout_id="BDR-99", port=road.code, basis="同名", document=paper)
    assert (link.document, link.why_no_document) == (paper, "")
    assert link_layout(actor=officer, layout_id="BDR-99", port=road.code, basis="同名", document=paper) == link
    other = a_port()
    said = link_layout(actor=officer, layout_id="BDR-99", port=other.code, basis="同名", why_no_document="名称一致，无另文")
    assert (said.document, said.why_no_document) == (None, "名称一致，无另文")
    with refused("other_mode"):
        link_layout(actor=officer, layout_id="BDR-99", port=rail.code, basis="同名", document=paper)
    with refused("unknown_layout_entry"):
        link_layout(actor=officer, layout_id="BDR-98", port=road.code, basis="同名", document=paper)
    with refused("value_required"):
        link_layout(actor=officer, layout_id="BDR-99", port=road.code, basis=" ", document=paper)
    assert set(entry.ports.all()) == {road, other}
