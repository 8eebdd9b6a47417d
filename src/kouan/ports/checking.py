"""What is wrong with values for the register, before anything is written.

The private half of ``actions.py``, beside ``recording.py``: nothing here writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from kouan.basis import Finding, Place, Refused, clock, codes, nearest
from kouan.ports.folding import DATES, DECIMALS
from kouan.ports.loading import label_of
from kouan.ports.models import (
    ATTRIBUTES,
    Approval,
    Port,
    PortStatus,
    TransportClass,
    TransportMode,
)
from kouan.ports.names import unprintable

FIRST_DAY, LAST_DAY = date(1949, 10, 1), date(2100, 12, 31)
FLAGS = frozenset({"is_border", "is_group", "class_needs_review"})
CHOICES: Mapping[str, Any] = {
    "transport_class": TransportClass, "status": PortStatus, "approval": Approval,
}
CLASSES_OF = {
    TransportMode.WATER: {TransportClass.SEA, TransportClass.INLAND_RIVER, TransportClass.BOUNDARY_RIVER},
    TransportMode.RAIL: {TransportClass.RAIL},
    TransportMode.ROAD: {TransportClass.ROAD},
    TransportMode.AIR: {TransportClass.AIR_COASTAL, TransportClass.AIR_OTHER},
}
# Hong Kong, Macao: special administrative regions of China. A crossing to them is no national border.
REGIONS = frozenset({"HK", "MO", "TW"})
# The fourteen countries with which China has a land border; a port faces one of them, a region, or nobody.
NEIGHBOURS = REGIONS | {"KP", "RU", "MN", "KZ", "KG", "TJ", "AF", "PK", "IN", "NP", "BT", "MM", "LA", "VN"}


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as doors hand them over: dates may come as ISO text. What cannot be read stays for the checks."""
    read = dict(values)
    for name in DATES & read.keys():
        if isinstance(read[name], str):
            with suppress(ValueError):
                read[name] = date.fromisoformat(read[name])
    return read


def check_reason(reason: str) -> list[Finding]:
    """The reason of a change: at most 400 characters of text."""
    if len(reason) <= 400 and not unprintable(reason):
        return []
    return [_wrong("bad_text", "reason", "理由不能超过400个字符，也不能含控制字符。",
                   "The reason has at most 400 characters and no control characters.")]


def check_day(day: date | None, field: str) -> list[Finding]:
    """A date that can stand in the register: from the founding of the PRC to 2100."""
    if day is None or FIRST_DAY <= day <= LAST_DAY:
        return []
    return [Finding.error(
        "date_out_of_range", f"日期 {day} 超出{FIRST_DAY.year}—{LAST_DAY.year}年。",
        f"The date {day} lies outside {FIRST_DAY.year}–{LAST_DAY.year}.", where=Place(field=field),
        remedy=("请核对年份。", "Check the year."),
    )]


def check_happened(day: date | None, field: str) -> list[Finding]:
    """A day on which something did happen: as ``check_day``, and not in the future."""
    findings = check_day(day, field)
    if findings or day is None or day <= clock.today():
        return findings
    return [Finding.error(
        "date_in_future", f"日期 {day} 还没有到，尚未发生的事项不能登记。",
        f"The date {day} lies ahead; what has not happened cannot be recorded.", where=Place(field=field),
        remedy=("请核对日期，或待办理后再登记。", "Check the date, or record it when it has happened."),
    )]


