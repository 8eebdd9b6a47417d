"""Three rows of the plan and the people who carry them out: builders for the tests of the plan's execution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_user, an_office
from tests.ports.factories import a_port

from kouan.accounts.models import OrganisationKind, Role, User
from kouan.basis import Refused
from kouan.casework.execution.actions import set_project
from kouan.casework.execution.models import ProgressReport, ProjectRun
from kouan.casework.execution.proof import Proof
from kouan.casework.execution.reports import decide_report, file_report
from kouan.ports.models import Project, ProjectLink

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def a_project(code: str, box: str = "专栏7", *, province: str = "", **fields: Any) -> Project:
    """A row of the plan; with a port of its own where a province is given."""
    made = Project.objects.create(**{
        "project_id": code, "box": box, "programme_zh": "重点枢纽口岸示范工程", "programme_en": "Demonstration of key hub ports",
        "object_zh": f"对象{code}", "mode": "water", "quote": "水运口岸项目", **fields})
    if province:
        ProjectLink.objects.create(project=made, port=a_port(mode="water", province_code=province), basis="测试")
    return made


class Works:
    """Who takes part. ``other`` is a second person of Guangdong, ``hubei`` the neighbour, ``city`` below Guangdong.

    P7-03 names a port of Guangdong, P7-56 one of Hubei and stands in the text only, P9-01 names none.
    """

    def __init__(self, **people: User) -> None:
        self.national = people.get("national") or a_national_officer()
        home = people["guangdong"].organisation if "guangdong" in people else an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44")
        self.guangdong = people.get("guangdong") or a_user(Role.PROVINCIAL_OFFICER, home)
        self.other = people.get("other") or a_user(Role.PROVINCIAL_LEADER, home)
        self.hubei = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="42"))
        self.city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300"))
        self.ministry = a_user(Role.MINISTRY_OFFICER, an_office(OrganisationKind.MINISTRY))
        if not Project.objects.exists():
            a_project("P7-03", province="44", object_zh="深圳")
            a_project("P7-56", "五(一)1", province="42", object_zh="武汉", note="仅正文提到", note_en="in the prose only")
            a_project("P9-01", "专栏9", object_zh="5G、物联网", mode="", programme_zh="口岸基础设施设备升级",
                programme_en="Facility and equipment upgrade")

    def planned(self, code: str = "P7-03", start: date = date(2023, 1, 1), finish: date = date(2024, 12, 31), owner: User | None = None,
                **known: Any) -> ProjectRun:
        """A project with an office in charge and its days."""
        return set_project(**{"actor": self.national, "project": code, "owner": (owner or self.guangdong).organisation.code, "start": start,
                              "finish": finish, "reason": "国家口岸办确定"} | known)

    def report(self, quarter: str, percent: int, actor: User | None = None, code: str = "P7-03", **known: Any) -> ProgressReport:
        """A report of the office in charge; a finish with its paper."""
        if percent == 100:
            known = {"finished_on": date(2024, 3, 1), "proof": a_proof()} | known
        return file_report(**{"actor": actor or self.guangdong, "project": code, "quarter": quarter, "percent": percent,
            "done": "按计划施工"} | known)

    def confirm(self, report: ProgressReport, actor: User | None = None, code: str = "P7-03", **known: Any) -> ProgressReport:
        """The second person's word."""
        return decide_report(**{"actor": actor or self.other, "project": code, "report": report.pk, "confirm": True, "opinion": "属实"} | known)


def a_proof(content: bytes = PDF, name: str = "证明.pdf") -> Proof:
    """A file that shows something."""
    return Proof(source=BytesIO(content), file_name=name)


@contextmanager
def refused(code: str, kind: type[Refused] = Refused) -> Iterator[None]:
    """A refusal of a kind, whose findings carry the code."""
    with pytest.raises(kind) as error:
        yield
    assert code in [each.code for each in error.value.findings]
