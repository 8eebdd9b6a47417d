"""The group weights of a scheme from its pairwise judgements (AHP), one matrix for each port type.

>>> judged = judged_weights({"order": ["A", "B"], "types": {"sea": {"pairwise": [["1", "3"], ["1/3", "1"]]}}})
>>> judged[0]["sea"], {code: round(weight, 2) for code, weight in judged[1]["sea"].items()}
(0.0, {'A': 0.75, 'B': 0.25})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from kouan.basis import Finding, Place, Refused
from kouan.evaluation.method.index.weigh import ahp


def judged_weights(
    data: Mapping[str, Any], file: str | None = None
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the consistency ratio and the weights of each port type. Raises Refused for matrices that are none."""
    if not isinstance(data, Mapping) or not isinstance(data.get("types") or {}, Mapping) or not isinstance(data.get("order") or [], list):
        raise Refused.because(
            "judgement_shape", "判断矩阵文件应有 order（列表）和 types（键值表）。", "A file of judgements has order, a list, and types, a mapping.",
            where=Place(file=file), remedy=("格式见 docs/scheme.md。", "docs/scheme.md describes the form."),
        )
    order = [str(code) for code in data.get("order") or ()]
    ratios: dict[str, float] = {}
    weights: dict[str, dict[str, float]] = {}
    findings: list[Finding] = []
    for kind, given in (data.get("types") or {}).items():
        where = Place(file=file, path=f"types.{kind}")
        try:
            matrix = np.array([[_number(cell) for cell in row] for row in given["pairwise"]])
            if matrix.shape != (len(order), len(order)):
                raise ValueError
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            findings.append(
                Finding.error(
                    "judgement_shape",
                    f"{kind} 的判断矩阵须为 {len(order)} 行 {len(order)} 列的数（可写 1/3）。",
                    f"The judgements of {kind} must be {len(order)} rows of {len(order)} numbers (1/3 may be written so).",
                    where=where,
                )
            )
            continue
        try:
            judged = ahp(matrix)
        except Refused as refused:
            findings.extend(each.at(where) for each in refused.findings)
            continue
        ratios[str(kind)] = judged.consistency_ratio
        weights[str(kind)] = dict(zip(order, judged.weights.tolist(), strict=True))
    if findings:
        raise Refused(findings)
    return ratios, weights


# Judgements lie between 1/9 and 9 (Saaty); a few digits more are let through, and no exponent that takes minutes to write out.
_JUDGEMENT = re.compile(r"\d{1,6}(\.\d{1,12})?|\d{1,6}/\d{1,6}")


def _number(cell: Any) -> float:
    said = str(cell)
    if not _JUDGEMENT.fullmatch(said):
        raise ValueError("no judgement")
    return float(Fraction(said))
