"""A clearance-time notice as a file for somebody, drawn from the frozen figures, with a trace in the trail."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from kouan.audit import record_event
from kouan.basis import Place, Refused
from kouan.casework.oversight.clearance_notices import MEDIA, WRITERS
from kouan.casework.oversight.notice_report import DRAFT, notice_report, province_name
from kouan.casework.oversight.queries import get_notice
from kouan.monitoring.studies.files import File


def notice_file(user: Any, number: int, form: str) -> File:
    """A notice as PDF or Word, within what somebody may see."""
    if form not in MEDIA:
        raise Refused.because("unknown_form", f"通报没有“{form[:16]}”格式。", f"There is no notice as “{form[:16]}”.", where=Place(field="form"),
                              measured=form[:16], required=", ".join(MEDIA), remedy=("请选用 pdf 或 docx。", "Use pdf or docx."))
    held = get_notice(user, number)
    content = WRITERS[form](notice_report(held.figures, labels=() if held.is_issued else (DRAFT,)))
    record_event("export", actor_id=getattr(user, "pk", None), payload={"report": f"clearance_notice/{number}", "format": form,
                                                                        "figures_sha256": held.figures_sha256})
    mark = "演练-" if settings.IS_EXERCISE else ""
    return File(f"{mark}{province_name(held.province).zh}-{held.month}-整体通关时间通报.{form}", MEDIA[form], content)
