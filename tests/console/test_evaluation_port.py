"""The pages about one port's evaluation: what each reader finds at each stage, and two clicks to the source."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import a_port_reporter, an_administrator, an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.monitoring.factories import figures
from tests.ports.factories import a_border_port

from kouan.basis import clock
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.actions import freeze_round, score_round
from kouan.evaluation.rounds.models import FrozenPort, PortScore

DAY = date(2026, 2, 2)
PAGE = f"/evaluation/{YEAR}/ports/luohu-road"
Opens = Callable[[Any], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def exercise(settings: Any) -> None:
    settings.IS_EXERCISE = True


def text(answer: Any) -> str:
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def test_the_national_office_reads_everything_and_reaches_each_figure(exercise: None, open_as: Opens) -> None:
    office = RoundOffice()
    office.scored()
    national = open_as(office.officer)
    page = text(national.get(PAGE))
    score = PortScore.objects.get(port__code="luohu-road")
    assert f"{score.total:.2f}" in page and "组内名次" in page and "建议稿" in page and "演练" in page
    for words in ("十组得分", "五型口岸", "与上年比", "自身数据变化", "长处", "短板", "同类中位数", "平安口岸"):
        assert words in page, words
    (block,) = re.findall(r'id="chart-groups-data"[^>]*>(.*?)</script>', page, re.S)
    drawn = json.loads(block)
    (own, median) = drawn["option"]["series"][0]["data"]
    assert own["value"] == [round(value or 0, 1) for value in score.groups.values()] and len(median["value"]) == 10
    for code, cell in score.cells.items():
        assert f"{PAGE}/{code}" in page
        if cell["mark"] == "scored":
            one = text(national.get(f"{PAGE}/{code}"))
            assert "公式" in one and f"{cell['points']:.2f}" in one, code
    exported = json.loads(text(national.get(f"{PAGE}?i.format=json")))
    assert len(exported["rows"] if isinstance(exported, dict) else exported) == len(score.cells)
    page = text(national.get("/ports/luohu-road"))
    assert f'href="{PAGE}"' in page and f"{YEAR} 年度评估" in page


def test_a_point_leads_to_what_was_filed_and_its_papers_for_who_sees_the_return(exercise: None, open_as: Opens) -> None:
    office = RoundOffice()
    office.opened()
    paper = office.entry().papers.get()
    office.file(office.guangdong)
    office.decide(paper.entry)
    office.verify(office.guangdong, office.customs)
    office.file(office.hubei)
    office.verify(office.hubei)
    office.step("close_collection")
    freeze_round(actor=office.officer, year=YEAR)
    score_round(actor=office.officer, year=YEAR)
    page = text(open_as(office.officer).get(f"{PAGE}/I-0606"))
    assert f'href="/evaluation/{YEAR}/filing/luohu-road#I-0606-5G"' in page and "佐证.pdf" in page and "采信" in page
    assert f'href="/evaluation/{YEAR}/evidence/{paper.entry_id}/{paper.version_id}"' in page
    office.step("open_peer_view")
    page = text(open_as(a_port_reporter("luohu-road")).get(f"{PAGE}/I-0606"))
    assert "随报送填报" in page and "/evidence/" not in page and "已落实" not in page, "a reporter sees the result and not the return"


def test_a_province_reads_marks_then_decimals_never_places_nor_others(exercise: None, open_as: Opens) -> None:
    office = RoundOffice()
    office.scored()
    own, reporter = open_as(office.guangdong), open_as(a_port_reporter("luohu-road"))
    assert own.get(PAGE).status_code == 404 and own.get(f"{PAGE}/I-0101").status_code == 404
    assert "未评估" in text(own.get("/ports/luohu-road"))
    office.step("open_peer_view")
    score = PortScore.objects.get(port__code="luohu-road")
    for reader in (own, reporter):
        page = text(reader.get(PAGE))
        assert "通报后开放" in page and f"{score.total:.2f}" not in page and "chart-groups-data" not in page and "按数据" in page
        assert "同类中位数" not in page and "组内名次" not in page
        one = text(reader.get(f"{PAGE}/I-0301"))
        assert "进出境货运量 ÷ 查验人员在岗数" in one and "现权重" not in one and "标尺" not in one
        assert "计入总分" not in text(reader.get(f"{PAGE}?i.format=csv"))
    assert f'href="{PAGE}"' in text(own.get("/ports/luohu-road"))
    office.from_peer_view_to_notice()
    page = text(own.get(PAGE))
    assert f"{score.total:.2f}" in page and "组内名次" not in page
    for stranger in (office.hubei, office.expert, an_enterprise_user(), a_port_reporter("wuhan-water")):
        reader = open_as(stranger)
        for address in (PAGE, f"{PAGE}/I-0101"):
            answer = reader.get(address)
            assert answer.status_code in (403, 404) and f"{score.total:.2f}" not in text(answer)
    invented = FrozenPort.objects.filter(is_invented=True)[0].code
    assert own.get(f"/evaluation/{YEAR}/ports/{invented}").status_code == 404
    assert own.get(f"{PAGE}/I-9999").status_code == 404 and own.get("/evaluation/2024/ports/luohu-road").status_code == 404
    few = text(open_as(an_administrator(organisation=office.officer.organisation)).get(PAGE))
    assert "按数据" in few and f"{score.total:.2f}" not in few


def test_from_the_result_two_clicks_lead_to_the_row_of_the_file(open_as: Opens) -> None:
    office = RoundOffice(ports=False)
    for number, province in enumerate(("44", "44", "42", "42", "42")):
        code = "luohu-road" if not number else f"ceshi-{number}-road"
        a_border_port(code, open_since=date(1990, 1, 1), province_code=province, transport_class="road", class_basis="测试")
        figures(f"port:{code}", "cargo_tonnes", {str(year): 1000 * (number + 1) for year in range(2021, 2026)}, direction="total")
    office.frozen()
    with clock.travel_to(DAY + timedelta(days=1)):
        score_round(actor=office.officer, year=YEAR)
        national = open_as(office.officer)
        first = text(national.get(PAGE))
        assert "演练数据" not in first and f"{PAGE}/I-0201" in first
        second = text(national.get(f"{PAGE}/I-0201"))
        (row,) = re.findall(r'href="(/intake/figures/\d+)"', second)
        assert "1,000" in text(national.get(row))
        assert "未报送" in text(national.get(f"{PAGE}/I-0101")) and "volume_standard.road" in text(national.get(f"{PAGE}/I-0206"))


def test_a_red_line_and_what_is_awaited_are_said_in_words(exercise: None, open_as: Opens) -> None:
    office = RoundOffice()
    office.scored()
    national = open_as(office.officer)
    rows = {score.port.code: score for score in PortScore.objects.select_related("port")}
    for code, score in rows.items():
        page = text(national.get(f"/evaluation/{YEAR}/ports/{code}"))
        assert ("触及红线（I-0407" in page) is score.red_line and ("结果为暂定" in page) is score.provisional, code
    assert any(score.provisional for score in rows.values())
