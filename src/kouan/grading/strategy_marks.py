"""战略标记: the mark that leaves each step of the withdrawal ladder to the national office, with its paper and on two clocks.

No instrument lists marked ports, so none are bundled. A port of which nothing is recorded is unknown, never unmarked; that
a port bears none is recorded by the national office with a paper, like the mark itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from kouan.accounts.action import action
from kouan.basis import Finding, Place, Refused, Text, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.models import Document
from kouan.grading.models import StrategyMark
from kouan.ports.papers import document_of
from kouan.ports.queries import get_port

FIRST_DAY = date(1949, 10, 1)
MARKS = {True: Text("有战略标记", "Marked as strategic"), False: Text("无战略标记", "Not marked as strategic")}
NOT_RECORDED = Text("未登记（不明）", "Not on record (unknown)")


def mark_name(mark: StrategyMark | None) -> Text:
    """What is on record, in words; a port without a row is unknown."""
    return NOT_RECORDED if mark is None else MARKS[mark.is_marked]


def mark_of(code: str, as_of: date | None = None, known_at: datetime | None = None) -> StrategyMark | None:
    """What holds for a port on a day (today), as known at a moment (now); None where nothing is recorded."""
    return marks_of([code], as_of, known_at).get(code)


def marks_of(codes: Iterable[str], as_of: date | None = None, known_at: datetime | None = None) -> dict[str, StrategyMark]:
    """By port, the row that holds on a day: of those that have begun the latest, and of two from one day the later recorded."""
    rows = StrategyMark.objects.filter(port_code__in=list(codes), valid_from__lte=as_of or clock.today())
    if known_at is not None:
        rows = rows.filter(recorded_at__lte=known_at)
    return {each.port_code: each for each in rows.select_related("document").order_by("valid_from", "recorded_at", "id")}


def history_of(code: str) -> list[StrategyMark]:
    """Every row of a port, the one recorded last first."""
    return list(StrategyMark.objects.filter(port_code=code).select_related("document").order_by("-recorded_at", "-id"))


@action("strategy_marks.set")
def set_strategy_mark(*, actor: Any, port: str, is_marked: bool | None, valid_from: date, reason: str, document: Document | str) -> StrategyMark:
    """Record that a port bears a strategy mark from a day, or that it bears none; either needs a reason and a paper.

    Nothing recorded is changed: the same day again is a correction. Refused where nothing would change.
    """
    refuse_secrets(reason)
    paper, held = document_of(document), get_port(actor, port)
    findings = []
    if is_marked is None:
        findings.append(
            _wrong("value_required", "is_marked", "请选择有或无。", "Choose whether it is marked.", "依据文件选择。", "As the document says.")
        )
    if held.is_group:
        findings.append(
            _wrong(
                "group_not_marked",
                "port",
                "含成员的口岸不登记战略标记，由各成员口岸分别登记。",
                "A group bears no mark; its members do.",
                "请选择成员口岸。",
                "Choose a member port.",
            )
        )
    if not FIRST_DAY <= valid_from <= date(clock.today().year + 2, 12, 31):
        findings.append(
            _wrong(
                "date_out_of_range",
                "valid_from",
                "起始日期应在1949年10月1日之后、两年之内。",
                f"The day lies between {FIRST_DAY} and two years ahead.",
                "请核对文件。",
                "Look at the document.",
            )
        )
    if not reason.strip():
        findings.append(_wrong("value_required", "reason", "请填写理由。", "Give the reason.", "请补填后再提交。", "Fill it in and try again."))
    if len(reason) > 400:
        findings.append(_wrong("bad_text", "reason", "不能超过400个字符。", "At most 400 characters.", "请改短。", "Shorten it."))
    if findings:
        raise Refused(findings)
    now = mark_of(held.code, valid_from)
    if now is not None and (now.is_marked, now.valid_from, now.document_id, now.reason) == (is_marked, valid_from, paper.pk, reason.strip()):
        said = "This is on record already."
        raise Refused([_wrong("nothing_changes", "is_marked", "这一标记已登记。", said, "无须重复登记。", "It need not be entered twice.")])
    return StrategyMark.objects.create(
        port_code=held.code, is_marked=bool(is_marked), valid_from=valid_from, reason=reason.strip(), document=paper, actor_id_recorded=actor.pk
    )


def _wrong(code: str, field: str, zh: str, en: str, do_zh: str, do_en: str) -> Finding:
    return Finding.error(code, zh, en, where=Place(field=field), remedy=(do_zh, do_en))
