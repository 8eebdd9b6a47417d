"""The kinds of change of the register, described once for pages, API and command line.

Each kind names its fields, the papers that can carry it and the verb that does it. A door shows the
fields, hands over what was said, and decides nothing.

>>> KINDS["opening"].title.zh, [field.name for field in KINDS["opening"].fields], sorted(KINDS["opening"].papers)
('新增开放', [], [DocumentKind.REPLY])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.basis import Text
from kouan.desk.models import Document, DocumentKind
from kouan.ports import actions, papers
from kouan.ports.checking import check_values, refuse_if
from kouan.ports.models import ATTRIBUTES, Port, TransportMode

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for: of which port, by which paper, from which day, having seen which version."""

    actor: Any
    port: str
    values: Values
    document: Document | str | None
    day: date | None = None
    reason: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind. ``form``: text, choice, flag, day, ports, code or layout (see the doors)."""

    name: str
    label: Text
    form: str = "text"
    hint: Text | None = None
    is_required: bool = False
    length: int = 120


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change. ``papers`` empty: any document; ``day`` None: it has no day of its own."""

    code: str
    title: Text
    said: Text
    run: Callable[[Request], Any]
    fields: tuple[Field, ...] = ()
    papers: frozenset[DocumentKind] = frozenset()
    day: Field | None = None
    is_of_attributes: bool = False
    may_lack_document: bool = False
    has_reason: bool = True

    @property
    def papers_in_order(self) -> list[DocumentKind]:
        """The kinds of paper that can carry it, in the order of the list of kinds."""
        return [kind for kind in DocumentKind if not self.papers or kind in self.papers]


def _attributes(request: Request) -> Port:
    return actions.change_port(
        actor=request.actor, code=request.port, values=request.values, document=request.document or "",
        valid_from=request.day, reason=request.reason, version=request.version,
    )


def _decided(verb: Callable[..., Any], day: str) -> Callable[[Request], Any]:
    """A verb that takes a paper and its day."""

    def run(request: Request) -> Any:
        return verb(actor=request.actor, code=request.port, document=request.document or "", reason=request.reason,
                    version=request.version, **{day: _day_of(request, day)})

    return run


def _day_of(request: Request, field: str) -> date:
    if request.day is None:
        raise actions.day_missing(field)
    return request.day


def _merge(request: Request) -> Port:
    return actions.merge_ports(
        actor=request.actor, codes_merged=[request.port, *request.values.get("with", ())], into=request.values.get("into") or "",
        document=request.document or "", merged_on=_day_of(request, "merged_on"), reason=request.reason,
        versions={} if request.version is None else {request.port: request.version},
    )


def _add_code(request: Request) -> Any:
    return actions.add_code(
        actor=request.actor, port=request.port, scheme=request.values.get("scheme") or "", code=request.values.get("code") or "",
        names_place=bool(request.values.get("names_place")), document=request.document or "", valid_from=request.day,
        version=request.version,
    )


def _retire_code(request: Request) -> Any:
    return actions.retire_code(
        actor=request.actor, port=request.port, scheme=request.values.get("scheme") or "", code=request.values.get("code") or "",
        document=request.document or "", valid_to=_day_of(request, "valid_to"), version=request.version,
    )


def _link(request: Request) -> Any:
    return actions.link_layout(
        actor=request.actor, port=request.port, layout_id=request.values.get("layout_id") or "",
        basis=request.values.get("basis") or "", document=request.document or None,
        why_no_document=request.values.get("why_no_document") or "", version=request.version,
    )


def _register(request: Request) -> Port:
    values = {name: value for name, value in request.values.items() if name not in ("code", "mode") and value not in (None, "")}
    # Whatever is no attribute must not reach the verb under the name of one of its other arguments.
    refuse_if(check_values(TransportMode.ROAD, {name: None for name in values if name not in ATTRIBUTES}, {}))
    return actions.register_port(
        actor=request.actor, code=request.values.get("code") or "", mode=request.values.get("mode") or "",
        document=request.document or "", valid_from=request.day, reason=request.reason, **values,
    )


FROM = Field("valid_from", Text("自何日起", "True from"), "day",
             Text("事实从这一天起如此；一向如此的更正可不填", "The day from which it is true; empty for a correction of what always was so"))
