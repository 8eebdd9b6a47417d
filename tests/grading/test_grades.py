"""Grades: scores with their paper, a proposal that is never a decision, decisions on two clocks, and the policy that follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.grading.worlds import TODAY
from tests.ports.factories import a_document, a_port

from kouan.basis import NotAllowed, Refused, clock
from kouan.grading.grade_actions import NewScores, decide_grade, enter_policy, read_scores, submit_scores
from kouan.grading.grades import decisions_of, grade_of, policy_cells, policy_for, proposals, with_grade
from kouan.grading.models import CriterionScores, GradeDecision
from kouan.ports.models import HubTier, LayoutEntry, LayoutLink, Port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.travel_to(TODAY):
        yield


@pytest.fixture
def officer() -> Any:
    return a_national_officer()


@pytest.fixture
def port() -> Port:
    return a_port("jia-air", "air", name_zh="甲航空口岸", short_name_zh="甲", transport_class="air_other", class_basis="测试")


def scored(officer: Any, code: str, *values: float, year: int = 2023, document: Any = None) -> None:
    three = [Decimal(str(each)) for each in values]
    submit_scores(actor=officer, lines=[NewScores(code, year, *three)], document=document or a_document())


def decide(officer: Any, code: str, grade: str, **known: Any) -> GradeDecision:
    return decide_grade(
        **{"actor": officer, "port": code, "grade": grade, "valid_from": date(2024, 1, 1), "reason": "按评估结果", "document": a_document()} | known
    )


class TestProposing:
    @pytest.mark.parametrize(
        ("values", "grade"),
        [
            ((80, 80, 80), "hub"),
            ((80, 80, 79.999), "important"),
            ((60, 60, 0), "important"),
            ((59.999, 60, 0), "regional"),
            ((0, 0, 0), "regional"),
        ],
    )
    def test_the_bands(self, officer: Any, port: Port, values: tuple[float, ...], grade: str) -> None:
        scored(officer, port.code, *values)
        assert proposals([port.code])[port.code].grade == grade

    def test_without_scores_nothing_is_proposed_and_it_says_who_can_supply_them(self, port: Port) -> None:
        found = proposals([port.code])[port.code]
        assert found.grade is None and found.outcome.verdict == "unknown"
        assert {each["fact"] for each in found.outcome.missing} == {"strategy", "benefit", "reach"}

    def test_the_newest_year_and_revision_count(self, officer: Any, port: Port) -> None:
        scored(officer, port.code, 90, 90, 90, year=2022)
        scored(officer, port.code, 10, 10, 10)
        scored(officer, port.code, 65, 65, 65)
        assert proposals([port.code])[port.code].grade == "important" and proposals([port.code], 2022)[port.code].grade == "hub"
        assert CriterionScores.objects.get(port_code=port.code, year=2023, revision=1).strategy == 10

    def test_the_hub_tier_of_the_layout_is_never_the_grade(self, officer: Any, port: Port) -> None:
        entry = LayoutEntry.objects.create(layout_id="air-1", box="专栏4", name_zh="甲", mode="air", hub_tier=HubTier.INTERNATIONAL)
        LayoutLink.objects.create(entry=entry, port=port, basis="同名")
        assert grade_of(port.code) is None and proposals([port.code])[port.code].grade is None
        scored(officer, port.code, 10, 10, 10)
        assert proposals([port.code])[port.code].grade == "regional"

    def test_the_same_again_is_no_revision(self, officer: Any, port: Port) -> None:
        paper = a_document()
        line = NewScores(port.code, 2023, Decimal(70), Decimal(70), Decimal(70))
        assert submit_scores(actor=officer, lines=[line], document=paper) == (1, 0)
        assert submit_scores(actor=officer, lines=[line], document=paper) == (0, 1)


class TestSheet:
    def test_a_sheet_is_read_by_names(self, officer: Any, port: Port) -> None:
        sheet, lines = read_scores("口岸,年度,战略地位,经济社会效益,辐射带动作用\n甲航空口岸,2023,80,75.5,60\n".encode(), "得分.csv", officer)
        assert sheet.is_sound and lines == [NewScores("jia-air", 2023, Decimal(80), Decimal("75.5"), Decimal(60))]

    def test_wrong_cells_are_named_and_nothing_is_half_read(self, officer: Any, port: Port) -> None:
        rows = "甲航空口岸,2023,101,75,60\n乙口岸,2023,1,1,1\n甲航空口岸,23,1,1,1\n甲航空口岸,2022,1,1,1\njia-air,2022,2,2,2\n"
        sheet, lines = read_scores(f"口岸,年度,战略地位,经济社会效益,辐射带动作用\n{rows}".encode(), "得分.csv", officer)
        assert (sheet.findings[0].code, sheet.findings[0].where.row) == ("bad_score", 2)
        assert {each.where.row for each in sheet.findings} == {2, 3, 4, 6} and not sheet.is_sound
        assert [each.year for each in lines] == [2022, 2022]

    def test_somebody_elses_port_is_not_known(self, port: Port) -> None:
        sheet, _ = read_scores(
            "口岸,年度,战略地位,经济社会效益,辐射带动作用\n甲航空口岸,2023,80,75,60\n".encode(), "x.csv", a_provincial_officer("37")
        )
        assert not sheet.is_sound


class TestDeciding:
    def test_a_decision_that_follows_the_proposal(self, officer: Any, port: Port) -> None:
        scored(officer, port.code, 85, 85, 85)
        made = decide(officer, port.code, "hub")
        assert (made.is_override, made.override_by, made.proposal["verdict"]) == (False, "", "hub")
        assert made.proposal["scores"]["strategy"] == "85.000" and made.proposal["digest"]

    def test_an_override_needs_a_name_a_reason_and_a_paper(self, officer: Any, port: Port) -> None:
        scored(officer, port.code, 10, 10, 10)
        for lacking, code in (
            ({"override_by": ""}, "override_needs_name"),
            ({"reason": " "}, "value_required"),
            ({"document": ""}, "document_required"),
        ):
            with pytest.raises(Refused) as refused:
                decide(officer, port.code, "hub", **{"override_by": "李四", **lacking})
            assert code in {each.code for each in refused.value.findings}
        made = decide(officer, port.code, "hub", override_by="李四")
        assert (made.is_override, made.override_by, made.proposal["verdict"], grade_of(port.code)) == (True, "李四", "regional", made)

    def test_without_a_proposal_every_decision_is_an_override(self, officer: Any, port: Port) -> None:
        with pytest.raises(Refused, match="尚不能提出"):
            decide(officer, port.code, "regional")
        assert decide(officer, port.code, "regional", override_by="李四").proposal["scores"] is None

    def test_only_the_national_office_decides(self, port: Port) -> None:
        with pytest.raises(NotAllowed):
            decide(a_provincial_officer("44"), port.code, "hub")

    def test_groups_odd_days_and_unknown_grades(self, officer: Any, port: Port) -> None:
        group = a_port("zu-water", "water", is_group=True)
        for code, known, said in (
            (group.code, {}, "成员"),
            (port.code, {"valid_from": date(2020, 12, 31)}, "2021年1月1日"),
            (port.code, {"grade": "三级"}, "等级"),
        ):
            with pytest.raises(Refused, match=said):
                decide(officer, code, **{"grade": "hub", "override_by": "李四", **known})

    def test_two_clocks_and_nothing_rewritten(self, officer: Any, port: Port) -> None:
        first = decide(officer, port.code, "regional", override_by="李四", valid_from=date(2023, 1, 1))
        before = clock.now()
        with clock.travel_to("2024-08-01"):
            later = decide(officer, port.code, "important", override_by="李四", valid_from=date(2024, 7, 1))
            corrected = decide(officer, port.code, "hub", override_by="李四", valid_from=date(2023, 1, 1))
            assert grade_of(port.code) == later
            assert grade_of(port.code, date(2024, 6, 30)) == corrected
            assert grade_of(port.code, date(2024, 6, 30), known_at=before + timedelta(seconds=1)) == first
            assert grade_of(port.code, date(2022, 12, 31)) is None
            assert [each.pk for each in decisions_of(port.code)] == [corrected.pk, later.pk, first.pk]
            assert with_grade(Port.objects.all()).get(code=port.code).grade == "important"

    def test_the_same_decision_twice_is_refused(self, officer: Any, port: Port) -> None:
        paper = a_document()
        decide(officer, port.code, "hub", override_by="李四", document=paper)
        with pytest.raises(Refused, match="已登记"):
            decide(officer, port.code, "hub", override_by="李四", document=paper)


class TestPolicy:
    def enter(self, officer: Any, **known: Any) -> Any:
        return enter_policy(
            **{
                "actor": officer,
                "grade": "hub",
                "transport_class": "air_other",
                "stage": "access",
                "text": "优先保障查验人员",
                "valid_from": date(2024, 1, 1),
                "document": a_document(),
            }
            | known
        )

    def test_one_cell_for_a_port_and_a_stage(self, officer: Any, port: Port) -> None:
        assert "等级未定" in policy_for(port, "access").why_none.zh
        decide(officer, port.code, "hub", override_by="李四")
        assert "未制定" in policy_for(port, "access").why_none.zh
        cell = self.enter(officer)
        assert (policy_for(port, "access").cell, policy_for(port, "running").cell) == (cell, None)
        with pytest.raises(ValueError, match="elsewhere"):
            policy_for(port, "elsewhere")

    def test_a_port_without_class_has_none(self, officer: Any) -> None:
        unclassed = a_port("yi-water", "water")
        decide(officer, unclassed.code, "hub", override_by="李四")
        assert "运输类别未定" in policy_for(unclassed, "access").why_none.zh

    def test_versions_by_day_and_by_what_was_known(self, officer: Any, port: Port) -> None:
        decide(officer, port.code, "hub", override_by="李四", valid_from=date(2023, 1, 1))
        first = self.enter(officer)
        before = clock.now()
        with clock.travel_to("2024-08-01"):
            second = self.enter(officer, text="另行办理", valid_from=date(2024, 7, 1))
            assert (second.version, policy_for(port, "access").cell) == (2, second)
            assert policy_for(port, "access", date(2024, 6, 30)).cell == first
            assert policy_for(port, "access", date(2024, 8, 1), before).cell == first
            ended = self.enter(officer, text="", reason="新办法施行", valid_from=date(2024, 8, 1))
            assert policy_for(port, "access").cell is None and policy_cells()["hub", "air_other", "access"] == ended

    def test_who_may_and_what_is_needed(self, officer: Any) -> None:
        with pytest.raises(NotAllowed):
            self.enter(a_provincial_officer("44"))
        with pytest.raises(Refused) as refused:
            self.enter(officer, grade="", stage="", transport_class="boat", text=" ")
        assert {each.where.field for each in refused.value.findings} == {"grade", "stage", "transport_class", "text"}
        with pytest.raises(Refused, match="依据文件"):
            self.enter(officer, document="")
