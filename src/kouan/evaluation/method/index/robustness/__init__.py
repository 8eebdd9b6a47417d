"""Robustness of an index: uncertainty, sensitivity, bands of units that cannot be told apart, rank reversal, given designs."""

from kouan.evaluation.method.index.robustness.evaluate import Evaluator, Runs
from kouan.evaluation.method.index.robustness.intervals import Spread, bands, spread, uncertainty
from kouan.evaluation.method.index.robustness.reversal import Reversal, reversals
from kouan.evaluation.method.index.robustness.sensitivity import Indices, estimate, sensitivity
from kouan.evaluation.method.index.robustness.study import Factor, Study, usual_study

__all__ = [
    "Evaluator",
    "Factor",
    "Indices",
    "Reversal",
    "Runs",
    "Spread",
    "Study",
    "bands",
    "estimate",
    "reversals",
    "sensitivity",
    "spread",
    "uncertainty",
    "usual_study",
]
