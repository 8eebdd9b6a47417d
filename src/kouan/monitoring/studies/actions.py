"""What may be done with a study: draft it, measure it, say what is known of a case, confirm it as a second person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from kouan.accounts.action import action, allows, refuse
from kouan.basis import Conflict, EvidenceRef, Finding, NotAllowed, Place, Refused, clock
from kouan.collection.lineage import record_use
from kouan.desk.actions import refuse_secrets
from kouan.monitoring.journal.evidence import port_months
from kouan.monitoring.journal.visibility import ports_for
from kouan.monitoring.studies.frozen import digest, pack
from kouan.monitoring.studies.models import CaseRemark, StudyPort, TimeStudy
from kouan.monitoring.studies.queries import MOST_CASES, Read, cases_of, get_study, norms_of, read_now
from kouan.monitoring.studies.selection import GOODS
from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import DIRECTIONS, MODES
from kouan.ports.models import Port

LONGEST_DAYS = 366
MOST_PORTS = 60
SMALLEST_SAMPLE = 10


@action("studies.make")
def draft_study(
    *, actor: Any, title: str, purpose: str, team: str, ports: Sequence[str], direction: str, first_day: date | None, last_day: date | None,
    whole: str = "overall_clearance", mode: str = "", case_kind: str = "", sample_size: int | None = None, seed: int | None = None,
    norms: str = "",
) -> TimeStudy:
    """Draft a study of one's office. ``sample_size`` with ``seed``: a sample; neither: every case. ``norms``: a file of norms as text.

    Refused with every slip at once; a port beyond one's scope is unknown.
    """
    refuse_secrets(title, purpose, team)
    findings = [
        _slip(name, f"请填写“{zh}”（不超过{most}字）。", f"Fill in “{en}” (at most {most} characters).")
        for name, said, zh, en, most in (("title", title, "标题", "Title", 120), ("purpose", purpose, "目的", "Purpose", 600),
                                         ("team", team, "工作组", "Team", 300)) if not said.strip() or len(said) > most
    ]  # fmt: skip
    findings += _wrong_choice(whole, direction, mode, case_kind)
    findings += _wrong_days(first_day, last_day)
    findings += _wrong_sample(sample_size, seed)
    seen = ports_for(actor)
    held = list(Port.objects.filter(code__in=set(ports)).order_by("code"))
    if seen is not None:
        held = [port for port in held if port.code in set(seen)]
    strange = sorted(set(ports) - {port.code for port in held})
    if strange:
        findings.append(_slip("ports", f"没有可供您查看的口岸“{'、'.join(strange)[:200]}”。",
                              f"There is no port “{', '.join(strange)[:200]}” in your scope."))
    elif not held or len(held) > MOST_PORTS:
        findings.append(_slip("ports", f"请选择 1 至 {MOST_PORTS} 个口岸。", f"Choose 1 to {MOST_PORTS} ports."))
    try:
        norms_of(norms)
    except Refused as error:
        findings += error.findings
    if findings or first_day is None or last_day is None:
        raise Refused(findings)
    study = TimeStudy.objects.create(
        office=actor.organisation, title=title.strip(), purpose=purpose.strip(), team=team.strip(), whole=whole, direction=direction, mode=mode,
        case_kind=case_kind, first_day=first_day, last_day=last_day, sample_size=sample_size, seed=seed, norms=norms.strip(),
        extent=TimeStudy.Extent.FULL if sample_size is None else TimeStudy.Extent.SAMPLE, drafted_by_id=actor.pk)
    StudyPort.objects.bulk_create([StudyPort(study=study, port=port) for port in held])
    return study


def measure_study(*, actor: Any, study: int) -> TimeStudy:
    """Compute a draft of one's office from the journal as it stands, and freeze what comes out. A confirmed one is never computed anew.

    The journal is read before the transaction of the writing begins: reading takes seconds, and needs one unchanging view of its own.
    """
    if not allows(actor, "studies.make"):
        raise refuse(actor, "studies.make", "monitoring.studies.actions.measure_study")
    held = _own_draft(actor, get_study(actor, study))
    return keep_figures(actor=actor, study=study, version=held.version, read=read_now(actor, held))


@action("studies.make")
def keep_figures(*, actor: Any, study: int, version: int, read: Read) -> TimeStudy:
    """Freeze figures with the digest of what was read; Conflict where the draft has changed meanwhile."""
    held = _own_draft(actor, _locked(actor, study))
    if held.version != version:
        raise Conflict.because("study_changed", "计算期间研究已有变动，结果未保存。", "The study changed while it was computed; nothing was kept.",
                               measured=str(held.version), required=str(version), remedy=("请重新计算。", "Measure it again."))
    held.figures, held.cases = read.measured.figures, pack(read.measured.cases)
    held.figures_sha256 = digest({"figures": read.measured.figures, "cases": read.measured.cases})
    held.events_sha256, held.events_read = read.events_sha256, read.events
    held.measured_by_id, held.measured_at, held.version = actor.pk, clock.now(), held.version + 1
    held.save()
    ports = sorted(held.ports.values_list("port__code", flat=True))
    record_use(EvidenceRef("monitoring", "study", held.pk, held.version), port_months(ports, held.first_day, held.last_day))
    return held


@action("studies.make")
def remark_on_case(*, actor: Any, study: int, case: str, words: str) -> CaseRemark:
    """Say of a case of a draft what its events do not tell; only a case that the study measured."""
    held = _locked(actor, study)
    refuse_secrets(words)
    if held.is_confirmed:
        raise _is_confirmed()
    if not words.strip() or len(words) > 400:
        raise Refused(_slip("words", "请填写说明（不超过400字）。", "Fill in the remark (at most 400 characters)."))
    if case not in {row[0] for row in cases_of(held)["cases"]}:
        raise Refused(_slip("case", f"本项研究没有案例“{case[:80]}”。", f"The study has no case “{case[:80]}”."))
    return CaseRemark.objects.create(study=held, case_id=case, words=words.strip(), said_by_id=actor.pk)


@action("studies.make")
def confirm_study(*, actor: Any, study: int, version: int) -> TimeStudy:
    """Confirm a measured study: by another person of its office, or of the national office, than drafted or measured it."""
    held = _locked(actor, study)
    if held.is_confirmed:
        raise _is_confirmed()
    if held.version != version:
        raise Conflict.because("study_changed", "您打开本页之后，研究已重新计算。", "The study was measured anew since you opened it.",
                               measured=str(held.version), required=str(version),
                               remedy=("请刷新页面，核对后再确认。", "Reload, look, then confirm."))
    if held.office_id != actor.organisation_id and actor.role not in ("national_officer", "national_leader"):
        raise NotAllowed.because("not_your_study", "研究由编制单位或国家口岸办的另一人确认。",
                                 "It is confirmed in its own office or the national one.", remedy=("请由上述单位的人员确认。", "Leave it to them."))
    if actor.pk in (held.drafted_by_id, held.measured_by_id):
        raise NotAllowed.because("own_study", "起草人、计算人不能确认自己的研究。", "Nobody confirms what he or she drafted or measured.",
                                 remedy=("请由另一名人员核对后确认。", "Let another officer check and confirm it."))
    if held.figures is None or digest({"figures": held.figures, "cases": cases_of(held)}) != held.figures_sha256:
        raise Refused(_slip("study", "研究尚未计算，或结果与校验值不符，不能确认。", "It has no figures, or they do not agree with their checksum."))
    held.state, held.confirmed_by_id, held.confirmed_at = TimeStudy.State.CONFIRMED, actor.pk, clock.now()
    held.version += 1
    held.save(update_fields=["state", "confirmed_by", "confirmed_at", "version"])
    return held


# ---- the parts ---------------------------------------------------------------------------------------------


def _locked(actor: Any, number: int) -> TimeStudy:
    get_study(actor, number)
    return TimeStudy.objects.select_for_update(of=("self",)).select_related("office").get(pk=number)


def _own_draft(actor: Any, held: TimeStudy) -> TimeStudy:
    if held.office_id != actor.organisation_id:
        raise NotAllowed.because("not_your_study", "这不是贵单位的研究。", "It is another office's study.",
                                 remedy=("请由编制单位办理。", "Its own office does that."))
    if held.is_confirmed:
        raise _is_confirmed()
    return held


def _is_confirmed() -> Refused:
    return Conflict.because("study_confirmed", "研究已确认，不再改动。", "The study is confirmed and changes no more.",
                            remedy=("需要新数时，另立一项研究并与本项比较。", "For new figures make another study and compare the two."))


def _slip(field: str, zh: str, en: str) -> Finding:
    return Finding.error("unusable_value", zh, en, where=Place(field=field), remedy=("请改正后重试。", "Correct it and try again."))


def _wrong_choice(whole: str, direction: str, mode: str, case_kind: str) -> list[Finding]:
    goods = {each.code for each in shipped().wholes if each.subject == "goods" and each.direction == direction}
    found = []
    if direction not in DIRECTIONS:
        found.append(_slip("direction", "请选择方向。", f"Choose a direction: {', '.join(DIRECTIONS)}."))
    elif whole not in goods:
        found.append(_slip("whole", "该方向没有所选的时间定义。",
                           f"No such time is defined for that direction; use one of: {', '.join(sorted(goods))}."))
    if mode and mode not in MODES:
        found.append(_slip("mode", "运输方式不在可选之列。", f"Use one of: {', '.join(MODES)}."))
    if case_kind and case_kind not in GOODS:
        found.append(_slip("case_kind", "案例类别不在可选之列。", f"Use one of: {', '.join(GOODS)}."))
    return found


def _wrong_days(first: date | None, last: date | None) -> list[Finding]:
    if first is None or last is None:
        return [_slip("first_day" if first is None else "last_day", "请填写起止日期。", "Fill in both days.")]
    if not first <= last or last > clock.today() or (last - first).days >= LONGEST_DAYS:
        return [_slip("last_day", f"止日不早于起日，不晚于今天，最长 {LONGEST_DAYS} 天。",
                      f"The last day is not before the first, not after today, and at most {LONGEST_DAYS} days in all.")]
    return []


def _wrong_sample(size: int | None, seed: int | None) -> list[Finding]:
    if size is None and seed is None:
        return []
    found = []
    if size is None or not SMALLEST_SAMPLE <= size <= MOST_CASES:
        found.append(_slip("sample_size", f"抽样须写明样本量（{SMALLEST_SAMPLE} 至 {MOST_CASES} 件）。",
                           f"A sample states its size ({SMALLEST_SAMPLE} to {MOST_CASES} cases)."))
    if seed is None or not 0 <= seed < 2**31:
        found.append(_slip("seed", "抽样须写明随机种子（0 至 2147483647 的整数）。",
                           "A sample states its seed (a whole number from 0 to 2147483647)."))
    return found
