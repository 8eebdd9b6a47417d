"""The words of pages for values that rooms store as codes, in both languages.

A code without words is an error, not a blank: `words_for` raises KeyError, and a test walks
every enumeration of the rooms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import translation

from kouan.basis import Text
from kouan.grading.facts import CLASS_NAMES
from kouan.grading.verdict import VERDICT_NAMES


def capitalised(name: Text) -> Text:
    """The rooms write English names as in running text; a badge, a head or a label begins with a capital."""
    return Text(name.zh, name.en[:1].upper() + name.en[1:])


ORIGINS: Mapping[str, Text] = {
    "official": Text("官方数据", "Official figure"),
    "counterpart": Text("对侧口岸数据", "Counterpart figure"),
    "press": Text("新闻报道数据", "Press figure"),
    "derived": Text("推算数据", "Derived figure"),
    "exercise": Text("演练数据", "Exercise data"),
}
ORIGIN_NOTES: Mapping[str, Text] = {
    "official": Text("发布机构自己的统计数。", "The publisher's own count."),
    "counterpart": Text("对侧对同一通道的统计，口径以附注为准。", "The other side's count of the same crossing; see its coverage note."),
    "press": Text("新闻报道引用的数字，未经报送核实。", "A figure quoted in the press, not confirmed by a return."),
    "derived": Text("由本系统按公式推算。", "Computed by this system from a stated formula."),
    "exercise": Text("演练生成，不得用于实际工作。", "Generated for exercise; never for real work."),
}
VERDICTS: Mapping[str, Text] = {verdict.value: capitalised(name) for verdict, name in VERDICT_NAMES.items()}
MODES: Mapping[str, Text] = {
    "water": Text("水运", "Water"),
    "rail": Text("铁路", "Rail"),
    "road": Text("公路", "Road"),
    "air": Text("航空", "Air"),
}
CLASSES: Mapping[str, Text] = {one.value: capitalised(name) for one, name in CLASS_NAMES.items()}
STATUSES: Mapping[str, Text] = {
    "unknown": Text("运行状态待核", "To be verified"),
    "planned": Text("规划建设", "Planned"),
    "approved": Text("已批准未验收", "Approved, not accepted"),
    "open": Text("开放运行", "Open"),
    "suspended": Text("暂停", "Suspended"),
    "merged": Text("已整合", "Merged"),
    "closed": Text("已关闭", "Closed"),
}
APPROVALS: Mapping[str, Text] = {
    "state_council": Text("国务院批复已登记", "Reply registered"),
    "plan_listed": Text("列入规划布局，批复待登记", "Plan-listed"),
    "approval_unverified": Text("批准情况待核", "To be verified"),
}
# For a column of the list: the full words stand in its exports and on hover.
STATUSES_SHORT: Mapping[str, Text] = {**STATUSES, "unknown": Text("待核", "To be verified"), "approved": Text("待验收", "Approved")}
APPROVALS_SHORT: Mapping[str, Text] = {
    "state_council": Text("已登记批复", "Registered"),
    "plan_listed": Text("已列规划", "Plan-listed"),
    "approval_unverified": Text("待核", "To be verified"),
}
EVENTS: Mapping[str, Text] = {
    "opening": Text("新增开放", "Opening"),
    "expansion": Text("扩大开放", "Expanded opening"),
    "closure": Text("关闭", "Closure"),
    "merger": Text("优化整合", "Merger"),
    "acceptance": Text("通过验收", "Acceptance"),
}
RELATIONS: Mapping[str, Text] = {
    "one_to_one": Text("一一对应", "One to one"),
    "partial": Text("部分对应", "In part"),
    "several": Text("对应多个口岸", "Faces several ports"),
    "none": Text("无对应口岸", "Faces no port"),
}
CODE_SCHEMES: Mapping[str, Text] = {
    "unlocode": Text("UN/LOCODE", "UN/LOCODE"),
    "unlocode_2017": Text("UN/LOCODE（2017年版，现行版已改）", "UN/LOCODE (2017 edition, since changed)"),
    "iata": Text("IATA 机场代码", "IATA airport code"),
    "customs_2018": Text("海关口岸代码（2018年）", "Customs port code (2018)"),
    "gbt_15514": Text("GB/T 15514 口岸代码", "GB/T 15514 port code"),
    "name": Text("又名", "Also named"),
}
# 国家（地区）: the list holds regions too; Hong Kong, Macao and Taiwan are parts of China (GLOSSARY.md).
REGIONS: Mapping[str, Text] = {
    "HK": Text("中国香港", "Hong Kong, China"),
    "MO": Text("中国澳门", "Macao, China"),
    "TW": Text("中国台湾", "Taiwan, China"),
    "KP": Text("朝鲜", "DPR Korea"),
    "RU": Text("俄罗斯", "Russia"),
    "MN": Text("蒙古", "Mongolia"),
    "KZ": Text("哈萨克斯坦", "Kazakhstan"),
    "KG": Text("吉尔吉斯斯坦", "Kyrgyzstan"),
    "TJ": Text("塔吉克斯坦", "Tajikistan"),
    "AF": Text("阿富汗", "Afghanistan"),
    "PK": Text("巴基斯坦", "Pakistan"),
    "IN": Text("印度", "India"),
    "NP": Text("尼泊尔", "Nepal"),
    "BT": Text("不丹", "Bhutan"),
    "MM": Text("缅甸", "Myanmar"),
    "LA": Text("老挝", "Laos"),
    "VN": Text("越南", "Viet Nam"),
    "SG": Text("新加坡", "Singapore"),
    "GE": Text("格鲁吉亚", "Georgia"),
}
PORT_ATTRIBUTES: Mapping[str, Text] = {
    "name_zh": Text("名称", "Name"),
    "short_name_zh": Text("简称", "Short name"),
    "name_en": Text("英文名称", "English name"),
    "pinyin": Text("拼音", "Pinyin"),
    "initials": Text("拼音首字母", "Pinyin initials"),
    "province_code": Text("省级行政区", "Province"),
    "city_code": Text("市县代码", "City or county code"),
    "city_name": Text("所在市县", "City or county"),
    "neighbour_code": Text("毗邻国家（地区）", "Neighbouring country or region"),
    "transport_class": Text("运输类别", "Transport class"),
    "class_basis": Text("类别依据", "Basis of the class"),
    "class_needs_review": Text("类别须复核", "Class to be reviewed"),
    "is_border": Text("边境口岸", "Border port"),
    "status": Text("运行状态", "Operating status"),
    "approval": Text("批准情况", "Approval"),
    "approved_on": Text("批准日期", "Approved on"),
    "accepted_on": Text("通过验收日期", "Accepted on"),
    "parent": Text("上级口岸", "Parent port"),
    "is_group": Text("含成员口岸", "Has member ports"),
    "latitude": Text("纬度", "Latitude"),
    "longitude": Text("经度", "Longitude"),
    "position_source": Text("坐标来源", "Source of the position"),
    "source_note": Text("登记来源", "Source of the entry"),
}
LAYOUT_ROLES: Mapping[str, Text] = {
    "main": Text("海运：主要口岸", "Sea: main port"),
    "regional": Text("海运：区域性口岸", "Sea: regional port"),
    "border": Text("边境口岸布局", "Border layout"),
    "international_hub": Text("航空：国际枢纽", "Air: international hub"),
    "regional_hub": Text("航空：区域枢纽", "Air: regional hub"),
    "none": Text("未列入布局", "Not in the layout"),
}
LAYOUT_ROLES_SHORT: Mapping[str, Text] = {
    "main": Text("主要口岸", "Sea, main"),
    "regional": Text("区域性口岸", "Sea, regional"),
    "border": Text("边境布局", "Border"),
    "international_hub": Text("国际枢纽", "Air, international"),
    "regional_hub": Text("区域枢纽", "Air, regional"),
}
GRANULARITIES: Mapping[str, Text] = {
    "day": Text("日", "Day"),
    "month": Text("月", "Month"),
    "quarter": Text("季", "Quarter"),
    "year": Text("年", "Year"),
    "span": Text("区间", "Span"),
}
DIRECTIONS: Mapping[str, Text] = {
    "inbound": Text("入境", "Inbound"),
    "outbound": Text("出境", "Outbound"),
    "total": Text("合计", "Total"),
}
ROLES: Mapping[str, Text] = {
    "national_officer": Text("国家口岸办业务人员", "National port officer"),
    "national_leader": Text("国家口岸办负责人", "Head in the national office"),
    "provincial_officer": Text("省级口岸办业务人员", "Provincial port officer"),
    "provincial_leader": Text("省级口岸办负责人", "Head in a provincial office"),
    "city_officer": Text("市县口岸办业务人员", "City or county port officer"),
    "ministry_officer": Text("部委业务人员", "Ministry officer"),
    "inspection_officer": Text("查验机构人员", "Inspection agency officer"),
    "expert": Text("专家", "Expert"),
    "port_reporter": Text("口岸报送员", "Port reporter"),
    "enterprise_user": Text("企业用户", "Enterprise user"),
    "auditor": Text("数据审计员", "Data auditor"),
    "administrator": Text("系统管理员", "Administrator"),
}
ORGANISATION_KINDS: Mapping[str, Text] = {
    "national_office": Text("国家口岸管理办公室", "National port office"),
    "provincial_office": Text("省级口岸管理部门", "Provincial port office"),
    "corps_office": Text("新疆生产建设兵团口岸管理部门", "Port office of the Xinjiang Corps"),
    "city_office": Text("市县口岸管理部门", "City or county port office"),
    "ministry": Text("中央和国家机关部门", "Ministry or central agency"),
    "inspection_agency": Text("口岸查验机构", "Port inspection agency"),
    "expert_panel": Text("专家组", "Panel of experts"),
    "port_operator": Text("口岸经营单位", "Port operator"),
    "enterprise": Text("企业", "Enterprise"),
}
JOB_STATES: Mapping[str, Text] = {
    "waiting": Text("排队中", "Waiting"),
    "running": Text("进行中", "Running"),
    "done": Text("已完成", "Done"),
    "failed": Text("未完成", "Failed"),
    "lost": Text("中断（可重做）", "Interrupted; can be run again"),
}
BATCH_STATES: Mapping[str, Text] = {
    "previewed": Text("已预览，待提交", "Previewed, not yet committed"),
    "committed": Text("已入库", "Committed"),
    "discarded": Text("已放弃", "Discarded"),
}
DOCUMENT_KINDS: Mapping[str, Text] = {
    "plan": Text("规划", "Plan"),
    "reply": Text("国务院批复", "Reply of the State Council"),
    "notice": Text("通知公告", "Notice"),
    "minutes": Text("验收纪要", "Minutes of acceptance"),
    "ruling": Text("解释口径", "Ruling"),
    "data": Text("数据文件", "Data file"),
    "other": Text("其他", "Other"),
}
SEVERITIES: Mapping[str, Text] = {
    "error": Text("错误", "Error"),
    "warning": Text("注意", "Warning"),
    "info": Text("提示", "Note"),
}


# A page asks for its language a thousand times; Django's own answer costs a microsecond each time.
_LANGUAGE: ContextVar[str | None] = ContextVar("page_language", default=None)


@contextmanager
def written_in(language: str) -> Iterator[None]:
    """Write pages (and Django's own texts) in a language of the settings: ``zh-hans`` or ``en``."""
    token = _LANGUAGE.set("zh" if language.startswith("zh") else "en")
    try:
        with translation.override(language):
            yield
    finally:
        _LANGUAGE.reset(token)


def page_language() -> str:
    """``zh`` or ``en``, as the page is being written."""
    return _LANGUAGE.get() or ("zh" if (translation.get_language() or "zh").startswith("zh") else "en")


def here(text: Text) -> str:
    """A text in the page's language."""
    return text.zh if page_language() == "zh" else text.en


def words_for(table: Mapping[str, Text], code: str) -> str:
    """The words of one code in the page's language; KeyError when it has none."""
    return here(table[code])
