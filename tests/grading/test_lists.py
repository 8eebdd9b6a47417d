"""Lists from the register: who stands in one and why, frozen, made again, opened as a matter; and nothing of anybody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.accounts.factories import (
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    an_enterprise_user,
)
from tests.grading import lawbook
from tests.grading.worlds import TODAY, an_air_port, casework_procedures, report, settle
from tests.ports.factories import a_border_port, a_document, a_port, a_reply, a_sea_port

from kouan.accounts.action import acting_system
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.collection.models import LineageLink, Observation
from kouan.desk.matters.models import Matter
from kouan.grading.class_two import NewClassTwo, clear_class_two, enter_class_two, read_class_two
from kouan.grading.list_actions import may_open, open_case, record_list
from kouan.grading.list_facts import case_behind, compile_list, entries_of, entry_of, running_cases
from kouan.grading.list_replay import replay_list
from kouan.grading.models import ClassTwoPort, ListCase, ListEntry
from kouan.ports.actions import close_port, record_approval
from kouan.ports.models import Port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.travel_to(TODAY):
        yield


@pytest.fixture
def officer() -> Any:
    return a_national_officer()


def verdicts(user: Any, kind: str, **known: Any) -> dict[str, str]:
    """What stands in the list under the readings in force."""
    return {each.subject.partition(":")[2]: each.verdict for each in compile_list(user, kind, **known).listed}


def other_only(user: Any, kind: str) -> dict[str, str]:
    """What would stand in it under another reading, and why."""
    return {each.subject.partition(":")[2]: each.why.zh for each in compile_list(user, kind).other_only}


def refused_looks() -> list[Any]:
    """What the trail holds of looks beyond one's scope."""
    return [json.loads(each.after or "{}") for each in AuditEntry.objects.filter(note="out_of_scope")]


def approved(code: str, mode: str, on: date | None, **fields: Any) -> None:
    """A port that was approved on a day and has not passed acceptance."""
    port = a_port(code, mode, **fields)
    with acting_system("tests") as system:
        record_approval(actor=system, code=code, document=a_reply(), approved_on=on or date(2020, 1, 1))
    if on is None:
        Port.objects.filter(pk=port.pk).update(approved_on=None)


class TestWatching:
    def test_a_port_below_reaches_the_list_and_one_above_does_not(self, officer: Any) -> None:
        an_air_port("di-air", below=(2022, 2023), above=(2021,))
        an_air_port("gao-air", above=(2021, 2022, 2023))
        assert verdicts(officer, "watch") == {"di-air": "rectify"}
        (entry,) = compile_list(officer, "watch").listed
        assert entry.why.zh.startswith("至2023年度连续2年（2022—2023年）未达到客货运量标准，2021年达标；当年")
        assert "按退出阶梯：限期整改" in entry.why.zh
        assert [each.instrument for each in entry.citations][:2] == ["国家“十四五”口岸发展规划", "口岸准入退出管理办法（暂行）"]
        said = entry.as_dict()
        assert {each["year"]: each["verdict"] for each in said["years"]}[2021] == "meets" and said["steps"]
        assert said["years"][-1]["margins"]["person_crossings"]["measured"] == 12 and said["years"][-1]["evidence"]

    def test_the_year_asked_for_is_the_year_judged(self, officer: Any) -> None:
        an_air_port("di-air", below=(2021, 2022), above=(2023,))
        assert verdicts(officer, "watch", year=2022) == {"di-air": "rectify"}
        assert verdicts(officer, "watch", year=2021) == {"di-air": "notice"}
        assert verdicts(officer, "watch") == {}
        with pytest.raises(Refused, match="2031"):
            compile_list(officer, "watch", 2031)

    def test_a_missing_month_keeps_a_port_off_the_list(self, officer: Any) -> None:
        an_air_port("di-air", below=(2022, 2023))
        Observation.objects.filter(period_start=date(2023, 7, 1), series__measure="person_crossings").delete()
        assert verdicts(officer, "watch") == {}
        (entry,) = compile_list(officer, "watch").entries
        assert entry.verdict == "unknown" and "至2022年度已连续1年" in entry.why.zh and entry.opens == ()

    def test_a_border_port_stands_there_under_another_reading_only(self, officer: Any) -> None:
        port = a_border_port("bian-road", transport_class="road", class_basis="测试", accepted_on=date(2010, 1, 1))
        report(port.code, {2022: 1, 2023: 1})
        compiled = compile_list(officer, "watch")
        assert [each.subject for each in compiled.listed] == []
        assert "A-01" in other_only(officer, "watch")["bian-road"] and compiled.other_only[0].opens == ()

    def test_groups_and_closed_ports_are_not_judged(self, officer: Any) -> None:
        a_port("zu-water", "water", is_group=True)
        a_port("gone-road", "road", open_since=date(2001, 1, 1))
        with acting_system("tests") as system:
            close_port(actor=system, code="gone-road", document=a_reply(), closed_on=date(2015, 1, 1))
        assert compile_list(officer, "watch").entries == ()


