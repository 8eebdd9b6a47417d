"""A filled return held against the history of its series by the check engine, before it is filed.

What the engine is sure of stops the filing; what it doubts asks for a reason, as any warning does. A blank and a jump are asked about by
``checks`` itself, so that each line has its reason in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from kouan.basis import Finding, Period, SubjectKind, SubjectRef
from kouan.collection.returns.cells import Filled
from kouan.collection.returns.forms import Form
from kouan.collection.vetting.examine import findings_for
from kouan.ports.models import Port


def vetted(form: Form, port: Port, period: Period, values: Mapping[str, Decimal], filled: Filled) -> list[tuple[str, Finding]]:
    """What the check engine finds in the values of a form, by item."""
    subject = SubjectRef.of(SubjectKind.PORT, port.code)
    cells, items = [], {}
    for code, value in values.items():
        item = form.items[code]
        place = filled.place(code)
        cells.append((subject, item.measure.code, item.direction, item.group, period, value, place))
        items[place] = code
    return [(items[cell[6]], finding) for cell, finding in findings_for(cells)]
