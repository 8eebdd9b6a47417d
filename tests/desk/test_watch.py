"""Operation audit: seeded behaviour is found, ordinary work is not, each finding is kept once, seen by auditors alone, ruled with a reason."""

from __future__ import annotations

import json
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from tests.accounts.factories import a_national_officer, a_provincial_officer, a_user, an_office

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.audit import record_event
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, NotFound, Period, Refused, clock
from kouan.basis.clock import BEIJING
from kouan.desk.watch.actions import look_over, look_over_due, rule
from kouan.desk.watch.detectors import KINDS, Trace, look, settings_on
from kouan.desk.watch.models import UnusualUse
from kouan.desk.watch.monthly import count_month, monthly_pdf, period_said

DAY = date(2026, 3, 3)
SETTINGS = settings_on(DAY)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BEIJING)


def found(*traces: Trace, before: tuple[Trace, ...] = (), is_working: bool = True) -> list[tuple[str, int | None, int]]:
    return [(each.kind, each.actor, each.count) for each in look(DAY, traces, before, SETTINGS, is_working=lambda day: is_working)]


# ---- the detectors ------------------------------------------------------------------------------------


def test_much_read_at_night_or_on_a_day_off() -> None:
    assert found(Trace(at(3), "export", 1, 1500), Trace(at(23), "grant_read", 1, 600)) == [("night_rows", 1, 2100)]
    assert found(Trace(at(3), "export", 1, 1500), Trace(at(10), "export", 1, 6000)) == [], "by day it is work"
    assert found(Trace(at(10), "export", 1, 6000), is_working=False) == [("night_rows", 1, 6000)]
    assert found(Trace(at(3), "export", 1, 1999)) == [] and found(Trace(at(7), "export", 1, 9000)) == []


def test_far_more_than_the_persons_own_usual() -> None:
    busy = tuple(Trace(at(10, day=DAY - timedelta(days=back)), "export", 1, 9_000) for back in range(1, 20))
    assert found(Trace(at(10), "export", 1, 44_000), before=busy) == [], "five times the busiest day is 45,000"
    assert found(Trace(at(10), "export", 1, 30_000), Trace(at(11), "export", 1, 15_000), before=busy) == [("bulk_rows", 1, 45_000)]
    assert found(Trace(at(10), "export", 2, 20_000), before=busy) == [("bulk_rows", 2, 20_000)], "who never took any has no usual"
    assert found(Trace(at(10), "export", 2, 19_999)) == []


