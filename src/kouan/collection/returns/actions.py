"""Verbs of returns: typed, filed, reviewed, revised; the calendar set, calls opened, extensions, items that do not apply.

Every filing is one transaction: version, canonical file, matter and step are there together or not at all. Of two people who write the
same return the second is told (``Conflict``), whatever the door: pages and programs say which ``version`` they saw, a workbook how many
filings there were when it was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import System, acting_system, action
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.audit import record_event
from kouan.basis import (
    Conflict,
    Finding,
    NotAllowed,
    NotFound,
    Period,
    Place,
    Refused,
    SubjectRef,
    clock,
    numbers,
)
from kouan.collection.cells import word_of
from kouan.collection.returns import calendar, forms
from kouan.collection.returns.cells import Cell, Filled
from kouan.collection.returns.checks import Checked, check
from kouan.collection.returns.effects import filing
from kouan.collection.returns.forms import Form
from kouan.collection.returns.history import exempted, history
from kouan.collection.returns.models import (
    FILED,
    Return,
    ReturnCall,
    ReturnState,
    ReturnVersion,
)
from kouan.collection.returns.offices import FILERS, Offices
from kouan.collection.returns.reading import ReadSheet
from kouan.collection.returns.template import Sheet, write_book
from kouan.collection.subjects import Directory
from kouan.collection.visibility import scope_for
from kouan.desk.actions import refuse_secrets, store_version
from kouan.desk.matters.actions import Concerns, carry_step, open_matter, take_step
from kouan.desk.matters.models import Matter
from kouan.desk.matters.parties import people_of
from kouan.desk.models import Document, DocumentKind, DocumentVersion
from kouan.ports.models import Port, PortStatus

REVIEW = "return_review"
NOT_REPORTING = (PortStatus.PLANNED, PortStatus.CLOSED, PortStatus.MERGED)


@dataclass(slots=True)
class Filing:
    """What became of one filing. ``is_repeated``: the same content again, nothing changed. ``findings``: warnings with their reasons."""

    held: Return
    version: ReturnVersion
    findings: list[Finding]
    is_repeated: bool = False


def reporting_ports(rows: Any = None) -> Any:
    """The ports that report: neither groups, nor planned, closed or merged ones."""
    rows = Port.objects.all() if rows is None else rows
    return rows.filter(is_group=False).exclude(status__in=NOT_REPORTING)


# ---- finding one's return ----------------------------------------------------------------------------------


def get_return(actor: Any, number: int) -> Return:
    """A return in scope; NotFound says the same whether it is unknown or somebody else's, and the asking leaves a trace."""
    found = Return.objects.visible_to(actor).filter(pk=number).select_related("port", "organisation", "call", "matter").first()
    if found is not None:
        return found
    if Return.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(actor, "pk", None), payload={"kind": "return", "id": number})
    raise _no_return(str(number))


def _no_return(said: str) -> NotFound:
    return NotFound([Finding.error(
        "unknown_return", f"没有这张报表（{said}），或不在您的范围内。", f"There is no such return ({said}), or it is not in your scope.",
        where=Place(field="return"), remedy=("请从“报送”页面进入。", "Start from the page 报送."))])


@action("returns.file")
def owed(*, actor: Any, form: str, port: str, period: str) -> Return:
    """The return of a form, port and period that the actor may see; its row is made where the calendar has not yet. Raises NotFound
    for a port out of scope, Refused for a period that has not ended."""
    code = port_in_scope(actor, port)
    asked = forms.get(form)
    when = forms.period_of(asked, period)
    found = forms.get(form, when.end)
    held = Return.objects.filter(form=found.code, port=code, period_start=when.start, period_end=when.end).first()
    if held is None:
        refuse_unowed(found, code, when)
        try:
            with transaction.atomic():
                held = new_return(found, code, when, Offices(), calendar.days_for(found.cadence, when))
                held.save()
        except IntegrityError:  # made by another at the same moment
            held = Return.objects.get(form=found.code, port=code, period_start=when.start, period_end=when.end)
    return get_return(actor, held.pk)