def check_values(mode: str, values: Mapping[str, Any], before: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with new values of a port's attributes, given those that it has."""
    findings: list[Finding] = []
    for name, value in values.items():
        findings += _check_value(name, value)
    if findings:
        return findings
    after = {**before, **values}
    cls = after.get("transport_class")
    if cls and cls not in CLASSES_OF[TransportMode(mode)]:
        findings.append(_wrong(
            "class_not_of_mode", "transport_class", f"运输类别“{TransportClass(cls).label}”不属于{TransportMode(mode).label}口岸。",
            f"The class {cls} does not belong to a {mode} port.",
        ))
    if values.get("transport_class") and values["transport_class"] != before.get("transport_class") \
            and not values.get("class_basis"):
        findings.append(_wrong(
            "class_basis_required", "class_basis", "改变运输类别须写明类别依据。",
            "A new transport class needs its basis.",
        ))
    if after.get("is_border") and after.get("neighbour_code") in REGIONS:
        findings.append(_wrong(
            "no_border_with_region", "is_border", "对港澳台的口岸不是边境口岸。",
            "A port towards Hong Kong, Macao or Taiwan is not on a national border.",
        ))
    if after.get("city_code") and after.get("province_code") and after["city_code"][:2] != after["province_code"]:
        changed = "city_code" if "city_code" in values else "province_code"
        findings.append(_wrong(
            "city_not_in_province", changed, f"市县代码 {after['city_code']} 不属于所填省级行政区（{after['province_code']}）。",
            f"The city or county {after['city_code']} does not lie in the province {after['province_code']}.",
            ("请把省级行政区和市县代码一并更改。", "Change province and city in one go."),
        ))
    return findings


def _check_value(name: str, value: Any) -> list[Finding]:
    if name not in ATTRIBUTES:
        near = nearest(name, ATTRIBUTES)
        return [_wrong("unknown_attribute", name, f"口岸没有“{name}”这一项。", f"A port has no attribute “{name}”.",
                       (f"是否为：{'、'.join(near)}？", f"Did you mean {', '.join(near)}?") if near else None)]
    if value is None:
        return [] if Port._meta.get_field(name).null else [_wrong(
            "value_required", name, f"“{label_of(name)}”不能为空。", f"“{name}” may not be empty.")]
    if name in CHOICES and value not in CHOICES[name].values:
        listed = "、".join(CHOICES[name].values)
        return [_wrong("unknown_choice", name, f"“{label_of(name)}”没有“{value}”这一选项。",
                       f"“{value}” is not a choice of {name}.", (f"可选：{listed}。", f"Choose one of {listed}."))]
    if name in FLAGS:
        return [] if isinstance(value, bool) else [_wrong("not_a_flag", name, f"“{label_of(name)}”只能为是或否。", f"“{name}” is true or false.")]
    if name in DATES:
        return check_day(value, name) if isinstance(value, date) else [_wrong(
            "not_a_date", name, f"“{value}”不是日期。", f"“{value}” is not a date.")]
    if name in DECIMALS:
        return _check_coordinate(name, value)
    if not isinstance(value, str) or unprintable(value):
        return [_wrong("bad_text", name, f"“{label_of(name)}”只能是文字，不含控制字符。",
                       f"“{name}” is text without control characters.")]
    if name in ("province_code", "city_code") and value:
        return _check_division(name, value)
    if name == "neighbour_code" and value:
        return _check_neighbour(value)
    if name == "parent":
        found = Port.objects.filter(code=value).first()
        return [] if found and found.parent_id is None else [_wrong(
            "unknown_port", name, f"没有可作上级的口岸“{value}”。", f"There is no port “{value}” that could be a parent.")]
    limit = getattr(Port._meta.get_field(name), "max_length", None)
    if limit and len(value) > limit:
        return [_wrong("too_long", name, f"“{label_of(name)}”超过{limit}个字符。", f"“{name}” is longer than {limit}.")]
    return []


def _check_division(name: str, value: str) -> list[Finding]:
    finding = codes.check("province" if name == "province_code" else "division", value)
    if finding:
        return [finding.at(field=name)]
    if name == "city_code" and not re.fullmatch(r"[0-9]{6}", value):
        return [_wrong("malformed_code", name, f"“{value}”不是六位市县行政区划代码。",
                       f"“{value}” is not a six-digit code of a city or county.", ("例如 440300。", "For example 440300."))]
    province = codes.province(value[:2])
    return [] if province.is_mainland else [_wrong(
        "not_mainland_province", name, f"{province.zh}不属于内地31个省（区、市），名录只登记内地口岸。",
        f"{province.en} is none of the 31 provinces of the Mainland; the register holds ports of the Mainland only.",
        ("香港口岸点登记为对侧口岸点。", "Control points of Hong Kong are counterpart points."))]


def _check_neighbour(value: str) -> list[Finding]:
    if not re.fullmatch(r"[A-Z]{2}", value):
        return [_wrong("malformed_code", "neighbour_code", f"“{value}”不是两位国家（地区）代码。",
                       f"“{value}” is not a two-letter code of a country or region.", ("例如 RU、HK。", "For example RU, HK."))]
    return [] if value in NEIGHBOURS else [_wrong(
        "not_a_neighbour", "neighbour_code", f"“{value}”不是与我国毗邻的国家（地区）。",
        f"“{value}” is no country or region that adjoins the Mainland.",
        (f"可选：{'、'.join(sorted(NEIGHBOURS))}。", f"Choose one of {', '.join(sorted(NEIGHBOURS))}."))]


def _check_coordinate(name: str, value: Any) -> list[Finding]:
    low, high = (3, 54) if name == "latitude" else (73, 136)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = None
    if number is not None and number.is_finite() and low <= number <= high:
        return []
    return [_wrong("bad_coordinate", name, f"“{value}”不是中国境内的{label_of(name)}（{low}—{high}）。",
                   f"“{value}” is not a {name} in China ({low} to {high}).")]


def _wrong(code: str, field: str, zh: str, en: str, remedy: tuple[str, str] | None = None) -> Finding:
    return Finding.error(code, zh, en, where=Place(field=field), remedy=remedy)


def refuse_if(findings: list[Finding]) -> None:
    """Raise what was found."""
    if findings:
        raise Refused(findings)


