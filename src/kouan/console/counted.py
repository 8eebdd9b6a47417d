"""Figures that were counted or quoted, not recorded: what they count, where each part is from, and what rests on it.

``count:reported/2025/44``: the ports of Guangdong that reported anything of 2025. Every count is of what the reader may see, as on the
panorama, so the same address gives two readers two numbers, each his own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from kouan.accounts.permissions import may
from kouan.basis import EvidenceRef, Text, codes
from kouan.collection import lineage, sources
from kouan.collection.models import BatchState, Observation, Series
from kouan.collection.queries import batches_visible_to
from kouan.console import plan_figures, words
from kouan.console.addresses import address_of
from kouan.console.composition import LAYOUT_LINES, layout_rows
from kouan.console.views.ports import NOT_JUDGED, RULE, port_name, with_verdict
from kouan.console.waiting import OFFICES, decides, waiting_holdings
from kouan.desk.matters.models import Matter
from kouan.evaluation.rounds.models import PortScore
from kouan.grading.models import ListEntry, VerdictRecord
from kouan.grading.verdict import Verdict
from kouan.monitoring import baseline
from kouan.monitoring.overview import own_series_of
from kouan.monitoring.studies.models import StudyPort
from kouan.monitoring.warnings.models import EarlyWarning
from kouan.ports.models import Approval, LayoutEntry, Port, PortStatus
from kouan.ports.queries import OUT, ports_visible_to

SHOWN = 60
COUNT = re.compile(r"^count:([a-z-]{3,16})((?:/[A-Za-z0-9_-]{1,64}){0,3})$")
QUOTED = re.compile(r"^quoted:(B-\d\d)$")
LAYOUTS = {code: label for code, label, _role in LAYOUT_LINES}
PORTS, ROWS = Text("个口岸", "ports"), Text("条", "rows")


@dataclass(frozen=True, slots=True)
class Part:
    """One of what was counted: its name and page, and where it is from."""

    name: str
    origin: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure that is no record: its number, its parts (the first of them), and the evidence whose users depend on it."""

    title: Text
    number: str
    unit: Text
    rule: Text
    parts: list[Part]
    total: int
    used: list[EvidenceRef]
    dependants: list[lineage.Dependant]
    beyond: int = 0  # parts out of the reader's sight


def counted(user: Any, said: str) -> Counted | None:
    """What a reference to a counted or quoted figure means for a reader; None where it names none."""
    quoted = QUOTED.match(said)
    if quoted:
        return _quoted(quoted[1])
    found = COUNT.match(said)
    if found is None or found[1] not in COUNTS:
        return None
    arguments = [each for each in found[2].split("/") if each]
    count = COUNTS[found[1]]
    try:
        given = signature(count).bind(user, *arguments)
    except TypeError:  # too many or too few
        return None
    try:
        return count(*given.args)
    except (KeyError, ValueError):  # an unknown code, a year that is none
        return None


# ---- ports -----------------------------------------------------------------------------------------------


def _ports(title: Text, rule: Text, rows: Any, *, used: Iterable[EvidenceRef] = ()) -> Counted:
    """Ports counted one by one. What names a port rests on its entry in the register."""
    total = rows.count()
    parts = [Part(port_name(port), port.source_note or str(port.get_approval_display()), reverse("port", args=[port.code]))
             for port in rows.order_by("pinyin", "code")[:SHOWN]]
    evidence = list(used)
    if not evidence:
        evidence = [EvidenceRef("ports", "port", code) for code in rows.order_by().values_list("code", flat=True)]
        found = naming(rows)
    else:
        found = []
    return Counted(title, str(total), PORTS, rule, parts, total, evidence, found)


def naming(ports: Any) -> list[lineage.Dependant]:
    """The records that were made about these ports: they say a port by its code, which is evidence enough."""
    numbers, named = ports.order_by().values("pk"), ports.order_by().values("code")
    rows: Mapping[tuple[str, str], Any] = {
        ("grading", "verdict"): VerdictRecord.objects.filter(port_code__in=named).values_list("pk", flat=True),
        ("grading", "list_entry"): ListEntry.objects.filter(port_code__in=named).values_list("pk", flat=True),
        ("evaluation", "port_score"): PortScore.objects.filter(port__code__in=named).values_list("pk", flat=True),
        ("desk", "matter"): Matter.objects.filter(port_code__in=named).values_list("pk", flat=True),
        ("monitoring", "warning"): EarlyWarning.objects.filter(port__in=numbers).values_list("pk", flat=True),
        ("monitoring", "study"): StudyPort.objects.filter(port__in=numbers).values_list("study_id", flat=True).distinct(),
    }
    return [lineage.Dependant(EvidenceRef(room, kind, pk), 1) for (room, kind), found in rows.items()
            for pk in found.order_by()[:lineage.MOST_DEPENDANTS]]


def _in_register(user: Any) -> Any:
    return ports_visible_to(user).counted().exclude(status__in=OUT)