class TestClosing:
    def test_only_air_ports_long_below(self, officer: Any) -> None:
        an_air_port("san-air", below=(2021, 2022, 2023))
        an_air_port("er-air", below=(2022, 2023))
        road = a_port("lu-road", "road", transport_class="road", class_basis="测试", is_border=False, accepted_on=date(2010, 1, 1))
        report(road.code, {2021: 1, 2022: 1, 2023: 1})
        assert verdicts(officer, "closing") == {"san-air": "close"}
        assert verdicts(officer, "watch")["lu-road"] == "review"

    def test_cargo_saves_a_port_but_the_other_reading_is_shown(self, officer: Any) -> None:
        an_air_port("huo-air")
        report("huo-air", {2021: 1, 2022: 1, 2023: 1}, cargo=1_000_000)
        assert verdicts(officer, "closing") == {}
        assert "只看客运量" in other_only(officer, "closing")["huo-air"]


class TestUnaccepted:
    @pytest.mark.parametrize(("on", "verdict"), [(date(2021, 6, 30), "unaccepted"), (date(2021, 7, 1), "none"), (None, "unknown")])
    def test_the_anniversary_counts(self, officer: Any, on: date | None, verdict: str) -> None:
        approved("pi-air", "air", on)
        (entry,) = compile_list(officer, "unaccepted").entries
        assert (entry.verdict, entry.is_listed) == (verdict, verdict == "unaccepted")

    def test_an_acceptance_that_is_not_on_record_is_no_missing_acceptance(self, officer: Any) -> None:
        a_port("kai-road", "road", open_since=date(2001, 1, 1))
        assert compile_list(officer, "unaccepted").entries == ()

    def test_it_leads_to_acceptance_and_says_where_the_sentence_stands(self, officer: Any) -> None:
        approved("pi-road", "road", date(2020, 1, 1))
        (entry,) = compile_list(officer, "unaccepted").listed
        assert entry.opens == ("acceptance", "withdrawal") and "A-07" in entry.notes[0].zh
        assert entry.citations[0].quote == "国务院批准开放已满3年仍未通过验收的"


class TestOneCity:
    def test_two_of_a_city_are_candidates_and_one_is_none(self, officer: Any) -> None:
        for code, city in (("a-water", "320581"), ("b-water", "320582"), ("c-water", "320600")):
            a_sea_port(code, province_code="32", city_code=city, city_name={"320600": "南通市"}.get(city, f"县{city}"))
        assert verdicts(officer, "merge") == {"320500": "merge"}
        (entry,) = compile_list(officer, "merge").listed
        assert entry.about == (("a-water", entry.about[0][1]), ("b-water", entry.about[1][1])) and "一城一口岸" in entry.why.zh

    def test_border_ports_count_under_the_other_reading(self, officer: Any) -> None:
        for code in ("a-water", "b-water"):
            a_port(code, "water", is_border=True, province_code="23", city_code="231100", city_name="黑河市")
        assert verdicts(officer, "merge") == {} and "黑河市" in other_only(officer, "merge")["231100"]
        assert compile_list(officer, "merge").other_only[0].others[0]["ambiguity"] == "A-30"

    def test_a_municipality_is_one_city_and_a_port_without_city_is_named(self, officer: Any) -> None:
        a_sea_port("a-water", province_code="31", city_code="310115")
        a_sea_port("b-water", province_code="31", city_code="310151")
        a_sea_port("nowhere-water", province_code="32", name_zh="无地水运口岸")
        assert verdicts(officer, "merge") == {"310000": "merge"}
        assert "无地水运口岸" in compile_list(officer, "merge").untold[0].zh


    def test_counties_directly_under_their_province_are_no_city_together(self, officer: Any) -> None:
        """东方(469007)与琼海(469002)各自为一个单元，不因代码同以4690开头而成为整合候选。"""
        a_sea_port("a-water", province_code="46", city_code="469007", city_name="东方市")
        a_sea_port("b-water", province_code="46", city_code="469002", city_name="琼海市")
        assert verdicts(officer, "merge") == {} and other_only(officer, "merge") == {}
        assert not compile_list(officer, "merge").untold


