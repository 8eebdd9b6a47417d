"""审计: the trail as auditors read it: entries, one row's history, sealed blocks, verification, anchors.

Only auditors of the national office come in; for everybody else these pages answer 403, and the attempt
is itself recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import wraps
from typing import Any

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.action import refuse
from kouan.accounts.models import User
from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.audit import queries
from kouan.audit.actions import record_event
from kouan.audit.anchor import anchor
from kouan.audit.models import AuditBlock, AuditEntry
from kouan.audit.sealer import last_block, members_of, seal
from kouan.basis import Finding, Period, Text, clock
from kouan.console.long_tables import BOUND, LongTable
from kouan.console.marks import badge, shape
from kouan.console.page import missing, page
from kouan.console.tables import Column, Filter
from kouan.console.trail_words import (
    EVENTS,
    KIND_MARKS,
    KINDS,
    REFUSALS,
    TELLING,
    column_text,
    event_text,
    instant,
    table_choices,
    table_text,
    told,
    value_html,
)
from kouan.console.views.jobs import progress
from kouan.console.words import here
from kouan.desk.models import Job, JobState
from kouan.desk.verification import VERIFY, last_verification, verify_later

AUDIT = Text("审计", "Audit")
# Written out, not bound: SQLite takes a partial index only for a condition that it can read.
IS_EVENT = RawSQL("audit_entry.kind = 'E'", [], output_field=BooleanField())
# The plus keeps it from the index of actors, in which the system's own entries stand by the thousand.
IS_DIRECT = RawSQL("(audit_entry.proof = '' AND +audit_entry.actor_id IS NULL)", [], output_field=BooleanField())
View = Callable[..., HttpResponseBase]


def auditors_page(**options: Any) -> Callable[[View], View]:
    """A page for auditors whose scope is the nation; the trail holds everybody's records."""

    def make(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            user: Any = request.user
            if not scope_of(user).everything:
                raise refuse(user, "audit.read", f"console.views.trail.{view.__name__}")
            return view(request, *args, **kwargs)

        return page("audit.read", **options)(run)

    return make


# ---- entries ----------------------------------------------------------------------------------------


def kind_badge(kind: str) -> SafeString:
    """新增, 修改, 删除 … in word and shape."""
    return badge(here(KINDS[kind]), *KIND_MARKS[kind])


def _entry_link(row: AuditEntry) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("audit-entry", args=[row.pk]), row.pk)


def _about(row: AuditEntry) -> SafeString | str:
    if not row.table_name:
        return here(event_text(row.note))
    name = format_html('{}<span class="subline">{}</span>', here(table_text(row.table_name)), row.table_name)
    return name


def _row_link(row: AuditEntry) -> SafeString | str:
    if not row.row_pk or not row.table_name:
        return "—"
    return format_html('<a href="{}">{}</a>', reverse("audit-row", args=[row.table_name, row.row_pk]), row.row_pk)


def _deed(row: AuditEntry) -> SafeString | str:
    if row.kind != "E":
        return deed_html(row.note)
    if not row.after:
        return format_html("<code>{}</code>", row.note)
    said = {change.column: change.after for change in queries.changes_of(row)}
    parts = [told(name, said[name]) for name in TELLING if said.get(name) not in (None, "", [], {})]
    return format_html('<span class="deed">{}</span>', here(Text("；", "; ")).join(parts)[:200]) if parts else "—"


def deed_html(note: str) -> SafeString | str:
    """A verb in words with its code under it."""
    if not note:
        return "—"
    words = event_text(note)
    if words.zh == note:
        return format_html("<code>{}</code>", note)
    return format_html('{}<span class="subline"><code>{}</code></span>', here(words), note)


def _actor(row: Any) -> SafeString | str:
    if row.is_direct and row.kind != "E":
        return badge(here(Text("直接写入", "Direct write")), "triangle-cross", "bad")
    return here(row.actor_text)


def name_actors(rows: list[Any]) -> None:
    """Attach to each entry who acted: a user by name, the system, or nobody (a direct write)."""
    names = dict(User.objects.filter(pk__in={row.actor_id for row in rows} - {None}).values_list("pk", "username"))
    for row in rows:
        if row.actor_id is not None:
            name = names.get(row.actor_id, f"#{row.actor_id}")
            row.actor_text = Text(name, name)
        elif row.is_direct and row.kind != "E":
            row.actor_text = Text(f"直接写入 {row.db_user}".strip(), f"direct write {row.db_user}".strip())
        else:
            row.actor_text = Text("系统", "System")


def _by_actor(rows: QuerySet[AuditEntry], value: str) -> QuerySet[AuditEntry]:
    if value in ("系统", "system", "System"):
        return rows.filter(actor_id=None)
    ids = [int(value)] if value.isascii() and value.isdecimal() and len(value) < 18 else list(
        User.objects.filter(username__iexact=value).values_list("pk", flat=True)
    )
    return rows.filter(actor_id__in=ids)


