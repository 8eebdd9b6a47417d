"""A wharf's request, run on the desk: builders in field words for the tests of running matters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.accounts.factories import a_national_officer, a_user, an_office
from tests.procedure.samples import WHARF

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import SubjectRef
from kouan.desk.actions import add_version, record_document
from kouan.desk.matters import registry
from kouan.desk.matters.actions import Concerns, open_matter, take_step
from kouan.desk.matters.models import Matter, MatterStep
from kouan.desk.matters.upkeep import set_period
from kouan.desk.models import Document

DAY = date(2024, 3, 4)
QINGDAO = Concerns(SubjectRef.of("port", "qingdao-water"), province_code="37", port_code="qingdao-water")
GOOD = {"has_berth": True, "depth_metres": 12}


class Effects:
    """What the sample's effect did; it can be told to refuse."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.refuses: Exception | None = None

    def open_for_a_time(self, matter: Matter, step: MatterStep, actor: Any) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.opened.append(matter.pk)


@contextmanager
def the_sample(folder: Path, text: str = WHARF) -> Iterator[Effects]:
    """Register the sample for the length of a test."""
    effects = Effects()
    (folder / "wharf_use.yaml").write_text(text, encoding="utf-8")
    registry.procedures()  # rooms that register later do so now, not inside the sample's time
    registry.procedures()  # those that the house reads when first asked, so that they are kept
    before, held = dict(registry._procedures), dict(registry._effects)
    registry.register_procedures("sample", folder, {"open_for_a_time": effects.open_for_a_time})
    try:
        yield effects
    finally:
        registry._procedures.clear()
        registry._procedures.update(before)
        registry._effects.clear()
        registry._effects.update(held)


class People:
    """The offices and people of the sample: the province applies, the national office decides, customs is asked."""

    def __init__(self) -> None:
        self.national = a_national_officer()
        self.colleague = a_user(Role.NATIONAL_OFFICER, self.national.organisation)
        self.shandong = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="37"))
        self.guangdong = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.customs = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, port_codes=["elsewhere-water"]))

    def settle(self) -> None:
        """Fill the one setting of the sample."""
        set_period(actor=self.national, procedure="wharf_use", setting="longest_stay", count=6, reason="国家口岸办确定")


def a_paper(actor: Any, kind: str = "application") -> Document:
    """A recorded paper with a file."""
    number = Document.objects.count() + 1
    paper = record_document(actor=actor, reference=f"paper-{number}", kind="other", title=f"文件{number}")
    add_version(actor=actor, document=paper, source=BytesIO(f"{kind}{number}".encode()), file_name=f"{number}.pdf")
    return paper


def begun(people: People, **known: Any) -> Matter:
    """The province's request, in draft."""
    return open_matter(**{"actor": people.shandong, "procedure": "wharf_use", "title": "董家口临时启用", "concerns": QINGDAO,
                          "named": {"customs": people.customs.organisation.code}, "on": DAY} | known)


def submitted(people: People) -> Matter:
    """The same, handed in."""
    matter = begun(people)
    return take_step(actor=people.shandong, matter=matter.pk, transition="submit", documents={"application": a_paper(people.shandong)}, on=DAY)


def consulting(people: People) -> Matter:
    """The same, admitted: customs and the military are asked."""
    return take_step(actor=people.national, matter=submitted(people).pk, transition="admit", facts=GOOD, on=DAY)
