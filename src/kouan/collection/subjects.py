"""What a row is about: from the words in its cells to a registered port, point, nation or province.

A name finds its subject only when it names exactly one in the submitter's scope. A port outside the
scope is answered exactly as one that does not exist (the suggestions come from the scope alone); the
attempt is remembered for the trail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kouan.basis import Finding, SubjectKind, SubjectRef, Text, names, nearest
from kouan.collection.visibility import scope_for
from kouan.ports.models import BenchmarkPort, CounterpartPoint, Port, PortCode, PortStatus

MODES: dict[str, str] = {
    "water": "water", "sea": "water", "river": "water", "水运": "water", "海运": "water", "内河": "water", "水路": "water",
    "rail": "rail", "铁路": "rail", "railway": "rail",
    "road": "road", "公路": "road", "highway": "road", "陆路": "road",
    "air": "air", "航空": "air", "空运": "air",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """A subject, or none, with what is to be said about it. `is_foreign`: it lies outside the scope."""

    subject: SubjectRef | None
    findings: tuple[Finding, ...] = ()
    is_foreign: bool = False


@dataclass(slots=True)
class _Entry:
    code: str
    label: str
    name: str
    mode: str  # mode of a port or point, state of a benchmark port
    names: tuple[str, ...]
    status: str = ""
    members: tuple[str, ...] = ()  # labels of what a group holds
    border: str = ""


def _unknown(field_name: str, word: str, kind: Text, near: Iterable[str]) -> Finding:
    near = list(near)
    zh, en = "、".join(near), ", ".join(near)
    return Finding.error(
        f"unknown_{field_name}",
        f"没有登记名称或代码为“{word}”的{kind.zh}。",
        f"No {kind.en} is registered under “{word}”.",
        measured=word,
        remedy=(f"是否为：{zh}？请改正后重新提交，或在暂存区指定。" if near else "请核对名称，或先办理登记。",
                f"Did you mean {en}? Correct and submit again, or choose it in the holding area." if near
                else "Check the name, or have it registered first."),
    )


_PORT = Text("口岸", "port")
_POINT = Text("对侧口岸点", "counterpart point")
_BENCHMARK = Text("对标口岸", "benchmark port")


def _missing(kind: Text) -> Finding:
    return Finding.error(
        "subject_missing", f"没有写明{kind.zh}。", f"The {kind.en} is not given.",
        remedy=(f"请填写{kind.zh}名称或代码。", f"Give the name or code of the {kind.en}."),
    )


def _not_reporting(entry: _Entry) -> Finding | None:
    """Why no figure can be of a registered port: it stands for several, or is not there yet."""
    if entry.members:
        zh, en = "、".join(entry.members), ", ".join(entry.members)
        return Finding.error(
            "is_a_group", f"“{entry.name}”是几个口岸的合称，不是一个口岸，不能有自己的数。",
            f"“{entry.name}” stands for several ports and is not one: it has no figure of its own.",
            measured=entry.code, required=zh,
            remedy=(f"请按所含口岸分别填报：{zh}。", f"Report its ports: {en}."),
        )
    if entry.status == PortStatus.PLANNED:
        return Finding.error(
            "port_not_open", f"“{entry.name}”登记为规划建设中，尚未开放，不应有数据。",
            f"“{entry.name}” is registered as planned: it is not open and has no figure.",
            measured=entry.code, required="开放运行 / open",
            remedy=("请核对口岸；如已开放，请先在口岸登记中凭批复文件变更状态，再重新读取本文件。",
                    "Check the port; if it has opened, record that in the register with its document first, then read the file anew."),
        )
    return None


@dataclass(slots=True)
class Directory:
    """Names and codes of everything a submitter may report on; loaded once for a file."""

    ports: dict[str, list[_Entry]] = field(default_factory=lambda: defaultdict(list))
    foreign: dict[str, list[_Entry]] = field(default_factory=lambda: defaultdict(list))
    points: dict[str, list[_Entry]] = field(default_factory=lambda: defaultdict(list))
    benchmarks: dict[str, _Entry] = field(default_factory=dict)
    provinces: frozenset[str] | None = frozenset()  # None: all

    @classmethod
    def load(cls, actor: Any, kinds: Iterable[str]) -> Directory:
        """Load the kinds that a source needs: port (or scoped), counterpart_point, benchmark_port."""
        directory, wanted = cls(), set(kinds)
        scope = scope_for(actor)
        directory.provinces = None if scope.everything else scope.provinces
        if wanted & {"port", "scoped"}:
            directory._load_ports(actor, scope.everything)
        if "counterpart_point" in wanted:
            for code, zh, en, mode in CounterpartPoint.objects.values_list("code", "name_zh", "name_en", "mode"):
                _enter(directory.points, _Entry(code, f"{en}（{zh}）", zh, mode, (code, zh, en)))
        if "benchmark_port" in wanted:
            for code, name, state, border in BenchmarkPort.objects.values_list("code", "name", "state", "border"):
                directory.benchmarks[code] = _Entry(code, f"{code} {name} ({state})", name, state, (name,), border=border)
        return directory

    def _load_ports(self, actor: Any, everything: bool) -> None:
        ports = Port.objects.order_by()
        own = None if everything else set(ports.visible_to(actor).values_list("code", flat=True))
        codes: dict[str, list[str]] = defaultdict(list)
        # A code of a place (UN/LOCODE) is shared by its ports and so does not name one.
        for port, code in PortCode.objects.filter(names_place=False, valid_to__isnull=True).values_list(
            "port__code", "code"
        ):
            codes[port].append(code)
        members: dict[str, list[str]] = defaultdict(list)
        groups: set[str] = set()
        rows = list(ports.values_list(
            "code", "name_zh", "short_name_zh", "name_en", "mode", "status", "is_group", "parent__code"
        ))
        for code, zh, *_, is_group, parent in rows:
            if is_group:
                groups.add(code)
            if parent is not None and (own is None or code in own):
                members[parent].append(f"{zh}（{code}）")
        for code, zh, short, en, mode, status, *_ in rows:
            entry = _Entry(
                code, f"{zh}（{code}）", zh, mode, (code, zh, short, en, *codes[code]), status,
                tuple(members[code] or ("—",)) if code in groups else (),
            )
            _enter(self.ports if own is None or code in own else self.foreign, entry)

    # ---- one resolver for each kind ------------------------------------------------------------------

    def find(self, spec: Mapping[str, Any], cells: Mapping[str, str]) -> Answer:
        """The subject of one row. `spec` is the layout's `subject`, `cells` the row's words by column."""

        def word(role: str) -> str:
            column = spec.get(role)
            return cells.get(column, "").strip() if column else ""

        match spec["kind"]:
            case "counterpart_point":
                return self._point(word("name"))
            case "benchmark_port":
                return self._benchmark(word("code"), word("name"), word("state"), word("border"))
            case "port":
                return self.port(word("name"), word("mode"))
            case "scoped":
                return self._scoped(spec, word("scope"), word("name"), word("mode"))
        raise ValueError(f"unknown kind of subject: {spec['kind']}")

    def port(self, name: str, mode: str = "") -> Answer:
        """A port by code or name. A mode narrows a name that several ports share."""
        if not name:
            return Answer(None, (_missing(_PORT),))
        name, bracketed = _without_brackets(name)
        found = self._ports(self.ports, bracketed or name, mode)
        if len(found) == 1:
            wrong = _not_reporting(found[0])
            return Answer(SubjectRef.of(SubjectKind.PORT, found[0].code), (wrong,) if wrong else ())
        if len(found) > 1:
            labels = [entry.label for entry in found]
            return Answer(None, (Finding.error(
                "ambiguous_port",
                f"“{name}”是{len(found)}个口岸共用的名称{f'，运输方式“{mode}”不能确定其中一个' if mode else ''}。",
                f"“{name}” is the name of {len(found)} ports{f'; the mode “{mode}” does not tell which' if mode else ''}.",
                measured=name,
                remedy=(f"请写明代码：{'、'.join(labels)}。", f"Give the code: {', '.join(e.code for e in found)}."),
            ),))
        is_foreign = bool(self._ports(self.foreign, bracketed or name, mode))
        suggested = self._labels(self.ports)
        near = [suggested[each] for each in nearest(name, suggested, n=3)]
        return Answer(None, (_unknown("port", name, _PORT, dict.fromkeys(near)),), is_foreign)

    @staticmethod
    def _labels(index: Mapping[str, list[_Entry]]) -> dict[str, str]:
        """Every name under which something may be suggested → its label."""
        return {each: entry.label for entries in index.values() for entry in entries for each in entry.names[1:4] if each}

    @staticmethod
    def _ports(index: Mapping[str, list[_Entry]], name: str, mode: str) -> list[_Entry]:
        entries = index.get(names.half_width(name).strip().casefold()) or index.get("~" + names.key(name)) or []
        if any(entry.code == name for entry in entries):
            return [entry for entry in entries if entry.code == name]
        modes = {MODES.get(part.strip().casefold()) for part in mode.split("+")} if mode and mode != "all" else None
        if modes is not None:
            entries = [entry for entry in entries if entry.mode in modes]
        return list({entry.code: entry for entry in entries}.values())

    def _point(self, name: str) -> Answer:
        if not name:
            return Answer(None, (_missing(_POINT),))
        entries = self.points.get(name.casefold()) or self.points.get("~" + names.key(name)) or []
        codes = {entry.code for entry in entries}
        if len(codes) == 1:
            return Answer(SubjectRef.of(SubjectKind.COUNTERPART_POINT, codes.pop()))
        labels = self._labels(self.points)
        near = dict.fromkeys(labels[each] for each in nearest(name, labels))
        return Answer(None, (_unknown("counterpart_point", name, _POINT, near),))

    def _benchmark(self, code: str, name: str, state: str, border: str = "") -> Answer:
        """The four-digit code decides, and the other words must agree with it. Names are not keys: two
        ports are called Eastport."""
        if not code:
            return self._benchmark_by_name(name, state, border)
        notes: tuple[Finding, ...] = ()
        entry = self.benchmarks.get(code)
        if entry is None and code.isdigit() and len(code) == 3 and f"0{code}" in self.benchmarks:
            entry = self.benchmarks[f"0{code}"]
            notes = (Finding.warning(
                "leading_zero_restored",
                "口岸代码缺少首位的零（电子表格所致），已按四位代码补全。",
                "Port codes had lost their leading zero to a spreadsheet; it was restored to four digits.",
                measured=code, required=f"0{code}",
                remedy=("请将该列设为文本格式后保存。", "Format the column as text before saving."),
            ),)
        if entry is None:
            near = [self.benchmarks[each].label for each in nearest(code.zfill(4), self.benchmarks, cutoff=0.7)]
            if name:
                near = [entry.label for entry in self._named(name)] or near
            return Answer(None, (_unknown("port", code, _BENCHMARK, near),))
        others = [] if not name or names.key(name) == names.key(entry.name) else self._named(name)
        # The publisher has spelt some names in two ways; what is not even like the name is another port's.
        is_other_name = bool(others) or (bool(name) and names.likeness(name, entry.name) < _SPELT_OTHERWISE)
        is_other_state = bool(state) and _state(state) != entry.mode.casefold()
        if is_other_name or is_other_state:
            said = " / ".join(filter(None, (code, name, state)))
            what_zh = "名称" * is_other_name + "和" * (is_other_name and is_other_state) + "州名" * is_other_state
            what_en = " and ".join(["name"] * is_other_name + ["state"] * is_other_state)
            choices = dict.fromkeys([entry.label, *(other.label for other in others)])
            return Answer(None, (Finding.error(
                "code_and_name_disagree",
                f"代码 {code} 是“{entry.label}”，与所写的{what_zh}不符：{said}。",
                f"Code {code} is “{entry.label}”; the {what_en} given disagree with it: {said}.",
                measured=said, required=entry.label,
                remedy=(f"请核对：{'，或 '.join(choices)}。", f"Check: {', or '.join(choices)}."),
            ),))
        notes += _border_note(entry, border)
        return Answer(SubjectRef.of(SubjectKind.BENCHMARK_PORT, entry.code), notes)

    def _named(self, name: str) -> list[_Entry]:
        wanted = names.key(name)
        return [entry for entry in self.benchmarks.values() if names.key(entry.name) == wanted]

    def _benchmark_by_name(self, name: str, state: str, border: str) -> Answer:
        if not name:
            return Answer(None, (_missing(_BENCHMARK),))
        entries = self._named(name)
        if len(entries) == 1 and (not state or _state(state) == entries[0].mode.casefold()):
            return Answer(SubjectRef.of(SubjectKind.BENCHMARK_PORT, entries[0].code), (Finding.warning(
                "matched_by_name",
                "文件没有口岸代码，已按唯一的名称对应。",
                "The file has no port codes; rows were matched by names that only one port bears.",
                remedy=("名称不是编号，请尽量提供四位代码。", "Names are not keys: give the four-digit codes."),
            ), *_border_note(entries[0], border)))
        if len(entries) > 1:
            entries.sort(key=lambda entry: entry.mode.casefold() != state.casefold())
            labels = [entry.label for entry in entries]
            return Answer(None, (Finding.error(
                "ambiguous_port",
                f"“{name}”是{len(entries)}个口岸共用的名称，文件没有口岸代码，系统不作猜测。",
                f"“{name}” is the name of {len(entries)} ports and the file has no codes; it is not guessed.",
                measured=f"{name} / {state}" if state else name,
                remedy=(f"请写明代码：{'、'.join(labels)}。", f"Give the code: {', '.join(labels)}."),
            ),))
        labels_of = {entry.name: entry.label for entry in self.benchmarks.values()}
        return Answer(None, (_unknown("port", name, _BENCHMARK, [labels_of[n] for n in nearest(name, labels_of)]),))

    def _scoped(self, spec: Mapping[str, Any], scope: str, name: str, mode: str) -> Answer:
        """The subject of a source whose rows say themselves what kind of thing they are about."""
        rule = spec["scopes"].get(scope)
        if rule is None:
            return Answer(None, (_unknown("scope", scope, Text("范围", "scope"), spec["scopes"]),))
        if "hold" in rule:
            text = Text(rule["zh"], rule["en"]).format(name=name)
            return Answer(None, (Finding.error(rule["hold"], text.zh, text.en, measured=name),))
        if "subject" in rule:
            return Answer(SubjectRef.parse(rule["subject"]))
        if "names" in rule:
            known = rule["names"].get(name)
            if known:
                return Answer(SubjectRef.parse(known))
            return Answer(None, (_unknown("province", name, Text("省级行政区", "province"), rule["names"]),))
        return self._port_of_release(spec.get("names", {}).get(name, name), name, mode)

    def _port_of_release(self, wanted: str, name: str, mode: str) -> Answer:
        answer = self.port(wanted, mode)
        if answer.findings and answer.findings[0].code == "ambiguous_port" and (mode == "all" or "+" in mode):
            return Answer(None, (Finding.error(
                "several_ports",
                f"“{name}”的这个数是同名几个口岸的合计（{mode}），不能归入其中一个。",
                f"This figure of “{name}” is the total of several ports of that name ({mode}) and belongs to none.",
                measured=f"{name} / {mode}", remedy=answer.findings[0].remedy,
            ),))
        return answer


# As two post offices would spell it: what is less like the registered name is another name.
_SPELT_OTHERWISE = 0.75
# Of the states with land ports; publishers write either form.
_STATES = {
    "ak": "alaska", "az": "arizona", "ca": "california", "id": "idaho", "me": "maine", "mi": "michigan", "mn": "minnesota",
    "mt": "montana", "nd": "north dakota", "nm": "new mexico", "ny": "new york", "tx": "texas", "vt": "vermont",
    "wa": "washington",
}  # fmt: skip


def _state(word: str) -> str:
    """A state's name, also from its two letters."""
    plain = " ".join(word.casefold().split())
    return _STATES.get(plain, plain)


