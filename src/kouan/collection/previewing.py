"""What a preview shows besides its counts: rows that would be held or refused, figures that would change.

A preview is examined once and shown many times, perhaps after the session ran out; so its first rows
and changes are kept on the batch (``Batch.preview``) until it is committed or discarded. The kept part
is bounded; the counts beside it are of the whole file.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from kouan.basis import Period, numbers
from kouan.collection.intake import Comparison, Examination
from kouan.collection.interpret import SeriesKey
from kouan.collection.models import Observation
from kouan.collection.readers import column_letters

FAULTS = 200  # rows held or refused that are kept in full
CHANGES = 200  # figures that would be revised
SAMPLES = 20  # figures that would be new


def kept(examination: Examination, comparison: Comparison, found: dict[SeriesKey, int]) -> dict[str, Any]:
    """The JSON of ``Batch.preview``: ``faults``, ``revised`` (old and new value), ``new``.

    Values are exact decimal text in the measure's base unit.
    """
    revised = [(index, revision) for index, revision in comparison.rows if revision > 1][:CHANGES]
    fresh = [index for index, revision in comparison.rows if revision == 1][:SAMPLES]
    keys: list[SeriesKey] = list(examination.series)
    periods: list[Period] = list(examination.periods)
    old = _old_values(examination, revised, found, keys, periods)
    return {
        "faults": [
            {
                "sheet": fault.sheet, "row": fault.row, "outcome": "refused" if fault.is_refused else "held",
                "raw": fault.raw, "findings": [finding.as_dict() for finding in fault.findings],
            }
            for fault in examination.tally.faults[:FAULTS]
        ],
        "revised": [_figure(examination, index, keys, periods) | {"old": old.get(index)} for index, _ in revised],
        "new": [_figure(examination, index, keys, periods) for index in fresh],
    }


def _figure(examination: Examination, index: int, keys: list[SeriesKey], periods: list[Period]) -> dict[str, Any]:
    figures = examination.figures
    kind, code, measure, direction, group, _ = keys[figures.series[index]]
    at, column = figures.at[index], figures.column[index]
    sheet, row = figures.sheets[at], figures.rows[at]
    in_workbook = sheet < len(examination.sheets) and bool(examination.sheets[sheet])
    return {
        "subject_kind": kind, "subject_code": code, "measure": measure, "direction": direction, "group": group,
        "period": periods[figures.period[index]].code, "value": _said(figures.value[index]),
        "unit": examination.measure_units[measure], "row": row,
        "cell": f"{column_letters(column)}{row}" if in_workbook else None,
    }


def _old_values(
    examination: Examination, revised: list[tuple[int, int]], found: dict[SeriesKey, int],
    keys: list[SeriesKey], periods: list[Period],
) -> dict[int, str]:
    figures = examination.figures
    wanted = {}
    for index, revision in revised:
        period = periods[figures.period[index]]
        wanted[found[keys[figures.series[index]]], period.start, period.end, revision - 1] = index
    old: dict[int, str] = {}
    # 50 conditions at a time: SQLite bounds the depth of an expression.
    places = list(wanted)
    for start in range(0, len(places), 50):
        condition = Q()
        for series, begin, end, revision in places[start : start + 50]:
            condition |= Q(series_id=series, period_start=begin, period_end=end, revision=revision)
        rows = Observation.objects.filter(condition).values_list(
            "series_id", "period_start", "period_end", "revision", "value"
        )
        old |= {wanted[series, begin, end, revision]: _said(value) for series, begin, end, revision, value in rows}
    return old


def _said(value: Any) -> str:
    return str(value) if type(value) is int else numbers.plain(value)
