"""The pages of the plan's execution: whose rows, what a form answers, what an export holds; with somebody else's user each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.accounts.factories import a_port_reporter, an_enterprise_user
from tests.casework.execution_office import PDF, Works, a_proof

from kouan.basis import clock
from kouan.casework.execution.actions import add_milestone, set_funding
from kouan.casework.execution.models import (
    ProgressReport,
    ProjectFunding,
    ProjectMilestone,
    ProjectRun,
    TargetActual,
    Threshold,
)
from kouan.ports.models import Project

DAY = date(2024, 5, 6)
ONE = "/oversight/projects/P7-03"
Opens = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def on_the_day() -> Any:
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def works(db: None) -> Works:
    return Works()


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_board_shows_each_its_rows_in_five_columns(works: Works, open_as: Opens) -> None:
    works.planned(started_on=date(2023, 1, 5))
    national, province = open_as(works.national), open_as(works.guangdong)
    page = text(national.get("/oversight/projects"))
    assert all(word in page for word in ("未开工", "在建", "滞后", "完成", "未填", "chart-project-tiles", "仅正文", "未明确责任单位"))
    own = text(province.get("/oversight/projects"))
    assert "P7-03" in own and "P7-56" not in own and "P9-01" not in own and "chart-project-tiles" not in own
    assert "P7-03" not in text(open_as(works.hubei).get("/oversight/projects"))
    assert "没有规划项目" in text(open_as(works.ministry).get("/oversight/projects"))
    narrowed = text(national.get("/oversight/projects?state=under_way"))
    assert "P7-03" in narrowed and "P7-56" not in narrowed
    assert "P9-01" in text(national.get("/oversight/projects?province=none")) and "P7-56" in text(national.get("/oversight/projects?prose=only"))
    assert "P7-03" in text(national.get("/oversight/projects?q=" + works.guangdong.organisation.name_zh))
    assert "P7-56" in text(national.get("/oversight/projects?box=7", headers={"accept-language": "en"}))


def test_the_tiles_and_their_table_say_the_same(works: Works, open_as: Opens) -> None:
    page = text(open_as(works.national).get("/oversight/projects"))
    spec = json.loads(page.split('id="chart-project-tiles-data" type="application/json">')[1].split("</script>")[0])
    tiles = {each["name"]: each for each in spec["tiles"]}
    assert len(tiles) == 34 and tiles["广东"]["value"] == tiles["湖北"]["value"] == 1 and tiles["北京"]["value"] == 0
    assert tiles["中国香港"]["value"] is None and tiles["中国香港"]["words"] == "不在统计范围"
    assert "专栏7 1" in tiles["广东"]["words"]
    rows = json.loads(b"".join(open_as(works.national).get("/oversight/projects?p.format=json")))
    assert "广东省" in json.dumps(rows, ensure_ascii=False)


def test_the_export_of_the_board_holds_the_scope_and_says_what_is_not_filled_in(works: Works, open_as: Opens) -> None:
    works.planned()
    set_funding(actor=works.guangdong, project="P7-03", kind="central", planned=Decimal("1234.5"), arranged=Decimal(0), version=1)
    book = openpyxl.load_workbook(BytesIO(b"".join(open_as(works.national).get("/oversight/projects?format=xlsx"))))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    head = next(row for row in rows if "编号" in row)
    found = {row[head.index("编号")]: dict(zip(head, row, strict=True)) for row in rows[rows.index(head) + 1:]}
    assert set(found) == {"P7-03", "P7-56", "P9-01"}
    money = {name: value for name, value in found["P7-03"].items() if name and name.startswith(("计划资金：", "落实资金：", "支付资金："))}
    assert len(money) == 15 and 1234.5 in money.values() and 0 in money.values() and list(money.values()).count("未填") == 13
    assert (found["P7-03"]["计划资金已填类别"], found["P7-03"]["支付资金已填类别"]) == ("1/5", "0/5"), "a sum of one kind is no whole"
    taken = b"".join(open_as(works.guangdong).get("/oversight/projects?format=csv")).decode("utf-8-sig")
    assert "P7-03" in taken and "P7-56" not in taken


def test_somebody_elses_row_is_not_there_and_an_enterprise_finds_no_door(works: Works, open_as: Opens) -> None:
    works.planned()
    hubei = open_as(works.hubei)
    assert hubei.get(ONE).status_code == 404 and hubei.post(ONE, {"do": "set", "reason": "改"}).status_code == 404
    assert hubei.get("/oversight/projects/P7-99").status_code == 404
    client = open_as(an_enterprise_user())
    for address in ("projects", "projects/P7-03", "targets", "targets/T-06", "differences", "thresholds"):
        assert client.get(f"/oversight/{address}").status_code == 403, address
    assert ProjectRun.objects.get().version == 1


def test_a_project_by_its_forms_from_office_to_confirmed_quarter(works: Works, open_as: Opens) -> None:
    national, province = open_as(works.national), open_as(works.guangdong)
    form = {"do": "set", "owner": works.guangdong.organisation.code, "start": "2023-01-01", "finish": "2024-12-31", "started_on": "2023-01-05",
            "reason": "国家口岸办确定", "version": "0"}
    assert national.post(ONE, form).status_code == 302
    late = national.post(ONE, form)
    assert late.status_code == 409 and "他人已更改" in text(late)
    wrong = province.post(ONE, form | {"finish": "年底", "version": "1"})
    assert wrong.status_code == 422 and "请填写日期" in text(wrong)
    assert province.post(ONE, {"do": "milestone", "title": "初设批复", "planned_on": "2024-03-01", "version": "1"}).status_code == 302
    number = ProjectMilestone.objects.get().pk
    reach = {"do": "reach", "number": number, "new_day": "2024-03-01", "actual_on": "2024-04-01", "version": "2"}
    refused = province.post(ONE, reach)
    assert refused.status_code == 422 and "须附证明材料" in text(refused) and 'id="field-reached_file"' in text(refused)
    assert province.post(ONE, reach | {"file": SimpleUploadedFile("批复.pdf", PDF)}).status_code == 302
    assert "晚31天" in text(province.get(ONE))
    assert province.post(ONE, {"do": "money", "kind": "local", "planned": "1,200.50", "paid": "0", "version": "3"}).status_code == 302
    line = ProjectFunding.objects.get()
    assert (line.planned, line.arranged, line.paid) == (Decimal("1200.50"), None, Decimal(0))
    assert "1,200.50（5类中填了1类）" in text(province.get(ONE))
    assert "请填写数字" in text(province.post(ONE, {"do": "money", "kind": "local", "planned": "一千", "version": "4"}))
    report = {"do": "report", "quarter": "2024-Q1", "percent": "55", "done": "主体完工", "file": SimpleUploadedFile("照片.pdf", PDF)}
    assert "请填写整数" in text(province.post(ONE, report | {"percent": "五十"}))
    assert province.post(ONE, report | {"file": SimpleUploadedFile("照片.pdf", PDF)}).status_code == 302
    held = ProgressReport.objects.get()
    assert "待您确认" in text(open_as(works.other).get("/oversight/projects"))
    assert province.post(ONE, {"do": "confirm", "number": held.pk, "opinion": "属实"}).status_code == 403
    leader = open_as(works.other)
    task = text(leader.get(f"/matters/{held.matter_id}"))
    assert f'href="{ONE}"' in task and "55%" in task and "期限届满" not in task, "the system began it; no time was over"
    assert leader.post(ONE, {"do": "confirm", "number": held.pk, "opinion": ""}).status_code == 422
    assert leader.post(ONE, {"do": "confirm", "number": held.pk, "opinion": "属实"}).status_code == 302
    page = text(province.get(ONE))
    assert "55%（2024年第1季度）" in page and "逾期报告" in page and "属实" in page
    assert "匀速进度今天应为" in page
    assert province.post(ONE, {"do": "burn"}).status_code == 422


def test_evidence_goes_to_who_sees_the_row(works: Works, open_as: Opens) -> None:
    works.planned()
    report = works.report("2024-Q1", 40, proof=a_proof())
    place = f"{ONE}/reports/{report.pk}/{report.evidence.versions.get().pk}"
    assert b"".join(open_as(works.guangdong).get(place)) == PDF
    assert open_as(works.hubei).get(place).status_code == 404
    assert open_as(works.guangdong).get(f"{ONE}/milestones/{report.pk}/{report.evidence.versions.get().pk}").status_code == 404


def test_a_port_leads_to_its_projects_for_who_may_see_them(works: Works, open_as: Opens) -> None:
    port = Project.objects.get(project_id="P7-03").ports.get()
    assert f'href="{ONE}"' in text(open_as(works.guangdong).get(f"/ports/{port.code}"))
    keeper = text(open_as(a_port_reporter(port.code)).get(f"/ports/{port.code}"))
    assert "P7-03" in keeper and f'href="{ONE}"' not in keeper


def test_another_office_looks_and_enters_nothing(works: Works, open_as: Opens) -> None:
    works.planned(owner=works.ministry)
    client = open_as(works.guangdong)
    page = text(client.get(ONE))
    assert works.ministry.organisation.name_zh in page and 'value="set"' not in page and 'value="report"' not in page
    assert client.post(ONE, {"do": "set", "reason": "改", "version": "1"}).status_code == 403
    assert client.post(ONE, {"do": "report", "quarter": "2024-Q1", "percent": "1", "done": "无"}).status_code == 403
    assert 'value="report"' in text(open_as(works.ministry).get(ONE))


def test_targets_are_read_by_all_and_entered_by_the_nation(works: Works, open_as: Opens) -> None:
    national, province = open_as(works.national), open_as(works.guangdong)
    page = text(province.get("/oversight/targets"))
    assert page.count("/oversight/targets/T-") == 27 and "未报" in page and "没有区分约束性和预期性" in page
    form = {"year": "2023", "value": "10", "words": "", "source": "国家口岸办统计", "revision": "0"}
    assert province.post("/oversight/targets/T-06", form).status_code == 403
    assert 'data-draft="actual"' not in text(province.get("/oversight/targets/T-06?year=2023"))
    assert national.post("/oversight/targets/T-06", form | {"source": ""}).status_code == 422
    assert national.post("/oversight/targets/T-06", form | {"document": "nothing"}).status_code == 422
    assert national.post("/oversight/targets/T-06", form).status_code == 302
    assert national.post("/oversight/targets/T-06", form).status_code == 409
    assert 'name="correction"' in text(national.get("/oversight/targets/T-06?year=2023"))
    assert national.post("/oversight/targets/T-06", form | {"value": "9", "revision": "1", "correction": "漏计"}).status_code == 302
    assert [each.value for each in TargetActual.objects.all()] == [9, 10]
    assert "漏计" in text(province.get("/oversight/targets/T-06"))
    assert open_as(works.hubei).get("/oversight/targets/T-99").status_code == 404
    rows = json.dumps(json.loads(b"".join(province.get("/oversight/targets?format=json"))), ensure_ascii=False)
    assert "规划未标明" in rows and "国际枢纽航空口岸" in rows


def test_differences_and_thresholds(works: Works, open_as: Opens) -> None:
    page = text(open_as(works.hubei).get("/oversight/differences"))
    assert "A-21" in page and "武汉" in page and "/oversight/projects/P7-56" in page and "仅正文提到" in page
    assert "/oversight/projects/P7-56" not in text(open_as(works.guangdong).get("/oversight/differences"))
    national = open_as(works.national)
    assert text(national.get("/oversight/thresholds")).count("建议值</span>") == 3
    form = {"name": "linear_days", "count": "60", "from_day": "2024-05-06", "reason": "国家口岸办确定"}
    assert open_as(works.guangdong).post("/oversight/thresholds", form).status_code == 403
    assert national.post("/oversight/thresholds", form | {"from_day": "2024-05-05"}).status_code == 422
    assert national.post("/oversight/thresholds", form).status_code == 302 and Threshold.objects.get().count == 60
    assert text(national.get("/oversight/thresholds")).count("建议值</span>") == 2


def test_the_pages_speak_english(works: Works, open_as: Opens) -> None:
    works.planned()
    add_milestone(actor=works.guangdong, project="P7-03", title="批复", planned_on=DAY, version=1)
    client = open_as(works.national)
    client.cookies["kouan_language"] = "en"
    works.national.language = "en"
    works.national.save()
    for address, words in (("projects", "Board"), ("projects/P7-03", "Progress by quarter"), ("targets", "Targets of the plan"),
                           ("targets/T-06", "Year by year"), ("differences", "text and boxes differ"), ("thresholds", "Proposal")):
        assert words in text(client.get(f"/oversight/{address}")), address
