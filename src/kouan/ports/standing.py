"""How a port stands, and who decides it: approval, opening and closing are not attributes like others.

Only the State Council opens and closes ports (DESIGN.md, "Who decides"), and an acceptance has its own
paper. ``change_port`` and ``register_port`` therefore leave these to their verbs. What is left to them is
the suspension of a port and its end (暂停、恢复), and a correction where no reply stands on record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from kouan.basis import Finding, Place, Refused, clock
from kouan.desk.models import Document, DocumentKind
from kouan.ports import papers
from kouan.ports.folding import fold
from kouan.ports.models import Approval, EventKind, Port, PortStatus
from kouan.ports.recording import changes_of

GONE = (PortStatus.CLOSED, PortStatus.MERGED)
# An attribute that has a verb of its own: (what to do, its name in Chinese, the verb).
RESERVED: Mapping[str, tuple[str, str]] = {
    "approval": ("登记批复", "record_approval"),
    "approved_on": ("登记批复", "record_approval"),
    "accepted_on": ("登记验收", "record_acceptance"),
}
VERB_OF: Mapping[str, tuple[str, str]] = {
    PortStatus.APPROVED: ("登记批复", "record_approval"),
    PortStatus.OPEN: ("新增开放", "open_port"),
    PortStatus.CLOSED: ("关闭", "close_port"),
    PortStatus.MERGED: ("优化整合", "merge_ports"),
}
# What change_port may make of a status, from which, and on which papers.
STEPS: Mapping[str, tuple[Collection[str], Collection[DocumentKind]]] = {
    PortStatus.SUSPENDED: ((PortStatus.OPEN, PortStatus.UNKNOWN), papers.SUSPENSION),
    PortStatus.OPEN: ((PortStatus.SUSPENDED,), papers.SUSPENSION),
    PortStatus.PLANNED: ((PortStatus.UNKNOWN,), papers.PLANNING),
    PortStatus.UNKNOWN: ((PortStatus.OPEN, PortStatus.PLANNED, PortStatus.SUSPENDED), papers.CORRECTION),
}


def check_reserved(values: Mapping[str, Any]) -> list[Finding]:
    """What of these attributes is for a verb of its own."""
    return [_needs_its_verb(name, *RESERVED[name]) for name in values if name in RESERVED]


def check_first_standing(values: Mapping[str, Any], paper: Document) -> list[Finding]:
    """A port enters the register as planned or unknown, and without the State Council's approval."""
    findings = [_needs_its_verb(name, *RESERVED[name]) for name in ("approved_on", "accepted_on") if values.get(name)]
    if values.get("approval") == Approval.STATE_COUNCIL:
        findings.append(_needs_its_verb("approval", *RESERVED["approval"]))
    if values.get("approval") == Approval.PLAN_LISTED and paper.kind != DocumentKind.PLAN:
        findings.append(Finding.error(
            "plan_required", f"“列入规划布局”须以规划为依据，“{paper.title}”不是规划。",
            f"That a port is listed in a plan rests on the plan; “{paper.title}” is none.", where=Place(field="document"),
        ))
    status = values.get("status")
    if status not in (None, PortStatus.UNKNOWN, PortStatus.PLANNED):
        findings.append(_needs_its_verb("status", *VERB_OF.get(status, ("暂停", "change_port"))))
    return findings


def check_status(port: Port, status: str, paper: Document, valid_from: date | None) -> None:
    """Refuse a status that ``change_port`` may not set, not from here, not on this paper, or without its day."""
    held = fold(changes_of(port), valid_from or clock.today()).get("status")
    before = held.value if held else PortStatus.UNKNOWN
    if status == before and port.status not in GONE:
        return
    if status not in STEPS or port.status in GONE or before in GONE:
        raise Refused(_needs_its_verb("status", *VERB_OF.get(status, VERB_OF[PortStatus.OPEN])))
    sources, kinds = STEPS[status]
    if before not in sources or (status == PortStatus.OPEN and not _was_open(port)) or (
        status == PortStatus.UNKNOWN and _was_opened_by_reply(port)
    ):
        if status in VERB_OF:
            raise Refused(_needs_its_verb("status", *VERB_OF[status]))
        raise Refused.because(
            "status_step", f"运行状态不能由“{PortStatus(before).label}”改为“{PortStatus(status).label}”。",
            f"The status cannot go from {before} to {status}.", where=Place(field="status"), measured=before, required=status,
            remedy=("请核对生效日期当日的状态；开放、关闭、整合请按批复办理。",
                    "Check how the port stood on that day; opening, closing and merging follow a reply."),
        )
    papers.paper_of(paper, kinds, f"运行状态改为“{PortStatus(status).label}”", f"The status {status}")
    if status in (PortStatus.SUSPENDED, PortStatus.OPEN) and valid_from is None:
        raise Refused.because(
            "date_required", "暂停和恢复须填写自何日起。", "A suspension and its end need the day from which they hold.",
            where=Place(field="valid_from"),
        )


def _was_open(port: Port) -> bool:
    return port.changes.filter(attribute="status", value=PortStatus.OPEN.value).exists()


def _was_opened_by_reply(port: Port) -> bool:
    return port.events.filter(kind=EventKind.OPENING).exists()


def _needs_its_verb(field: str, zh: str, verb: str) -> Finding:
    return Finding.error(
        "needs_its_verb", f"此项不能直接修改，须办理“{zh}”，以相应文件为依据。",
        f"This cannot be set directly; use {verb}, which asks for the right paper.", where=Place(field=field),
        remedy=(f"请办理“{zh}”。", f"Use {verb}."),
    )
