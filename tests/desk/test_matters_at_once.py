"""Two people at the same moment, and a power cut in the middle of a step."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.desk.matters import DAY, GOOD, People, submitted, the_sample

from kouan.basis import Conflict
from kouan.desk.matters import actions, tasks
from kouan.desk.matters.actions import take_step
from kouan.desk.matters.models import Matter, MatterStep, Task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(tmp_path: Path) -> Any:
    with the_sample(tmp_path):
        found = People()
        found.settle()
        yield found


def test_of_two_at_the_same_moment_one_wins_and_the_other_is_told(people: People) -> None:
    matter = submitted(people)
    start, outcomes = threading.Barrier(2), []

    def act(actor: Any, transition: str, **given: Any) -> None:
        try:
            start.wait(10)
            take_step(actor=actor, matter=matter.pk, transition=transition, version=matter.version, on=DAY, **given)
            outcomes.append("done")
        except Conflict as conflict:
            outcomes.append(conflict.findings[0].code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=act, args=(people.national, "admit"), kwargs={"facts": GOOD}),
        threading.Thread(target=act, args=(people.colleague, "ask_supplement"), kwargs={"fields": {"reason": "缺图"}}),
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert sorted(outcomes) == ["done", "matter_changed"]
    assert MatterStep.objects.filter(matter=matter).count() == 3
    assert len(set(Task.objects.open().filter(matter=matter).values_list("key", flat=True))) == Task.objects.open().filter(matter=matter).count()


@pytest.mark.parametrize("place", ["_record", "_carry_out", "bring_in_step"])
def test_cut_off_anywhere_a_step_is_before_or_after(people: People, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    matter = submitted(people)
    room = tasks if place == "bring_in_step" else actions
    whole = getattr(room, place)

    class PowerCut(BaseException):
        pass

    def cut(*given: Any, **known: Any) -> Any:
        whole(*given, **known)
        raise PowerCut

    monkeypatch.setattr(room, place, cut)
    with pytest.raises(PowerCut):
        take_step(actor=people.national, matter=matter.pk, transition="admit", facts=GOOD, on=DAY)
    monkeypatch.undo()
    assert not connection.in_atomic_block
    held = Matter.objects.get(pk=matter.pk)
    assert (held.state, held.version, MatterStep.objects.filter(matter=matter).count()) == ("submitted", matter.version, 2)
    assert set(Task.objects.open().filter(matter=matter).values_list("party", flat=True)) == {"national"}
    with transaction.atomic():
        assert take_step(actor=people.national, matter=matter.pk, transition="admit", facts=GOOD, on=DAY).state == "consulting"


def test_a_task_is_open_once_whatever_happens(people: People) -> None:
    matter = submitted(people)
    task = Task.objects.open().get(matter=matter)
    with pytest.raises(IntegrityError):
        Task.objects.create(matter=matter, key=task.key, party=task.party, label_zh="x", label_en="x",
                            organisation=task.organisation, roles=task.roles)