REGISTERED = Text("名录中在您查看范围内的口岸，不含规划建设、已关闭、已整合的和只作标题的组。",
                  "Ports of the register in your scope, without planned, closed and merged ones and headings of groups.")


def _registered(user: Any) -> Counted:
    return _ports(Text("已登记口岸", "Registered ports"), REGISTERED, _in_register(user))


def _of_mode(user: Any, mode: str, province: str = "") -> Counted:
    rows = _in_register(user).filter(mode=mode)
    name = words.MODES[mode]
    if province:
        of = codes.province(province).short_name
        return _ports(Text(f"{of.zh}：已登记{name.zh}口岸", f"{of.en}: registered ports, {name.en}"), REGISTERED, rows.filter(province_code=province))
    return _ports(Text(f"已登记{name.zh}口岸", f"Registered ports, {name.en}"), REGISTERED, rows)


def _of_province(user: Any, province: str) -> Counted:
    of = codes.province(province).short_name
    return _ports(Text(f"{of.zh}：已登记口岸", f"{of.en}: registered ports"), REGISTERED, _in_register(user).filter(province_code=province))


def _of_status(user: Any, status: str) -> Counted:
    name = words.STATUSES[PortStatus(status)]
    return _ports(Text(f"运行状态：{name.zh}", f"Status: {name.en}"), Text(
        "名录中在您查看范围内、今日为此状态的口岸。", "Ports of the register in your scope that have this status today."),
        ports_visible_to(user).counted().filter(status=status))


def _of_approval(user: Any, approval: str) -> Counted:
    name = words.APPROVALS[Approval(approval)]
    return _ports(Text(f"批准情况：{name.zh}", f"Approval: {name.en}"), REGISTERED, _in_register(user).filter(approval=approval))


# ---- verdicts and returns ----------------------------------------------------------------------------------


def _of_verdict(user: Any, verdict: str, year: str) -> Counted:
    """The newest verdict of each port; without one the port is counted as not judged."""
    wanted = None if verdict == "none" else Verdict(verdict).value
    name = words.VERDICTS[wanted] if wanted else NOT_JUDGED
    title = Text(f"客货运量标准（{int(year)}年度）：{name.zh}", f"Volume standard, {int(year)}: {name.en}")
    rows = with_verdict(_in_register(user), int(year)).filter(verdict=wanted) if wanted else \
        with_verdict(_in_register(user), int(year)).filter(verdict__isnull=True)
    rule = Text("各口岸该年度最新一次判定的结论；点口岸看判定过程和所依数据。",
                "The newest verdict of the year of each port; its page tells the steps and the figures behind it.")
    if wanted is None or not may(user, "ports.read"):
        return _ports(title, rule, rows)
    records = VerdictRecord.objects.filter(port_code__in=rows.order_by().values("code"), year=int(year), rule=RULE)
    newest: dict[str, int] = dict(records.order_by("revision").values_list("port_code", "pk"))
    return _ports(title, rule, rows, used=[EvidenceRef("grading", "verdict", pk) for pk in newest.values()])


def _with_return(user: Any, year: str, province: str = "") -> tuple[Any, Any]:
    """Ports that should report a year, and the series in which ports said anything of it."""
    rows = _in_register(user)
    return rows.filter(province_code=province) if province else rows, own_series_of(int(year))


def _reported(user: Any, year: str, province: str = "") -> Counted:
    ports, series = _with_return(user, year, province)
    rows = ports.filter(code__in=series.values("subject_code"))
    name = codes.province(province).short_name if province else None
    of = Text(f"{name.zh}：", f"{name.en}: ") if name else Text("", "")
    own = series.filter(subject_code__in=rows.order_by().values("code")).values_list("pk", flat=True)
    used = [EvidenceRef("collection", "series", pk) for pk in own]
    answer = _ports(Text(f"{of.zh}{int(year)}年有报送的口岸", f"{of.en}ports that reported {int(year)}"), Text(
        "自行报送过该年度任何一项数据的口岸；点口岸看其数据、批次和文件。",
        "Ports that sent any figure of the year themselves; each leads to its figures, batches and files."), rows, used=used)
    answer.parts[:] = [Part(each.name, each.origin, address_of("port-figures", each.address.rstrip("/").rpartition("/")[2])) for each in answer.parts]
    return answer


def _due(user: Any, year: str) -> Counted:
    return _ports(Text(f"{int(year)}年应报送的口岸", f"Ports due to report {int(year)}"), REGISTERED, _with_return(user, year)[0])


def _silent(user: Any, year: str) -> Counted:
    ports, series = _with_return(user, year)
    return _ports(Text(f"{int(year)}年未报送的口岸", f"Ports that have not reported {int(year)}"), Text(
        "应报送而该年度没有任何自报数据的口岸；未报送不等于零。", "Ports due to report without any figure of their own; that is not zero."),
        ports.exclude(code__in=series.values("subject_code")))


# ---- the layout of the plan ----------------------------------------------------------------------------------


