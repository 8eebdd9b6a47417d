"""What is asked of a port beside its return: the points of checklists, and the figures that accompany an item and have no measure.

Read off the scheme, not listed here: a point belongs to its indicator, an accompanying figure (answers behind a survey, what was
reported and closed by the port itself, what an inspection found concealed) to every indicator that reads its item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from kouan.basis import Text, clock, measures
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.english import told
from kouan.evaluation.method.scheme.items import answers_of
from kouan.evaluation.method.scheme.scheme import Indicator
from kouan.ports.models import Port
from kouan.ports.queries import states_of

# Who marks, in the words of the catalogue's column of verifiers.
PANEL = "专家组"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing asked. ``kind``: point, answers, closed or concealed; ``indicators`` that it enters; ``of``: the item it accompanies."""

    item: str
    kind: str
    name: Text
    unit: str
    indicators: tuple[str, ...]
    of: str

    @property
    def is_point(self) -> bool:
        return self.kind == "point"

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers make sense."""
        return self.kind == "answers" or self.unit == "items"

    @property
    def is_of_inspection(self) -> bool:
        """Whether an inspection finds it: the reporting office, which is said to have concealed, does not enter it."""
        return self.kind == "concealed"


def asked_of(scheme: Scheme, port_class: str) -> tuple[Wanted, ...]:
    """Everything asked of a port of a class, points first, in the order of the scheme."""
    kind = scheme.shape.classes.get(port_class)
    mine = [each for each in scheme.indicators if kind in each.ports]
    points = [Wanted(code, "point", scheme.items[code].name, scheme.items[code].unit, (each.code,), each.code)
              for each in mine for code in each.points]
    figures = []
    for code, item in scheme.items.items():
        if item.of is None or code in {each.item for each in points} or code not in without_measure(scheme) or "/" in code:
            continue
        readers = tuple(each.code for each in mine if item.of in each.formula.items())
        if readers:
            figures.append(Wanted(code, _kind(scheme, code, item.of), item.name, item.unit, readers, item.of))
    return (*points, *figures)


def without_measure(scheme: Scheme) -> frozenset[str]:
    """The items that accompany an indicator or item and that no return carries, for they lead to no measure."""
    known = measures.data_items()
    return frozenset(code for code, item in scheme.items.items() if item.of is not None and (code not in known or known[code].measure is None))


def for_experts(scheme: Scheme) -> tuple[Indicator, ...]:
    """The indicators that the scheme leaves to experts: qualitative, a checklist, and verified by the panel."""
    return tuple(each for each in scheme.indicators if not each.is_quantitative and each.points and PANEL in each.verifier)


def point_name(item: str) -> str:
    """The name of a point without its indicator.

    >>> point_name("I-0606/5G")
    '5G'
    """
    return item.partition("/")[2] or item


def point_words(item: str) -> Text:
    """The name of a point in both languages.

    >>> point_words("I-0401/值守").en
    'watch kept'
    """
    return told(point_name(item))


@dataclass(frozen=True, slots=True)
class PortAsked:
    """A port of a return: its name and the class whose questions it is asked."""

    code: str
    name: Text
    port_class: str


def ports_of(codes: Iterable[str], year: int) -> Mapping[str, PortAsked]:
    """The ports by code, as they stand at the end of the year (today, while it runs)."""
    day = min(date(year, 12, 31), clock.today())
    states = states_of(Port.objects.filter(code__in=list(codes)), day)
    return {code: PortAsked(code, Text(state.name_zh, state.name_en or state.name_zh), str(state.transport_class)) for code, state in states.items()}


def _kind(scheme: Scheme, code: str, of: str) -> str:
    if code == answers_of(of):
        return "answers"
    honest = scheme.shape.honest_reporting.get(of)
    return "concealed" if honest is not None and code == honest.concealed else "closed"