def _border_note(entry: _Entry, border: str) -> tuple[Finding, ...]:
    """The warning that a row names the other border. The code decides all the same."""
    if not border or not entry.border or entry.border.casefold() in border.casefold():
        return ()
    return (Finding.warning(
        "border_disagrees", f"代码 {entry.code}（{entry.name}）属“{entry.border}”边界，文件写作“{border}”；已按代码接受。",
        f"Code {entry.code} ({entry.name}) lies on the border “{entry.border}”, the file says “{border}”; the code was followed.",
        measured=border, required=entry.border,
        remedy=("请核对该列。", "Check the column."),
    ),)


def _enter(index: dict[str, list[_Entry]], entry: _Entry) -> None:
    """Index by exact spelling, and apart from that by the key under which spellings meet."""
    for name in filter(None, entry.names):
        index[names.half_width(name).strip().casefold()].append(entry)
    for name in dict.fromkeys(filter(None, entry.names[1:4])):
        index["~" + names.key(name)].append(entry)


def _without_brackets(name: str) -> tuple[str, str]:
    """Our own template writes 罗湖［luohu-rail］: the part in brackets is the code."""
    plain = names.half_width(name).replace("［", "[").replace("］", "]").strip()
    if plain.endswith("]") and "[" in plain:
        before, _, code = plain[:-1].rpartition("[")
        return before.strip(), code.strip()
    return plain, ""
