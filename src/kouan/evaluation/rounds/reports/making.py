"""A report drawn for somebody: what they may read, in the form they asked for, with a trace of it in the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kouan.accounts.action import System, allows, refuse
from kouan.audit import record_event
from kouan.basis import Finding, Place, Refused
from kouan.desk.papers.report import Report
from kouan.desk.papers.report_pdf import chart_face, report_pdf
from kouan.desk.papers.report_word import report_docx
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import get_round, is_national, scoring_in_force
from kouan.evaluation.rounds.replaying import in_memory
from kouan.evaluation.rounds.reports.lines import of_province, port_lines
from kouan.evaluation.rounds.reports.nation import national_report
from kouan.evaluation.rounds.reports.port import OfRound, port_report
from kouan.evaluation.rounds.reports.province import province_report
from kouan.evaluation.rounds.reports.words import province_name
from kouan.evaluation.rounds.reports.workbook import port_workbook
from kouan.evaluation.rounds.reports.workbook_many import many_workbook
from kouan.evaluation.rounds.scorecard import scorecard

MEDIA = {
    "pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_WRITERS: Mapping[str, Callable[[Report], bytes]] = {"pdf": report_pdf, "docx": report_docx}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file to be handed out."""

    file_name: str
    media_type: str
    content: bytes


def port_file(user: Any, year: int, port: str, form: str = "pdf") -> Drawn:
    """One port's report as PDF, Word or a workbook, as its reader may read it.

    NotFound as `queries.result_of`; Refused for another form, for altered figures, and where no Chinese typeface is installed.
    """
    check_form(form)
    held = get_round(user, year)
    card = scorecard(user, held, port)
    of = of_round(held)
    if form == "xlsx":
        if not card.shows_decimals:
            raise Refused.because(
                "figures_not_open", "得分表在通报后开放，现在只能生成 PDF 或 Word 报告。",
                "The workbook opens with the notice; until then there is the report as PDF or Word.",
                remedy=("请选用 pdf 或 docx。", "Use pdf or docx."))
        content = port_workbook(of, card, in_memory(held))
    else:
        content = _WRITERS[form](port_report(of, card, of.freeze.ports.get(code=port)))
    return _drawn(user, held, form, content, f"port/{port}", card.result.name.zh)


def province_file(user: Any, year: int, province: str, form: str = "pdf") -> Drawn:
    """The circular of one province, for who may read the results of all its ports; NotFound to anybody else."""
    check_form(form)
    held = get_round(user, year)
    of = of_round(held)
    lines = of_province(user, held, of.freeze, in_memory(held), province)
    name = f"{province_name(province)}通报稿"
    content = (many_workbook(of, in_memory(held), lines, name) if form == "xlsx" else _WRITERS[form](province_report(of, province, lines)))
    return _drawn(user, held, form, content, f"province/{province}", name)


def national_file(user: Any, year: int, form: str = "pdf") -> Drawn:
    """The national report with places. Refused to whoever may not read ranks."""
    check_form(form)
    held = get_round(user, year)
    if not may_draw_national(user):
        raise refuse(user, "scores.read_ranks", "evaluation.report")
    of, result = of_round(held), in_memory(held)
    lines = port_lines(user, held, of.freeze, result)
    content = many_workbook(of, result, lines, "全国报告", with_places=True) if form == "xlsx" else _WRITERS[form](national_report(of, result, lines))
    return _drawn(user, held, form, content, "national", "全国报告")


def of_round(held: Round) -> OfRound:
    """What all reports of the scoring in force share. NotFound while there is none."""
    scoring = scoring_in_force(held)
    return OfRound(held, scoring, scoring.freeze, in_memory(held).scheme, chart_face())


def check_form(form: str) -> None:
    """Refused for a form that there is not."""
    if form not in MEDIA:
        raise Refused([Finding.error(
            "unknown_form", f"报告没有“{form[:16]}”格式。", f"There is no report as “{form[:16]}”.", where=Place(field="format"),
            measured=form[:16], required=", ".join(MEDIA), remedy=("请选用 pdf、docx 或 xlsx。", "Use pdf, docx or xlsx."))])


def _drawn(user: Any, held: Round, form: str, content: bytes, about: str, name: str) -> Drawn:
    record_event("export", actor_id=getattr(user, "pk", None), payload={
        "report": about, "year": held.year, "format": form, "result_version": scoring_in_force(held).number})
    return named(held, form, content, name)


def named(held: Round, form: str, content: bytes, name: str) -> Drawn:
    """A file with its name and type; the name of an exercise says so."""
    mark = "演练-" if held.is_exercise else ""
    return Drawn(f"{mark}{held.year}年度口岸综合绩效评估-{name}.{form}", MEDIA[form], content)


def may_draw_national(user: Any) -> bool:
    """Whether somebody may draw the national report, which holds places."""
    return is_national(user) and (isinstance(user, System) or allows(user, "scores.read_ranks"))
