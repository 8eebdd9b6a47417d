"""Which procedures there are, and what their effects do.

A room registers in its apps.py: ``register_procedures("casework", folder, effects)``. An effect is called inside
the transaction of the step that names it, so that a refusal of the effect takes the step back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kouan.accounts.models import Role
from kouan.basis import NotFound, Place, Refused, clock, nearest
from kouan.procedure import Procedure, read_text

if TYPE_CHECKING:
    from kouan.desk.matters.models import Matter, MatterStep, ProcedureEdition

Effect = Callable[["Matter", "MatterStep", Any], None]
Follower = Callable[["Matter", "MatterStep", Any], None]


@dataclass(frozen=True)
class Registered:
    """One version of a procedure with the room that runs it and the text it was read from."""

    procedure: Procedure
    room: str
    text: str


_procedures: dict[tuple[str, str], Registered] = {}
_pending: list[Callable[[], Any]] = []
_reading = RLock()
_effects: dict[tuple[str, str], Effect] = {}
_followers: dict[str, Follower] = {}
# Rooms whose matters come of deeds of their own (a task supervised, a circular issued): no door begins them by a bare form.
_begun_by_deeds: set[str] = set()
# What sort of document a paper of a procedure is, by room and kind of paper; others are of kind "other".
_papers: dict[tuple[str, str], str] = {}


def register_procedures(
    room: str, folder: Path, effects: Mapping[str, Effect], papers: Mapping[str, str] = MappingProxyType({}),
) -> list[Procedure]:
    """Read and prove every file of a folder; refused with the findings of the first that does not hold.

    ``papers``: which kind of document (``DocumentKind``) a kind of paper is, where the register asks for one.
    """
    for kind, document_kind in papers.items():
        _papers[room, kind] = document_kind
    for name, effect in effects.items():
        _effects[room, name] = effect
    found = []
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        procedure = read_text(text, roles=[role.value for role in Role], effects=effects, name=path.name)
        _procedures[procedure.code, procedure.version] = Registered(procedure, room, text)
        found.append(procedure)
    return found


def register_later(
    room: str, folder: Path, effects: Mapping[str, Effect], papers: Mapping[str, str] = MappingProxyType({}), *,
    is_begun_by_deeds: bool = False,
) -> None:
    """``register_procedures`` when somebody first asks for a procedure: reading the files costs a second at each start.

    ``is_begun_by_deeds``: the room opens its matters itself, with records of its own beside them.
    """
    if is_begun_by_deeds:
        _begun_by_deeds.add(room)
    _pending.append(partial(register_procedures, room, folder, effects, papers))
    for name, effect in effects.items():
        _effects[room, name] = effect
    for kind, document_kind in papers.items():
        _papers[room, kind] = document_kind


def register_follower(room: str, follower: Follower) -> None:
    """Call ``follower`` after each step of a room's matters, its effect included, in the transaction of the step.

    For what holds of every step, under whatever edition: those of a year ago name no effect that came later.
    """
    _followers[room] = follower


def follower_of(room: str) -> Follower | None:
    """What a room does after each step of its matters, if anything."""
    return _followers.get(room)


def _read_pending() -> None:
    # A list that shrinks only when a folder was read: a refusal is told to each who asks, not only to the first.
    with _reading:
        while _pending:
            _pending[-1]()
            _pending.pop()


def procedures(on: date | None = None) -> list[Registered]:
    """The procedures in force on a day (today), one version of each, by code."""
    _read_pending()
    day = on or clock.today()
    newest: dict[str, Registered] = {}
    for each in _procedures.values():
        held = newest.get(each.procedure.code)
        if each.procedure.in_force_from <= day and (held is None or held.procedure.in_force_from < each.procedure.in_force_from):
            newest[each.procedure.code] = each
    return [newest[code] for code in sorted(newest)]


def in_force(code: str, on: date | None = None) -> Registered:
    """The version of a procedure in force on a day; NotFound with the nearest names."""
    known = {each.procedure.code: each for each in procedures(on)}
    if code in known:
        return known[code]
    near = nearest(code, sorted(known), 3)
    raise NotFound.because(
        "unknown_procedure", f"没有名为“{code}”的程序，或其尚未施行。", f"There is no procedure “{code}” in force.", where=Place(field="procedure"),
        remedy=(f"是否为：{'、'.join(near)}？", f"Did you mean: {', '.join(near)}?") if near else ("请从程序列表中选择。",
            "Choose one from the list."),
    )


def begun_by_form(on: date | None = None) -> list[Registered]:
    """The procedures in force that somebody may begin by filling in a form."""
    return [each for each in procedures(on) if each.room not in _begun_by_deeds]


def refuse_if_begun_by_deeds(code: str, on: date | None = None) -> None:
    """Refused for a procedure whose matters only its own room opens; NotFound for one that is not in force."""
    held = in_force(code, on)
    if held.room in _begun_by_deeds:
        title = held.procedure.title
        raise Refused.because(
            "procedure_begun_by_deeds", f"“{title.zh}”由专门的操作开出，不能直接发起。",
            f"“{title.en}” is opened by a deed of its own, never by a bare form.",
            where=Place(field="procedure"), remedy=("请到督查督办、联席会议、堵点难点或年度评估中办理。",
                                                      "Use supervision, conferences, bottlenecks or the yearly evaluation."))


def procedure_of(edition: ProcedureEdition) -> Procedure:
    """The procedure of a kept edition. It was proved when it was read; roles and effects may have changed since."""
    return _of_text(edition.text, edition.code)


@lru_cache(maxsize=256)
def _of_text(text: str, name: str) -> Procedure:
    return read_text(text, roles=None, name=name)


def document_kind_of(room: str, paper: str) -> str:
    """The kind of document that a paper of a room's procedures is recorded as; "" where the room does not say."""
    return _papers.get((room, paper), "")


def effect_of(room: str, name: str) -> Effect | None:
    """What an effect does; None where the room no longer has it (the step is then refused)."""
    return _effects.get((room, name))
