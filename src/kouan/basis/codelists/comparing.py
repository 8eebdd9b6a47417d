"""Two editions of a list held against each other: what came, what went, what is called otherwise, what means something else now.

>>> found = compare("gbt2260", "2013", "2014")
>>> len(found.added), len(found.gone), len(found.renamed)
(46, 48, 0)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import KeysView
from dataclasses import dataclass
from typing import Any

from kouan.basis.codelists.registry import Edition, Entry, Registry, registry
from kouan.basis.finding import Refused
from kouan.basis.names import likeness
from kouan.basis.text import Text

# Below this two names have nothing in common that a change of name usually leaves.
_UNLIKE = 0.34


@dataclass(frozen=True, slots=True)
class Pair:
    """One code in both editions under two names, or one name under two codes."""

    before: Entry
    after: Entry

    def as_dict(self) -> dict[str, Any]:
        """The shape every door gives out."""
        return {"before": self.before.as_dict(), "after": self.after.as_dict()}


@dataclass(frozen=True)
class Comparison:
    """What differs. `moved`: the same name under another code. `reused`: the code now names something else, as the two editions themselves
    show; such a code is dangerous in old data. `unlike`: the two names have nothing in common, so it may be either; somebody has to look."""

    list_id: str
    earlier: str
    later: str
    scope: tuple[str, ...]
    counts: tuple[int, int]
    added: tuple[Entry, ...]
    gone: tuple[Entry, ...]
    renamed: tuple[Pair, ...]
    reused: tuple[Pair, ...]
    unlike: tuple[Pair, ...]
    moved: tuple[Pair, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.gone or self.renamed or self.reused or self.unlike)

    def as_dict(self) -> dict[str, Any]:
        """The shape every door gives out."""
        return {
            "code_list": self.list_id, "earlier": self.earlier, "later": self.later, "scope": list(self.scope),
            "rows": {"earlier": self.counts[0], "later": self.counts[1]},
            "added": [each.as_dict() for each in self.added], "gone": [each.as_dict() for each in self.gone],
            "renamed": [each.as_dict() for each in self.renamed], "reused": [each.as_dict() for each in self.reused],
            "unlike": [each.as_dict() for each in self.unlike],
            "moved": [each.as_dict() for each in self.moved],
        }


def compare(name: str, earlier: str, later: str, *, within: Registry | None = None) -> Comparison:
    """Hold two editions against each other, within what both cover. Raises NotFound for an unknown list or edition.

    A name that differs in case or spaces only is no change. A code counts as reused when its old name, which stood once, stands under
    another new code in the later edition, or its new name stood under one other code, now gone, in the earlier one.
    """
    held = (within or registry()).get(name)
    one, two = held.edition(earlier), held.edition(later)
    if one.id == two.id:
        raise Refused.because("same_edition", f"两次给的都是 {one.id} 版。", f"Both are the edition {one.id}.", measured=one.id,
                              remedy=("请给出两个不同的版本。", "Give two different editions."))
    scope = one.scope or two.scope
    before, after = _entries(one, scope), _entries(two, scope)
    codes_before, codes_after = _by_name(before), _by_name(after)
    added = tuple(after[code] for code in sorted(after.keys() - before.keys()))
    gone = tuple(before[code] for code in sorted(before.keys() - after.keys()))
    renamed, reused, unlike = [], [], []
    for code in sorted(before.keys() & after.keys()):
        pair = Pair(before[code], after[code])
        was, now = _name(pair.before), _name(pair.after)
        if was == now:
            continue
        went_on = _once(codes_before[was], code) and _alone(codes_after.get(was), before.keys())
        came_from = _once(codes_after[now], code) and _alone(codes_before.get(now), after.keys())
        if went_on or came_from:
            reused.append(pair)
        elif likeness(pair.before.shown.zh, pair.after.shown.zh) < _UNLIKE and was not in now and now not in was:
            unlike.append(pair)
        else:
            renamed.append(pair)
    moved = []
    for entry in gone:
        there = codes_after.get(_name(entry), set())
        if len(there) == 1 and len(codes_before[_name(entry)]) == 1 and (code := next(iter(there))) not in before:
            moved.append(Pair(entry, after[code]))
    return Comparison(held.id, one.id, two.id, scope, (len(before), len(after)), added, gone, tuple(renamed), tuple(reused), tuple(unlike),
                      tuple(moved))


def what_changed(found: Comparison) -> Text:
    """The comparison in one sentence."""
    said = (len(found.added), len(found.gone), len(found.renamed), len(found.unlike), len(found.reused), len(found.moved))
    return Text("新增 {} 个，取消 {} 个，改名 {} 个，名称迥异待核 {} 个，代码改指他物 {} 个；原名改用新代码 {} 个".format(*said),
                "{} added, {} gone, {} renamed, {} under unlike names (to be looked at), {} reused for something else; {} names moved to a new "
                "code".format(*said))


def _entries(edition: Edition, scope: tuple[str, ...]) -> dict[str, Entry]:
    return {row["code"]: edition.made(row) for row in edition.sheet if not scope or row["code"].startswith(scope)}


def _name(entry: Entry) -> str:
    return "".join(entry.shown.zh.casefold().split())


def _once(codes: set[str], code: str) -> bool:
    return codes == {code}


def _alone(codes: set[str] | None, known: KeysView[str]) -> bool:
    """Whether a name stands under one code only, which the other edition does not have: 郊区 of ten cities proves nothing."""
    return codes is not None and len(codes) == 1 and not codes & known


def _by_name(entries: dict[str, Entry]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for code, entry in entries.items():
        found[_name(entry)].add(code)
    return found
