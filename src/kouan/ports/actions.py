"""What may change in the register. Every change names its document; nothing recorded is edited.

Only the State Council opens and closes ports: ``open_port``, ``expand_port``, ``close_port`` and
``merge_ports`` ask for its reply (国务院批复). A change dated in the future is recorded today and
takes effect on its day, when ``refresh_register`` brings the columns up to date; queries with
``as_of=`` see it at once. Raising the version is the last write of each verb: ``meanwhile.py`` takes
what stands before it in the trail for what belongs to that version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models.functions import TruncDate

from kouan.accounts.action import System, action
from kouan.basis import Finding, Place, Refused, clock, codes, nearest
from kouan.desk.models import Document
from kouan.ports.checking import check_day, check_happened, check_reason, check_values, refuse_if, typed
from kouan.ports.loading import Loaded, write_seed
from kouan.ports.models import (
    ATTRIBUTES,
    Approval,
    CodeScheme,
    EventKind,
    LayoutEntry,
    LayoutLink,
    Port,
    PortChange,
    PortCode,
    PortEvent,
    PortStatus,
    RegisterLoad,
    TransportMode,
)
from kouan.ports.names import pinyin_of, unprintable
from kouan.ports.papers import ACCEPTANCE, document_of, paper_of, reply_of
from kouan.ports.recording import bring_up_to_date, locked, record, touch
from kouan.ports.seed import read_seed, seed_digest
from kouan.ports.standing import GONE, check_first_standing, check_reserved, check_status

CODE_LENGTH = 80
SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?P<mode>water|rail|road|air)")
# Schemes of basis.codes that check a code of ours.
CHECKED = {CodeScheme.UNLOCODE: "unlocode", CodeScheme.IATA: "iata", CodeScheme.CUSTOMS_2018: "customs_port"}

Paper = Document | str


@action("ports.change")
def load_register(*, actor: System) -> Loaded:
    """Load the bundled register. The same content twice changes nothing and costs milliseconds."""
    digest = seed_digest()
    last = RegisterLoad.objects.order_by("-id").values_list("digest", flat=True).first()
    if last == digest:
        return Loaded(digest)
    loaded = write_seed(read_seed(), actor)
    RegisterLoad.objects.create(digest=digest, counts=loaded.counts)
    return loaded


@action("ports.change")
def refresh_register(*, actor: Any, today: date | None = None) -> list[str]:
    """Let changes take effect whose day has come; answer the codes of the ports that changed.

    Run daily and at setup; running it again changes nothing.
    """
    day = today or clock.today()
    # Only changes that were recorded ahead of their day can be waiting.
    waiting = PortChange.objects.filter(valid_from__lte=day, valid_from__gt=TruncDate("recorded_at"))
    ports = Port.objects.filter(pk__in=waiting.values("port_id")).select_for_update()
    return [port.code for port in ports if bring_up_to_date(port, day)]


@action("ports.change")
def register_port(
    *, actor: Any, code: str, mode: str, document: Paper, valid_from: date | None = None, reason: str = "",
    **attributes: Any,
) -> Port:
    """Enter a port: one State Council approval and one mode (A-19). ``name_zh`` is required.

    A port that the plan names but that has no reply on record yet stays ``approval_unverified``.
    """
    paper = document_of(document)
    attributes = typed(attributes)
    findings = _check_new(code, mode, attributes) + check_day(valid_from, "valid_from") + check_reason(reason)
    refuse_if(findings)
    values = _completed(mode, attributes)
    refuse_if(check_values(mode, values, {}))
    refuse_if(check_first_standing(values, paper))
    # The columns hold today's state; a port registered ahead of its day shows as it will be.
    columns = {name: value for name, value in values.items() if name != "parent"}
    parent = Port.objects.filter(code=values["parent"]).first() if values.get("parent") else None
    port = Port.objects.create(code=code, mode=mode, parent=parent, **columns)
    for name in dict.fromkeys((port.short_name_zh, port.name_en)):
        if name and len(name) <= CODE_LENGTH:
            PortCode.objects.create(
                port=port, scheme=CodeScheme.NAME, code=name, names_place=True, valid_from=valid_from, document=paper
            )
    record(port, {name: values[name] for name in ATTRIBUTES if name in values}, paper, actor,
           valid_from=valid_from, reason=reason, always=True)
    return port


def _check_new(code: str, mode: str, attributes: Mapping[str, Any]) -> list[Finding]:
    findings = []
    match = SLUG.fullmatch(code or "")
    if mode not in TransportMode.values:
        findings.append(Finding.error(
            "unknown_mode", f"没有“{mode}”这种运输方式。", f"There is no mode “{mode}”.", where=Place(field="mode"),
            remedy=("可选：water、rail、road、air。", "Choose water, rail, road or air."),
        ))
    elif match is None or match["mode"] != mode or len(code) > 64:
        findings.append(Finding.error(
            "malformed_port_code", f"口岸代码“{code}”不符合“拼音-方式”的写法。",
            f"The code “{code}” is not of the form pinyin-mode.", where=Place(field="code"),
            remedy=(f"例如 luohu-{mode}；代码登记后不再改变。", f"For example luohu-{mode}; a code never changes."),
        ))
    elif Port.objects.filter(code=code).exists():
        findings.append(Finding.error(
            "port_exists", f"口岸“{code}”已登记。", f"The port “{code}” is already registered.",
            where=Place(field="code"), remedy=("请核对是否同一口岸；如需修改，请办理变更。", "Change that port instead."),
        ))
    name = attributes.get("name_zh")
    if not name or not isinstance(name, str) or unprintable(name):
        findings.append(Finding.error(
            "value_required", "请填写口岸名称。", "The Chinese name is required.", where=Place(field="name_zh"),
        ))
    elif found := Port.objects.filter(name_zh=name).first():
        findings.append(Finding.error(
            "port_name_taken", f"“{name}”已登记为 {found.code}。", f"“{name}” is registered as {found.code}.",
            where=Place(field="name_zh"), remedy=("一个批复、一种方式只登记一次。", "One approval and mode, one port."),
        ))
    return findings


def _completed(mode: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The given attributes with those that follow from them: short name, pinyin, class of rail and road."""
    values = dict(attributes)
    suffix = TransportMode(mode).label + "口岸"
    values.setdefault("short_name_zh", values["name_zh"].removesuffix(suffix).removesuffix("口岸") or values["name_zh"])
    spelt, initials = pinyin_of(values["short_name_zh"])
    values.setdefault("pinyin", spelt)
    values.setdefault("initials", initials)
    values.setdefault("status", PortStatus.UNKNOWN)
    values.setdefault("approval", Approval.UNVERIFIED)
    if mode in (TransportMode.RAIL, TransportMode.ROAD) and "transport_class" not in values:
        values["transport_class"] = mode
        values["class_basis"] = f"按运输方式：{TransportMode(mode).label}"
    return {name: str(value) if isinstance(value, PortStatus | Approval) else value for name, value in values.items()}


