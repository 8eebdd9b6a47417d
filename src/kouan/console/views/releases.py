"""数据公布: what is cut from figures that are not public lies here, frozen, until a leader of the national office approves it.

The page shows what would go out and what is left out to protect single respondents, beside the version that is out now.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from kouan.accounts.permissions import may
from kouan.basis import Finding, NotAllowed, NotFound, Refused, Text
from kouan.console import figures
from kouan.console.marks import badge
from kouan.console.page import page
from kouan.console.tables import Column, Table
from kouan.console.words import here
from kouan.publication import actions
from kouan.publication.cuts import read
from kouan.publication.definitions import Definition, definitions
from kouan.publication.models import DataVersion, ReleaseProposal
from kouan.publication.queries import get_proposal
from kouan.publication.returned import EVERY_MODE, NATION, STATUSES, frozen_months

TITLE = Text("数据公布", "Releases")
STATES = {"proposed": Text("待核准", "To be approved"), "released": Text("已公布", "Published"), "refused": Text("不予公布", "Not published"),
          "withdrawn": Text("已撤回", "Withdrawn")}
_MARKS = {"proposed": ("clock", "wait"), "released": ("disc", "ok"), "refused": ("cross", "bad"), "withdrawn": ("cross", "none")}
DEEDS = {"approve": Text("核准公布", "Approve and publish"), "refuse": Text("不予公布", "Do not publish"), "withdraw": Text("撤回", "Withdraw")}
SAID = {"approve": Text("已公布。", "Published."), "refuse": Text("已记录：不予公布。", "Recorded: not published."),
        "withdraw": Text("已撤回。", "Withdrawn.")}


def state_mark(held: ReleaseProposal) -> SafeString:
    """Where a proposal stands, in word and shape."""
    return badge(here(STATES[held.matter.state]), *_MARKS[held.matter.state])


def _name(held: ReleaseProposal) -> Text:
    return Text(held.structure["name"]["zh"], held.structure["name"]["en"])


PROPOSALS = Table(
    name="releases", title=TITLE,
    columns=(
        Column("data_set", Text("数据集", "Data set"), value=_name, is_key=True, is_wide=True, show=lambda each: format_html(
            '<a href="{}">{} {}</a>', reverse("release", args=[each.pk]), here(_name(each)), each.number)),
        Column("rows", Text("行数", "Rows"), is_number=True),
        Column("proposed", Text("提请", "Proposed"), value=lambda each: each.proposed_by.display_name),
        Column("recorded_at", Text("时间", "When")),
        Column("state", Text("状态", "State"), value=lambda each: STATES[each.matter.state], show=state_mark),
    ),
    default_order="-recorded_at",
    empty=Text("还没有提请公布的数据。", "Nothing has been proposed yet."),
    empty_next=Text("月份过冻结日后，可在上面提请公布。", "Propose a release above once months are past their freeze."),
)


@never_cache
@page("releases.read", methods=("GET", "HEAD", "POST"))
def releases(request: HttpRequest) -> HttpResponseBase:
    """The data sets that need approval, how far their frozen months reach, and every proposal."""
    user: Any = request.user
    ours = [each for each in definitions() if each.needs_clearance]
    said = {name: request.POST.get(name, "").strip()[:400] for name in ("data_set", "number", "zh", "en")}
    if len(ours) == 1:
        said["data_set"] = said["data_set"] or ours[0].code
    findings: list[Finding] = []
    if request.method == "POST":
        try:
            made = actions.propose_version(actor=user, data_set=said["data_set"], number=said["number"], changes=Text(said["zh"], said["en"]))
        except NotAllowed:
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(Text("已提请核准；数据已冻结。", "Proposed for approval; the data are frozen.")))
            return redirect("release", made.pk)
    view = PROPOSALS.read(request, ReleaseProposal.objects.defer("content").select_related("matter", "proposed_by"))
    if view.wants_export:
        return view.export()
    return render(request, "console/publication/releases.html", {
        "table": view, "findings": findings, "said": said, "may_propose": may(user, "releases.propose"),
        "sets": [(each, *_reach(each), DataVersion.objects.defer("content").filter(data_set=each.code).order_by("-pk").first()) for each in ours],
        "choices": [(each.code, each.name) for each in ours],
    }, status=422 if findings else 200)


def _reach(found: Definition) -> tuple[str, int]:
    """The frozen months, as words, and how many."""
    months = frozen_months(found.items)
    ends = dict.fromkeys((months[0].code, months[-1].code)) if months else {}
    return " – ".join(ends) or "—", len(months)


@never_cache
@page("releases.read", methods=("GET", "HEAD", "POST"))
def release(request: HttpRequest, number: int) -> HttpResponse:
    """One proposal: what would go out, what is left out and why, what changes against the version that is out."""
    user: Any = request.user
    held = get_proposal(number)
    findings: list[Finding] = []
    opinion, deed = request.POST.get("opinion", "").strip()[:400], request.POST.get("deed", "")
    if request.method == "POST":
        try:
            actions.decide_release(actor=user, proposal=number, deed=deed, opinion=opinion)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            findings = error.findings
        else:
            messages.success(request, here(SAID[deed]))
            return redirect("release", number)
    rows = read(held.content)
    before = DataVersion.objects.filter(data_set=held.data_set).exclude(number=held.number).order_by("-pk").first()
    is_open = held.matter.state == "proposed"
    deeds = [] if not is_open else ["withdraw"] if held.proposed_by_id == user.pk else ["approve", "refuse"] if user.role == "national_leader" else []
    return render(request, "console/publication/release.html", {
        "held": held, "name": _name(held), "state": state_mark(held), "findings": findings, "opinion": opinion,
        "deeds": [(each, DEEDS[each]) for each in deeds], "nation": _nation(held, rows), "areas": _areas(held, rows), "counts": _counts(rows),
        "left_out": _left_out(held, rows), "before": before, "changed": _changed(before, rows),
        "published": reverse("published-version", args=[held.data_set, held.number]) if held.matter.state == "released" else "",
        "crumbs": [{"label": TITLE, "address": reverse("releases")}, {"label": _name(held)}],
    }, status=422 if findings else 200)


def _words(held: ReleaseProposal, column: str, code: str) -> str:
    told = held.structure["labels"].get(column, {}).get(code)
    return here(Text(told["zh"], told["en"])) if told else code


def _nation(held: ReleaseProposal, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The lines of the whole country, newest month first."""
    return [{
        "period": row["period"], "item": _words(held, "item", row["item"]),
        "value": figures.number(float(row["value"])) if row["value"] else "—", "unit": _words(held, "unit", row["unit"]),
        "status": here(STATUSES[row["status"]]), "ports": row["ports"] or "—",
    } for row in sorted(rows, key=lambda row: row["period"], reverse=True) if row["area"] == NATION and row["mode"] == EVERY_MODE][:60]


