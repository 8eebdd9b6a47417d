"""评分任务: what an expert has still to mark of a round lies on his or her desk as one matter with a due date (`evaluation_marking.yaml`).

It opens when the national office asks, ends by itself once everything is marked, opens anew where an entry is filed anew under a mark,
and ends unfinished with the freeze. Only the expert finds it in the inbox, though others sit on the same panel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import Finding, Refused
from kouan.desk.matters.actions import carry_step, open_matter
from kouan.desk.matters.models import Matter, MatterStep, Task
from kouan.evaluation.rounds.evidence.models import ExpertAsked, FiledEntry, MarkingTask
from kouan.evaluation.rounds.evidence.seeing import conflicts_of, decision_of, newest
from kouan.evaluation.rounds.models import Round

PROCEDURE = "evaluation_marking"
NOT_FILED = ("to_file", "not_filed")


def still_to_mark(held: Round, expert: int) -> list[ExpertAsked]:
    """What an expert is asked and has not marked as it is filed now.

    Nothing of a port in which he or she declared an interest, and nothing of which the office that filed claims no point.
    """
    interests = conflicts_of(held)
    rows = ExpertAsked.objects.filter(round=held, expert_id=expert, released_on__isnull=True).prefetch_related("marks")
    open_now = [each for each in rows if not interests.get((each.port, expert))]
    ports = {each.port for each in open_now}
    filed = {port for each in held.returns.exclude(matter__state__in=NOT_FILED) for port in each.ports if port in ports}
    claimed: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for entry in newest(FiledEntry.objects.filter(filed_in__round=held, is_point=True, port__in=ports)):
        decided = decision_of(entry)
        if entry.is_claim and (decided is None or decided.accepted):
            claimed[entry.port, entry.item.partition("/")[0]][entry.item] = entry.pk
    return [each for each in open_now if not _is_done(each, claimed[each.port, each.indicator], each.port in filed)]


def _is_done(asked: ExpertAsked, claimed: Mapping[str, int], is_filed: bool) -> bool:
    if not claimed:
        return is_filed
    last = max(asked.marks.all(), key=lambda each: each.revision, default=None)
    return last is not None and all(last.points.get(item, {}).get("entry") == entry for item, entry in claimed.items())


def keep_desks(held: Round, experts: Iterable[int], *, asks: bool = False) -> None:
    """The matters of these experts as they should be: open with something to mark, ended with nothing.

    ``asks``: they are asked just now; Refused while the days are not set. Else only who had a matter before is given another.
    """
    for expert in sorted(set(experts)):
        tasks = MarkingTask.objects.filter(round=held, expert_id=expert)
        running = tasks.filter(matter__ended_at__isnull=True).first()
        waiting = bool(still_to_mark(held, expert))
        if waiting and running is None and (asks or tasks.exists()):
            _open(held, User.objects.select_related("organisation").get(pk=expert))
        elif not waiting and running is not None:
            some = ExpertAsked.objects.filter(round=held, expert_id=expert, released_on__isnull=True).exists()
            _end(running, "finish" if some else "close_unmarked", "" if some else "指派已全部撤回")


def keep_desks_of(held: Round, ports: Iterable[str]) -> None:
    """The same for everybody asked about some ports, after what is filed of them changed."""
    rows = ExpertAsked.objects.filter(round=held, port__in=list(ports), released_on__isnull=True)
    keep_desks(held, rows.values_list("expert_id", flat=True))


def end_marking(held: Round, reason: str) -> None:
    """End what is still open: after the freeze nobody marks."""
    for each in MarkingTask.objects.filter(round=held, matter__ended_at__isnull=True):
        _end(each, "close_unmarked", reason)


def check_marked(matter: Matter, step: MatterStep, actor: Any) -> None:
    """评分完毕: nothing is left to mark; an expert cannot end the matter before."""
    task = MarkingTask.objects.select_related("round").get(matter=matter)
    waiting = still_to_mark(task.round, task.expert_id)
    if waiting:
        raise Refused([Finding.error(
            "marks_missing", f"还有 {len(waiting)} 项没有评分。", f"{len(waiting)} indicators are not marked.", measured=len(waiting), required=0,
            remedy=("请在专家评分页逐项评分；评完后自动办结。", "Mark each on the page of marks; the matter then ends by itself."))])


def _open(held: Round, expert: User) -> None:
    with acting_system("evaluation") as system:
        made = open_matter(actor=system, procedure=PROCEDURE, applicant=expert.organisation, named={"expert": expert.organisation.code},
                           title=f"{held.year} 年度评估专家评分{'（演练）' if held.is_exercise else ''}")
        MarkingTask.objects.create(round=held, expert=expert, matter=made)
        # On this expert's desk and nobody else's of the panel; a panel that lost its people left the task with the national office.
        for task in Task.objects.open().filter(matter=made, organisation=expert.organisation):
            task.assignee = expert
            task.save(update_fields=["assignee"])


def _end(task: MarkingTask, transition: str, reason: str) -> None:
    with acting_system("evaluation") as system:
        carry_step(actor=system, matter=task.matter_id, transition=transition, fields={"reason": reason} if reason else {}, documents={})
