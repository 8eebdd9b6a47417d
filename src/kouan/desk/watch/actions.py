"""Look a day over; rule on what was found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from kouan.accounts.action import System, action
from kouan.audit import record_event
from kouan.basis import NotFound, Place, Refused, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.queries import working_days
from kouan.desk.watch import reading
from kouan.desk.watch.detectors import look, settings_on
from kouan.desk.watch.models import Ruling, UnusualUse

MOST_BACK = 7


@action("audit.watch")
def look_over(*, actor: System, day: date) -> int:
    """Look at a whole day in Beijing and keep what is unusual. Safe to repeat: what is known already is not raised again, ruled or not; a count
    that has grown is written anew while nobody has ruled. Answers how many are new."""
    settings, calendar = settings_on(day), working_days()
    found = look(day, list(reading.traces(day, day)), reading.before(day, settings["dormant_days"]), settings,
                 is_working=lambda each: calendar.is_working(each) if calendar.knows(each) else each.weekday() < 5)
    fresh = 0
    for each in found:
        whose: Any = each.actor
        held, is_new = UnusualUse.objects.get_or_create(
            kind=each.kind, day=day, user_id=whose, about=each.about[:80],
            defaults={"since": each.since, "until": each.until, "count": each.count, "limit": each.limit, "facts": dict(each.facts)})
        fresh += is_new
        if not is_new and held.ruling == Ruling.OPEN and each.count > held.count:
            held.until, held.count, held.facts = each.until, each.count, dict(each.facts)
            held.save(update_fields=["until", "count", "facts"])
    return fresh


def look_over_due(*, actor: System, today: date | None = None) -> int:
    """Yesterday, and the days before that nobody looked at while the worker was off, at most a week back. Answers how many are new."""
    day = today or clock.today()
    return sum(look_over(actor=actor, day=day - timedelta(days=back)) for back in range(MOST_BACK, 0, -1))


@action("audit.rule")
def rule(*, actor: Any, number: int, ruling: str, words: str) -> UnusualUse:
    """Say what came of a finding, with the reason; it may be ruled anew, the trail keeps what was said before. Raises NotFound, Refused."""
    held = UnusualUse.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=number).first()
    if held is None:
        if UnusualUse.objects.filter(pk=number).exists():
            record_event("out_of_scope", actor_id=getattr(actor, "pk", None), payload={"kind": "unusual_use", "id": number})
        raise NotFound.because("unknown_unusual_use", "没有这条异常使用，或不在您的范围内。", "There is no such finding, or it is not in your scope.",
                               where=Place(field="number"), remedy=("请从“异常使用”页进入。", "Come from the page 异常使用."))
    refuse_secrets(words)
    if ruling not in (Ruling.EXPLAINED, Ruling.CONFIRMED):
        raise Refused.because("unknown_ruling", f"没有“{ruling[:24]}”这种裁定。", f"There is no ruling “{ruling[:24]}”.", where=Place(field="ruling"),
                              required="explained, confirmed", remedy=("请选择有正当理由或确属异常。", "Choose explained or confirmed."))
    if not 4 <= len(words.strip()) <= 400:
        raise Refused.because("ruling_words_missing", "请写明核实情况（4至400字）。", "Say what was established, 4 to 400 characters.",
                              where=Place(field="words"), remedy=("写明向谁核实、理由是什么。", "Say who was asked and what the reason was."))
    held.ruling, held.words, held.ruled_by, held.ruled_at = ruling, words.strip(), actor, clock.now()
    held.save(update_fields=["ruling", "words", "ruled_by", "ruled_at"])
    return held
