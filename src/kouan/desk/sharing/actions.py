"""Verbs of sharing: catalogue a data set, publish it, ask for a grant, decide about it, end it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kouan.accounts.action import System, action
from kouan.accounts.models import Organisation
from kouan.accounts.scope import scope_of
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import carry_step, open_matter, take_step
from kouan.desk.sharing import rooms
from kouan.desk.sharing.coverage import UNCHANGED, WHOLE, Coverage, beyond
from kouan.desk.sharing.models import (
    Classification,
    DataGrant,
    DataSet,
    DataSetState,
    GrantState,
    Sensitivity,
)
from kouan.desk.sharing.queries import get_data_set, get_grant, past_term

CODE = re.compile(r"^[a-z0-9][-a-z0-9]{1,63}$")
# What figures can be shared of: those of the nation are public, benchmarks abroad too.
SUBJECT_KINDS = ("port", "counterpart_point", "province")
LONGEST_TERM_DAYS = 3660  # what the form takes at all; the owner shortens it


@dataclass(frozen=True, slots=True)
class NewDataSet:
    """What is said of a data set. ``owner``: an office by its code; empty while nobody answers for it."""

    code: str
    name_zh: str
    room: str
    definition_zh: str
    owner: str = ""
    classification: str = ""
    sensitivity: str = ""
    name_en: str = ""
    definition_en: str = ""
    cadence: str = ""
    coverage: Coverage = WHOLE


@action("data_sets.keep")
def catalogue(*, actor: Any, said: NewDataSet) -> DataSet:
    """Enter a data set as a draft, with what is known of it. Refused with every slip at once."""
    if DataSet.objects.filter(code=said.code).exists():
        raise Refused.because("data_set_exists", f"代码“{said.code}”已被使用。", f"The code “{said.code}” is taken.", where=Place(field="code"),
                              remedy=("请换一个代码。", "Choose another."))
    made = DataSet(code=said.code, written_by_id=actor.pk)
    _write(made, said, actor)
    made.save()
    return made


@action("data_sets.keep")
def change_data_set(*, actor: Any, said: NewDataSet) -> DataSet:
    """Put a draft right. What has been published stays as it was published: withdraw it and enter another."""
    held = _kept_by(actor, said.code)
    if held.state != DataSetState.DRAFT:
        raise Conflict.because("data_set_published", "已发布的数据集不能改动。", "A published data set is not changed.",
                               remedy=("请停用后另行编目。", "Withdraw it and enter another."))
    _write(held, said, actor)
    held.save()
    return held


def _write(held: DataSet, said: NewDataSet, actor: Any) -> None:
    refuse_secrets(said.name_zh, said.name_en, said.definition_zh, said.definition_en, said.cadence)
    findings: list[Finding] = []

    def wrong(field: str, zh: str, en: str, remedy: tuple[str, str] = ("请改正。", "Correct it.")) -> None:
        findings.append(Finding.error("bad_data_set", zh, en, where=Place(field=field), remedy=remedy))

    if not CODE.match(said.code):
        wrong("code", "代码由小写字母、数字和连字符组成，2至64位。", "A code is 2 to 64 small letters, digits and hyphens.",
              ("如 port-flows-month。", "As port-flows-month."))
    for field, value, most, zh, en in (("name_zh", said.name_zh, 120, "名称", "name"),
                                       ("definition_zh", said.definition_zh, 600, "说明与口径", "definition")):
        if not 0 < len(value.strip()) <= most:
            wrong(field, f"请填写{zh}，不超过{most}字。", f"Give the {en}, at most {most} characters.")
    for field, value, most in (("name_en", said.name_en, 200), ("definition_en", said.definition_en, 900), ("cadence", said.cadence, 40)):
        if len(value) > most:
            wrong(field, f"不超过{most}字。", f"At most {most} characters.")
    room = rooms.rooms().get(said.room)
    if room is None:
        wrong("room", "没有这一数据类别。", "There is no such kind of data.",
              (f"可选：{'、'.join(rooms.rooms())}。", f"One of: {', '.join(rooms.rooms())}."))
    elif strange := [each for each in said.coverage.fields if each not in room.fields()]:
        wrong("fields", f"没有这些字段：{'、'.join(strange)[:200]}。", f"There are no such fields: {', '.join(strange)[:200]}.")
    if said.coverage.subject_kind not in SUBJECT_KINDS:
        wrong("subject_kind", "对象类别应为口岸、对侧口岸点或省份。", "The figures are about ports, counterpart points or provinces.",
              (f"可用：{'、'.join(SUBJECT_KINDS)}。", f"One of: {', '.join(SUBJECT_KINDS)}."))
    for field, value, known in (("classification", said.classification, Classification.values),
                                ("sensitivity", said.sensitivity, Sensitivity.values)):
        if value and value not in known:
            wrong(field, f"“{value[:24]}”不在代码表中。", f"“{value[:24]}” is not on the list.",
                  (f"可用：{'、'.join(known)}。", f"One of: {', '.join(known)}."))
    owner = Organisation.objects.filter(code=said.owner, is_active=True).first() if said.owner else None
    if said.owner and owner is None:
        wrong("owner", "没有这个单位，或其已停用。", "There is no such office in service.", ("请从列表中选择。", "Choose it from the list."))
    if not isinstance(actor, System) and not scope_of(actor).everything:
        # Whoever is not the nation's office offers its own data only, in its own name.
        if owner is not None and owner.pk != actor.organisation_id:
            wrong("owner", "只能以本单位名义编目。", "An office catalogues in its own name only.", ("请选择本单位。", "Choose your own office."))
        findings += rooms.beyond_scope(actor, said.coverage)
    if named := [each for each in said.coverage.ports if each not in rooms.provinces_of(said.coverage.ports)]:
        wrong("ports", f"没有这些口岸：{'、'.join(named)[:200]}。", f"There are no such ports: {', '.join(named)[:200]}.")
    if findings:
        raise Refused(findings)
    held.name_zh, held.name_en, held.room, held.owner = said.name_zh.strip(), said.name_en.strip(), said.room, owner
    held.classification, held.sensitivity, held.cadence = said.classification, said.sensitivity, said.cadence.strip()
    held.definition_zh, held.definition_en, held.coverage = said.definition_zh.strip(), said.definition_en.strip(), said.coverage.as_stored()


def _kept_by(actor: Any, code: str) -> DataSet:
    """A data set that the actor may change: of the own office, or any for the national office."""
    held = get_data_set(actor, code)
    if not isinstance(actor, System) and not scope_of(actor).everything:
        mine = held.owner_id == actor.organisation_id or (
            held.owner_id is None and held.written_by is not None and held.written_by.organisation_id == actor.organisation_id)
        if not mine:
            raise NotAllowed.because("not_your_data_set", "该数据集不归贵单位管理。", "The data set is not your office's.",
                                     remedy=("请联系归口单位。", "Ask its owner."))
    return DataSet.objects.select_for_update(of=("self",)).select_related("owner").get(pk=held.pk)


@action("data_sets.keep")
def publish_data_set(*, actor: Any, code: str) -> DataSet:
    """Publish an entry so that others may ask for it. Refused without owner, class and sensitivity (R-231)."""
    held = _kept_by(actor, code)
    findings = [
        Finding.error("data_set_unanswered", f"未填写{zh}，不能发布。", f"Without {en} it cannot be published.", where=Place(field=field),
                      remedy=remedy)
        for field, missing, zh, en, remedy in (
            ("owner", held.owner_id is None, "归口单位", "an owner", ("请指定对数据负责的单位。", "Name the office that answers for it.")),
            ("classification", not held.classification, "数据分级", "a class", ("请按本部门重要数据目录定级。", "Classify it by your catalogue.")),
            ("sensitivity", not held.sensitivity, "个人信息情况", "a word on personal data", ("请选择。", "Choose one.")),
        ) if missing]
    if findings:
        raise Refused(findings)
    if held.state != DataSetState.DRAFT:
        raise Conflict.because("data_set_not_draft", "该数据集已发布或已停用。", "It is published or withdrawn already.",
                               remedy=("请刷新页面。", "Reload the page."))
    held.state, held.published_at = DataSetState.PUBLISHED, clock.now()
    held.save(update_fields=["state", "published_at"])
    return held


@action("data_sets.keep")
def withdraw_data_set(*, actor: Any, code: str) -> DataSet:
    """Take an entry out of use. Every grant of it stops letting anybody read at once."""
    held = _kept_by(actor, code)
    if held.state == DataSetState.WITHDRAWN:
        raise Conflict.because("data_set_withdrawn", "该数据集已停用。", "It is withdrawn already.", remedy=("请刷新页面。", "Reload the page."))
    held.state, held.withdrawn_at = DataSetState.WITHDRAWN, clock.now()
    held.save(update_fields=["state", "withdrawn_at"])
    return held


@action("grants.request")
def request_grant(
    *, actor: Any, data_set: str, purpose: str, coverage: Coverage = WHOLE, ends_on: date, starts_on: date | None = None,
) -> DataGrant:
    """Ask the owner for a part of a data set. Without a purpose nothing can be asked for, and so nothing read (R-126)."""
    held = get_data_set(actor, data_set)
    refuse_secrets(purpose)
    start = starts_on or clock.today()
    findings: list[Finding] = []

    def slip(code: str, field: str, zh: str, en: str, remedy: tuple[str, str], measured: str = "") -> None:
        findings.append(Finding.error(code, zh, en, where=Place(field=field), measured=measured or None, remedy=remedy))

    if not 4 <= len(purpose.strip()) <= 300:
        slip("purpose_missing", "purpose", "请写明用途（4至300字）。", "State the purpose, 4 to 300 characters.",
             ("写明依据的职责和要解决的问题；无用途的使用一律不予授权。", "Say for which duty and question; no purpose, no use."))
    if held.state != DataSetState.PUBLISHED or held.owner is None:
        slip("data_set_not_published", "data_set", "该数据集未发布或已停用。", "The data set is not published.",
             ("请联系归口单位。", "Ask its owner."))
    elif held.owner_id == actor.organisation_id or scope_of(actor).everything:
        slip("no_grant_needed", "data_set", "本单位范围内的数据无须申请。", "Inside one's own scope no grant is needed.",
             ("请直接查询。", "Read it as it is."))
    if not clock.today() <= start <= ends_on or (ends_on - start).days > LONGEST_TERM_DAYS:
        slip("bad_term", "ends_on", "授权期限应自今天或之后起，且截止日不早于起始日。", "The term begins today or later and ends after it begins.",
             ("请改正日期。", "Correct the days."), f"{start} – {ends_on}")
    asked = coverage.narrowed_from(held.covers)
    provinces = rooms.provinces_of(asked.ports)
    findings += beyond(asked, held.covers, provinces)
    room = rooms.rooms().get(held.room)
    if room is not None and (strange := [each for each in asked.fields if each not in room.fields()]):
        named = "、".join(strange)[:200]
        slip("unknown_field", "fields", f"没有这些字段：{named}。", f"There are no such fields: {named}.",
             ("请从列表中选择。", "Choose from the list."))
    if strange := [each for each in asked.ports if each not in provinces]:
        named = "、".join(strange)[:200]
        slip("unknown_port", "ports", f"没有这些口岸：{named}。", f"There are no such ports: {named}.", ("请核对代码。", "Check the codes."))
    if findings or held.owner is None:
        raise Refused(findings)
    matter = open_matter(actor=actor, procedure="data_grant", title=f"申请使用“{held.name_zh}”"[:200], named={"owner": held.owner.code})
    made = DataGrant.objects.create(
        matter=matter, data_set=held, grantee=actor.organisation, requested_by=actor, purpose=purpose.strip(), asked=asked.as_stored(),
        starts_on=start, ends_on=ends_on)
    take_step(actor=actor, matter=matter.pk, transition="submit", fields={"reason": purpose.strip()})
    return made


# What each deed is called in the procedure.
DEEDS = ("approve", "narrow", "refuse", "revoke", "take_back", "give_up")


@action("grants.decide")
def decide_grant(*, actor: Any, grant: int, deed: str, reason: str, narrowed: Mapping[str, str] | None = None) -> DataGrant:
    """The owner's step: approve, narrow, refuse, revoke. ``narrowed``: fields, provinces, ports, since, until, term_end as typed."""
    return _step(actor, grant, deed, reason, narrowed, ("approve", "narrow", "refuse", "revoke"))


