"""The system check: are the installed triggers those of the software?

A warning and not an error, because ``migrate`` runs it before it can put them right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register

from kouan.audit import install, registry


def register_checks() -> None:
    """Called once by the room's AppConfig."""
    register(check_triggers, Tags.database)
    register(check_declarations, Tags.models)


def check_triggers(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """``kouan.audit.W001``: a trigger is missing, changed, disabled, or not ours."""
    return [
        Warning(
            f"{difference.message.zh} / {difference.message.en}",
            hint="运行 kouan setup 重建触发器，再运行 kouan audit verify。"
                 " / Run kouan setup to rebuild the triggers, then kouan audit verify.",
            obj=difference.table,
            id="kouan.audit.W001",
        )
        for alias in databases or ()
        for difference in install.compare(alias)
    ]


def check_declarations(**_: Any) -> list[CheckMessage]:
    """``kouan.audit.W002``: a model of the house is neither audited nor exempt."""
    return [
        Warning(
            f"{model._meta.label} 未声明是否审计 / does not say whether it is audited",
            hint="在 models.py 中调用 kouan.audit.register 或 exempt。"
                 " / Call kouan.audit.register or exempt in its models.py.",
            obj=model,
            id="kouan.audit.W002",
        )
        for model in registry.undeclared()
    ]
