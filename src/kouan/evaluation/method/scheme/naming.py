"""Ports as findings call them: by their name, with the code behind it, in both languages; long lists cut short and counted."""

from __future__ import annotations

from collections.abc import Sequence

from kouan.basis import Text

MOST_NAMED = 5


def called(code: str, name: Text | None) -> Text:
    """A port by name and code; by its code alone where it has no name.

    >>> called("luohu-rail", Text("罗湖铁路口岸", "Luohu Railway Port")).zh, called("p1", None).en
    ('罗湖铁路口岸（luohu-rail）', 'p1')
    """
    if name is None or not name.zh:
        return Text(code, code)
    return Text(f"{name.zh}（{code}）", f"{name.en or name.zh} ({code})")


def listed(found: Sequence[Text], most: int = MOST_NAMED) -> Text:
    """The first few of a list, and how many there are in all where some are left out.

    >>> listed([Text("甲", "A"), Text("乙", "B")]).zh, listed([Text("甲", "A"), Text("乙", "B")], most=1).en
    ('甲、乙', 'A and others, 2 in all')
    """
    zh, en = "、".join(each.zh for each in found[:most]), ", ".join(each.en for each in found[:most])
    if len(found) <= most:
        return Text(zh, en)
    return Text(f"{zh}等 {len(found)} 处", f"{en} and others, {len(found)} in all")
