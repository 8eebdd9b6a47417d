"""The decorator of every verb that writes (DESIGN.md, contract 6).

``@action("ports.change")`` checks the actor's permission, opens the transaction, tells the
database who acts, and records a refusal. ``actor`` is always given by name; the system itself
acts through ``acting_system`` (setup, scheduled jobs), which only code can call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from kouan.accounts.permissions import may
from kouan.audit import acting
from kouan.audit.actions import record_event
from kouan.basis import Finding, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterator

P = ParamSpec("P")
R = TypeVar("R")

_system: ContextVar[str] = ContextVar("kouan_system_actor", default="")


class System:
    """The system as an actor: it has no user row, and the trail names the task instead."""

    pk = None
    username = ""
    is_authenticated = True
    is_active = True

    def __init__(self, task: str) -> None:
        self.task = task

    def __str__(self) -> str:
        return f"系统（{self.task}）"


@contextmanager
def acting_system(task: str) -> Iterator[System]:
    """Let the system act for one task, named in the trail: ``with acting_system("setup") as system``."""
    token = _system.set(task)
    try:
        yield System(task)
    finally:
        _system.reset(token)


def allows(actor: Any, permission: str) -> bool:
    """Whether a user, or the system inside ``acting_system``, may do this."""
    if isinstance(actor, System):
        return bool(_system.get()) and _system.get() == actor.task
    return may(actor, permission)


def refuse(actor: Any, permission: str, verb: str) -> NotAllowed:
    """Record a refused attempt and make the error that doors show as 403."""
    record_event("refused", actor_id=getattr(actor, "pk", None), payload={"permission": permission, "verb": verb})
    return NotAllowed([Finding.error(
        "not_allowed",
        "您的角色无权进行此项操作，本次尝试已留痕。",
        "Your role may not do this; the attempt has been recorded.",
        remedy=("如确需办理，请由有权限的同事操作，或联系系统管理员。",
                "Ask a colleague who may, or your administrator."),
    )])


def action(permission: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a verb: permission checked, one transaction, actor in the trail."""

    def make(verb: Callable[P, R]) -> Callable[P, R]:
        name = f"{verb.__module__.removeprefix('kouan.')}.{verb.__name__}"

        @functools.wraps(verb)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            actor: Any = kwargs.get("actor")
            if actor is None:
                raise TypeError(f"{name}: actor must be given by name")
            if not allows(actor, permission):
                raise refuse(actor, permission, name)
            note = name if not isinstance(actor, System) else f"{name} [{actor.task}]"
            with acting(actor.pk, note=note):
                return verb(*args, **kwargs)

        run.permission = permission  # type: ignore[attr-defined]
        return run

    return make