def _areas(held: ReleaseProposal, rows: list[dict[str, str]]) -> dict[str, Any]:
    """The newest month by area, over all modes: a column for each item; what is not given says why."""
    newest = max((row["period"] for row in rows), default="")
    items = list(dict.fromkeys(row["item"] for row in rows))
    cells = {(row["area"], row["item"]): row for row in rows if row["period"] == newest and row["mode"] == EVERY_MODE}

    def told(area: str, item: str) -> str:
        row = cells.get((area, item))
        return "—" if row is None else figures.number(float(row["value"])) if row["value"] else row["status"]

    areas = sorted({area for area, _ in cells}, key=lambda area: (area != NATION, area))
    unit = {row["item"]: _words(held, "unit", row["unit"]) for row in rows}
    return {"period": newest, "heads": [(_words(held, "item", item), unit[item]) for item in items],
            "rows": [(_words(held, "area", area), [told(area, item) for item in items]) for area in areas]}


def _counts(rows: list[dict[str, str]]) -> list[tuple[str, int]]:
    """How many rows are of each status."""
    found = Counter(row["status"] for row in rows)
    return [(here(words), found[code]) for code, words in STATUSES.items()]


def _left_out(held: ReleaseProposal, rows: list[dict[str, str]]) -> list[str]:
    """The cells of the newest month that are left out to protect respondents."""
    newest = max((row["period"] for row in rows), default="")
    return [f"{_words(held, 'area', row['area'])} · {_words(held, 'mode', row['mode'])} · {_words(held, 'item', row['item'])}"
            for row in rows if row["period"] == newest and row["status"] == "Q"]


def _changed(before: DataVersion | None, rows: list[dict[str, str]]) -> int:
    """How many rows of the version that is out would read differently."""
    if before is None:
        return 0

    def key(row: dict[str, str]) -> tuple[str, ...]:
        return row["area"], row["mode"], row["item"], row["period"]

    now = {key(row): row for row in rows}
    return sum(1 for row in read(before.content) if now.get(key(row)) != row)


@page("releases.read")
def release_file(request: HttpRequest, number: int) -> HttpResponse:
    """The frozen rows as canonical CSV, for whoever checks them before they go out."""
    held = get_proposal(number)
    answer = HttpResponse(held.content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{held.data_set}-{held.number}-proposed.csv"'
    return answer


urlpatterns = [
    path("releases", releases, name="releases"),
    path("releases/<int:number>", release, name="release"),
    path("releases/<int:number>/data.csv", release_file, name="release-file"),
]
