"""Comparing ports and trying other weights: what each reader finds, what is refused, and that the round stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import a_port_reporter, an_administrator, an_auditor, an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.method.scheme.what_if import WhatIf, what_if
from kouan.evaluation.rounds.models import FrozenPort, PortScore, Round, Scoring
from kouan.evaluation.rounds.replaying import in_memory, replayed

COMPARE, WHAT_IF = f"/evaluation/{YEAR}/compare", f"/evaluation/{YEAR}/what-if"
Opens = Callable[[Any], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(date(2026, 2, 2)):
        found = RoundOffice()
        found.scored()
        yield found


def text(answer: Any) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def exported(answer: Any) -> list[dict[str, Any]]:
    said = json.loads(text(answer))
    return said["rows"] if isinstance(said, dict) else said


# ---- comparing --------------------------------------------------------------------------------------------


def test_ports_stand_side_by_side_and_the_widest_difference_is_first(office: RoundOffice, open_as: Opens) -> None:
    national = open_as(office.officer)
    others = list(FrozenPort.objects.filter(port_class="road").exclude(code="luohu-road").values_list("code", flat=True))
    page = text(national.get(COMPARE))
    assert "选两个到六个口岸" in page and 'value="luohu-road"' in page
    assert national.get(f"{COMPARE}?ports=luohu-road&add={others[0]}").headers["Location"] == f"{COMPARE}?ports=luohu-road,{others[0]}"
    codes = ["luohu-road", *others[:2]]
    page = text(national.get(f"{COMPARE}?ports={','.join(codes)}"))
    (block,) = re.findall(r'id="chart-compare-data"[^>]*>(.*?)</script>', page, re.S)
    drawn = json.loads(block)
    scores = {score.port.code: score for score in PortScore.objects.select_related("port")}
    assert [each["value"] for each in drawn["option"]["series"][0]["data"]] == [
        [round(value or 0, 1) for value in scores[code].groups.values()] for code in codes]
    for code in codes:
        assert f"<strong>{scores[code].total:.2f}</strong>" in page
    rows = exported(national.get(f"{COMPARE}?ports={','.join(codes)}&i.format=json"))
    spreads = [row["spread"] for row in rows if row["spread"] is not None]
    assert spreads == sorted(spreads, reverse=True)
    first = [scores[code].cells[rows[0]["code"]]["points"] for code in codes]
    there = [each for each in first if each is not None]
    assert spreads[0] == pytest.approx(max(there) - min(there))
    page = text(national.get(f"{COMPARE}?ports={','.join([*codes, *others[2:], 'a', 'b', 'wuhan-water'])}"))
    assert "一次最多比较 6 个口岸" in page


def test_a_province_compares_its_own_ports_only(office: RoundOffice, open_as: Opens) -> None:
    own = open_as(office.guangdong)
    assert "没有可供比较的结果" in text(own.get(COMPARE))
    office.step("open_peer_view")
    page = text(own.get(COMPARE))
    assert 'value="luohu-road"' in page and "wuhan-water" not in page
    before = AuditEntry.objects.filter(after__contains='"port_score"').count()
    page = text(own.get(f"{COMPARE}?ports=luohu-road,wuhan-water"))
    assert "没有可供查看的 2025 年度“wuhan-water”评估结果" in page and "chart-compare-data" not in page and "武汉" not in page
    assert AuditEntry.objects.filter(after__contains='"port_score"').count() == before + 1
    office.from_peer_view_to_notice()
    water = PortScore.objects.get(port__code="wuhan-water")
    assert f"{water.total:.2f}" not in text(own.get(f"{COMPARE}?ports=luohu-road,wuhan-water"))
    for user in (office.expert, an_enterprise_user()):
        assert open_as(user).get(f"{COMPARE}?ports=luohu-road,wuhan-water").status_code in (403, 404)


# ---- what if ----------------------------------------------------------------------------------------------


def test_unchanged_it_shows_the_round_and_changed_what_the_method_says(office: RoundOffice, open_as: Opens) -> None:
    national = open_as(office.officer)
    held = Round.objects.get()
    page = text(national.get(f"{WHAT_IF}?type=road"))
    assert "试算，非评估结果" in page and "名次没有变动" in page and "100.00" in page
    rows = {row["code"]: row for row in exported(national.get(f"{WHAT_IF}?type=road&t.format=json"))}
    kept = {score.port.code: score for score in PortScore.objects.filter(port__port_class="road").select_related("port")}
    assert rows.keys() == kept.keys()
    for code, score in kept.items():
        assert rows[code]["total"] == pytest.approx(score.total, abs=1e-9) and rows[code]["rank"] == score.rank
    address = f"{WHAT_IF}?type=road&G02=60&across=geometric&without=I-0301&without=I-0302"
    page = text(national.get(address))
    assert "按比例折算为 100" in page and 'value="60"' in page and "checked" in page
    printed = dict(re.findall(r'name="(G\d\d)" value="([\d.]+)"', page))
    weights = {code: float(value) for code, value in printed.items()}
    asked = what_if(in_memory(held), YEAR, WhatIf("road", weights, across="geometric", left_out=frozenset({"I-0301", "I-0302"})))
    rows = {row["code"]: row for row in exported(national.get(f"{address}&t.format=json"))}
    found = {in_memory(held).data.ports[p]: total for p, total in zip(asked.ports, asked.total, strict=True)}
    for code, total in found.items():
        assert rows[code]["total"] == pytest.approx(total, abs=0.02)
    again = text(national.get(f"{WHAT_IF}?of=road&type=sea&G02=60"))
    assert 'value="60"' not in again, "weights of another class are not carried over"
    assert "统计法评分" in text(national.get(f"{WHAT_IF}?type=road&method=statistical"))


def test_the_round_is_not_touched_and_bad_settings_are_refused_in_words(office: RoundOffice, open_as: Opens) -> None:
    national = open_as(office.officer)
    before = (Scoring.objects.count(), Scoring.objects.get().result_digest, AuditEntry.objects.filter(kind="I").count())
    for query in ("type=road&G01=-5", "type=road&G01=x", "type=road&G01=1e400", "type=road&G01=nan", "type=nothing", "type=road&within=third",
                  "type=road&without=I-9999", "type=road&method=best", "type=road&" + "&".join(f"G{n:02d}=0" for n in range(1, 11))):
        answer = national.get(f"{WHAT_IF}?{query}")
        assert answer.status_code == 422 and "findings-heading" in text(answer), query
    national.get(f"{WHAT_IF}?type=road&G01=80")
    assert (Scoring.objects.count(), Scoring.objects.get().result_digest, AuditEntry.objects.filter(kind="I").count()) == before
    assert replayed(Round.objects.get()).digest == before[1]


def test_only_whoever_reads_the_nations_places_may_try(office: RoundOffice, open_as: Opens) -> None:
    assert open_as(an_auditor(organisation=office.officer.organisation)).get(WHAT_IF).status_code == 200
    for user in (office.guangdong, an_auditor(organisation=office.guangdong.organisation), a_port_reporter("luohu-road"), office.expert,
                 an_enterprise_user(), an_administrator(organisation=office.officer.organisation)):
        answer = open_as(user).get(WHAT_IF)
        assert answer.status_code in (403, 404) and "试算结果" not in text(answer), user.role
    assert open_as(office.officer).get("/evaluation/2024/what-if").status_code == 404
