"""A study as a file for somebody: PDF, Word or Excel, within what they may see, with a trace in the trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from kouan.audit import record_event
from kouan.basis import Place, Refused
from kouan.desk.papers.report_pdf import chart_face, report_pdf
from kouan.desk.papers.report_word import report_docx
from kouan.monitoring.studies.queries import compare_studies, get_study
from kouan.monitoring.studies.report import study_report
from kouan.monitoring.studies.workbook import study_workbook

MEDIA = {
    "pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to be handed out."""

    name: str
    media_type: str
    content: bytes


def study_file(user: Any, number: int, form: str, *, against: int | None = None) -> File:
    """A measured study as PDF, Word or Excel; ``against``: an earlier one to compare with (PDF and Word)."""
    if form not in MEDIA:
        raise Refused.because("unknown_form", f"报告没有“{form[:16]}”格式。", f"There is no report as “{form[:16]}”.", where=Place(field="form"),
                              measured=form[:16], required=", ".join(MEDIA), remedy=("请选用 pdf、docx 或 xlsx。", "Use pdf, docx or xlsx."))
    study = get_study(user, number)
    if study.figures is None:
        raise Refused.because("not_measured", "研究尚未计算，没有报告。", "The study has not been measured; there is no report.",
                              where=Place(field="study"), remedy=("请先计算。", "Measure it first."))
    if form == "xlsx":
        content = study_workbook(study)
    else:
        compared = compare_studies(user, against, number) if against is not None else None
        made = study_report(study, face=chart_face(), compared=compared)
        content = report_pdf(made) if form == "pdf" else report_docx(made)
    record_event("export", actor_id=getattr(user, "pk", None), payload={"report": f"time_study/{number}", "format": form,
                                                                        "figures_sha256": study.figures_sha256})
    mark = "演练-" if settings.IS_EXERCISE else ""
    return File(f"{mark}放行时间研究-{study.pk}-{study.title[:40]}.{form}", MEDIA[form], content)
