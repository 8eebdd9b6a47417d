"""Normalisation: from values in tonnes, persons and per cent to points from 0 to 100.

The codes are those of the indicator catalogue. N1, N2 and N3 place a value between the 5th and the 95th
percentile of its peers; the others use numbers that stand in the framework.

=====  ====================================================================================
N1     log scale between the percentiles, clipped; zero gives 0 (percentiles are of values above zero)
N2     linear between the percentiles, clipped
N3     100 − N2: lower is better
N4(t)  share of the target t, clipped
N5     100 within lo..hi, falling straight to 0 at zlo and zhi
N6 N7  points, checklist shares and survey scores as they stand; outside 0..100 they are refused
N8     linear from best (100) to worst (0), clipped
=====  ====================================================================================

>>> import numpy as np
>>> on_fixed_scale(np.array([30.0, 70.0, 102.5, 130.0]), Normalisation("N5", (60, 85, 0, 120))).tolist()
[50.0, 100.0, 50.0, 0.0]
>>> between(np.array([1.0, 10.0, 1000.0]), np.array(1.0), np.array(100.0), logarithmic=True).tolist()
[0.0, 50.0, 100.0]
"""

from __future__ import annotations

import numpy as np

from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.framework import Normalisation


def between(values: Floats, low: Floats, high: Floats, *, logarithmic: bool) -> Floats:
    """Points 0–100 of `values` between `low` and `high`, clipped; NaN stays NaN.

    Where low equals high (all peers alike) a value below gives 0, above 100, equal 50.
    With `logarithmic` the three are taken as logarithms; a value of zero gives 0.
    """
    if logarithmic:
        with np.errstate(divide="ignore"):
            # log(0) is minus infinity, which the clip turns into 0 points.
            values, low, high = np.log(values), np.log(low), np.log(high)
    span = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        points = np.where(span > 0, (values - low) / span * 100.0, 50.0 + 50.0 * np.sign(values - low))
    return np.where(np.isnan(values), np.nan, np.clip(points, 0.0, 100.0))


def on_fixed_scale(values: Floats, rule: Normalisation) -> Floats:
    """Points 0–100 by a code that needs no peers (N4–N8). A value that N6 or N7 cannot hold becomes NaN."""
    if rule.code in ("N6", "N7"):
        with np.errstate(invalid="ignore"):
            return np.where((values >= 0) & (values <= 100), values, np.nan)
    if rule.code == "N4":
        return np.clip(values / rule.arguments[0] * 100.0, 0.0, 100.0)
    if rule.code == "N5":
        low, high, zero_low, zero_high = rule.arguments
        return np.interp(values, [zero_low, low, high, zero_high], [0.0, 100.0, 100.0, 0.0])
    best, worst = rule.arguments
    return np.clip((values - worst) / (best - worst) * 100.0, 0.0, 100.0)
