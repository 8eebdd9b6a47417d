"""Clearance-time notices: what they count, who sees them when, and through which doors."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.accounts.factories import an_enterprise_user
from tests.casework.oversight_office import House as Office
from tests.monitoring.journal_factories import NOON, PORT, sent
from tests.monitoring.studies.a_log import House, a_case, spread

from kouan.accounts.models import OrganisationKind
from kouan.basis import NotAllowed, NotFound, Refused, clock
from kouan.casework.oversight.circulars import attachments_of
from kouan.casework.oversight.clearance_notices import draft_notice, issue_notice
from kouan.casework.oversight.models import Circular, ClearanceNotice
from kouan.casework.oversight.notice_files import notice_file
from kouan.casework.oversight.queries import get_notice, notices_visible_to
from kouan.monitoring.clearance_month import month_figures
from kouan.monitoring.studies.frozen import digest

pytestmark = pytest.mark.django_db
APRIL = date(2026, 4, 7)


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(APRIL):
        yield


def a_house() -> House:
    """The log of March, twenty slower cases of February, and the periods of circulars set."""
    made = House()
    made.log(NOON + timedelta(days=20))
    slow = [event for n in range(20) for event in a_case(f"F{n:02d}", hours=tuple(2 * at for at in spread(n)), after=-24 * 20 + n)]
    with clock.travel_to(NOON + timedelta(days=21)):
        assert sent(made.terminal, *slow).as_dict()["accepted"] == len(slow)
    Office(national=made.national, other=made.second, guangdong=made.tianjin)
    return made


@pytest.fixture
def house() -> House:
    return a_house()


def row_of(figures: dict[str, Any], port: str = PORT, direction: str = "inbound") -> dict[str, Any]:
    return next(row for row in figures["rows"] if (row["port"], row["direction"]) == (port, direction))


def test_a_month_counts_what_ended_in_it_and_says_what_it_cannot(house: House) -> None:
    figures = month_figures(house.national, "12", "2026-03")
    row = row_of(figures)
    assert (row["summary"]["n"], row["running"], row["unmeasured"]) == (22, 1, {"start_missing": 1})
    # Independent of the engine: the usual sixteen hours a little longer each, and SLOW.
    expected = (sum(16 + 16 * n / 100 for n in range(21)) + 87) / 22
    assert row["summary"]["mean_hours"] == pytest.approx(expected) and figures["is_provisional"] is False
    assert next(cut["ratio"] for cut in row["summary"]["cuts"] if cut["of"] == "mean") == pytest.approx(1 - expected / 97.39)
    assert row["month_before"]["n_before"] == 20 and row["month_before"]["verdict"] == "shorter" and row["year_before"] is None
    assert [each["port"] for each in figures["rows"]] == ["", PORT], "the province, then its ports"
    assert figures == month_figures(house.national, "12", "2026-03")
    other = month_figures(house.national, "15", "2026-03")
    assert other["cases"] == 12 and other["cases_sha256"] != figures["cases_sha256"]


def test_a_month_under_way_is_provisional_and_one_to_come_is_refused(house: House) -> None:
    with clock.travel_to(datetime(2026, 3, 20, tzinfo=NOON.tzinfo)):
        assert month_figures(house.national, "12", "2026-03")["is_provisional"] is True
    for month in ("2026-05", "2026-13", "March", "2025-03"):
        with pytest.raises(Refused):
            month_figures(house.national, "12", month)


def test_it_reaches_the_province_only_when_a_second_person_issues_it(house: House) -> None:
    for nobody in (house.tianjin, house.terminal):
        with pytest.raises(NotAllowed):
            draft_notice(actor=nobody, province="12", month="2026-03")
    notice = draft_notice(actor=house.national, province="12", month="2026-03")
    assert "缩短明确" in notice.circular.text and [each.kind for each in attachments_of(notice.circular)] == ["notice"] * 2
    for stranger in (house.tianjin, house.inner_mongolia, an_enterprise_user()):
        assert not notices_visible_to(stranger).exists()
    with pytest.raises(NotFound):
        notice_file(house.tianjin, notice.pk, "pdf")
    said: dict[str, Any] = {"notice": notice.pk, "number": "国岸函〔2026〕8号", "issued_on": APRIL}
    with pytest.raises(NotAllowed):
        issue_notice(actor=house.national, **said)
    ClearanceNotice.objects.filter(pk=notice.pk).update(figures_sha256="0" * 64)
    with pytest.raises(Refused):
        issue_notice(actor=house.second, **said)
    ClearanceNotice.objects.filter(pk=notice.pk).update(figures_sha256=digest(notice.figures))
    assert issue_notice(actor=house.second, **said).is_issued
    assert get_notice(house.tianjin, notice.pk).month == "2026-03"
    assert notice_file(house.tianjin, notice.pk, "docx").content[:2] == b"PK"
    with pytest.raises(NotFound):
        get_notice(house.inner_mongolia, notice.pk)
    again = draft_notice(actor=house.national, province="12", month="2026-03")
    assert again.circular.replaces_id == notice.circular_id
    issue_notice(actor=house.second, notice=again.pk, number="国岸函〔2026〕9号", issued_on=APRIL)
    assert Circular.objects.get(pk=notice.circular_id).state == "superseded"


def test_a_province_without_an_office_gets_no_notice(house: House) -> None:
    office = house.tianjin.organisation
    assert office.kind == OrganisationKind.PROVINCIAL_OFFICE
    office.is_active = False
    office.save()
    with pytest.raises(Refused) as refused:
        draft_notice(actor=house.national, province="12", month="2026-03")
    assert refused.value.findings[0].code == "no_recipient" and not ClearanceNotice.objects.exists()
