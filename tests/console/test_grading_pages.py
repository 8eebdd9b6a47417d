"""Pages of lists, grades and policy: why, what next, one click to a matter, and nothing of anybody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from tests.accounts.factories import an_auditor, an_enterprise_user
from tests.grading.worlds import TODAY, an_air_port, casework_procedures, settle
from tests.ports.factories import a_document, a_sea_port

from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.desk.matters.models import Matter
from kouan.grading.class_two import NewClassTwo, enter_class_two
from kouan.grading.grade_actions import NewScores, enter_policy, submit_scores
from kouan.grading.models import (
    ClassTwoPort,
    CriterionScores,
    GradeDecision,
    ListRecord,
    PolicyCell,
    StrategyMark,
)
from kouan.ports.models import LayoutEntry, LayoutLink, Port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.travel_to(TODAY):
        yield


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def a_file(name: str, said: str) -> BytesIO:
    file = BytesIO(said.encode())
    file.name = name
    return file


class TestLists:
    def test_the_watch_list_says_why_and_leads_on(self, officer: Any, open_as: Any) -> None:
        an_air_port("di-air", below=(2022, 2023), name_zh="低航空口岸")
        client = open_as(officer)
        page = client.get("/grading")
        assert page.status_code == 200 and "分级与准入退出" in words(page)
        assert "低航空口岸" in words(page) and "至2023年度至少连续2年" in words(page) and "限期整改" in words(page)
        entry = words(client.get("/grading/lists/watch/port:di-air?year=2023"))
        for said in ("稳妥有序推进口岸退出实施", "口岸名录", "明细与来源", "A-13", "连续三个完整年度", "阶梯如何判定"):
            assert said in entry, said
        assert "低航空口岸" not in words(client.get("/grading?year=2021")) and "1900" in words(client.get("/grading?year=1900"))
        assert client.get("/grading/lists/nothing").status_code == 404

    def test_every_list_opens_empty_and_says_who_should_act(self, officer: Any, open_as: Any) -> None:
        client = open_as(officer)
        for kind in ("watch", "closing", "unaccepted", "merge", "class-two"):
            assert client.get(f"/grading/lists/{kind}").status_code == 200
        assert "没有公开来源列出原二类口岸" in words(client.get("/grading/lists/class-two"))

    def test_exports_hold_what_the_page_may_show(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        an_air_port("yue-air", below=(2023,), province_code="44")
        an_air_port("lu-air", below=(2023,), province_code="37")
        said = open_as(guangdong).get("/grading?format=json").getvalue().decode()
        assert "yue-air" in said and "lu-air" not in said and "稳妥有序推进口岸退出实施" in said
        assert "lu-air" in open_as(officer).get("/grading?format=csv").getvalue().decode()

    def test_a_neighbour_finds_nothing_and_leaves_a_trace(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        an_air_port("lu-air", below=(2023,), province_code="37", name_zh="鲁航空口岸")
        client = open_as(guangdong)
        assert client.get("/grading/lists/watch/port:lu-air").status_code == client.get("/grading/lists/watch/port:no-air").status_code == 404
        assert client.post("/grading/lists/watch/port:lu-air", {"procedure": "withdrawal"}).status_code == 404
        assert client.get("/grading/grades/lu-air").status_code == 404 and "鲁航空口岸" not in words(client.get("/grading/grades"))
        open_as(officer).post("/grading/lists/watch")
        record = ListRecord.objects.get()
        assert "鲁航空口岸" not in words(client.get(f"/grading/records/{record.pk}"))
        assert client.get(f"/grading/records/{record.pk}/port:lu-air").status_code == 404
        assert AuditEntry.objects.filter(note="out_of_scope", actor_id=guangdong.pk).count() == 4

    def test_enterprises_are_shut_out_and_auditors_read(self, open_as: Any) -> None:
        trader, auditor = open_as(an_enterprise_user()), open_as(an_auditor())
        for address in ("/grading", "/grading/grades", "/grading/policy", "/grading/records", "/grading/class-two"):
            assert trader.get(address).status_code == 403 and auditor.get(address).status_code == 200
        assert auditor.post("/grading/lists/watch").status_code == 403 and not ListRecord.objects.exists()

    def test_recorded_frozen_and_made_again(self, officer: Any, open_as: Any) -> None:
        an_air_port("di-air", below=(2022, 2023), name_zh="低航空口岸")
        client = open_as(officer)
        assert client.post("/grading/lists/watch?year=2023").status_code == 302
        record = ListRecord.objects.get()
        page = client.get(f"/grading/records/{record.pk}?replay=1")
        assert "逐条重做，与登记的完全相同" in words(page) and "低航空口岸" in words(page)
        assert "已冻结" in words(client.get(f"/grading/records/{record.pk}/port:di-air"))
        again = client.post("/grading/lists/watch?year=2023", follow=True)
        assert "未另行登记" in words(again) and ListRecord.objects.count() == 1
        assert "预警名单" in words(client.get("/grading/records"))


class TestOpening:
    @pytest.fixture(autouse=True)
    def procedures(self, officer: Any) -> Iterator[None]:
        with casework_procedures():
            settle(officer, "withdrawal", "merge")
            yield

    def test_one_click_then_a_link_to_what_runs(self, officer: Any, open_as: Any) -> None:
        an_air_port("di-air", below=(2022, 2023), name_zh="低航空口岸")
        client = open_as(officer)
        assert 'formaction="/grading/lists/watch/port:di-air?year=2023"' in client.get("/grading").content.decode()
        answer = client.post("/grading/lists/watch/port:di-air?year=2023", {"procedure": "withdrawal"})
        matter = Matter.objects.get()
        assert answer.status_code == 302 and answer["Location"] == f"/matters/{matter.pk}"
        page = words(client.get(f"/matters/{matter.pk}"))
        assert "名单证据" in page and "至2023年度至少连续2年" in page
        assert "明细与来源" in words(client.get(f"/grading/cases/{matter.pk}"))
        assert f'href="/matters/{matter.pk}"' in client.get("/grading").content.decode()
        second = client.post("/grading/lists/watch/port:di-air?year=2023", {"procedure": "withdrawal"})
        assert second.status_code == 422 and "已有在办的办件" in words(second) and Matter.objects.count() == 1

    def test_of_a_set_the_port_is_chosen(self, officer: Any, open_as: Any) -> None:
        for code in ("a-water", "b-water"):
            a_sea_port(code, province_code="32", city_code="320500", city_name="苏州市")
        client = open_as(officer)
        refused = client.post("/grading/lists/merge/city:320500", {"procedure": "merge"})
        assert refused.status_code == 422 and 'id="field-port"' in refused.content.decode()
        assert client.post("/grading/lists/merge/city:320500", {"procedure": "merge", "port": "b-water"}).status_code == 302
        assert Matter.objects.get().port_code == "b-water"

    def test_the_evidence_of_a_matter_is_for_those_who_see_it(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        an_air_port("lu-air", below=(2023,), province_code="37")
        open_as(officer).post("/grading/lists/watch/port:lu-air", {"procedure": "withdrawal"})
        assert open_as(guangdong).get(f"/grading/cases/{Matter.objects.get().pk}").status_code == 404


class TestClassTwo:
    def test_a_sheet_fills_the_register(self, guangdong: Any, open_as: Any) -> None:
        client, paper = open_as(guangdong), a_document(is_public=True)
        wrong = client.post("/grading/class-two", {"document": paper.reference, "sheet": a_file("x.csv", "名称,运输方式,省份\n甲,飞船,广东\n")})
        assert wrong.status_code == 422 and "飞船" in words(wrong) and not ClassTwoPort.objects.exists()
        lacking = client.post("/grading/class-two", {"sheet": a_file("x.csv", "名称,运输方式,省份\n甲,公路,广东\n")})
        assert lacking.status_code == 422 and "依据文件" in words(lacking)
        done = client.post(
            "/grading/class-two", {"document": paper.reference, "sheet": a_file("x.csv", "名称,运输方式,省份\n甲,公路,广东\n")}, follow=True
        )
        assert "录入 1 个" in words(done) and ClassTwoPort.objects.get().name_zh == "甲"
        assert "还有" in words(client.get("/grading/lists/class-two"))
        assert client.get("/grading/class-two?format=xlsx").status_code == 200

    def test_others_of_the_register_are_not_there(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        enter_class_two(actor=officer, lines=[NewClassTwo("鲁甲", "road", "37")], document=a_document())
        client = open_as(guangdong)
        assert "鲁甲" not in words(client.get("/grading/class-two")) and client.get("/grading/lists/class-two/class-two:c2-37-001").status_code == 404


class TestGrades:
    @pytest.fixture(autouse=True)
    def port(self) -> None:
        an_air_port("jia-air", name_zh="甲航空口岸", province_code="44")

    def test_scores_then_a_decision_that_differs(self, officer: Any, open_as: Any) -> None:
        client, paper = open_as(officer), a_document(title="专家评审纪要")
        page = words(client.get("/grading/grades/jia-air"))
        assert "未定级" in page and "尚未提交得分" in page and "缺少" in page
        scores = {"deed": "scores", "year": "2023", "strategy": "85", "benefit": "8o", "reach": "90", "document": "专家评审纪要"}
        wrong = client.post("/grading/grades/jia-air", scores)
        assert wrong.status_code == 422 and 'id="wrong-benefit"' in wrong.content.decode()
        assert client.post("/grading/grades/jia-air", {**scores, "benefit": "80"}).status_code == 302
        assert CriterionScores.objects.get().document == paper
        decision = {"deed": "decide", "grade": "important", "valid_from": "2024-07-01", "reason": "统筹布局", "document": paper.reference}
        refused = client.post("/grading/grades/jia-air", decision)
        assert refused.status_code == 422 and "请填写决定人姓名" in words(refused) and "统筹布局" in refused.content.decode()
        assert client.post("/grading/grades/jia-air", {**decision, "override_by": "李四"}).status_code == 302
        page = words(client.get("/grading/grades/jia-air"))
        assert re.search("与建议不同，决定人：\\s*李四", page) and "建议为国际枢纽口岸" in page
        assert (GradeDecision.objects.get().is_override, client.get("/grading/grades?grade=important").status_code) == (True, 200)

    def test_the_port_page_and_list_show_the_grade(self, officer: Any, open_as: Any) -> None:
        client, paper = open_as(officer), a_document()
        assert "未定级" in words(client.get("/ports/jia-air"))
        client.post(
            "/grading/grades/jia-air",
            {"deed": "decide", "grade": "hub", "valid_from": "2024-01-01", "reason": "x", "document": paper.reference, "override_by": "李四"},
        )
        assert "国际枢纽口岸" in words(client.get("/ports/jia-air"))
        assert "甲航空口岸" in words(client.get("/ports?grade=hub")) and "甲航空口岸" not in words(client.get("/ports?grade=none"))
        assert "甲航空口岸" in words(client.get("/grading/grades?grade=hub")) and "甲航空口岸" not in words(
            client.get("/grading/grades?grade=regional")
        )
        assert "未定级" in words(client.get("/ports/jia-air?as_of=2023-01-01"))

    def test_the_lists_of_the_plan_stand_beside_the_proposal(self, officer: Any, open_as: Any) -> None:
        assert "没有名单点名这个口岸" in words(open_as(officer).get("/grading/grades/jia-air"))
        entry = LayoutEntry.objects.create(layout_id="x-1", box="专栏4", name_zh="甲", mode="air", hub_tier="regional_hub", quote="甲、乙")
        LayoutLink.objects.create(entry=entry, port=Port.objects.get(code="jia-air"), basis="同名")
        page = words(open_as(officer).get("/grading/grades/jia-air"))
        for said in ("航空口岸布局：区域枢纽", "甲、乙", "战略地位比较重要", "本系统建议", "只列在建议旁供参考"):
            assert said in page, said

    def test_a_strategy_mark_is_recorded_by_the_national_office_alone(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        client, paper = open_as(officer), a_document(title="关于战略标记的函")
        assert "未登记（不明）" in words(client.get("/grading/grades/jia-air")) and "未登记（不明）" in words(client.get("/ports/jia-air"))
        said = {"deed": "mark", "is_marked": "yes", "marked_from": "2024-01-01", "mark_reason": "按来文", "document": paper.reference}
        wrong = client.post("/grading/grades/jia-air", {**said, "mark_reason": "", "is_marked": ""})
        assert wrong.status_code == 422 and "请填写理由" in words(wrong) and "请选择有或无" in words(wrong)
        assert open_as(guangdong).post("/grading/grades/jia-air", said).status_code == 403 and not StrategyMark.objects.exists()
        assert client.post("/grading/grades/jia-air", said).status_code == 302
        for address in ("/grading/grades/jia-air", "/ports/jia-air"):
            assert "有战略标记" in words(client.get(address))
        assert "关于战略标记的函" in words(open_as(guangdong).get("/grading/grades/jia-air"))
        assert "登记标记" not in words(open_as(guangdong).get("/grading/grades/jia-air"))

    def test_scores_by_sheet(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        client, paper = open_as(officer), a_document()
        sheet = "口岸,年度,战略地位,经济社会效益,辐射带动作用\n甲航空口岸,2023,61,62,63\n"
        assert client.get("/grading/grades/scores").status_code == 200
        wrong = client.post("/grading/grades/scores", {"document": paper.reference, "sheet": a_file("x.csv", sheet.replace("63", "163"))})
        assert wrong.status_code == 422 and "163" in words(wrong) and not CriterionScores.objects.exists()
        assert "登记 1 项" in words(
            client.post("/grading/grades/scores", {"document": paper.reference, "sheet": a_file("x.csv", sheet)}, follow=True)
        )
        assert "建议为国家重要口岸" in words(client.get("/grading/grades"))
        assert open_as(guangdong).get("/grading/grades/scores").status_code == 403

    def test_a_province_reads_its_own_and_decides_nothing(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        submit_scores(actor=officer, lines=[NewScores("jia-air", 2023, Decimal(61), Decimal(61), Decimal(61))], document=a_document())
        client = open_as(guangdong)
        page = client.get("/grading/grades/jia-air")
        assert page.status_code == 200 and "决定等级" not in words(page)
        decision = {"deed": "decide", "grade": "hub", "valid_from": "2024-01-01", "reason": "x", "document": a_document(is_public=True).reference}
        assert client.post("/grading/grades/jia-air", decision).status_code == 403 and not GradeDecision.objects.exists()


class TestPolicy:
    def test_empty_cells_say_so_and_a_cell_is_entered(self, officer: Any, guangdong: Any, open_as: Any) -> None:
        client, paper = open_as(officer), a_document()
        assert words(client.get("/grading/policy")).count("未制定") >= 84
        cell = {
            "grade": "hub",
            "transport_class": "sea",
            "stage": "access",
            "text": "优先保障",
            "valid_from": "2024-07-01",
            "document": paper.reference,
        }
        assert client.post("/grading/policy", {**cell, "text": ""}).status_code == 422
        assert client.post("/grading/policy", cell).status_code == 302 and PolicyCell.objects.get().version == 1
        rows = "?grade=hub&class=sea"
        assert "优先保障" in words(client.get(f"/grading/policy{rows}&as_of=2024-07-01"))
        assert words(client.get(f"/grading/policy{rows}&as_of=2024-06-30")).count("优先保障") == 1  # among the versions only
        assert open_as(guangdong).post("/grading/policy", cell).status_code == 403

    def test_it_leaves_as_a_table(self, officer: Any, open_as: Any) -> None:
        enter_policy(
            actor=officer, grade="hub", transport_class="sea", stage="running", text="按月评估", valid_from=date(2024, 1, 1), document=a_document()
        )
        client = open_as(officer)
        assert "按月评估" in client.get("/grading/policy?format=csv").getvalue().decode()
        assert "按月评估" in client.get("/grading/policy?versions.format=json").getvalue().decode()
