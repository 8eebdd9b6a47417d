"""The worklist of doubtful figures: shown in order, decided in bulk, answered, explained; another province sees none of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from kouan.collection.models import Batch, BatchState, Observation, Series
from kouan.collection.vetting import actions
from kouan.collection.vetting.models import ExplainedException, Suspicion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ports")]


@pytest.fixture
def doubtful(officer: Any) -> Suspicion:
    """罗湖: five years of months, one a thousand times too large, two of nought; the suspicions of a run. Answers the slip."""
    batch = Batch.objects.create(source="port-return", file_name="a.csv", file_sha256="0" * 64, file_size=1,
                                 state=BatchState.COMMITTED, submitted_by=officer, organisation=officer.organisation)
    series = Series.objects.create(
        subject_kind="port", subject_code="luohu-rail", measure="person_crossings", direction="inbound", granularity="month",
        unit="person_crossings", definition="registry-v1", origin="official", source="port-return")
    for at in range(60):
        first = date(2018 + at // 12, at % 12 + 1, 1)
        last = date(first.year + first.month // 12, first.month % 12 + 1, 1).toordinal() - 1
        value = 60_000 + 3_000 * (at % 12) + at * 37 % 101
        value = value * 1000 if at == 40 else 0 if at in (50, 51) else value
        Observation.objects.create(series=series, period_start=first, period_end=date.fromordinal(last), value=value, batch=batch,
                                   row=at + 2, column=5)
    actions.run_checks(actor=officer)
    assert set(Suspicion.objects.values_list("check_id", flat=True)) == {"unit_slip", "zero_run"}
    return Suspicion.objects.get(check_id="unit_slip")


def exported(client: Client, address: str) -> list[dict[str, Any]]:
    """The rows of an export."""
    found: list[dict[str, Any]] = json.loads(b"".join(client.get(address).streaming_content))["rows"]
    return found


def test_the_worklist_shows_what_a_reviewer_needs(doubtful: Suspicion, open_as: Callable[[Any], Client], officer: Any) -> None:
    client = open_as(officer)
    page = client.get("/checks?month=*").content.decode()
    for words in ("数据核查工作单", "单位或位数错误", "2021年5月报72,066,000", "sparkline-mark", 'form="ruling"', "上年同期", "运行核查"):
        assert words in page, words
    rows = exported(client, "/checks?format=json&month=*")
    assert [(row["first"], row["state"]) for row in rows] == [("2021-05", "待裁定"), ("2022-03", "待裁定")] or len(rows) == 2
    assert exported(client, "/checks?format=json&check=zero_run&month=2022-04")[0]["expected"] > 60_000
    assert exported(client, "/checks?format=json&province=15") == exported(client, "/checks?format=json&q=满洲里") == []
    assert len(exported(client, "/checks?format=json&province=44&q=罗湖&month=2021-05")) == 1


def test_another_province_sees_none_of_it(doubtful: Suspicion, open_as: Callable[[Any], Client], guangdong: Any, reporter: Any) -> None:
    from accounts.factories import a_provincial_officer

    stranger, own = open_as(a_provincial_officer("15")), open_as(guangdong)
    assert "单位或位数错误" not in stranger.get("/checks").content.decode().split("<table", 1)[-1].split("</select>")[-1]
    assert exported(stranger, "/checks?format=json") == []
    missing = stranger.get("/checks/99999999")
    theirs = stranger.get(f"/checks/{doubtful.pk}")
    assert (missing.status_code, theirs.status_code) == (404, 404)
    assert stranger.post(f"/checks/{doubtful.pk}", {"deed": "answer", "text": "不是"}).status_code == 404
    for client in (own, open_as(reporter)):
        assert client.get(f"/checks/{doubtful.pk}").status_code == 200
        page = client.get("/checks").content.decode()
        assert 'form="ruling"' not in page and "运行核查" not in page
        # Whoever reports may not clear a doubt about its own figures.
        assert client.post("/checks", {"numbers": [doubtful.pk], "state": "false_alarm", "reason": "属实"}).status_code == 403
        assert client.post("/checks/run").status_code == 403


def test_rows_are_decided_together_with_a_reason(doubtful: Suspicion, open_as: Callable[[Any], Client], officer: Any) -> None:
    client = open_as(officer)
    numbers = list(Suspicion.objects.values_list("pk", flat=True))
    assert client.post("/checks", {"state": "confirmed", "reason": "已核"}).status_code == 422
    assert client.post("/checks", {"numbers": numbers, "state": "confirmed", "reason": ""}).status_code == 422
    assert client.post("/checks", {"numbers": [*numbers, 10**9], "state": "confirmed", "reason": "已核"}).status_code == 404
    assert set(Suspicion.objects.values_list("state", flat=True)) == {"open"}
    answer = client.post("/checks", {"numbers": numbers, "state": "confirmed", "reason": "已与广东核实", "back": "/checks?state=confirmed"})
    assert (answer.status_code, answer["Location"]) == (302, "/checks?state=confirmed")
    assert client.post("/checks", {"numbers": numbers, "state": "confirmed", "reason": "x", "back": "https://example.org/"})["Location"] == "/checks"
    assert {(one.state, one.ruled_by_id) for one in Suspicion.objects.all()} == {("confirmed", officer.pk)}
    assert "从裁定中学到的" in client.get("/checks").content.decode()


def test_an_answer_an_exception_and_its_withdrawal(doubtful: Suspicion, open_as: Callable[[Any], Client], officer: Any, guangdong: Any) -> None:
    own, national = open_as(guangdong), open_as(officer)
    assert own.post(f"/checks/{doubtful.pk}", {"deed": "answer", "text": "误将人次报为千人次"}).status_code == 302
    assert "误将人次报为千人次" in national.get(f"/checks/{doubtful.pk}").content.decode()
    zeros = Suspicion.objects.get(check_id="zero_run")
    where = f"/checks/{zeros.pk}"
    form = {"deed": "explain", "first_day": "2022-03-01", "last_day": "2022-04-30", "why": "疫情停运", "reference": "公告2022年第3号"}
    assert own.post(where, form).status_code == 403
    assert national.post(where, form | {"first_day": "昨天"}).status_code == 422
    assert national.post(where, form | {"reference": ""}).status_code == 422
    assert national.post(where, form).status_code == 302
    zeros.refresh_from_db()
    assert zeros.state == "explained" and "公告2022年第3号" in own.get(where).content.decode()
    assert "疫情停运" in own.get("/checks/exceptions").content.decode()
    made = ExplainedException.objects.get()
    assert own.post("/checks/exceptions", {"number": made.pk}).status_code == 403
    assert national.post("/checks/exceptions", {"number": made.pk}).status_code == 302
    zeros.refresh_from_db()
    assert zeros.state == "open"


def test_both_languages(doubtful: Suspicion, open_as: Callable[[Any], Client], officer: Any) -> None:
    client = open_as(officer)
    client.cookies["django_language"] = "en"
    for address in ("/checks", f"/checks/{doubtful.pk}", "/checks/exceptions"):
        assert client.get(address).status_code == 200, address


def test_a_reviewer_begins_with_the_newest_month_and_reads_each_matter_once(
    doubtful: Suspicion, open_as: Callable[[Any], Client], officer: Any, guangdong: Any,
) -> None:
    client = open_as(officer)
    slip = Suspicion.objects.get(check_id="unit_slip")
    everything = exported(client, "/checks?format=json&month=*")
    newest = exported(client, "/checks?format=json")
    assert len(everything) > len(newest) > 0 and slip.first_start.strftime("%Y-%m") not in {str(row["first"])[:7] for row in newest}
    # A second suspicion of the same cause, lighter: one row, which says so, and leads to both.
    twin = Suspicion.objects.get(pk=slip.pk)
    twin.pk, twin.code, twin.measure, twin.rank = None, slip.code.replace("person_crossings", "vehicles"), "vehicles", slip.rank / 2
    twin.save(force_insert=True)
    assert len(exported(client, "/checks?format=json&month=*")) == len(everything)
    assert "同一起因另有 1 处" in client.get("/checks?month=*").content.decode()
    assert len(exported(client, f"/checks?format=json&month=*&matters=all&state=*&cause={slip.pk}")) == 2
    answer = client.post("/checks", {"numbers": [slip.pk], "state": "confirmed", "reason": "整表错位", "with_cause": "1"})
    assert answer.status_code == 302 and set(Suspicion.objects.filter(cause=slip.cause).values_list("state", flat=True)) == {"confirmed"}
