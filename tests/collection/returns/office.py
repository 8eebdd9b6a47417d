"""Who files and reviews at 罗湖, an October that has ended, a filled form, and the steps of its review."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from tests.accounts.factories import a_national_officer, a_user, an_office
from tests.ports.factories import a_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Period
from kouan.collection.returns import actions, calls, forms
from kouan.collection.returns.cells import Cell, Filled
from kouan.collection.returns.models import Return
from kouan.collection.returns.queries import template_for
from kouan.collection.returns.template import rows_of

TODAY = "2024-11-06T10:00:00+08:00"
OCTOBER = Period.month(2024, 10)
PEOPLE = {"head": "王某", "statistician": "李某", "filler": "张某", "reported_on": "2024-11-06"}
# KA-02 of border inspection.
VALUES: dict[str, Any] = {"pax_in": 2_100_000, "pax_out": 2_050_000, "crew": 3_000, "conv": 900, "lane_capacity_hour": 12_000, "citizen_batches": 40,
                          "citizen_batches_30": 39}


class ReturnOffices:
    """罗湖 with operator, border inspection, city, province and nation; a neighbour province with an agency."""

    def __init__(self) -> None:
        self.port = a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", province_code="44", city_code="440300", transport_class="rail",
            class_basis="测试")
        self.other_port = a_port("dongxing-road", "road", name_zh="东兴公路口岸", province_code="45", transport_class="road", class_basis="测试")
        self.national = a_national_officer()
        self.leader = a_user(Role.NATIONAL_LEADER, self.national.organisation)
        at_port: dict[str, Any] = {"province_code": "44", "port_codes": ["luohu-rail"]}
        self.province = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.province_second = a_user(Role.PROVINCIAL_OFFICER, self.province.organisation)
        self.city = a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, name_zh="深圳市口岸办", city_code="440300", **at_port))
        self.operator = a_user(Role.PORT_REPORTER, an_office(OrganisationKind.PORT_OPERATOR, name_zh="罗湖口岸公司", **at_port))
        self.border = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, name_zh="罗湖边检站", **at_port))
        self.border_second = a_user(Role.INSPECTION_OFFICER, self.border.organisation)
        self.neighbour = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="45"))
        self.far = a_user(Role.INSPECTION_OFFICER, an_office(
            OrganisationKind.INSPECTION_AGENCY, name_zh="东兴边检站", province_code="45", port_codes=["dongxing-road"]))

    def calendar(self, *, due_days: int = 10, valid_from: date = date(2024, 10, 1)) -> None:
        """The national office's rule for monthly returns, and what it brings today."""
        calls.set_due_rule(actor=self.national, cadence="month", due_days=due_days, freeze_days=20, escalate_days=5, valid_from=valid_from,
                             reason="口岸数据报送通知（测试）")
        self.run()

    def run(self) -> dict[str, int]:
        with acting_system("returns") as system:
            return calls.open_calls(actor=system)

    def owed(self, form: str = "KA-02", *, actor: Any = None, period: Period = OCTOBER, port: str = "luohu-rail") -> Return:
        return actions.owed(actor=actor or self.border, form=form, port=port, period=period.code)

    def file(self, *, actor: Any = None, period: Period = OCTOBER, filled: Filled | None = None, **more: Any) -> actions.Filing:
        held = self.owed(actor=actor, period=period)
        return actions.file_return(actor=actor or self.border, number=held.pk, filled=filled or a_filled(), channel="page", **more)

    def signed(self, *, period: Period = OCTOBER, filled: Filled | None = None, **more: Any) -> Return:
        """Filed by border inspection, passed by the province, signed by the nation."""
        held = self.file(period=period, filled=filled, **more).held
        actions.review(actor=self.province, number=held.pk, decision="pass", words="相符")
        return actions.review(actor=self.national, number=held.pk, decision="sign", words="同意")


def a_filled(reasons: dict[str, str] | None = None, people: dict[str, str] | None = None, **values: Any) -> Filled:
    """KA-02 as an official would fill it; values and reasons by item differ where they are given."""
    said = {**VALUES, **values}
    return Filled({code: Cell(value, (reasons or {}).get(code, "")) for code, value in said.items()}, people={**PEOPLE, **(people or {})})


def a_workbook(user: Any, folder: Path, *, form: str = "KA-02", period: Period = OCTOBER, ports: tuple[str, ...] = ("luohu-rail",),
               values: dict[str, Any] | None = None, reasons: dict[str, str] | None = None, people: dict[str, str] | None = None,
               name: str = "报表.xlsx", cells: dict[str, Any] | None = None) -> Path:
    """The system's own template, filled in as with Excel and saved."""
    book = load_workbook(BytesIO(template_for(user, form=form, period=period.code, ports=ports)))
    for sheet in book.worksheets:
        if sheet.title == "kouan":
            continue
        at = {sheet.cell(row, 11).value: row for row in range(1, sheet.max_row + 1)}
        for code, value in (VALUES if values is None else values).items():
            sheet.cell(at[code], 4).value = value
        for code, reason in (reasons or {}).items():
            sheet.cell(at[code], 9).value = reason
        for key, said in {**PEOPLE, **(people or {})}.items():
            sheet.cell(at[f"footer:{key}"], 4).value = said
        for place, value in (cells or {}).items():
            sheet[place] = value
    place = folder / name
    book.save(place)
    return place


def row_of(item: str, port: Any, form: str = "KA-02") -> int:
    """The row of an item in the workbook."""
    return rows_of(forms.get(form), port)[item]
