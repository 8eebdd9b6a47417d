"""What the steps of a return's review and of a call do besides their matters, in the transaction of the step."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kouan.accounts.action import System
from kouan.basis import NotAllowed, Place, Refused, clock
from kouan.collection.returns.models import Return, ReturnCall, ReturnState, ReturnVersion
from kouan.collection.returns.recording import record_figures
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.facts import day_said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kouan.desk.matters.models import Matter, MatterStep

PROCEDURES = Path(__file__).parent / "procedures"
# Set while a return is being filed: the step of filing is taken by filing alone, never by a bare form of the desk.
_filing: ContextVar[int] = ContextVar("kouan_filing", default=0)


@contextmanager
def filing(matter: int) -> Iterator[None]:
    """The filing of one matter's return is under way."""
    token = _filing.set(matter)
    try:
        yield
    finally:
        _filing.reset(token)


def _held(matter: Matter) -> Return:
    return Return.objects.select_for_update(of=("self",)).select_related("port", "organisation").get(matter=matter)


def _newest(held: Return) -> ReturnVersion:
    found = held.versions.filter(matter=held.matter).select_related("canonical", "submitted_by", "organisation").order_by("-number").first()
    if found is None:
        raise Refused.because("nothing_filed", "本表还没有报出任何内容。", "Nothing has been filed yet.", remedy=("请先填报。", "File it first."))
    return found


def _said(step: MatterStep) -> None:
    refuse_secrets(*(str(value) for value in step.fields.values()))


def filed(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The return goes to its reviewers. Only filing takes this step: it carries a version."""
    if _filing.get() != matter.pk:
        raise NotAllowed.because("by_filing", "请在报送页面填报，报出时自动办理此步骤。", "File the return on its page; that takes this step.",
                                 remedy=("打开“报送”，填报后报出。", "Open 报送, fill it in and file it."))
    held = _held(matter)
    held.state = ReturnState.AT_PROVINCE if step.state == "at_province" else ReturnState.AT_NATIONAL
    held.save(update_fields=["state"])


def _refuse_own(held: Return, matter: Matter, actor: Any) -> None:
    """Nobody reviews what he or she filed, nor signs at the nation what he or she passed for a province."""
    if held.versions.filter(matter=matter, submitted_by_id=actor.pk).exists():
        raise NotAllowed.because("own_filing", "填报人不能审核自己报出的报表。", "Nobody reviews a return that he or she filed.",
                                 remedy=("请由另一位同事审核。", "Let a colleague review it."))


def passed_on(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The province found it right."""
    _said(step)
    held = _held(matter)
    _refuse_own(held, matter, actor)
    held.state, held.version = ReturnState.AT_NATIONAL, held.version + 1
    held.save(update_fields=["state", "version"])


def sent_back(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Returned for correction, or taken back by whoever filed it."""
    _said(step)
    held = _held(matter)
    if step.transition != "recall":
        _refuse_own(held, matter, actor)
    held.state, held.version = ReturnState.RETURNED, held.version + 1
    held.save(update_fields=["state", "version"])


def sign_off(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The figures become observations, or the signing does not happen."""
    _said(step)
    held = _held(matter)
    _refuse_own(held, matter, actor)
    passed = matter.steps.filter(transition="pass_on").order_by("-number").first()
    if passed is not None and actor.pk in (passed.actor_id, passed.on_behalf_of_id):
        raise NotAllowed.because("own_pass", "省级审核人不能再作国家审定。", "Whoever passed it for the province does not sign it for the nation.",
                                 remedy=("请由另一位同事审定。", "Let a colleague sign it off."))
    version = _newest(held)
    version.batch = record_figures(held, version)
    version.save(update_fields=["batch"])
    held.state, held.signed_on, held.is_zero, held.version = ReturnState.SIGNED, clock.today(), version.is_zero, held.version + 1
    held.save(update_fields=["state", "signed_on", "is_zero", "is_late", "is_revised", "version"])


# ---- calls -----------------------------------------------------------------------------------------------


def by_system(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A step that only the system takes: calls are issued by the calendar."""
    if not isinstance(actor, System):
        raise NotAllowed.because("by_calendar", "报送任务由系统按报送日历下达。", "Calls are issued by the calendar.",
                                 remedy=("请在“报送期限”中设定。", "Set the calendar instead."))


def _call(matter: Matter) -> ReturnCall:
    return ReturnCall.objects.select_for_update(of=("self",)).get(matter=matter)


def extension_asked(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A day after the one that holds."""
    _said(step)
    call, day = _call(matter), day_said("field-wanted_on", step.fields.get("wanted_on", ""))
    last = call.extended_to or call.due_on
    if day <= max(last, clock.today()):
        raise Refused.because("bad_extension", "申请的日期应晚于现定到期日和今天。", "The day wanted is after the due day and after today.",
                              where=Place(field="field-wanted_on"), measured=str(day), required=f"> {max(last, clock.today())}",
                              remedy=("请改正日期。", "Correct the day."))


def extended(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The call, and what is not filed yet under it, has another day."""
    _said(step)
    call, day = _call(matter), day_said("field-due_on", step.fields.get("due_on", ""))
    if day <= max(call.extended_to or call.due_on, clock.today()):
        raise Refused.because("bad_extension", "延期后的日期应晚于现定到期日和今天。", "An extension ends after the due day and after today.",
                              where=Place(field="field-due_on"), measured=str(day), remedy=("请改正日期。", "Correct the day."))
    call.extended_to = day
    call.save(update_fields=["extended_to"])
    for each in call.returns.select_for_update(of=("self",)).filter(state=ReturnState.DUE):
        each.extended_to, each.version = day, each.version + 1
        each.save(update_fields=["extended_to", "version"])


def all_filed(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A call ends when nothing under it waits to be filed."""
    left = _call(matter).returns.filter(state=ReturnState.DUE).count()
    if left:
        raise Refused.because("not_all_filed", f"还有 {left} 张表没有报出。", f"{left} returns are not filed yet.", measured=left, required="0",
                              remedy=("请到“报送”页面逐张报出，或申请延期。", "File them on the page 报送, or ask for an extension."))


CARRIED = {each.__name__: each for each in (filed, passed_on, sent_back, sign_off, by_system, extension_asked, extended, all_filed)}
