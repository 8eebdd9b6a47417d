"""The reports of a round: what each reader finds in them at each stage, with the labels, and the traces that they leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader
from tests.accounts.factories import a_port_reporter, an_administrator, an_enterprise_user
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import FEW, YEAR, RoundOffice
from tests.evaluation.rounds.spreadsheet import Sheets
from typer.testing import CliRunner

from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, NotFound, clock
from kouan.cli import app
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import PortScore, Round
from kouan.evaluation.rounds.reports import (
    drawable_provinces,
    national_file,
    port_file,
    port_files,
    province_file,
)

DAY = date(2026, 2, 2)
PORT = "luohu-road"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exercise_ports, "NATIONAL", FEW)
    with clock.travel_to(DAY):
        yield


@pytest.fixture
def office(settings: Any) -> RoundOffice:
    settings.IS_EXERCISE = True
    made = RoundOffice()
    made.scored()
    return made


def pages_of(content: bytes) -> list[str]:
    return ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(content)).pages]


def words_of(content: bytes) -> str:
    return "".join(pages_of(content))


def words_in_word(content: bytes) -> str:
    book = Document(BytesIO(content))
    cells = [cell.text for grid in book.tables for row in grid.rows for cell in row.cells]
    return "\n".join([*(line.text for line in book.paragraphs), *cells])


def score_of(port: str = PORT) -> PortScore:
    return PortScore.objects.select_related("scoring__freeze", "port").get(port__code=port)


class TestPort:
    def test_it_holds_total_groups_indicators_versions_and_a_place_to_sign(self, office: RoundOffice) -> None:
        made = port_file(office.officer, YEAR, PORT)
        score = score_of()
        said = words_of(made.content)
        assert f"总分{score.total:.2f}分" in said
        for code, value in score.groups.items():
            assert code and (value is None or f"{value:.1f}" in said)
        # Every indicator of the port is named with its code.
        assert all(code in said for code in score.cells)
        assert score.scoring.result_digest in said and score.scoring.scheme_digest in said and score.scoring.freeze.data_digest in said
        assert "签发：" in said and "审核：" in said and "编制：" in said and "签发人" not in said
        assert made.file_name == f"演练-{YEAR}年度口岸综合绩效评估-{score.port.name_zh}.pdf" and made.media_type == "application/pdf"

    def test_every_page_bears_the_labels_and_its_number(self, office: RoundOffice) -> None:
        pages = pages_of(port_file(office.officer, YEAR, PORT).content)
        assert len(pages) >= 4
        for number, page in enumerate(pages, 1):
            assert "演练：数据均为生成" in page and "建议稿" in page and "未通报" in page
            assert f"第{number}页共{len(pages)}页" in page

    def test_word_says_what_the_pdf_says_and_can_be_edited(self, office: RoundOffice) -> None:
        made = port_file(office.officer, YEAR, PORT, "docx")
        book = Document(BytesIO(made.content))
        score = score_of()
        assert f"总分 {score.total:.2f} 分" in words_in_word(made.content)
        assert [line.text for line in book.paragraphs if line.style.name == "Heading 1"][:3] == ["一、评估结论", "二、十组指标", "三、五型口岸画像"]
        assert len(book.inline_shapes) >= 2 and "演练" in book.sections[0].header.paragraphs[0].text
        assert "NUMPAGES" in book.sections[0].footer._element.xml
        # A chart says in words what it shows.
        assert "同类中位数" in book.inline_shapes[0]._inline.docPr.get("descr")

    def test_a_province_finds_bands_before_the_notice_and_decimals_after_it(self, office: RoundOffice) -> None:
        with pytest.raises(NotFound):
            port_file(office.guangdong, YEAR, PORT)
        office.step("open_peer_view")
        score = score_of()
        before = words_of(port_file(office.guangdong, YEAR, PORT).content)
        band = next(each for each in Round.objects.get(year=YEAR).scheme_version.scheme().shape.bands if each.code == score.band)
        assert band.zh in before and "未通报" in before and "通报后开放" in before
        assert f"{score.total:.2f}" not in before and "同类中位数" not in before and "十组指标得分" not in before
        for cell in score.cells.values():
            assert cell["contribution"] == 0 or f"计入总分{cell['contribution']:.2f}" not in before
        office.from_peer_view_to_notice()
        after = words_of(port_file(office.guangdong, YEAR, PORT).content)
        assert f"总分{score.total:.2f}分" in after and "未通报" not in after and "名次" not in after

    def test_another_province_an_expert_and_an_enterprise_get_the_same_not_found(self, office: RoundOffice) -> None:
        office.on_to_notice()
        stranger = a_port_reporter("wuhan-water")
        for user in (office.hubei, stranger, office.expert, an_enterprise_user()):
            with pytest.raises(NotFound):
                port_file(user, YEAR, PORT)
        assert AuditEntry.objects.filter(note="out_of_scope", actor_id=office.hubei.pk, after__contains='"port_score"').exists()
        assert not AuditEntry.objects.filter(note="export").exists()

    def test_a_national_reader_without_ranks_reads_the_band_only(self, office: RoundOffice) -> None:
        said = words_of(port_file(an_administrator(organisation=office.officer.organisation), YEAR, PORT).content)
        assert f"{score_of().total:.2f}" not in said and "评估结论" in said

    def test_drawing_leaves_a_trace(self, office: RoundOffice) -> None:
        port_file(office.officer, YEAR, PORT)
        entry = AuditEntry.objects.get(note="export")
        assert entry.actor_id == office.officer.pk
        assert json.loads(entry.after or "") == {"report": f"port/{PORT}", "year": YEAR, "format": "pdf", "result_version": 1}

    def test_an_unknown_form_is_refused(self, office: RoundOffice) -> None:
        with refused("unknown_form"):
            port_file(office.officer, YEAR, PORT, "odt")

    def test_the_command_writes_the_file_within_the_scope_of_the_reader(self, office: RoundOffice, tmp_path: Path) -> None:
        to = tmp_path / "一个口岸.pdf"
        run = CliRunner().invoke(app, ["evaluation", "report", str(YEAR), "--port", PORT, "--out", str(to)])
        assert run.exit_code == 0, run.output
        assert to.read_bytes().startswith(b"%PDF")
        run = CliRunner().invoke(app, ["evaluation", "report", str(YEAR), "--port", PORT, "--out", str(tmp_path / "x.pdf"), "--as",
                                       office.guangdong.username])
        assert run.exit_code != 0 and not (tmp_path / "x.pdf").exists()


class TestWorkbook:
    def test_every_formula_gives_the_figure_on_record(self, office: RoundOffice) -> None:
        for score in PortScore.objects.select_related("port"):
            made = Sheets(port_file(office.officer, YEAR, score.port.code, "xlsx").content)
            lines = {made.value("结果", f"A{row}"): row for row in range(2, made.book["结果"].max_row + 1)}
            assert abs(made.value("结果", f"C{lines['total']}") - score.total) < 1e-6
            for code, value in {**score.groups, **score.five_types}.items():
                found = made.value("结果", f"C{lines[code]}") if code in lines else made.value("结果", f"C{2 + list(score.groups).index(code)}")
                assert found in (None, "") if value is None else abs(found - value) < 1e-6
            for row in range(2, made.book["指标"].max_row + 1):
                cell = score.cells[made.value("指标", f"B{row}")]
                assert abs(made.value("指标", f"P{row}") - cell["weight"]) < 1e-9 and abs(made.value("指标", f"Q{row}") - cell["contribution"]) < 1e-6
                assert made.value("指标", f"N{row}") == 0
            assert all(made.value("结果", f"E{row}") == 0 for row in lines.values())

    def test_a_changed_value_changes_the_total(self, office: RoundOffice) -> None:
        made = Sheets(port_file(office.officer, YEAR, PORT, "xlsx").content)
        row = next(row for row in range(2, made.book["指标"].max_row + 1)
                   if made.value("指标", f"F{row}") in ("N4", "N6") and 5 < made.value("指标", f"M{row}") < 95)
        made = Sheets(port_file(office.officer, YEAR, PORT, "xlsx").content)
        made.book["指标"][f"E{row}"] = 100.0
        assert made.value("结果", "C12") > score_of().total

    def test_it_opens_with_the_notice_and_text_is_no_formula(self, office: RoundOffice) -> None:
        office.step("open_peer_view")
        with refused("figures_not_open"):
            port_file(office.guangdong, YEAR, PORT, "xlsx")
        made = Sheets(port_file(office.officer, YEAR, PORT, "xlsx").content)
        assert not made.formulas("说明") and not made.formulas("数据") and "未通报" in made.book["结果"].oddHeader.center.text


class TestMany:
    def test_the_nation_has_places_and_only_who_may_read_them_draws_it(self, office: RoundOffice) -> None:
        said = words_of(national_file(office.officer, YEAR).content)
        assert "各同类组名次" in said and "两种方法的一致性" in said and "内部：含名次" in said and score_of().scoring.result_digest in said
        made = Sheets(national_file(office.officer, YEAR, "xlsx").content)
        heads = {made.value("结果", cell.coordinate): cell.column_letter for cell in made.book["结果"][1]}
        for row in range(2, made.book["结果"].max_row + 1):
            assert made.value("结果", f"{heads['差']}{row}") == 0
            assert made.value("结果", f"{heads['同类组名次（公式）']}{row}") == made.value("结果", f"{heads['同类组名次（登记）']}{row}")
        office.on_to_notice()
        for user in (office.guangdong, an_administrator(organisation=office.officer.organisation)):
            with pytest.raises(NotAllowed):
                national_file(user, YEAR)

    def test_a_circular_is_for_who_reads_every_port_of_the_province(self, office: RoundOffice) -> None:
        office.step("open_peer_view")
        before = words_of(province_file(office.guangdong, YEAR, "44").content)
        assert "广东省" in before and "代拟稿" in before and "上年档次" not in before and "进步明显" not in before
        office.from_peer_view_to_notice()
        after = words_of(province_file(office.guangdong, YEAR, "44").content)
        assert "上年档次" in after and f"{score_of().total:.2f}" not in after and "名次" not in after.replace("名次相关", "")
        heads = [cell.value for cell in Sheets(province_file(office.guangdong, YEAR, "44", "xlsx").content).book["结果"][1]]
        assert "总分（公式）" in heads and not any("名次" in head for head in heads)
        for user, code in ((office.hubei, "44"), (office.guangdong, "42"), (office.expert, "44"), (office.guangdong, "99")):
            with pytest.raises(NotFound):
                province_file(user, YEAR, code)
        assert drawable_provinces(office.guangdong, Round.objects.get(year=YEAR), score_of().scoring.freeze) == ["44"]

    def test_all_ports_in_one_go_are_those_that_one_may_read(self, office: RoundOffice) -> None:
        office.on_to_notice()
        made = list(port_files(office.guangdong, YEAR))
        assert [PORT in each.file_name for each in made] == [True] and f"总分{score_of().total:.2f}分" in words_of(made[0].content)
        assert AuditEntry.objects.filter(note="export", after__contains='"all_ports"').count() == 1
        with pytest.raises(NotFound):
            list(port_files(office.expert, YEAR))
