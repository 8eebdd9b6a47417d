"""Two officers deciding at the same moment: one wins, the other is told, and never two laws of one day."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from tests.accounts.factories import a_national_officer
from tests.grading.lawbook import a_value, an_answer

from kouan.basis import Refused, clock
from kouan.grading.lawbook.actions import approve_change, propose_changes, reject_change
from kouan.grading.lawbook.models import LawChange
from kouan.grading.queries import law_as_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Any) -> list[str]:
    """Run the verbs in threads that start together; what came of each."""
    start, outcomes = threading.Barrier(len(acts)), []

    def run(act: Any) -> None:
        try:
            start.wait(10)
            act()
            outcomes.append("done")
        except Refused as refusal:
            outcomes.append(refusal.findings[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return sorted(outcomes)


def test_one_approves_and_one_rejects_the_same_change() -> None:
    (row,) = propose_changes(actor=a_national_officer(), changes=[a_value()])
    one, other = a_national_officer(), a_national_officer()
    outcomes = at_once(lambda: approve_change(actor=one, number=row.pk), lambda: reject_change(actor=other, number=row.pk, reason="再议"))
    assert outcomes == ["already_decided", "done"]


@pytest.mark.parametrize(("first", "second", "codes"), [
    (a_value("2"), a_value("3"), {"value_of_that_day", "change_of_that_day"}),
    (an_answer("and"), an_answer("or"), {"ruling_of_that_day", "change_of_that_day"}),
])
def test_of_two_changes_of_one_day_one_becomes_law(first: Any, second: Any, codes: set[str]) -> None:
    proposer, one, other = a_national_officer(), a_national_officer(), a_national_officer()
    rows = [propose_changes(actor=proposer, changes=[each])[0] for each in (first, second)]
    outcomes = at_once(lambda: approve_change(actor=one, number=rows[0].pk), lambda: approve_change(actor=other, number=rows[1].pk))
    assert "done" in outcomes and set(outcomes) - {"done"} <= codes and len(outcomes) == 2
    assert LawChange.objects.approved().count() == 1
    law_as_of(max(clock.today(), first.from_date))
