"""Checklists, roles, rosters and measures as people type them: a line each, parts between ；. Read here for pages and commands alike.

>>> items_said("封闭通道；port_operator；15；Close the lanes\\n联合研判；海关、边检机关；60")[1].desks
('customs', 'border_inspection')
>>> roles_said("head；值班长；Head")[0].zh
'值班长'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from kouan.basis import Finding, Place, Refused, Text
from kouan.monitoring.emergencies import codes
from kouan.monitoring.emergencies.actions import NewMeasure
from kouan.monitoring.emergencies.plans import Duty, DutyRole, Item

T = TypeVar("T")


def _lines(said: str, field: str, form: Text, read: Callable[[list[str]], T]) -> list[T]:
    """Every line that says something, read; Refused with the number of each that is not of the form."""
    found: list[T] = []
    findings: list[Finding] = []
    for at, line in enumerate(said.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(read([each.strip() for each in line.replace(";", "；").split("；")]))
        except (ValueError, IndexError, KeyError):
            findings.append(Finding.error(
                "bad_line", f"第{at}行不是“{form.zh}”。", f"Line {at} is not “{form.en}”.", where=Place(field=field), measured=line.strip()[:80],
                remedy=("请按所示格式逐行填写。", "Write each line in the form shown.")))
    if findings:
        raise Refused(findings)
    return found


def desks_said(said: str) -> tuple[str, ...]:
    """Desks by code or name, several between 、 or commas; KeyError for one that is none."""
    by_name = {text.zh: code for code, text in codes.desks().items()} | {code: code for code in codes.desks()}
    return tuple(by_name[each.strip()] for each in re.split(r"[、,，]", said) if each.strip())


def items_said(said: str) -> list[Item]:
    """A checklist: what；desks；minutes；English (may be left out)."""
    return _lines(said, "checklist", Text("事项；承办方；分钟；英文", "what；desks；minutes；English"), lambda parts: Item(
        parts[0], desks_said(parts[1]), int(parts[2]), parts[3] if len(parts) > 3 else ""))


def items_typed(items: Sequence[dict[str, Any]]) -> str:
    """A checklist as it is kept, back as lines."""
    names = codes.desks()
    return "\n".join("；".join([str(each["zh"]), "、".join(names[desk].zh for desk in each["desks"]),
                               str(each["minutes"]), *([str(each["en"])] if each.get("en") else [])]) for each in items)


def roles_said(said: str) -> list[DutyRole]:
    """Roles in the order of the phone tree: code；name；English (may be left out)."""
    return _lines(said, "roles", Text("代码；岗位；英文", "code；role；English"), lambda parts: DutyRole(
        parts[0], parts[1], parts[2] if len(parts) > 2 else ""))


def roles_typed(roles: Sequence[dict[str, str]]) -> str:
    """Roles as they are kept, back as lines."""
    return "\n".join("；".join([each["code"], each["zh"], *([each["en"]] if each.get("en") else [])]) for each in roles)


def duties_said(said: str) -> list[Duty]:
    """A roster: day；role；name；number."""
    def read(parts: list[str]) -> Duty:
        day, role, person, phone = parts
        return Duty(date.fromisoformat(day), role, person, phone)

    return _lines(said, "duties", Text("日期；岗位；姓名；电话", "day；role；name；number"), read)


def measures_said(said: str) -> list[NewMeasure]:
    """Measures of a review: what；office by its code；day."""
    def read(parts: list[str]) -> NewMeasure:
        what, owner, day = parts
        return NewMeasure(what, owner, date.fromisoformat(day))

    return _lines(said, "measures", Text("措施；责任单位代码；期限", "what；office by its code；day"), read)
