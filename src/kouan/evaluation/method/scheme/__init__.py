"""The yearly evaluation: a scheme of indicators, the figures of a round, and the scores with their reasons."""

from kouan.evaluation.method.scheme.formula import Cells, Why, compute, parse
from kouan.evaluation.method.scheme.scheme import Indicator, Scheme, load_scheme

__all__ = ["Cells", "Indicator", "Scheme", "Why", "compute", "load_scheme", "parse"]
