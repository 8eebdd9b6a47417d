"""What is measured: the wholes, the parts that tile them, the stages that may run side by side, and their versions.

A whole runs from a start to an end milestone. Its chain lists the parts in order, each named by the milestone that
ends it. How an engine applies a chain to a case (the timeline here, the generated SQL elsewhere):

0. What is measured is a leg: the events of one (case_id, case_kind, mode, direction) that are current, actual and not
   withdrawn. Its port is that of the event that starts the whole (declarations may be lodged at another).
1. Of each milestone the first or the last current, actual instant stands (`Milestone.repeat`).
2. `start` is the first milestone of `chain.start` that the case has; `end` the first of `chain.end`. Without both, or with
   the end before the start where that is impossible, there is no whole. An end before the start that is possible
   (released before arrival) makes a whole of zero, with the negative time kept apart.
3. Along the chain up to the end, each milestone the case has is cut at max(start, every earlier cut, its own instant),
   but never later than the end. So what was done ahead of its turn takes nothing, what was late takes what it adds.
   A part marked `only_after_start` is left out where its milestone does not lie after the start.
4. A part is the time from one cut to the next; the parts sum to end - start exactly.
5. A milestone that is missing gives no cut: its part merges into the next one. If the part is optional the case did not
   take that step; if not, the data has a gap and the merged part says so.

>>> whole = shipped().whole("overall_clearance", "goods", "inbound", "sea")
>>> whole.start, whole.end, [part.code for part in whole.parts][:3]
(('arrived',), ('delivery_permitted', 'released'), ['berthing', 'unload_wait', 'unloading'])
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kouan.basis import Citation, Finding, Refused, Severity, Text
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.monitoring.timing.events import DIRECTIONS, MODES, SUBJECT_OF_KIND, SUBJECTS

DATA = Path(__file__).parent / "data"
OWNERS: Mapping[str, Text] = {
    "enterprise": Text("企业", "enterprise"),
    "terminal": Text("港站经营单位", "terminal"),
    "customs": Text("海关", "customs"),
    "other_agency": Text("其他查验单位", "other agency"),
}
NATURES: Mapping[str, Text] = {"working": Text("作业", "working"), "waiting": Text("等待", "waiting")}


@dataclass(frozen=True, slots=True)
class Milestone:
    """One code of the list. `by`: who normally reaches it; `repeat`: "first" or "last" stands; `cbv`: GS1 bizStep or None."""

    code: str
    name: Text
    by: str
    who: Text
    repeat: str
    cbv: str | None
    outbound: Text | None = None

    def name_in(self, direction: str) -> Text:
        """The name in one direction: 抵港 of an import is 运抵口岸 of an export."""
        return self.outbound if direction == "outbound" and self.outbound else self.name


@dataclass(frozen=True, slots=True)
class Flow:
    """The normal order of milestones of one subject, direction and some modes."""

    subject: str
    direction: str
    modes: tuple[str, ...]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impossible:
    """A pair that cannot be: `then` before `first`. A warning is a breach of procedure, an error a contradiction."""

    first: str
    then: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Part:
    """A segment (分段): the time that ends with the milestone `to`. See the module for
    `is_optional` and `only_after_start`. `expects`: the milestone that is bound to follow once `to` was reached."""

    code: str
    to: str
    owner: str
    nature: str
    name: Text
    is_optional: bool = False
    only_after_start: bool = False
    expects: str | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Work that may run beside other work: from the first milestone of `starts` that the case has to `ends`."""

    code: str
    starts: tuple[str, ...]
    ends: str
    owner: str
    name: Text
    start_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """One whole of one subject, direction and mode, in one version: what REPORT and the timeline both apply."""

    code: str
    name: Text
    version: int
    in_force_from: date
    citation: Citation
    reading: Text
    subject: str
    direction: str
    modes: tuple[str, ...]
    start: tuple[str, ...]
    end: tuple[str, ...]
    parts: tuple[Part, ...]
    stages: tuple[Stage, ...]

    @property
    def key(self) -> str:
        """The name under which figures are stored: overall_clearance@1."""
        return f"{self.code}@{self.version}"


