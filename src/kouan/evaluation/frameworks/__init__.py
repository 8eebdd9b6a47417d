"""The frameworks that ship with the product, one YAML file each.

>>> available()
('throughput-benchmark',)
>>> get("throughput-benchmark").top.code
'G02'
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kouan.basis import NotFound, nearest
from kouan.evaluation.method import Framework, load_framework

_FOLDER = Path(__file__).parent


def available() -> tuple[str, ...]:
    """The codes of the frameworks, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@cache
def get(code: str) -> Framework:
    """Load a framework by its code. Raises NotFound with the nearest code, or Refused if the file is faulty."""
    if code not in available():
        close = nearest(code, available(), n=1)
        raise NotFound.because(
            "framework_unknown",
            f"没有名为“{code}”的指标体系。",
            f"There is no framework named “{code}”.",
            remedy=(f"是否应为“{close[0]}”？", f"Did you mean “{close[0]}”?") if close else None,
        )
    return load_framework(_FOLDER / f"{code}.yaml")
