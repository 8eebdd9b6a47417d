"""The workbench and the methodology: what is in doubt within one's scope, with the way to mend it; how it is scored, from the scheme alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.basis import clock
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import PortScore
from kouan.evaluation.rounds.workbench import MARKED

DAY = date(2026, 2, 2)
PAGE, METHOD = f"/evaluation/{YEAR}/workbench", f"/evaluation/{YEAR}/method"
Opens = Callable[[Any], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        yield RoundOffice()


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def rows(browser: Client, query: str = "") -> list[dict[str, Any]]:
    answer = browser.get(f"{PAGE}?format=json{query}")
    return json.loads(b"".join(answer.streaming_content) if answer.streaming else answer.content)["rows"]


def test_a_late_return_stands_there_for_its_office_and_the_nation_until_it_is_filed(office: RoundOffice, open_as: Opens) -> None:
    office.opened()
    assert rows(open_as(office.officer)) == []
    with clock.travel_to(DAY + timedelta(days=45)):
        found = rows(open_as(office.officer))
        assert {row["office"] for row in found} == {office.guangdong.organisation.name_zh, office.hubei.organisation.name_zh}
        assert {row["kind"] for row in found} == {"报送或核验逾期"} and {row["since"] for row in found} == {"2026-03-16"}, "the 14th is a Saturday"
        page = text(open_as(office.guangdong).get(PAGE))
        assert f'href="/matters/{office.return_of(office.guangdong).matter_id}"' in page
        assert office.hubei.organisation.name_zh not in page and "按报送单位汇总" not in page
        office.file(office.guangdong)
        office.verify(office.guangdong, office.customs)
        assert rows(open_as(office.guangdong)) == []
        assert [row["office"] for row in rows(open_as(office.officer))] == [office.hubei.organisation.name_zh]


def test_marks_of_the_scoring_are_listed_for_who_may_read_them(office: RoundOffice, open_as: Opens) -> None:
    office.scored()
    kept = Counter(cell["mark"] for score in PortScore.objects.all() for cell in score.cells.values() if cell["mark"] in MARKED)
    national = open_as(office.officer)
    for code in MARKED:
        assert len(rows(national, f"&kind={code}")) == kept[code], code
    assert sum(kept.values()) > 0
    page = text(national.get(PAGE))
    assert "按报送单位汇总" in page and "数据已冻结" in page
    for user in (office.guangdong, office.hubei, office.customs):
        assert rows(open_as(user)) == [], "marks open with the comparison"
    office.step("open_peer_view")
    own = Counter(cell["mark"] for cell in PortScore.objects.get(port__code="luohu-road").cells.values() if cell["mark"] in MARKED)
    found = rows(open_as(office.guangdong))
    assert {row["code"] for row in found} <= {"luohu-road"} and len(found) == sum(own.values())
    group = {row["indicator"][:4] for row in rows(national, "&group=G03")}
    assert group <= {"I-03"}
    for user in (office.expert, an_enterprise_user()):
        assert open_as(user).get(PAGE).status_code == 403 and open_as(user).get(METHOD).status_code == 403
    assert national.get("/evaluation/2024/workbench").status_code == 404


def test_the_methodology_says_every_indicator_and_what_is_a_proposal(office: RoundOffice, open_as: Opens) -> None:
    held = office.opened()
    page = text(open_as(office.guangdong).get(METHOD))
    scheme = held.scheme_version.scheme()
    for each in scheme.indicators:
        assert f'id="{each.code}"' in page and each.name.zh in page
    assert all(group.name.zh in page for group in scheme.groups.values()) and held.scheme_version.digest[:16] in page
    assert "本方案提出的" in page and "未经主管部门审定" in page and "建议稿" in page and "进出境货运量 ÷ 查验人员在岗数" in page
    assert "优秀" in page and "适用M2的指标未报怎么办" in page and "data-prints" in page
    assert open_as(office.guangdong).get("/evaluation/2024/method").status_code == 404
