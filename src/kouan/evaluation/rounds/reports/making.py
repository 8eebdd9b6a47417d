"""A report drawn for somebody: what they may read, in the form they asked for, with a trace of it in the trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kouan.audit import record_event
from kouan.basis import Finding, Place, Refused
from kouan.desk.papers.report import Report
from kouan.desk.papers.report_pdf import chart_face, report_pdf
from kouan.desk.papers.report_word import report_docx
from kouan.evaluation.rounds.models import Round
from kouan.evaluation.rounds.queries import get_round, scoring_in_force
from kouan.evaluation.rounds.replaying import in_memory
from kouan.evaluation.rounds.reports.port import OfRound, port_report
from kouan.evaluation.rounds.scorecard import scorecard

MEDIA = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
_WRITERS: Mapping[str, Callable[[Report], bytes]] = {"pdf": report_pdf, "docx": report_docx}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A file to be handed out."""

    file_name: str
    media_type: str
    content: bytes


def port_file(user: Any, year: int, port: str, form: str = "pdf") -> Drawn:
    """One port's report as PDF or Word, as its reader may read it.

    NotFound as `queries.result_of`; Refused for another form, for altered figures, and where no Chinese typeface is installed.
    """
    _known(form)
    held = get_round(user, year)
    card = scorecard(user, held, port)
    of = of_round(held)
    made = port_report(of, card, of.freeze.ports.get(code=port))
    return _drawn(user, held, form, _WRITERS[form](made), f"port/{port}", card.result.name.zh)


def of_round(held: Round) -> OfRound:
    """What all reports of the scoring in force share. NotFound while there is none."""
    scoring = scoring_in_force(held)
    return OfRound(held, scoring, scoring.freeze, in_memory(held).scheme, chart_face())


def _known(form: str) -> None:
    if form not in MEDIA:
        raise Refused([Finding.error(
            "unknown_form", f"报告没有“{form[:16]}”格式。", f"There is no report as “{form[:16]}”.", where=Place(field="format"),
            measured=form[:16], required=", ".join(MEDIA), remedy=("请选用 pdf 或 docx。", "Use pdf or docx."))])


def _drawn(user: Any, held: Round, form: str, content: bytes, about: str, name: str) -> Drawn:
    record_event("export", actor_id=getattr(user, "pk", None), payload={
        "report": about, "year": held.year, "format": form, "result_version": scoring_in_force(held).number})
    mark = "演练-" if held.is_exercise else ""
    return Drawn(f"{mark}{held.year}年度口岸综合绩效评估-{name}.{form}", MEDIA[form], content)