class TestClassTwo:
    SHEET = "原二类口岸名册,,,,\n名称,运输方式,省份,所在市县,说明\n甲口岸,公路,广东,惠州市,\n乙口岸,水运,44,,旧名册\n"

    def test_nothing_is_bundled_and_a_sheet_fills_it(self, officer: Any) -> None:
        assert compile_list(officer, "class-two").entries == ()
        sheet, lines = read_class_two(self.SHEET.encode(), "名册.csv")
        assert sheet.is_sound and [each.province_code for each in lines] == ["44", "44"]
        made = enter_class_two(actor=officer, lines=lines, document=a_document())
        assert [each.code for each in made] == ["c2-44-001", "c2-44-002"]
        assert enter_class_two(actor=officer, lines=lines, document=a_document()) == []
        assert set(verdicts(officer, "class-two").values()) == {"to_clear"}
        with clock.travel_to("2026-01-01"):
            assert set(verdicts(officer, "class-two").values()) == {"overdue"}
            assert "已逾期1天" in compile_list(officer, "class-two").listed[0].why.zh
        with clock.travel_to("2025-12-31"):
            assert set(verdicts(officer, "class-two").values()) == {"to_clear"}

    def test_a_later_text_gives_a_later_day(self, officer: Any) -> None:
        enter_class_two(actor=officer, lines=[NewClassTwo("甲", "road", "44")], document=a_document())
        lawbook.approved(lawbook.a_value("2", date(2026, 1, 1), key="class_two.clearing.years"))
        with clock.travel_to("2026-01-01"):
            (line,) = compile_list(officer, "class-two").listed
            assert line.verdict == "to_clear" and "期限为2027年12月31日" in line.why.zh
        with clock.travel_to("2028-01-01"):
            assert set(verdicts(officer, "class-two").values()) == {"overdue"}

    def test_wrong_cells_are_named(self) -> None:
        sheet, _ = read_class_two("名称,运输方式,省份\n甲,飞船,广冬\n,公路,广东\n".encode(), "x.csv")
        assert [(each.code, each.where.row) for each in sheet.findings] == [("missing_cell", 3), ("unknown_mode", 2), ("unknown_province", 2)]
        assert read_class_two("甲,乙\n1,2\n".encode(), "x.csv")[0].findings[0].code == "missing_columns"
        assert read_class_two(b"", "x.csv")[0].findings[0].code
        assert read_class_two("名称,运输方式,省份,说明\n甲,公路,广东,机密★10年\n".encode(), "x.csv")[0].findings[0].code == "secrecy_mark"

    def test_a_province_enters_its_own_only(self, officer: Any) -> None:
        guangdong = a_provincial_officer("44")
        enter_class_two(actor=guangdong, lines=[NewClassTwo("甲", "road", "44")], document=a_document())
        with pytest.raises(Refused, match="不在贵单位"):
            enter_class_two(actor=guangdong, lines=[NewClassTwo("丙", "road", "37")], document=a_document())
        enter_class_two(actor=officer, lines=[NewClassTwo("丙", "road", "37")], document=a_document())
        assert set(verdicts(guangdong, "class-two")) == {"c2-44-001"} and len(verdicts(officer, "class-two")) == 2
        with pytest.raises(NotFound):
            entry_of(guangdong, "class-two", "class-two:c2-37-001")

    def test_a_cleared_one_leaves_the_list_by_its_paper(self, officer: Any) -> None:
        enter_class_two(actor=officer, lines=[NewClassTwo("甲", "road", "44")], document=a_document())
        with pytest.raises(Refused, match="批复"):
            clear_class_two(actor=officer, code="c2-44-001", outcome="upgraded", cleared_on=date(2024, 5, 1), document=a_document())
        clear_class_two(actor=officer, code="c2-44-001", outcome="closed", cleared_on=date(2024, 5, 1), document=a_document())
        assert verdicts(officer, "class-two") == {}
        assert verdicts(officer, "class-two", as_of=date(2024, 4, 30)) == {"c2-44-001": "to_clear"}
        with pytest.raises(Conflict):
            clear_class_two(actor=officer, code="c2-44-001", outcome="closed", cleared_on=date(2024, 5, 1), document=a_document())
        with pytest.raises(NotAllowed):
            clear_class_two(actor=a_provincial_officer(), code="c2-44-001", outcome="closed", cleared_on=date(2024, 5, 1), document=a_document())


