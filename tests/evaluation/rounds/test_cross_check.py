"""Self-reports of flows and times against another source: who counts as which side, the tolerance, the scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.evaluation.rounds.round_office import YEAR, RoundOffice
from tests.monitoring.factories import a_batch, a_year_of_months, figures
from tests.ports.factories import a_border_port

from kouan.accounts.models import User
from kouan.basis import Text, clock
from kouan.collection.models import Batch, Origin
from kouan.evaluation.method.scheme.naming import called
from kouan.evaluation.rounds.evidence.cross_check import Difference, differences_for, summary_of
from kouan.evaluation.rounds.models import Round
from kouan.monitoring.queries import flows_in, series_of

DAY = date(2026, 2, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Iterator[RoundOffice]:
    with clock.travel_to(DAY):
        found = RoundOffice(ports=False)
        for code, province in (("luohu-road", "44"), ("wuhan-road", "42")):
            a_border_port(code, open_since=date(1990, 1, 1), province_code=province, transport_class="road", class_basis="测试")
        found.opened()
        yield found


def filed_by(user: User | None) -> Batch:
    batch = a_batch()
    batch.organisation = user.organisation if user is not None else None
    batch.save()
    return batch


def cargo(value: int, by: User | None, *, port: str = "luohu-road", direction: str = "inbound", **known: Any) -> None:
    figures(f"port:{port}", "cargo_tonnes", known.pop("values", {str(YEAR): value}), direction=direction, batch=filed_by(by), **known)


def found(user: User) -> list[Difference]:
    held = Round.objects.get()
    return differences_for(user, held, held.scheme_version.scheme())


def test_the_office_and_customs_in_the_same_return_are_held_apart(office: RoundOffice) -> None:
    cargo(1000, office.customs)
    cargo(1200, office.guangdong, revision=2)
    one = found(office.officer)[0]
    assert (one.port, one.item, one.own, one.other, round(one.share, 4)) == ("luohu-road", "cargo_in_t", 1200.0, 1000.0, 0.1667)
    told = summary_of([one], Round.objects.get().scheme_version.scheme(), lambda code: called(code, Text("罗湖公路口岸", "Luohu Highway Port")))
    assert [each.message for each in told] == [Text(
        "1 项自报数据与其他来源相差超过 5%：罗湖公路口岸（luohu-road）“进境货运量”。",
        "1 self-reported figures are more than 5% from another source: Luohu Highway Port (luohu-road), Inbound cargo.")]


@pytest.mark.parametrize(("own", "listed"), [(1050, False), (1053, True), (950, False), (949, True), (1000, False)])
def test_only_what_differs_by_more_than_the_tolerance(office: RoundOffice, own: int, listed: bool) -> None:
    """5 % of the larger figure: 1050/1000 is 4.8 % apart, 1053/1000 5.03 %."""
    cargo(1000, None, source="customs-feed")
    cargo(own, office.guangdong)
    assert bool(found(office.officer)) is listed


def test_months_are_added_and_an_unfinished_year_is_not_compared(office: RoundOffice) -> None:
    cargo(0, office.guangdong, values=a_year_of_months(YEAR, 100))
    cargo(1000, office.customs)
    assert [each.own for each in found(office.officer)] == [1200.0]
    cargo(0, office.guangdong, values={f"{YEAR}-01": 5}, port="wuhan-road")
    cargo(1000, office.customs, port="wuhan-road")
    assert len(found(office.officer)) == 1


def test_times_are_compared_and_money_that_the_office_alone_reports_is_not(office: RoundOffice) -> None:
    for by, value, source in ((office.guangdong, 10, "port-return"), (None, 20, "time-monitor")):
        figures("port:luohu-road", "clearance_hours", {str(YEAR): value}, direction="inbound", unit="h", batch=filed_by(by), source=source)
        figures("port:luohu-road", "operating_cost_cny", {str(YEAR): value}, unit="CNY", batch=filed_by(by), source=source)
    assert {each.item for each in found(office.officer)} == {"import_time_h"}


def test_press_is_no_other_source_and_nobody_sees_another_province(office: RoundOffice) -> None:
    cargo(1000, None, source="press", origin=Origin.PRESS)
    cargo(2000, office.guangdong)
    assert found(office.officer) == []
    cargo(1000, office.customs, revision=2)
    cargo(5, office.customs, port="wuhan-road")
    cargo(9, office.hubei, port="wuhan-road", revision=2)
    assert {each.port for each in found(office.guangdong)} == {"luohu-road"} and {each.port for each in found(office.hubei)} == {"wuhan-road"}
    assert found(office.expert) == [] and len(found(office.officer)) == 2


def test_the_freeze_tells_how_many_differ(office: RoundOffice) -> None:
    cargo(1000, office.customs)
    cargo(2000, office.guangdong, revision=2)
    for user, verifier in ((office.guangdong, office.customs), (office.hubei, office.officer)):
        office.file(user)
        office.verify(user, verifier)
    office.step("close_collection")
    from kouan.evaluation.rounds.actions import freeze_round

    told = {each["code"]: each for each in freeze_round(actor=office.officer, year=YEAR).findings}
    assert told["self_reports_differ"]["measured"] == "1"


def test_flows_as_told_in_some_batches_alone(office: RoundOffice) -> None:
    cargo(1000, office.customs)
    cargo(1200, office.guangdong, revision=2)
    from kouan.basis import SubjectRef

    series = series_of([SubjectRef.parse("port:luohu-road")])
    both = flows_in(series, kind="year", by_direction=True)
    customs = flows_in(series, kind="year", by_direction=True, told_in=Batch.objects.filter(organisation=office.customs.organisation))
    assert [each.flows[0].value for each in (both[0], customs[0])] == [1200, 1000]
