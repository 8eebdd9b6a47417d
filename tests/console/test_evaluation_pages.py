"""The pages of the yearly round: who finds which rounds and schemes, what forms answer, what stays hidden; with somebody else's user each time."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from tests.accounts.factories import a_port_reporter, an_auditor, an_enterprise_user
from tests.evaluation.rounds.round_office import CONTENT, FEW, YEAR, RoundOffice

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk import jobs
from kouan.desk.models import Job
from kouan.evaluation import schemes
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import Freeze, PortScore, Round, SchemeVersion, Scoring
from kouan.evaluation.rounds.scheme_actions import propose_scheme

DAY = date(2026, 2, 2)
FOLDER = Path(schemes.__file__).parent / "national-first"
Opens = Callable[[Any], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_the_exercise(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        yield


def text(answer: Any) -> str:
    return str(answer.content.decode())


def a_zip(changes: dict[str, bytes | None] | None = None, folder: str = "scheme/") -> bytes:
    """The bundled scheme as a zip; a file changed, or left out (None)."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(FOLDER.iterdir()):
            if not path.is_file():
                continue
            data = (changes or {}).get(path.name, path.read_bytes())
            if data is not None:
                archive.writestr(folder + path.name, data)
    return held.getvalue()


# ---- rounds -----------------------------------------------------------------------------------------------


def test_the_national_office_opens_a_round_and_each_office_finds_its_next_step(open_as: Opens) -> None:
    office = RoundOffice()
    national = open_as(office.officer)
    page = text(national.get("/evaluation"))
    assert "还没有年度评估" in page and 'name="year"' in page and f'value="{YEAR}"' in page and office.expert.organisation.code in page
    for wrong, word in (({"year": ""}, "请选择年度"), ({"year": "2024"}, "没有 2024 年的已发布评估方案"), ({"year": "２０２５"}, "请选择年度"),
                        ({"year": str(YEAR), "experts": "nobody"}, "没有代码为“nobody”的专家组")):
        answer = national.post("/evaluation", wrong)
        assert answer.status_code == 422 and word in text(answer), wrong
    assert not Round.objects.exists()
    answer = national.post("/evaluation", {"year": str(YEAR), "experts": office.expert.organisation.code})
    assert answer.status_code == 302 and Round.objects.get().year == YEAR
    assert national.post("/evaluation", {"year": str(YEAR)}).status_code == 409
    page = text(national.get("/evaluation"))
    assert "采集" in page and "建议稿" in page and "没有可以发起的年度" in page
    own = text(open_as(office.guangdong).get("/evaluation"))
    matter = office.return_of(office.guangdong).matter_id
    assert f'href="/matters/{matter}"' in own and "发起年度评估" not in own
    assert f"/matters/{office.return_of(office.hubei).matter_id}" not in own
    other = text(open_as(office.customs).get("/evaluation"))
    assert f"/matters/{matter}" not in other and "无须办理" in other, "nothing is asked of the verifier before it is filed"
    office.file(office.guangdong)
    assert f'href="/matters/{matter}"' in text(open_as(office.customs).get("/evaluation"))


def test_whoever_may_not_run_a_round_opens_none_and_whoever_may_not_read_finds_no_door(open_as: Opens) -> None:
    office = RoundOffice()
    for user in (office.guangdong, office.customs, a_port_reporter("luohu-road"), an_auditor()):
        browser = open_as(user)
        assert browser.get("/evaluation").status_code == 200
        assert browser.post("/evaluation", {"year": str(YEAR)}).status_code == 403
    assert not Round.objects.exists()
    for user in (office.expert, an_enterprise_user()):
        browser = open_as(user)
        for address in ("/evaluation", "/evaluation/schemes", f"/evaluation/schemes/{YEAR}/1"):
            assert browser.get(address).status_code == 403, address
        assert 'href="/evaluation"' not in text(browser.get("/"))


def test_rounds_leave_as_a_table_with_the_proposal_said(open_as: Opens) -> None:
    office = RoundOffice()
    office.opened()
    answer = open_as(office.guangdong).get("/evaluation?format=json")
    said = json.loads(b"".join(answer.streaming_content) if answer.streaming else answer.content)
    assert any(row.get("year") == YEAR for row in said["rows"]) and said["rows"][0]["is_proposal"] is True


# ---- schemes ----------------------------------------------------------------------------------------------


