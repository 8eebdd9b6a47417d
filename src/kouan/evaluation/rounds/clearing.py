"""公开内容核准: of a round's results the public reads what one person proposed and the head approved, and nothing else.

What is cleared is a text: the fields of the ports as they stand, written once, canonical, under its SHA-256. The public door reads that
text alone, so that nothing can leak past it; the fields that may be proposed are listed here, and ranks are none of them. Decimals are
cleared only where the head says so by an act of its own. The newest decision holds: a later approval replaces, a withdrawal ends.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from kouan.accounts.action import System, action
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, Text, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.models import Matter, MatterStep
from kouan.evaluation.method.exercise import LABEL
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.models import Clearance, ClearanceState, PortScore, Round
from kouan.evaluation.rounds.queries import WITH_DECIMALS, current_scoring, get_round, is_national


@dataclass(frozen=True, slots=True)
class Field:
    """A field that may be cleared. ``is_decimal``: only by the head's own act."""

    label: Text
    is_decimal: bool = False


FIELDS: dict[str, Field] = {
    "band": Field(Text("档次", "Band")),
    "class": Field(Text("运输类别", "Class")),
    "group_bands": Field(Text("十组的档次", "Bands of the ten groups")),
    "type_bands": Field(Text("五型的档次", "Bands of the five types")),
    "provisional": Field(Text("是否暂定", "Provisional")),
    "red_line": Field(Text("是否触及红线", "Red line crossed")),
    "total": Field(Text("总分（小数）", "Total, with decimals"), is_decimal=True),
    "group_points": Field(Text("十组得分（小数）", "Points of the ten groups, with decimals"), is_decimal=True),
}
DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Public:
    """What the public reads of a year. ``content`` is None where it was withdrawn."""

    year: int
    version: int
    digest: str
    published_on: date
    content: dict[str, Any] | None
    withdrawn_on: date | None = None
    text: str = ""


# ---- the verbs --------------------------------------------------------------------------------------------


@action("clearances.propose")
def propose_clearance(*, actor: Any, year: int, fields: Sequence[str], ports: Sequence[str] | None = None, reason: str) -> Clearance:
    """Propose which fields of which ports (None: of all that are no invented ones) may be public, as the next version.

    Conflict before the results are notified, and while another proposal waits.
    """
    _a_person(actor)
    held = get_round(actor, year)
    Matter.objects.select_for_update(of=("self",)).get(pk=held.matter_id)
    held.matter.refresh_from_db()
    if held.stage not in WITH_DECIMALS:
        raise Conflict.because("not_notified", "结果通报后方可提出公开内容。", "What is public is proposed once the results are notified.",
                               remedy=("请先通报结果。", "Notify the results first."))
    said = _said("reason", reason, "提出理由", "Reason")
    _check_fields(fields)
    waiting = held.clearances.filter(state=ClearanceState.PROPOSED).first()
    if waiting is not None:
        raise Conflict.because("clearance_waits", f"第 {waiting.version} 版尚待核准。", f"Version {waiting.version} waits for the head.",
                               remedy=("请先核准或不予核准。", "Have it decided first."))
    scoring = current_scoring(held)
    if scoring is None:  # notified means scored
        raise Conflict.because("not_scored", "本轮尚未计分。", "The round is not scored.")
    rows = {each.port.code: each for each in scoring.scores.select_related("port").defer("cells", "port__figures", "port__reminders")}
    wanted = [code for code, each in sorted(rows.items()) if not each.port.is_invented] if ports is None else list(dict.fromkeys(ports))
    strange = [code for code in wanted if code not in rows]
    if strange or not wanted:
        raise Refused.because("unknown_ports", f"本轮没有口岸“{'、'.join(strange[:5])[:200]}”。" if strange else "请选择口岸。",
                              f"The round has no ports “{', '.join(strange[:5])[:200]}”." if strange else "Choose the ports.",
                              where=Place(field="ports"), remedy=("请核对口岸代码。", "Check the codes."))
    version = (held.clearances.aggregate(last=Max("version"))["last"] or 0) + 1
    chosen = [name for name in FIELDS if name in fields]
    text = _canonical(_content(held, scoring, version, chosen, [rows[code] for code in sorted(wanted)]))
    try:
        with transaction.atomic():
            return Clearance.objects.create(
                round=held, scoring=scoring, version=version, fields=chosen, port_count=len(wanted), content=text, digest=digest_of(text),
                reason=said, proposed_by_id=actor.pk, proposed_on=clock.today())
    except IntegrityError:
        raise Conflict.because("clearance_changed", "同时有人提出了另一版。", "Somebody proposed another version at the same time.",
                               remedy=("请刷新后核对。", "Reload and look again.")) from None


