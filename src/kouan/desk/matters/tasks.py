"""Tasks and notices: whose turn it is, kept as rows so that an inbox is one query; who is told what, once.

``bring_in_step`` makes the open tasks of a matter what the engine says is to be done, no more and no less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from kouan.basis import Text, clock
from kouan.desk.matters.facts import known
from kouan.desk.matters.models import Matter, MatterNotice, Task
from kouan.desk.matters.parties import Desk, desk_of, desks_of, people_of
from kouan.desk.matters.queries import settings_of, working_days
from kouan.procedure import Duty, Notice, Procedure, Running, blocks, duties, standing

# What is said of each kind of notice; {} is the clock or consultation, then the day.
WORDS = {
    "reminder": Text("“{label}”将于{day}到期（{title}）", "“{label}” ends on {day} ({title})"),
    "overdue": Text("“{label}”已于{day}到期，尚未办结（{title}）", "“{label}” ended on {day} and is not done ({title})"),
    "escalation": Text("下级逾期：“{label}”已于{day}到期，尚未办结（{title}）",
                       "Overdue below you: “{label}” ended on {day} and is not done ({title})"),
}


def bring_in_step(matter: Matter, procedure: Procedure, running: Running, *, today: date | None = None) -> None:
    """Open the tasks that are to be done now, close those that are not, and bring their dates up to date."""
    facts = known(procedure, matter.facts)
    wanted, dates = _to_do(procedure, running, matter.procedure, today or clock.today())
    open_now = {each.key: each for each in matter.tasks.filter(closed_at__isnull=True).select_related("assignee")}
    for key, task in open_now.items():
        if key not in wanted:
            task.closed_at = clock.now()
            task.save(update_fields=["closed_at"])
    for key, duty in wanted.items():
        desk = desk_of(procedure.parties[duty.party], matter)
        values = _values(procedure, running, duty, desk, dates, facts)
        held_task = open_now.get(key)
        if held_task is None:
            Task.objects.create(matter=matter, key=key, party=duty.party, label_zh=duty.label.zh, label_en=duty.label.en, **values)
            continue
        changed = [name for name, value in values.items() if getattr(held_task, name) != value]
        if held_task.assignee is not None and not people_of(desk.organisation, desk.roles).filter(pk=held_task.assignee_id).exists():
            held_task.assignee = None
            changed.append("assignee")
        if changed:
            for name in values:
                setattr(held_task, name, values[name])
            held_task.save(update_fields=changed)


def open_first(matters: Sequence[Matter], procedure: Procedure, running: Running) -> None:
    """The first tasks of matters that began alike today and differ only in the offices named for them.

    What ``bring_in_step`` would open for each, in as many queries for all as for one.
    """
    facts = known(procedure, matters[0].facts)
    wanted, dates = _to_do(procedure, running, matters[0].procedure, clock.today())
    Task.objects.bulk_create([
        Task(matter=matter, key=key, party=duty.party, label_zh=duty.label.zh, label_en=duty.label.en,
             **_values(procedure, running, duty, desk, dates, facts))
        for key, duty in wanted.items()
        for matter, desk in zip(matters, desks_of(procedure.parties[duty.party], matters), strict=True)
    ])


def _to_do(procedure: Procedure, running: Running, code: str, day: date) -> tuple[dict[str, Duty], dict[str, tuple[date, bool]]]:
    """What is to be done by key, and by when: the earliest day of each consultation and party ("" for the state's own)."""
    wanted = {f"{running.round_of(running.state)}:{running.state}:{each.key}": each for each in duties(procedure, running)}
    dates: dict[str, tuple[date, bool]] = {}
    if wanted:
        for each in standing(procedure, running, calendar=working_days(), settings=settings_of(code), today=day):
            if each.due is None:
                continue
            key = f"{each.code}:{each.party}" if each.party else ""
            held = dates.get(key)
            if held is None or each.due < held[0]:
                dates[key] = (each.due, each.is_provisional)
    return wanted, dates


def _values(procedure: Procedure, running: Running, duty: Duty, desk: Desk, dates: Mapping[str, tuple[date, bool]],
            facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a task says besides its key and label."""
    due_on, is_provisional = dates.get(f"{duty.consultation}:{duty.party}" if duty.consultation else "", (None, False))
    closed = blocks(procedure, running, duty, facts)
    return {
        "blocked_zh": "".join(each.message.zh for each in closed)[:400], "blocked_en": " ".join(each.message.en for each in closed)[:400],
        "organisation": desk.organisation, "roles": f" {' '.join(desk.roles)} ", "is_stray": desk.is_stray, "due_on": due_on,
        "is_provisional": is_provisional,
    }


def tell(matter: Matter, procedure: Procedure, notice: Notice) -> int:
    """Tell everybody concerned of one notice; answer how many were told for the first time. Mails follow (``mails``)."""
    told = 0
    for kind, parties in ((notice.kind, notice.parties), ("escalation", (notice.escalate_to,) if notice.escalate_to else ())):
        words = WORDS[kind]
        values = {"label": notice.label, "day": notice.due, "title": matter.title}
        zh = words.zh.format(**values | {"label": notice.label.zh})[:400]
        en = words.en.format(**values | {"label": notice.label.en})[:400]
        key = notice.key if kind == notice.kind else f"{notice.key}:{kind}"
        for party in parties:
            desk = desk_of(procedure.parties[party], matter)
            for person in people_of(desk.organisation, desk.roles):
                made = MatterNotice.objects.get_or_create(
                    matter=matter, key=key, recipient=person, defaults={"kind": kind, "text_zh": zh, "text_en": en})[1]
                told += made
    return told
