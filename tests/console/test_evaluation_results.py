"""Results on pages: who reads bands, decimals, places and intervals at which stage, and that no export says more than the page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from tests.accounts.factories import a_port_reporter, an_administrator, an_auditor, an_enterprise_user
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice

from kouan.basis import NotAllowed, NotFound, Refused, clock
from kouan.desk import jobs
from kouan.desk.models import Job
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.method.scheme.doubts import doubts
from kouan.evaluation.rounds.models import PortScore, Robustness, Round
from kouan.evaluation.rounds.once import WrittenOnce
from kouan.evaluation.rounds.replaying import replayed
from kouan.evaluation.rounds.robustness import study_of, study_places

DAY = date(2026, 2, 2)
PAGE = f"/evaluation/{YEAR}/results"
Opens = Callable[[Any], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.scored()
        yield found


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def rows(browser: Client, query: str = "") -> list[dict[str, Any]]:
    answer = browser.get(f"{PAGE}?format=json{query}")
    return json.loads(b"".join(answer.streaming_content) if answer.streaming else answer.content)["rows"]


def score_of(port: str) -> PortScore:
    return PortScore.objects.get(port__code=port)


def test_the_national_office_reads_all_as_soon_as_it_is_scored_and_nobody_else_does(office: RoundOffice, open_as: Opens) -> None:
    browser = open_as(office.officer)
    page = text(browser.get(PAGE))
    assert f"{score_of('luohu-road').total:.2f}" in page and "wuhan-water" in page and "组内名次" in page and "exercise-road" in page
    assert "公路" in page and "建议稿" in page and "演练数据" in page and "chart-by-class-data" in page and "chart-by-province-data" in page
    found = rows(browser)
    assert len(found) == PortScore.objects.count() and {"total", "rank", "band"} <= found[0].keys()
    assert {row["code"]: row["rank"] for row in found} == dict(PortScore.objects.values_list("port__code", "rank"))
    for user in (office.guangdong, office.hubei, office.customs, a_port_reporter("luohu-road")):
        page = text(open_as(user).get(PAGE))
        assert "还没有可以查看的结果" in page and "luohu-road" not in page and "chart" not in page.partition("<main")[2]
    for user in (office.expert, an_enterprise_user()):
        assert open_as(user).get(PAGE).status_code == 403
    assert open_as(office.officer).get("/evaluation/2024/results").status_code == 404


def test_offices_read_the_bands_of_their_ports_then_decimals_and_never_places(office: RoundOffice, open_as: Opens) -> None:
    office.step("open_peer_view")
    for user, own, other in ((office.guangdong, "luohu-road", "wuhan-water"), (office.hubei, "wuhan-water", "luohu-road"),
                             (office.customs, "luohu-road", "wuhan-water"), (a_port_reporter("luohu-road"), "luohu-road", "wuhan-water")):
        browser = open_as(user)
        page = text(browser.get(PAGE))
        assert own in page and other not in page and "exercise-road" not in page and "exercise-sea" not in page, user
        assert f"{score_of(own).total:.2f}" not in page and "组内名次" not in page and "chart-by-province" not in page
        [row] = rows(browser)
        assert row["code"] == own and not {"total", "rank", "low", "tie", "second"} & row.keys()


def test_after_the_notice_decimals_are_open_and_places_are_not(office: RoundOffice, open_as: Opens) -> None:
    study_places(actor=office.officer, year=YEAR, runs=8)
    office.on_to_notice()
    with clock.travel_to(DAY + timedelta(days=90)):
        browser = open_as(office.guangdong)
        page = text(browser.get(f"{PAGE}?group=road/regional&sort=-rank"))
        assert f"{score_of('luohu-road').total:.2f}" in page and "组内名次" not in page and "名次段" not in page and "wuhan-water" not in page
        [row] = rows(browser)
        assert row["total"] == pytest.approx(score_of("luohu-road").total) and not {"rank", "low", "median", "high", "tie", "second"} & row.keys()
        assert "名次段" in text(open_as(an_auditor()).get(PAGE)), "the national auditor reads places"
        page = text(open_as(an_administrator()).get(PAGE))
        assert "名次段" not in page and "组内名次" not in page and f"{score_of('luohu-road').total:.2f}" not in page


def test_places_are_studied_in_the_background_once_and_shown_to_who_reads_places(office: RoundOffice, open_as: Opens) -> None:
    national = open_as(office.officer)
    assert 'value="study"' in text(national.get(PAGE))
    for user in (office.guangdong, office.customs, an_auditor()):
        assert open_as(user).post(PAGE, {"do": "study"}).status_code == 403
    assert national.post(PAGE, {"do": "other"}).status_code == 404 and not Job.objects.exists()
    assert national.post(PAGE, {"do": "study"})["Location"].startswith("/jobs/")
    job = Job.objects.get()
    assert "正在分析名次的稳健性" in text(national.get(PAGE))
    jobs.run(job.pk)
    assert national.get(f"/jobs/{job.pk}")["Location"] == PAGE
    study = Robustness.objects.get()
    page = text(national.get(PAGE))
    assert "名次段" in page and study.digest[:16] in page and "chart-intervals-data" in page and "统计法" in page and 'value="study"' not in page
    found = {row["code"]: row for row in rows(national)}
    for code, known in study.ports.items():
        assert (found[code]["low"], found[code]["high"], found[code]["tie"]) == (known["low"], known["high"], known["tie"])
    group = study.ports["wuhan-water"]["peer_group"]
    chosen = text(national.get(f"{PAGE}?group={group}"))
    assert f'<option value="{group}" selected>' in chosen
    assert "chart-intervals-data" in text(national.get(f"{PAGE}?group=none/such"))


def test_the_list_is_narrowed_by_class_band_province_and_name(office: RoundOffice, open_as: Opens) -> None:
    browser = open_as(office.officer)
    assert {row["code"] for row in rows(browser, "&province=44")} == {"luohu-road"}
    assert {row["class"] for row in rows(browser, "&class=sea")} == {"海运"}
    band = score_of("luohu-road").band
    assert {row["code"] for row in rows(browser, f"&band={band}")} == set(PortScore.objects.filter(band=band).values_list("port__code", flat=True))
    assert {row["code"] for row in rows(browser, "&q=wuhan")} == {"wuhan-water"}


# ---- the study itself -------------------------------------------------------------------------------------


def test_a_study_is_kept_once_can_be_made_again_and_is_refused_on_altered_figures(office: RoundOffice) -> None:
    first, is_new = study_places(actor=office.officer, year=YEAR, runs=16)
    again, is_new_again = study_places(actor=office.leader, year=YEAR, runs=16)
    assert is_new and not is_new_again and again.pk == first.pk
    held = Round.objects.get()
    assert doubts(replayed(held), YEAR, runs=16, seed=first.seed).digest == first.digest
    other, _ = study_places(actor=office.officer, year=YEAR, runs=16, seed=2)
    assert other.digest != first.digest and study_of(office.officer, held).pk == other.pk
    assert study_of(office.guangdong, held) is None and study_of(an_administrator(), held) is None
    with pytest.raises(WrittenOnce):
        first.delete()
    for nobody in (office.guangdong, office.customs, office.expert, an_auditor()):
        with pytest.raises(NotAllowed):
            study_places(actor=nobody, year=YEAR, runs=16)
    with refused("runs_out_of_range", Refused):
        study_places(actor=office.officer, year=YEAR, runs=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rounds_frozenport SET grade = %s WHERE code = 'luohu-road'",
                       ["hub" if score_of("luohu-road").port.grade != "hub" else "regional"])
    with refused("freeze_altered", Refused):
        study_places(actor=office.officer, year=YEAR, runs=32)
    assert Robustness.objects.count() == 2


def test_a_round_sent_back_has_no_study_until_it_is_scored_and_studied_anew(office: RoundOffice, open_as: Opens) -> None:
    study_places(actor=office.officer, year=YEAR, runs=8)
    office.step("reopen", office.leader, reason="数据有误")
    held = Round.objects.get()
    assert study_of(office.officer, held) is None
    with refused("not_scored", NotFound):
        study_places(actor=office.officer, year=YEAR, runs=8)
    assert "还没有可以查看的结果" in text(open_as(office.officer).get(PAGE))