_NAMES = (
    Field("name_zh", Text("名称", "Name"), is_required=True, length=80),
    Field("short_name_zh", Text("简称", "Short name"),
        hint=Text("更改后拼音和首字母随之更新", "Pinyin and initials follow"), is_required=True, length=40),
    Field("name_en", Text("英文名称", "English name"), length=120),
)
_PLACE = (
    Field("province_code", Text("省级行政区", "Province"), "choice", is_required=True),
    Field("city_code", Text("市县代码", "City or county code"),
        hint=Text("六位，GB/T 2260，如 440300", "six digits, GB/T 2260, such as 440300"), length=6),
    Field("city_name", Text("所在市县", "City or county"), length=60),
    Field("neighbour_code", Text("毗邻国家（地区）", "Neighbouring country or region"), "choice"),
    Field("is_border", Text("边境口岸", "Border port"), "flag",
          Text("对港澳台的口岸不是边境口岸", "A port towards Hong Kong, Macao or Taiwan is none")),
)
_CLASS = (
    Field("transport_class", Text("运输类别", "Transport class"), "choice",
        Text("专栏6各列，须与运输方式相符", "The columns of box 6; it must fit the mode")),
    Field("class_basis", Text("类别依据", "Basis of the class"), hint=Text("改变运输类别时必填", "Needed with a new class"), length=200),
    Field("class_needs_review", Text("类别须复核", "Class to be reviewed"), "flag"),
)
_POSITION = (
    Field("latitude", Text("纬度", "Latitude"), hint=Text("十进制度数，如 22.53250", "decimal degrees, such as 22.53250"), length=12),
    Field("longitude", Text("经度", "Longitude"), hint=Text("十进制度数，如 114.11330", "decimal degrees, such as 114.11330"), length=12),
    Field("position_source", Text("坐标来源", "Source of the position"), length=200),
)
_SCHEME = Field("scheme", Text("代码体系", "Scheme"), "choice", is_required=True)


def _on(name: str, zh: str, en: str, hint: Text | None = None) -> Field:
    return Field(name, Text(zh, en), "day", hint, is_required=True)


def _change(code: str, title: Text, said: Text, fields: tuple[Field, ...], **more: Any) -> Kind:
    return Kind(code, title, said, _attributes, fields, day=FROM, is_of_attributes=True, **more)


