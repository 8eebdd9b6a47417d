"""Verbs of the register of feeds: put on it, taken off it, and the heartbeats by which their owners say that they live."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.utils import timezone

from kouan.accounts.action import action
from kouan.accounts.models import Organisation
from kouan.audit import record_event
from kouan.basis import Conflict, Finding, NotFound, Place, Refused, Text, clock, strict_yaml
from kouan.desk.actions import refuse_secrets
from kouan.monitoring.imagery.models import FeedSpan, ImageFeed
from kouan.monitoring.warnings.actions import port_in_scope

CODE = re.compile(r"^[a-z0-9][-a-z0-9]{1,63}$")
# Parts of an address that would let anybody in who reads it.
SECRET_KEYS = re.compile(r"pass|pwd|token|secret|key|auth|sign|user", re.IGNORECASE)
# A feed counts as heard until twice its interval has passed: one lost beat is no outage.
MISSED = 2
MOST_BEATS, AHEAD = 500, timedelta(minutes=15)


@lru_cache(maxsize=1)
def lists() -> Mapping[str, dict[str, Text]]:
    """The code lists: kinds, purposes, protocols."""
    read: Mapping[str, Any] = strict_yaml.load_file(Path(__file__).with_name("codes.yaml"))
    return {name: {code: Text(**words) for code, words in of.items()} for name, of in read.items()}


@dataclass(frozen=True, slots=True)
class NewFeed:
    """What is registered of a feed. ``owner``: an office by its code."""

    code: str
    port: str
    name_zh: str
    place: str
    kind: str
    purpose: str
    protocol: str
    owner: str
    contact: str
    basis: str
    retention_days: int
    beat_seconds: int = 300
    address: str = ""
    name_en: str = ""


@action("imagery.register")
def register_feed(*, actor: Any, said: NewFeed) -> ImageFeed:
    """Put a feed of a port in scope on the register. An address with a secret in it is refused, never stored."""
    port = port_in_scope(actor, said.port)
    refuse_secrets(said.name_zh, said.place, said.basis)
    findings: list[Finding] = []

    def wrong(field: str, zh: str, en: str, remedy: tuple[str, str] = ("请改正。", "Correct it.")) -> None:
        findings.append(Finding.error("bad_feed", zh, en, where=Place(field=field), remedy=remedy))

    if not CODE.match(said.code):
        wrong("code", "代码由小写字母、数字和连字符组成，2至64位。", "A code is 2 to 64 small letters, digits and hyphens.",
              ("如 luohu-hall-01。", "As luohu-hall-01."))
    for field, value, most, zh, en in (("name", said.name_zh, 120, "名称", "name"), ("place", said.place, 200, "安装位置", "place"),
                                       ("contact", said.contact, 120, "联系人及电话", "contact"), ("basis", said.basis, 300, "法律依据",
                                           "legal basis")):
        if not 0 < len(value.strip()) <= most:
            wrong(field, f"请填写{zh}，不超过{most}字。", f"Give the {en}, at most {most} characters.")
    for field, value, known in (("kind", said.kind, "kinds"), ("purpose", said.purpose, "purposes"), ("protocol", said.protocol, "protocols")):
        if value not in lists()[known]:
            wrong(field, f"“{value[:24]}”不在代码表中。", f"“{value[:24]}” is not on the list.",
                  (f"可用：{'、'.join(lists()[known])}。", f"One of: {', '.join(lists()[known])}."))
    if not 1 <= said.retention_days <= 3660:
        wrong("retention_days", "保存天数应为1至3660。", "Kept for 1 to 3,660 days.")
    if not 10 <= said.beat_seconds <= 86_400:
        wrong("beat_seconds", "心跳间隔应为10秒至1天。", "A heartbeat every 10 seconds to a day.")
    if holds_secret(said.address) or len(said.address) > 300:
        wrong("address", "接入地址不得含用户名、密码或令牌，且不超过300字。",
            "An address holds no name, password or token, and at most 300 characters.",
              ("请删去密钥；密钥由接入双方另行交换。", "Leave the secret out; the two sides exchange it otherwise."))
    owner = Organisation.objects.filter(code=said.owner, is_active=True).first()
    if owner is None or (owner.province_code and owner.province_code != port.province_code):
        wrong("owner", "没有这个责任单位，或它不在该口岸所在省。", "There is no such office in the port's province.", ("请从列表中选择。",
            "Choose it from the list."))
    if ImageFeed.objects.filter(code=said.code).exists():
        wrong("code", "该代码已被使用。", "The code is taken.", ("请换一个代码。", "Choose another."))
    if findings or owner is None:
        raise Refused(findings)
    return ImageFeed.objects.create(
        code=said.code, port=port, name_zh=said.name_zh.strip(), name_en=said.name_en.strip()[:200], place=said.place.strip(), kind=said.kind,
        purpose=said.purpose, protocol=said.protocol, owner=owner, contact=said.contact.strip(), basis=said.basis.strip(),
        retention_days=said.retention_days, beat_seconds=said.beat_seconds, address=said.address.strip(), registered_by=actor)


def holds_secret(address: str) -> bool:
    """Whether an address carries what would let anybody in who reads it.

    >>> holds_secret("rtsp://admin:12345@10.0.0.8/live"), holds_secret("https://a.example/x?token=1"), holds_secret("rtsp://10.0.0.8:554/live/1")
    (True, True, False)
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return True
    return "@" in parts.netloc or any(SECRET_KEYS.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True))


