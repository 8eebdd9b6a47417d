"""Efficiency (投入产出, group G03): what comes out for what goes in, measured against the best of the peers.

Data envelopment analysis (DEA) on NumPy and HiGHS, with no web, no database and no clock. Definitions with
their sources, a worked example and the table of degenerate input: docs/efficiency.md.

>>> units = Units.of([[4.0, 3.0], [7.0, 3.0], [8.0, 1.0], [4.0, 2.0], [2.0, 4.0], [10.0, 1.0]], [[1.0]] * 6, codes=list("ABCDEF"))
>>> found = evaluate(units, Model(slacks=True))
>>> [round(score, 4) for score in found.efficiency.tolist()]
[0.8571, 0.6316, 1.0, 1.0, 1.0, 1.0]
>>> found.peer_codes(0), found.slacks[5].round(9).tolist()
(['D', 'E'], [2.0, 0.0, 0.0])
"""

from kouan.evaluation.method.efficiency.benefit import benefit_of_the_doubt, pie_shares
from kouan.evaluation.method.efficiency.bootstrap import Bootstrapped, bootstrap
from kouan.evaluation.method.efficiency.limits import Ratio, Share
from kouan.evaluation.method.efficiency.malmquist import Change, malmquist
from kouan.evaluation.method.efficiency.scores import Efficiency, Model, evaluate
from kouan.evaluation.method.efficiency.technology import Orientation, Returns, Technology
from kouan.evaluation.method.efficiency.units import Units

__all__ = [
    "Bootstrapped",
    "Change",
    "Efficiency",
    "Model",
    "Orientation",
    "Ratio",
    "Returns",
    "Share",
    "Technology",
    "Units",
    "benefit_of_the_doubt",
    "bootstrap",
    "evaluate",
    "malmquist",
    "pie_shares",
]