class TestScope:
    def test_a_province_sees_its_own_and_another_is_not_there(self, officer: Any) -> None:
        an_air_port("yue-air", below=(2023,), province_code="44")
        an_air_port("lu-air", below=(2023,), province_code="37")
        guangdong = a_provincial_officer("44")
        assert set(verdicts(guangdong, "watch")) == {"yue-air"} and set(verdicts(officer, "watch")) == {"yue-air", "lu-air"}
        assert set(verdicts(a_port_reporter("lu-air"), "watch")) == {"lu-air"} and verdicts(an_enterprise_user(), "watch") == {}
        for subject in ("port:lu-air", "port:nobody-air"):
            with pytest.raises(NotFound, match="没有这一条"):
                entry_of(guangdong, "watch", subject)
        assert [each["subject"] for each in refused_looks()] == ["port:lu-air"]
        record = record_list(actor=officer, kind="watch").record
        assert [each.port_code for each in entries_of(guangdong, record)] == ["yue-air"]
        assert not entries_of(an_enterprise_user(), record).exists()

    def test_only_the_national_office_records(self) -> None:
        with pytest.raises(NotAllowed):
            record_list(actor=a_provincial_officer(), kind="watch")


class TestRecording:
    def test_frozen_and_made_again(self, officer: Any) -> None:
        an_air_port("di-air", below=(2021, 2022, 2023))
        an_air_port("huo-air")
        report("huo-air", {2021: 1, 2022: 1, 2023: 1}, cargo=1_000_000)
        approved("pi-air", "air", date(2020, 1, 1))
        for code in ("a-water", "b-water"):
            a_sea_port(code, province_code="32", city_code="320500")
        enter_class_two(actor=officer, lines=[NewClassTwo("甲", "road", "44")], document=a_document())
        for kind, entries in (("watch", 2), ("closing", 2), ("unaccepted", 1), ("merge", 1), ("class-two", 1)):
            kept = record_list(actor=officer, kind=kind)
            assert (kept.is_new, kept.record.revision, kept.record.entries.count()) == (True, 1, entries), kind
            assert replay_list(kept.record) == []
            assert not record_list(actor=officer, kind=kind).is_new

    def test_new_facts_make_a_new_revision_and_leave_the_old(self, officer: Any) -> None:
        an_air_port("di-air", below=(2023,))
        first = record_list(actor=officer, kind="watch").record
        an_air_port("er-air", below=(2023,))
        second = record_list(actor=officer, kind="watch").record
        assert (first.entries.count(), second.revision, second.entries.count()) == (1, 2, 2)
        assert replay_list(first) == []
        assert LineageLink.objects.filter(user_room="grading", user_kind="list", user_id=str(first.pk), used_kind="series").count() == 2

    def test_a_touched_entry_is_found_out(self, officer: Any) -> None:
        an_air_port("di-air", below=(2022, 2023))
        record = record_list(actor=officer, kind="watch").record
        held = record.entries.get()
        held.content["verdict"] = "none"
        ListEntry.objects.filter(pk=held.pk).update(content=held.content)
        (finding,) = replay_list(record)
        assert finding.code == "replay_differs" and "verdict" in finding.message.zh

    def test_a_touched_figure_is_found_out(self, officer: Any) -> None:
        an_air_port("di-air", below=(2022, 2023))
        record = record_list(actor=officer, kind="watch").record
        held = record.entries.get()
        held.content["years"][-1]["facts"]["person_crossings"] = 99_000_000
        ListEntry.objects.filter(pk=held.pk).update(content=held.content)
        assert replay_list(record)