def port_in_scope(actor: Any, said: str) -> Port:
    """A port by any of its names, in scope; NotFound for any other, and a trace for one out of scope."""
    # By its own code at once: a workbook of a province names two hundred, and reading the directory for each takes seconds.
    scope = scope_for(actor)
    direct = (Port.objects.all() if scope.everything else Port.objects.visible_to(actor)).filter(code=said).first()
    if direct is not None:
        return direct
    answer = Directory.load(actor, {"port"}).port(said)
    if answer.is_foreign:
        record_event("out_of_scope", actor_id=getattr(actor, "pk", None), payload={"kind": "port", "id": said[:64]})
    if answer.subject is None:
        raise NotFound([each.at(Place(field="port")) for each in answer.findings])
    return Port.objects.get(code=answer.subject.code)


def refuse_unowed(form: Form, port: Port, period: Period) -> None:
    """Refused for a period that has not ended, and for a port that does not file the form."""
    if period.end >= clock.today():
        raise Refused.because(
            "future_period", f"{period.label('zh')}尚未结束，不能报送。", f"{period.label('en')} has not ended yet.", where=Place(field="period"),
            measured=period.code, required=f"≤ {forms.latest_period(form.cadence).code}", remedy=("请在期末之后报送。", "File it once it has ended."))
    if port.is_group or port.status in NOT_REPORTING or not form.items_for(port):
        raise Refused.because("not_owed", f"“{port.name_zh}”不报送“{form.name.zh}”。", f"{port.code} does not file {form.code}.",
                              where=Place(field="port"), measured=port.code, remedy=("请核对表号和口岸。", "Check form and port."))


def new_return(form: Form, port: Port, period: Period, offices: Offices, days: calendar.Days | None) -> Return:
    """The row of a return that is owed, not yet saved."""
    return Return(
        form=form.code, form_version=form.version, port=port, cadence=form.cadence, period_start=period.start, period_end=period.end,
        organisation=offices.owing(form.body, port), due_on=days.due_on if days else None, freeze_on=days.freeze_on if days else None)


def may_file(actor: Any, held: Return, offices: Offices | None = None) -> bool:
    """Whether somebody may fill in and file a return: its office; before it was first filed also the office above the port; the national
    office where nobody else can."""
    office = getattr(actor, "organisation", None)
    if office is None or held.state == ReturnState.NOT_APPLICABLE:
        return False
    owner = held.organisation if held.matter_id is None else _filer_of(held)
    if office.pk == owner.pk:
        return True
    if office.kind == OrganisationKind.NATIONAL_OFFICE:
        return not people_of(owner, FILERS).exists()
    if held.matter_id is not None:
        return False
    return (offices or Offices()).province_of(held.port).pk == office.pk


def _filer_of(held: Return) -> Organisation:
    matter = held.matter
    return matter.applicant if matter is not None else held.organisation


def refuse_stranger(actor: Any, held: Return) -> None:
    """NotAllowed, with a trace, for somebody who may not file a return."""
    if not may_file(actor, held):
        record_event("refused", actor_id=actor.pk, payload={"permission": "returns.file", "return": held.pk})
        raise NotAllowed.because(
            "not_your_return", f"本表由“{_filer_of(held).name_zh}”填报，本次尝试已留痕。", f"This return is filed by {_filer_of(held).name.en}.",
            remedy=("请由该单位填报；审核中发现问题的，请退回改正。", "Let that office file it; a reviewer returns it for correction."))


def _locked(actor: Any, number: int, version: int | None) -> Return:
    held = Return.objects.select_for_update(of=("self",)).select_related("port", "organisation", "call", "matter", "matter__applicant").get(
        pk=get_return(actor, number).pk)
    refuse_stranger(actor, held)
    if version is not None and held.version != version:
        who = held.draft_by.display_name if held.draft_by is not None else "系统"
        raise Conflict.because(
            "return_changed", f"您打开本表之后，{who}已改动本表，您的内容未写入。",
                "Somebody has changed this return since you opened it; nothing was written.",
            measured=str(held.version), required=str(version),
            remedy=("请刷新页面，核对后重新填写；您填写的内容仍保留在本页草稿中。",
                "Reload, compare, and enter it again; what you typed is kept as a draft."))
    return held


