"""Which layout of a source a sheet follows, told by its headings alone.

Titles, notes and empty rows above the headings are passed over; columns may stand in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from kouan.basis import Finding, Place, Refused
from kouan.collection.readers import OpenFile, Row, Sheet
from kouan.collection.sources import Layout, Source, all_sources, heading


@dataclass(slots=True)
class Match:
    """A sheet whose layout is known. `positions`: column of the layout → index in the row."""

    sheet: Sheet
    layout: Layout
    header: list[str]
    header_row: int
    positions: dict[str, int]
    unread: list[str]
    rows: Iterator[Row]


def match_sheets(file: OpenFile, source: Source, name: str, search: int) -> tuple[list[Match], list[Finding]]:
    """The sheets that follow a layout of the source, and what is to be said of the others.

    Raises Refused when no sheet does.
    """
    matches: list[Match] = []
    findings: list[Finding] = []
    nearest: tuple[int, Finding] | None = None
    for sheet in file.sheets:
        found, best = _match(sheet, source, name, search)
        if found is not None:
            matches.append(found)
            findings += _remarks(found, name)
        else:
            # The notes and lists of our own workbook are known.
            if "template" not in file.marks:
                findings.append(Finding.info(
                    "sheet_not_read", f"工作表“{sheet.name}”没有该来源的表头，未读取。",
                    f"The sheet “{sheet.name}” has no header of this source and was not read.",
                    where=Place(file=name, sheet=sheet.name or None),
                ))
            if best is not None and (nearest is None or best[0] > nearest[0]):
                nearest = best
    if not matches:
        raise Refused(nearest[1] if nearest else _unrecognised(source, name, "", [], []))
    return matches, findings


def _match(sheet: Sheet, source: Source, name: str, search: int) -> tuple[Match | None, tuple[int, Finding] | None]:
    seen: list[Row] = []
    best: tuple[int, Finding] | None = None
    for row in sheet.rows:
        seen.append(row)
        number, cells = row
        places = _places(cells)
        fits = []
        for layout in source.layouts:
            positions = {
                column: next(places[alias] for alias in aliases if alias in places)
                for column, aliases in layout.columns.items()
                if any(alias in places for alias in aliases)
            }
            missing = [column for column in layout.columns if column not in positions and column not in layout.optional]
            if not missing:
                fits.append((len(positions), layout, positions))
            elif positions and (best is None or len(positions) > best[0]):
                best = (len(positions), _unrecognised(
                    source, name, sheet.name, [layout.titles[column][0] for column in missing],
                    [str(cell) for cell in cells if str(cell).strip()], number or None,
                ))
        if fits:
            _, layout, positions = max(fits, key=lambda fit: fit[0])
            _refuse_doubled(cells, layout, positions, name, sheet.name, number)
            known = set(positions.values())
            unread = [
                str(cell) for index, cell in enumerate(cells)
                if index not in known and str(cell).strip() and heading(cell) not in layout.ignore
            ]
            header = [str(cell) for cell in cells]
            return Match(sheet, layout, header, number, positions, unread, sheet.rows), None
        if len(seen) >= search:
            break
    sheet.rows = chain(seen, sheet.rows)
    return None, best


def _places(cells: Sequence[object]) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, cell in enumerate(cells):
        if isinstance(cell, str) and cell.strip():
            places.setdefault(heading(cell), index)
    return places


def _refuse_doubled(
    cells: Sequence[object], layout: Layout, positions: dict[str, int], name: str, sheet: str, row: int
) -> None:
    headings = [heading(cell) for cell in cells if isinstance(cell, str)]
    for column in positions:
        doubled = [alias for alias in layout.columns[column] if headings.count(alias) > 1]
        if doubled:
            raise Refused.because(
                "doubled_heading", f"列标题“{doubled[0]}”出现了不止一次，无法确定读哪一列。",
                f"The heading “{doubled[0]}” stands over more than one column; it is not certain which to read.",
                where=Place(file=name, sheet=sheet or None, row=row or None, column=doubled[0]),
                remedy=("请删除或改名多余的列。", "Remove or rename the other column."),
            )


def _remarks(match: Match, name: str) -> list[Finding]:
    return [
        Finding.info(
            "column_not_read", f"“{title}”列不属于该来源，未读取。",
            f"The column “{title}” is not part of this source and was not read.",
            where=Place(file=name, sheet=match.sheet.name or None, column=title),
        )
        for title in match.unread
    ]


def _unrecognised(
    source: Source, name: str, sheet: str, missing: list[str], seen: list[str], row: int | None = None
) -> Finding:
    zh = f"缺少列：{'、'.join(missing)}。" if missing else "没有任何已知的列标题。"
    en = f"Missing columns: {', '.join(missing)}." if missing else "It has none of the known headings."
    fitting = [other for other in all_sources() if other.id != source.id and _fits(other, seen)]
    remedy = (
        f"列标题与来源“{'”“'.join(other.name.zh for other in fitting)}”（{'、'.join(other.id for other in fitting)}）相符，请改选该来源。",
        f"The headings are those of “{'”, “'.join(other.name.en for other in fitting)}” ({', '.join(other.id for other in fitting)}): "
        "choose that source.",
    ) if fitting else (
        f"请核对是否选错来源，并对照来源“{source.id}”的说明中列出的列标题（命令行：kouan sources show {source.id}）。",
        f"Check that the source is the right one, and compare the headings that the source {source.id} lists "
        f"(on the command line: kouan sources show {source.id}).",
    )
    return Finding.error(
        "header_not_recognised",
        f"表头与来源“{source.name.zh}”的任何版式都不符。{zh}",
        f"The header fits no layout of “{source.name.en}”. {en}",
        where=Place(file=name, sheet=sheet or None, row=row),
        measured=", ".join(seen)[:300] or None,
        remedy=remedy,
    )


def _fits(source: Source, seen: Sequence[str]) -> bool:
    """Whether some headings hold every column that a layout of the source needs."""
    headings = {heading(cell) for cell in seen}
    return any(
        all(column in layout.optional or headings & set(aliases) for column, aliases in layout.columns.items())
        for layout in source.layouts
    )
