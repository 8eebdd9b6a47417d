"""Each page of the law names the matters and verdicts that used it, in scope, and leads on to facts and source rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import PASSWORD, a_provincial_officer
from tests.casework.cases import DAY, Offices
from tests.casework.test_law_preview import an_airport_case
from tests.grading.lawbook import a_judged_road_port
from tests.monitoring.factories import a_year_of_months, figures
from tests.ports.factories import a_sea_port

from kouan.accounts.action import acting_system
from kouan.basis import clock
from kouan.casework.actions import gather_facts
from kouan.desk.matters.models import Matter
from kouan.grading.actions import record_verdicts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_summer() -> Iterator[None]:
    with clock.travel_to("2024-06-30"):
        yield


@pytest.fixture
def offices() -> Offices:
    return Offices()


def browser_of(user: Any) -> Client:
    client = Client()
    assert client.post("/sign-in", {"username": user.username, "password": PASSWORD}).status_code == 302
    return client


def a_withdrawal(offices: Offices) -> Matter:
    a_sea_port("beihai-water", open_since=date(2005, 1, 1), accepted_on=date(2006, 1, 1), province_code="45", name_zh="北海水运口岸")
    for measure, unit in (("cargo_tonnes", "t"), ("person_crossings", "person_crossings")):
        figures("port:beihai-water", measure, {**a_year_of_months(2022, 2_000_000), **a_year_of_months(2023, 1)}, unit=unit)
    return offices.begun("withdrawal", {"port": "beihai-water"}, offices.national)


class Pages:
    """The pages of the law as one reader sees them."""

    def __init__(self, user: Any) -> None:
        self.browser = browser_of(user)

    def names(self, address: str, matter: Matter) -> bool:
        answer = self.browser.get(f"/law/{address}")
        assert answer.status_code == 200, address
        return f'href="/matters/{matter.pk}"' in answer.content.decode()


def test_a_case_of_access_stands_on_the_pages_of_what_it_used_and_on_no_other(offices: Offices) -> None:
    matter = an_airport_case(offices)
    office = Pages(offices.national)
    for address in ("rules/access_air", "parameters/access.inland_border.routes", "parameters/access.distance.km", "settings/access.track_order"):
        assert office.names(address, matter), address
    for address in ("rules/access_water", "rules/volume_standard", "parameters/access.one_city.open_ports", "settings/access.one_city_border"):
        assert not office.names(address, matter), address
    other = Pages(a_provincial_officer("15"))
    assert not other.names("rules/access_air", matter)
    assert "您范围内没有办件或决定用过它" in other.browser.get("/law/rules/access_air").content.decode()


def test_a_case_of_withdrawal_used_the_ladder_and_the_standard_of_its_class(offices: Offices) -> None:
    matter = a_withdrawal(offices)
    office = Pages(offices.national)
    for address in ("rules/withdrawal_ladder", "rules/volume_standard", "parameters/withdrawal_ladder.years.notice",
                    "parameters/volume_standard.sea.cargo", "settings/volume_standard.combine", "settings/withdrawal_ladder.long_term"):
        assert office.names(address, matter), address
    assert not office.names("parameters/volume_standard.rail.cargo", matter)


def test_a_case_gathered_anew_is_named_once_with_what_was_said_last(offices: Offices) -> None:
    matter = an_airport_case(offices)
    gather_facts(actor=offices.national, matter=matter.pk, access_facts={"civil_military_airport": True}, on=DAY)
    page = Pages(offices.national).browser.get("/law/rules/access_air").content.decode()
    table = page.split('id="table-law-cases"')[1].split("</table>")[0]
    assert table.count(f"/matters/{matter.pk}") == 1 and "从严控制" in table


def test_verdicts_on_record_are_listed_newest_revision_in_scope_with_their_figures() -> None:
    mine, theirs = a_judged_road_port(province_code="44"), a_judged_road_port(province_code="15")
    with acting_system("tests") as system:
        record_verdicts(actor=system, year=2023)
        figures(f"port:{mine}", "cargo_tonnes", a_year_of_months(2023, 6_000), revision=2)
        record_verdicts(actor=system, year=2023)
    browser = browser_of(a_provincial_officer("44"))
    for address in ("rules/volume_standard", "parameters/volume_standard.road.cargo", "settings/volume_standard.combine"):
        page = browser.get(f"/law/{address}").content.decode()
        table = page.split('id="table-law-verdicts"')[1].split("</table>")[0]
        assert f'href="/ports/{mine}?year=2023#verdict"' in table and table.count(f"/ports/{mine}?year=") == 1, address
        assert f'href="/ports/{mine}/figures?year=2023"' in table and theirs not in page, address
    assert mine not in browser.get("/law/parameters/volume_standard.rail.cargo").content.decode()
    answer: Any = browser.get("/law/rules/volume_standard?v.format=json")
    rows = json.loads(b"".join(answer.streaming_content))
    assert [(row["port_code"], row["year"], row["revision"]) for row in rows["rows"]] == [(mine, 2023, 2)]


def test_from_the_page_of_a_rule_to_sentence_facts_and_cells_in_two_clicks(offices: Offices) -> None:
    matter = a_withdrawal(offices)
    browser = browser_of(offices.national)
    rule = browser.get("/law/rules/withdrawal_ladder").content.decode()
    assert "稳妥有序推进口岸退出实施" in rule
    case = browser.get(f"/matters/{matter.pk}").content.decode()  # the first click
    assert 'href="/law/rules/withdrawal_ladder#WL-1"' in case and 'id="WL-1"' in rule
    cells = set(re.findall(r'href="(/intake/figures/\d+)"', case)) | {"/ports/beihai-water/figures?year=2023"}
    assert len(cells) > 12 and all(browser.get(each).status_code == 200 for each in sorted(cells)[:2])  # the second
    assert 'href="/ports/beihai-water/figures?year=2023"' in case


def test_from_a_verdict_of_a_port_to_its_sentence_and_figures(offices: Offices) -> None:
    a_withdrawal(offices)
    browser = browser_of(offices.national)
    page = browser.get("/ports/beihai-water?year=2023").content.decode()
    for address in ("/law/rules/volume_standard", "/law/parameters/volume_standard.sea.cargo", "/law/settings/volume_standard.combine",
                    "/ports/beihai-water/figures?year=2023"):
        assert f'href="{address}"' in page, address
    figures_page = browser.get("/ports/beihai-water/figures?year=2023").content.decode()
    assert re.search(r'href="/intake/figures/\d+"', figures_page)
