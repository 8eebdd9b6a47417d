"""The yearly assessments: drawn up by one, reviewed by another, rectified by a day, and told again before a year has passed."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from hypothesis import settings
from tests.accounts.factories import a_user, an_office
from tests.casework.stories import CALENDAR
from tests.desk.files import a_pdf
from tests.procedure.walking import walk_of

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import NotAllowed, NotFound, Refused
from kouan.casework.assessments.effects import LEVELS, PROCEDURES
from kouan.casework.assessments.queries import standing_of_assessments
from kouan.desk.matters.actions import open_matter, run_clocks, take_step
from kouan.desk.matters.drafts import draft_of
from kouan.desk.matters.models import Matter
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.queries import matters_visible_to
from kouan.desk.papers import docx_of, pdf_of
from kouan.procedure import read

DAY = date(2024, 3, 4)
KINDS = sorted(LEVELS)
READ = {path.stem: read(path, roles=Role.values) for path in sorted(PROCEDURES.glob("*.yaml"))}


class Office:
    """A province: an officer who assesses, a head who reviews; and a neighbour."""

    def __init__(self) -> None:
        home = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44")
        self.officer, self.head = a_user(Role.PROVINCIAL_OFFICER, home), a_user(Role.PROVINCIAL_LEADER, home)
        self.stranger = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="37"))

    def begun(self, kind: str) -> Matter:
        return open_matter(actor=self.officer, procedure=kind, title="2024年度评估", on=DAY)

    def submitted(self, kind: str, **said: str) -> Matter:
        fields = dict.fromkeys(READ[kind].transitions["submit"].fields, "如报告") | {"level": LEVELS[kind][-1]} | said
        return self.step(self.begun(kind), "submit", self.officer, papers=["report"], **fields)

    def step(self, matter: Matter, transition: str, actor: Any, *, on: date = DAY, papers: tuple[str, ...] | list[str] = (), **fields: str) -> Matter:
        kept = [Paper(kind, "评估材料", source=BytesIO(a_pdf()), file_name=f"{kind}.pdf") for kind in papers]
        return take_step_with_papers(actor=actor, matter=matter.pk, transition=transition, fields=fields, papers=kept, on=on)


@pytest.fixture
def office(db: None) -> Office:
    return Office()


def code_of(refused: Any) -> str:
    return str(refused.value.findings[0].code)


def test_there_are_the_four() -> None:
    assert sorted(READ) == KINDS and len(KINDS) == 4
    assert all(each.four_eyes and {"yearly", "rectification"} <= set(each.clocks) for each in READ.values())


@pytest.mark.parametrize("kind", KINDS)
def test_from_the_report_through_rectification_to_the_next_year(office: Office, kind: str) -> None:
    matter = office.submitted(kind)
    assert matter.state == "reviewing"
    with pytest.raises(NotAllowed):
        office.step(matter, "order", office.officer, tasks="补齐日志", due_on="2024-04-01")
    office.step(matter, "order", office.head, tasks="补齐日志", due_on="2024-04-01")
    office.step(matter, "rectified", office.officer, papers=["evidence"], progress="已补齐", on=date(2024, 3, 20))
    done = office.step(matter, "verify", office.head, residual_risk="无", next_due_on="2025-03-04", on=date(2024, 3, 21))
    assert done.state == "valid" and done.ended_at is None
    told = set()
    for day in (date(2024, 12, 1), date(2025, 1, 4), date(2025, 2, 3), date(2025, 3, 5), date(2025, 3, 20)):
        with acting_system("run_clocks") as system:
            run_clocks(actor=system, today=day, only=[matter.pk])
        told.add((day, done.notices.count()))
    counts = [count for _, count in sorted(told)]
    assert counts[0] < counts[1] < counts[2] < counts[3], counts
    assert office.step(matter, "renew", office.officer, next_matter="#2", on=date(2025, 3, 21)).outcome == "concluded"


def test_an_overdue_rectification_is_told(office: Office) -> None:
    matter = office.step(office.submitted("data_risk_assessment"), "order", office.head, tasks="加密介质", due_on="2024-04-01")
    before = matter.notices.count()
    with acting_system("run_clocks") as system:
        run_clocks(actor=system, today=date(2024, 4, 2), only=[matter.pk])
    assert matter.notices.count() > before


@pytest.mark.parametrize("day", ["2024-03-04", "2024-01-01", "2025-03-06", "2030-01-01"])
def test_nothing_is_valid_for_more_than_a_year_or_backwards(office: Office, day: str) -> None:
    matter = office.submitted("personal_impact_assessment")
    with pytest.raises(Refused) as refused:
        office.step(matter, "accept", office.head, conclusion="可行", next_due_on=day)
    assert code_of(refused) == "not_within_a_year"
    assert Matter.objects.get(pk=matter.pk).state == "reviewing"


def test_a_verdict_of_another_kind_and_a_mark_of_secrecy_are_refused(office: Office) -> None:
    with pytest.raises(Refused) as refused:
        office.submitted("protection_evaluation", level="高")
    assert code_of(refused) == "unknown_level"
    with pytest.raises(Refused) as refused:
        office.submitted("protection_evaluation", conclusion="见附件（机密★10年）")
    assert code_of(refused) == "secrecy_mark"


def test_no_report_no_review(office: Office) -> None:
    fields = dict.fromkeys(READ["data_risk_assessment"].transitions["submit"].fields, "如报告") | {"level": "低"}
    with pytest.raises(Refused):
        office.step(office.begun("data_risk_assessment"), "submit", office.officer, **fields)


def test_another_province_sees_nothing_of_it(office: Office) -> None:
    matter = office.submitted("cryptography_evaluation")
    assert not matters_visible_to(office.stranger).filter(pk=matter.pk).exists()
    with pytest.raises((NotFound, NotAllowed)):
        take_step(actor=office.stranger, matter=matter.pk, transition="accept", fields={"conclusion": "x", "next_due_on": "2025-01-01"}, on=DAY)


def test_its_paper_is_written_in_word_and_pdf(office: Office) -> None:
    paper = draft_of(office.submitted("data_risk_assessment"), "opinion")
    assert docx_of(paper)[:2] == b"PK" and pdf_of(paper)[:4] == b"%PDF"


def test_the_catalogue_says_how_each_stands(office: Office) -> None:
    matter = office.step(office.submitted("data_risk_assessment"), "accept", office.head, conclusion="可行", next_due_on="2025-03-04")
    office.step(office.begun("protection_evaluation"), "drop", office.officer, reason="误发起")
    seen = {each.code: each for each in standing_of_assessments(office.officer, date(2024, 6, 1))}
    assert list(seen) == list(LEVELS)
    assert (seen["data_risk_assessment"].matter, seen["data_risk_assessment"].is_overdue) == (matter, False)
    assert seen["data_risk_assessment"].due == date(2025, 3, 4)
    assert seen["protection_evaluation"].matter is None and seen["protection_evaluation"].is_overdue
    assert standing_of_assessments(office.officer, date(2025, 3, 5))[0].is_overdue
    assert all(each.matter is None for each in standing_of_assessments(office.stranger, date(2024, 6, 1)))
    for user, words, link in ((office.officer, "评估有效，待下一年度", f"/matters/{matter.pk}"),
                              (office.stranger, "尚未开展", "/matters/begin/data_risk_assessment")):
        client = Client()
        client.force_login(user, "kouan.accounts.backends.SignInBackend")
        said = client.get("/data-sets").content.decode()
        assert words in said and link in said
        begin = client.get("/matters/begin/data_risk_assessment")
        assert begin.status_code == 200 and "数据安全风险评估" in begin.content.decode()


for _kind, _procedure in READ.items():
    _case = walk_of(_procedure, CALENDAR, {}).TestCase
    _case.settings = settings(max_examples=10, stateful_step_count=40, deadline=None)
    globals()[f"Test_{_kind}"] = pytest.mark.long(_case)
del _case
