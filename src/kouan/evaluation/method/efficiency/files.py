"""Units from the rows of a table with headings, and results as the rows of another.

The headings follow COINr's: ``uCode`` names the unit, ``Time`` the year where there are several. Figures are
written with 17 significant digits, which give back the very same number when read; what is missing stays empty.

>>> rows = [{"uCode": "A", "berths": "2", "tonnes": "1,000"}, {"uCode": "B", "berths": "4", "tonnes": "3000"}]
>>> units = units_of(rows, inputs=["berths"], outputs=["tonnes"])
>>> units.codes, units.outputs[:, 0].tolist()
(('A', 'B'), [1000.0, 3000.0])
>>> number(0.1), number(float("nan"))
('0.10000000000000001', '')
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from kouan.basis import Finding, Place, Refused, nearest
from kouan.basis.numbers import parse
from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.benefit import pie_shares
from kouan.evaluation.method.efficiency.bootstrap import Bootstrapped
from kouan.evaluation.method.efficiency.limits import Ratio, Share
from kouan.evaluation.method.efficiency.malmquist import Change
from kouan.evaluation.method.efficiency.scores import Efficiency
from kouan.evaluation.method.efficiency.units import Units

CODE = "uCode"
Row = Mapping[str, str]
Table = tuple[list[str], list[list[str]]]
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def units_of(rows: Sequence[Row], *, inputs: Sequence[str], outputs: Sequence[str], undesirable: Sequence[str] = (),
             file: str | None = None) -> Units:
    """The units of a table's rows; an empty cell becomes NaN, which ``evaluate`` refuses by unit and column.

    Raises ``Refused`` for columns that are not there, rows without a code, and cells that are no number.
    """
    _require_columns(rows, (CODE, *inputs, *outputs, *undesirable), file)
    found: list[Finding] = []
    codes = _codes(rows, file, found)
    tables = [_figures(rows, codes, names, file, found) for names in (inputs, outputs, undesirable)]
    if found:
        raise Refused(found)
    return Units.of(tables[0], tables[1], tables[2], codes=codes, input_names=inputs, output_names=outputs,
                    undesirable_names=undesirable)


def years_of(rows: Sequence[Row], column: str, *, inputs: Sequence[str], outputs: Sequence[str],
             file: str | None = None) -> dict[int, Units]:
    """The units of each year that ``column`` names. Raises ``Refused`` for a year that is none."""
    _require_columns(rows, (column,), file)
    by_year: dict[int, list[Row]] = {}
    for place, row in enumerate(rows):
        text = (row.get(column) or "").strip()
        if not (text.isascii() and text.isdigit() and len(text) == 4):
            raise Refused.because(
                "efficiency_no_year", f"“{text}”不是四位年份。", f"“{text}” is no year of four digits.",
                where=Place(file=file, row=line_of(row, place), column=column), measured=text,
            )
        by_year.setdefault(int(text), []).append(row)
    return {year: units_of(members, inputs=inputs, outputs=outputs, file=file) for year, members in sorted(by_year.items())}


def line_of(row: Row, place: int) -> int:
    """The line on which a row ends: as its reader knows it, else counted from the heading."""
    return int(getattr(row, "line", 0) or place + 2)


def _require_columns(rows: Sequence[Row], wanted: Sequence[str], file: str | None) -> None:
    known = list(dict.fromkeys(name for row in rows for name in row if name))
    if not rows:
        raise Refused.because("efficiency_no_units", "文件里没有数据行。", "The file has no rows of figures.", where=Place(file=file),
                              remedy=("第一行为列名，以下每个单位一行。", "The first line names the columns; a row for each unit follows."))
    found = []
    for name in dict.fromkeys(wanted):
        if name not in known:
            close = nearest(name, known, n=1)
            zh = f"有“{close[0]}”列，是否应为它？" if close else f"现有的列：{'、'.join(known[:20])}。"
            en = f"There is a column {close[0]}: is it meant?" if close else f"The columns are {', '.join(known[:20])}."
            found.append(Finding.error("efficiency_no_such_column", f"没有“{name}”列。", f"There is no column {name}.",
                                       where=Place(file=file, column=name), remedy=(zh, en)))
    if found:
        raise Refused(found)


def _codes(rows: Sequence[Row], file: str | None, found: list[Finding]) -> list[str]:
    codes = [(row.get(CODE) or "").strip() for row in rows]
    for place, code in enumerate(codes):
        if not code:
            found.append(Finding.error(
                "efficiency_no_code", "这一行没有单位代码。", "The row has no unit code.",
                where=Place(file=file, row=line_of(rows[place], place), column=CODE),
                remedy=("填上代码，或删去这一行。", "Fill the code in or delete the row."),
            ))
    return codes


def _figures(rows: Sequence[Row], codes: Sequence[str], names: Sequence[str], file: str | None, found: list[Finding]) -> Floats:
    table = np.full((len(rows), len(names)), np.nan)
    for i, row in enumerate(rows):
        for j, name in enumerate(names):
            text = (row.get(name) or "").strip()
            if _PLAIN.fullmatch(text):
                table[i, j] = float(text)
                continue
            answer = parse(text)
            if isinstance(answer, Decimal):
                table[i, j] = float(answer)
            elif answer.code != "number_missing":
                found.append(answer.at(file=file, row=line_of(row, i), column=name, path=codes[i]))
    return table


def limits_of(ratios: Sequence[str], shares: Sequence[str]) -> tuple[tuple[Ratio, ...], tuple[Share, ...]]:
    """Limits as written on a command line: "a/b:0.5:2" and "a:0.1:0.6", an end left out is open.

    >>> limits_of(["staff/area:0.5:2"], ["tonnes:0.1:"])[0][0]
    Ratio(name='staff', other='area', low=0.5, high=2.0)
    >>> limits_of(["staff/area:0.5:2"], ["tonnes:0.1:"])[1][0]
    Share(name='tonnes', low=0.1, high=1.0)
    """
    found: list[Finding] = []
    read = []
    for text, shape, example in [(each, "ratio", "staff/area:0.5:2") for each in ratios] + [(each, "share", "tonnes:0.1:0.6") for each in shares]:
        parts = [part.strip() for part in text.replace("：", ":").rsplit(":", 2)]
        names = [name.strip() for name in parts[0].split("/")] if shape == "ratio" else [parts[0]]
        ends = parts[1:]
        usable = len(ends) == 2 and all(not end or _PLAIN.fullmatch(end) for end in ends) and any(ends)
        if not usable or not all(names) or len(names) != (2 if shape == "ratio" else 1):
            found.append(Finding.error(
                "efficiency_limit_unreadable", f"看不懂限制“{text}”。", f"The limit “{text}” cannot be read.", measured=text,
                required=example,
                remedy=(f"写作 {example}（下限:上限，可空一端）。", f"Write it as {example} (lower:upper, either may be left out)."),
            ))
            continue
        low, high = (float(end) if end else None for end in ends)
        read.append(Ratio(names[0], names[1], low, high) if shape == "ratio" else
                    Share(names[0], 0.0 if low is None else low, 1.0 if high is None else high))
    if found:
        raise Refused(found)
    return tuple(each for each in read if isinstance(each, Ratio)), tuple(each for each in read if isinstance(each, Share))


def number(value: float) -> str:
    """17 significant digits, or nothing for NaN."""
    return "" if math.isnan(value) else format(float(value), ".17g")


def score_table(found: Efficiency, boot: Bootstrapped | None = None, *, is_benefit: bool = False) -> Table:
    """Heading and rows: uCode, efficiency, peers, then slacks and targets, the bootstrap's figures, or weights and shares."""
    heading = [CODE, "efficiency", "peers"]
    more: list[tuple[str, Floats]] = []
    if found.model.slacks:
        more += [(f"slack_{name}", found.slacks[:, j]) for j, name in enumerate(found.units.names)]
        more += [(f"target_{name}", found.targets[:, j]) for j, name in enumerate(found.units.names)]
    if boot is not None:
        more += [("corrected", boot.corrected), ("bias", boot.bias), ("lower", boot.lower), ("upper", boot.upper)]
    if is_benefit:
        shares = pie_shares(found)
        more += [(f"weight_{name}", found.multipliers[:, 1 + j]) for j, name in enumerate(found.units.output_names)]
        more += [(f"share_{name}", shares[:, j]) for j, name in enumerate(found.units.output_names)]
    rows = []
    for i, code in enumerate(found.units.codes):
        cells = [number(float(column[i])) for _, column in more]
        peers, intensities = ";".join(found.peer_codes(i)), ";".join(number(share) for _, share in found.peers[i])
        rows.append([code, number(float(found.efficiency[i])), peers, *cells, intensities])
    return [*heading, *(name for name, _ in more), "peer_shares"], rows


CHANGE_COLUMNS = ("index", "catching_up", "frontier_shift", "pure", "scale", "pure_shift", "scale_change")


def change_table(changes: Sequence[Change]) -> Table:
    """Heading and rows: uCode, from, to, the index and its parts."""
    rows = [
        [code, str(change.start), str(change.end), *(number(float(getattr(change, name)[i])) for name in CHANGE_COLUMNS)]
        for change in changes for i, code in enumerate(change.codes)
    ]
    return [CODE, "from", "to", *CHANGE_COLUMNS], rows
