"""The evaluation schemes that ship with the product, one folder each.

>>> available()
('national-first',)
>>> get("national-first").is_proposal
True
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kouan.basis import NotFound, nearest
from kouan.evaluation.method.scheme.scheme import Scheme, load_scheme

_FOLDER = Path(__file__).parent


def available() -> tuple[str, ...]:
    """The codes of the schemes, sorted."""
    return tuple(sorted(path.parent.name for path in _FOLDER.glob("*/scheme.yaml")))


@cache
def get(code: str) -> Scheme:
    """Load a scheme by its code. Raises NotFound with the nearest code, or Refused if the scheme may not be used."""
    if code not in available():
        close = nearest(code, available(), n=1)
        raise NotFound.because(
            "scheme_unknown",
            f"没有名为“{code}”的评估方案。",
            f"There is no evaluation scheme named “{code}”.",
            remedy=(f"是否应为“{close[0]}”？", f"Did you mean “{close[0]}”?") if close else None,
        )
    return load_scheme(_FOLDER / code)