def _refuse_if_filed(held: Return) -> None:
    if held.state in FILED:
        raise Conflict.because(
            "return_filed", "本表已报出，正在审核，不能改动。", "This return has been filed and is under review.", measured=held.state,
            remedy=("省级审核前可以撤回更正；已到国家审核的，请联系审核人退回。", "Take it back while it is with the province, or have it returned."))
    if held.state == ReturnState.NOT_APPLICABLE:
        raise Refused.because("return_exempt", "本表已认定为不适用。", "This return does not apply.", remedy=("如应填报，请向国家口岸办提出。",
            "Ask the national office."))


# ---- typing and filing -------------------------------------------------------------------------------------


@action("returns.file")
def save_draft(*, actor: Any, number: int, filled: Filled, version: int) -> Return:
    """Keep what was typed so far. Raises Conflict where somebody else was faster."""
    held = _locked(actor, number, version)
    _refuse_if_filed(held)
    refuse_secrets(*(each for cell in filled.cells.values() for each in (cell.reason, cell.note)))
    known = held.form_of.items
    held.draft = {
        "cells": {code: [word_of(cell.raw)[:60], cell.reason[:400], cell.note[:400]] for code, cell in filled.cells.items() if code in known},
        "people": {name: said[:60] for name, said in filled.people.items()}, "zero": filled.is_zero}
    held.draft_by, held.draft_at, held.version = actor, clock.now(), held.version + 1
    held.save(update_fields=["draft", "draft_by", "draft_at", "version"])
    return held


@action("returns.file")
def file_return(
    *, actor: Any, number: int, filled: Filled, channel: str, version: int | None = None, after: int | None = None, reason: str = "",
    original: DocumentVersion | None = None,
) -> Filing:
    """File a return: check it, keep it as a version with its canonical file, and send it to its reviewers.

    ``version`` is what the actor saw (pages, programs), ``after`` the number of filings known to a workbook. ``reason``: why a return
    that was signed off is filed again. The very content that is under review already is answered again and changes nothing.
    Raises Refused with every finding at its cell.
    """
    held = Return.objects.select_for_update(of=("self",)).select_related("port", "organisation", "call", "matter", "matter__applicant").get(
        pk=get_return(actor, number).pk)
    refuse_stranger(actor, held)
    form, port, period = held.form_of, held.port, held.period
    known = history(form, period, [port])
    exempt = exempted([port.pk], period).get(port.pk, frozenset())
    found = check(form, port, period, filled, known, exempt)
    last = held.versions.select_related("canonical").order_by("-number").first()
    said = _said(found, filled, held)
    if last is not None and not found.stops and held.state in (*FILED, ReturnState.SIGNED) and _same(last, said, filled):
        return Filing(held, last, [Finding.from_dict(each) for each in last.findings], is_repeated=True)
    if after is not None and last is not None and last.number > after:
        raise Conflict.because(
            "template_outdated", f"下载这份模板之后，本表已报送过（第{last.number}次），未写入。",
            "This return has been filed since the template was taken; nothing was written.", where=Place(file=filled.file,
                sheet=filled.sheet or None),
            measured=str(last.number), required=str(after), remedy=("请重新下载模板，在其上改正。", "Take the template anew and correct that."))
    if version is not None:
        held = _locked(actor, number, version)
    _refuse_if_filed(held)
    findings = found.stops
    if held.state == ReturnState.SIGNED:
        findings = [*findings, *_refuse_blanking(found, filled, last)]
        if not 0 < len(reason.strip()) <= 400:
            findings.append(Finding.error(
                "revision_reason_needed", "本表已审定入库，重新报送须写明修订原因。", "This return was signed off: say why it is revised.",
                where=Place(field="reason"), required="≤ 400", remedy=("请写明修订原因；原数和修订都长期保留。",
                                                                       "Give the reason; the old figures and the revision are kept for ever.")))
    if findings:
        raise Refused(findings)
    return _keep(actor, held, form, filled, found, said, channel, original, reason.strip())