@dataclass(frozen=True)
class Definitions:
    """The code list and every whole, with the digest of the files they were read from."""

    edition: int
    in_force_from: date
    citation: Citation
    milestones: Mapping[str, Milestone]
    flows: tuple[Flow, ...]
    impossible: tuple[Impossible, ...]
    parts: Mapping[str, Part]
    stages: Mapping[str, Stage]
    wholes: tuple[Whole, ...]
    digest: str

    def flow(self, subject: str, direction: str, mode: str) -> Flow | None:
        """The normal order of a flow, or None where the flow does not exist (a vehicle by sea)."""
        for flow in self.flows:
            if flow.subject == subject and flow.direction == direction and mode in flow.modes:
                return flow
        return None

    def of_flow(self, subject: str, direction: str, mode: str, on: date | None = None) -> tuple[Whole, ...]:
        """The wholes that measure a flow, in the order in which they are shown; `on`: the versions in force that day."""
        found: dict[str, Whole] = {}
        for whole in self.wholes:
            fits = whole.subject == subject and whole.direction == direction and mode in whole.modes
            if fits and (on is None or whole.in_force_from <= on):
                found[whole.code] = whole  # versions stand oldest first
        return tuple(found.values())

    def whole(self, code: str, subject: str, direction: str, mode: str, on: date | None = None) -> Whole:
        """One whole (KeyError where there is none of that code for that flow and day)."""
        for whole in self.of_flow(subject, direction, mode, on):
            if whole.code == code:
                return whole
        raise KeyError(f"no whole {code!r} for {subject}, {direction}, {mode}")

    def fingerprint(self, key: str) -> str:
        """What the figures of a definition (overall_clearance@1) depend on, as a SHA-256; names and citations do not count.

        A change of it needs a new version from a date: the figures published under the old one must stay reproducible.
        """
        told = [
            (whole.subject, whole.direction, whole.modes, whole.start, whole.end,
             [(p.code, p.to, p.owner, p.nature, p.is_optional, p.only_after_start, self.milestones[p.to].repeat) for p in whole.parts],
             [(stage.code, stage.starts, stage.ends) for stage in whole.stages])
            for whole in self.wholes if whole.key == key
        ]  # fmt: skip
        if not told:
            raise KeyError(f"no definition {key!r}")
        return hashlib.sha256(repr(told).encode()).hexdigest()


@lru_cache(maxsize=1)
def shipped() -> Definitions:
    """The definitions of this release, read once per process."""
    return load(DATA)


def load(folder: Path) -> Definitions:
    """Read milestones.yaml and segments/*.yaml under `folder`. Refused with every slip of every file at once."""
    slips: list[Finding] = []
    files = [folder / "milestones.yaml", folder / "segments" / "parts.yaml"]
    files += [path for path in sorted((folder / "segments").glob("*.yaml")) if path.name != "parts.yaml"]
    read = [load_file(path, path.relative_to(folder).as_posix()) for path in files]
    list_form = Form("milestones.yaml")
    listed = list_form.mapping(read[0], "", {"edition", "from", "citation", "issued", "milestones", "flows", "impossible"})
    milestones = {code: _milestone(list_form, code, row) for code, row in listed.get("milestones", {}).items()}
    flows = tuple(_flow(list_form, place, row, milestones) for place, row in enumerate(listed.get("flows", ())))
    pairs = tuple(_impossible(list_form, place, row, milestones) for place, row in enumerate(listed.get("impossible", ())))
    issued, from_day = list_form.day(listed.get("issued"), "/issued"), list_form.day(listed.get("from"), "/from")
    citation = list_form.citation(listed.get("citation"), "/citation", issued=issued, from_day=from_day)
    slips += list_form.findings

    part_form = Form("segments/parts.yaml")
    given = part_form.mapping(read[1], "", {"version", "from", "parts", "stages"})
    parts = {code: _part(part_form, code, row, milestones) for code, row in given.get("parts", {}).items()}
    stages = {code: _stage(part_form, code, row, milestones) for code, row in given.get("stages", {}).items()}
    slips += part_form.findings

    wholes: list[tuple[int, date, Whole]] = []
    for path, content in zip(files[2:], read[2:], strict=True):
        form = Form(path.relative_to(folder).as_posix())
        wholes += _wholes(form, content, parts, stages, flows)
        slips += form.findings
    if slips:
        raise Refused(slips)
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    wholes.sort(key=lambda row: row[:2])
    return Definitions(
        edition=listed["edition"], in_force_from=from_day, citation=citation, milestones=milestones, flows=flows,
        impossible=pairs, parts=parts, stages=stages, wholes=tuple(whole for _, _, whole in wholes),
        digest=digest.hexdigest(),
    )  # fmt: skip


