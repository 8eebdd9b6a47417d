"""The national office, two provinces and a city, with the periods set: builders for the tests of supervision."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from tests.accounts.factories import a_national_officer, a_user, an_office

from kouan.accounts.models import OrganisationKind, Role, User
from kouan.basis import clock
from kouan.casework.oversight.actions import set_cell, supervise_cell
from kouan.casework.oversight.models import Supervision, TaskCell
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.upkeep import set_period

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PERIODS = {"supervision": ("handling_days", "sign_days", "verify_days"), "circular_receipt": ("receipt_days",)}


class House:
    """Who takes part. ``other`` is a second person of the national office, ``hubei`` the neighbour."""

    def __init__(self, national: User | None = None, other: User | None = None, guangdong: User | None = None) -> None:
        self.national = national or a_national_officer()
        self.other = other or a_user(Role.NATIONAL_OFFICER, self.national.organisation)
        self.guangdong = guangdong or a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.hubei = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="42"))
        for procedure, settings in PERIODS.items():
            for setting in settings:
                set_period(actor=self.national, procedure=procedure, setting=setting, count=5, reason="国家口岸办确定")

    def owned(self, due_on: date | None, task: str = "class_two", owner: User | None = None, **known: Any) -> TaskCell:
        """A cell of Guangdong with an owner and a day."""
        code = known.pop("owner_code", (owner or self.guangdong).organisation.code)
        return set_cell(**{"actor": self.national, "task": task, "place": "44", "owner": code,
                           "due_on": due_on, "reason": "国家口岸办确定"} | known)

    def supervised(self, due_on: date, **known: Any) -> Supervision:
        """The same, under supervision and acknowledged."""
        cell = self.owned(due_on, **known)
        held = supervise_cell(actor=self.national, task=cell.task, place="44", reason="进展缓慢")
        take_step(actor=known.get("owner") or self.guangdong, matter=held.matter_id, transition="acknowledge")
        return held

    def report(self, held: Supervision, actor: User | None = None, content: bytes = PDF) -> Matter:
        """The owner's report with its evidence."""
        return take_step_with_papers(
            actor=actor or self.guangdong, matter=held.matter_id, transition="report", fields={"progress": "已清理完毕"},
            papers=[Paper("evidence", "清理完成证明", source=BytesIO(content), file_name="证明.pdf")])

    def close(self, held: Supervision, actor: User | None = None) -> Matter:
        """The verifier's last step."""
        return take_step(actor=actor or self.other, matter=held.matter_id, transition="close", fields={"opinion": "材料属实"})


def today() -> date:
    """The day the tests run on."""
    return clock.today()
