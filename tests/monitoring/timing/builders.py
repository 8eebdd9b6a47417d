"""Events in field words, and random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from kouan.monitoring.timing.definitions import shipped
from kouan.monitoring.timing.events import HOUR, Event, instant

MONDAY = instant("2026-03-02T08:00:00+08:00")


def reached(milestone: str, hours: float, case: str = "C1", **given: object) -> Event:
    """A milestone some hours after Monday, 2 March 2026, 08:00 in Beijing; a container imported by sea unless told."""
    row: dict[str, object] = {"case_kind": "container", "mode": "sea", "direction": "inbound", "port": "CNSHA"}
    row.update(given)
    return Event(case_id=case, milestone=milestone, occurred_at=MONDAY + round(hours * HOUR), **row)  # type: ignore[arg-type]


def an_import(**hours: float) -> list[Event]:
    """A whole import by sea, with other hours for some milestones; None leaves one out."""
    usual: dict[str, float] = {
        "manifest_accepted": -24, "arrived": 0, "berthed": 4, "unloaded": 10, "declared": 12, "docs_checked": 13, "released": 15,
        "delivery_permitted": 16, "picked_up": 30, "gate_out": 31,
    }  # fmt: skip
    return [reached(code, at) for code, at in {**usual, **hours}.items() if at is not None]


_FLOWS = [(flow.subject, flow.direction, mode, flow.order) for flow in shipped().flows for mode in flow.modes]
_KIND = {"goods": "consignment", "conveyances": "vessel_call", "vehicles": "vehicle", "persons": "passenger_batch"}


@st.composite
def legs(draw: st.DrawFn) -> list[Event]:
    """Any events of one leg: milestones missing, repeated, out of order, planned, withdrawn, corrected, to the microsecond."""
    subject, direction, mode, order = draw(st.sampled_from(_FLOWS))
    count = draw(st.integers(1, 24))
    found = []
    for number in range(count):
        found.append(Event(
            "C1", _KIND[subject], draw(st.sampled_from(order)), mode, direction, draw(st.sampled_from(["P1", "P1", "P2"])),
            planned=draw(st.integers(0, 9)) == 0,
            # Eight months around two changes of daylight time; many ties.
            occurred_at=MONDAY + draw(st.one_of(st.integers(-5_184_000_000_000, 15_552_000_000_000), st.integers(-3, 3).map(lambda h: h * HOUR))),
            source="S", event_id=draw(st.sampled_from(["", "", f"E{number}", "E0"])), revision=draw(st.integers(1, 3)),
            withdrawn=draw(st.integers(0, 9)) == 0,
        ))  # fmt: skip
    return found
