"""The pages of evidence, experts' marks and rulings: each form by whoever may, and by somebody else's user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from tests.accounts.factories import a_port_reporter, a_user, an_enterprise_user
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.evaluation.rounds.test_cross_check import cargo

from kouan.accounts.models import Role
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.evidence.experts import ask_experts
from kouan.evaluation.rounds.evidence.models import (
    EntryDecision,
    ExpertAsked,
    ExpertDeclaration,
    ExpertMark,
    FiledEntry,
    Ruling,
)

DAY = date(2026, 2, 2)
Opens = Callable[[Any], Client]
POINT = "I-0606/5G"
FILING, PORT = f"/evaluation/{YEAR}/filing", f"/evaluation/{YEAR}/filing/luohu-road"
EXPERTS, OF_PORT, RULINGS = f"/evaluation/{YEAR}/experts", f"/evaluation/{YEAR}/experts/luohu-road", f"/evaluation/{YEAR}/rulings"
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[RoundOffice]:
    settings.IS_EXERCISE = True
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        found = RoundOffice()
        found.opened()
        yield found


def text(answer: Any) -> str:
    return str(answer.content.decode())


def a_file(content: bytes = b"%PDF-1.7 proof", name: str = "佐证.pdf") -> BytesIO:
    made = BytesIO(content)
    made.name = name
    return made


def file_point(client: Client, **known: Any) -> Any:
    return client.post(PORT, {"do": "file", "item": POINT, "value": "1", "remark": "已建成", "documents": a_file()} | known)


def test_an_office_files_a_point_with_its_file_and_a_slip_is_shown_at_its_field(office: RoundOffice, open_as: Opens) -> None:
    own = open_as(office.guangdong)
    page = text(own.get(PORT))
    assert "新技术应用度" in page and "未填报" in page and 'name="documents"' in page and "采信</button>" not in page
    for wrong, word in (({"value": ""}, "请选择是否符合"), ({"remark": ""}, "请填写说明"), ({"documents": ""}, "须至少附一份佐证"),
                        ({"documents": a_file(b"MZ", "a.exe")}, "不是可以附的文件类型")):
        answer = file_point(own, **wrong)
        assert answer.status_code == 422 and word in text(answer), wrong
        assert 'href="#field-I-0606-5G-' in text(answer), "the summary leads to the field"
    assert not FiledEntry.objects.exists()
    answer = file_point(own)
    assert answer.status_code == 302 and answer["Location"] == f"{PORT}#I-0606-5G"
    entry = FiledEntry.objects.get()
    assert "待核验" in text(own.get(PORT)) and "已建成" in text(own.get(PORT))
    kept = file_point(own, documents="", keep=str(entry.papers.get().version.document_id), remark="补充说明")
    assert kept.status_code == 302 and FiledEntry.objects.count() == 2 and "以前的填报" in text(own.get(PORT))
    assert file_point(own, item="survey_public.answers", value="40", documents="").status_code == 302
    listed = text(own.get(FILING))
    assert "luohu-road" in listed and "wuhan-water" not in listed


def test_who_verifies_decides_on_the_page_and_the_reporter_cannot(office: RoundOffice, open_as: Opens) -> None:
    entry = office.entry()
    customs = open_as(office.customs)
    assert customs.get(PORT).status_code == 404, "not before it is filed"
    office.file(office.guangdong)
    assert "采信</button>" in text(customs.get(PORT)) and "采信</button>" not in text(open_as(office.guangdong).get(PORT))
    assert customs.post(PORT, {"do": "accept", "entry": entry.pk, "item": POINT, "reason": ""}).status_code == 422
    assert open_as(office.guangdong).post(PORT, {"do": "accept", "entry": entry.pk, "item": POINT, "reason": "好"}).status_code == 403
    assert open_as(office.hubei).post(PORT, {"do": "accept", "entry": entry.pk, "item": POINT, "reason": "好"}).status_code in (403, 404)
    assert customs.post(PORT, {"do": "guess", "entry": entry.pk, "reason": "好"}).status_code == 404
    assert not EntryDecision.objects.exists()
    assert customs.post(PORT, {"do": "reject", "entry": entry.pk, "item": POINT, "reason": "照片不清"}).status_code == 302
    page = text(open_as(office.guangdong).get(PORT))
    assert "不予采信" in page and "照片不清" in page
    assert customs.get(FILING, {"ports.show": "rejected"}).status_code == 200


def test_nobody_else_opens_a_port_or_its_evidence(office: RoundOffice, open_as: Opens) -> None:
    paper = office.entry().papers.get()
    address = f"/evaluation/{YEAR}/evidence/{paper.entry_id}/{paper.version_id}"
    taken = open_as(office.guangdong).get(address)
    assert taken.status_code == 200 and b"".join(taken.streaming_content).startswith(b"%PDF") and "attachment" in taken["Content-Disposition"]
    assert AuditEntry.objects.filter(note="download", actor_id=office.guangdong.pk).exists()
    for stranger, status in ((office.hubei, 404), (office.expert, 403), (an_enterprise_user(), 403), (a_port_reporter("wuhan-water"), 404)):
        assert open_as(stranger).get(PORT).status_code == status, stranger.role
        assert open_as(stranger).get(address).status_code in (403, 404)
    assert open_as(office.expert).get(FILING).status_code == 403


def test_differences_from_other_sources_stand_on_the_page_of_who_sees_the_return(office: RoundOffice, open_as: Opens) -> None:
    cargo(1000, office.customs)
    cargo(2000, office.guangdong, revision=2)
    assert "50.0%" in text(open_as(office.officer).get(FILING))
    assert "50.0%" not in text(open_as(office.hubei).get(FILING))
    answer = open_as(office.officer).get(FILING, {"differences.format": "json"})
    assert answer.status_code == 200


def test_the_national_office_asks_and_an_expert_declares_and_marks(office: RoundOffice, open_as: Opens) -> None:
    second = a_user(Role.EXPERT, office.expert.organisation)
    entry = office.entry()
    office.file(office.guangdong)
    national = open_as(office.officer)
    assert national.post(EXPERTS, {"port": "luohu-road"}).status_code == 422
    form = {"experts": [office.expert.username, second.username], "port": f"office:{office.guangdong.organisation.code}", "indicator": "I-0606"}
    assert national.post(EXPERTS, form).status_code == 302 and ExpertAsked.objects.count() == 2
    expert = open_as(office.expert)
    assert expert.get("/evaluation/marks")["Location"] == EXPERTS
    page = text(expert.get(EXPERTS))
    assert "待声明" in page and second.display_name not in page and "指派</button>" not in page
    page = text(expert.get(OF_PORT))
    assert "佐证.pdf" not in page and 'name="I-0606/5G"' not in page, "declare first"
    row = ExpertAsked.objects.get(expert=office.expert)
    form = {"do": "mark", "asked": row.pk, POINT: "80", "reason": "材料齐全"}
    assert expert.post(OF_PORT, form).status_code == 403
    assert expert.post(OF_PORT, {"do": "declare", "statement": "无"}).status_code == 422
    assert expert.post(OF_PORT, {"do": "declare", "has_conflict": "no", "statement": "与该口岸无往来"}).status_code == 302
    assert 'name="I-0606/5G"' in text(expert.get(OF_PORT))
    for wrong in ({POINT: "101"}, {POINT: ""}, {POINT: "8.5"}, {"reason": ""}):
        answer = expert.post(OF_PORT, form | wrong)
        assert (answer.status_code == 422 and "材料齐全" in text(answer)) or "reason" in wrong, wrong
    assert not ExpertMark.objects.exists()
    assert expert.post(OF_PORT, form).status_code == 302 and ExpertMark.objects.get().points == {POINT: {"mark": 80, "entry": entry.pk}}
    assert open_as(second).post(OF_PORT, form).status_code == 404, "another's task"
    page = text(national.get(OF_PORT))
    assert office.expert.display_name in page and "材料齐全" in page and "80" in page
    assert "评分不足" in text(national.get(EXPERTS))
    assert national.post(OF_PORT, {"do": "release", "asked": row.pk, "reason": "换人"}).status_code == 302
    assert open_as(office.expert).get(EXPERTS).status_code == 404


def test_marks_are_for_experts_and_the_national_office_alone(office: RoundOffice, open_as: Opens) -> None:
    ask_experts(actor=office.officer, year=YEAR, experts=[office.expert.username], ports=["luohu-road"])
    for stranger in (office.guangdong, office.customs, an_enterprise_user(), a_port_reporter("luohu-road")):
        assert open_as(stranger).get(EXPERTS).status_code == 403 and open_as(stranger).get(OF_PORT).status_code == 403
        assert f'href="{EXPERTS}"' not in text(open_as(stranger).get(FILING))
    other = a_user(Role.EXPERT, office.expert.organisation)
    assert open_as(other).get(EXPERTS).status_code == 404 and "没有评分任务" in text(open_as(other).get("/evaluation/marks"))
    assert open_as(office.expert).get(f"/evaluation/{YEAR}/experts/wuhan-water").status_code == 404
    assert not ExpertDeclaration.objects.exists()


def test_the_national_office_rules_and_withdraws_and_others_read_what_concerns_them(office: RoundOffice, open_as: Opens) -> None:
    national = open_as(office.officer)
    said = {"do": "rule", "kind": "not_applicable", "code": "I-0606", "port": "luohu-road", "reason": "试点未启动"}
    for wrong, word in (({"kind": ""}, "请选择认定类别"), ({"code": ""}, "方案没有"), ({"reason": ""}, "请填写理由"),
                        ({"kind": "failed_feed"}, "数据源中断按类别认定"),
                        ({"kind": "failed_feed", "port": "", "code": "import_time_h"}, "年度应在")):
        answer = national.post(RULINGS, said | wrong)
        assert answer.status_code == 422 and word in text(answer), wrong
    assert national.post(RULINGS, said).status_code == 302
    assert national.post(RULINGS, said).status_code == 409
    made = Ruling.objects.get()
    assert "试点未启动" in text(open_as(office.guangdong).get(RULINGS)) and "试点未启动" not in text(open_as(office.hubei).get(RULINGS))
    assert open_as(office.guangdong).post(RULINGS, said).status_code == 403 and open_as(office.expert).get(RULINGS).status_code == 403
    assert "认定</button>" not in text(open_as(office.guangdong).get(RULINGS))
    assert national.post(RULINGS, {"do": "withdraw", "ruling": made.pk, "why": ""}).status_code == 422
    assert national.post(RULINGS, {"do": "withdraw", "ruling": made.pk, "why": "已启动"}).status_code == 302
    assert Ruling.objects.count() == 2 and "已撤回" in text(national.get(RULINGS))
