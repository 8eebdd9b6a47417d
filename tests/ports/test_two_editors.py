"""Two people edit one port at the same moment, each on a connection of their own."""

from __future__ import annotations

import threading

import pytest
from django.db import connections
from tests.accounts.factories import a_national_officer
from tests.ports.factories import a_document, a_port

from kouan.basis import Conflict
from kouan.ports.actions import change_port
from kouan.ports.models import Port


@pytest.mark.django_db(transaction=True)
def test_one_of_two_simultaneous_changes_is_kept_and_the_other_is_refused():
    officers = [a_national_officer(display_name="李四"), a_national_officer(display_name="王五")]
    port, papers = a_port(), [a_document(), a_document()]
    start = threading.Barrier(2)
    outcomes: dict[str, str] = {}

    def edit(number: int) -> None:
        try:
            start.wait(timeout=10)
            change_port(
                actor=officers[number], code=port.code, values={"city_name": f"{number}县"},
                document=papers[number], version=port.version,
            )
            outcomes[f"{number}县"] = "kept"
        except Conflict as refusal:
            outcomes[f"{number}县"] = refusal.findings[0].code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes.values()) == ["changed_meanwhile", "kept"]
    kept = next(name for name, outcome in outcomes.items() if outcome == "kept")
    now = Port.objects.get(pk=port.pk)
    assert (now.city_name, now.version) == (kept, port.version + 1)
    assert now.changes.filter(attribute="city_name").count() == 1
