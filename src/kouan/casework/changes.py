"""What a change of registered facts says: one fact a line, “name: value”, in the words of the register.

>>> read_changes("英文名称：Qingdao Port\\n边境口岸：否")
{'name_en': 'Qingdao Port', 'is_border': False}
"""

from __future__ import annotations

import re
from typing import Any

from kouan.basis import Finding, Place, Refused, nearest
from kouan.ports.loading import label_of
from kouan.ports.models import ATTRIBUTES, TransportClass

# What the State Council, an acceptance or a suspension decides is for other procedures.
OF_OTHERS = ("status", "approval", "approved_on", "accepted_on", "pinyin", "initials", "is_group", "parent")
CHANGEABLE = tuple(name for name in ATTRIBUTES if name not in OF_OTHERS)
_YES_NO = {"是": True, "否": False, "yes": True, "no": False}
_FLAGS = ("is_border", "class_needs_review")


def labels() -> dict[str, str]:
    """The facts that may change, by what the register calls them."""
    return {label_of(name): name for name in CHANGEABLE}


def read_changes(said: str) -> dict[str, Any]:
    """The values by attribute. Refused with a finding for each line that cannot be read."""
    known = labels() | {name: name for name in CHANGEABLE}
    classes = {str(label): code for code, label in TransportClass.choices}
    findings, found = [], {}
    for line in filter(None, (each.strip() for each in said.splitlines())):
        name, mark, value = (part.strip() for part in re.split(r"([:：])", line, maxsplit=1)) if re.search("[:：]", line) else (line, "", "")
        attribute = known.get(name)
        if attribute is None or not mark:
            near = nearest(name, sorted(known), 1)
            findings.append(Finding.error(
                "unknown_attribute", f"不能识别“{line[:60]}”。", f"“{line[:60]}” cannot be read.", where=Place(field="field-what_changes"),
                remedy=(f"每行写“事项：新值”{f'；是否为“{near[0]}”？' if near else '。'}可变更：{'、'.join(labels())}。",
                        f"One “fact: value” a line; known: {', '.join(CHANGEABLE)}.")))
        elif attribute in _FLAGS and value not in _YES_NO:
            findings.append(Finding.error("not_a_flag", f"“{name}”只能写是或否。", f"“{name}” is 是 or 否.", where=Place(field="field-what_changes"),
                                          remedy=("请改正。", "Correct it.")))
        else:
            found[attribute] = _YES_NO[value] if attribute in _FLAGS else classes.get(value, value) if attribute == "transport_class" else value
    if not findings and not found:
        findings.append(Finding.error("nothing_changes", "没有写明变更的事项。", "It does not say what changes.",
            where=Place(field="field-what_changes"),
                                      remedy=("每行写“事项：新值”，如“英文名称：Qingdao Port”。", "One “fact: value” a line.")))
    if findings:
        raise Refused(findings)
    return found
