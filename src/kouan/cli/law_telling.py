"""How the law is told in a terminal: all of it as tables, or one entry in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kouan.cli.output import out, say, table, text

if TYPE_CHECKING:
    from kouan.law import DatedValue, Law


def printed(value: DatedValue) -> str:
    """1000万吨; for readers of English 10 million t with what is printed behind it."""
    return say(value.printed_text, f"{value.text.en} (“{value.printed_text}”)")


def said(pair: Mapping[str, str] | None) -> str:
    """A JSON pair of texts in the language of this run."""
    return say(pair["zh"], pair["en"]) if pair else ""


def cited(citation: Mapping[str, Any]) -> str:
    """A JSON citation in one line, with the words quoted."""
    line = f"{citation['instrument']} {citation['article'] or ''}".strip()
    return f"{line}：“{citation['quote']}”" if citation.get("quote") else line


def tell_all(law: Law, rules: Mapping[str, Any]) -> None:
    """Parameters with the value in force, settings with the reading, rules and conditions."""
    from kouan.law.differences import value_on

    in_force = []
    for key in law.library.parameters:
        value = value_on(law, key)
        in_force.append([key, printed(value), str(value.citation)] if value else [key, say("尚未施行", "not yet in force"), ""])
    table([say("参数", "parameter"), say("现行值", "value in force"), say("依据", "citation")], in_force)
    table([say("设定", "setting"), say("不明文字", "open point"), say("所取读法", "reading")],
          ([each.key, each.ambiguity, text(each.label)] for each in law.catalogue().settings))
    table([say("规则", "rule"), say("名称", "name"), say("条件", "criteria")],
          ([key.replace("_", "-"), text(rule.title), "、".join(rule.criteria)] for key, rule in rules.items()))


def tell_one(law: Law, found: Mapping[str, Any]) -> None:
    """One parameter, setting, rule or criterion."""
    {"parameter": _parameter, "setting": _setting, "rule": _rule, "criterion": _criterion}[found["kind"]](law, found)


def _head(found: Mapping[str, Any], *more: str) -> None:
    out.print("  ".join([found["key"], said(found["label"]), *more, say(f"（截至 {found['as_of']}）", f"(as of {found['as_of']})")]), markup=False)


def _parameter(law: Law, found: Mapping[str, Any]) -> None:
    from kouan.law.differences import value_on

    value = value_on(law, found["key"])
    _head(found, printed(value) if value else say("尚未施行", "not yet in force"))
    table(
        [say("自", "from"), say("值", "value"), say("发布", "issued"), say("依据", "citation"), say("说明", "note")],
        ([each.in_force_from, printed(each), each.issued, each.citation, text(each.note) if each.note else ""] for each in law.history(found["key"])),
    )
    out.print(say("用于：", "used by: ") + "、".join(found["used_by"]), markup=False)


def _setting(law: Law, found: Mapping[str, Any]) -> None:
    setting = law.setting(found["key"])
    _head(found, setting.ambiguity)
    out.print(f"  {text(setting.label)}{say('（', ' (')}{setting.value}{say('）', ')')}", markup=False)
    out.print(f"  {text(setting.reason)}", markup=False)
    for ruling in found["rulings"]:
        out.print(f"  {ruling['from_date']}  {ruling['value']}  {ruling['document_title']}（{ruling['document_number']}）", markup=False)
    out.print(say("用于：", "used by: ") + "、".join(found["used_by"]), markup=False)


def _rule(law: Law, found: Mapping[str, Any]) -> None:
    _head(found, f"{found['key']}/{found['version']}", "" if found["is_in_force"] else say("尚未施行", "not yet in force"))
    out.print(f"  {said(found['sentence'])}", markup=False)
    for citation in found["citations"]:
        out.print(f"  {cited(citation)}", markup=False)
    for number, step in found["steps"].items():
        out.print(f"  {number}. {said(step)}", markup=False)
    table([say("参数", "parameter"), say("值", "value")],
          ([one["key"], one["in_force"]["printed"] if one["in_force"] else say("尚未施行", "not yet in force")] for one in found["parameters"]))
    table([say("设定", "setting"), say("所取读法", "reading")], ([one["key"], said(one["label"])] for one in found["settings"]))
    if found["criteria"]:
        table([say("条件", "criterion"), say("名称", "name"), say("成立时", "when it holds")],
              ([one["key"], said(one["label"]), said(one["means"])] for one in found["criteria"]))


def _criterion(law: Law, found: Mapping[str, Any]) -> None:
    _head(found, "" if found["in_force"] else say("尚未施行", "not yet in force"))
    out.print(f"  {said(found['stage_name'])}{say('；成立时：', '; when it holds: ')}{said(found['means'])}", markup=False)
    for version in found["versions"]:
        out.print(f"  {version['in_force_from']}  {cited(version['citation'])}", markup=False)
    out.print(say("用于：", "used by: ") + "、".join(found["used_by"]), markup=False)