@action("grants.request")
def end_own_grant(*, actor: Any, grant: int, deed: str, reason: str) -> DataGrant:
    """The using office's step: take the request back, or give the grant up."""
    return _step(actor, grant, deed, reason, None, ("take_back", "give_up"))


def _step(actor: Any, number: int, deed: str, reason: str, narrowed: Mapping[str, str] | None, known: tuple[str, ...]) -> DataGrant:
    held = get_grant(actor, number)
    if deed not in known:
        raise Refused.because("unknown_deed", f"没有“{deed[:24]}”这种办理。", f"There is no deed “{deed[:24]}”.", where=Place(field="deed"),
                              remedy=(f"可用：{'、'.join(known)}。", f"One of: {', '.join(known)}."))
    fields: dict[str, str] = {"reason": reason.strip()[:400]}
    if deed == "narrow":
        said = narrowed or {}
        fields |= {name: said.get(name, "").strip() or UNCHANGED[1] for name in ("fields", "provinces", "ports", "since", "until", "term_end")}
    take_step(actor=actor, matter=held.matter_id, transition=deed, fields=fields)
    return get_grant(actor, number)


@action("matters.act")
def expire_due(*, actor: System, today: date | None = None) -> int:
    """End the matters of grants whose term has run out; reading ended with the term itself."""
    due = past_term(today)
    for each in due:
        carry_step(actor=actor, matter=each.matter_id, transition="expire", fields={"reason": f"授权期限至{each.ends_on}届满"}, documents={})
    return len(due)


def is_in_force(grant: DataGrant) -> bool:
    """Whether somebody may read by it today."""
    return grant.state_today is GrantState.ACTIVE and grant.starts_on <= clock.today() and grant.data_set.state == DataSetState.PUBLISHED