def _layout(user: Any, key: str, *, planned: bool = False) -> Counted:
    name = LAYOUTS[key]
    rows = [row for row in layout_rows(user) if row.key == key and (row.is_planned or not planned)]
    entries = LayoutEntry.objects.filter(pk__in=[row.pk for row in rows]).order_by("layout_id")
    behind = Port.objects.filter(pk__in={pk for row in rows for pk in row.ports})
    word = Text("规划", "planned ") if planned else Text("", "")
    return Counted(
        Text(f"规划布局：{name.zh}（{word.zh}条目）", f"Layout of the plan: {name.en} ({word.en}rows)"), str(len(rows)), ROWS,
        Text("国家“十四五”口岸发展规划专栏2—4的条目；由所对应口岸的记录列出影响。",
             "Rows of Boxes 2–4 of the plan; what depends on them is told from the records of the ports behind them."),
        [Part(each.name_zh, f"{each.box}：{each.quote}"[:160], address_of("ports", q=each.name_zh)) for each in entries[:SHOWN]], len(rows),
        [EvidenceRef("ports", "layout_entry", row.pk) for row in rows], naming(behind))


def _layout_ports(user: Any, key: str) -> Counted:
    name = LAYOUTS[key]
    behind = {pk for row in layout_rows(user) if row.key == key for pk in row.ports}
    return _ports(
        Text(f"规划布局：{name.zh}对应的口岸", f"Layout of the plan: ports behind {name.en}"),
        Text("与专栏2—4该类条目相连的名录口岸。", "Ports of the register joined to rows of this kind in Boxes 2–4."),
        ports_visible_to(user).filter(pk__in=behind))


# ---- intake ----------------------------------------------------------------------------------------------------


def _held(user: Any, source: str = "", *, of_office: str = "") -> Counted:
    """Waiting rows of one source; without one those that this user decides, or (``of_office``) those that an office decides and he does not."""
    rows = waiting_holdings(user)
    if source:
        rows, name = rows.filter(batch__source=source), sources.get(source).name
        title = Text(f"暂存：{name.zh}", f"Held: {name.en}")
    else:
        wanted = [each for each in sources.all_sources() if decides(user, each.id) == (not of_office) and of_office in ("", each.submitter)]
        rows = rows.filter(batch__source__in=[each.id for each in wanted])
        title = Text(f"由{OFFICES[of_office].zh}处理的暂存行", f"Held rows for {OFFICES[of_office].en}") if of_office else \
            Text("由您处理的暂存行", "Held rows for you to decide")
    total = rows.count()
    parts = [Part(f"{each.batch.file_name} · {each.row}", f"{each.batch.source} #{each.batch_id}", reverse("holding", args=[each.pk]))
             for each in rows.select_related("batch").order_by("batch_id", "row")[:SHOWN]]
    return Counted(title, str(total), Text("行", "rows"), Text(
        "暂存的行未经处理，不进入任何统计，因此没有结论引用。", "Held rows count nowhere until decided, so nothing can rest on them."),
        parts, total, [EvidenceRef("collection", "holding", pk) for pk in rows.values_list("pk", flat=True)[:lineage.MOST_DEPENDANTS]], [])


def _batches(user: Any, source: str) -> Counted:
    name = sources.get(source).name
    rows = batches_visible_to(user).filter(state=BatchState.COMMITTED, source=source, resolves=None).order_by("-committed_at")
    total = rows.count()
    read = Observation.objects.filter(series=OuterRef("pk"), batch__in=rows.order_by().values("pk"))
    series = Series.objects.filter(Exists(read), source=source).order_by().values_list("pk", flat=True)
    return Counted(
        Text(f"已入库批次：{name.zh}", f"Batches taken in: {name.en}"), str(total), Text("个批次", "batches"),
        Text("每个文件一个批次，留有原件和校验值。", "One for each file, which is kept with its checksum."),
        [Part(each.file_name, f"SHA-256 {each.file_sha256[:16]}…", reverse("batch", args=[each.pk])) for each in rows[:SHOWN]], total,
        [EvidenceRef("collection", "series", pk) for pk in series], [])


def _quoted(number: str) -> Counted | None:
    """A figure that the plan prints: it is from a sentence, and no record of ours is worked out from it."""
    try:
        found = baseline.figure(number)
    except KeyError:
        return None
    return Counted(
        Text(found.name_zh, found.name_en), words.here(plan_figures.exact(found)), Text("", ""),
        Text("引自规划原文，不由名录中各口岸相加得出。", "Quoted from the plan; not a sum of the ports in this register."),
        [Part(found.quote, found.section, f"{reverse('plan-figures')}#{found.id}")], 1, [EvidenceRef("monitoring", "baseline", found.id)], [])


COUNTS: Mapping[str, Callable[..., Counted]] = {
    "registered": _registered, "mode": _of_mode, "province": _of_province, "status": _of_status, "approval": _of_approval,
    "verdict": _of_verdict, "reported": _reported, "due": _due, "silent": _silent,
    "layout": _layout, "layout-planned": lambda user, key: _layout(user, key, planned=True), "layout-ports": _layout_ports,
    "held": _held, "held-elsewhere": lambda user, office: _held(user, of_office=office), "batches": _batches,
}
