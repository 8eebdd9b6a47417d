"""Who owes a form at a port, and who stands above: the body's own office where somebody works there, else the local port office.

A customs house, a border inspection station, an operator is known by its kind, the ports in its list and its name.
"""

from __future__ import annotations

from collections import defaultdict

from kouan.accounts.models import Organisation, OrganisationKind, Role, User
from kouan.desk.matters.parties import national_office
from kouan.ports.models import Port

FILERS = (Role.PORT_REPORTER, Role.INSPECTION_OFFICER, Role.CITY_OFFICER, Role.PROVINCIAL_OFFICER, Role.PROVINCIAL_LEADER)
_NAMED = {"customs": ("海关",), "border_inspection": ("边检", "边防检查"), "maritime_safety": ("海事",)}


class Offices:
    """The offices as they stand now, read once for all ports."""

    def __init__(self) -> None:
        self.nation = national_office()
        self._staffed = set(User.objects.filter(is_active=True, role__in=FILERS).values_list("organisation_id", flat=True))
        self._at: dict[str, list[Organisation]] = defaultdict(list)
        self._cities: dict[str, Organisation] = {}
        self._provinces: dict[str, Organisation] = {}
        for each in Organisation.objects.filter(is_active=True).order_by("code"):
            if each.kind in (OrganisationKind.INSPECTION_AGENCY, OrganisationKind.PORT_OPERATOR, OrganisationKind.CORPS_OFFICE):
                for code in each.port_codes:
                    self._at[code].append(each)
            elif each.kind == OrganisationKind.CITY_OFFICE:
                self._cities[each.city_code] = each
            elif each.kind == OrganisationKind.PROVINCIAL_OFFICE:
                self._provinces.setdefault(each.province_code, each)

    def is_staffed(self, office: Organisation) -> bool:
        """Whether somebody there may file."""
        return office.pk in self._staffed

    def owing(self, body: str, port: Port) -> Organisation:
        """The office that owes a body's form at a port."""
        there = [each for each in self._at.get(port.code, ()) if self.is_staffed(each)]
        own: Organisation | None = None
        if body == "port_operator":
            own = next((each for each in there if each.kind == OrganisationKind.PORT_OPERATOR), None)
        elif body in _NAMED:
            own = next((each for each in there if each.kind == OrganisationKind.INSPECTION_AGENCY
                        and any(word in each.name_zh for word in _NAMED[body])), None)
        if own is not None:
            return own
        return self.province_of(port) if body == "provincial_port_office" else self.local(port)

    def local(self, port: Port) -> Organisation:
        """The city's office where somebody works there, else the Corps or the province."""
        if port.city_code:
            city = self._cities.get(port.city_code) or self._cities.get(f"{port.city_code[:4]}00")
            if city is not None and self.is_staffed(city):
                return city
        return self.province_of(port)

    def province_of(self, port: Port) -> Organisation:
        """The Corps where the port stands in its list, else the province, else the national office."""
        corps = next((each for each in self._at.get(port.code, ()) if each.kind == OrganisationKind.CORPS_OFFICE), None)
        return corps or self._provinces.get(port.province_code) or self.nation

    def superior(self, office: Organisation) -> Organisation:
        """Who decides about an office's extension and hears of its delay first."""
        if office.kind in (OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE, OrganisationKind.NATIONAL_OFFICE):
            return self.nation
        province = self._provinces.get(office.province_code)
        return province if province is not None and self.is_staffed(province) else self.nation