def _by_event(rows: QuerySet[AuditEntry], value: str) -> QuerySet[AuditEntry]:
    return rows.filter(IS_EVENT, note__in=REFUSALS if value == "refusals" else [value])


def _day(value: str) -> Period | None:
    found = Period.read(value)
    return found if isinstance(found, Period) else None


def _utc(day: Any, at: time) -> str:
    return datetime.combine(day, at, clock.BEIJING).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _since(rows: QuerySet[AuditEntry], value: str) -> QuerySet[AuditEntry]:
    found = _day(value)
    return rows.filter(at__gte=_utc(found.start, time.min)) if found else rows.none()


def _until(rows: QuerySet[AuditEntry], value: str) -> QuerySet[AuditEntry]:
    found = _day(value)
    return rows.filter(at__lte=_utc(found.end, time(23, 59, 59)) + "~") if found else rows.none()


_SEVERAL = (("refusals", Text("全部拒绝与越界", "All refusals")),)
DAY_HINT = Text("如 2026-11-23", "e.g. 2026-11-23")
COLUMNS = (
    Column("id", Text("编号", "Entry"), value=lambda e: e.pk, show=_entry_link, is_key=True, keeps_line=True),
    Column("at", Text("时间", "At"), show=lambda e: instant(e.at), keeps_line=True, note=Text("北京时间", "Beijing")),
    Column("kind", Text("类别", "Kind"), value=lambda e: KINDS[e.kind], show=lambda e: kind_badge(e.kind)),
    Column("table_name", Text("对象", "About"), show=_about),
    Column("row_pk", Text("行", "Row"), show=_row_link),
    Column("actor", Text("操作人", "Actor"), value=lambda e: e.actor_text, show=_actor, keeps_line=True),
    Column("note", Text("事项", "Deed"), show=lambda e: _deed(e), is_wide=True),
    Column("txid", Text("事务号", "Transaction"), only="export"),
    Column("db_user", Text("数据库用户", "Database user"), only="export"),
    Column("before", Text("变更前", "Before"), only="export"),
    Column("after", Text("变更后", "After"), only="export"),
)
ENTRIES = LongTable(
    name="audit-entries",
    title=Text("审计记录", "Audit entries"),
    columns=COLUMNS,
    filters=(
        Filter("table", Text("表", "Table"), choices=table_choices, field="table_name"),
        Filter("row", Text("行（主键）", "Row (key)"), field="row_pk"),
        Filter("actor", Text("操作人", "Actor"), apply=_by_actor, hint=Text("登录名，或“系统”", "sign-in name, or system")),
        Filter("kind", Text("类别", "Kind"), choices=tuple(KINDS.items())),
        Filter("event", Text("事件", "Event"), choices=(*_SEVERAL, *EVENTS.items()), apply=_by_event),
        Filter("direct", Text("写入途径", "Path"), choices=(("yes", Text("直接写入", "Past the system")),),
               apply=lambda rows, value: rows.filter(IS_DIRECT).exclude(kind="E")),
        Filter("since", Text("自", "From"), apply=_since, hint=DAY_HINT),
        Filter("until", Text("至", "To"), apply=_until, hint=DAY_HINT),
    ),
    empty=Text("没有符合条件的审计记录。", "No entry matches."),
    empty_next=Text("可放宽时间或清除筛选；日期请写成 2026-11-23、2026-11 或 2026。",
                    "Widen the span or clear the filters; write days as 2026-11-23, 2026-11 or 2026."),
)
PRESETS = (
    ("", Text("全部", "All")),
    ("event=refusals", Text("拒绝与越界", "Refusals")),
    ("direct=yes", Text("直接写入", "Direct writes")),
    ("kind=D", Text("删除", "Deletions")),
    ("event=export", Text("导出", "Exports")),
    ("event=sign_in", Text("登录", "Sign-ins")),
)


@auditors_page()
def audit(request: HttpRequest) -> HttpResponse:
    """The trail, newest first."""
    view = ENTRIES.read(request, AuditEntry.objects.order_by("-id"), decorate=name_actors)
    if view.wants_export:
        return view.export()
    query = request.GET.copy()
    query.pop("page", None)
    head = last_block()
    return render(request, "console/trail/entries.html", {
        "table": view, "presets": [(f"?{said}" if said else reverse("audit"), label, query.urlencode() == said) for said, label in PRESETS],
        "head": head, "unsealed": _some(AuditEntry.objects.filter(id__gt=head.top_id if head else 0)),
    })


