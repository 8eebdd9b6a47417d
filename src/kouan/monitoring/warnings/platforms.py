"""Local joint-prevention platforms (各地口岸安全联合防控平台): the register, and the door by which a message in gives an alert out (R-164).

国家“十四五”口岸发展规划 专栏9. A platform sends as a user of the office that runs it, with that office's scope; a message raises one warning of its
own, joint, led by the province. Sent again under the same number it is the same message; with another content it is refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from kouan.accounts.action import acting_system, action
from kouan.accounts.models import Organisation, OrganisationKind
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused, clock
from kouan.collection.models import Origin
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters import mails
from kouan.monitoring.warnings import routing
from kouan.monitoring.warnings.actions import open_warning, port_in_scope
from kouan.monitoring.warnings.models import LocalPlatform, PlatformMessage

DETECTOR = "platform"
# What happened must be told within a year, and cannot lie ahead by more than a clock may be wrong.
OLDEST, AHEAD = timedelta(days=366), timedelta(minutes=15)
LEVELS = (1, 2, 3, 4)
ROMAN = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}
MAY_RUN = (OrganisationKind.PROVINCIAL_OFFICE, OrganisationKind.CITY_OFFICE, OrganisationKind.CORPS_OFFICE, OrganisationKind.INSPECTION_AGENCY)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What a platform says. ``level``: 1 (gravest) to 4; ``occurred_at`` with its time zone."""

    external_id: str
    kind: str
    level: int
    port: str
    title: str
    occurred_at: datetime
    words: str = ""

    @property
    def digest(self) -> str:
        """What tells the same message from another under its number."""
        said = [self.external_id, self.kind, self.level, self.port, self.title, self.occurred_at.astimezone(UTC).isoformat(), self.words]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


@action("platforms.register")
def register_platform(*, actor: Any, organisation: str, name: str, basis: str) -> LocalPlatform:
    """Put a platform on the register: the nation any, a province those of its own offices and agencies."""
    refuse_secrets(name, basis)
    findings = [
        Finding.error("value_required", f"请填写{label}。", f"Give the {label_en}.", where=Place(field=field), remedy=("请补充。", "Add it."))
        for field, value, label, label_en in (("name", name, "平台名称", "platform's name"), ("basis", basis, "依据或联系", "basis or contact"))
        if not value.strip()
    ]
    found = Organisation.objects.filter(code=organisation, is_active=True, kind__in=MAY_RUN).first()
    is_national = actor.organisation.kind == OrganisationKind.NATIONAL_OFFICE
    if found is None or not (is_national or found.province_code == actor.organisation.province_code):
        findings.append(Finding.error(
            "unknown_office", f"“{organisation[:40]}”不是贵单位范围内可以运行平台的单位。",
            f"“{organisation[:40]}” is no office in your scope that runs a platform.",
            where=Place(field="organisation"), remedy=("请选择省、市口岸办或查验机构。", "Choose a provincial or city office, or an agency.")))
    if findings or found is None:
        raise Refused(findings)
    try:
        with transaction.atomic():
            return LocalPlatform.objects.create(organisation=found, name=name.strip()[:120], basis=basis.strip()[:300], registered_by=actor)
    except IntegrityError:
        raise Conflict.because("platform_registered", "该单位的平台已在登记册上。", "The platform of this office is on the register.",
                               where=Place(field="organisation"), remedy=("如需更名，请先停用原登记。", "End the entry first, to rename it."))


@action("platforms.register")
def end_platform(*, actor: Any, platform: int) -> LocalPlatform:
    """Take no more messages of a platform; what it sent stays."""
    seen = LocalPlatform.objects.visible_to(actor).filter(pk=platform).values("pk")
    held = LocalPlatform.objects.select_for_update(of=("self",)).filter(pk__in=seen).first()
    if held is None:
        record_event("out_of_scope", actor_id=actor.pk, payload={"kind": "platform", "id": platform})
        raise NotFound.because("unknown_platform", f"没有编号为 {platform} 的平台。", f"There is no platform number {platform}.",
                               where=Place(field="platform"), remedy=("请从登记册中选择。", "Choose it from the register."))
    if held.ended_at is not None:
        raise Conflict.because("platform_ended", "该平台已停用。", "The platform has been ended.", remedy=("请刷新页面。", "Reload the page."))
    held.ended_at = clock.now()
    held.save(update_fields=["ended_at"])
    return held