@action("ports.change")
def change_port(
    *, actor: Any, code: str, values: Mapping[str, Any], document: Paper, valid_from: date | None = None,
    reason: str = "", version: int | None = None,
) -> Port:
    """Change attributes of a port, by a document, from a day (empty: it always was so).

    What the State Council or an acceptance decides is not among them: approval, its day, the day of
    acceptance, opening, closing and merging have verbs of their own that ask for the right paper. The
    status itself may only be suspended and restored, or corrected while no reply stands behind it.
    ``version``: that of the port which the editor saw; somebody else's change since then is a Conflict.
    """
    paper = document_of(document)
    values = typed(values)
    port = locked(code, actor, version)
    refuse_if(check_day(valid_from, "valid_from") + check_reason(reason))
    refuse_if(check_values(port.mode, values, _columns(port)))
    refuse_if(check_reserved(values))
    if "status" in values:
        check_status(port, values["status"], paper, valid_from)
    if values.get("parent") == port.code:
        raise Refused.because("own_parent", "口岸不能以自身为上级。", "A port is not its own parent.",
                              where=Place(field="parent"))
    if "short_name_zh" in values and "pinyin" not in values:
        values["pinyin"], values["initials"] = pinyin_of(values["short_name_zh"])
    record(port, values, paper, actor, valid_from=valid_from, reason=reason)
    return port


def _columns(port: Port) -> dict[str, Any]:
    held = {name: getattr(port, name) for name in ATTRIBUTES if name != "parent"}
    return {**held, "parent": port.parent.code if port.parent else None}


# ---- what the State Council decides ----------------------------------------------------------------