@action("imagery.register")
def end_feed(*, actor: Any, feed: int) -> ImageFeed:
    """Take a feed out of use; it stays on the register with its history."""
    get_feed(actor, feed)
    held = ImageFeed.objects.select_for_update(of=("self",)).get(pk=feed)
    if held.ended_at is not None:
        raise Conflict.because("feed_ended", "该影像源已停用。", "The feed is out of use already.", remedy=("请刷新页面。", "Reload the page."))
    held.ended_at = clock.now()
    held.save(update_fields=["ended_at"])
    return held


def get_feed(user: Any, number: int) -> ImageFeed:
    """A feed in scope. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = ImageFeed.objects.visible_to(user).select_related("port", "owner").filter(pk=number).first()
    if found is not None:
        return found
    if ImageFeed.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "image_feed", "id": number})
    raise NotFound.because("unknown_feed", f"没有编号为 {number} 的影像源。", f"There is no feed number {number}.", where=Place(field="feed"),
                           remedy=("请从登记册中选择。", "Choose it from the register."))


@dataclass(frozen=True, slots=True)
class Beat:
    """A feed said at a moment that it lives; ``fault``: with what it cannot do."""

    feed: str
    at: datetime
    fault: str = ""


@action("imagery.beat")
def take_beats(*, actor: Any, beats: Sequence[Beat]) -> int:
    """Take heartbeats of feeds that the actor's own office answers for; all or none; answer how many. Sent again they change nothing."""
    codes = {each.feed for each in beats}
    feeds = {each.code: each for each in ImageFeed.objects.select_for_update(of=("self",)).order_by("pk").filter(
        code__in=codes, owner_id=actor.organisation_id, ended_at__isnull=True)}
    findings: list[Finding] = []
    if not 0 < len(beats) <= MOST_BEATS:
        findings.append(Finding.error("too_many", f"一次1至{MOST_BEATS}条心跳。", f"1 to {MOST_BEATS} heartbeats at once.",
            where=Place(field="beats"),
                                      remedy=("请分次发送。", "Send them in parts.")))
    for code in sorted(codes - feeds.keys())[:20]:
        findings.append(Finding.error("unknown_feed", f"“{code[:64]}”不是贵单位在用的影像源。", f"“{code[:64]}” is no feed of your office in use.",
                                      where=Place(field="feed"), remedy=("请核对代码。", "Check the code.")))
    for each in beats:
        if timezone.is_naive(each.at) or not clock.now() - timedelta(days=31) <= each.at <= clock.now() + AHEAD:
            findings.append(Finding.error("bad_moment", f"“{each.feed[:64]}”的时间应在31天之内，且不晚于现在。",
                                          f"The time of “{each.feed[:64]}” is within 31 days and not ahead.", where=Place(field="at"),
                                          remedy=("请核对时钟和时区。", "Check clock and time zone.")))
            break
    if findings:
        raise Refused(findings)
    for beat in sorted(beats, key=lambda each: each.at):
        _extend(feeds[beat.feed], beat)
    return len(beats)


def _extend(feed: ImageFeed, beat: Beat) -> None:
    """Prolong the span that the beat continues, else begin one. A beat older than the last known changes nothing."""
    last = FeedSpan.objects.filter(feed=feed).order_by("-last_at", "-pk").first()
    if last is not None and beat.at <= last.last_at:
        return
    fault = beat.fault.strip()[:120]
    if last is not None and last.fault == fault and beat.at - last.last_at <= timedelta(seconds=MISSED * feed.beat_seconds):
        last.last_at = beat.at
        last.save(update_fields=["last_at"])
        return
    FeedSpan.objects.create(feed=feed, began_at=beat.at, last_at=beat.at, fault=fault)
