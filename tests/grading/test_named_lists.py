"""The named lists of the plan beside a proposal (A-14): shown with their sentences, lifting a score only under the other reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer
from tests.grading.worlds import TODAY
from tests.ports.factories import a_document, a_port

from kouan.basis import clock
from kouan.grading.grade_actions import NewScores, decide_grade, submit_scores
from kouan.grading.grades import proposals
from kouan.grading.ladder import NAMED_LISTS
from kouan.grading.named_lists import judged, lifted, named_in, named_lists
from kouan.law import Law, registered_rules
from kouan.law.pages import used_by
from kouan.ports.models import HubTier, LayoutEntry, LayoutLink, Port, Project, ProjectLink

LAW = Law(date(2024, 6, 30))
LIFTING = LAW.supposing(NAMED_LISTS, "strategy")


class TestLifting:
    """No database: scores in, verdict out."""

    @pytest.mark.parametrize(
        ("bands", "scores", "grade"),
        [
            (["top"], (0, 80, 80), "hub"),
            (["top"], (0, 79, 80), "important"),
            (["middle"], (0, 80, 80), "important"),
            (["middle"], (0, 60, 0), "important"),
            (["middle"], (0, 59, 59), "regional"),
            (["middle", "top"], (0, 80, 80), "hub"),
            ([], (0, 60, 0), "regional"),
        ],
    )
    def test_a_list_lifts_one_score_and_never_gives_the_grade(self, bands: list[str], scores: tuple[int, ...], grade: str) -> None:
        row = dict(zip(("strategy", "benefit", "reach"), scores, strict=True))
        assert judged(row, bands, LIFTING).verdict == grade
        assert judged(row, bands, LAW).verdict == judged(row, [], LAW).verdict

    def test_a_higher_score_stays_and_a_missing_one_is_supplied(self) -> None:
        assert lifted({"strategy": 95}, ["top"], LAW)["strategy"] == 95
        assert judged({"benefit": 85, "reach": 85}, ["top"], LIFTING).verdict == "hub"
        assert judged({}, ["top"], LIFTING).verdict == "unknown"

    def test_the_strict_bands_are_lifted_to_as_well(self) -> None:
        strict = LIFTING.supposing("grade_proposal.bands", "strict")
        assert judged({"strategy": 0, "benefit": 90, "reach": 90}, ["top"], strict).verdict == "hub"
        assert judged({"strategy": 0, "benefit": 90, "reach": 90}, ["middle"], strict).verdict == "important"

    def test_the_setting_is_known_to_the_rule_it_stands_beside(self) -> None:
        assert used_by(registered_rules(), NAMED_LISTS) == ["grade_proposal"]
        assert {each.band for each in named_lists()} == {"top", "middle"}


@pytest.mark.django_db
class TestProposals:
    @pytest.fixture(autouse=True)
    def today(self) -> Iterator[None]:
        with clock.travel_to(TODAY):
            yield

    @pytest.fixture
    def port(self) -> Port:
        port = a_port("jia-air", "air", name_zh="甲航空口岸", transport_class="air_other", class_basis="测试")
        entry = LayoutEntry.objects.create(
            layout_id="air-1", box="专栏4", name_zh="甲", mode="air", hub_tier=HubTier.INTERNATIONAL, quote="北京、上海、甲"
        )
        LayoutLink.objects.create(entry=entry, port=port, basis="同名")
        return port

    def scored(self, officer: Any, code: str, *values: int) -> None:
        submit_scores(actor=officer, lines=[NewScores(code, 2023, *map(Decimal, values))], document=a_document())

    def test_the_proposal_shows_list_sentence_scores_and_setting(self, port: Port) -> None:
        officer = a_national_officer()
        self.scored(officer, port.code, 50, 85, 85)
        found = proposals([port.code])[port.code]
        said = found.as_dict()
        assert said["verdict"] == "important" and said["scores"]["strategy"] == "50.000"
        assert [(each["list"], each["citation"]["quote"], each["band"]) for each in said["lists"]] == [
            ("air_international_hub", "北京、上海、甲", "top")
        ]
        assert said["readings"][-1]["key"] == NAMED_LISTS and said["readings"][-1]["value"] == "beside"
        assert ("A-14", "strategy", "hub") in [(each["ambiguity"], each["value"], each["verdict"]) for each in said["differs_under"]]
        made = decide_grade(
            actor=officer, port=port.code, grade="important", valid_from=date(2024, 1, 1), reason="按评估结果", document=a_document()
        )
        assert not made.is_override and made.proposal["lists"] == said["lists"]

    def test_a_port_on_no_list_is_as_before(self) -> None:
        other = a_port("yi-air", "air")
        self.scored(a_national_officer(), other.code, 85, 85, 85)
        found = proposals([other.code])[other.code]
        assert (found.grade, found.lists, found.under) == ("hub", (), ())
        assert found.as_dict()["lists"] == [] and found.as_dict()["readings"][-1]["others"] == []

    def test_projects_of_the_box_count_and_others_do_not(self) -> None:
        port = a_port("bing-rail", "rail")
        for number, programme in (("P7-99", "重点枢纽口岸示范工程"), ("P9-99", "另一工程")):
            project = Project.objects.create(project_id=number, box=f"专栏{number[1]}", programme_zh=programme, object_zh="丙", quote="丙")
            ProjectLink.objects.create(project=project, port=port)
        assert [(each.list.key, each.row) for each in named_in([port.code])[port.code]] == [("hub_demonstration", "P7-99")]