@action("ports.change")
def record_approval(
    *, actor: Any, code: str, document: Paper, approved_on: date, reason: str = "", version: int | None = None,
) -> Port:
    """Enter the State Council's reply that approved the port (批准): it may be built, not yet opened."""
    paper = reply_of(document, "批准开放", "An approval")
    port = locked(code, actor, version)
    refuse_if(check_happened(approved_on, "approved_on") + check_reason(reason))
    values = {"approval": Approval.STATE_COUNCIL.value, "approved_on": approved_on}
    if port.status in (PortStatus.PLANNED, PortStatus.UNKNOWN):
        values["status"] = PortStatus.APPROVED.value
    record(port, values, paper, actor, valid_from=approved_on, reason=reason)
    return port


@action("ports.change")
def record_acceptance(
    *, actor: Any, code: str, document: Paper, accepted_on: date, reason: str = "", version: int | None = None,
) -> Port:
    """Enter the day on which the port passed acceptance (验收): the volume standard counts from it."""
    paper = paper_of(document, ACCEPTANCE, "通过验收", "Acceptance", code="acceptance_paper_required")
    port = locked(code, actor, version)
    refuse_if(check_happened(accepted_on, "accepted_on") + check_reason(reason) + _not_gone(port))
    _event(port, EventKind.ACCEPTANCE, accepted_on, paper, actor, reason)
    if not record(port, {"accepted_on": accepted_on}, paper, actor, valid_from=accepted_on, reason=reason):
        touch(port)  # a further paper for the day that is on record: an event all the same
    return port


@action("ports.change")
def open_port(
    *, actor: Any, code: str, document: Paper, opened_on: date, reason: str = "", version: int | None = None,
) -> Port:
    """Open a port by a reply of the State Council (新增开放); ``opened_on`` may lie ahead."""
    paper = reply_of(document, "口岸开放", "An opening")
    port = locked(code, actor, version)
    refuse_if(check_day(opened_on, "opened_on") + check_reason(reason) + _not_gone(port))
    if port.events.filter(kind=EventKind.OPENING).exists():
        raise _already(port, "开放", "opened", EventKind.OPENING)
    values: dict[str, Any] = {"status": PortStatus.OPEN.value, "approval": Approval.STATE_COUNCIL.value}
    if port.approved_on is None and paper.issued_on:
        values["approved_on"] = paper.issued_on
    _event(port, EventKind.OPENING, opened_on, paper, actor, reason)
    record(port, values, paper, actor, valid_from=opened_on, reason=reason, always=True)
    return port


@action("ports.change")
def expand_port(
    *, actor: Any, code: str, document: Paper, expanded_on: date, reason: str = "", version: int | None = None,
) -> PortEvent:
    """Enter an expanded opening (扩大开放) of a port that is there already."""
    paper = reply_of(document, "扩大开放", "An expanded opening")
    port = locked(code, actor, version)
    refuse_if(check_day(expanded_on, "expanded_on") + check_reason(reason) + _not_gone(port))
    event = _event(port, EventKind.EXPANSION, expanded_on, paper, actor, reason)
    touch(port)
    return event


@action("ports.change")
def close_port(
    *, actor: Any, code: str, document: Paper, closed_on: date, reason: str = "", version: int | None = None,
) -> Port:
    """Close a port by a reply of the State Council (关闭): it leaves the open count and keeps its history."""
    paper = reply_of(document, "口岸关闭", "A closure")
    port = locked(code, actor, version)
    refuse_if(check_day(closed_on, "closed_on") + check_reason(reason) + _not_gone(port))
    _event(port, EventKind.CLOSURE, closed_on, paper, actor, reason)
    record(port, {"status": PortStatus.CLOSED.value}, paper, actor, valid_from=closed_on, reason=reason, always=True)
    return port