def test_records_of_others_asked_for_within_any_hour() -> None:
    spread = [Trace(at(9 + number // 5, number % 5 * 12), "out_of_scope", 1) for number in range(30)]
    assert found(*spread) == [], "five an hour over six hours"
    dense = [Trace(at(9, 55) + timedelta(minutes=number), "out_of_scope", 1) for number in range(10)]
    assert found(*dense) == [("probing", 1, 10)], "the hour is any sixty minutes"
    assert found(*dense[:9], Trace(at(10, 55), "out_of_reach", 1)) == []
    assert found(*(Trace(at(9, number), "refused", 1) for number in range(15))) == [("refusals", 1, 15)]


def test_spraying_and_guessing() -> None:
    spray = [Trace(at(2, number), "sign_in_failed", name=f"n{number}", address="10.0.0.9") for number in range(5)]
    assert found(*spray) == [("names_tried", None, 5)]
    assert found(*(Trace(at(2, number), "sign_in_failed", name="same", address="10.0.0.9") for number in range(9))) == []
    assert found(*(Trace(at(2, number), "sign_in_failed", name="same", address=f"10.0.0.{number}") for number in range(10))) == [
        ("name_guessed", None, 10)]


def test_an_account_that_wakes_and_a_right_given_to_oneself() -> None:
    long_ago, lately = Trace(at(9, day=DAY - timedelta(days=120)), "sign_in", 1), Trace(at(9, day=DAY - timedelta(days=30)), "sign_in", 1)
    assert found(Trace(at(9), "sign_in", 1), Trace(at(10), "sign_in", 1), before=(long_ago,)) == [("woken", 1, 120)]
    assert found(Trace(at(9), "sign_in", 1), before=(long_ago, lately)) == [] and found(Trace(at(9), "sign_in", 2)) == []
    assert found(Trace(at(9), "granted", 1, subject=1), Trace(at(9), "granted", 1, subject=2)) == [("own_right", 1, 1)]


def test_a_month_of_ordinary_work_raises_nothing() -> None:
    every = [trace for back in range(28) for person in range(20) for day in [DAY - timedelta(days=back)] for trace in (
        Trace(at(8, person, day), "sign_in", person), Trace(at(10, person, day), "export", person, 300 + 37 * ((back * person) % 11)),
        Trace(at(14, person, day), "grant_read", person, 800), Trace(at(15, person, day), "out_of_scope", person),
        Trace(at(8, person, day), "sign_in_failed", name=f"n{person}", address=f"10.0.{person}.1"), Trace(at(16, 0, day), "refused", person))]
    assert look(DAY, every, every, SETTINGS, is_working=lambda day: True) == []


def test_every_kind_has_words_and_settings_are_dated_with_a_reason() -> None:
    assert set(KINDS) == {"night_rows", "bulk_rows", "probing", "refusals", "names_tried", "name_guessed", "woken", "own_right"}
    assert settings_on(date(2000, 1, 1)) == SETTINGS


# ---- kept, seen, ruled --------------------------------------------------------------------------------


@pytest.fixture
def auditor(db: None) -> Any:
    return a_user(Role.AUDITOR, an_office(OrganisationKind.NATIONAL_OFFICE), username="shenji")


def probe(user: Any, times: int = 12) -> date:
    """Somebody asks for records of others, now; answers the day in Beijing."""
    for number in range(times):
        record_event("out_of_scope", actor_id=user.pk, payload={"kind": "port", "code": f"port-{number}"})
    return clock.day_of(datetime.fromisoformat(AuditEntry.objects.latest("id").at.replace(" ", "T").rstrip("Z")[:19] + "+00:00"))


def seen_on(day: date) -> int:
    with acting_system("tests") as system:
        return look_over(actor=system, day=day)


def test_a_finding_is_kept_once_and_grows_until_it_is_ruled(auditor: Any) -> None:
    curious = a_provincial_officer("44")
    day = probe(curious)
    assert seen_on(day) == 1 and seen_on(day) == 0
    probe(curious, 3)
    assert seen_on(day) == 0
    held = UnusualUse.objects.get()
    assert (held.kind, held.user, held.count, held.limit) == ("probing", curious, 15, 10)
    rule(actor=auditor, number=held.pk, ruling="explained", words="核对边界口岸名录，已向处长核实")
    probe(curious, 3)
    assert seen_on(day) == 0 and UnusualUse.objects.get().count == 15
    with acting_system("tests") as system:
        assert look_over_due(actor=system, today=day + timedelta(days=1)) == 0


def test_who_may_see_and_rule(auditor: Any) -> None:
    curious, colleague = a_provincial_officer("44"), a_user(Role.AUDITOR, auditor.organisation)
    day = probe(curious)
    probe(auditor)
    seen_on(day)
    about_auditor = UnusualUse.objects.get(user=auditor)
    assert [each.user for each in UnusualUse.objects.visible_to(auditor)] == [curious]
    assert {each.user for each in UnusualUse.objects.visible_to(colleague)} == {curious, auditor}
    provincial_auditor = a_user(Role.AUDITOR, curious.organisation)
    for stranger in (curious, a_national_officer(), a_user(Role.ADMINISTRATOR, auditor.organisation), provincial_auditor):
        assert not UnusualUse.objects.visible_to(stranger).exists()
        with pytest.raises((NotAllowed, NotFound)):
            rule(actor=stranger, number=about_auditor.pk, ruling="explained", words="没有问题")
    with pytest.raises(NotFound):
        rule(actor=auditor, number=about_auditor.pk, ruling="explained", words="没有问题")
    for ruling, words in (("explained", "短"), ("fine", "没有问题的"), ("explained", "机密：某事")):
        with pytest.raises(Refused):
            rule(actor=colleague, number=about_auditor.pk, ruling=ruling, words=words)
    assert rule(actor=colleague, number=about_auditor.pk, ruling="confirmed", words="超出职责，已谈话").ruled_by == colleague


def test_pages(auditor: Any, client: Client) -> None:
    curious = a_provincial_officer("44")
    seen_on(probe(curious))
    held = UnusualUse.objects.get()
    client.force_login(auditor)
    page = client.get("/audit/unusual").content.decode()
    assert "反复访问范围外的记录" in page and curious.display_name in page and ".pdf" in page
    address = f"/audit/unusual/{held.pk}"
    assert "12 次" in client.get(address).content.decode()
    assert client.post(address, {"ruling": "explained", "words": ""}).status_code == 422
    assert client.post(address, {"ruling": "confirmed", "words": "与职责无关，已停用"}).status_code == 302
    assert "确属异常" in client.get(address).content.decode()
    assert client.get("/audit/unusual/999999").status_code == 404 and client.get("/audit/months/2026-13.pdf").status_code in (404, 422, 400)
    client.force_login(curious)
    assert {client.get(each).status_code for each in ("/audit/unusual", address, "/audit/months/2026-01.pdf")} == {403}


def test_the_month_counts_what_was_done_and_says_how_the_trail_stands(auditor: Any, tmp_path: Path) -> None:
    curious = a_provincial_officer("44")
    day = probe(curious)
    record_event("export", actor_id=curious.pk, payload={"table": "ports", "rows": 313})
    record_event("sign_in_failed", payload={"name": "d" * 20, "address": "10.0.0.9"})
    seen_on(day)
    period = Period.month(day.year, day.month)
    month = count_month(auditor, period)
    assert month.kinds["out_of_scope"] == 12 and month.takers[curious.pk] == 313 and month.kinds["sign_in_failed"] == 1
    assert month.offices[curious.organisation_id].counts["rows"] == 313 and [each.user for each in month.unusual] == [curious]
    # What the builders of this test wrote past the verbs is told as such.
    assert month.direct == AuditEntry.objects.exclude(kind__in=("E", "M")).filter(actor_id=None, proof="").count() and month.entries > 12
    content = monthly_pdf(auditor, period)
    file = tmp_path / "month.pdf"
    file.write_bytes(content)
    # The setting puts thin spaces between Chinese and other letters.
    said = "".join("".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(str(file))).split())
    for words in ("运行审计月报", "Operation audit", curious.display_name, "313", "反复访问范围外的记录", "待核实", "未覆盖的",
                  "What is not covered"):
        assert words.replace(" ", "") in said, words
    assert AuditEntry.objects.filter(note="export", actor_id=auditor.pk).exists()
    for stranger in (curious, a_national_officer(), a_user(Role.AUDITOR, curious.organisation)):
        with pytest.raises(NotAllowed):
            monthly_pdf(stranger, period)


@pytest.mark.parametrize("said", ["", "2026", "2026-13", "2026-1", "x", "2026/10", "9999-99"])
def test_a_month_that_is_none(said: str) -> None:
    with pytest.raises(Refused):
        period_said(said)


def test_by_command(prepared: Any, tmp_path: Path) -> None:
    answer: subprocess.CompletedProcess[str] = prepared.kouan("audit", "watch", "--json")
    assert answer.returncode == 0 and json.loads(answer.stdout) == {"new": 0}, answer.stderr
    assert prepared.kouan("audit", "watch", "x").returncode == 2
    assert prepared.kouan("audit", "unusual", "--as", "shenji", "--json").stdout.strip() == "[]"
    month, to = f"{clock.today():%Y-%m}", tmp_path / "month.pdf"
    answer = prepared.kouan("audit", "report", month, "--to", str(to), "--as", "shenji")
    assert answer.returncode == 0 and to.read_bytes().startswith(b"%PDF"), answer.stderr
    for name in ("nobody", "guangdong", "guojia"):
        refused = prepared.kouan("audit", "report", month, "--to", str(tmp_path / "none.pdf"), "--as", name)
        assert refused.returncode != 0 and not (tmp_path / "none.pdf").exists()