def test_a_scheme_is_proposed_by_one_and_published_by_another(open_as: Opens) -> None:
    office = RoundOffice(scheme=False)
    national = open_as(office.officer)
    answer = national.post("/evaluation/schemes", {"year": str(YEAR), "origin": "bundled:national-first", "reason": "首版方案"})
    assert answer.status_code == 302 and answer["Location"] == f"/evaluation/schemes/{YEAR}/1"
    page = text(national.get(answer["Location"]))
    assert "提出人不能自行发布" in page and 'name="opinion"' not in page and "建议稿" in page and "G10" in page
    assert national.post(answer["Location"], {"opinion": "同意"}).status_code == 422
    assert SchemeVersion.objects.get().state == "draft"
    assert open_as(office.guangdong).get(answer["Location"]).status_code == 404, "a draft is nobody else's"
    assert AuditEntry.objects.filter(note="out_of_scope").exists()
    leader = open_as(office.leader)
    assert "请填写" in text(leader.post(answer["Location"], {"opinion": " "}))
    assert leader.post(answer["Location"], {"opinion": "同意发布"}).status_code == 302
    assert SchemeVersion.objects.get().state == "published"
    assert leader.post(answer["Location"], {"opinion": "再发一次"}).status_code == 409
    page = text(open_as(office.guangdong).get(answer["Location"]))
    assert "已发布" in page and "同意发布" in page and "<textarea" not in page
    assert "再发一次" not in text(leader.get(answer["Location"]))


def test_the_list_shows_drafts_to_the_national_office_alone(open_as: Opens) -> None:
    office = RoundOffice()
    propose_scheme(actor=office.officer, year=YEAR + 1, content=CONTENT, reason="明年方案")
    for user, shown in ((office.officer, True), (an_auditor(), True), (office.guangdong, False), (office.customs, False)):
        page = text(open_as(user).get("/evaluation/schemes"))
        assert (f"/evaluation/schemes/{YEAR + 1}/1" in page) is shown and f"/evaluation/schemes/{YEAR}/1" in page, user
        assert ('name="origin"' in page) is (user == office.officer)
    page = text(open_as(office.officer).get("/evaluation/schemes?state=draft"))
    assert f"/evaluation/schemes/{YEAR}/1" not in page and f"/evaluation/schemes/{YEAR + 1}/1" in page
    assert "没有可查看的评估方案" in text(open_as(office.officer).get("/evaluation/schemes?year=abc"))


def test_an_uploaded_zip_or_six_files_become_the_next_version_and_refusals_say_every_reason(open_as: Opens) -> None:
    office = RoundOffice()
    national = open_as(office.officer)
    altered = {"scheme.yaml": (FOLDER / "scheme.yaml").read_bytes().replace("首版方案（建议稿）".encode(), "第二版方案（建议稿）".encode())}

    def send(*files: SimpleUploadedFile, **known: str) -> Any:
        return national.post("/evaluation/schemes", {"year": str(YEAR), "origin": "upload", "reason": "修改名称", "files": list(files)} | known)

    packed = SimpleUploadedFile("scheme.zip", a_zip(altered))
    assert send(packed)["Location"] == f"/evaluation/schemes/{YEAR}/2"
    assert SchemeVersion.objects.get(version=2).name_zh.startswith("全国口岸综合绩效评估第二版")
    singles = [SimpleUploadedFile(path.name, path.read_bytes()) for path in FOLDER.iterdir() if path.suffix in (".yaml", ".csv")]
    assert send(*singles, year=str(YEAR + 1))["Location"] == f"/evaluation/schemes/{YEAR + 1}/1"
    assert "已登记为" in text(send(SimpleUploadedFile("scheme.zip", a_zip(altered)))), "the same content twice"

    rows = (FOLDER / "catalogue.csv").read_text(encoding="utf-8").splitlines()
    broken = {"catalogue.csv": "\n".join(row for row in rows if ",G10," not in row).encode()}
    page = text(send(SimpleUploadedFile("scheme.zip", a_zip(broken))))
    assert "G10" in page and page.count("<li>") > 3, "every reason at once"
    for bad, word in (
        (SimpleUploadedFile("scheme.zip", a_zip({"ahp.yaml": None})), "缺少方案文件“ahp.yaml”"),
        (SimpleUploadedFile("scheme.zip", b"PK no zip"), "打不开"),
        (SimpleUploadedFile("scheme.zip", a_zip({"weights.csv": "权重".encode("gb18030")})), "不是 UTF-8 文本"),
        (SimpleUploadedFile("scheme.zip", a_zip({"weights.csv": b"0" * 4_000_001})), "过大"),
        (SimpleUploadedFile("notes.txt", b"x"), "缺少方案文件"),
    ):
        answer = send(bad)
        assert answer.status_code == 422 and word in text(answer), word
    assert "请选择方案的压缩包" in text(send())
    assert "请选择方案的来源" in text(send(packed, origin="bundled:other"))
    assert SchemeVersion.objects.count() == 3


