"""报送: what came in, what waits for a decision, and who should act next."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.permissions import may
from kouan.basis import Text
from kouan.collection import queries, sources
from kouan.collection.models import Batch, BatchState
from kouan.console import figures, words
from kouan.console.marks import state_badge
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.views.users import organisation_name
from kouan.console.words import here

ATTENTION = {
    "held": Text("有暂存行", "With held rows"),
    "refused": Text("有拒收行", "With refused rows"),
    "clean": Text("全部接受", "All accepted"),
}

REPEATED = Text(
    "这份文件以前已入库，内容完全相同，没有重复写入。下面是当时的批次。",
    "This very file was taken in before; nothing was written again. Below is the batch of that time.",
)


def taken_in(accepted: int, observations: int, revisions: int) -> Text:
    """What is said after a commit."""
    return Text(
        f"已入库：接受 {accepted} 行，新增 {observations} 项、修订 {revisions} 项数据。",
        f"Taken in: rows accepted {accepted}, figures new {observations}, revised {revisions}.",
    )


def source_name(source_id: str) -> str:
    """The source's name in the page's language; its identifier when its description is gone."""
    found = next((source for source in sources.all_sources() if source.id == source_id), None)
    return here(found.name) if found else source_id


def source_link(source_id: str) -> SafeString:
    """The source's name, leading to its page."""
    return format_html('<a href="{}">{}</a>', reverse("source", args=[source_id]), source_name(source_id))


def submitter_name(batch: Batch) -> str:
    """Who sent it: the office, or the system where the product brought the file along."""
    return organisation_name(batch.organisation) if batch.organisation else here(Text("系统（随附数据）", "The system (bundled data)"))


def source_choices() -> tuple[tuple[str, Text], ...]:
    """The sources as options of a filter."""
    return tuple((source.id, source.name) for source in sources.all_sources())


def _file(row: Batch) -> SafeString:
    below = source_link(row.source) if row.resolves_id is None else here(Text("核准的暂存行", "A held row that was accepted"))
    return format_html('<a href="{}">{}</a><span class="subline">{}</span>', reverse("batch", args=[row.pk]), row.file_name, below)


def _sender(row: Batch) -> SafeString:
    return format_html('{}<span class="subline">{}</span>', submitter_name(row), figures.moment(row.created_at))


ROWS, FIGURES = Text("行", "rows"), Text("项数据", "figures")


def _count(key: str, label: Text, unit: Text) -> Column:
    # Whole numbers: the reader must be able to see that they add up.
    return Column(key, label, unit=unit, order=key, is_number=True, show=lambda b: figures.number(getattr(b, key), shorten=False))


def _attention(rows: QuerySet[Batch], value: str) -> QuerySet[Batch]:
    match value:
        case "held":
            return rows.filter(rows_held__gt=0)
        case "refused":
            return rows.filter(rows_refused__gt=0)
    return rows.filter(rows_held=0, rows_refused=0)


BATCHES = Table(
    name="batches",
    title=Text("报送批次", "Batches"),
    columns=(
        Column("id", Text("批次", "Batch"), order="id", value=lambda b: b.pk, is_key=True,
               show=lambda b: format_html('<a href="{}">#{}</a>', reverse("batch", args=[b.pk]), b.pk), keeps_line=True),
        Column("file_name", Text("文件与来源", "File and source"), order="file_name", show=_file, only="page", is_wide=True),
        Column("name", Text("文件", "File"), value=lambda b: b.file_name, only="export"),
        Column("source", Text("数据来源", "Source"), value=lambda b: source_name(b.source), only="export"),
        Column("organisation", Text("报送单位", "Submitted by"), value=submitter_name, show=_sender, order="organisation__name_zh", is_wide=True),
        Column("created_at", Text("接收时间", "Received"), only="export"),
        Column("committed_at", Text("入库时间", "Taken in"), only="export"),
        Column("state", Text("状态", "State"), value=lambda b: words.BATCH_STATES[b.state], show=lambda b: state_badge(b.state), order="state"),
        *(_count(key, label, ROWS) for key, label in (
            ("rows_read", Text("读取", "Read")), ("rows_accepted", Text("接受", "Accepted")),
            ("rows_held", Text("暂存", "Held")), ("rows_refused", Text("拒收", "Refused")),
        )),
        *(_count(key, label, FIGURES) for key, label in (
            ("observations", Text("新增", "New")), ("revisions", Text("修订", "Revised")), ("unchanged", Text("未变", "Unchanged")),
        )),
        Column("file_sha256", Text("文件校验值（SHA-256）", "File checksum (SHA-256)"), only="export"),
    ),
    filters=(
        Filter("q", Text("文件名", "File name"), apply=lambda rows, value: rows.filter(file_name__icontains=value)),
        Filter("source", Text("数据来源", "Source"), choices=source_choices),
        Filter("state", Text("状态", "State"), choices=tuple(words.BATCH_STATES.items())),
        Filter("rows", Text("结果", "Outcome"), choices=tuple(ATTENTION.items()), apply=_attention),
        Filter("mine", Text("报送单位", "Submitted by"), choices=(("own", Text("本单位", "My office")),),
               apply=lambda rows, value: rows),
    ),
    default_order="-id",
    empty=Text("没有符合条件的批次。", "No batch matches."),
    empty_next=Text("可清除筛选条件；尚无报送的，由口岸所在地报送单位下载模板填写后上传。",
                    "Clear the filters. What is not reported is owed by the port's own office: it fills in the template and uploads it."),
)


@page("intake.read")
def intake(request: HttpRequest) -> HttpResponse:
    """Batches in the user's scope, and what waits."""
    user: Any = request.user
    rows = queries.batches_visible_to(user).select_related("organisation").defer("preview", "findings", "columns")
    if request.GET.get("mine") == "own":
        rows = rows.filter(organisation_id=user.organisation_id)
    view = BATCHES.read(request, rows)
    if view.wants_export:
        return view.export()
    waiting = queries.holdings_visible_to(user).waiting().filter(batch__state=BatchState.COMMITTED)
    open_previews = queries.batches_visible_to(user).filter(Q(state=BatchState.PREVIEWED), organisation_id=user.organisation_id)
    last = queries.batches_visible_to(user).filter(state=BatchState.COMMITTED).order_by("-committed_at").first()
    return render(request, "console/intake/batches.html", {
        "table": view, "may_submit": may(user, "intake.submit"), "may_resolve": may(user, "intake.resolve"),
        "waiting": waiting.count(), "previews": open_previews.count(), "last": last,
        "last_moment": figures.moment(last.committed_at) if last else "",
    })


@page("intake.read")
def batches(request: HttpRequest) -> HttpResponse:
    """The older address of the list; its filters come along."""
    query = request.GET.urlencode()
    return redirect(reverse("intake") + (f"?{query}" if query else ""))


urlpatterns = [
    path("intake", intake, name="intake"),
    path("intake/batches", batches, name="batches"),
]
