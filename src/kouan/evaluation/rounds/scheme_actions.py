"""Schemes of a year: one person proposes, a second publishes. What the plan does not allow is refused with every reason.

A published version is frozen, and so is a proposed one: whoever wants another wording proposes the next version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from kouan.accounts.action import System, action
from kouan.basis import Conflict, Finding, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.models import SchemeState, SchemeVersion
from kouan.evaluation.rounds.queries import get_scheme

FIRST_YEAR, LAST_YEAR = 2021, 2099
LONGEST_CONTENT = 4_000_000


@action("schemes.propose")
def propose_scheme(*, actor: Any, year: int, content: Mapping[str, Any], reason: str) -> SchemeVersion:
    """Propose a scheme for a year as its next version. ``content``: the plain data of its files (``read_folder``).

    Refused with every reason at once: a part of 六(一) not settled (R-065), not exactly the ten groups of 专栏1 (R-049),
    quantitative indicators at half or less (R-063), weights or formulas that do not hold; and what is on record already.
    """
    _a_person(actor)
    refuse_secrets(reason)
    check_year(year)
    said = _said("reason", reason, "编制或修改说明", "What it is, or what changed")
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(text) > LONGEST_CONTENT:
        raise Refused.because("scheme_too_long", "方案内容过大。", "The scheme is too long.", measured=len(text), required=LONGEST_CONTENT,
                              remedy=("请检查附表是否有多余内容。", "Look for what does not belong into its tables."))
    # As it will be read back, so that what is checked is what is kept.
    scheme = Scheme.of(json.loads(text))
    same = SchemeVersion.objects.filter(year=year, digest=scheme.digest).first()
    if same is not None:
        raise Conflict.because("scheme_on_record", f"内容相同的方案已登记为 {year} 年第 {same.version} 版。",
                               f"The same content is on record as version {same.version} of {year}.", where=Place(field="content"),
                               remedy=("请使用该版，或修改内容后再提出。", "Use that version, or change the content first."))
    last = SchemeVersion.objects.filter(year=year).order_by("-version").values_list("version", flat=True).first()
    try:
        with transaction.atomic():
            return SchemeVersion.objects.create(
                year=year, version=(last or 0) + 1, code=scheme.code, name_zh=scheme.name.zh, name_en=scheme.name.en,
                is_proposal=scheme.is_proposal, content=text, digest=scheme.digest, reason=said, proposed_by_id=actor.pk,
                proposed_on=clock.today())
    except IntegrityError:
        raise Conflict.because("scheme_changed", "同时有人提出了另一版方案。", "Somebody proposed another version at the same time.",
                               remedy=("请重试。", "Try again.")) from None


@action("schemes.publish")
def publish_scheme(*, actor: Any, year: int, version: int, opinion: str) -> SchemeVersion:
    """Publish a version: by a second person, after checking all of it anew against its digest. From then on it is frozen."""
    _a_person(actor)
    refuse_secrets(opinion)
    said = _said("opinion", opinion, "发布意见", "Opinion")
    found = get_scheme(actor, year, version)
    row = SchemeVersion.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if row.state != SchemeState.DRAFT:
        raise Conflict.because("scheme_published", f"{year} 年第 {version} 版已发布，不再变动。",
                               f"Version {version} of {year} is published and changes no more.",
                               remedy=("需要改动的，请提出新的一版。", "Propose another version if it must change."))
    if row.proposed_by_id == actor.pk:
        raise Refused.because("four_eyes", "提出人不能发布自己提出的方案。", "Nobody publishes a scheme that he or she proposed.",
                              where=Place(field="opinion"), remedy=("请由另一位同事发布。", "Ask a colleague to publish it."))
    refuse_altered(row)
    row.state, row.published_by_id, row.published_on, row.opinion = SchemeState.PUBLISHED, actor.pk, clock.today(), said
    row.save(update_fields=["state", "published_by", "published_on", "opinion"])
    return row


def refuse_altered(row: SchemeVersion) -> Scheme:
    """The scheme of a version; refused where its content no longer fits its digest."""
    scheme = row.scheme()
    if scheme.digest != row.digest:
        raise Refused.because("scheme_altered", "方案内容与登记的校验值不符。", "The content no longer fits the digest on record.",
                              measured=scheme.digest, required=row.digest,
                              remedy=("请查审计记录，并提出新的一版。", "Look into the trail, and propose another version."))
    return scheme


def check_year(year: int) -> None:
    """Refused for a year in which no yearly evaluation can be held."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Refused.because("year_out_of_range", f"年度应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间。",
                              f"The year lies between {FIRST_YEAR} and {LAST_YEAR}.",
                              where=Place(field="year"), measured=year, remedy=("请改正年度。", "Correct the year."))


def _said(field: str, words: str, zh: str, en: str) -> str:
    if not words.strip() or len(words) > 400:
        raise Refused([Finding.error("words_missing", f"请填写{zh}（不超过400字）。", f"{en}: give it in at most 400 characters.",
                                     where=Place(field=field), remedy=("请填写后再提交。", "Fill it in first."))])
    return words.strip()


def _a_person(actor: Any) -> None:
    if isinstance(actor, System) or actor.pk is None:
        raise Refused.because("needs_a_person", "评估方案须由本人提出和发布，系统不能代办。",
                              "A scheme is proposed and published by people, not by the system.",
                              remedy=("命令行请用 --as 写明登录名。", "On the command line, name yourself with --as."))
