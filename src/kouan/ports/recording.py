"""How a change is written: checked, put on the record, folded into the columns, version raised.

The private half of ``actions.py``: no verb stands here, every function expects to run inside one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from kouan.accounts.action import System
from kouan.accounts.models import User
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, clock, codes, nearest
from kouan.desk.models import Document, DocumentKind
from kouan.ports.folding import COLUMNS, DATES, DECIMALS, Change, as_stored, fold
from kouan.ports.loading import label_of, set_columns
from kouan.ports.models import (
    ATTRIBUTES,
    Approval,
    Port,
    PortChange,
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


def document_of(document: Document | str | None) -> Document:
    """The document that a change rests on; without one nothing in the register changes."""
    if isinstance(document, Document):
        return document
    if not document:
        raise Refused.because(
            "document_required", "名录变更必须注明依据文件。", "A change of the register needs its document.",
            where=Place(field="document"),
            remedy=("请先登记批复或通知，再填写其引用名。", "Record the paper first, then give its reference."),
        )
    found = None if unprintable(document) else Document.objects.filter(reference=document).first()
    if found is None:
        near = nearest(document, Document.objects.values_list("reference", flat=True))
        raise Refused.because(
            "unknown_document", f"没有引用名为“{document}”的文件。", f"There is no document “{document}”.",
            where=Place(field="document"),
            remedy=(f"相近的有：{'、'.join(near)}。" if near else "请先登记该文件。",
                    f"Near it: {', '.join(near)}." if near else "Record the document first."),
        )
    return found


def reply_of(document: Document | str | None, zh: str, en: str) -> Document:
    """The State Council's reply (国务院批复): the only act that opens or closes a port."""
    found = document_of(document)
    if found.kind != DocumentKind.REPLY:
        raise Refused.because(
            "reply_required", f"{zh}须以国务院批复为依据，“{found.title}”不是批复。",
            f"{en} rests on a reply of the State Council; “{found.title}” is not one.",
            where=Place(field="document"),
            remedy=("请登记批复（类别选“国务院批复”）后再办理。", "Record the reply first, as kind “reply”."),
        )
    return found


def locked(code: str, actor: Any, version: int | None = None) -> Port:
    """The port, locked for this transaction, in the actor's scope, at the version the actor saw.

    Two people who edit one port: the second is told who changed what and when (``Conflict``).
    """
    query = Port.objects.visible_to(actor).select_for_update()
    port = query.filter(code=code).first()
    if port is None:
        raise NotFound.because(
            "unknown_port", f"没有“{code}”这个口岸。", f"There is no port “{code}”.", where=Place(field="port"),
        )
    if version is not None and port.version != version:
        raise _conflict(port, version)
    return port


def _conflict(port: Port, seen: int) -> Conflict:
    last = port.changes.order_by("-id").first()
    if last is None:
        who, names, when = "他人", "", port.recorded_at
    else:
        together = port.changes.filter(recorded_at=last.recorded_at).values_list("attribute", flat=True)
        names = "、".join(dict.fromkeys(map(label_of, together)))
        user = User.objects.filter(pk=last.actor_id_recorded).first() if last.actor_id_recorded else None
        who, when = (user.display_name if user else "系统"), last.recorded_at
    moment = when.astimezone(clock.BEIJING)
    return Conflict(Finding.error(
        "changed_meanwhile",
        f"{port.name_zh}已于{moment:%Y年%-m月%-d日 %H:%M}由{who}修改（{names or '编号或布局'}），您的修改未保存。",
        f"{port.code} was changed by {who} at {moment:%Y-%m-%d %H:%M} (Beijing time): {names or 'codes or layout'}. "
        "Your change was not saved.",
        measured=f"版本 {port.version}", required=f"版本 {seen}",
        remedy=("请查看最新内容后重新填写。", "Look at the port as it stands now, then enter your change again."),
    ))


# ---- checks ---------------------------------------------------------------------------------------

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
    if name == "province_code" and value:
        finding = codes.check("province", value)
        return [finding.at(field=name)] if finding else []
    if name == "neighbour_code" and value and not re.fullmatch(r"[A-Z]{2}", value):
        return [_wrong("malformed_code", name, f"“{value}”不是两位国家（地区）代码。",
                       f"“{value}” is not a two-letter code of a country or region.", ("例如 RU、HK。", "For example RU, HK."))]
    if name == "parent":
        found = Port.objects.filter(code=value).first()
        return [] if found and found.parent_id is None else [_wrong(
            "unknown_port", name, f"没有可作上级的口岸“{value}”。", f"There is no port “{value}” that could be a parent.")]
    limit = getattr(Port._meta.get_field(name), "max_length", None)
    if limit and len(value) > limit:
        return [_wrong("too_long", name, f"“{label_of(name)}”超过{limit}个字符。", f"“{name}” is longer than {limit}.")]
    return []


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


# ---- writing --------------------------------------------------------------------------------------


def record(
    port: Port, values: Mapping[str, Any], document: Document, actor: Any, *,
    valid_from: date | None, reason: str = "", always: bool = False,
) -> list[PortChange]:
    """Put values on the record and bring the columns to what holds today.

    A value that already holds on ``valid_from`` is not recorded twice, unless ``always``.
    """
    held = fold(changes_of(port), valid_from or clock.today())
    now = clock.now()
    fresh = []
    for name, value in values.items():
        stored = as_stored(name, value)
        before = held.get(name)
        if not always and before is not None and before.value == stored:
            continue
        if not always and before is None and stored in (None, "", False):
            continue
        fresh.append(PortChange(
            port=port, attribute=name, value=stored, valid_from=valid_from, document=document, reason=reason,
            actor_id_recorded=None if isinstance(actor, System) else actor.pk, recorded_at=now,
        ))
    PortChange.objects.bulk_create(fresh)
    if fresh:
        bring_up_to_date(port, clock.today(), raise_version=True)
    return fresh


def changes_of(port: Port) -> list[Change]:
    """All changes of one port, as the fold reads them."""
    return [Change(*row) for row in port.changes.order_by().values_list(*COLUMNS)]


def bring_up_to_date(port: Port, today: date, *, raise_version: bool = False) -> list[str]:
    """Set the columns to what holds today; name those that changed."""
    held = fold(changes_of(port), today)
    parents = {}
    if "parent" in held and held["parent"].value:
        parents = {each.code: each for each in Port.objects.filter(code=held["parent"].value)}
    names = set_columns(port, held, parents)
    if names or raise_version:
        port.version += 1
        port.save(update_fields=[*names, "version"])
    return names


def touch(port: Port) -> None:
    """Raise the version after a change that is not an attribute (a code, a link)."""
    port.version += 1
    port.save(update_fields=["version"])


def moment_of(day: date) -> datetime:
    """Midnight in Beijing at the start of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING)