class TestOpening:
    @pytest.fixture(autouse=True)
    def procedures(self, officer: Any) -> Iterator[None]:
        with casework_procedures():
            settle(officer, "withdrawal", "merge", "class_two_clearance", "acceptance")
            yield

    def test_one_click_opens_a_withdrawal_with_its_evidence(self, officer: Any) -> None:
        an_air_port("di-air", below=(2022, 2023), name_zh="低流量航空口岸")
        record = record_list(actor=officer, kind="watch").record
        matter = open_case(actor=officer, kind="watch", subject="port:di-air", record=record)
        assert (matter.procedure, matter.port_code, matter.province_code) == ("withdrawal", "di-air", "44")
        assert matter.facts == {"ladder_verdict": "rectify", "is_border": False, "meets_volume": False}
        case = case_behind(matter)
        assert case is not None and case.content["verdict"] == "rectify" and case.entry == record.entries.get()
        used = LineageLink.objects.filter(user_room="desk", user_kind="matter", user_id=str(matter.pk)).values_list("used_kind", "used_digest")
        assert set(used) == {("list_case", case.digest), ("list_entry", record.entries.get().digest)}
        assert LineageLink.objects.filter(user_kind="list_case", user_id=str(case.pk), used_kind="series").count() == 4

    def test_a_second_click_finds_the_running_one(self, officer: Any) -> None:
        an_air_port("di-air", below=(2021, 2022, 2023))
        matter = open_case(actor=officer, kind="watch", subject="port:di-air")
        _, entry = entry_of(officer, "closing", "port:di-air")
        assert [each.pk for each in running_cases(officer, [entry])["port:di-air"]] == [matter.pk]
        with pytest.raises(Conflict, match=f"#{matter.pk}"):
            open_case(actor=officer, kind="closing", subject="port:di-air")
        assert Matter.objects.count() == ListCase.objects.count() == 1

    def test_nothing_is_opened_out_of_scope_or_off_the_list(self, officer: Any) -> None:
        an_air_port("lu-air", below=(2023,), province_code="37")
        an_air_port("gao-air", above=(2023,))
        with pytest.raises(NotFound):
            open_case(actor=a_provincial_officer("44"), kind="watch", subject="port:lu-air")
        with pytest.raises(Refused, match="不需要办件"):
            open_case(actor=officer, kind="watch", subject="port:gao-air")
        assert not Matter.objects.exists()

    def test_a_merger_is_about_one_port_of_the_set_and_begun_by_the_province(self, officer: Any) -> None:
        for code in ("a-water", "b-water"):
            a_sea_port(code, province_code="32", city_code="320500")
        jiangsu = a_provincial_officer("32")
        with pytest.raises(Refused, match="哪个口岸"):
            open_case(actor=jiangsu, kind="merge", subject="city:320500")
        matter = open_case(actor=jiangsu, kind="merge", subject="city:320500", port="a-water")
        assert (matter.procedure, matter.port_code) == ("merge", "a-water")
        assert matter.facts == {"is_same_mode": True, "is_same_city": True, "is_border": False}
        assert open_case(actor=jiangsu, kind="merge", subject="city:320500", port="b-water").port_code == "b-water"

    def test_acceptance_and_class_two(self, officer: Any) -> None:
        approved("pi-air", "air", date(2020, 1, 1))
        guangdong = a_provincial_officer("44")
        _, entry = entry_of(guangdong, "unaccepted", "port:pi-air")
        assert [code for code, _ in may_open(guangdong, entry)] == ["acceptance", "withdrawal"]
        assert [code for code, _ in may_open(a_port_reporter("pi-air"), entry)] == []
        assert open_case(actor=guangdong, kind="unaccepted", subject="port:pi-air").facts == {"port_mode": "air"}
        enter_class_two(actor=guangdong, lines=[NewClassTwo("甲", "road", "44")], document=a_document())
        matter = open_case(actor=guangdong, kind="class-two", subject="class-two:c2-44-001")
        assert (matter.procedure, matter.facts, matter.province_code) == ("class_two_clearance", {"is_on_class_two_list": True}, "44")
        _, entry = entry_of(guangdong, "class-two", "class-two:c2-44-001")
        assert list(running_cases(guangdong, [entry])) == ["class-two:c2-44-001"]
        assert ClassTwoPort.objects.count() == 1
