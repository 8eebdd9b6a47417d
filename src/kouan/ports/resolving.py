"""One port for whatever an agency wrote, or the candidates with the reason for each; never a silent guess (R-227, 六(二)).

The unified code of a port is its code in the register (docs/codes.md). A text may be that code, a code of another list in force on
the day, a name in Chinese, English or pinyin, or a name with the city or province in front (深圳罗湖口岸). Words for a mode in the text
(铁路, 机场, 港) narrow the candidates as ``mode`` does. One candidate decides; several, or only similar names, are put before the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from kouan.basis import Finding, Place, Text, clock, nearest
from kouan.basis.codelists import Link, Links, Registry, lists_with, registry
from kouan.basis.codes import province as province_of
from kouan.basis.names import half_width
from kouan.ports.models import CodeScheme, Port, PortCode, TransportMode
from kouan.ports.names import plain, unprintable
from kouan.ports.searching import PortIndex

if TYPE_CHECKING:
    from kouan.ports.models import Reader

PORT_LIST = "kouan-port"
LISTS = {
    CodeScheme.UNLOCODE: "unlocode", CodeScheme.IATA: "iata", CodeScheme.CUSTOMS_2018: "customs-port", CodeScheme.GBT_15514: "gbt15514",
}
_MODES = (
    (TransportMode.RAIL, re.compile(r"(?:铁路|火车站|高铁|站)$|\b(?:rail|railway|station)\b")),
    (TransportMode.ROAD, re.compile(r"(?:公路|陆路)$|\b(?:road|highway)\b")),
    (TransportMode.AIR, re.compile(r"(?:航空|空运|空港|国际机场|机场)$|\b(?:air|airport)\b")),
    (TransportMode.WATER, re.compile(r"(?:水运|海运)$|\b(?:water|sea)\b")),
)
# 大连港口岸 is the port of entry; 大连港 alone is the harbour (docs/register.md), and is never taken for it.
_PORT_AT_HARBOUR = re.compile(r"港口岸$")
_HARBOUR = re.compile(r"(?:港口|港区|码头|港)$|\b(?:harbour|harbor|terminal)\b")
_SCHEMES = {
    CodeScheme.UNLOCODE: Text("UN/LOCODE 代码", "the UN/LOCODE"), CodeScheme.UNLOCODE_2017: Text("UN/LOCODE 旧版代码", "the former UN/LOCODE"),
    CodeScheme.IATA: Text("IATA 机场代码", "the IATA code"), CodeScheme.CUSTOMS_2018: Text("海关港口代码（2018年）", "the customs code of 2018"),
    CodeScheme.GBT_15514: Text("GB/T 15514 口岸代码", "the code of GB/T 15514"), CodeScheme.NAME: Text("登记的别名", "an alias on record"),
}
MOST = 10


@dataclass(frozen=True)
class Candidate:
    """A port that the text may mean. ``is_named``: the text names it; otherwise it is only like one of its names."""

    port: Port
    reasons: tuple[Text, ...]
    is_named: bool

    def as_dict(self) -> dict[str, Any]:
        """The shape every door gives out."""
        return {
            "code": self.port.code, "name": {"zh": self.port.name_zh, "en": self.port.name_en or self.port.name_zh}, "mode": self.port.mode,
            "province_code": self.port.province_code, "is_named": self.is_named, "reasons": [each.as_dict() for each in self.reasons],
        }


@dataclass(frozen=True)
class Resolution:
    """What a text resolves to. ``port`` only where exactly one is named; otherwise ``finding`` lists the candidates."""

    text: str
    port: Port | None
    candidates: tuple[Candidate, ...]
    finding: Finding | None
    notes: tuple[Finding, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """The shape every door gives out."""
        return {
            "text": self.text, "port": self.port.code if self.port else None, "candidates": [each.as_dict() for each in self.candidates],
            "finding": self.finding.as_dict() if self.finding else None, "notes": [each.as_dict() for each in self.notes],
        }


def resolve_port(
    text: str, user: Reader = None, *, mode: str = "", province: str = "", on: date | None = None, index: PortIndex | None = None,
    where: Place | None = None,
) -> Resolution:
    """The port that a text names among those ``user`` may see, on a day; or the candidates and why none was taken.

    ``mode`` and ``province`` (two digits) narrow. Codes of findings: ambiguous_port, unknown_port, other_mode, port_elsewhere,
    harbour_not_port, unreadable_name; note code_of_no_port where the text is a code of a list that no port bears.
    """
    day = on or clock.today()
    wanted = half_width(text or "").strip()
    if not wanted or unprintable(wanted) or len(wanted) > 120:
        finding = Finding.error("unreadable_name", "没有可读的名称或代码。", "There is no readable name or code.", measured=wanted[:40],
                                remedy=("请填写口岸名称或代码，不超过120个字。", "Give a name or code of at most 120 characters."))
        return Resolution(text[:120], None, (), finding.at(where) if where else finding)
    ports = index or PortIndex.build(user, on=day)
    named = list(_named(wanted, ports, day))
    fitting = [each for each in named if mode in ("", each.port.mode) and province in ("", each.port.province_code)]
    notes = () if named else tuple(_codes_of_no_port(wanted))
    if len(fitting) == 1:
        return Resolution(wanted, fitting[0].port, (fitting[0],), None, notes)
    if fitting:
        shown, finding = tuple(fitting[:MOST]), _several(wanted, fitting)
    elif named:
        shown, finding = tuple(named[:MOST]), _other(wanted, named, mode, province)
    elif harbours := _harbours(wanted, ports, day):
        shown, finding = tuple(harbours), _harbour(wanted, harbours)
    else:
        shown = tuple(_similar(wanted, ports, mode))
        finding = _none(wanted, shown)
    return Resolution(wanted, None, shown, finding.at(where) if where else finding, notes)


def port_links(user: Reader = None, *, on: date | None = None, within: Registry | None = None) -> Links:
    """The links of the code lists together with the codes that ports bear on a day, for the ports that ``user`` may see.

    A code that names a place (``names_place``) is broader than the port; a customs code that one port bears is exact.
    """
    day = on or clock.today()
    ports = {port.pk: port for port in Port.objects.visible_to(user)}
    links = []
    for row in PortCode.objects.filter(port__in=list(ports), scheme__in=list(LISTS)):
        if (row.valid_from is not None and row.valid_from > day) or (row.valid_to is not None and row.valid_to <= day):
            continue
        links.append(Link(
            LISTS[CodeScheme(row.scheme)], row.code, PORT_LIST, ports[row.port_id].code, "narrower" if row.names_place else "exact",
            Text("口岸名录登记的代码", "a code on record in the register of ports"), Text("口岸名录", "register of ports")))
    names = {(PORT_LIST, port.code): Text(port.name_zh, port.name_en or port.name_zh) for port in ports.values()}
    return Links(within or registry(), links, names)


# ---- who is named ----------------------------------------------------------------------------------


def _named(text: str, index: PortIndex, day: date) -> Iterator[Candidate]:
    exact = index.ports.get(text.casefold())
    if exact is not None:
        yield Candidate(exact, (Text("统一代码", "the unified code"),), True)
        return
    wanted = plain(text)
    found = dict.fromkeys(index.by_name.get(wanted, ()))
    if found:
        yield from _told(found, text, index, day, ())
        return
    for bare, hint in _without_mode(text):
        stripped = _stripped(plain(bare), index)
        told = [each for each in _told(dict.fromkeys(index.by_name.get(plain(bare), ())) if hint else {}, bare, index, day, _said(hint))
                if each.port.mode == hint]
        told += [Candidate(index.ports[code], (reason, *_said(hint)), True) for code, reason in stripped if hint in ("", index.ports[code].mode)]
        if told:
            yield from {each.port.code: each for each in told}.values()
            return


def _told(codes: dict[str, None], text: str, index: PortIndex, day: date, more: tuple[Text, ...]) -> Iterator[Candidate]:
    ports = [index.ports[code] for code in codes]
    rows: dict[int, list[PortCode]] = {}
    for row in PortCode.objects.filter(port__in=[port.pk for port in ports]):
        rows.setdefault(row.port_id, []).append(row)
    for port in ports:
        yield Candidate(port, (*_reasons(text, port, rows.get(port.pk, []), day), *more), True)


def _reasons(text: str, port: Port, rows: list[PortCode], day: date) -> tuple[Text, ...]:
    wanted = plain(text)
    said = []
    if wanted == plain(port.name_zh):
        said.append(Text("全称相同", "the full name"))
    elif wanted == plain(port.short_name_zh):
        said.append(Text("简称相同", "the short name"))
    elif wanted == plain(port.name_en or ""):
        said.append(Text("英文名称相同", "the English name"))
    elif wanted == plain(port.pinyin or ""):
        said.append(Text("拼音相同", "the name in pinyin"))
    for row in rows:
        if plain(row.code) == wanted and (row.valid_to is None or row.valid_to > day) and (row.valid_from is None or row.valid_from <= day):
            label = _SCHEMES[CodeScheme(row.scheme)]
            is_place = row.names_place and row.scheme != CodeScheme.NAME
            said.append(Text(f"{label.zh}（所在地点）", f"{label.en} of its place") if is_place else label)
    return tuple(dict.fromkeys(said)) or (Text("名称相同", "the name"),)


def _without_mode(text: str) -> Iterator[tuple[str, str]]:
    """The text as it is, then without the words for a mode at its end."""
    yield text, ""
    if _PORT_AT_HARBOUR.search(text):
        yield _PORT_AT_HARBOUR.sub("", text), TransportMode.WATER
    bare = re.sub(r"口岸$", "", text)
    for mode, words in _MODES:
        cut = words.sub("", bare.casefold()).strip()
        if cut and cut != bare.casefold():
            yield cut, mode


def _harbours(text: str, index: PortIndex, day: date) -> list[Candidate]:
    """Water ports at a harbour that the text names: what was probably meant, and not the same."""
    bare = _HARBOUR.sub("", text.casefold()).strip()
    if not bare or bare == text.casefold():
        return []
    return [Candidate(each.port, (Text("该港所在的水运口岸", "the water port at that harbour"),), False) for each in _named(bare, index, day)
            if each.port.mode == TransportMode.WATER]


def _harbour(text: str, found: list[Candidate]) -> Finding:
    zh, en = _list(found)
    return Finding.error(
        "harbour_not_port", f"“{text}”是港口，不是口岸；所在的水运口岸是：{zh}。",
            f"“{text}” is a harbour, not a port of entry; the water port there: {en}.",
        measured=text, remedy=("如确指口岸，请写明“水运口岸”或统一代码；港口吞吐量含内贸货物，不能记作口岸货运量。",
                               "If the port of entry is meant, write its name or unified code; a harbour's throughput holds domestic cargo."))


def _said(mode: str) -> tuple[Text, ...]:
    return (Text(f"文中写明{TransportMode(mode).label}", f"the text says {mode}"),) if mode else ()


def _stripped(wanted: str, index: PortIndex) -> list[tuple[str, Text]]:
    """Ports whose city or province stands in front of their name: 深圳罗湖 is 罗湖 in 深圳."""
    found: dict[str, Text] = {}
    for at in range(1, len(wanted)):
        front, rest = wanted[:at], wanted[at:]
        for code in index.by_name.get(rest, ()):
            port = index.ports[code]
            if front in _places(port):
                found.setdefault(code, Text(f"“{front}”为所在地，“{rest}”为名称", f"“{front}” is where it lies, “{rest}” its name"))
    return list(found.items())


def _places(port: Port) -> set[str]:
    names = {port.city_name or "", province_of(port.province_code).zh, province_of(port.province_code).short_zh}
    names |= {re.sub(r"(?:市|地区|盟|自治州|省)$", "", name) for name in names}
    both = {first + second for first in names for second in names if first and second and first != second}
    return {plain(name) for name in names | both if name}


# ---- why none was taken ----------------------------------------------------------------------------


def _list(candidates: list[Candidate] | tuple[Candidate, ...]) -> tuple[str, str]:
    return ("、".join(f"{each.port.name_zh}（{each.port.code}）" for each in candidates[:MOST]),
            ", ".join(each.port.code for each in candidates[:MOST]))


def _several(text: str, found: list[Candidate]) -> Finding:
    zh, en = _list(found)
    return Finding.error("ambiguous_port", f"“{text}”可指{len(found)}个口岸：{zh}。", f"“{text}” may be any of {len(found)} ports: {en}.",
        measured=text,
                         remedy=("请写明运输方式、省份，或使用统一代码。", "State the mode or the province, or use the unified code."))


def _other(text: str, named: list[Candidate], mode: str, province: str) -> Finding:
    zh, en = _list(named)
    if mode and all(each.port.mode != mode for each in named):
        label = TransportMode(mode).label if mode in TransportMode.values else mode
        return Finding.error("other_mode", f"“{text}”没有{label}口岸，同名的是：{zh}。", f"There is no {mode} port “{text}”; of that name: {en}.",
            measured=mode,
                             remedy=("请核对运输方式。", "Check the mode of transport."))
    return Finding.error("port_elsewhere", f"“{text}”不在所给的省份，同名的是：{zh}。",
        f"“{text}” does not lie in that province; of that name: {en}.",
                         measured=province, remedy=("请核对省份。", "Check the province."))


def _similar(text: str, index: PortIndex, mode: str) -> Iterator[Candidate]:
    seen: set[str] = set()
    initials = [port.name_zh for port in index.ports.values() if port.initials == plain(text)]
    for name in (*nearest(text, index.shown, n=8), *initials):
        port = index.ports[index.shown[name]]
        if port.code not in seen and mode in ("", port.mode) and len(seen) < 5:
            seen.add(port.code)
            how = Text("拼音首字母相同", "the initials of its name") if name in initials else Text(f"与“{name}”相近", f"like “{name}”")
            yield Candidate(port, (how,), False)


def _none(text: str, similar: tuple[Candidate, ...]) -> Finding:
    zh, en = _list(similar)
    return Finding.error(
        "unknown_port", f"没有“{text}”这个口岸。", f"There is no port “{text}”.", measured=text,
        remedy=(f"是否为：{zh}？" if similar else "请核对名称，或先登记该口岸。",
                f"Did you mean {en}?" if similar else "Check the name, or register the port first."))


def _codes_of_no_port(text: str) -> Iterator[Finding]:
    for entry in lists_with(text)[:3]:
        held = registry().lists[entry.list_id]
        yield Finding.info(
            "code_of_no_port", f"“{entry.code}”在“{held.name.zh}”中是“{entry.shown.zh}”，名录中没有口岸登记此代码。",
            f"“{entry.code}” is {entry.shown.en} in {held.name.en}; no port of the register bears it.", measured=entry.code,
            remedy=("如属某口岸，请登记该代码（kouan ports add-code）。", "If it is a port's, add the code (kouan ports add-code)."))
