"""Which code lists there are, their editions and how they map onto each other: registry.yaml, and what an operator adds.

>>> found = registry()
>>> found.get("customs").id, found.get("unlocode").current.id
('customs-port', '2024')
>>> found.get("gbt2260").edition_on(date(2009, 6, 30)).id
'2008'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from kouan.basis import strict_yaml
from kouan.basis.codelists.sheet import Row, Sheet, read_sheet
from kouan.basis.finding import Finding, NotFound, Place, Refused
from kouan.basis.names import half_width, nearest
from kouan.basis.text import Text

_SHIPPED = Path(__file__).parent / "registry.yaml"
_NAMES = ("name_zh", "name_en", "name_local", "city")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file comes from, and under which licence."""

    name: Text
    licence: Text


@dataclass(frozen=True)
class Entry:
    """One code of one edition. `name` may lack a language: no name is invented for a list that has none."""

    list_id: str
    edition: str
    code: str
    name: Text
    row: Mapping[str, str]

    @property
    def shown(self) -> Text:
        """The name in both languages, the other one standing in where one is missing; at last the code."""
        return Text(self.name.zh or self.name.en or self.code, self.name.en or self.name.zh or self.code)

    @property
    def attributes(self) -> dict[str, str]:
        """What the list says beside code and names."""
        return {key: value for key, value in self.row.items() if value and key not in ("code", "name_zh", "name_en", "pinyin", "initials")}

    def as_dict(self) -> dict[str, Any]:
        """The shape every door gives out."""
        return {"code_list": self.list_id, "edition": self.edition, "code": self.code, "name": self.name.as_dict(), "attributes": self.attributes}


@dataclass(frozen=True)
class Edition:
    """A list as it stood. `scope`: the edition holds only codes that begin so; empty: the whole list."""

    list_id: str
    id: str
    valid_from: date
    path: Path
    sha256: str
    rows: int
    source: Source
    scope: tuple[str, ...] = ()
    note: Text | None = None

    @property
    def sheet(self) -> Sheet:
        """Its rows; read when first asked for, the file's checksum compared."""
        return _sheet(self.path, self.sha256)

    def entry(self, code: str) -> Entry | None:
        """One code, in any case and width."""
        row = self.sheet.get(half_width(code).strip())
        return None if row is None else self.made(row)

    def made(self, row: Row) -> Entry:
        """A row as an entry."""
        return Entry(self.list_id, self.id, row["code"], Text(row.get("name_zh", ""), row.get("name_en", "")), row)

    def covers(self, code: str) -> bool:
        """Whether the edition would hold such a code."""
        return not self.scope or code.startswith(self.scope)


