"""运行审计月报: who did, read, exported and failed in a month, what was unusual and how it was ruled, and how the trail stands.

Counted from the trail and the readings through grants when it is asked for. In Chinese, with the English complete beside it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum

from kouan.accounts.action import allows, refuse
from kouan.accounts.models import Organisation, User
from kouan.accounts.scope import scope_of
from kouan.audit import record_event
from kouan.audit.models import AuditEntry
from kouan.audit.sealer import last_block
from kouan.basis import Period, Place, Refused, Text, clock
from kouan.basis.clock import BEIJING
from kouan.desk.papers import report as paper
from kouan.desk.papers.report import Block, Report
from kouan.desk.papers.report_pdf import report_pdf
from kouan.desk.sharing.models import GrantRead
from kouan.desk.verification import last_verification
from kouan.desk.watch import reading
from kouan.desk.watch.detectors import KINDS, TAKEN
from kouan.desk.watch.models import Ruling, UnusualUse

ISSUER = Text("国家口岸管理办公室", "National Office of Port Administration")
BEYOND = ("out_of_scope", "out_of_reach", "intake.out_of_scope")
RULINGS = {Ruling.OPEN: Text("待核实", "open"), Ruling.EXPLAINED: Text("有正当理由", "explained"), Ruling.CONFIRMED: Text("确属异常", "confirmed")}
# Tables whose changes are privileged: people and their rights, keys, grants, the settings of procedures.
PRIVILEGED: dict[str, Text] = {
    "accounts_user": Text("用户及其角色", "Users and their roles"), "accounts_organisation": Text("单位及其范围", "Offices and their scope"),
    "accounts_apitoken": Text("接口密钥", "API tokens"), "accounts_secondfactor": Text("动态口令", "Second factors"),
    "sharing_datagrant": Text("共享授权", "Grants"), "matters_proceduresetting": Text("办理期限设定", "Settings of procedures"),
    "ledger_partner": Text("交换对方", "Partners of exchange"),
}
MOST_ROWS = 40


@dataclass
class Office:
    """What one office did."""

    people: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass
class Month:
    """A month counted. ``offices``: by primary key, None for nobody known."""

    period: Period
    offices: dict[int | None, Office]
    kinds: Counter[str]
    takers: Counter[int]
    written: dict[int, int]
    direct: int
    entries: int
    privileged: list[tuple[str, int, int]]
    roles: list[tuple[datetime, int | None, int]]
    grants: list[Any]
    unusual: list[UnusualUse]


def count_month(user: Any, period: Period) -> Month:
    """Count a month for somebody who reads the trail of the nation. Raises NotAllowed; Refused for a month that has not begun."""
    if not allows(user, "audit.read") or not scope_of(user).everything:
        raise refuse(user, "audit.read", "desk.watch.monthly.count_month")
    if period.start > clock.today():
        raise Refused.because("future_month", f"{period.label('zh')}尚未开始。", f"{period.label('en')} has not begun.", where=Place(field="month"),
                              measured=period.code, required=f"≤ {clock.today():%Y-%m}",
                              remedy=("请选择已开始的月份。", "Choose a month that has begun."))
    home = dict(User.objects.values_list("pk", "organisation_id"))
    offices: dict[int | None, Office] = defaultdict(Office)
    kinds: Counter[str] = Counter()
    takers: Counter[int] = Counter()
    roles: list[tuple[datetime, int | None, int]] = []
    for each in reading.traces(period.start, period.end):
        kinds[each.kind] += 1
        held = offices[home.get(each.actor) if each.actor is not None else None]
        held.counts[each.kind] += 1
        if each.actor is not None:
            held.people.add(each.actor)
        if each.kind in TAKEN:
            held.counts["rows"] += each.rows
            kinds["rows"] += each.rows
            if each.actor is not None:
                takers[each.actor] += each.rows
        if each.kind == "granted" and each.subject is not None:
            roles.append((each.at, each.actor, each.subject))
    begin, end = reading.span(period.start, period.end)
    rows = AuditEntry.objects.filter(at__gte=begin.strftime("%Y-%m-%dT%H:%M:%S"), at__lt=end.strftime("%Y-%m-%dT%H:%M:%S"))
    changes = rows.exclude(kind__in=("E", "M"))
    written = dict(changes.filter(actor_id__isnull=False).order_by().values_list("actor_id").annotate(n=Count("pk")))
    for actor, count in written.items():
        offices[home.get(actor)].counts["written"] += count
        offices[home.get(actor)].people.add(actor)
    return Month(
        period, dict(offices), kinds, takers, written, direct=changes.filter(actor_id__isnull=True, proof="").count(), entries=rows.count(),
        privileged=list(changes.filter(table_name__in=PRIVILEGED).order_by().values_list("table_name").annotate(
            n=Count("pk"), people=Count("actor_id", distinct=True)).order_by("-n")),
        roles=roles, grants=list(GrantRead.objects.filter(at__gte=begin, at__lt=end).order_by().values(
            "grant", "grant__data_set__name_zh", "grant__grantee__name_zh", "purpose").annotate(
                n=Count("pk"), total=Sum("rows")).order_by("-total")[:MOST_ROWS]),
        unusual=list(UnusualUse.objects.visible_to(user).filter(day__gte=period.start, day__lte=period.end).select_related("user__organisation")
                     .order_by("day", "pk")))


def report_of(user: Any, period: Period) -> Report:
    """The month as a report, Chinese first, each part in English beside it."""
    month = count_month(user, period)
    people = {each.pk: each for each in User.objects.filter(pk__in={*month.takers, *(who for _, who, _ in month.roles if who),
                                                                   *(whom for _, _, whom in month.roles)}).select_related("organisation")}
    labels = ["演练 EXERCISE"] if settings.IS_EXERCISE else []
    if period.end >= clock.today():
        labels.append("当月未结束 MONTH NOT OVER")
    return Report(
        kind="运行审计月报", title=f"{period.label('zh')}运行审计月报", subtitle=f"Operation audit, {period.label('en')}",
        issuer=ISSUER.zh, labels=labels,
        blocks=[*_overview(month), *_offices(month), *_taken(month, people), *_refused(month), *_privileged(month, people), *_grants(month),
                *_unusual(month), *_chain(month), *_limits()],
        cited_as=f"{ISSUER.zh}，{period.label('zh')}运行审计月报，编制于 {clock.now().astimezone(BEIJING):%Y-%m-%d %H:%M}（北京时间）。")


def monthly_pdf(user: Any, period: Period) -> bytes:
    """The report as PDF, with a trace in the trail."""
    made = report_pdf(report_of(user, period))
    record_event("export", actor_id=getattr(user, "pk", None), payload={"report": f"operation_audit/{period.code}", "format": "pdf"})
    return made


def _head(zh: str, en: str) -> Block:
    return paper.heading(f"{zh} {en}")


def _both(zh: str, en: str) -> list[Block]:
    return [paper.text(zh), paper.note(en)]


def _overview(month: Month) -> list[Block]:
    kinds = month.kinds
    active = len({person for office in month.offices.values() for person in office.people})
    beyond = sum(kinds[each] for each in BEYOND)
    rulings = Counter(each.ruling for each in month.unusual)
    return [_head("一、概况", "Overview"), paper.facts(
        ("有操作的人员 People active", f"{active:,}"), ("登录 Sign-ins", f"{kinds['sign_in']:,}"),
        ("登录失败 Failed sign-ins", f"{kinds['sign_in_failed']:,}"), ("写入留痕 Changes recorded", f"{sum(month.written.values()):,}"),
        ("导出和下载 Exports and downloads", f"{kinds['export'] + kinds['download']:,}"),
        ("经授权读取 Readings by grant", f"{kinds['grant_read']:,}"),
        ("导出和授权读取的行数 Rows taken", f"{kinds['rows']:,}"), ("拒绝的操作 Refused deeds", f"{kinds['refused']:,}"),
        ("访问范围外的记录 Records of others asked for", f"{beyond:,}"), ("异常使用 Unusual use", f"{len(month.unusual):,}"),
        ("其中待核实 Of these open", f"{rulings[Ruling.OPEN]:,}"), ("直接写入数据库 Direct writes", f"{month.direct:,}"))]


def _offices(month: Month) -> list[Block]:
    names = {each.pk: each.name_zh for each in Organisation.objects.filter(pk__in=[pk for pk in month.offices if pk is not None])}
    rows = sorted(month.offices.items(), key=lambda one: -sum(one[1].counts.values()))
    return [_head("二、各单位", "By office"), paper.table(
        ("单位 Office", "人 People", "写入 Changes", "导出 Exports", "行数 Rows", "被拒 Refused", "越范围 Beyond scope"),
        [(names.get(pk or 0, "未登录或系统 Nobody signed in"), f"{len(held.people):,}", f"{held.counts['written']:,}",
          f"{held.counts['export'] + held.counts['download']:,}", f"{held.counts['rows']:,}", f"{held.counts['refused']:,}",
          f"{sum(held.counts[each] for each in BEYOND):,}") for pk, held in rows[:MOST_ROWS]],
        widths=(3, 1, 1, 1, 1.2, 1, 1), numbers=(1, 2, 3, 4, 5, 6)), *_more(len(rows))]


def _more(count: int) -> list[Block]:
    left = count - MOST_ROWS
    return [paper.note(f"另有 {left} 行未列。 {left} more are not listed.")] if left > 0 else []


def _person(people: dict[int, User], pk: int | None) -> str:
    held = people.get(pk or 0)
    return "系统 System" if pk is None else f"{held.display_name}（{held.organisation.name_zh}）" if held else f"#{pk}"


def _taken(month: Month, people: dict[int, User]) -> list[Block]:
    rows = [(_person(people, pk), f"{count:,}") for pk, count in month.takers.most_common(MOST_ROWS) if count]
    head = _head("三、导出和授权读取最多的人员", "Who took most")
    return [head, paper.table(("人员 Person", "行数 Rows"), rows, widths=(4, 1), numbers=(1,)) if rows else paper.text("没有。 None.")]


def _refused(month: Month) -> list[Block]:
    said = {"refused": "拒绝的操作 Refused deeds", "out_of_scope": "请求范围外的数据 Out of scope", "out_of_reach": "访问范围外的记录 Out of reach",
            "intake.out_of_scope": "报送范围外的口岸 Returns beyond scope", "sign_in_failed": "登录失败 Failed sign-ins"}
    return [_head("四、被拒绝和失败的", "Refused and failed"), paper.table(
        ("类别 Kind", "次数 Times"), [(words, f"{month.kinds[kind]:,}") for kind, words in said.items()], widths=(4, 1), numbers=(1,))]


def _privileged(month: Month, people: dict[int, User]) -> list[Block]:
    blocks = [_head("五、特权操作", "Privileged deeds")]
    if not month.privileged:
        return [*blocks, paper.text("没有。 None.")]
    blocks.append(paper.table(("对象 What", "改动 Changes", "人 People"), [
        (f"{PRIVILEGED[table].zh} {PRIVILEGED[table].en}", f"{count:,}", f"{persons:,}") for table, count, persons in month.privileged],
        widths=(4, 1, 1), numbers=(1, 2)))
    if month.roles:
        blocks.append(paper.table(("时间 When", "何人 Who", "对何人 Of whom"), [
            (f"{at.astimezone(BEIJING):%m-%d %H:%M}", _person(people, who), _person(people, whom)) for at, who, whom in month.roles[:MOST_ROWS]],
            widths=(1, 3, 3), caption="角色或单位的变更 Changes of role or office"))
    return blocks


def _grants(month: Month) -> list[Block]:
    blocks = [_head("六、共享授权的使用", "Use of grants")]
    if not month.grants:
        return [*blocks, paper.text("没有。 None.")]
    return [*blocks, paper.table(("授权 Grant", "数据集 Data set", "使用单位 Used by", "用途 Purpose", "次数 Times", "行数 Rows"), [
        (f"#{each['grant']}", each["grant__data_set__name_zh"], each["grant__grantee__name_zh"], each["purpose"], f"{each['n']:,}",
         f"{each['total']:,}") for each in month.grants], widths=(0.8, 2, 2, 2.4, 0.8, 1), numbers=(4, 5))]


def _unusual(month: Month) -> list[Block]:
    blocks = [_head("七、异常使用及裁定", "Unusual use and rulings")]
    if not month.unusual:
        return [*blocks, paper.text("没有。 None.")]
    return [*blocks, paper.table(("日期 Day", "类别 Kind", "何人或何处 Who or where", "数量/界限 Count/limit", "裁定 Ruling"), [
        (f"{each.day:%m-%d}", f"{KINDS[each.kind].zh} {KINDS[each.kind].en}",
         f"{each.user.display_name}（{each.user.organisation.name_zh}）" if each.user else each.about[:24], f"{each.count:,} / {each.limit:,}",
         f"{RULINGS[Ruling(each.ruling)].zh} {RULINGS[Ruling(each.ruling)].en}" + (f"：{each.words}" if each.words else ""))
        for each in month.unusual[:MOST_ROWS]], widths=(0.8, 2.4, 2.4, 1.4, 2.4)), *_more(len(month.unusual))]


def _chain(month: Month) -> list[Block]:
    block, verified = last_block(), last_verification()
    waiting = AuditEntry.objects.filter(pk__gt=block.top_id).count() if block else AuditEntry.objects.count()
    result = verified.result if verified is not None and isinstance(verified.result, dict) else {}
    at = verified.finished_at.astimezone(BEIJING) if verified is not None and verified.finished_at else None
    sound = "完好 sound" if result.get("is_sound") else "有问题 not sound" if result else "—"
    return [_head("八、审计链", "The trail"), paper.facts(
        ("本月留痕 Entries of the month", f"{month.entries:,}"), ("待封存 Not sealed yet", f"{waiting:,}"),
        ("最近区块 Last block", f"#{block.number}，{block.sealed_at[5:10]} {block.sealed_at[11:16]} UTC" if block else "—"),
        ("最近核验 Last verification", f"{at:%Y-%m-%d %H:%M} {sound}" if at else "—"))]


def _limits() -> list[Block]:
    return [_head("九、未覆盖的", "What is not covered"), *_both(
        "本人范围内页面和接口的查看不逐次留痕，只记导出、下载和经授权的读取；反向代理之后的地址是代理的地址；本月报不列审计员本人的异常使用，由另一名审计员查看。",
        "Looking at pages and API answers within one's own scope leaves no trace each time; exports, downloads and readings by grant do. "
        "Behind a proxy the address is the proxy's. An auditor's own unusual use is not listed to that auditor; another one sees it.")]


def period_said(said: str) -> Period:
    """A month as typed, ``2026-10``. Raises Refused."""
    try:
        return Period.month(int(said[:4]), int(said[5:7])) if len(said) == 7 and said[4] == "-" else _no_month(said)
    except ValueError:
        return _no_month(said)


def _no_month(said: str) -> Period:
    raise Refused.because("bad_month", f"“{said[:20]}”不是月份。", f"“{said[:20]}” is no month.", where=Place(field="month"), measured=said[:20],
                          required="YYYY-MM", remedy=("写作 2026-10。", "Write it 2026-10."))