def _some(rows: QuerySet[AuditEntry]) -> str:
    """How many, up to the bound of long lists: a tail that long is told apart from a short one, no more."""
    counted = rows.order_by()[: BOUND + 1].count()
    return f"{BOUND:,}+" if counted > BOUND else f"{counted:,}"


@auditors_page()
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """One entry with what stood before and after."""
    found: Any = AuditEntry.objects.filter(pk=number).first()
    if found is None:
        raise missing()
    name_actors([found])
    return render(request, "console/trail/entry.html", {
        "entry": found, "kind": kind_badge(found.kind), "actor": _actor(found), "at": instant(found.at),
        "deed": deed_html(found.note),
        "about": table_text(found.table_name) if found.table_name else event_text(found.note),
        "changes": [
            {"label": column_text(found.table_name, one.column), "column": one.column,
             "before": value_html(one.before) if found.before is not None else "",
             "after": value_html(one.after) if found.after is not None else ""}
            for one in queries.changes_of(found)
        ],
        "is_change": found.kind in "IUDT", "sealed_in": _block_of(number), "row_address": _row_address(found),
        "previous": AuditEntry.objects.filter(pk__lt=number).order_by("-pk").values_list("pk", flat=True).first(),
        "following": AuditEntry.objects.filter(pk__gt=number).order_by("pk").values_list("pk", flat=True).first(),
        "crumbs": [{"label": AUDIT, "address": reverse("audit")}, {"label": Text(f"记录 {number}", f"Entry {number}")}],
    })


def _row_address(found: AuditEntry) -> str:
    return reverse("audit-row", args=[found.table_name, found.row_pk]) if found.table_name and found.row_pk else ""


def _block_of(number: int) -> AuditBlock | None:
    """The block that seals an entry; None while it waits (or, on PostgreSQL, when a later block took it)."""
    for block in AuditBlock.objects.filter(top_id__gte=number).order_by("number")[:3]:
        if any(member == number for member, _ in members_of(block.entries)):
            return block
    return None


ROW_HISTORY = LongTable(
    name="audit-row",
    title=Text("一行的全部记录", "Everything recorded about a row"),
    columns=(*(column for column in COLUMNS if column.key not in ("table_name", "row_pk")),
             Column("changes", Text("变化", "Changes"), value=lambda e: _short(e), is_wide=True, only="page")),
    empty=Text("没有这一行的记录。", "Nothing is recorded about this row."),
)


def _short(row: AuditEntry) -> str:
    """The changed columns of an entry, by name."""
    names = [here(column_text(row.table_name, one.column)) for one in queries.changes_of(row)]
    return "、".join(names[:8]) + ("…" if len(names) > 8 else "") if row.kind == "U" else "—"


@auditors_page()
def row(request: HttpRequest, table: str, key: str) -> HttpResponse:
    """The history of one row, oldest first."""
    if table not in queries.tables():
        raise missing()
    view = ROW_HISTORY.read(request, queries.history_of(table, key), decorate=name_actors)
    if view.wants_export:
        return view.export()
    if not view.total:
        raise missing()
    return render(request, "console/trail/row.html", {
        "table": view, "table_name": table, "name": table_text(table), "key": key,
        "crumbs": [{"label": AUDIT, "address": reverse("audit")}, {"label": Text(f"{table_text(table).zh} {key}", f"{table} {key}")}],
    })


# ---- blocks -----------------------------------------------------------------------------------------


BLOCKS = LongTable(
    name="audit-blocks",
    title=Text("封存区块", "Sealed blocks"),
    columns=(
        Column("number", Text("区块", "Block"), order="number", is_key=True, is_number=False,
               show=lambda b: format_html('<a href="{}">#{}</a>', reverse("audit-block", args=[b.number]), b.number)),
        Column("sealed_at", Text("封存时间", "Sealed at"), show=lambda b: instant(b.sealed_at), keeps_line=True),
        Column("count", Text("条数", "Entries"), is_number=True, order="count"),
        Column("top_id", Text("最大编号", "Highest entry"), is_number=True, show=lambda b: str(b.top_id)),
        Column("digest", Text("摘要", "Digest"), show=lambda b: format_html('<code class="digest">{}…</code>', b.digest[:24])),
        Column("previous_hash", Text("前块摘要", "Digest of the block before"), only="export"),
        Column("mac", Text("签名", "Signature"), only="export"),
        Column("key_name", Text("密钥名", "Key"), show=lambda b: format_html("<code>{}</code>", b.key_name)),
        Column("version", Text("软件版本", "Software")),
    ),
    empty=Text("还没有封存的区块。", "Nothing has been sealed yet."),
    empty_next=Text("后台进程每分钟封存一次；可在核验页立即封存。", "The worker seals every minute; the page of verification can do it at once."),
)


