"""Generated figures for exercises (生成数据/演练): five years of every data item, for any ports, the same for the same seed.

Nothing here is any port's real figure, and everything made of it says so (`LABEL`, `RoundData.is_exercise`).
"""

from kouan.evaluation.method.exercise.generate import (
    CENTRAL,
    KINDS,
    LABEL,
    Exercise,
    Slip,
    exercise,
    exercise_round,
)
from kouan.evaluation.method.exercise.periods import in_periods
from kouan.evaluation.method.exercise.ports import (
    NATIONAL,
    ExercisePort,
    invented_ports,
    national_exercise,
    registered_ports,
)

__all__ = [
    "CENTRAL",
    "KINDS",
    "LABEL",
    "NATIONAL",
    "Exercise",
    "ExercisePort",
    "Slip",
    "exercise",
    "exercise_round",
    "in_periods",
    "invented_ports",
    "national_exercise",
    "registered_ports",
]