def _one_of(form: Form, value: Any, path: str, allowed: Any) -> str:
    if value in allowed:
        return str(value)
    words = "、".join(map(str, allowed))
    form.slip(path, "unknown_code", f"“{value}”不在可用的代码之内。", f"“{value}” is not a code used here.",
              (f"可用：{words}。", f"Use one of: {', '.join(map(str, allowed))}."))
    return ""


def _codes(form: Form, value: Any, path: str, allowed: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        form.slip(path, "wrong_form", "此处应为代码的列表。", "A list of codes belongs here.", ("写作 [a, b]。", "Write it as [a, b]."))
        return ()
    if len(set(map(str, value))) < len(value):
        form.slip(path, "repeated_code", "列表中有重复的代码。", "A code stands twice in this list.", ("删去一个。", "Delete one."))
    return tuple(_one_of(form, each, f"{path}/{place}", allowed) for place, each in enumerate(value))


def _milestone(form: Form, code: str, row: Any) -> Milestone:
    path = f"/milestones/{code}"
    data = form.mapping(row, path, {"zh", "en", "by", "who", "repeat"}, {"cbv", "outbound"})
    return Milestone(
        code, Text(form.word(data.get("zh"), f"{path}/zh"), form.word(data.get("en"), f"{path}/en")),
        _one_of(form, data.get("by"), f"{path}/by", OWNERS), form.text(data.get("who"), f"{path}/who"),
        _one_of(form, data.get("repeat"), f"{path}/repeat", ("first", "last")), data.get("cbv"),
        form.text(data["outbound"], f"{path}/outbound") if "outbound" in data else None,
    )  # fmt: skip


def _flow(form: Form, place: int, row: Any, milestones: Mapping[str, Milestone]) -> Flow:
    path = f"/flows/{place}"
    data = form.mapping(row, path, {"subject", "direction", "modes", "order"})
    return Flow(
        _one_of(form, data.get("subject"), f"{path}/subject", SUBJECTS),
        _one_of(form, data.get("direction"), f"{path}/direction", DIRECTIONS),
        _codes(form, data.get("modes"), f"{path}/modes", MODES), _codes(form, data.get("order"), f"{path}/order", milestones),
    )  # fmt: skip


def _impossible(form: Form, place: int, row: Any, milestones: Mapping[str, Milestone]) -> Impossible:
    path = f"/impossible/{place}"
    data = form.mapping(row, path, {"first", "then", "severity"})
    severity = _one_of(form, data.get("severity"), f"{path}/severity", ("error", "warning"))
    return Impossible(
        _one_of(form, data.get("first"), f"{path}/first", milestones),
        _one_of(form, data.get("then"), f"{path}/then", milestones), Severity(severity or "error"),
    )  # fmt: skip


def _part(form: Form, code: str, row: Any, milestones: Mapping[str, Milestone]) -> Part:
    path = f"/parts/{code}"
    data = form.mapping(row, path, {"to", "owner", "nature", "zh", "en"}, {"optional", "only_after_start", "expects"})
    return Part(
        code, _one_of(form, data.get("to"), f"{path}/to", milestones), _one_of(form, data.get("owner"), f"{path}/owner", OWNERS),
        _one_of(form, data.get("nature"), f"{path}/nature", NATURES),
        Text(form.word(data.get("zh"), f"{path}/zh"), form.word(data.get("en"), f"{path}/en")),
        is_optional=data.get("optional", False) is True, only_after_start=data.get("only_after_start", False) is True,
        expects=_one_of(form, data["expects"], f"{path}/expects", milestones) if "expects" in data else None,
    )  # fmt: skip


def _stage(form: Form, code: str, row: Any, milestones: Mapping[str, Milestone]) -> Stage:
    path = f"/stages/{code}"
    data = form.mapping(row, path, {"starts", "ends", "owner", "zh", "en"}, {"start_may_lack"})
    return Stage(
        code, _codes(form, data.get("starts"), f"{path}/starts", milestones),
        _one_of(form, data.get("ends"), f"{path}/ends", milestones), _one_of(form, data.get("owner"), f"{path}/owner", OWNERS),
        Text(form.word(data.get("zh"), f"{path}/zh"), form.word(data.get("en"), f"{path}/en")),
        start_may_lack=data.get("start_may_lack", False) is True,
    )  # fmt: skip


def _wholes(
    form: Form, content: Any, parts: Mapping[str, Part], stages: Mapping[str, Stage], flows: tuple[Flow, ...],
) -> list[tuple[int, date, Whole]]:
    data = form.mapping(content, "", {"code", "order", "name", "subject", "versions"}, {"also"})
    code, name = form.word(data.get("code"), "/code"), form.text(data.get("name"), "/name")
    subjects = [_one_of(form, data.get("subject"), "/subject", SUBJECTS)]
    subjects += _codes(form, data["also"], "/also", SUBJECTS) if "also" in data else ()
    found = []
    for place, row in enumerate(data.get("versions", ())):
        path = f"/versions/{place}"
        version = form.mapping(row, path, {"version", "from", "issued", "citation", "reading", "chains"})
        from_day, issued = form.day(version.get("from"), f"{path}/from"), form.day(version.get("issued"), f"{path}/issued")
        citation = form.citation(version.get("citation"), f"{path}/citation", issued=issued, from_day=from_day)
        reading = form.text(version.get("reading"), f"{path}/reading")
        for number, chain in enumerate(version.get("chains", ())):
            at = f"{path}/chains/{number}"
            row = form.mapping(chain, at, {"direction", "modes", "start", "end", "parts", "stages"})
            chosen = [parts[each] for each in _codes(form, row.get("parts"), f"{at}/parts", parts) if each]
            ends = {part.to for part in chosen}
            whole = Whole(
                code=code, name=name, version=int(version.get("version", 0)), in_force_from=from_day, citation=citation,
                reading=reading, subject=subjects[0], direction=_one_of(form, row.get("direction"), f"{at}/direction", DIRECTIONS),
                modes=_codes(form, row.get("modes"), f"{at}/modes", MODES),
                start=tuple(row.get("start") or ()), end=_codes(form, row.get("end"), f"{at}/end", sorted(ends)),
                parts=tuple(chosen), stages=tuple(stages[s] for s in _codes(form, row.get("stages"), f"{at}/stages", stages) if s),
            )  # fmt: skip
            if len(ends) < len(chosen):
                form.slip(f"{at}/parts", "repeated_code", "两段止于同一节点。", "Two parts end with the same milestone.",
                          ("删去一段。", "Delete one of them."))
            if not whole.start or (chosen and whole.end and chosen[-1].to not in whole.end):
                form.slip(at, "chain_not_closed", "链条须有起点，最后一段须止于终点。",
                          "A chain needs a start, and its last part must end with the end.", ("补全起止。", "Complete both ends."))
            found += [
                (int(data.get("order", 0)), from_day, _fitted(form, at, replace(whole, subject=subject), flows)) for subject in subjects
            ]
    return found


def _fitted(form: Form, path: str, whole: Whole, flows: tuple[Flow, ...]) -> Whole:
    """The whole in the modes in which its flow exists; a milestone that the flow does not know is a slip."""
    modes = []
    for flow in flows:
        if flow.subject == whole.subject and flow.direction == whole.direction and set(flow.modes) & set(whole.modes):
            modes += [mode for mode in whole.modes if mode in flow.modes]
            used = {*whole.start, *(part.to for part in whole.parts if not part.is_optional)}
            if strange := sorted(used - set(flow.order)):
                form.slip(path, "milestone_not_in_flow", f"流程（{'、'.join(flow.modes)}）没有节点 {'、'.join(strange)}。",
                          f"The flow ({', '.join(flow.modes)}) has no milestone {', '.join(strange)}.",
                          ("在 milestones.yaml 补充，或改链条。", "Add it to milestones.yaml, or change the chain."))
    if not modes:
        form.slip(path, "no_such_flow", "没有对应的流程。", "There is no such flow.", ("在 milestones.yaml 补充。", "Add it to milestones.yaml."))
    return replace(whole, modes=tuple(mode for mode in whole.modes if mode in modes))


def subject_of(case_kind: str) -> str:
    """The subject that a kind of case belongs to; "" for a kind that is not in the list."""
    return SUBJECT_OF_KIND.get(case_kind, "")