def _refuse_blanking(found: Checked, filled: Filled, last: ReturnVersion | None) -> list[Finding]:
    """A figure that was signed off cannot become blank: what was published stays, corrected or not."""
    signed = last.cells if last is not None else {}
    return [
        Finding.error("signed_value_blank", "该项已审定入库，不能改为空。", "This line was signed off and cannot become blank.",
            where=filled.place(code),
                      measured="", required=signed[code]["value"], remedy=("请填写更正后的数。", "Write the corrected figure."))
        for code, value in found.values.items() if value is None and signed.get(code, {}).get("value")
    ]


def _said(found: Checked, filled: Filled, held: Return) -> dict[str, dict[str, str]]:
    """The cells as a version keeps them."""
    kept = {}
    for code, value in found.values.items():
        cell = filled.cell(code)
        where = filled.place(code)
        kept[code] = {"value": "" if value is None else numbers.plain(value), "reason": cell.reason.strip(), "note": cell.note.strip(),
                      "place": f"{where.sheet}!{where.cell}" if where.cell else ""}
    return kept


def _same(last: ReturnVersion, said: Mapping[str, Mapping[str, str]], filled: Filled) -> bool:
    def bare(cells: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, str, str]]:
        return {code: (each["value"], each["reason"], each["note"]) for code, each in cells.items()}

    return bare(last.cells) == bare(said) and last.is_zero == filled.is_zero and last.people == dict(filled.people)


def _keep(
    actor: Any, held: Return, form: Form, filled: Filled, found: Checked, said: dict[str, dict[str, str]], channel: str,
    original: DocumentVersion | None, reason: str,
) -> Filing:
    office = _office_filing(actor, held)
    goes_to_nation = office.kind in (OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CORPS_OFFICE, OrganisationKind.NATIONAL_OFFICE)
    if held.matter_id is None or held.state == ReturnState.SIGNED:
        held.matter = _open_review(held, form, office, reason)
    if held.matter is None:
        raise RuntimeError("a return without its matter")
    number = held.versions.count() + 1
    today = clock.today()
    is_late = held.filed_on is None and held.last_day is not None and today > held.last_day
    paper = _canonical(actor, held, form, filled, found, number)
    explained = [finding.as_dict() | {"item": code, "reason": filled.cell(code).reason.strip()} for code, finding in found.explained]
    version = ReturnVersion.objects.create(
        owner=held, number=number, matter=held.matter, channel=channel, cells=said, people=dict(filled.people), is_zero=filled.is_zero,
        is_late=is_late or (held.filed_on is not None and held.is_late), findings=explained, canonical=paper, original=original,
        submitted_by=actor if not isinstance(actor, System) else None, organisation=office)
    held.is_late = held.is_late or is_late
    held.filed_on = held.filed_on or today
    held.draft, held.draft_by, held.draft_at, held.version = {}, None, None, held.version + 1
    held.is_zero = filled.is_zero
    held.save()
    with filing(held.matter.pk):
        take_step(actor=actor, matter=held.matter.pk, transition="file_to_nation" if goes_to_nation else "file")
    held.refresh_from_db()
    if held.call is not None:
        complete_call(held.call)
    return Filing(held, version, [finding for _, finding in found.explained])


def _office_filing(actor: Any, held: Return) -> Organisation:
    """In whose name it is filed: the office that owes it where the national office acts for want of anybody there."""
    office: Organisation = actor.organisation
    if held.matter_id is not None and held.state != ReturnState.SIGNED:
        return _filer_of(held)
    return held.organisation if office.kind == OrganisationKind.NATIONAL_OFFICE else office


