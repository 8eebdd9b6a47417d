"""A signed return becomes figures: through collection's own writer, in the transaction of the signing, each leading back to its cell.

The canonical file (the form as filed) is the batch's document, so ``collection.lineage`` opens the very cell. Figures continue the series
of the port's generic return: one figure, one series, and what a later filing says is the next revision.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from kouan.basis import DataItem, SubjectKind, clock, measures
from kouan.collection import actions, sources
from kouan.collection.intake import Examination
from kouan.collection.interpret import Figures, SeriesKey
from kouan.collection.models import Batch
from kouan.collection.returns.history import own_origin, source_of
from kouan.collection.returns.models import FigureMark, MarkKind, Return, ReturnVersion
from kouan.collection.returns.template import HEADINGS, rows_of, total_of, total_rows
from kouan.collection.tally import Tally
from kouan.collection.value_checks import whole
from kouan.desk.actions import file_place

_VALUE_COLUMN = 4


def record_figures(held: Return, version: ReturnVersion) -> Batch:
    """Write the figures of a version that is being signed off, and the marks that they bear for ever."""
    form, period, port = held.form_of, held.period, held.port
    figures = Figures()
    series: dict[SeriesKey, int] = {}
    units: dict[str, str] = {}
    for item, row, value in _rows(held, version):
        measure = measures.get(item.measure or "")
        direction = (item.direction or measure.default_direction).value
        key = (SubjectKind.PORT.value, port.code, measure.code, direction, item.group or measures.ALL, period.kind.value)
        units[measure.code] = measure.base_unit.code
        figures.series.append(series.setdefault(key, len(series)))
        figures.period.append(0)
        figures.value.append(whole(value))
        figures.column.append(_VALUE_COLUMN)
        figures.at.append(len(figures.rows))
        figures.rows.append(row)
        figures.sheets.append(0)
    paper, count = version.canonical, len(figures.rows)
    examination = Examination(
        sources.get(source_of(held.cadence)), own_origin(), file_place(paper.sha256), paper.file_name, paper.sha256, paper.size_bytes, "",
        form.code, [form.code], [[heading for heading, _ in HEADINGS]], Tally(paper.file_name), figures, series, units, {period: 0}, [], count,
        np.ones(count, dtype=bool), count, time.monotonic())
    batch = actions.write_examined(submitter=version.submitted_by, organisation=version.organisation, examination=examination, document=paper)
    _mark(held, version, batch)
    return batch


def _rows(held: Return, version: ReturnVersion) -> Iterator[tuple[DataItem, int, Decimal]]:
    """The lines that become figures: those with a value, and the totals that are recorded where every part is there."""
    form, catalogue = held.form_of, measures.data_items()
    values = {code: Decimal(each["value"]) for code, each in version.cells.items() if each.get("value")}
    for code, row in rows_of(form, held.port).items():
        if code in values:
            yield catalogue[code], row, values[code]
    for code, row in total_rows(form, held.port).items():
        total = total_of(dict(values), form.totals[code])
        if code in form.recorded_totals and total is not None:
            yield catalogue[code], row, total


def _mark(held: Return, version: ReturnVersion, batch: Batch) -> None:
    """迟报: filed after its day, or first there after the freeze. 修订: altered after the freeze."""
    today = clock.today()
    is_frozen = held.freeze_on is not None and today > held.freeze_on
    filed = version.submitted_at.astimezone(clock.BEIJING).date()
    late_days = max(0, (filed - held.last_day).days) if held.last_day is not None else 0
    marks = []
    for pk, revision in batch.rows.values_list("pk", "revision"):
        if is_frozen and revision > 1:
            marks.append(FigureMark(observation_id=pk, kind=MarkKind.REVISED, version=version, days=(today - (held.freeze_on or today)).days))
        elif revision == 1 and (version.is_late or is_frozen):
            marks.append(FigureMark(observation_id=pk, kind=MarkKind.LATE, version=version, days=late_days))
    FigureMark.objects.bulk_create(marks, batch_size=80)
    if any(each.kind == MarkKind.REVISED for each in marks):
        held.is_revised = True
    if any(each.kind == MarkKind.LATE for each in marks):
        held.is_late = True
