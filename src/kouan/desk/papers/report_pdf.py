"""Reports as PDF, set by typst from one template, and their charts as PNG for Word.

A compiler is kept for the life of a process: typefaces are found once (0.3 s) and every further report takes what setting it takes.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from kouan.desk.papers.pdf import faces, substitutes
from kouan.desk.papers.report import Figure, Report

_TEMPLATE = Path(__file__).with_name("report.typ")
_CHART = Path(__file__).with_name("chart.typ")
_HEAVY = ("Noto Serif CJK SC", "Source Han Serif SC")
CHART_DPI = 220.0


@lru_cache(maxsize=2)
def _compiler(template: Path) -> Any:
    return typst.Compiler(template, root=template.parent)


def chart_face() -> str:
    """The typeface for the words in charts. Refused where this machine has no Chinese typeface."""
    return faces()["head"]


def report_pdf(report: Report) -> bytes:
    """The report as PDF. Refused where this machine has no Chinese typeface."""
    held = faces()
    note = "、".join(f"{wanted}→{face}" for wanted, face in substitutes())
    said = {**held, "title-weight": "bold" if held["title"] in _HEAVY else "regular",
            "note": f"本 PDF 所用字体与公文标准不同：{note}。" if note else ""}
    made: bytes = _compiler(_TEMPLATE).compile(format="pdf", sys_inputs={
        "report": json.dumps(report.as_dict(), ensure_ascii=False), "faces": json.dumps(said, ensure_ascii=False)})
    return made


def chart_png(figure: Figure) -> bytes:
    """A chart as PNG of its size on paper."""
    made: bytes = _compiler(_CHART).compile(format="png", ppi=CHART_DPI, sys_inputs={
        "svg": figure.svg, "width": str(figure.width_mm), "height": str(figure.height_mm)})
    return made
