"""Pages after the sign-off: receipts and tasks, what is cleared, and the one page that asks nobody to sign in."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from tests.accounts.factories import a_port_reporter, an_auditor, an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.evaluation.rounds.test_after import cleared

from kouan.basis import clock
from kouan.console.views import evaluation_public
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds import rectifying
from kouan.evaluation.rounds.clearing import withdraw_clearance
from kouan.evaluation.rounds.models import Clearance, NoticeReceipt, PortScore, RectificationTask

DAY = date(2026, 2, 2)
Opens = Callable[[Any], Client]
TASKS, PUBLICATION, PUBLIC = (f"/evaluation/{YEAR}/{name}" for name in ("tasks", "publication", "public"))

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    cache.clear()
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        found.on_to_notice()
    with clock.travel_to(DAY + timedelta(days=90)):
        yield found


def text(answer: Any) -> str:
    return str(answer.content.decode())


# ---- receipts and tasks -----------------------------------------------------------------------------------


def test_the_national_office_sees_who_has_not_signed_and_an_office_its_own(office: RoundOffice, open_as: Opens) -> None:
    page = text(open_as(office.officer).get(TASKS))
    assert page.count("待签收") >= 2 and office.guangdong.organisation.name_zh in page and office.hubei.organisation.name_zh in page
    own = text(open_as(office.guangdong).get(TASKS))
    assert office.guangdong.organisation.name_zh in own
    receipt = NoticeReceipt.objects.get(office=office.hubei.organisation)
    assert f"/matters/{receipt.matter_id}" not in own and "wuhan" not in own and "id=\"give\"" not in own
    for nobody in (office.customs, a_port_reporter("luohu-road")):
        seen = text(open_as(nobody).get(TASKS))
        assert all(f"/matters/{each.matter_id}" not in seen for each in NoticeReceipt.objects.all())
    for nobody in (office.expert, an_enterprise_user()):
        assert open_as(nobody).get(TASKS).status_code in (403, 404)
    assert Client().get(TASKS).status_code == 302


def test_the_national_office_gives_tasks_by_the_form_and_nobody_else(office: RoundOffice, open_as: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rectifying, "grounds_of", lambda scheme, score: (
        {"kind": "red_line", "code": "", "zh": "触及红线", "en": "a red line was crossed"},))
    page = text(open_as(office.officer).get(TASKS))
    assert 'value="luohu-road"' in page and "触及红线" in page
    assert "exercise-road" not in page, "nobody reports for invented ports"
    wrong = open_as(office.officer).post(TASKS, {"ports": ["luohu-road"], "requirement": ""})
    assert wrong.status_code == 422 and "请填写整改要求" in text(wrong) and "checked" in text(wrong)
    for other in (office.guangdong, office.customs, an_auditor()):
        assert open_as(other).post(TASKS, {"ports": ["luohu-road"], "requirement": "整改"}).status_code == 403
    assert not RectificationTask.objects.exists()
    assert open_as(office.officer).post(TASKS, {"ports": ["luohu-road"], "requirement": "限期整改"}).status_code == 302
    task = RectificationTask.objects.get()
    assert f"/matters/{task.matter_id}" in text(open_as(office.guangdong).get(TASKS))
    assert f"/matters/{task.matter_id}" not in text(open_as(office.hubei).get(TASKS))
    taken = {who: b"".join(open_as(who).get(f"{TASKS}?tasks.format=json").streaming_content).decode()
             for who in (office.guangdong, office.hubei, office.customs)}
    assert "luohu-road" in taken[office.guangdong]
    assert "luohu-road" not in taken[office.hubei] and "luohu-road" not in taken[office.customs]


# ---- what is cleared --------------------------------------------------------------------------------------


def test_one_proposes_and_the_head_approves_by_form(office: RoundOffice, open_as: Opens) -> None:
    officer, leader = open_as(office.officer), open_as(office.leader)
    wrong = officer.post(PUBLICATION, {"do": "propose", "fields": ["rank"], "reason": "公开"})
    assert wrong.status_code == 422 and "名次一律不公开" in text(wrong)
    assert officer.post(PUBLICATION, {"do": "propose", "fields": ["band", "total"], "reason": "公开"}).status_code == 302
    assert officer.post(PUBLICATION, {"do": "approve", "version": "1", "opinion": "同意"}).status_code == 403
    assert 'value="approve"' not in text(officer.get(PUBLICATION)) and 'value="approve"' in text(leader.get(PUBLICATION))
    refused = leader.post(PUBLICATION, {"do": "approve", "version": "1", "opinion": "同意"})
    assert refused.status_code == 422 and "单独确认公开小数" in text(refused)
    assert leader.post(PUBLICATION, {"do": "refuse", "version": "1", "opinion": "只公开档次"}).status_code == 302
    assert officer.post(PUBLICATION, {"do": "propose", "fields": ["band"], "reason": "公开档次"}).status_code == 302
    assert leader.post(PUBLICATION, {"do": "approve", "version": "2", "opinion": "同意"}).status_code == 302
    assert [each.state for each in Clearance.objects.order_by("version")] == ["refused", "approved"]
    assert leader.post(PUBLICATION, {"do": "withdraw", "version": "2", "withdrawal": "有误"}).status_code == 302
    assert Clearance.objects.get(version=2).state == "withdrawn"
    assert leader.post(PUBLICATION, {"do": "nonsense"}).status_code == 404


def test_the_page_of_what_is_cleared_is_the_national_offices(office: RoundOffice, open_as: Opens) -> None:
    for other in (office.guangdong, office.hubei, office.customs, a_port_reporter("luohu-road")):
        assert open_as(other).get(PUBLICATION).status_code == 403
        assert open_as(other).post(PUBLICATION, {"do": "propose", "fields": ["band"], "reason": "公开"}).status_code == 403
    for other in (office.expert, an_enterprise_user()):
        assert open_as(other).get(PUBLICATION).status_code in (403, 404)
    assert Client().get(PUBLICATION).status_code == 302
    assert not Clearance.objects.exists()


# ---- the public door --------------------------------------------------------------------------------------


def test_anybody_reads_what_was_published_and_nothing_else(office: RoundOffice, open_as: Opens, settings: Any) -> None:
    missing = [Client().get(PUBLIC + ending).status_code for ending in ("", ".json", ".csv")]
    cleared(office, "band", "class", "group_bands")
    assert [Client().get(PUBLIC + ending).status_code for ending in ("", ".json", ".csv")] == missing == [404] * 3
    office.step("publish", office.leader, "cleared_fields")
    page = text(Client().get(PUBLIC))
    score = PortScore.objects.get(port__code="luohu-road")
    assert "luohu-road" in page and "演练" in page and "建议稿" in page
    assert "exercise-road-01" not in page and f"{score.total:.2f}" not in page and f"{score.total:.1f}" not in page
    told = Client().get(PUBLIC + ".json").json()
    line = told["content"]["ports"][0]
    assert set(line) == {"port", "name", "band", "class", "group_bands"} and line["band"] == score.band
    canonical = json.dumps(told["content"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == told["digest"] == Clearance.objects.get().digest
    rows = list(csv.DictReader(io.StringIO(Client().get(PUBLIC + ".csv").content.decode("utf-8-sig"))))
    assert rows[0]["port"] == "luohu-road" and rows[0]["is_exercise"] == "True" and rows[0]["version"] == "1"
    assert not {"total", "rank", "group_points.G01"} & set(rows[0])
    # Whoever is signed in reads the same, an enterprise too; in English as well.
    assert "luohu-road" in text(open_as(an_enterprise_user()).get(PUBLIC))
    english = Client()
    english.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "Public results" in text(english.get(PUBLIC))
    # Narrowed by name and by band; an unknown one finds nothing and says so.
    assert "没有符合条件的口岸" not in text(Client().get(PUBLIC, {"q": "luohu", "band": score.band}))
    for asked in ({"q": "wuhan"}, {"band": "no such band"}):
        assert ("luohu-road" not in text(Client().get(PUBLIC, asked))), asked
    years = text(Client().get("/evaluation/public"))
    assert f'href="{PUBLIC}"' in years and f'href="{PUBLIC}.csv"' in years and "演练" in years


def test_the_public_door_only_reads_and_a_withdrawal_takes_effect_at_once(office: RoundOffice) -> None:
    cleared(office)
    office.step("publish", office.leader, "cleared_fields")
    first = Client().get(PUBLIC + ".json")
    assert first["Cache-Control"] == "public, no-cache" and first["ETag"]
    assert Client().get(PUBLIC + ".json", headers={"If-None-Match": first["ETag"]}).status_code == 304
    for ending in ("", ".json", ".csv"):
        assert Client().post(PUBLIC + ending).status_code == 405
    withdraw_clearance(actor=office.leader, year=YEAR, version=1, reason="有误")
    again = Client().get(PUBLIC + ".json", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 410 and again.json()["content"] is None
    assert Client().get(PUBLIC + ".csv").status_code == 410
    page = text(Client().get(PUBLIC))
    assert "撤回" in page and "luohu-road" not in page
    assert "还没有公布" in text(Client().get("/evaluation/public")) and Client().post("/evaluation/public").status_code == 405


def test_an_address_may_ask_so_often_and_another_is_not_held_back(office: RoundOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_public, "LIMIT", 3)
    one, other = Client(REMOTE_ADDR="192.0.2.1"), Client(REMOTE_ADDR="192.0.2.2")
    assert [one.get(PUBLIC, headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code for n in range(5)] == [404, 404, 404, 429, 429]
    assert other.get(PUBLIC).status_code == 404


def test_nothing_else_of_the_evaluation_opens_without_a_sign_in(office: RoundOffice) -> None:
    cleared(office)
    office.step("publish", office.leader, "cleared_fields")
    seen = 0
    for pattern in get_resolver().url_patterns[:]:
        for one in getattr(pattern, "url_patterns", [pattern]):
            name = getattr(one, "name", "") or ""
            if not name.startswith("evaluation") or (name.startswith("evaluation-public") and name != "evaluation-publication"):
                continue
            address = str(one.pattern)
            for part, value in (("<int:year>", str(YEAR)), ("<int:version>", "1"), ("<str:port>", "luohu-road"), ("<str:code>", "luohu-road"),
                                ("<slug:port>", "luohu-road"), ("<slug:code>", "luohu-road")):
                address = address.replace(part, value)
            if "<" in address:
                continue
            answer = Client().get(f"/{address}")
            assert answer.status_code in (302, 401, 404, 405), address
            if answer.status_code == 302:
                assert answer["Location"].startswith("/sign-in"), address
            seen += 1
    assert seen >= 5


def test_the_grade_page_shows_the_result_to_the_national_office_alone(office: RoundOffice, open_as: Opens) -> None:
    score = PortScore.objects.get(port__code="luohu-road")
    page = text(open_as(office.officer).get("/grading/grades/luohu-road"))
    assert "年度综合绩效评估" in page and f"kouan:evaluation/port_score/{score.pk}@1" in page and "不改变建议的等级" in page
    for other in (office.guangdong, office.hubei, a_port_reporter("luohu-road")):
        answer = open_as(other).get("/grading/grades/luohu-road")
        assert answer.status_code != 200 or 'id="evaluation"' not in text(answer)