@auditors_page()
def blocks(request: HttpRequest) -> HttpResponse:
    """The chain of blocks, newest first."""
    view = BLOCKS.read(request, queries.blocks())
    if view.wants_export:
        return view.export()
    return render(request, "console/trail/blocks.html", {
        "table": view, "crumbs": [{"label": AUDIT, "address": reverse("audit")}, {"label": BLOCKS.title}],
    })


BLOCK_ENTRIES = LongTable(name="block-entries", title=Text("本块封存的记录", "Entries of this block"), columns=COLUMNS)


@auditors_page()
def block(request: HttpRequest, number: int) -> HttpResponse:
    """One block with the entries that it seals."""
    found = queries.blocks().filter(number=number).first()
    if found is None:
        raise missing()
    view = BLOCK_ENTRIES.read(request, queries.entries_of_block(number), decorate=name_actors)
    if view.wants_export:
        return view.export()
    return render(request, "console/trail/block.html", {
        "sealed": found, "table": view, "sealed_at": instant(found.sealed_at),
        "before": number - 1 if number > 1 else None, "after": number + 1 if AuditBlock.objects.filter(number=number + 1).exists() else None,
        "crumbs": [
            {"label": AUDIT, "address": reverse("audit")}, {"label": BLOCKS.title, "address": reverse("audit-blocks")}, {"label": f"#{number}"},
        ],
    })


# ---- verification -----------------------------------------------------------------------------------


@never_cache
@auditors_page(methods=("GET", "HEAD", "POST"))
def verification(request: HttpRequest) -> HttpResponse:
    """The last verification, its findings, and the button that asks for another."""
    if request.method == "POST":
        verify_later(actor=request.user)
        return redirect("audit-verification")
    running = Job.objects.filter(kind=VERIFY, owner_id=request.user.pk).exclude(state=JobState.DONE).order_by("-pk").first()
    last = last_verification()
    if running is not None and last is not None and running.pk < last.pk:
        running = None
    result = last.result or {} if last else {}
    head = last_block()
    top = head.top_id if head else 0
    waiting = AuditEntry.objects.filter(id__gt=top)
    oldest = waiting.order_by("id").values_list("at", flat=True).first()
    return render(request, "console/trail/verification.html", {
        "last": last, "result": result, "is_sound": result.get("sound"),
        "findings_of": [_placed(Finding.from_dict(each)) for each in result.get("findings", [])],
        "has_direct": any("direct" in each["code"] for each in result.get("findings", [])),
        "mark": shape("disc-check" if result.get("sound") else "triangle-cross" if result else "dotted-ring"),
        "counts": [(label, result.get("counts", {}).get(name, 0)) for name, label in COUNTS],
        "running": progress(running) if running else None, "head": head, "head_at": instant(head.sealed_at) if head else "",
        "unsealed": _some(waiting), "unsealed_since": instant(oldest) if oldest else "",
        "may_seal": may(request.user, "audit.seal"),
        "crumbs": [{"label": AUDIT, "address": reverse("audit")}, {"label": Text("核验", "Verification")}],
    })


def _placed(finding: Finding) -> Finding:
    """A finding of the report: its field is a column of the database, not one of this page's."""
    where = finding.where
    return finding.at(field=None, path=where.path or where.field) if where.field else finding


COUNTS = (
    ("blocks", Text("区块", "blocks")), ("sealed_entries", Text("已封存记录", "sealed entries")),
    ("unsealed_entries", Text("待封存记录", "entries not sealed")), ("rows", Text("核对的现状行", "rows compared")),
    ("batch_rows", Text("核对的批次数据行", "rows of batches compared")),
)


@auditors_page(methods=("POST",))
def export_anchor(request: HttpRequest) -> HttpResponse:
    """Seal what waits and hand over the head of the chain, to be kept away from this machine."""
    if not may(request.user, "audit.seal"):
        raise refuse(request.user, "audit.seal", "console.views.trail.export_anchor")
    seal()
    document = anchor()
    record_event("audit.anchor", actor_id=request.user.pk, payload={"number": document["number"], "digest": document["digest"]})
    response = HttpResponse(json.dumps(document, ensure_ascii=False, indent=2) + "\n", content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="kouan-anchor-{document["number"]}.json"'
    response["Cache-Control"] = "private, no-store"
    return response


urlpatterns = [
    path("audit", audit, name="audit"),
    path("audit/entries/<int:number>", entry, name="audit-entry"),
    path("audit/rows/<slug:table>/<path:key>", row, name="audit-row"),
    path("audit/blocks", blocks, name="audit-blocks"),
    path("audit/blocks/<int:number>", block, name="audit-block"),
    path("audit/verification", verification, name="audit-verification"),
    path("audit/anchor.json", export_anchor, name="audit-anchor"),
]
