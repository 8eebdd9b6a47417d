"""Builders of files as people really send them, and of those who send them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from kouan.accounts.models import Organisation, User

RETURN = ("口岸", "指标", "时期", "方向", "数值", "单位")
HONGKONG = ("date", "control_point", "direction", "hk_residents", "mainland_visitors", "other_visitors", "total")
PUBLISHED = ("Port Name", "State", "Port Code", "Border", "Date", "Measure", "Value", "Latitude", "Longitude", "Point")
_numbers = count(1)


def somebody(role: str, kind: str, **office: Any) -> User:
    """A person of a new office."""
    number = next(_numbers)
    organisation = Organisation.objects.create(code=f"collection-{number}", kind=kind, name_zh=f"单位{number}", **office)
    return User.objects.create_user(
        f"collection{number}", "correct-horse-battery", display_name="李四", role=role, organisation=organisation
    )


def lines(rows: Iterable[Sequence[Any]], delimiter: str = ",", end: str = "\n") -> str:
    """Plain lines without quoting."""
    return end.join(delimiter.join(str(cell) for cell in row) for row in rows) + end


def a_csv(
    folder: Path, rows: Iterable[Sequence[Any]], header: Sequence[str] = RETURN, *, encoding: str = "utf-8",
    delimiter: str = ",", end: str = "\n", name: str = "",
) -> Path:
    """A CSV file with a header."""
    place = folder / (name or f"file{next(_numbers)}.csv")
    place.write_bytes(lines([header, *rows], delimiter, end).encode(encoding))
    return place


def a_workbook(
    folder: Path, rows: Iterable[Sequence[Any]], header: Sequence[str] = RETURN, *, above: int = 0, name: str = "",
    title: str = "一月",
) -> Path:
    """A workbook with one sheet; ``above`` lines of title stand over the header."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for _ in range(above):
        sheet.append(["口岸数据表", None, "单位：见表"])
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    place = folder / (name or f"file{next(_numbers)}.xlsx")
    book.save(place)
    return place


def a_return(value: Any = 1234, *, port: str = "luohu-rail", measure: str = "person_crossings", period: str = "2023-03",
             direction: str = "入境", unit: str = "人次") -> tuple[Any, ...]:
    """One row of a port return."""
    return (port, measure, period, direction, value, unit)


def a_published_row(
    value: Any = 4957, *, name: str = "Progreso", state: str = "Texas", code: str = "2309", when: str = "Oct 2023",
    measure: str = "Trucks",
) -> tuple[Any, ...]:
    """One row of the publisher's own layout of US border crossings."""
    border = "US-Mexico Border" if state in ("Texas", "TX", "New Mexico", "Arizona", "California") else "US-Canada Border"
    return (name, state, code, border, when, measure, value, "26.062", "-97.950", "POINT (-97.949958 26.062133)")


def a_crossing_day(
    *figures: int, day: str = "2023-02-06", point: str = "Lo Wu", direction: str = "Arrival"
) -> tuple[Any, ...]:
    """One row of Hong Kong's daily passengers; the total is their sum unless a fourth figure is given."""
    parts = figures or (10, 20, 30)
    return (day, point, direction, *parts) if len(parts) == 4 else (day, point, direction, *parts, sum(parts))


def changed_package(place: Path, changes: dict[str, bytes | None], *, target: Path | None = None) -> Path:
    """A copy of a workbook with some parts replaced, added, or (None) left out."""
    target = target or place.with_name(f"changed{next(_numbers)}.xlsx")
    with zipfile.ZipFile(place) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in [*old.namelist(), *(name for name in changes if name not in old.namelist())]:
            content = changes.get(name, old.read(name) if name in old.namelist() else b"")
            if content is not None:
                new.writestr(name, content)
    return target


def worksheet(inner: str) -> bytes:
    """A bare worksheet part with the given rows."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{inner}</sheetData></worksheet>"
    ).encode()


def a_zip_bomb(folder: Path, megabytes: int = 200) -> Path:
    """A workbook whose worksheet unpacks to so many megabytes; on disk it has some 200 kB."""
    plain = a_workbook(folder, [a_return()])
    target = folder / "bomb.xlsx"
    block = b" " * (1 << 20)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name == "xl/worksheets/sheet1.xml":
                with new.open(name, "w", force_zip64=True) as part:
                    head, tail = old.read(name).split(b"<sheetData>")
                    part.write(head + b"<sheetData>")
                    for _ in range(megabytes):
                        part.write(block)
                    part.write(tail)
            else:
                new.writestr(name, old.read(name))
    return target


def lying(place: Path, part: str, claimed: int) -> Path:
    """A copy of a zip whose directory claims a small size for a part that unpacks to much more."""
    content = bytearray(place.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        entry = archive.getinfo(part)
        real = entry.file_size.to_bytes(4, "little")
    for at in range(len(content) - 4):
        if content[at : at + 4] == real and (
            content[at - 22 : at - 18] == b"PK\x03\x04" or content[at - 24 : at - 20] == b"PK\x01\x02"
        ):
            content[at : at + 4] = claimed.to_bytes(4, "little")
    target = place.with_name("lying.xlsx")
    target.write_bytes(bytes(content))
    return target
