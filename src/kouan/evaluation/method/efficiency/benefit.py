"""Benefit of the doubt: a composite of indicators in which each unit picks the weights that suit it best.

    score of unit o = greatest Σ w_i·I_io   with   Σ w_i·I_ij ≤ 1 for every unit j,  w ≥ 0,
    and, where asked, each indicator's share w_i·I_io / Σ w·I_o within its limits

(Cherchye, Moesen, Rogge and Van Puyenbroeck 2007): efficiency with one input of 1 for all and the indicators as
outputs. Indicators are to be directed (higher is better), on one footing and not below zero. Without limits on shares a unit
that leads in a single indicator scores 1.

>>> found = benefit_of_the_doubt([[80.0, 40.0], [40.0, 80.0], [50.0, 50.0]], codes=["A", "B", "C"], names=["g1", "g2"])
>>> found.efficiency.round(6).tolist()
[1.0, 1.0, 0.833333]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.limits import Ratio, Share
from kouan.evaluation.method.efficiency.scores import Efficiency, Model, evaluate
from kouan.evaluation.method.efficiency.units import Units

# Stands in the place of the input; no indicator is likely to bear the name.
ONE = "(1)"


def benefit_of_the_doubt(
    indicators: ArrayLike, *, codes: Sequence[str] | None = None, names: Sequence[str] | None = None,
    ratios: Sequence[Ratio] = (), shares: Sequence[Share] = (),
) -> Efficiency:
    """Scores (0–1) of units from ``indicators`` (n, s), with each unit's own weights in ``multipliers[:, 1:]``.

    Raises ``Refused`` for missing or negative figures, and limits that cannot be met.
    """
    values = np.array(indicators, dtype=float)
    units = Units.of(np.ones((len(values), 1)), values, codes=codes, input_names=[ONE], output_names=names)
    found = evaluate(units, Model(ratios=tuple(ratios), shares=tuple(shares)))
    # The input is constant by construction: nothing to tell anybody.
    kept = tuple(each for each in found.findings if each.where.column != ONE)
    return Efficiency(found.model, found.units, found.efficiency, found.step, found.peers, found.slacks, found.targets,
                      found.multipliers, kept)


def pie_shares(found: Efficiency) -> Floats:
    """The share (n, s) of each indicator in the unit's own score; rows add to 1.

    Weights need not be unique: where several serve a unit equally well, these are one choice of the solver.
    """
    parts = found.multipliers[:, len(found.units.input_names) :] * found.units.outputs
    return np.asarray(parts / parts.sum(axis=1, keepdims=True))
