"""What can be asked of studies: those in scope, one, two compared, whether the journal still says what was read."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Place, Refused, Text, clock
from kouan.monitoring.journal.reading import events_table
from kouan.monitoring.studies.figures import Measured, compared, measured
from kouan.monitoring.studies.frozen import digest, digest_of_events, unpack
from kouan.monitoring.studies.models import StudyQuerySet, TimeStudy
from kouan.monitoring.studies.selection import Asked, draw, events_of, population
from kouan.monitoring.timing.compare import Comparison
from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import microseconds
from kouan.monitoring.timing.norms import Norm, read_norms
from kouan.monitoring.timing.timeline import timelines

# Case by case in memory: about 200 MB. More is drawn as a sample, or told by `kouan times report`.
MOST_CASES = 20_000


@dataclass(frozen=True)
class Read:
    """What measuring a study gave: figures and cases, the digest and number of the events read, whose figures they are, the definitions."""

    measured: Measured
    events_sha256: str
    events: int


def studies_visible_to(user: Any) -> StudyQuerySet:
    """The studies somebody may see, newest first."""
    return TimeStudy.objects.visible_to(user).select_related("office", "drafted_by", "confirmed_by").prefetch_related("ports__port", "remarks")


def get_study(user: Any, number: int) -> TimeStudy:
    """One study; NotFound, the same for one that is not there and one that others may see."""
    found = studies_visible_to(user).filter(pk=number).first()
    if found is None:
        if TimeStudy.objects.filter(pk=number).exists():
            record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "time_study", "code": str(number)})
        raise NotFound(Finding.error(
            "unknown_study", f"没有可供查看的放行时间研究 #{number}。", f"There is no time release study #{number} that you may see.",
            where=Place(field="study"), remedy=("请从列表选择。", "Choose one from the list.")))
    return found


def asked_of(study: TimeStudy) -> Asked:
    """What a study asks of the events."""
    return Asked(study.whole, study.direction, study.mode, study.case_kind, tuple(sorted(each.port.code for each in study.ports.all())),
                 study.first_day, study.last_day)


def norms_of(text: str) -> list[Norm]:
    """The norms that a study holds against its cases; Refused with every slip of the text."""
    if not text.strip():
        return []
    with tempfile.TemporaryDirectory(prefix="kouan-norms-") as scratch:
        file = Path(scratch) / "norms.yaml"
        file.write_text(text, encoding="utf-8")
        return read_norms(file)


def read_now(user: Any, study: TimeStudy) -> Read:
    """Read the journal as far as somebody may see it, and measure; cases that still run are told up to this moment.

    Refused for no case, or for more than fit.
    """
    return _read(user, study, microseconds(clock.now()))


def _read(user: Any, study: TimeStudy, as_of: int) -> Read:
    known, asked = shipped(), asked_of(study)
    with events_table(user) as engine:
        everything = population(engine, asked, known)
        is_sample = study.extent == TimeStudy.Extent.SAMPLE
        drawn = draw(everything, study.sample_size or 0, study.seed or 0) if is_sample else everything
        if not drawn:
            raise Refused.because(
                "no_cases", "这些口岸、这段时间没有案例的节点事件，无从计算。", "The journal holds no case of these ports and days.",
                where=Place(field="ports"), remedy=("请核对口岸、方向、运输方式和起止日期，或先接收节点事件。",
                                                    "Check ports, direction, mode and days, or take events in first."))
        if len(drawn) > MOST_CASES:
            raise Refused.because(
                "too_many_cases", f"共 {len(drawn)} 件，超过逐件计算的上限 {MOST_CASES} 件。",
                f"{len(drawn)} cases are more than the {MOST_CASES} measured one by one.", where=Place(field="extent"),
                measured=str(len(drawn)), required=f"≤ {MOST_CASES}",
                remedy=("请改为抽样，或缩短时间、减少口岸。", "Draw a sample, or choose fewer days or ports."))
        rows = events_of(engine, asked, drawn)
    told = timelines(rows, definitions=known, on=study.last_day, as_of=as_of)
    made = measured(asked, everything, drawn, told, norms_of(study.norms), as_of)
    made.figures["definitions"] = known.digest
    made.figures["origins"] = sorted({event.origin for event in rows})
    return Read(made, digest_of_events(rows), len(rows))


def cases_of(study: TimeStudy) -> dict[str, Any]:
    """The cases of a measured study as frozen."""
    return unpack(study.cases) if study.cases else {"pairs": [], "cases": []}


def check_study(user: Any, number: int) -> list[Finding]:
    """Whether the figures are what was frozen, and whether the journal read anew gives the same cases and figures."""
    study = get_study(user, number)
    figures = _figures(study)
    found = []
    if digest({"figures": figures, "cases": cases_of(study)}) != study.figures_sha256:
        found.append(Finding.error("study_altered", "研究的结果与其校验值不符。", "The figures of the study do not agree with their checksum.",
                                   required=study.figures_sha256, remedy=("请以审计核验查找改动。", "Verify the audit trail.")))
    again = _read(user, study, figures["as_of_us"])
    if again.events_sha256 != study.events_sha256:
        found.append(Finding.warning(
            "events_changed", f"节点事件日志在计算之后有补报、更正或撤回：当时读 {study.events_read} 个，现读 {again.events} 个。研究的结果不变。",
            f"The journal has had late events, corrections or withdrawals since: {study.events_read} read then, {again.events} now. "
            "The figures stay as they are.", measured=again.events_sha256, required=study.events_sha256,
            remedy=("需要新数时，另立一项研究并与本项比较。", "For new figures make another study and compare the two.")))
    elif digest({"figures": again.measured.figures, "cases": again.measured.cases}) != study.figures_sha256:
        found.append(Finding.warning(
            "computation_changed", "所读事件相同，重算结果与冻结的不同：定义、规范或程序已更新。",
            "The same events give other figures now: definitions, norms or the program have changed.",
            measured=again.measured.figures["definitions"], required=figures.get("definitions", ""),
            remedy=("冻结的结果仍以其所载定义为准。", "The frozen figures stand under the definitions that they name.")))
    return found


@dataclass(frozen=True)
class Compared:
    """Two studies beside each other: the earlier, the later, the whole, and each segment that both have."""

    before: TimeStudy
    after: TimeStudy
    whole: Comparison
    segments: list[tuple[tuple[str, str, str], Comparison]]

    def sentence(self) -> Text:
        """The comparison in words."""
        names = [Text(f"“{each.title}”", f"in “{each.title}”") for each in (self.before, self.after)]
        return self.whole.sentence(names[0], names[1], shipped_name(self.after.whole))


def compare_studies(user: Any, before: int, after: int) -> Compared:
    """Compare two measured studies that somebody may see. Refused for another time, another direction, or the same study twice."""
    old, new = get_study(user, before), get_study(user, after)
    for each in (old, new):
        _figures(each)
    if old.pk == new.pk or (old.whole, old.direction) != (new.whole, new.direction):
        raise Refused.because(
            "not_comparable", "只能比较两项所测时间和方向相同的研究。", "Only two studies of the same time and direction compare.",
            where=Place(field="with"), measured=f"{old.whole}/{old.direction}", required=f"{new.whole}/{new.direction}",
            remedy=("请另选一项。", "Choose another one."))
    whole, segments = compared(cases_of(old), cases_of(new))
    chain = [(*each["pair"], "+".join(each["absorbed"])) for each in _figures(new)["segments"]]
    return Compared(old, new, whole, sorted(segments, key=lambda row: chain.index(row[0])))


def shipped_name(whole: str) -> Text:
    """The name of a whole by its code or key."""
    code = whole.partition("@")[0]
    return next((each.name for each in shipped().wholes if each.code == code), Text(code, code))


def _figures(study: TimeStudy) -> dict[str, Any]:
    if study.figures is None:
        raise Refused.because("not_measured", f"研究“{study.title}”尚未计算。", f"The study “{study.title}” has not been measured.",
                              where=Place(field="study"), remedy=("请先计算。", "Measure it first."))
    made: dict[str, Any] = study.figures
    return made


def told(study: TimeStudy) -> dict[str, Any]:
    """A study as data: what it asks, who, what it gave."""
    return {
        "id": study.pk, "title": study.title, "purpose": study.purpose, "team": study.team, "office": study.office.name_zh,
        "whole": study.whole, "direction": study.direction, "mode": study.mode, "case_kind": study.case_kind,
        "ports": [{"code": each.port.code, "name": each.port.name_zh} for each in study.ports.all()],
        "first_day": study.first_day, "last_day": study.last_day, "extent": study.extent, "sample_size": study.sample_size, "seed": study.seed,
        "state": study.state, "version": study.version, "events_sha256": study.events_sha256, "events_read": study.events_read,
        "figures_sha256": study.figures_sha256, "measured_at": study.measured_at, "drafted_at": study.drafted_at,
        "confirmed_at": study.confirmed_at, "figures": study.figures,
        "remarks": [{"case_id": each.case_id, "words": each.words, "said_at": each.said_at} for each in study.remarks.all()],
    }
