"""The words of codes on the command line. The console has the same (``console/words.py``); a test holds the two together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kouan.basis import Text
from kouan.cli.output import say, text

MODES: Mapping[str, Text] = {
    "water": Text("水运", "Water"), "rail": Text("铁路", "Rail"), "road": Text("公路", "Road"), "air": Text("航空", "Air"),
}
STATUSES: Mapping[str, Text] = {
    "unknown": Text("运行状态待核", "To be verified"), "planned": Text("规划建设", "Planned"),
    "approved": Text("已批准未验收", "Approved, not accepted"), "open": Text("开放运行", "Open"), "suspended": Text("暂停", "Suspended"),
    "merged": Text("已整合", "Merged"), "closed": Text("已关闭", "Closed"),
}
APPROVALS: Mapping[str, Text] = {
    "state_council": Text("国务院批复已登记", "Reply registered"), "plan_listed": Text("列入规划布局，批复待登记", "Plan-listed"),
    "approval_unverified": Text("批准情况待核", "To be verified"),
}
# 国家（地区）: Hong Kong, Macao and Taiwan are parts of China.
REGIONS: Mapping[str, Text] = {
    "HK": Text("中国香港", "Hong Kong, China"), "MO": Text("中国澳门", "Macao, China"), "TW": Text("中国台湾", "Taiwan, China"),
    "KP": Text("朝鲜", "DPR Korea"), "RU": Text("俄罗斯", "Russia"), "MN": Text("蒙古", "Mongolia"), "KZ": Text("哈萨克斯坦", "Kazakhstan"),
    "KG": Text("吉尔吉斯斯坦", "Kyrgyzstan"), "TJ": Text("塔吉克斯坦", "Tajikistan"), "AF": Text("阿富汗", "Afghanistan"),
    "PK": Text("巴基斯坦", "Pakistan"), "IN": Text("印度", "India"), "NP": Text("尼泊尔", "Nepal"), "BT": Text("不丹", "Bhutan"),
    "MM": Text("缅甸", "Myanmar"), "LA": Text("老挝", "Laos"), "VN": Text("越南", "Viet Nam"), "SG": Text("新加坡", "Singapore"),
    "GE": Text("格鲁吉亚", "Georgia"),
}
CODE_SCHEMES: Mapping[str, Text] = {
    "unlocode": Text("UN/LOCODE", "UN/LOCODE"),
    "unlocode_2017": Text("UN/LOCODE（2017年版，现行版已改）", "UN/LOCODE (2017 edition, since changed)"),
    "iata": Text("IATA 机场代码", "IATA airport code"), "customs_2018": Text("海关口岸代码（2018年）", "Customs port code (2018)"),
    "gbt_15514": Text("GB/T 15514 口岸代码", "GB/T 15514 port code"), "name": Text("又名", "Also named"),
}
ATTRIBUTES: Mapping[str, Text] = {
    "name_zh": Text("名称", "Name"), "short_name_zh": Text("简称", "Short name"), "name_en": Text("英文名称", "English name"),
    "pinyin": Text("拼音", "Pinyin"), "initials": Text("拼音首字母", "Pinyin initials"), "province_code": Text("省级行政区", "Province"),
    "city_code": Text("市县代码", "City or county code"), "city_name": Text("所在市县", "City or county"),
    "neighbour_code": Text("毗邻国家（地区）", "Neighbouring country or region"), "transport_class": Text("运输类别", "Transport class"),
    "class_basis": Text("类别依据", "Basis of the class"), "class_needs_review": Text("类别须复核", "Class to be reviewed"),
    "is_border": Text("边境口岸", "Border port"), "status": Text("运行状态", "Operating status"), "approval": Text("批准情况", "Approval"),
    "approved_on": Text("批准日期", "Approved on"), "accepted_on": Text("通过验收日期", "Accepted on"), "parent": Text("上级口岸", "Parent port"),
    "is_group": Text("含成员口岸", "Has member ports"), "latitude": Text("纬度", "Latitude"), "longitude": Text("经度", "Longitude"),
    "position_source": Text("坐标来源", "Source of the position"), "source_note": Text("登记来源", "Source of the entry"),
}
# What a state of a port says beside its attributes.
_STATE = {
    "code": Text("口岸代码", "Port code"), "mode": Text("运输方式", "Mode"), "as_of": Text("截至", "As of"),
    "known_at": Text("按此时所知", "As known at"),
}
BORDERS: Mapping[str, Text] = {
    "US-Canada Border": Text("美加边界", "US–Canada border"), "US-Mexico Border": Text("美墨边界", "US–Mexico border"),
}


def port_name(port: Any) -> str:
    """The name of a port, or of its state, in the language of this run."""
    return say(port.name_zh, port.name_en or port.name_zh)


def attribute(name: str) -> str:
    """The name of a field of a port's state."""
    return text(_STATE[name] if name in _STATE else ATTRIBUTES[name])


def value(name: str, said: Any) -> str:
    """A value of a port's state in words: codes by their names, yes and no for true and false."""
    from kouan.basis import codes
    from kouan.grading.facts import CLASS_NAMES
    from kouan.ports.notes import NOTES, note_text

    if isinstance(said, bool):
        return say("是", "yes") if said else say("否", "no")
    if name == "province_code" and said:
        return text(codes.province(said).name)
    if name in NOTES and (note := note_text(said)) is not None:
        return text(note)
    named: Mapping[Any, Text] = {
        "mode": MODES, "status": STATUSES, "approval": APPROVALS, "neighbour_code": REGIONS,
        "transport_class": {one.value: words for one, words in CLASS_NAMES.items()},
    }.get(name, {})
    return text(named[said]) if said in named else str(said)


def count_of_ports(count: int) -> str:
    """共 3 个, 3 ports, 1 port."""
    return say(f"共 {count} 个口岸", f"{count} port" if count == 1 else f"{count} ports")