@dataclass(frozen=True, eq=False)
class CodeList:
    """A list: what it is, who keeps it, its editions by id, oldest first."""

    id: str
    name: Text
    body: Text
    instrument: str
    related: str
    form: re.Pattern[str]
    aliases: tuple[str, ...]
    note: Text | None
    editions: Mapping[str, Edition]

    @property
    def current(self) -> Edition:
        """The newest edition in reach. Raises NotFound where the list is known by name only."""
        if not self.editions:
            raise NotFound.because(
                "code_list_not_here", f"系统未附“{self.name.zh}”的内容，只作为对照目标登记。",
                f"The list “{self.name.en}” is not in the box; it is registered as a target of mappings only.", measured=self.id,
                remedy=("如有可用的版本，请按 docs/codes.md 补充。", "If you hold an edition, add it as docs/codes.md says."))
        return list(self.editions.values())[-1]

    def edition(self, wanted: str = "") -> Edition:
        """An edition by its id; the newest without one."""
        if not wanted:
            return self.current
        found = self.editions.get(wanted)
        if found is None:
            known = "、".join(self.editions) or "无"
            raise NotFound.because(
                "unknown_edition", f"“{self.name.zh}”没有版本“{wanted}”。", f"The list “{self.name.en}” has no edition “{wanted}”.",
                measured=wanted, remedy=(f"可用的版本：{known}。", f"Editions: {', '.join(self.editions) or 'none'}."))
        return found

    def edition_on(self, day: date) -> Edition:
        """The edition in force on a day; the oldest for a day before it."""
        found = self.current
        for edition in self.editions.values():
            if edition.valid_from <= day:
                found = edition
        return found if found.valid_from <= day else next(iter(self.editions.values()))

    def entry(self, code: str, edition: str = "") -> Entry:
        """One code. Raises NotFound, saying which editions had it, or which codes are near."""
        held = self.edition(edition)
        found = held.entry(code)
        if found is None:
            raise NotFound(self._missing(code, held))
        return found

    def history(self, code: str) -> list[Entry]:
        """The code in every edition that has it, oldest first."""
        return [entry for edition in self.editions.values() if (entry := edition.entry(code)) is not None]

    def _missing(self, code: str, held: Edition) -> Finding:
        wanted = half_width(code).strip().upper()[:40]
        if not self.form.fullmatch(wanted):
            return Finding.error(
                "malformed_code", f"“{wanted}”不符合“{self.name.zh}”的格式。", f"“{wanted}” does not have the form of {self.name.en}.",
                measured=wanted, required=self.form.pattern, remedy=("请核对代码，或按名称查找。", "Check the code, or look for the name."))
        before = [entry for entry in self.history(wanted) if entry.edition != held.id]
        if before:
            last = before[-1]
            return Finding.error(
                "code_not_in_edition", f"“{self.name.zh}”{held.id}版没有代码“{wanted}”；{last.edition}版有，名称为“{last.shown.zh}”。",
                f"The edition {held.id} of {self.name.en} has no “{wanted}”; that of {last.edition} has: {last.shown.en}.", measured=wanted,
                remedy=(f"请用 kouan codes compare {self.id} {last.edition} {held.id} 查看变动。",
                        f"See what changed: kouan codes compare {self.id} {last.edition} {held.id}."))
        near = nearest(wanted, held.sheet.codes() if len(held.sheet) < 10_000 else [], n=3)
        return Finding.error(
            "unknown_code", f"“{self.name.zh}”{held.id}版没有代码“{wanted}”。", f"The edition {held.id} of {self.name.en} has no “{wanted}”.",
            measured=wanted, remedy=(f"是否为：{'、'.join(near)}？" if near else "请核对代码，或按名称查找。",
                                     f"Did you mean {', '.join(near)}?" if near else "Check the code, or look for the name."))


@dataclass(frozen=True, eq=False)
class MappingSource:
    """Codes of one list beside those of another: a column of the first list's table, or a table of its own."""

    from_list: str
    to_list: str
    source: Source
    basis: Text
    column: str = ""
    path: Path | None = None
    sha256: str = ""
    rows: int = 0
    relation: str = ""


@dataclass(frozen=True, eq=False)
class Registry:
    """All lists by id, and all mappings."""

    lists: Mapping[str, CodeList]
    mappings: tuple[MappingSource, ...]

    @cached_property
    def _by_name(self) -> dict[str, CodeList]:
        names: dict[str, CodeList] = {}
        for each in self.lists.values():
            for name in (each.id, *each.aliases, each.name.zh, each.name.en):
                names.setdefault(_key(name), each)
        return names

    def get(self, name: str) -> CodeList:
        """A list by its id, another name, or its title. Raises NotFound with the nearest."""
        found = self._by_name.get(_key(name))
        if found is None:
            near = list(dict.fromkeys(self._by_name[each].id for each in nearest(_key(name), self._by_name, n=5)))[:3]
            raise NotFound.because(
                "unknown_code_list", f"没有代码表“{name[:40]}”。", f"There is no code list “{name[:40]}”.", measured=name[:40],
                remedy=(f"是否为：{'、'.join(near)}？" if near else "可用的代码表见 kouan codes list。",
                        f"Did you mean {', '.join(near)}?" if near else "See kouan codes list."))
        return found


