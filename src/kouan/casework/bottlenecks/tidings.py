"""An enterprise is told, in the application and by mail, when its issue is answered, joined to another, or closed.

What it is told names its own issue and the port; answer and evidence it reads where it reported. Nobody of an office is
told anything here: their desks are the tasks. Of an issue entered by phone there is nobody to tell (回访).
"""

from __future__ import annotations

from typing import Any

from kouan.accounts.action import System
from kouan.accounts.models import Role, User
from kouan.basis import Text
from kouan.casework.bottlenecks.models import Issue
from kouan.desk.matters import mails
from kouan.desk.matters.models import Matter, MatterNotice, MatterStep

ANSWERED = Text("您反映的诉求#{number}（{port}）已答复，请查看答复和证明材料，并作出评价",
                "Your issue #{number} ({port}) is answered: read the answer and its evidence, and rate it")
REVIEWED = Text("上级已审看您对诉求#{number}（{port}）的不认可，维持原答复，请作出评价",
                "The superior has looked at your objection to issue #{number} ({port}): the answer stands; please rate it")
JOINED = Text("您反映的诉求#{number}（{port}）已并入同一口岸的同类诉求，一并办理和答复",
              "Your issue #{number} ({port}) was joined to one of the same port and is answered with it")
CLOSED = Text("您反映的诉求#{number}（{port}）已办结", "Your issue #{number} ({port}) is closed")
# By the state that a step leads to. What the enterprise itself called off (withdrawn) needs no telling.
BY_STATE = {"answered": ("answered", ANSWERED), "reviewed": ("answered", REVIEWED), "joined": ("joined", JOINED),
            "closed": ("closed", CLOSED), "closed_unrated": ("closed", CLOSED)}


def tell_enterprise(matter: Matter, step: MatterStep, actor: Any) -> None:
    """After a step: tell the people of the enterprise; of a lead issue, those whose issues were joined to it as well."""
    kind, words = BY_STATE.get(step.state, ("", CLOSED))
    if not kind:
        return
    if step.transition == "answer_again":
        words = ANSWERED
    issue = Issue.objects.select_related("port").filter(matter=matter).first()
    if issue is None:
        return
    # A joined issue has ended already: it is told of an answer, not of the rating or the end of its lead.
    concerned = [issue, *(issue.joined.select_related("port") if words is ANSWERED else ())]
    told = [_told(each, kind, words, step) for each in concerned]
    # The clocks send what they told when they have run.
    if any(told) and not (isinstance(actor, System) and actor.task == "run_clocks"):
        mails.send_soon()


def _told(issue: Issue, kind: str, words: Text, step: MatterStep) -> bool:
    if issue.enterprise_id is None:
        return False
    people = User.objects.filter(organisation_id=issue.enterprise_id, organisation__is_active=True, is_active=True, role=Role.ENTERPRISE_USER)
    values = {"number": issue.pk, "port": issue.port.name_zh}
    MatterNotice.objects.bulk_create([
        MatterNotice(matter_id=issue.matter_id, key=f"{kind}:{step.pk}", kind=kind, recipient=person, text_zh=words.zh.format(**values),
                     text_en=words.en.format(**values))
        for person in people])
    return bool(people)
