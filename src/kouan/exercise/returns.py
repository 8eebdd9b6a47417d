"""A few generated returns for the exercise workspace (演练), so that a newcomer sees figures judged.

Every return is a real workbook: written by the system's own template, filled in, and taken in by
the same door as any other, so that its figures lead back to sheet, row and column. The figures are
made from a formula, the same each time, and belong to no real port's traffic; nothing of this can
enter a real workspace, which refuses exercise figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from openpyxl import load_workbook

from kouan.basis import Period, Refused, clock
from kouan.collection.actions import take_in
from kouan.collection.template import write_template
from kouan.desk.actions import record_document
from kouan.desk.models import Document, DocumentKind
from kouan.ports.actions import record_acceptance
from kouan.ports.models import Port

FIRST_YEAR = 2022
FIRST_ROW = 5
REFERENCE = "exercise-acceptance"


@dataclass(frozen=True, slots=True)
class Pupil:
    """A port that takes part: when it is taken to have passed acceptance, and its size in the exercise."""

    code: str
    accepted_on: date
    cargo_tonnes: int
    person_crossings: int
    movements: int
    skips: tuple[int, ...] = ()


# One far above, one just above, one below, one still in its grace, one with a month left out.
PUPILS = (
    Pupil("tianjin-water", date(1985, 1, 1), 2_400_000, 9_000, 1_900),
    Pupil("yantai-water", date(1990, 6, 1), 840_000, 700, 610),
    Pupil("putian-water", date(2006, 3, 1), 60_000, 300, 90),
    Pupil("xian-air", date(2000, 9, 1), 3_100, 62_000, 520),
    Pupil("yinchuan-air", date(2024, 5, 20), 150, 2_300, 60),
    Pupil("taiyuan-air", date(2003, 8, 1), 420, 9_800, 130, skips=(8,)),
)


def _figure(size: int, year: int, month: int, salt: int) -> int:
    """Size × trend × season × a small wave of its own: no two series alike, all the same each time."""
    trend = 1 + 0.04 * (year - FIRST_YEAR)
    season = 1 + 0.18 * math.sin((month - 2) * math.pi / 6)
    wave = 1 + 0.06 * math.sin(salt * 12.9898 + (year * 12 + month) * 78.233)
    return round(size * trend * season * wave)


def _lines(pupil: Pupil, period: Period) -> Iterator[tuple[str, str, int, str]]:
    """(measure, direction, value, unit) of one month, in the words of the workbook."""
    sizes = (("cargo_tonnes", pupil.cargo_tonnes, "吨"), ("person_crossings", pupil.person_crossings, "人次"),
             ("movements", pupil.movements, "辆（架、列、艘）次"))
    for salt, (measure, size, unit) in enumerate(sizes, 1):
        for share, direction in ((0.53, "进境"), (0.47, "出境")):
            value = _figure(size, period.start.year, period.start.month, salt * (1 if direction == "进境" else 3))
            yield measure, direction, round(value * share), unit


def a_return(pupil: Pupil, months: list[Period], *, with_slips: bool = False) -> bytes:
    """One port's return as a workbook. With slips: a name mistyped, a month to come, a conflicting figure."""
    from kouan.accounts.models import User

    officer = User.objects.filter(role="national_officer", is_active=True).first()
    book = load_workbook(BytesIO(write_template(officer, ports=[pupil.code])))
    sheet = book.worksheets[0]
    port = Port.objects.get(code=pupil.code)
    rows: list[tuple[Any, ...]] = [
        (f"{port.name_zh}［{port.code}］", measure, month.code, direction, value, unit, "演练数据")
        for month in months if month.start.month not in pupil.skips
        for measure, direction, value, unit in _lines(pupil, month)
    ]
    if with_slips:
        first, ahead = rows[0], Period.month(clock.today().year + 2, 1)
        rows.append((port.name_zh[:1] + "某" + port.name_zh[2:], *first[1:]))
        rows.append((first[0], first[1], ahead.code, *first[3:]))
        rows.append((*first[:4], first[4] + 10_000, *first[5:]))
    for number, row in enumerate(rows, FIRST_ROW):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column, value)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def fill_exercise(actor: Any, say: Callable[[str, str], None]) -> None:
    """Give the exercise workspace its acceptances and returns; what is there already is left alone."""
    if not settings.IS_EXERCISE:
        raise Refused.because(
            "not_an_exercise", "演练数据不得进入真实工作区。", "Generated figures may not enter a real workspace.",
            remedy=("请用 make demo 打开演练工作区。", "Open the exercise workspace with make demo."),
        )
    if Document.objects.filter(reference=REFERENCE).exists():
        return
    say("生成演练报送", "Writing exercise returns")
    record_document(actor=actor, reference=REFERENCE, kind=DocumentKind.MINUTES, title="演练：口岸验收纪要（虚构）")
    last_year = clock.today().year - 1
    months = [month for year in range(FIRST_YEAR, last_year + 1) for month in Period.year(year).months()]
    with TemporaryDirectory(prefix="kouan-exercise-") as folder:
        for number, pupil in enumerate(PUPILS):
            record_acceptance(actor=actor, code=pupil.code, document=REFERENCE, accepted_on=pupil.accepted_on)
            place = Path(folder) / f"演练-{pupil.code}.xlsx"
            place.write_bytes(a_return(pupil, months, with_slips=number == 0))
            take_in(actor=actor, path=place, source="port-return")
