"""What is published of returns: complete sums of frozen months, nothing that tells of one respondent, approved by another person as it was frozen."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from pysdmx.io.xml.doc_validation import validate_doc
from tests.accounts.factories import a_provincial_officer, a_user, an_office
from tests.collection.returns.office import TODAY, ReturnOffices, a_filled
from tests.ports.factories import a_port

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Conflict, EvidenceRef, NotAllowed, Refused, Text, clock
from kouan.collection.lineage import dependants
from kouan.collection.models import Observation
from kouan.collection.returns import actions as returns
from kouan.desk.matters.actions import take_step
from kouan.publication.actions import decide_release, propose_version, publish_version
from kouan.publication.formats import FORMATS
from kouan.publication.models import DataVersion, ReleaseProposal
from kouan.publication.queries import version_of

pytestmark = pytest.mark.django_db
SET = "port-flows-monthly"
FIRST = Text("首次公布", "First publication")
FROZEN = "2025-02-01T10:00:00+08:00"
# Ports by province and mode, and the travellers who entered by each.
PORTS = {("44", "road"): (1_000, 2_000, 3_000), ("44", "rail"): (700, 800), ("15", "road"): (10, 20, 30), ("15", "rail"): (400, 500, 600)}


class Month(ReturnOffices):
    """October 2024 of twelve ports of three provinces, border inspection's form filed and signed for each."""

    def __init__(self, *, unsigned: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.reviewers = {"44": self.province, "45": self.neighbour, "15": a_provincial_officer("15")}
        self.people = {}
        for (province, mode), values in PORTS.items():
            for number, value in enumerate(values):
                code = f"gang{province}{number}-{mode}"
                a_port(code, mode, province_code=province, transport_class=mode, class_basis="测试")
                self.people[code] = a_user(Role.INSPECTION_OFFICER, an_office(
                    OrganisationKind.INSPECTION_AGENCY, name_zh=f"{code}边检站", province_code=province, port_codes=[code])), province, value
        self.calendar()
        self.people |= {"luohu-rail": (self.border, "44", 900), "dongxing-road": (self.far, "45", 17)}
        for code, (_, _, value) in self.people.items():
            if code not in unsigned:
                self.sign(code, pax_in=value)

    def sign(self, code: str, *, why: str = "", **values: int) -> None:
        """Filed, passed by its province, signed by the nation."""
        person, province, _ = self.people[code]
        said = {"pax_out": 0, "crew": 0, "conv": 1, "lane_capacity_hour": 9, "citizen_batches": 0, "citizen_batches_30": 0, **values}
        held = self.owed(actor=person, port=code)
        returns.file_return(actor=person, number=held.pk, filled=a_filled({"pax_in": why}, **said), channel="page", reason=why)
        returns.review(actor=self.reviewers[province], number=held.pk, decision="pass", words="相符")
        returns.review(actor=self.national, number=held.pk, decision="sign", words="同意")


@pytest.fixture
def month() -> Month:
    with clock.travel_to(TODAY):
        return Month()


def cells(content: str, item: str = "persons") -> dict[tuple[str, str], tuple[str, str, str]]:
    rows = csv.DictReader(io.StringIO(content))
    return {(row["area"], row["mode"]): (row["value"], row["status"], row["ports"]) for row in rows if row["item"] == item}


def approved(month: Month, number: str = "1.0") -> DataVersion:
    held = propose_version(actor=month.national, data_set=SET, number=number, changes=FIRST)
    decide_release(actor=month.leader, proposal=held.pk, deed="approve", opinion="同意公布")
    return version_of(SET, number)


def test_complete_sums_go_out_and_nothing_that_tells_of_one_respondent(month: Month) -> None:
    with clock.travel_to(FROZEN):
        version = approved(month)
    found = cells(version.content)
    assert found["44", "road"] == ("6000", "A", "3") and found["15", "rail"] == ("1500", "A", "3")
    # 东兴 alone is Guangxi's: neither it nor what would give it away is there.
    assert found["45", "road"] == found["45", "all"] == ("", "Q", "")
    persons = {cell: int(value) for cell, (value, _, _) in found.items() if value}
    hidden = [cell for cell, (_, status, _) in found.items() if status == "Q"]
    assert len(hidden) >= 4 and "17" not in persons.values()
    for mode in ("road", "all"):
        assert {("CN", mode), ("44", mode), ("15", mode)} & set(hidden), f"45/{mode} is the nation less the other provinces"
    # Customs filed nothing: no sum of goods.
    assert {status for _, status, _ in cells(version.content, "cargo_t").values()} == {"M"}


def test_what_is_published_reads_the_same_in_every_format(month: Month) -> None:
    with clock.travel_to(FROZEN):
        version = approved(month)
    address = "https://example.gov.cn/data/port-flows-monthly/1.0"
    made = {each.name: each.make(version, address) for each in FORMATS}
    validate_doc(made["sdmx-data.xml"].decode())
    validate_doc(made["sdmx-structure.xml"].decode())
    assert made["data.csv"].decode() == version.content


def test_where_one_port_is_not_signed_no_sum_is_given() -> None:
    with clock.travel_to(TODAY):
        month = Month(unsigned=("gang440-road",))
    with clock.travel_to(FROZEN):
        found = cells(approved(month).content)
    assert found["44", "road"] == found["44", "all"] == found["CN", "road"] == found["CN", "all"] == ("", "M", "")
    assert found["15", "rail"] == ("1500", "A", "3")


def test_a_month_before_its_freeze_is_not_published(month: Month) -> None:
    with clock.travel_to("2024-11-20T10:00:00+08:00"), pytest.raises(Refused) as refused:
        propose_version(actor=month.national, data_set=SET, number="1.0", changes=FIRST)
    assert refused.value.findings[0].code == "nothing_to_publish"


def test_what_was_frozen_goes_out_whatever_has_changed_since(month: Month) -> None:
    with clock.travel_to(FROZEN):
        held = propose_version(actor=month.national, data_set=SET, number="1.0", changes=FIRST)
        with pytest.raises(Conflict):
            propose_version(actor=month.national, data_set=SET, number="1.1", changes=FIRST)
        month.sign("gang440-road", pax_in=1_500, why="更正")
        decide_release(actor=month.leader, proposal=held.pk, deed="approve", opinion="同意")
        assert version_of(SET, "1.0").content == held.content and cells(held.content)["44", "road"][0] == "6000"
        again = propose_version(actor=month.national, data_set=SET, number="1.1", changes=Text("更正", "A correction"))
        assert cells(again.content)["44", "road"][0] == "6500"


def test_nobody_approves_alone_and_nobody_goes_round_it(month: Month) -> None:
    with clock.travel_to(FROZEN):
        with pytest.raises(Refused) as refused:
            publish_version(actor=month.national, data_set=SET, number="1.0", changes=FIRST)
        assert refused.value.findings[0].code == "needs_clearance"
        for stranger in (month.province, month.border):
            with pytest.raises(NotAllowed):
                propose_version(actor=stranger, data_set=SET, number="1.0", changes=FIRST)
        held = propose_version(actor=month.national, data_set=SET, number="1.0", changes=FIRST)
        for stranger in (month.national, month.province, month.border):
            with pytest.raises(NotAllowed):
                decide_release(actor=stranger, proposal=held.pk, deed="approve", opinion="同意")
            with pytest.raises(Refused):
                take_step(actor=stranger, matter=held.matter_id, transition="approve", fields={"opinion": "同意"})
        assert not DataVersion.objects.exists()
        decide_release(actor=month.national, proposal=held.pk, deed="withdraw", opinion="有误")
        with pytest.raises(Refused):
            decide_release(actor=month.leader, proposal=held.pk, deed="approve", opinion="同意")
        own = propose_version(actor=month.leader, data_set=SET, number="1.0", changes=FIRST)
        with pytest.raises(NotAllowed):
            decide_release(actor=month.leader, proposal=own.pk, deed="approve", opinion="同意")
        assert not DataVersion.objects.exists()


def test_a_figure_knows_the_version_that_was_made_of_it(month: Month) -> None:
    with clock.travel_to(FROZEN):
        version = approved(month)
    figure = Observation.objects.get(series__subject_code="gang151-rail", series__group="all", series__measure="person_crossings")
    found = [each.reference for each in dependants([EvidenceRef("collection", "observation", figure.pk)])]
    users = {(each.room, each.kind, each.id) for each in found}
    assert {("publication", "version", str(version.pk)), ("publication", "proposal", str(ReleaseProposal.objects.get().pk))} <= users


def test_the_lineage_page_leads_from_a_figure_to_the_public_version(month: Month, client: Client) -> None:
    with clock.travel_to(FROZEN):
        version = approved(month)
        figure = Observation.objects.get(series__subject_code="gang151-rail", series__group="all", series__measure="person_crossings")
        for reader, sees_proposal in ((month.national, True), (month.people["gang151-rail"][0], False)):
            client.force_login(reader)
            page = client.get(f"/lineage?of=observation:{figure.pk}").content.decode()
            assert f'href="/data/{SET}/{version.number}"' in page
            assert (f'href="/releases/{ReleaseProposal.objects.get().pk}"' in page) is sees_proposal


def test_the_pages_show_what_would_go_out_to_those_who_decide(month: Month, client: Client) -> None:
    with clock.travel_to(FROZEN):
        client.force_login(month.national)
        page = client.get("/releases").content.decode()
        assert "2024-10\n" in page.replace("<", "\n") and "冻结并提请核准" in page
        answer = client.post("/releases", {"data_set": SET, "number": "1.0", "zh": "首次公布", "en": "First publication"})
        held = ReleaseProposal.objects.get()
        assert answer.headers["Location"] == f"/releases/{held.pk}"
        page = client.get(f"/releases/{held.pk}").content.decode()
        assert "广西壮族自治区 · 公路 · 出入境人员" in page and "撤回" in page and "核准公布" not in page
        for said in ({"data_set": SET, "number": "x"}, {"data_set": "none", "number": "1.1", "zh": "一", "en": "one"}):
            assert client.post("/releases", said).status_code == 422
        client.force_login(month.leader)
        assert "核准公布" in client.get(f"/releases/{held.pk}").content.decode()
        assert client.get(f"/releases/{held.pk}/data.csv").content.decode() == held.content
        client.post(f"/releases/{held.pk}", {"deed": "approve", "opinion": "同意"})
        client.logout()
        assert client.get(f"/data/{SET}/1.0").status_code == 200
        for stranger in (month.province, month.border):
            client.force_login(stranger)
            assert {client.get(address).status_code for address in ("/releases", f"/releases/{held.pk}", f"/releases/{held.pk}/data.csv")} == {403}