def _open_review(held: Return, form: Form, office: Organisation, reason: str) -> Matter:
    port = held.port
    title = f"{held.period.label('zh')}{form.name.zh}（{port.name_zh}）" + (f"修订：{reason}" if reason else "")
    with acting_system("returns") as system:
        return open_matter(actor=system, procedure=REVIEW, title=title[:200], applicant=office, concerns=Concerns(
            SubjectRef.of("port", port.code), port.province_code, port.city_code, port.code))


def _canonical(actor: Any, held: Return, form: Form, filled: Filled, found: Checked, number: int) -> DocumentVersion:
    """The form as filed, kept as a document: what a figure's lineage opens."""
    port = held.port
    exempt = exempted([port.pk], held.period).get(port.pk, frozenset())
    content = write_book([Sheet(form, port, held.period, history(form, held.period, [port]), held.organisation.name_zh, exempt, number, filled,
        found.values)])
    label = f"{form.code} {port.name_zh} {calendar.code_of(held.period, held.cadence)}"
    document, _ = Document.objects.get_or_create(reference=f"return:{held.pk}", defaults={
        "kind": DocumentKind.DATA, "title": label, "organisation": held.organisation, "province_code": port.province_code,
        "owner_id": actor.pk})
    return store_version(document, BytesIO(content), f"{label} 第{number}次.xlsx", actor=actor,
                         media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def complete_call(call: ReturnCall) -> None:
    """End a call under which nothing waits any more."""
    if not call.returns.filter(state=ReturnState.DUE).exists() and call.matter.state in ("open", "asked"):
        with acting_system("returns") as system:
            carry_step(actor=system, matter=call.matter_id, transition="complete", fields={}, documents={})


# ---- workbooks of many -------------------------------------------------------------------------------------


@action("returns.file")
def file_sheets(*, actor: Any, sheets: Sequence[ReadSheet], reason: str = "") -> list[Filing]:
    """File every sheet of one or many workbooks: all or none. Raises Refused with the findings of all of them, each at its cell."""
    kept: dict[str, DocumentVersion] = {}
    filings, findings, kinds = [], [], set()
    seen: set[tuple[str, str, str]] = set()
    for each in sheets:
        key = (each.key.form, each.key.port, each.key.period)
        where = Place(each.name, each.filled.sheet)
        if key in seen:
            findings.append(Finding.error(
                "sheet_twice", "同一张表在本次提交中出现了两次。", "The same return stands twice in what was sent.", where=where,
                measured=" ".join(key), remedy=("请只保留一份。", "Keep one of them.")))
            continue
        seen.add(key)
        try:
            with transaction.atomic():
                held = owed(actor=actor, form=each.key.form, port=each.key.port, period=each.key.period)
                if each.key.version != held.form_version:
                    raise Refused.because(
                        "form_version", f"这是{each.key.form}第{each.key.version}版，本期应使用第{held.form_version}版。",
                        f"This is version {each.key.version[:16]} of {each.key.form[:16]}; the period is filed under {held.form_version}.",
                            where=where,
                        measured=each.key.version[:16], required=held.form_version, remedy=("请重新下载模板。", "Take the template anew."))
                if each.content and each.name not in kept:
                    kept[each.name] = _original(actor, each)
                filings.append(file_return(actor=actor, number=held.pk, filled=each.filled, channel="workbook", after=each.key.after, reason=reason,
                                           original=kept.get(each.name)))
        except NotAllowed:
            raise
        except Refused as refusal:
            kinds.add(type(refusal))
            findings += [one if one.where.file else one.at(file=each.name, sheet=each.filled.sheet) for one in refusal.findings]
    if findings:
        # Where every sheet was refused for the one reason, the whole is: not there, or changed meanwhile.
        raise (NotFound if kinds == {NotFound} else Conflict if kinds == {Conflict} else Refused)(findings)
    return filings


def _original(actor: Any, sheet: ReadSheet) -> DocumentVersion:
    """The workbook as it was sent. It may hold other ports' sheets: it belongs to the office that sent it."""
    office = actor.organisation
    digest = hashlib.sha256(sheet.content).hexdigest()
    document, _ = Document.objects.get_or_create(reference=f"return-upload:{office.pk}:{digest[:32]}", defaults={
        "kind": DocumentKind.DATA, "title": sheet.name[-300:], "organisation": office, "province_code": office.province_code, "owner_id": actor.pk})
    return store_version(document, BytesIO(sheet.content), sheet.name, actor=actor)


# ---- review ------------------------------------------------------------------------------------------------

_DECISIONS = {("pass", "at_province"): "pass_on", ("sign", "at_national"): "sign", ("return", "at_province"): "return_by_province",
              ("return", "at_national"): "return_by_nation", ("recall", "at_province"): "recall"}


@action("matters.act")
def review(*, actor: Any, number: int, decision: str, words: str, notes: Mapping[str, str] | None = None, version: int | None = None) -> Return:
    """Pass a return on, sign it off, return it for correction, or take one's own back (``decision``: pass, sign, return, recall).

    ``notes``: what is wrong with single lines, by item; they go back with the return and stand at its cells.
    """
    held = get_return(actor, number)
    held = Return.objects.select_for_update(of=("self",)).select_related("port", "matter").get(pk=held.pk)
    if version is not None and held.version != version:
        raise Conflict.because(
            "return_changed", "您打开本表之后，本表已有变动，未办理。", "This return has changed since you opened it; nothing was done.",
            measured=str(held.version), required=str(version), remedy=("请刷新页面，核对后再办理。", "Reload, look again, then go on."))
    transition = _DECISIONS.get((decision, held.state))
    if transition is None or held.matter is None:
        raise Conflict.because(
            "not_to_be_decided", f"本表现在是“{ReturnState(held.state).label}”，不能作此项审核。",
                "The return does not stand where this could be decided.",
            where=Place(field="decision"), measured=held.state, required="pass, sign, return, recall", remedy=("请刷新页面查看状态。",
                "Reload to see where it stands."))
    said = {code: text.strip() for code, text in (notes or {}).items() if text.strip()}
    _check_notes(held, decision, said)
    take_step(actor=actor, matter=held.matter.pk, transition=transition,
              fields={"reason" if decision in ("return", "recall") else "opinion": words.strip()})
    if said:
        last = held.versions.order_by("-number").first()
        if last is not None:
            last.notes = said
            last.save(update_fields=["notes"])
    held.refresh_from_db()
    return held


def _check_notes(held: Return, decision: str, notes: Mapping[str, str]) -> None:
    refuse_secrets(*notes.values())
    known = held.form_of.items
    findings = [
        Finding.error("item_not_of_form", f"“{code[:48]}”不是本表的填报项。", f"“{code[:48]}” is no line of this form.",
            where=Place(field=f"c-{code[:48]}"),
                      remedy=("请选择本表的项。", "Choose a line of this form."))
        for code in notes if code not in known
    ]
    findings += [
        Finding.error("text_too_long", "意见超过400字。", "The note is longer than 400 characters.", where=Place(field=f"c-{code}"),
            measured=len(text),
                      required="≤ 400", remedy=("请缩短。", "Shorten it.")) for code, text in notes.items() if len(text) > 400
    ]
    if notes and decision != "return":
        findings.append(Finding.error("notes_without_return", "逐项意见只随退回发出。", "Notes at cells go with a return only.",
            where=Place(field="decision"),
                                      remedy=("请退回改正，或删去逐项意见。", "Return it, or remove the notes.")))
    if findings:
        raise Refused(findings)


def filled_from(cells: Mapping[str, Sequence[Any]], people: Mapping[str, str], is_zero: bool) -> Filled:
    """A filled form from plain data: item → (value, reason, note)."""
    return Filled({code: Cell(each[0], str(each[1] or ""), str(each[2] or "")) for code, each in cells.items()},
                  people={name: str(said).strip() for name, said in people.items()}, is_zero=is_zero)