_ALL = (
    Kind("approval", Text("登记国务院批复", "Record the approval"),
         Text("批准开放的批复和日期；此后可以建设，尚未开放", "The reply that approved the port and its day: it may be built, it is not yet open"),
         _decided(actions.record_approval, "approved_on"), papers=papers.REPLY, day=_on("approved_on", "批准日期", "Approved on")),
    Kind("acceptance", Text("登记验收", "Record the acceptance"),
         Text("通过验收的日期；客货运量标准的宽限期由此起算", "The day of acceptance, from which the volume standard's grace period counts"),
         _decided(actions.record_acceptance, "accepted_on"), papers=papers.ACCEPTANCE, day=_on("accepted_on", "通过验收日期", "Accepted on")),
    Kind("opening", Text("新增开放", "Open"), Text("按国务院批复开放；日期可以在今后", "By the State Council's reply; the day may lie ahead"),
         _decided(actions.open_port, "opened_on"), papers=papers.REPLY, day=_on("opened_on", "开放日期", "Opened on")),
    Kind("expansion", Text("扩大开放", "Expand"), Text("已开放口岸按批复扩大开放范围", "A port that is there opens wider, by a reply"),
         _decided(actions.expand_port, "expanded_on"), papers=papers.REPLY, day=_on("expanded_on", "扩大开放日期", "Expanded on")),
    Kind("closure", Text("关闭", "Close"), Text("按国务院批复关闭；历史保留", "By the State Council's reply; its history stays"),
         _decided(actions.close_port, "closed_on"), papers=papers.REPLY, day=_on("closed_on", "关闭日期", "Closed on")),
    Kind("merger", Text("优化整合", "Merge"),
        Text("按国务院批复并入另一口岸；历史保留，并注明去向", "Into another port, by a reply; its history stays and names its successor"),
         _merge, (Field("into", Text("并入的口岸", "Goes into"), "port",
             Text("名称或代码，运输方式须相同", "name or code, of the same mode"), is_required=True),
                  Field("with", Text("一并整合的其他口岸（可不填）", "Merged together with (optional)"), "ports",
                        Text("名称或代码，用顿号或逗号分开", "names or codes, separated by commas"), length=300)),
         papers=papers.REPLY, day=_on("merged_on", "整合日期", "Merged on")),
    _change("status", Text("暂停与恢复", "Suspend or restore"),
            Text("暂停运行和恢复运行，以通知公告或批复为依据；开放、关闭、整合另有登记",
                "Suspension and its end, by a notice or reply; opening, closing and merging are kinds of their own"),
            (Field("status", Text("运行状态", "Operating status"), "choice", is_required=True),),
            papers=frozenset(papers.SUSPENSION | papers.PLANNING | papers.CORRECTION)),
    _change("class", Text("运输类别", "Transport class"), Text("客货运量标准按此分类判定", "The volume standard judges by it"), _CLASS),
    _change("names", Text("名称", "Names"), Text("名称、简称、英文名称", "Name, short name, English name"), _NAMES),
    _change("place", Text("所在地与毗邻", "Place and neighbour"),
        Text("省级行政区决定哪个省份能看到本口岸", "The province decides whose port it is to see"), _PLACE),
    _change("position", Text("坐标", "Position"), Text("经纬度及其来源", "Latitude and longitude with their source"), _POSITION),
    _change("grouping", Text("上级与来源", "Parent and source"),
        Text("所属的组（如苏州）和登记来源", "The group it belongs to (such as 苏州), and the source of the entry"),
            (Field("parent", Text("上级口岸", "Parent port"), "port", Text("名称或代码；空着表示没有", "name or code; empty: none")),
             Field("source_note", Text("登记来源", "Source of the entry"), length=300))),
    Kind("code", Text("增加代码或别名", "Add a code or name"),
        Text("他方给本口岸的代码，或人们使用的名称", "A code that somebody else gives the port, or a name in use"),
         _add_code, (_SCHEME, Field("code", Text("代码或名称", "Code or name"), is_required=True, length=80),
                     Field("names_place", Text("地点级代码", "Names the place"), "flag",
                         Text("同地各口岸共用（如 UN/LOCODE）", "shared by the ports of one place, such as UN/LOCODE"))),
         day=Field("valid_from", Text("启用日期", "In use from"), "day"), has_reason=False),
    Kind("code-retirement", Text("停用代码或别名", "Retire a code or name"),
        Text("自停用之日起不再指向本口岸", "From that day on it no longer names the port"),
         _retire_code, (Field("held", Text("在用的代码", "Code in use"), "code", is_required=True),),
         day=_on("valid_to", "停用日期", "Out of use from"), has_reason=False),
    Kind("layout-link", Text("关联布局条目", "Link a layout entry"),
        Text("说明本口岸对应规划专栏2至4的哪一行", "Which row of boxes 2 to 4 the port stands behind"),
         _link, (Field("layout_id", Text("布局条目", "Layout entry"), "layout", is_required=True),
                 Field("basis", Text("依据", "Basis"),
                     hint=Text("为什么对应，如名称相同", "why they belong together, such as the same name"), is_required=True, length=200),
                 Field("why_no_document", Text("没有依据文件的理由", "Why there is no document"),
                     hint=Text("有文件时不填", "empty where there is one"), length=200)),
         may_lack_document=True, has_reason=False),
)
KINDS: Mapping[str, Kind] = {kind.code: kind for kind in _ALL}
REGISTRATION = Kind(
    "registration", Text("登记新口岸", "Register a port"),
    Text("一个国务院批复、一种运输方式为一个口岸；批复、验收、开放在登记后另行办理",
         "One State Council approval and one mode is one port; approval, acceptance and opening are entered afterwards"),
    _register, (
        Field("mode", Text("运输方式", "Mode"), "choice", Text("登记后不再改变", "permanent"), is_required=True),
        Field("code", Text("口岸代码", "Port code"),
            hint=Text("拼音-方式，登记后不再改变，如 luohu-rail", "pinyin-mode, permanent, such as luohu-rail"), is_required=True, length=64),
        _NAMES[0], Field("short_name_zh", Text("简称", "Short name"),
            hint=Text("不填则由名称得出", "from the name where empty"), length=40), _NAMES[2],
        *_PLACE, *_CLASS[:2],
        Field("status", Text("运行状态", "Operating status"), "choice", Text("只能是规划建设或待核", "planned or to be verified")),
        Field("approval", Text("批准情况", "Approval"), "choice", Text("列入规划布局须以规划为依据", "“plan-listed” rests on the plan")),
        *_POSITION, Field("source_note", Text("登记来源", "Source of the entry"), length=300),
    ), day=FROM,
)
