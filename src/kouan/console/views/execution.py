"""规划项目: the board of the plan's 147 project rows, where they lie, and the list with its exports."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.scope import scope_of
from kouan.basis import Text, codes
from kouan.casework.execution.models import FundingKind
from kouan.casework.execution.queries import (
    BOXES,
    MONEY,
    NOT_FILLED,
    PlaceCount,
    ProjectView,
    board,
    by_place,
    may_decide,
)
from kouan.casework.execution.slippage import STATES
from kouan.console import tilegrid, words
from kouan.console.charts import Chart
from kouan.console.execution_marks import (
    FUNDING,
    PROSE_ONLY,
    lag_words,
    percent_words,
    state_badge,
    total_words,
)
from kouan.console.page import page
from kouan.console.tables import Column, Filter, Table
from kouan.console.words import here
from kouan.ports.queries import PLAN

TITLE = Text("规划项目", "Projects of the plan")
SOURCE = Text("国家“十四五”口岸发展规划 专栏7—10；其余由责任单位填报", "The plan, Boxes 7–10; all else as the offices in charge entered it")
# More cards than these make a column that nobody reads: the list below has them all.
CARDS = 8
MONEY_WORDS = {"planned": Text("计划资金", "Money planned"), "arranged": Text("落实资金", "Money arranged"), "paid": Text("支付资金", "Money paid")}
WAN = Text("万元", "10,000 yuan")


def _link(one: ProjectView) -> SafeString:
    said = here(Text(one.project.programme_zh, one.project.programme_en or one.project.programme_zh))
    mark = format_html(' <span class="mark mark-none">{}</span>', here(PROSE_ONLY)) if one.is_prose_only else ""
    return format_html('<a href="{}">{}</a>{}<span class="subline">{} {}</span>', reverse("plan-project", args=[one.code]), one.project.object_zh,
        mark,
                       one.code, said)


def _places(one: ProjectView) -> str:
    named = [codes.province(code).short_name for code in one.provinces]
    return here(Text("、".join(each.zh for each in named), ", ".join(each.en for each in named))) if named else "—"


def _reasons(one: ProjectView) -> str:
    said = [each.words for each in one.standing.reasons]
    return here(Text("；".join(each.zh for each in said), "; ".join(each.en for each in said)))


def _day(name: str, label: Text, **known: Any) -> Column:
    return Column(name, label, value=lambda c: getattr(c.run, name) if c.run else None, order=True, keeps_line=True, **known)


def _money(name: str, only: str = "") -> Column:
    return Column(name, MONEY_WORDS[name], unit=WAN, value=lambda c: c.total(name).value, show=lambda c: total_words(c.total(name)),
                  export=lambda c: NOT_FILLED if c.total(name).value is None else c.total(name).value, is_number=True, order=True, only=only)


def _filled(name: str) -> Column:
    label = Text(f"{MONEY_WORDS[name].zh}已填类别", f"{MONEY_WORDS[name].en}: kinds entered")
    return Column(f"{name}_filled", label, value=lambda c: f"{c.total(name).filled}/{c.total(name).of}", only="export")


def _kind_of_money(name: str, kind: str) -> Column:
    label = Text(f"{MONEY_WORDS[name].zh}：{FUNDING[kind].zh}", f"{MONEY_WORDS[name].en}: {FUNDING[kind].en}")

    def value(one: ProjectView) -> Any:
        held = getattr(one.funding[kind], name) if kind in one.funding else None
        return NOT_FILLED if held is None else held

    return Column(f"{name}_{kind}", label, unit=WAN, value=value, only="export")


def _count(name: str, label: Text, counts: str, key: str) -> Column:
    return Column(name, label, value=lambda p: getattr(p, counts).get(key, 0), is_number=True, order=True)


PROJECTS = Table(
    name="plan-projects", title=TITLE,
    columns=(
        Column("project", Text("项目", "Project"), value=lambda c: c.project.object_zh, show=lambda c: _link(c), is_key=True, is_wide=True),
        Column("code", Text("编号", "Number"), value=lambda c: c.code, only="export"),
        Column("box", Text("专栏", "Box"), value=lambda c: Text(f"专栏{c.box}", f"Box {c.box}"), keeps_line=True),
        Column("section", Text("出处", "Place in the plan"), value=lambda c: c.project.box, only="export"),
        Column("programme", Text("工程", "Programme"), value=lambda c: Text(c.project.programme_zh, c.project.programme_en), only="export"),
        Column("kind", Text("内容", "Kind"), value=lambda c: Text(c.project.kind, c.project.kind_en), only="export"),
        Column("places", Text("所在地", "Province"), value=_places),
        Column("owner", Text("责任单位", "Office in charge"), value=lambda c: c.owner_words),
        Column("state", Text("状态", "State"), value=lambda c: STATES[c.standing.state], show=lambda c: state_badge(c.standing.state)),
        Column("percent", Text("累计进度", "Progress"), value=lambda c: c.latest.percent if c.latest else None, show=lambda c: percent_words(c),
               order=True, is_number=True),
        Column("quarter", Text("进度所属季度", "Quarter of the progress"), value=lambda c: c.latest.period if c.latest else None, only="export"),
        _day("start", Text("计划开工", "Planned start"), only="export"),
        _day("finish", Text("计划完成", "Planned finish")),
        _day("first_start", Text("首次计划开工", "First planned start"), only="export"),
        _day("first_finish", Text("首次计划完成", "First planned finish"), only="export"),
        _day("started_on", Text("实际开工", "Begun"), only="export"),
        _day("finished_on", Text("实际完成", "Finished"), only="export"),
        Column("milestone_days", Text("节点最大偏差（天）", "Worst milestone (days)"), value=lambda c: c.standing.worst_milestone, is_number=True,
               only="export"),
        Column("linear_days", Text("比匀速进度晚", "Behind an even progress"), value=lambda c: c.standing.linear,
            show=lambda c: lag_words(c.standing.linear),
               unit=Text("天", "days"), is_number=True, order=True),
        Column("overrun_days", Text("超过计划完成日（天）", "After the planned finish (days)"), value=lambda c: c.standing.overrun, is_number=True,
               only="export"),
        Column("reasons", Text("滞后原因", "Why it lags"), value=_reasons, only="export"),
        Column("owed", Text("未报季度", "Quarters not reported"), value=lambda c: len(c.owed) or None, order=True, is_number=True,
               export=lambda c: "、".join(each.code for each in c.owed)),
        _money("planned"),
        _money("arranged", only="export"),
        _money("paid"),
        *(_filled(name) for name in MONEY),
        *(_kind_of_money(name, kind) for name in MONEY for kind in FundingKind),
    ),
    filters=(
        Filter("state", Text("状态", "State"), choices=tuple(STATES.items()), apply=lambda rows,
            value: [c for c in rows if c.standing.state == value]),
        Filter("box", Text("专栏", "Box"), choices=tuple(BOXES.items()), apply=lambda rows, value: [c for c in rows if c.box == value]),
        Filter("province", Text("所在地", "Province"), choices=lambda: [(each.code, each.name) for each in codes.mainland_provinces]
               + [("none", Text("未点名口岸", "Names no port"))],
               apply=lambda rows, value: [c for c in rows if value in (c.provinces or ("none",))]),
        Filter("report", Text("进展报告", "Reports"), choices=(("waiting", Text("有待确认的", "One to be confirmed")), ("owed", Text("有季度未报",
            "Quarters owed"))),
               apply=lambda rows, value: [c for c in rows if (c.waiting is not None if value == "waiting" else c.owed)]),
        Filter("prose", Text("出处", "Place"), choices=(("only", Text("仅正文提到", "In the text only")),),
               apply=lambda rows, value: [c for c in rows if c.is_prose_only]),
        Filter("q", Text("名称、编号、单位", "Name, number, office"),
               apply=lambda rows, value: [c for c in rows if any(value.casefold() in said.casefold() for said in (
                   c.code, c.project.object_zh, c.project.programme_zh, c.project.programme_en, c.owner_words))]),
    ),
    source=SOURCE, empty=Text("没有符合条件的项目。", "No project matches."), empty_next=Text("请放宽筛选条件。", "Widen the filters."),
)
PLACES = Table(
    name="project-places", title=Text("各地项目", "Projects by province"), prefix="p", stacks=False, page_size=40,
    columns=(
        Column("name", Text("所在地", "Province"), is_key=True, keeps_line=True,
               show=lambda p: format_html('<a href="?province={}">{}</a>', p.code or "none", here(p.name))),
        Column("code", Text("区划代码", "GB/T 2260"), only="export"),
        Column("number", Text("项目", "Projects"), is_number=True, order=True),
        *(_count(f"box_{box}", Text(f"专栏{box}", f"Box {box}"), "by_box", box) for box in BOXES),
        *(_count(state, STATES[state], "by_state", state) for state in STATES),
    ),
    default_order="-number", source=Text(PLAN, PLAN),
)


@page("oversight.read")
def projects(request: HttpRequest) -> HttpResponseBase:
    """The board with its list: what the address bar filters, board, tiles and list show alike."""
    user: Any = request.user
    views = board(user)
    view = PROJECTS.read(request, views)
    counts = by_place(view.rows)
    places = PLACES.read(request, counts)
    for each in (view, places):
        if each.wants_export:
            return each.export()
    columns = [(state, state_badge(state), [c for c in view.rows if c.standing.state == state]) for state in STATES]
    is_national = scope_of(user).everything
    return render(request, "console/execution/board.html", {
        "table": view, "columns": [(state, mark, [_card(each) for each in rows[:CARDS]], len(rows), max(0, len(rows) - CARDS))
                                   for state, mark, rows in columns],
        "has_rows": bool(views), "is_national": is_national,
        "chart": _tiles(counts, places, view.chosen.get("box", "")) if is_national and view.rows else None,
        "boxes": [(code, label, code == view.chosen.get("box", "")) for code, label in (("", Text("全部", "All")), *BOXES.items())],
        "to_confirm": sum(each.waiting is not None and may_decide(user, each, each.waiting) for each in views),
        "owed": sum(bool(each.owed) for each in views), "no_owner": sum(each.owner is None for each in views),
    })


def _card(one: ProjectView) -> dict[str, Any]:
    return {"address": reverse("plan-project", args=[one.code]), "name": one.project.object_zh, "code": one.code, "owner": one.owner_words,
            "percent": one.latest.percent if one.latest else None, "reason": one.standing.reasons[0].words if one.standing.reasons else None,
            "is_prose_only": one.is_prose_only}


def _tiles(counts: list[PlaceCount], table: Any, box: str) -> Chart:
    held = {each.code: each for each in counts}
    tiles = []
    for one in codes.provinces:
        column, row = tilegrid.PLACES[one.code]
        name = one.short_name if one.is_mainland else words.REGIONS[one.letters]
        said = held.get(one.code)
        tiles.append({
            "name": here(name), "x": column - 1, "y": row - 1, "value": (said.number if said else 0) if one.is_mainland else None,
            "words": here(_tile_words(said)) if one.is_mainland else here(tilegrid.NOT_COUNTED),
            "url": f"?province={one.code}{f'&box={box}' if box else ''}" if said else "",
        })
    title = Text("各地项目数", "Projects by province")
    if box:
        title = Text(f"各地项目数：{BOXES[box].zh}", f"Projects by province: {BOXES[box].en}")
    return Chart("project-tiles", title, kind="tiles", tiles=tiles, table=table, source=Text(PLAN, PLAN), height=420, notes=(
        Text("按项目点名的口岸所在省份计数，不画边界；点名两省口岸的各计一次，未点名口岸的单列一行。港澳涉及的项目按内地口岸所在省份计。",
             "Counted by the province of the ports that a project names, without borders; one that names ports of two counts in each, those that "
             "name none stand apart. Projects with Hong Kong and Macao count where the mainland port lies."),))


def _tile_words(one: PlaceCount | None) -> Text:
    if one is None:
        return Text("没有项目", "no project")
    zh = "、".join(f"专栏{box} {count}" for box in BOXES if (count := one.by_box.get(box)))
    en = ", ".join(f"Box {box}: {count}" for box in BOXES if (count := one.by_box.get(box)))
    lagging, blank = one.by_state.get("lagging", 0), one.by_state.get("blank", 0)
    return Text(f"{one.number}个项目（{zh}）；滞后{lagging}，未填{blank}", f"{one.number} projects ({en}); lagging {lagging}, not filled in {blank}")


urlpatterns = [path("oversight/projects", projects, name="plan-projects")]