@action("clearances.approve")
def decide_clearance(*, actor: Any, year: int, version: int, approves: bool, opinion: str, with_decimals: bool = False) -> Clearance:
    """Approve or refuse what was proposed: the head, never who proposed it. Decimals need ``with_decimals``."""
    _a_person(actor)
    row = _locked(actor, year, version)
    said = _said("opinion", opinion, "核准意见", "Opinion")
    if row.state != ClearanceState.PROPOSED:
        raise Conflict.because("clearance_decided", f"第 {version} 版已有决定。", f"Version {version} is decided already.",
                               remedy=("需要改动的，请另提一版。", "Propose another version if it must change."))
    if row.proposed_by_id == actor.pk:
        raise Refused.because("four_eyes", "提出人不能核准自己提出的公开内容。", "Nobody approves what he or she proposed.",
                              where=Place(field="opinion"), remedy=("请由另一位负责人核准。", "Ask another head."))
    decimals = [name for name in row.fields if FIELDS[name].is_decimal]
    if approves and decimals and not with_decimals:
        raise Refused.because("decimals_need_a_word", "所提内容含小数得分，须由负责人单独确认公开小数。",
                              "What is proposed holds decimals: the head must clear these by an act of its own.", where=Place(field="with_decimals"),
                              remedy=("请确认，或不予核准后另提只含档次的一版。", "Confirm it, or refuse and have bands alone proposed."))
    if approves:
        newest = current_scoring(row.round)
        if newest is None or newest.pk != row.scoring_id:
            raise Conflict.because("other_scoring", "提出之后结果已重新计分。", "The results were scored anew since.",
                                   remedy=("请另提一版。", "Propose another version."))
        refuse_altered(row)
    row.state = ClearanceState.APPROVED if approves else ClearanceState.REFUSED
    row.decided_by_id, row.decided_on, row.opinion = actor.pk, clock.today(), said
    row.save(update_fields=["state", "decided_by", "decided_on", "opinion"])
    return row


@action("clearances.approve")
def withdraw_clearance(*, actor: Any, year: int, version: int, reason: str) -> Clearance:
    """Withdraw what was approved: from now on the public reads that it was withdrawn, and nothing of it."""
    _a_person(actor)
    row = _locked(actor, year, version)
    said = _said("reason", reason, "撤回理由", "Reason")
    if row.state != ClearanceState.APPROVED:
        raise Conflict.because("clearance_not_approved", f"第 {version} 版不是已核准的内容。", f"Version {version} is not approved.",
                               remedy=("只有已核准的可以撤回。", "Only what is approved is withdrawn."))
    row.state, row.withdrawn_by_id, row.withdrawn_on, row.withdrawn_reason = ClearanceState.WITHDRAWN, actor.pk, clock.today(), said
    row.save(update_fields=["state", "withdrawn_by", "withdrawn_on", "withdrawn_reason"])
    return row


def check_cleared(matter: Matter, step: MatterStep, actor: Any) -> None:
    """公布: something is cleared, its text is what was approved, and its results are those in force."""
    held = Round.objects.get(matter=matter)
    row = in_force(held)
    if row is None or row.state != ClearanceState.APPROVED:
        raise Refused.because("nothing_cleared", "没有已核准的公开内容。", "Nothing was cleared for the public.",
                              remedy=("请先在“公布内容”中提出并由负责人核准；不公布的，请直接归档。",
                                      "Propose it under “Publication” and have the head approve it; or archive without publication."))
    refuse_altered(row)


# ---- the questions ----------------------------------------------------------------------------------------


def clearances_visible_to(user: Any, held: Round) -> QuerySet[Clearance]:
    """Every version, for those who read of the evaluation what the national office reads; nobody else any."""
    rows = held.clearances.select_related("proposed_by", "decided_by", "withdrawn_by", "scoring", "round")
    return rows if is_national(user) else rows.none()


def in_force(held: Round) -> Clearance | None:
    """The newest version that was approved, withdrawn since or not: an earlier one does not come back by itself."""
    return held.clearances.filter(state__in=(ClearanceState.APPROVED, ClearanceState.WITHDRAWN)).order_by("-version").first()


def public_of(year: int) -> Public:
    """What anybody may read of a year, signed in or not. NotFound says the same for no round, nothing published, nothing cleared."""
    held = Round.objects.select_related("matter").filter(year=year).first()
    step = None if held is None else held.matter.steps.filter(transition="publish").order_by("number").first()
    row = in_force(held) if held is not None and step is not None else None
    if row is None or step is None:
        raise NotFound(Finding.error("nothing_public", f"没有公布的 {year} 年度评估结果。", f"No results of {year} are public.",
                                     where=Place(field="year"), remedy=("请核对年度。", "Check the year.")))
    on = max(step.taken_on, row.decided_on or step.taken_on)
    if row.state == ClearanceState.WITHDRAWN:
        return Public(year, row.version, row.digest, on, None, row.withdrawn_on)
    return Public(year, row.version, row.digest, on, refuse_altered(row), text=row.content)