@action("ports.change")
def merge_ports(
    *, actor: Any, codes_merged: Sequence[str], into: str, document: Paper, merged_on: date, reason: str = "",
    versions: Mapping[str, int] | None = None,
) -> Port:
    """Merge ports of one mode into another (优化整合): they keep their history and name their successor.

    ``versions``: by code, those that the editor saw; a port that is not named in it is not compared.
    """
    paper = reply_of(document, "口岸整合", "A merger")
    seen = versions or {}
    target = locked(into, actor, seen.get(into))
    refuse_if(check_day(merged_on, "merged_on") + check_reason(reason) + _not_gone(target))
    if into in codes_merged or not codes_merged:
        raise Refused.because(
            "merge_into_itself", "请指明被整合的口岸，且不能与整合后的口岸相同。",
            "Name the ports that are merged; the port they go into is another.", where=Place(field="codes_merged"),
        )
    # In the order of their codes, so that two mergers at once cannot lock each other out.
    for code in sorted(set(codes_merged)):
        port = locked(code, actor, seen.get(code))
        findings = _not_gone(port)
        if port.mode != target.mode:
            findings.append(Finding.error(
                "other_mode", f"{port.name_zh}与{target.name_zh}运输方式不同，不能整合。",
                f"{port.code} and {target.code} differ in mode and cannot be merged.",
                where=Place(field="codes_merged"),
            ))
        refuse_if(findings)
        _event(port, EventKind.MERGER, merged_on, paper, actor, reason, into=target)
        record(port, {"status": PortStatus.MERGED.value}, paper, actor, valid_from=merged_on, reason=reason, always=True)
    touch(target)
    return target


def _event(
    port: Port, kind: EventKind, day: date, paper: Document, actor: Any, reason: str, into: Port | None = None,
) -> PortEvent:
    event, made = PortEvent.objects.get_or_create(
        port=port, kind=kind, happened_on=day, document=paper,
        defaults={"into": into, "reason": reason, "actor_id_recorded": None if isinstance(actor, System) else actor.pk},
    )
    if not made:
        raise _already(port, EventKind(kind).label, str(kind), kind)
    return event


def _already(port: Port, zh: str, en: str, kind: EventKind) -> Refused:
    event = port.events.filter(kind=kind).first()
    on = event.happened_on if event else ""
    return Refused.because(
        "already_recorded", f"{port.name_zh}的“{zh}”已登记（{on}，{event.document.title if event else ''}）。",
        f"{port.code}: “{en}” is already on record ({on}).", where=Place(field="code"),
    )


def day_missing(field: str) -> Refused:
    """The refusal of a decision that does not say from which day it holds."""
    return Refused.because("date_required", "请填写日期。", "Give the day.", where=Place(field=field))


def _not_gone(port: Port) -> list[Finding]:
    if port.status not in GONE:
        return []
    return [Finding.error(
        "port_gone", f"{port.name_zh}{PortStatus(port.status).label}，不能再办理此事项。",
        f"{port.code} is {port.status}; this can no longer be done.", where=Place(field="code"),
    )]


# ---- codes and layout ------------------------------------------------------------------------------


@action("ports.change")
def add_code(
    *, actor: Any, port: str, scheme: str, code: str, document: Paper, names_place: bool = False,
    valid_from: date | None = None, version: int | None = None,
) -> PortCode:
    """Give a port a code of some scheme, or another name. A port-level code names one port at a time."""
    paper = document_of(document)
    holder = locked(port, actor, version)
    code = code.strip()
    refuse_if(_check_code(scheme, code) + check_day(valid_from, "valid_from"))
    rivals = PortCode.objects.filter(scheme=scheme, code=code).select_related("port")
    for rival in rivals:
        same = rival.port_id == holder.pk
        if not _overlaps(rival, valid_from) or not (same or not (names_place and rival.names_place)):
            continue
        dates = f"{rival.valid_from or '最早'} 至 {rival.valid_to or '今'}"
        raise Refused.because(
            "code_clash", f"代码 {code} 已用于{rival.port.name_zh}（{rival.port.code}，{dates}）。",
            f"The code {code} names {rival.port.code} ({rival.valid_from or '…'} to {rival.valid_to or 'now'}).",
            where=Place(field="code"),
            remedy=("请先停用原代码，或核对是否录入有误。", "Retire it there first, or check what was entered."),
        )
    made = PortCode.objects.create(
        port=holder, scheme=scheme, code=code, names_place=names_place, valid_from=valid_from, document=paper
    )
    touch(holder)
    return made


