"""Who takes part in the exercise: registered ports by their codes, and invented ports of classes that no layout lists.

>>> invented = invented_ports({"boundary_river": 2})
>>> [(port.code, port.name.zh) for port in invented]
[('exercise-boundary-river-01', '演练口岸（界河）01'), ('exercise-boundary-river-02', '演练口岸（界河）02')]
>>> len(national_exercise())
313
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kouan.basis import Finding, Refused, Text
from kouan.evaluation.method.exercise.typical import TYPICAL

CLASS_NAMES: dict[str, Text] = {
    "sea": Text("海运", "sea"), "inland_river": Text("内河", "inland river"), "boundary_river": Text("界河", "boundary river"),
    "rail": Text("铁路", "rail"), "road": Text("公路", "road"), "air_coastal": Text("沿海航空", "air, coastal"),
    "air_other": Text("其他航空", "air, other"),
}
# How 313 ports (the number of the plan at the end of 2020) are spread over the classes here: invented but for the total.
NATIONAL: dict[str, int] = {
    "sea": 75, "inland_river": 34, "boundary_river": 20, "rail": 21, "road": 81, "air_coastal": 30, "air_other": 52,
}


@dataclass(frozen=True, slots=True)
class ExercisePort:
    """A port of the exercise. ``grade`` empty: the generator draws one. ``is_invented``: there is no such port."""

    code: str
    name: Text
    port_class: str
    grade: str = ""
    is_invented: bool = False


def registered_ports(ports: Iterable[tuple[str, str, str, str]]) -> tuple[ExercisePort, ...]:
    """Registered ports as (code, Chinese name, English name, transport class). Raises Refused for an unknown class.

    Hong Kong and Macao points are no ports of the register: they are never evaluated, nor practised on.
    """
    found = [ExercisePort(code, Text(zh, en), port_class) for code, zh, en, port_class in ports]
    _known(each.port_class for each in found)
    return tuple(found)


def invented_ports(counts: Mapping[str, int], grades: Mapping[str, str] | None = None) -> tuple[ExercisePort, ...]:
    """Invented ports, so many of each class, named 演练口岸. ``grades``: a grade for all of a class."""
    _known(counts)
    return tuple(
        ExercisePort(
            f"exercise-{port_class.replace('_', '-')}-{number:02d}",
            Text(f"演练口岸（{CLASS_NAMES[port_class].zh}）{number:02d}", f"Exercise port ({CLASS_NAMES[port_class].en}) {number:02d}"),
            port_class, (grades or {}).get(port_class, ""), is_invented=True,
        )
        for port_class, count in counts.items()
        for number in range(1, count + 1)
    )


def national_exercise(registered: Iterable[ExercisePort] = ()) -> tuple[ExercisePort, ...]:
    """Registered ports filled up with invented ones to the numbers of `NATIONAL` (none is left out)."""
    held = list(registered)
    have = {port_class: sum(port.port_class == port_class for port in held) for port_class in NATIONAL}
    return (*held, *invented_ports({each: max(0, count - have[each]) for each, count in NATIONAL.items()}))


def _known(classes: Iterable[str]) -> None:
    wrong = sorted({each for each in classes if each not in TYPICAL})
    if wrong:
        raise Refused(
            [
                Finding.error(
                    "class_unknown", f"没有运输类别“{each}”，不能生成演练数据。",
                    f"There is no transport class “{each}” to generate figures for.", required=", ".join(TYPICAL),
                )
                for each in wrong
            ]
        )
