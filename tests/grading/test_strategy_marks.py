"""Strategy marks: recorded by the national office with a paper, on two clocks; unknown where nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.grading.worlds import TODAY, an_air_port
from tests.ports.factories import a_document, a_port

from kouan.basis import NotAllowed, NotFound, Refused, clock
from kouan.grading.list_actions import record_list
from kouan.grading.list_facts import compile_list
from kouan.grading.list_replay import remade, replay_list
from kouan.grading.models import ListKind, ListRecord, StrategyMark
from kouan.grading.strategy_marks import history_of, mark_name, mark_of, set_strategy_mark
from kouan.law import Law

pytestmark = pytest.mark.django_db
CODE = "di-air"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.travel_to(TODAY):
        yield


@pytest.fixture
def officer() -> Any:
    return a_national_officer()


def marked(officer: Any, is_marked: bool | None = True, **known: Any) -> StrategyMark:
    said = {"port": CODE, "valid_from": date(2024, 1, 1), "reason": "按来文", "document": a_document()} | known
    return set_strategy_mark(actor=officer, is_marked=is_marked, **said)


class TestRecording:
    def test_nothing_recorded_is_unknown_and_none_is_a_row_of_its_own(self, officer: Any) -> None:
        a_port(CODE, "air")
        assert mark_of(CODE) is None and "不明" in mark_name(None).zh
        none = marked(officer, False)
        assert mark_of(CODE) == none and mark_name(none).zh == "无战略标记"

    def test_two_clocks_and_nothing_rewritten(self, officer: Any) -> None:
        a_port(CODE, "air")
        first, before = marked(officer), clock.now()
        with clock.travel_to("2024-08-01"):
            corrected = marked(officer, False)
            later = marked(officer, True, valid_from=date(2024, 7, 1))
            assert (mark_of(CODE), mark_of(CODE, date(2024, 6, 30))) == (later, corrected)
            assert mark_of(CODE, date(2024, 6, 30), before) == first and mark_of(CODE, date(2023, 12, 31)) is None
            assert [each.pk for each in history_of(CODE)] == [later.pk, corrected.pk, first.pk]

    def test_what_is_refused(self, officer: Any) -> None:
        a_port(CODE, "air")
        group = a_port("zu-water", "water", is_group=True)
        paper = a_document()
        for code, known in (
            ("value_required", {"reason": " "}),
            ("document_required", {"document": ""}),
            ("date_out_of_range", {"valid_from": date(2027, 1, 1)}),
            ("date_out_of_range", {"valid_from": date(1949, 9, 30)}),
            ("group_not_marked", {"port": group.code}),
            ("bad_text", {"reason": "长" * 401}),
        ):
            with pytest.raises(Refused) as refused:
                marked(officer, **known)
            assert [each.code for each in refused.value.findings] == [code]
        with pytest.raises(Refused, match="有或无"):
            marked(officer, None)
        marked(officer, document=paper)
        with pytest.raises(Refused, match="已登记"):
            marked(officer, document=paper)
        assert StrategyMark.objects.count() == 1

    def test_a_province_sets_none_and_nobody_marks_a_port_that_is_not_there(self, officer: Any) -> None:
        a_port(CODE, "air", province_code="44")
        with pytest.raises(NotAllowed):
            marked(a_provincial_officer("44"))
        with pytest.raises(NotFound):
            marked(officer, port="no-air")
        assert not StrategyMark.objects.exists()


class TestLists:
    def entry(self, officer: Any, **known: Any) -> Any:
        (entry,) = compile_list(officer, ListKind.WATCH, **known).listed
        return entry

    def said(self, entry: Any) -> str:
        return next(value.zh for name, value, _ in entry.facts if name.zh == "战略标记")

    def starts(self, entry: Any) -> list[str]:
        return [each["code"] for each in entry.flags if each["code"] == "national_office_starts"]

    def test_the_yearly_list_reads_the_mark_and_hands_it_to_the_matter(self, officer: Any) -> None:
        an_air_port(CODE, below=(2022, 2023))
        unknown = self.entry(officer)
        assert "不明" in self.said(unknown) and "strategy_mark" not in unknown.case_facts and self.starts(unknown)
        marked(officer, False)
        none = self.entry(officer)
        assert (self.said(none), none.case_facts["strategy_mark"], self.starts(none)) == ("无", False, [])
        marked(officer, True, valid_from=date(2024, 2, 1))
        both = self.entry(officer), self.entry(officer, as_of=date(2024, 1, 31))
        assert [each.case_facts["strategy_mark"] for each in both] == [True, False] and self.starts(both[0])
        assert len({each.verdict for each in (unknown, none, *both)}) == 1  # who starts a step is not which step

    def test_a_recorded_list_is_made_again_from_the_mark_of_then(self, officer: Any) -> None:
        an_air_port(CODE, below=(2022, 2023))
        marked(officer, False)
        record_list(actor=officer, kind=ListKind.WATCH)
        marked(officer, True, valid_from=date(2024, 2, 1))
        assert replay_list(ListRecord.objects.get()) == []

    def test_a_record_of_before_there_was_a_register_says_nothing_of_marks(self, officer: Any) -> None:
        an_air_port(CODE, below=(2022, 2023))
        content = self.entry(officer).as_dict()
        del content["inputs"]["strategy_mark"]
        again = remade(ListKind.WATCH, content, Law(date(2024, 6, 30)))
        assert again is not None and [name.zh for name, _, _ in again.facts] == ["连续不达标的完整年数", "边境口岸", "通过验收日期"]
        assert "strategy_mark" not in again.inputs