@action("platforms.send")
def receive_message(*, actor: Any, said: NewMessage) -> PlatformMessage:
    """Take in a message of the actor's platform and raise its warning. Answers the message kept, also when it was sent before."""
    platform = LocalPlatform.objects.filter(organisation_id=actor.organisation_id, ended_at__isnull=True).first()
    if platform is None:
        raise NotAllowed.because(
            "platform_not_registered", "贵单位没有登记在册的联合防控平台，消息未接收。",
            "Your office has no platform on the register; the message was not taken.",
            remedy=("请省级或国家口岸办登记平台后再发送。", "Let the provincial or national office register it, then send again."))
    known = platform.messages.filter(external_id=said.external_id).first()
    if known is not None:
        return _same(known, said)
    _check(said)
    port = port_in_scope(actor, said.port)
    kind = routing.message_kinds()[said.kind]
    sent = routing.route(port, [DETECTOR], 1.0)
    day = timezone.localtime(said.occurred_at).date()
    zh = f"{platform.name}：{said.title}（{kind.zh}，{ROMAN[said.level]}，{port.name_zh}，{day:%Y-%m-%d}）"
    en = f"{platform.name}: {said.title} ({kind.en}, level {said.level}, {port.name_en or port.name_zh}, {day:%Y-%m-%d})"
    with acting_system("warnings") as system:
        warning = open_warning(
            system, port, f"{port.name_zh}：{said.title}"[:200], sent, origin=Origin.EXERCISE if settings.IS_EXERCISE else Origin.OFFICIAL,
            detector=DETECTOR, measure="", direction="", first_day=day, last_day=day, peak_day=day, measured=None, low=None, high=None,
            score=float(5 - said.level), goes="none", message_zh=zh[:600], message_en=en[:900], candidates=[])
    try:
        with transaction.atomic():
            message = PlatformMessage.objects.create(
                platform=platform, external_id=said.external_id, kind=said.kind, level=said.level, port=port, title=said.title, words=said.words,
                occurred_at=said.occurred_at, content_digest=said.digest, warning=warning, sent_by=actor)
    except IntegrityError:
        # Two of the same at one moment: this one ends without its warning; the sender's next try is answered with the first.
        raise Conflict.because("message_in_hand", "同一编号的消息正在处理。",
                               "A message of this number is being taken in.",
                               where=Place(field="external_id"), remedy=("请稍后重发，将得到同一答复。", "Send it again for the same answer."))
    mails.send_soon()
    return message


def _same(known: PlatformMessage, said: NewMessage) -> PlatformMessage:
    if known.content_digest != said.digest:
        raise Conflict.because(
            "message_number_used", f"编号“{said.external_id}”已用于另一条内容不同的消息，本次未接收。",
            f"The number “{said.external_id}” was used for another content; this one was not taken.", where=Place(field="external_id"),
            remedy=("更正请用新的编号发送。", "Send a correction under a new number."))
    return known


def _check(said: NewMessage) -> None:
    refuse_secrets(said.title, said.words)
    findings = []

    def wrong(field: str, zh: str, en: str, remedy: tuple[str, str]) -> None:
        findings.append(Finding.error("bad_message", zh, en, where=Place(field=field), remedy=remedy))

    if not said.external_id.strip() or len(said.external_id) > 80:
        wrong("external_id", "请给出平台消息编号，不超过80字。", "Give the message's number, of at most 80 characters.", ("请补充。", "Add it."))
    if said.kind not in routing.message_kinds():
        wrong("kind", f"没有“{said.kind[:24]}”这一类别。", f"There is no kind “{said.kind[:24]}”.",
              (f"可用：{'、'.join(routing.message_kinds())}。", f"One of: {', '.join(routing.message_kinds())}."))
    if said.level not in LEVELS:
        wrong("level", "等级应为1（最重）至4。", "The level is 1 (gravest) to 4.", ("请改正。", "Correct it."))
    if not said.title.strip() or len(said.title) > 120:
        wrong("title", "请给出标题，不超过120字。", "Give a title of at most 120 characters.", ("请补充。", "Add it."))
    if len(said.words) > 4000:
        wrong("words", "内容不超过4000字。", "At most 4,000 characters.", ("请缩短。", "Shorten it."))
    if timezone.is_naive(said.occurred_at):
        wrong("occurred_at", "发生时间须带时区。", "The time needs its zone.", ("如 2026-05-01T08:00:00+08:00。", "As 2026-05-01T08:00:00+08:00."))
    elif not clock.now() - OLDEST <= said.occurred_at <= clock.now() + AHEAD:
        wrong("occurred_at", "发生时间应在一年之内，且不晚于现在。", "It happened within a year, and not later than now.",
              ("请核对平台的时钟。", "Check the platform's clock."))
    if findings:
        raise Refused(findings)


def receipt(message: PlatformMessage) -> dict[str, Any]:
    """What the sender is answered: the message's number here, the warning it raised, whose desks it reached."""
    warning = message.warning
    told = warning.matter.notices.filter(kind="warning").select_related("recipient__organisation")
    offices = {notice.recipient.organisation.name_zh for notice in told}
    return {
        "id": message.pk, "external_id": message.external_id, "platform": message.platform.name, "warning": warning.pk, "matter": warning.matter_id,
        "received_at": message.received_at, "reached": sorted(offices), "version": warning.matter.version,
    }
