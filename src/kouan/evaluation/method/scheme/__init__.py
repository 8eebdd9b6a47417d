"""The yearly evaluation: a scheme of indicators, the figures of a round, and the scores with their reasons.

`load_scheme` reads and checks a scheme, `score_round` scores a round, `explain` and `trace` say why, `replay` proves that
the same record gives the same scores, `two_methods` holds a second method beside the first. docs/scheme.md has the definitions.
"""

from kouan.evaluation.method.scheme.catalogue import MARK_CODE, MARK_TEXT, Mark
from kouan.evaluation.method.scheme.explain import Trace, explain, records, trace
from kouan.evaluation.method.scheme.formula import Cells, Why, compute, parse
from kouan.evaluation.method.scheme.round import Decision, FailedFeed, RoundData
from kouan.evaluation.method.scheme.scheme import Indicator, Scheme, load_scheme
from kouan.evaluation.method.scheme.score import METHOD_VERSION, RoundResult, replay, score_round
from kouan.evaluation.method.scheme.statistical import (
    Agreement,
    Statistical,
    agreement,
    statistical,
    two_methods,
)

__all__ = [
    "MARK_CODE",
    "MARK_TEXT",
    "METHOD_VERSION",
    "Agreement",
    "Cells",
    "Decision",
    "FailedFeed",
    "Indicator",
    "Mark",
    "RoundData",
    "RoundResult",
    "Scheme",
    "Statistical",
    "Trace",
    "Why",
    "agreement",
    "compute",
    "explain",
    "load_scheme",
    "parse",
    "records",
    "replay",
    "score_round",
    "statistical",
    "trace",
    "two_methods",
]
