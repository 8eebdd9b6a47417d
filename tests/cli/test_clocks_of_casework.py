"""``kouan matters clocks`` on a case that lapses, and on one that cannot be moved."""

from __future__ import annotations

from typing import Any

import pytest
from tests.casework.cases import Offices
from tests.ports.factories import a_port

from kouan.desk.matters.models import Matter
from kouan.ports.models import Port

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplementing() -> Matter:
    """A case that lapses when no supplement comes in twelve days."""
    offices = Offices()
    a_port("xintang-air", "air")
    matter = offices.begun("expansion", {"port": "xintang-air"})
    offices.take(matter, "submit")
    return offices.take(matter, "ask_supplement")


def test_clocks_run_once_however_often_they_are_let_run(kouan: Any, supplementing: Matter) -> None:
    assert kouan("matters", "clocks", "--on", "2024-03-15", "--json").json == {"matters": 1, "notices": 1, "lapsed": 0, "silent": 0, "stuck": 0}
    assert kouan("matters", "clocks", "--on", "2024-03-15", "--json").json["notices"] == 0
    done = kouan("matters", "clocks", "--on", "2024-03-25")
    assert done.status == 0 and "到期办理       1" in done.out
    supplementing.refresh_from_db()
    assert supplementing.outcome == "withdrawn" and Port.objects.get().status == "unknown"


def test_a_matter_that_cannot_be_moved_is_said_and_stops_no_other(
    kouan: Any, supplementing: Matter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kouan.basis import Refused
    from kouan.desk.matters import actions

    def refuses(*_: Any, **__: Any) -> None:
        raise Refused.because("gone", "不在", "gone", remedy=("请查看。", "Look."))

    monkeypatch.setattr(actions, "_record", refuses)
    done = kouan("matters", "clocks", "--on", "2024-03-25", "--json")
    assert done.status == 1 and done.json["stuck"] == 1
