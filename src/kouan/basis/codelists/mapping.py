"""From a code of one list to the codes of another, with the relation, what it rests on and the way taken.

>>> [(each.code, each.relation) for each in map_code("customs-transport", "2", "ciq")]
[('1', 'exact')]
>>> first = map_code("iso3166-1", "CN", "iso3166-1-numeric")[0]
>>> first.code, first.relation, len(first.path)
('156', 'exact', 1)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kouan.basis.codelists.registry import CodeList, Entry, MappingSource, Registry, registry
from kouan.basis.codelists.sheet import read_sheet
from kouan.basis.finding import Finding
from kouan.basis.names import half_width
from kouan.basis.text import Text

RELATIONS = {
    "exact": Text("相同", "exact"),
    "broader": Text("目标更宽", "the target is broader"),
    "narrower": Text("目标更窄", "the target is narrower"),
    "close": Text("相近，须核对", "close, to be checked"),
}
_TURNED = {"exact": "exact", "broader": "narrower", "narrower": "broader", "close": "close"}
NAMED = {"same_name": Text("同名唯一", "one of that name on each side"), "same_name_several": Text("同名不止一个", "several of that name")}
MOST_STEPS = 2


@dataclass(frozen=True, slots=True)
class Link:
    """One code beside another: `relation` says what the target is to the origin; `basis` what that rests on."""

    from_list: str
    from_code: str
    to_list: str
    to_code: str
    relation: str
    basis: Text
    source: Text

    def turned(self) -> Link:
        """The same link read from its other end."""
        return Link(self.to_list, self.to_code, self.from_list, self.from_code, _TURNED[self.relation], self.basis, self.source)

    def as_dict(self) -> dict[str, Any]:
        """The shape every door gives out."""
        return {"from_list": self.from_list, "from_code": self.from_code, "to_list": self.to_list, "to_code": self.to_code,
                "relation": self.relation, "basis": self.basis.as_dict(), "source": self.source.as_dict()}


@dataclass(frozen=True)
class Target:
    """Where a code leads: the code in the other list, the entry where the list is here, and the links gone along."""

    list_id: str
    code: str
    path: tuple[Link, ...]
    entry: Entry | None
    name: Text | None = None

    @property
    def relation(self) -> str:
        """Of the whole way: exact steps change nothing; two in one direction keep it; anything else is close."""
        found = "exact"
        for link in self.path:
            found = link.relation if found in ("exact", link.relation) else found if link.relation == "exact" else "close"
        return found

    def as_dict(self) -> dict[str, Any]:
        """The shape every door gives out."""
        return {"code_list": self.list_id, "code": self.code, "name": self.name.as_dict() if self.name else None,
                "relation": self.relation, "path": [link.as_dict() for link in self.path]}


class Links:
    """All links of a registry, by either end; `more` brings those that stand in a database, such as the codes of ports."""

    def __init__(self, within: Registry | None = None, more: Iterable[Link] = (),
                 names: Mapping[tuple[str, str], Text] | None = None) -> None:
        self.registry = within or registry()
        self._names = names or {}
        self._more: dict[tuple[str, str], list[Link]] = defaultdict(list)
        for link in more:
            for each in (link, link.turned()):
                self._more[each.from_list, each.from_code].append(each)

    def from_code(self, list_id: str, code: str) -> list[Link]:
        """The links that leave a code."""
        found = list(self._more.get((list_id, code), ()))
        for source in self.registry.mappings:
            if list_id in (source.from_list, source.to_list):
                found += self._of(source, list_id, code)
        return found

    def _of(self, source: MappingSource, list_id: str, code: str) -> Sequence[Link]:
        origin = self.registry.lists[source.from_list]
        if source.path is not None or not source.relation:
            return _links(origin, source).get((list_id, code), ())
        # The relation is given, so that nothing has to be counted over the 116,000 rows of UN/LOCODE.
        sheet = origin.current.sheet
        if list_id == origin.id:
            row = sheet.get(code)
            rows = [row] if row is not None and row.get(source.column) else []
        else:
            rows = [row for row in sheet.matching(code) if row.get(source.column) == code]
        links = [Link(origin.id, row["code"], source.to_list, row[source.column], source.relation, source.basis, source.source.name) for row in rows]
        return links if list_id == origin.id else [link.turned() for link in links]

    def reach(self, list_id: str, code: str, to: CodeList | None = None) -> list[Target]:
        """The codes that a code leads to, over up to two links; only those in `to` where it is given. Nearest ways first."""
        seen = {(list_id, code)}
        front: list[tuple[Link, ...]] = [()]
        found: list[Target] = []
        for _ in range(MOST_STEPS):
            following: list[tuple[Link, ...]] = []
            for path in front:
                end = (path[-1].to_list, path[-1].to_code) if path else (list_id, code)
                for link in self.from_code(*end):
                    # Back into the list one came from would only name the neighbours of the code.
                    if (link.to_list, link.to_code) in seen or link.to_list == list_id:
                        continue
                    seen.add((link.to_list, link.to_code))
                    following.append((*path, link))
            found += [self._target(path) for path in following if to is None or path[-1].to_list == to.id]
            front = following
        return sorted(found, key=lambda each: (len(each.path), list(RELATIONS).index(each.relation), each.code))

    def _target(self, path: tuple[Link, ...]) -> Target:
        end = path[-1]
        held = self.registry.lists.get(end.to_list)
        entry = held.current.entry(end.to_code) if held is not None and held.editions else None
        return Target(end.to_list, end.to_code, path, entry, self._names.get((end.to_list, end.to_code)) or (entry.shown if entry else None))


def map_code(from_list: str, code: str, to: str, *, links: Links | None = None) -> list[Target]:
    """The codes of the list `to` that a code of `from_list` leads to. "ciq" takes every
    list of the former inspection authority.

    Raises NotFound for a list or code that is not there; [] where nothing leads from one to the other.
    """
    ways = links or Links()
    origin = ways.registry.get(from_list)
    wanted = half_width(code).strip()
    held = origin.entry(wanted).code if origin.editions else wanted.lower() if origin.id == "kouan-port" else wanted.upper()
    if to == "ciq":
        return [each for each in ways.reach(origin.id, held) if each.list_id.startswith("ciq-")]
    return ways.reach(origin.id, held, ways.registry.get(to))


def lists_with(code: str, within: Registry | None = None) -> list[Entry]:
    """The entries of current editions that have this code, when nobody said which list is meant."""
    known = within or registry()
    wanted = half_width(code).strip()
    return [entry for each in known.lists.values() if each.editions and each.form.fullmatch(wanted.upper())
            if (entry := each.current.entry(wanted)) is not None]


def nothing_leads(code: str, to: CodeList) -> Finding:
    """What to say where no link leads to the list asked for."""
    return Finding.warning(
        "no_mapping", f"没有从“{code}”到“{to.name.zh}”的对照关系。", f"No mapping leads from “{code}” to {to.name.en}.", measured=code,
        remedy=("请按名称查找后人工核对；确认的对照可由使用单位补充，见 docs/codes.md。",
                "Look for the name and check by hand; a confirmed mapping can be added, see docs/codes.md."))


@lru_cache(maxsize=64)
def _links(origin: CodeList, source: MappingSource) -> Mapping[tuple[str, str], Sequence[Link]]:
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in _made(origin, source):
        for each in (link, link.turned()):
            found[each.from_list, each.from_code].append(each)
    return found


def _made(origin: CodeList, source: MappingSource) -> Iterable[Link]:
    if source.path is not None:
        for row in read_sheet(source.path, source.sha256, first="from"):
            said = NAMED.get(row["basis"])
            basis = Text(f"{source.basis.zh}（{said.zh}）", f"{source.basis.en} ({said.en})") if said else source.basis
            yield Link(source.from_list, row["from"], source.to_list, row["to"], row["relation"], basis, source.source.name)
        return
    rows = [(row["code"], row[source.column]) for row in origin.current.sheet if row.get(source.column)]
    shared = Counter(to for _, to in rows)
    for code, to in rows:
        yield Link(source.from_list, code, source.to_list, to, "exact" if shared[to] == 1 else "broader", source.basis, source.source.name)