def registry(folder: Path | None = None) -> Registry:
    """The shipped lists, and with `folder` those that the operator put there (`*.yaml` beside their files)."""
    extra = tuple(sorted(folder.glob("*.yaml"))) if folder is not None and folder.is_dir() else ()
    return _read((_SHIPPED, *extra), tuple(path.stat().st_mtime_ns for path in extra))


@lru_cache(maxsize=4)
def _read(paths: tuple[Path, ...], _changed: tuple[int, ...]) -> Registry:
    lists: dict[str, dict[str, Any]] = {}
    editions: dict[str, dict[str, Edition]] = {}
    mappings: list[MappingSource] = []
    bodies: dict[str, Text] = {}
    sources: dict[str, Source] = {}
    found: dict[str, CodeList] = {}
    for path in paths:
        data = _load(path)
        folder = path.parent / "data" if path == _SHIPPED else path.parent
        try:
            bodies |= {key: Text.from_dict(value) for key, value in data.get("bodies", {}).items()}
            sources |= {key: Source(Text.from_dict(value), Text.from_dict(value["licence"])) for key, value in data.get("sources", {}).items()}
            for list_id, said in data.get("lists", {}).items():
                lists.setdefault(list_id, said)
                held = editions.setdefault(list_id, {})
                for name, told in said.get("editions", {}).items():
                    held[str(name)] = Edition(
                        list_id, str(name), told["valid_from"], folder / told["file"], told["sha256"], told["rows"], sources[told["source"]],
                        tuple(told.get("scope", ())), _text(told.get("note")))
            mappings += [
                MappingSource(told["from"], told["to"], sources[told["source"]], Text.from_dict(told["basis"]), told.get("column", ""),
                              folder / told["file"] if "file" in told else None, told.get("sha256", ""), told.get("rows", 0), told.get("relation",
                                  ""))
                for told in data.get("mappings", ())]
            for list_id in data.get("lists", {}):
                # Of what stands in two files the first is kept; a later file adds editions to it.
                found[list_id] = _list_of(list_id, lists[list_id], bodies, editions[list_id])
        except (KeyError, TypeError, AttributeError, ValueError, re.error, RecursionError) as error:
            raise Refused.because(
                "unreadable_code_registry", f"代码表登记文件 {path.name} 缺少或写错：{error}。",
                    f"The registry {path.name} lacks or misstates {error}.",
                where=Place(file=path.name), remedy=("写法见 docs/codes.md。", "See docs/codes.md for its form.")) from error
    return Registry(found, tuple(mappings))


def _list_of(list_id: str, said: Mapping[str, Any], bodies: Mapping[str, Text], editions: Mapping[str, Edition]) -> CodeList:
    if not all(isinstance(each, str) for each in (list_id, *said["name"].values(), *said.get("aliases", ()))):
        raise ValueError("name")
    return CodeList(
        list_id, Text.from_dict(said["name"]), bodies[said["body"]], said.get("instrument", ""), said.get("related", ""),
        re.compile(said["form"], re.ASCII), tuple(said.get("aliases", ())), _text(said.get("note")),
        dict(sorted(editions.items(), key=lambda pair: pair[1].valid_from)))


def _load(path: Path) -> dict[str, Any]:
    try:
        data = strict_yaml.load_plain(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refused.because(
            "unreadable_code_registry", f"代码表登记文件 {path.name} 读不出：{error}。", f"The registry {path.name} cannot be read: {error}.",
            where=Place(file=path.name), remedy=("写法见 docs/codes.md。", "See docs/codes.md for its form.")) from error
    return data if isinstance(data, dict) else {}


def _text(pair: Mapping[str, str] | None) -> Text | None:
    return None if pair is None else Text.from_dict(pair)


def _key(name: str) -> str:
    return half_width(name).strip().casefold().replace("_", "-")


@lru_cache(maxsize=64)
def _sheet(path: Path, sha256: str) -> Sheet:
    return read_sheet(path, sha256)


def names_of(row: Mapping[str, str]) -> list[str]:
    """The names by which a row may be found."""
    return [row[column] for column in _NAMES if row.get(column)]
