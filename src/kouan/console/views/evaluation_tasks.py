"""整改: who signed for the notice of results and who has not; rectification tasks given, planned, reported and accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, Text, clock
from kouan.console.evaluation_page import band_mark, proposal_mark, round_page
from kouan.console.marks import badge
from kouan.console.page import accept_draft, page
from kouan.console.tables import Column, Filter, Table, put
from kouan.console.views.matters import due_cell
from kouan.console.views.oversight import attempt
from kouan.console.words import here
from kouan.desk.matters.models import Matter, Task
from kouan.desk.matters.queries import procedure_for, working_days
from kouan.evaluation.method.scheme.shape import Band
from kouan.evaluation.rounds.models import NoticeReceipt
from kouan.evaluation.rounds.notices import receipts_visible_to, signed_by
from kouan.evaluation.rounds.queries import is_national
from kouan.evaluation.rounds.rectifying import Candidate, candidates, give_tasks, tasks_visible_to

TITLE = Text("通报签收和整改", "Receipts and rectification")
RECEIPT_STATES = {
    "to_sign": Text("待签收", "To be signed for"), "signed": Text("已签收", "Signed for"), "not_signed": Text("未签收", "Not signed for"),
}
TASK_STATES = {
    "given": Text("待报整改方案", "Plan to be filed"), "planned": Text("整改中", "Being rectified"), "reported": Text("待验收", "To be reviewed"),
    "accepted": Text("已验收", "Accepted"), "withdrawn": Text("已撤销", "Withdrawn"),
}
_MARKS = {
    "to_sign": ("dotted-ring", "wait"), "signed": ("disc-check", "ok"), "not_signed": ("triangle-cross", "bad"), "given": ("dotted-ring", "wait"),
    "planned": ("half", "info"), "reported": ("half", "wait"), "accepted": ("disc-check", "ok"), "withdrawn": ("disc", "none"),
}


def _state(matter: Matter) -> SafeString:
    return badge(here(procedure_for(matter).states[matter.state].label), *_MARKS[matter.state])


def _matter_link(row: Any, words: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("matter", args=[row.matter_id]), words)


def _due(row: Any) -> SafeString | str:
    if row.matter.ended_at is not None:
        return "—"
    return due_cell(row.due, row.is_provisional, clock.today(), row.calendar)


def _lines(row: NoticeReceipt) -> SafeString:
    """What the office was told: a band and a total for each of its ports, as it was told."""
    lines = format_html_join("", '<div class="keep">{} {} {}</div>', (
        (here(Text(each["name_zh"], each["name_en"] or each["name_zh"])),
         here(Text(**each["band_name"])) if each["band_name"] else "—", "" if each["total"] is None else f"{each['total']:.2f}")
        for each in row.lines))
    return format_html("<details><summary>{}</summary>{}</details>", here(Text(f"{len(row.lines)} 个口岸", f"{len(row.lines)} ports")), lines)


RECEIPTS = Table(
    name="receipts", title=Text("通报签收", "Receipts of the notice"), prefix="receipts",
    columns=(
        Column("office", Text("单位", "Office"), value=lambda r: r.office.name, show=lambda r: _matter_link(r, here(r.office.name)), is_key=True),
        Column("state", Text("状态", "State"), value=lambda r: RECEIPT_STATES[r.matter.state], show=lambda r: _state(r.matter)),
        Column("lines", Text("通报内容", "What was told"), value=lambda r: len(r.lines), show=_lines),
        Column("sent_on", Text("通报日期", "Sent"), keeps_line=True),
        Column("signed_on", Text("签收日期", "Signed"), keeps_line=True),
        Column("signed_by", Text("签收人", "Signed by")),
        Column("due", Text("期限", "Due"), show=_due),
        Column("digest", Text("通报内容校验值", "Digest of what was told"), only="export"),
    ),
    filters=(
        Filter("state", Text("状态", "State"), choices=tuple(RECEIPT_STATES.items()),
               apply=lambda rows, value: [row for row in rows if row.matter.state == value]),
        Filter("q", Text("单位", "Office"), apply=lambda rows, value: [
            row for row in rows if value.lower() in f"{row.office.name_zh} {row.office.name_en}".lower()]),
    ),
    empty=Text("没有可查看的通报。", "There is no notice that you may see."),
    empty_next=Text("国家口岸办通报结果后，各报送单位在这里签收。",
                    "Once the national office notifies the results, every reporting office signs here."),
)


def _grounds(row: Any) -> SafeString:
    """Why: band and red line by a line each, the groups under the limit together in one."""
    lines = [here(Text(each["zh"], each["en"][:1].upper() + each["en"][1:])) for each in row.grounds if "limit" not in each]
    groups = [each for each in row.grounds if "limit" in each]
    if groups:
        zh, en = "、".join(each["name"]["zh"] for each in groups), ", ".join(each["name"]["en"] for each in groups)
        lines.append(here(Text(f"低于{groups[0]['limit']:g}分的组：{zh}", f"Groups under {groups[0]['limit']:g} points: {en}")))
    return format_html_join("", "<div>{}</div>", ((each,) for each in lines))


TASKS = Table(
    name="rectifications", title=Text("整改任务", "Rectification tasks"), prefix="tasks",
    columns=(
        Column("port", Text("口岸", "Port"), value=lambda r: Text(r.port.name_zh, r.port.name_en or r.port.name_zh),
               show=lambda r: _matter_link(r, here(Text(r.port.name_zh, r.port.name_en or r.port.name_zh))), is_key=True),
        Column("code", Text("口岸代码", "Port code"), value=lambda r: r.port_code, only="export"),
        Column("office", Text("整改单位", "Office"), value=lambda r: r.office.name),
        Column("grounds", Text("整改事由", "Why"), value=lambda r: "；".join(each["zh"] for each in r.grounds), show=_grounds, is_wide=True),
        Column("state", Text("状态", "State"), value=lambda r: TASK_STATES[r.matter.state], show=lambda r: _state(r.matter)),
        Column("due", Text("期限", "Due"), show=_due),
        Column("given_on", Text("交办日期", "Given"), keeps_line=True),
        Column("requirement", Text("整改要求", "What is asked"), only="export"),
    ),
    filters=(
        Filter("state", Text("状态", "State"), choices=tuple(TASK_STATES.items()),
               apply=lambda rows, value: [row for row in rows if row.matter.state == value]),
        Filter("q", Text("口岸或单位", "Port or office"), apply=lambda rows, value: [
            row for row in rows if value.lower() in " ".join((row.port.name_zh, row.port.name_en, row.port_code, *row.office.name)).lower()]),
    ),
    empty=Text("没有可查看的整改任务。", "There is no rectification task that you may see."),
    empty_next=Text("结果通报后，由国家口岸办交办；整改方案和完成情况在各自的办件中报送。",
                    "The national office gives tasks once the results are notified; plans and reports are filed in the matter of each."),
)


@never_cache
@page("rounds.read", methods=("GET", "HEAD", "POST"))
def evaluation_tasks(request: HttpRequest, year: int) -> HttpResponseBase:
    """Receipts and tasks of a round; the national office gives tasks here."""
    user: Any = request.user
    held, context = round_page(request, year, "evaluation-tasks", TITLE)
    findings: list[Finding] = []
    status = 200
    chosen, requirement = request.POST.getlist("ports")[:400], request.POST.get("requirement", "").strip()[:800]
    if request.method == "POST":
        findings, status = attempt(request, lambda: give_tasks(actor=user, year=year, ports=chosen, requirement=requirement),
                                   Text("已交办，任务已到整改单位的待办。", "Given; the offices have their tasks."))
        if not findings:
            accept_draft(request, "give-tasks")
            return redirect("evaluation-tasks", year)
    receipts = RECEIPTS.read(request, _with_receipt(list(receipts_visible_to(user, held))))
    if receipts.wants_export:
        return receipts.export()
    tasks = TASKS.read(request, _with_due(list(tasks_visible_to(user, held))))
    if tasks.wants_export:
        return tasks.export()
    national = is_national(user)
    all_of_them = request.GET.get("groups") == "yes"
    open_now = [each for each in candidates(user, held) if each.task is None]
    bands = held.scheme_version.scheme().shape.bands if open_now else ()
    worst = [each for each in open_now if any(one["kind"] != "group" for one in each.grounds)]
    return render(request, "console/evaluation/tasks.html", context | {
        "proposal": proposal_mark(held.scheme_version.is_proposal), "receipts": receipts, "task_table": tasks, "findings": findings,
        "is_national": national, "may_give": national and may(user, "rounds.run"),
        "candidates": [_candidate(each, bands, each.code in chosen) for each in (open_now if all_of_them else worst)],
        "of_groups": len(open_now) - len(worst), "shows_groups": all_of_them, "requirement": requirement,
    }, status=status)


def _candidate(one: Candidate, bands: Sequence[Band], is_chosen: bool) -> dict[str, Any]:
    place = next((n for n, each in enumerate(bands) if each.code == one.score.band), len(bands) - 1)
    return {"code": one.code, "name": one.name, "office": one.office.name, "grounds": _grounds(one), "is_chosen": is_chosen,
            "band": band_mark(place, bands[place].name if one.score.band else None)}


def _with_receipt(rows: list[NoticeReceipt]) -> list[NoticeReceipt]:
    for each in rows:
        step = signed_by(each)
        put(each, signed_on=step.taken_on if step else None, signed_by=step.actor.display_name if step and step.actor else None)
    return _with_due(rows)


def _with_due(rows: list[Any]) -> list[Any]:
    """On each row the soonest day on which something of its matter is due."""
    found = Task.objects.open().filter(matter__in=[each.matter_id for each in rows], due_on__isnull=False).order_by("-due_on")
    soonest, calendar = {each.matter_id: each for each in found}, working_days()
    for each in rows:
        task = soonest.get(each.matter_id)
        put(each, due=task.due_on if task else None, is_provisional=task.is_provisional if task else False, calendar=calendar)
    return rows


urlpatterns = [path("evaluation/<int:year>/tasks", evaluation_tasks, name="evaluation-tasks")]
