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
from typer.testing import CliRunner

from kouan.audit.models import AuditEntry
from kouan.basis import NotFound, clock
from kouan.cli import app
from kouan.evaluation.method.exercise import ports as exercise_ports
from kouan.evaluation.rounds.models import PortScore, Round
from kouan.evaluation.rounds.reports import port_file

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
            assert "演练：数据均为生成" in page and "建议稿：方案未经主管部门审定" in page and "未通报" in page
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
