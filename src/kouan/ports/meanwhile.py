"""Two people edit one port: what the second is told of what the first did.

A version counts every change of a port, whatever it was: attributes, also those dated ahead, codes,
links, events. Which changes lie between the version that somebody saw and the one there is now stands
in the trail alone: the transactions that raised the version, and the rows they added.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kouan.accounts.models import User
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, Finding, Text, clock
from kouan.ports.checking import CHOICES
from kouan.ports.loading import label_of
from kouan.ports.models import LayoutLink, Port, PortChange, PortCode, PortEvent

MOST = 50


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """One thing that changed after the version which the second editor saw.

    ``what`` is an attribute, or ``code``, ``layout_link``, ``event``; ``value`` as it is recorded;
    ``entry`` the place in the trail. That place is the order: ``when`` comes from two clocks, ours and the
    database's, which need not agree.
    """

    what: str
    label: Text
    value: Any
    valid_from: date | None
    who: str
    when: datetime
    entry: int

    def in_words(self) -> Text:
        """The change as a short text: what it is about and what it says."""
        value = spoken(self.what, self.value)
        return Text(f"{self.label.zh}为“{value.zh}”", f"{self.label.en} is “{value.en}”")


class ChangedMeanwhile(Conflict):
    """Somebody changed the port in between; ``changes`` says what, who and when, the earliest first."""

    def __init__(self, finding: Finding | list[Finding], changes: Sequence[Meanwhile] = (), version: int = 0) -> None:
        super().__init__(finding)
        self.changes = list(changes)
        self.version = version


def spoken(attribute: str, value: Any) -> Text:
    """A value of the register as people say it: choices by their names, flags as yes and no."""
    if value is None or value == "":
        return Text("空", "empty")
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if attribute in CHOICES:
        return Text(str(CHOICES[attribute](value).label), str(value))
    return Text(str(value), str(value))


def changed_meanwhile(port: Port, seen: int) -> ChangedMeanwhile:
    """The refusal of a change that was entered on an older version of the port."""
    changes = changes_since(port, seen)
    who = "、".join(dict.fromkeys(each.who for each in changes)) or "他人"
    when = (changes[-1].when if changes else port.recorded_at).astimezone(clock.BEIJING)
    words = [each.in_words() for each in changes[:8]]
    zh = "；".join(each.zh for each in words) or "编号或布局"
    en = "; ".join(each.en for each in words) or "codes or layout"
    return ChangedMeanwhile(Finding.error(
        "changed_meanwhile",
        f"{port.name_zh}已于{when:%Y年%-m月%-d日 %H:%M}由{who}修改（{zh}），您的修改未保存。",
        f"{port.code} was changed by {who} at {when:%Y-%m-%d %H:%M} (Beijing time): {en}. Your change was not saved.",
        measured=f"版本 {port.version}", required=f"版本 {seen}",
        remedy=("请查看最新内容后重新填写。", "Look at the port as it stands now, then enter your change again."),
    ), changes, port.version)


def changes_since(port: Port, seen: int) -> list[Meanwhile]:
    """What was recorded of a port after its version ``seen``, the earliest first; at most ``MOST``."""
    steps, floor = [], 0
    raised = AuditEntry.objects.filter(table_name=Port._meta.db_table, row_pk=str(port.pk), kind="U").order_by("-id")
    for entry in raised[:MOST]:
        version = json.loads(entry.after or "{}").get("version")
        if not isinstance(version, int) or version <= seen:
            # One transaction may hold several versions; what stands before this entry was seen.
            floor = entry.pk
            break
        if entry.txid is not None:
            steps.append(entry.txid)
    added = AuditEntry.objects.filter(pk__gt=floor, txid__in=steps, kind__in=["I", "U"], table_name__in=[
        model._meta.db_table for model in (PortChange, PortCode, PortEvent, LayoutLink)])
    rows: dict[str, dict[int, AuditEntry]] = {}
    for entry in added.order_by("id")[:MOST * 8]:
        rows.setdefault(entry.table_name, {})[int(entry.row_pk)] = entry
    found = [*_attributes(port, rows), *_codes(port, rows), *_events(port, rows), *_links(port, rows)]
    return sorted(found, key=lambda each: each.entry)[:MOST]


Rows = dict[str, dict[int, AuditEntry]]


def _who(actor_id: int | None) -> str:
    user = User.objects.filter(pk=actor_id).first() if actor_id else None
    return user.display_name if user else "系统"


def _moment(entry: AuditEntry) -> datetime:
    return datetime.fromisoformat(entry.at.replace("Z", "+00:00"))


def _attributes(port: Port, rows: Rows) -> list[Meanwhile]:
    keys = rows.get(PortChange._meta.db_table, {})
    return [
        Meanwhile(row.attribute, Text(label_of(row.attribute), row.attribute), row.value, row.valid_from,
                  _who(row.actor_id_recorded), row.recorded_at, keys[row.pk].pk)
        for row in PortChange.objects.filter(port=port, pk__in=list(keys)).order_by("pk")
    ]


def _codes(port: Port, rows: Rows) -> list[Meanwhile]:
    keys = rows.get(PortCode._meta.db_table, {})
    return [
        Meanwhile("code", Text("代码", "code"), f"{row.get_scheme_display()} {row.code}" + (
            f"（{row.valid_to} 停用）" if row.valid_to else ""), row.valid_from,
                  _who(keys[row.pk].actor_id), _moment(keys[row.pk]), keys[row.pk].pk)
        for row in PortCode.objects.filter(port=port, pk__in=list(keys))
    ]


def _events(port: Port, rows: Rows) -> list[Meanwhile]:
    keys = rows.get(PortEvent._meta.db_table, {})
    return [
        Meanwhile("event", Text("事项", "event"), row.get_kind_display(), row.happened_on,
                  _who(row.actor_id_recorded), row.recorded_at, keys[row.pk].pk)
        for row in PortEvent.objects.filter(port=port, pk__in=list(keys))
    ]


def _links(port: Port, rows: Rows) -> list[Meanwhile]:
    keys = rows.get(LayoutLink._meta.db_table, {})
    return [
        Meanwhile("layout_link", Text("布局条目", "layout entry"), f"{row.entry.layout_id} {row.entry.name_zh}", None,
                  _who(keys[row.pk].actor_id), _moment(keys[row.pk]), keys[row.pk].pk)
        for row in LayoutLink.objects.filter(port=port, pk__in=list(keys)).select_related("entry")
    ]
