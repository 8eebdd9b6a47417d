"""The people of an issue: an enterprise, the agency concerned, its city, its province, the nation, and a neighbour province."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from tests.accounts.factories import a_national_officer, a_user, an_office
from tests.desk.files import a_pdf
from tests.ports.factories import a_port

from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry
from kouan.casework.bottlenecks.actions import EvidenceFile, NewIssue, submit_issue
from kouan.casework.bottlenecks.models import Issue
from kouan.desk.matters.models import Matter
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period

DAY = date(2024, 3, 4)
NAME = "深圳某某进出口有限公司"


class Offices:
    """罗湖 and who is concerned with it; every period set to ``days`` working days."""

    def __init__(self, days: int = 5) -> None:
        self.port = a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", province_code="44", city_code="440300")
        self.national = a_national_officer()
        self.second = a_user(Role.NATIONAL_OFFICER, self.national.organisation)
        self.province = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.neighbour = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="45"))
        self.city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300",
                                                        port_codes=["luohu-rail"]))
        self.agency = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, province_code="44", port_codes=["luohu-rail"]))
        self.other_agency = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, province_code="44",
                                                                      port_codes=["luohu-rail"]))
        self.enterprise = a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE, name_zh=NAME))
        self.rival = a_user(Role.ENTERPRISE_USER, an_office(OrganisationKind.ENTERPRISE, name_zh="另一家公司"))
        for name in in_force("enterprise_issue").procedure.settings:
            set_period(actor=self.national, procedure="enterprise_issue", setting=name, count=days, reason="国家口岸办确定")

    def submitted(self, **said: Any) -> Issue:
        """An issue about waiting at the agency."""
        files = said.pop("files", [EvidenceFile(BytesIO(a_pdf()), "照片.pdf")])
        values = {"port": "luohu-rail", "stage": "inspection", "kind": "time", "level": "port", "facts": "查验等候三天，未告知原因。",
                  "wanted": "告知等候时间", "about": self.agency.organisation.code, "contact_name": "李四", "contact_phone": "13800000000"}
        return submit_issue(actor=said.pop("actor", self.enterprise), said=NewIssue(**values | said), files=files, on=DAY)

    def take(self, issue: Issue, step: str, actor: Any, on: date = DAY, **fields: str) -> Matter:
        """A step of an office, with the evidence that an answer asks for."""
        papers = []
        if step in ("give_answer", "answer_again"):
            papers = [Paper("answer_evidence", "整改照片", source=BytesIO(a_pdf()), file_name="整改.pdf")]
        return take_step_with_papers(actor=actor, matter=issue.matter_id, transition=step, fields=fields, papers=papers, on=on)

    def answered(self, issue: Issue, actor: Any = None, on: date = DAY) -> Issue:
        """Accepted and answered by the agency."""
        self.take(issue, "accept", actor or self.agency, on)
        self.take(issue, "give_answer", actor or self.agency, on, answer="已增开查验通道", measures="增开两条通道")
        issue.refresh_from_db()
        return issue


def state(issue: Issue) -> str:
    """Where it stands."""
    return Matter.objects.get(pk=issue.matter_id).state


def events_of(user: Any) -> set[str]:
    """The kinds of events that the trail holds of somebody."""
    return set(AuditEntry.objects.filter(actor_id=user.pk).values_list("note", flat=True))
