"""Peer groups: with whom a port is compared, and what happens when there are too few.

The ladder of the catalogue: the peer group; with fewer than five members, the whole class; with fewer
still, the fixed reference values of the scheme. Which step was used is recorded for every single value.

>>> import numpy as np
>>> groups = np.array([0, 0, 1])
>>> same_group(groups).astype(int).tolist()
[[1, 1, 0], [1, 1, 0], [0, 0, 1]]
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Text
from kouan.evaluation.method.cube import Floats

Flags = NDArray[np.bool_]


class Basis(IntEnum):
    """Against what a value was placed."""

    NONE = 0
    GROUP = 1
    CLASS = 2
    REFERENCE = 3
    FIXED = 4


BASIS_TEXT: dict[Basis, Text] = {
    Basis.NONE: Text("未标准化", "not normalised"),
    Basis.GROUP: Text("同类组", "peer group"),
    Basis.CLASS: Text("全类（同类组成员不足）", "whole class (too few in the peer group)"),
    Basis.REFERENCE: Text("固定参考值（全类成员不足）", "fixed reference values (too few in the class)"),
    Basis.FIXED: Text("固定标尺", "fixed scale"),
}


def codes_of(names: tuple[str, ...]) -> NDArray[np.intp]:
    """Number the distinct names 0, 1, 2 … in sorted order."""
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1]


def same_group(codes: NDArray[np.intp]) -> Flags:
    """(P, P): true where two ports carry the same code."""
    return codes[:, None] == codes[None, :]


def counts_in_group(present: Flags, codes: NDArray[np.intp]) -> NDArray[np.int_]:
    """How many peers of each port, itself included, are present. `present` is (years, ports, …); so is the result."""
    members = np.zeros((present.shape[0], int(codes.max()) + 1, *present.shape[2:]), dtype=int)
    for code in range(members.shape[1]):
        members[:, code] = present[:, codes == code].sum(axis=1)
    return members[:, codes]


def percentiles_in_group(values: Floats, codes: NDArray[np.intp], percentiles: tuple[float, float]) -> Floats:
    """Two percentiles of each port's group, for every year and indicator.

    `values` is (years, ports, indicators) with NaN for absent; the result (2, years, ports, indicators),
    NaN where the group holds no value. Definition: linear interpolation between order statistics at
    (n − 1)·p, the usual one (Hyndman and Fan's type 7).

    >>> five = np.arange(1.0, 6.0).reshape(1, 5, 1)
    >>> percentiles_in_group(five, np.zeros(5, dtype=int), (25.0, 50.0))[:, 0, 0, 0].tolist()
    [2.0, 3.0]
    """
    found = np.full((2, values.shape[0], int(codes.max()) + 1, values.shape[2]), np.nan)
    for code in range(found.shape[2]):
        ranked = np.sort(values[:, codes == code], axis=1)  # NaN goes last
        count = np.isfinite(ranked).sum(axis=1)
        for side, percentile in enumerate(percentiles):
            place = np.maximum(count - 1, 0) * (percentile / 100.0)
            below = np.floor(place).astype(int)
            above = np.minimum(below + 1, np.maximum(count - 1, 0))
            low, high = (np.take_along_axis(ranked, at[:, None], axis=1)[:, 0] for at in (below, above))
            found[side, :, code] = low + (high - low) * (place - below)
    return found[:, :, codes]
