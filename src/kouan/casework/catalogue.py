"""The catalogue of procedures: every file read once, proved by the engine and by the promises of this room.

Besides what ``procedure.proof`` proves of any procedure, one of casework promises:

* a step that changes the register requires the paper and the fields that its effect names;
* a matter ends as opened, expanded, closed or merged only by a step with that effect, so never without the reply
  of the State Council; a class-II port is upgraded or merged by that reply too;
* the military is asked for a reference number and yes or no, nothing more;
* every step rests on an instrument, and a period that no public text states says so (``note``);
* who may override a guard may take the step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from kouan.accounts.models import Role
from kouan.basis import Finding, Place, Refused
from kouan.casework.effects import EFFECTS, OUTCOMES, REPLY, REPLY_FIELDS
from kouan.procedure import Procedure, read, read_text

FOLDER = Path(__file__).parent / "procedures"
MILITARY = "military"
# Ends of a class-II port that the State Council decides; its closing is for the province that approved it.
CLASS_TWO_BY_REPLY = ("class_two_upgraded", "class_two_merged")


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, tuple[Procedure, ...]]:
    """Every procedure by code, its versions oldest first. Refused with every finding of every file."""
    return read_folder(FOLDER)


def read_folder(folder: Path, roles: Collection[str] = tuple(Role.values)) -> dict[str, tuple[Procedure, ...]]:
    """Read and prove a folder of procedures."""
    findings: list[Finding] = []
    found: dict[str, list[Procedure]] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            procedure = read(path, roles=roles, effects=EFFECTS)
        except Refused as refusal:
            findings += refusal.findings
            continue
        findings += [each.at(file=path.name) for each in promises(procedure)]
        versions = found.setdefault(procedure.code, [])
        if any(each.version == procedure.version or each.in_force_from == procedure.in_force_from for each in versions):
            findings.append(_slip("/version", "version_twice", f"“{procedure.code}”的版本或生效日期重复：{procedure.version}。",
                                  f"Two files hold one version, or one first day, of {procedure.code}: {procedure.version}.",
                                  ("请为新版本另起版本号和生效日期。", "Give the newer one its own version and first day.")).at(file=path.name))
        versions.append(procedure)
    if findings:
        raise Refused(findings)
    return {code: tuple(sorted(versions, key=lambda each: each.in_force_from)) for code, versions in found.items()}


def read_proposed(text: str, name: str = "procedure.yaml") -> Procedure:
    """Read and prove the text of a proposed procedure as strictly as a shipped one."""
    procedure = read_text(text, roles=Role.values, effects=EFFECTS, name=name)
    findings = promises(procedure)
    if findings:
        raise Refused([each.at(file=name) for each in findings])
    return procedure


def version_of(code: str, version: str) -> Procedure:
    """The version under which a matter began; KeyError where the catalogue has none."""
    for each in catalogue().get(code, ()):
        if each.version == version:
            return each
    raise KeyError(f"{code} {version}")


def in_force(code: str, on: date) -> Procedure:
    """The version under which a matter that begins on a day runs. Refused where there is none yet."""
    versions = [each for each in catalogue()[code] if each.in_force_from <= on]
    if not versions:
        first = catalogue()[code][0]
        raise Refused.because(
            "procedure_not_in_force", f"“{first.title.zh}”自 {first.in_force_from} 起施行，{on} 尚无适用版本。",
            f"“{first.title.en}” is in force from {first.in_force_from}; there is no version for {on}.",
            remedy=("请核对开始日期。", "Check the day on which it begins."))
    return versions[-1]


def promises(procedure: Procedure) -> list[Finding]:
    """What a procedure of this room must keep besides the proof of the engine; empty when all holds."""
    return [*_effects(procedure), *_ends(procedure), *_words(procedure)]


def _slip(path: str, code: str, zh: str, en: str, remedy: tuple[str, str]) -> Finding:
    return Finding.error(code, zh, en, where=Place(path=path), remedy=remedy)


def _effects(procedure: Procedure) -> Iterator[Finding]:
    for step in procedure.transitions.values():
        effect = EFFECTS.get(step.effect)
        if effect is None:
            continue
        at = f"/transitions/{step.code}"
        if effect.documents and not set(effect.documents) & set(step.documents):
            yield _slip(f"{at}/documents", "effect_without_paper", f"“{effect.label.zh}”须以“{'”或“'.join(effect.documents)}”为依据。",
                        f"“{effect.label.en}” rests on the paper {' or '.join(effect.documents)}.",
                        ("请在该步骤的 documents 中列出。", "List it among the documents of the step."))
        missing = [name for name in effect.fields if name not in step.fields]
        if REPLY in step.documents:
            missing += [name for name in REPLY_FIELDS if name not in step.fields and name not in missing]
        if missing:
            yield _slip(f"{at}/fields", "effect_without_field", f"“{effect.label.zh}”须填写：{'、'.join(missing)}。",
                        f"“{effect.label.en}” needs: {', '.join(missing)}.",
                        ("请在该步骤的 fields 中列出。", "List them among the fields of the step."))


def _ends(procedure: Procedure) -> Iterator[Finding]:
    for state in procedure.states.values():
        if not state.is_terminal:
            continue
        if state.outcome not in OUTCOMES:
            yield _slip(f"/states/{state.code}/outcome", "unknown_outcome",
                        f"没有“{state.outcome}”这一结果。", f"There is no outcome “{state.outcome}”.",
                        (f"请改用：{'、'.join(OUTCOMES)}。", f"Use one of {', '.join(OUTCOMES)}."))
            continue
        label, effect = OUTCOMES[state.outcome]
        for step in procedure.transitions.values():
            if step.target != state.code:
                continue
            if effect and step.effect != effect:
                yield _slip(f"/transitions/{step.code}/effect", "end_without_effect", f"以“{label.zh}”结束，须执行“{EFFECTS[effect].label.zh}”。",
                            f"A matter ends as “{label.en}” only by “{EFFECTS[effect].label.en}”.",
                            (f"请写明 effect: {effect}。", f"Write effect: {effect}."))
            if state.outcome in CLASS_TWO_BY_REPLY and REPLY not in step.documents:
                yield _slip(f"/transitions/{step.code}/documents", "effect_without_paper", "升格和并入须以国务院批复为依据。",
                            "An upgrade or a merger rests on the State Council's reply.", ("请列出 reply。", "List the reply."))


def _words(procedure: Procedure) -> Iterator[Finding]:
    for step in procedure.transitions.values():
        if step.citation is None and procedure.citation is None:
            yield _slip(f"/transitions/{step.code}/citation", "no_citation", "该步骤没有依据。", "The step rests on nothing.",
                        ("请写明文件和条款；条款不明的写“待核”。", "Name the instrument and article; write 待核 where it is not known."))
        for guard in step.guards:
            if guard.may_override and guard.may_override not in step.by:
                yield _slip(f"/transitions/{step.code}/when", "override_in_vain", f"“{guard.may_override}”可以越过条件，却不能办理该步骤。",
                            f"“{guard.may_override}” may override a guard of a step that it may not take.",
                            ("请把该方列入 by。", "List the party in by."))
    for setting in procedure.settings.values():
        if not setting.note.zh:
            yield _slip(f"/settings/{setting.code}/note", "setting_without_note", "未说明为何没有默认值。", "It does not say why it has no default.",
                        ("请写明公开文件未载明，待核。", "Say that no public text states it."))
    for asked in procedure.consultations.values():
        if MILITARY in asked.parties and MILITARY not in asked.bare:
            yield _slip(f"/consultations/{asked.code}/bare", "military_not_bare", "军事机关意见只登记编号和是否同意。",
                        "Of the military's opinion only a number and yes or no are kept.", ("请写明 bare: [military]。", "Write bare: [military]."))