def _check_code(scheme: str, code: str) -> list[Finding]:
    if scheme not in CodeScheme.values:
        listed = "、".join(CodeScheme.values)
        return [Finding.error(
            "unknown_scheme", f"没有“{scheme}”这种代码体系。", f"There is no code scheme “{scheme}”.",
            where=Place(field="scheme"), remedy=(f"可选：{listed}。", f"Choose one of {listed}."),
        )]
    if not code or len(code) > CODE_LENGTH or unprintable(code):
        return [Finding.error("value_required", f"请填写代码（不超过{CODE_LENGTH}个字符）。", f"Give the code (at most {CODE_LENGTH} characters).",
                              where=Place(field="code"))]
    finding = codes.check(CHECKED[CodeScheme(scheme)], code) if scheme in CHECKED else None
    return [finding.at(field="code")] if finding and finding.is_error else []


def _overlaps(rival: PortCode, valid_from: date | None) -> bool:
    """Whether a code given from a day on would meet the rival's use; ``valid_to`` is its first day out of use."""
    return rival.valid_to is None or valid_from is None or valid_from < rival.valid_to


@action("ports.change")
def retire_code(
    *, actor: Any, port: str, scheme: str, code: str, valid_to: date, document: Paper, version: int | None = None,
) -> PortCode:
    """End the use of a code: ``valid_to`` is the first day on which it no longer names the port."""
    document_of(document)
    holder = locked(port, actor, version)
    found = holder.codes.filter(scheme=scheme, code=code, valid_to=None).first()
    if found is None:
        near = nearest(code, holder.codes.values_list("code", flat=True))
        raise Refused.because(
            "unknown_code", f"{holder.name_zh}没有在用的代码 {code}。", f"{holder.code} has no code {code} in use.",
            where=Place(field="code"),
            remedy=(f"现有：{'、'.join(near)}。", f"It has {', '.join(near)}.") if near else None,
        )
    refuse_if(check_day(valid_to, "valid_to"))
    if found.valid_from and valid_to <= found.valid_from:
        raise Refused.because(
            "dates_reversed", f"停用日期 {valid_to} 不晚于启用日期 {found.valid_from}。",
            f"The code ends on {valid_to}, not after it began on {found.valid_from}.", where=Place(field="valid_to"),
        )
    found.valid_to = valid_to
    found.save(update_fields=["valid_to"])
    touch(holder)
    return found


@action("ports.change")
def link_layout(
    *, actor: Any, layout_id: str, port: str, basis: str, document: Paper | None = None, why_no_document: str = "",
    version: int | None = None,
) -> LayoutLink:
    """Say that a port stands behind a row of the layout; ``basis`` says why. Rows and ports are many to many.

    The basis names its document, or ``why_no_document`` says why there is none (a name that is the same
    in the plan and in the register needs no paper, but somebody must have said so).
    """
    paper = document_of(document) if document or not why_no_document.strip() else None
    entry = LayoutEntry.objects.filter(layout_id=layout_id).first()
    if entry is None:
        near = nearest(layout_id, LayoutEntry.objects.values_list("layout_id", flat=True))
        raise Refused.because(
            "unknown_layout_entry", f"没有布局条目“{layout_id}”。", f"There is no layout entry “{layout_id}”.",
            where=Place(field="layout_id"),
            remedy=(f"相近的有：{'、'.join(near)}。", f"Near it: {', '.join(near)}.") if near else None,
        )
    for field, said in (("basis", basis), ("why_no_document", why_no_document)):
        if len(said) > 200 or unprintable(said):
            raise Refused.because("bad_text", "不能超过200个字符，也不能含控制字符。",
                                  "At most 200 characters and no control characters.", where=Place(field=field))
    if not basis.strip():
        raise Refused.because("value_required", "请写明依据。", "Give the basis.", where=Place(field="basis"))
    holder = locked(port, actor, version)
    if holder.mode != entry.mode:
        raise Refused.because(
            "other_mode", f"{entry.name_zh}（{entry.layout_id}）与{holder.name_zh}运输方式不同。",
            f"{entry.layout_id} and {holder.code} differ in mode.", where=Place(field="port"),
        )
    link, made = LayoutLink.objects.get_or_create(entry=entry, port=holder, defaults={
        "basis": basis.strip(), "document": paper, "why_no_document": "" if paper else why_no_document.strip()})
    if made:
        touch(holder)
    return link


__all__ = [
    "add_code", "change_port", "close_port", "day_missing", "expand_port", "link_layout", "load_register",
    "merge_ports", "open_port", "record_acceptance", "record_approval", "refresh_register", "register_port",
    "retire_code",
]