def public_years() -> list[int]:
    """The years of which something is public now, the newest first."""
    found = []
    for held in Round.objects.filter(matter__steps__transition="publish").distinct().order_by("-year"):
        row = in_force(held)
        if row is not None and row.state == ClearanceState.APPROVED:
            found.append(held.year)
    return found


def refuse_altered(row: Clearance) -> dict[str, Any]:
    """The public text; refused where it no longer fits its digest."""
    if digest_of(row.content) != row.digest:
        record_event("clearance_altered", actor_id=None, payload={"year": row.round.year, "version": row.version})
        raise Refused.because("clearance_altered", "公开文本与核准的校验值不符，不予公开。", "The public text no longer fits the digest approved.",
                              measured=digest_of(row.content), required=row.digest,
                              remedy=("请查审计记录，并另提一版。", "Look into the trail, and propose another version."))
    found: dict[str, Any] = json.loads(row.content)
    return found


def digest_of(text: str) -> str:
    """SHA-256 of a public text."""
    return hashlib.sha256(text.encode()).hexdigest()


# ---- the parts --------------------------------------------------------------------------------------------


def _content(held: Round, scoring: Any, version: int, fields: list[str], rows: list[PortScore]) -> dict[str, Any]:
    scheme = held.scheme_version.scheme()
    return {
        "year": held.year, "version": version, "is_exercise": held.is_exercise,
        "notice": {"zh": LABEL.zh, "en": LABEL.en} if held.is_exercise else None,
        "scheme": {"name": {"zh": held.scheme_version.name_zh, "en": held.scheme_version.name_en}, "version": held.scheme_version.version,
                   "digest": scoring.scheme_digest, "is_proposal": held.scheme_version.is_proposal},
        "result": {"version": scoring.number, "digest": scoring.result_digest}, "fields": fields,
        "bands": [{"code": each.code, "zh": each.zh, "en": each.en} for each in scheme.shape.bands],
        "groups": {code: {"zh": each.name.text.zh, "en": each.name.text.en} for code, each in scheme.groups.items()},
        "types": {code: {"zh": each.text.zh, "en": each.text.en} for code, each in scheme.shape.five_types.items()},
        "ports": [_line(scheme, each, fields) for each in rows],
    }


def _line(scheme: Scheme, row: PortScore, fields: list[str]) -> dict[str, Any]:
    """A port's public line: its code and names, and of the fields those that were chosen."""
    values = {
        "band": row.band, "class": row.port.port_class, "provisional": row.provisional, "red_line": row.red_line,
        "group_bands": {code: _band(scheme, points) for code, points in row.groups.items()},
        "type_bands": {code: _band(scheme, points) for code, points in row.five_types.items()},
        "total": None if row.total is None else round(row.total, DECIMALS),
        "group_points": {code: None if points is None else round(points, DECIMALS) for code, points in row.groups.items()},
    }
    return {"port": row.port.code, "name": {"zh": row.port.name_zh, "en": row.port.name_en or row.port.name_zh},
            **{name: values[name] for name in fields}}


def _band(scheme: Scheme, points: float | None) -> str | None:
    return None if points is None else scheme.band(points).code


def _canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check_fields(fields: Sequence[str]) -> None:
    strange = [each for each in fields if each not in FIELDS]
    if strange or not fields:
        raise Refused.because(
            "field_not_for_the_public", f"“{'、'.join(strange)[:120]}”不在可公开的内容之列。" if strange else "请选择公开的内容。",
            f"“{', '.join(strange)[:120]}” may not be public." if strange else "Choose what is to be public.", where=Place(field="fields"),
            remedy=(f"可选：{'、'.join(each.label.zh for each in FIELDS.values())}；名次一律不公开。",
                    f"One or more of: {', '.join(FIELDS)}. Ranks are never public."))


def _locked(actor: Any, year: int, version: int) -> Clearance:
    held = get_round(actor, year)
    row = Clearance.objects.select_for_update(of=("self",)).select_related("round__matter", "scoring").filter(round=held, version=version).first()
    if row is None:
        raise NotFound(Finding.error("unknown_clearance", f"{year} 年没有第 {version} 版公开内容。", f"There is no version {version} of {year}.",
                                     where=Place(field="version"), remedy=("请从列表进入。", "Start from the list.")))
    return row


def _said(field: str, words: str, zh: str, en: str) -> str:
    refuse_secrets(words)
    if not words.strip() or len(words) > 400:
        raise Refused([Finding.error("words_missing", f"请填写{zh}（不超过400字）。", f"{en}: give it in at most 400 characters.",
                                     where=Place(field=field), remedy=("请填写后再提交。", "Fill it in first."))])
    return words.strip()


def _a_person(actor: Any) -> None:
    if isinstance(actor, System) or actor.pk is None:
        raise Refused.because("needs_a_person", "公开内容须由本人提出和核准，系统不能代办。", "What is public is proposed and approved by people.",
                              remedy=("命令行请用 --as 写明登录名。", "On the command line, name yourself with --as."))
