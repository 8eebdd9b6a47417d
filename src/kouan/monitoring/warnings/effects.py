"""What steps of a warning do besides the matter: the cause is kept with the warning, so that causes can be counted."""

from __future__ import annotations

from typing import Any

from kouan.basis import Place, Refused
from kouan.desk.matters.models import Matter, MatterStep
from kouan.monitoring.warnings.models import EarlyWarning
from kouan.monitoring.warnings.routing import causes


def close(matter: Matter, step: MatterStep, actor: Any) -> None:
    """Keep the cause. Refused for a code that the list does not know; a false alarm is dismissed, not closed."""
    code = str(step.fields.get("cause", "")).strip()
    if code not in causes() or code == "false_alarm":
        known = [each for each in causes() if each != "false_alarm"]
        raise Refused.because(
            "unknown_cause", f"“{code[:24]}”不是可以办结的原因。", f"“{code[:24]}” is no cause by which a warning is closed.",
            where=Place(field="field-cause"), remedy=(f"可用：{'、'.join(known)}；误报请选“核实为误报”。",
                f"One of: {', '.join(known)}; dismiss a false alarm."))
    _keep(matter, code, step)


def dismiss(matter: Matter, step: MatterStep, actor: Any) -> None:
    """A false alarm."""
    _keep(matter, "false_alarm", step)


def _keep(matter: Matter, code: str, step: MatterStep) -> None:
    warning = EarlyWarning.objects.select_for_update().get(matter=matter)
    warning.cause, warning.cause_words = code, str(step.fields.get("cause_words", "")).strip()[:400]
    warning.save(update_fields=["cause", "cause_words"])


CARRIED = {"close": close, "dismiss": dismiss}
