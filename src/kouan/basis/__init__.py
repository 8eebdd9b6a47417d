"""The ground floor: the words in which every other room speaks.

Pure Python: no web, no database, no clock but its own. What is public is named here; the modules
behind it may change.

>>> from kouan.basis import Period, Quantity, SubjectRef
>>> Period.parse("2023年3月").code, Quantity.of(3, "万吨").exact()
('2023-03', '30000吨')
"""

from kouan.basis import clock, codes, measures, names, numbers, units
from kouan.basis.citation import Citation
from kouan.basis.finding import (
    Conflict,
    Finding,
    NotAllowed,
    NotFound,
    Place,
    Refused,
    Severity,
    has_errors,
)
from kouan.basis.measures import DataItem, Direction, Measure, Rollup, UnknownMeasure
from kouan.basis.names import nearest
from kouan.basis.period import Period, PeriodKind
from kouan.basis.quantity import Quantity
from kouan.basis.refs import EvidenceRef, SubjectKind, SubjectRef
from kouan.basis.text import Text
from kouan.basis.units import InexactConversion, Unit, UnknownUnit

__all__ = [
    "Citation",
    "Conflict",
    "DataItem",
    "Direction",
    "EvidenceRef",
    "Finding",
    "InexactConversion",
    "Measure",
    "NotAllowed",
    "NotFound",
    "Period",
    "PeriodKind",
    "Place",
    "Quantity",
    "Refused",
    "Rollup",
    "Severity",
    "SubjectKind",
    "SubjectRef",
    "Text",
    "Unit",
    "UnknownMeasure",
    "UnknownUnit",
    "clock",
    "codes",
    "has_errors",
    "measures",
    "names",
    "nearest",
    "numbers",
    "units",
]
