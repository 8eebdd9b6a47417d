"""How a return stands on a day, as the board and every page say it: one word, and the marks beside it.

>>> standing_word("due", date(2026, 11, 13), None, False, date(2026, 11, 14))
'late'
>>> standing_word("due", date(2026, 11, 13), date(2026, 11, 20), False, date(2026, 11, 14))
'extended'
>>> standing_word("signed", date(2026, 11, 13), None, True, date(2026, 12, 1))
'zero'
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from kouan.basis import Text, clock
from kouan.collection.returns.models import FILED, Return, ReturnState

WORDS: dict[str, Text] = {
    "not_due": Text("未到期", "not due"), "due": Text("待报送", "due"), "extended": Text("已延期", "extended"), "late": Text("逾期未报", "late"),
    "filed": Text("已报待审", "filed"), "returned": Text("已退回", "returned"), "signed": Text("已审定", "signed"),
    "zero": Text("零报告", "zero report"), "exempt": Text("不适用", "not applicable"),
}
LATE_MARK = Text("迟报", "filed late")
REVISED_MARK = Text("冻结后修订", "revised after the freeze")


def standing_word(state: str, due_on: date | None, extended_to: date | None, is_zero: bool, today: date) -> str:
    """The word of a return. A filed one says so even where it came late: the mark beside it says that for ever."""
    if state == ReturnState.NOT_APPLICABLE:
        return "exempt"
    if state == ReturnState.SIGNED:
        return "zero" if is_zero else "signed"
    if state in FILED:
        return "filed"
    last = extended_to or due_on
    if state == ReturnState.RETURNED:
        return "returned"
    if last is not None and today > last:
        return "late"
    return "extended" if extended_to is not None else "due"


def word_of(held: Return, today: date | None = None) -> str:
    """The word of one return today."""
    return standing_word(held.state, held.due_on, held.extended_to, held.is_zero, today or clock.today())


def those_that(rows: Any, word: str, today: date | None = None) -> Any:
    """Of some returns those of one word: the same as ``word_of``, asked of the database."""
    day = today or clock.today()
    if word == "not_due":
        return rows.none()
    rows = rows.annotate(last=Coalesce("extended_to", "due_on"))
    past = Q(last__isnull=False, last__lt=day)
    match word:
        case "exempt":
            return rows.filter(state=ReturnState.NOT_APPLICABLE)
        case "signed" | "zero":
            return rows.filter(state=ReturnState.SIGNED, is_zero=word == "zero")
        case "filed":
            return rows.filter(state__in=FILED)
        case "returned":
            return rows.filter(state=ReturnState.RETURNED)
        case "late":
            return rows.filter(past, state=ReturnState.DUE)
        case "extended":
            return rows.filter(~past, state=ReturnState.DUE, extended_to__isnull=False)
        case _:
            return rows.filter(~past, state=ReturnState.DUE, extended_to__isnull=True)


def marks_of(held: Return) -> list[Text]:
    """What a return bears for ever."""
    return [words for has, words in ((held.is_late, LATE_MARK), (held.is_revised, REVISED_MARK)) if has]