def test_nobody_else_proposes_or_publishes(open_as: Opens) -> None:
    office = RoundOffice(scheme=False)
    propose_scheme(actor=office.officer, year=YEAR, content=CONTENT, reason="首版")
    for user in (office.guangdong, office.customs, an_auditor()):
        browser = open_as(user)
        assert browser.post("/evaluation/schemes", {"year": str(YEAR), "origin": "bundled:national-first", "reason": "我的"}).status_code == 403
        assert browser.post(f"/evaluation/schemes/{YEAR}/1", {"opinion": "同意"}).status_code in (403, 404)
    assert SchemeVersion.objects.get().state == "draft"


# ---- the progress of one round ----------------------------------------------------------------------------


def test_a_round_shows_each_its_returns_and_freezes_and_scores_in_the_background(open_as: Opens) -> None:
    office = RoundOffice()
    office.collected()
    page = f"/evaluation/{YEAR}"
    national = open_as(office.officer)
    seen = text(national.get(page))
    assert office.guangdong.organisation.name_zh in seen and office.hubei.organisation.name_zh in seen and 'value="freeze"' in seen
    own = text(open_as(office.guangdong).get(page))
    assert office.guangdong.organisation.name_zh in own and office.hubei.organisation.name_zh not in own
    assert "校验值" not in own and 'value="freeze"' not in own and "round-findings" not in own
    seen = text(open_as(office.customs).get(page))
    assert office.guangdong.organisation.name_zh in seen and office.hubei.organisation.name_zh not in seen, "its verifier's"
    for user in (office.guangdong, office.customs, an_auditor()):
        assert open_as(user).post(page, {"do": "freeze"}).status_code == 403
    assert national.post(page, {"do": "publish"}).status_code == 404 and not Job.objects.exists()

    queued = national.post(page, {"do": "freeze"})
    assert queued.status_code == 302 and queued["Location"].startswith("/jobs/")
    assert "查看进度" in text(national.get(page)) and "查看进度" not in text(open_as(office.leader).get(page))
    for _ in range(2):
        job = Job.objects.order_by("-pk")[0]
        jobs.run(job.pk)
        answer = national.get(f"/jobs/{job.pk}")
        assert answer.status_code == 302 and answer["Location"] == page, job.findings
        if Round.objects.get().stage == "frozen":
            seen = text(national.get(page))
            assert "冻结年度评估数据：已完成" in seen and 'value="score"' in seen and Freeze.objects.get().data_digest[:16] in seen
            national.post(page, {"do": "score"})
    seen = text(national.get(page))
    assert Scoring.objects.get().result_digest[:16] in seen and "现行" in seen and "replay=1" in seen
    assert "重算一致" in text(national.get(f"{page}?replay=1"))
    own = text(open_as(office.guangdong).get(f"{page}?replay=1"))
    assert "重算" not in own and Scoring.objects.get().result_digest[:16] not in own


def test_a_replay_that_differs_says_what_and_findings_can_be_narrowed(open_as: Opens) -> None:
    office = RoundOffice()
    scoring = office.scored()
    national = open_as(office.officer)
    page = f"/evaluation/{YEAR}"
    score = PortScore.objects.filter(scoring=scoring, port__code="luohu-road").get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rounds_portscore SET band = 'excellent', total = 99.5 WHERE id = %s", [score.pk])
    seen = text(national.get(f"{page}?replay=1"))
    assert "重算不一致" in seen and "luohu-road" in seen and "重算一致" not in seen
    answer = json.loads(b"".join(national.get(f"{page}?findings.format=json&findings.source=freeze")))
    assert {row["source"] for row in answer["rows"]} == {"冻结"} and any("演练" in row["message"] for row in answer["rows"])
    assert len(answer["rows"]) == len(Freeze.objects.get().findings)
    assert open_as(office.guangdong).get(f"{page}?findings.format=json")["Content-Type"].startswith("text/html")
    own = json.loads(b"".join(open_as(office.hubei).get(f"{page}?returns.format=json")))
    assert [row["port_codes"] for row in own["rows"]] == ["wuhan-water"]


def test_no_such_round_and_nobodys_business_read_alike(open_as: Opens) -> None:
    office = RoundOffice()
    office.opened()
    national = open_as(office.officer)
    assert national.get("/evaluation/2024").status_code == 404
    for user in (office.expert, an_enterprise_user()):
        assert open_as(user).get(f"/evaluation/{YEAR}").status_code == 403
