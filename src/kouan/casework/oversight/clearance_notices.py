"""整体通关时间通报: drafted by the national office from the journal, carried to the province as a circular that a second person issues.

There is no machinery of its own: draft, four eyes, number, issue, receipt, recall and replacement are those of circulars.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from kouan.accounts.action import action, allows, refuse
from kouan.accounts.models import OrganisationKind
from kouan.basis import Finding, Place, Refused
from kouan.basis.codes import mainland_provinces
from kouan.casework.oversight.circulars import draft_circular, issue_circular
from kouan.casework.oversight.models import Circular, ClearanceNotice
from kouan.casework.oversight.notice_report import notice_report, summary_lines
from kouan.casework.oversight.queries import get_notice
from kouan.desk.actions import file_document
from kouan.desk.papers.report_pdf import report_pdf
from kouan.desk.papers.report_word import report_docx
from kouan.monitoring.clearance_month import month_figures
from kouan.monitoring.studies.frozen import digest

PROVINCES = {each.code: each for each in mainland_provinces}
CLOSING = "各口岸情况见附件。请核对数据，并就用时较长的环节组织改进。"
MEDIA = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
WRITERS = {"pdf": report_pdf, "docx": report_docx}


def draft_notice(*, actor: Any, province: str, month: str) -> ClearanceNotice:
    """Draft the notice of a province and month. The journal is read before the transaction of the writing begins."""
    if not allows(actor, "notices.draft"):
        raise refuse(actor, "notices.draft", "casework.oversight.clearance_notices.draft_notice")
    if province not in PROVINCES:
        raise Refused(Finding.error("unknown_province", f"没有代码为“{province[:8]}”的省份。", f"There is no province “{province[:8]}”.",
                                    where=Place(field="province"), remedy=("请从列表选择。", "Choose one from the list.")))
    return keep_notice(actor=actor, figures=month_figures(actor, province, month))


@action("notices.draft")
def keep_notice(*, actor: Any, figures: dict[str, Any]) -> ClearanceNotice:
    """Freeze the figures, file the notice as PDF and Word, and draft the circular that carries them.

    A notice of the same province and month that is in force is replaced when this one is issued.
    """
    province, month = figures["province"], figures["month"]
    title = f"关于{PROVINCES[province].zh}{int(month[:4])}年{int(month[5:])}月口岸整体通关时间的通报"
    former = ClearanceNotice.objects.filter(
        province=province, month=month, circular__state=Circular.State.ISSUED, circular__office=actor.organisation).first()
    made = notice_report(figures, labels=())
    papers = [
        file_document(actor=actor, kind="notice", title=f"{title}（{form.upper()}）", source=BytesIO(WRITERS[form](made)),
                      file_name=f"{title}.{form}", media_type=media) for form, media in MEDIA.items()
    ]  # fmt: skip
    circular = draft_circular(
        actor=actor, kind="circular", title=title, text="\n".join([*(line.zh for line in summary_lines(figures)), CLOSING]),
        kinds=[OrganisationKind.PROVINCIAL_OFFICE.value], provinces=[province], attachments=[each.reference for each in papers],
        replaces=former.circular_id if former else None)
    return ClearanceNotice.objects.create(province=province, month=month, figures=figures, figures_sha256=digest(figures), circular=circular,
                                          drafted_by_id=actor.pk)


def issue_notice(*, actor: Any, notice: int, number: str, issued_on: date, version: int | None = None) -> ClearanceNotice:
    """Issue a notice: its circular, by another person of the national office, where the figures are still what was drafted."""
    held = get_notice(actor, notice)
    if digest(held.figures) != held.figures_sha256:
        raise Refused(Finding.error("notice_altered", "通报的结果与其校验值不符，不能印发。", "The figures do not agree with their checksum.",
                                    where=Place(field="notice"),
                                    remedy=("请以审计核验查找改动，并重新起草。", "Verify the audit trail; draft it anew.")))
    issue_circular(actor=actor, circular=held.circular_id, number=number, issued_on=issued_on, version=version)
    return get_notice(actor, notice)
