"""Analysis of an index: what its data are like, what hangs together, what each element does, why a score is what it is.

`report.analyse` does all at once; every part can be called by itself. Definitions and sources: docs/index-analysis.md.

>>> from kouan.evaluation.method.index.analysis.examples import ports
>>> analyse(ports()).summary["alpha_index"] is not None, explain(ports(), "A")[0].place
(True, 3.0)
"""

from kouan.evaluation.method.index.analysis.availability import availability, by_size
from kouan.evaluation.method.index.analysis.change import Change, State, decompose
from kouan.evaluation.method.index.analysis.comparison import Comparison, compare
from kouan.evaluation.method.index.analysis.components import components
from kouan.evaluation.method.index.analysis.correlations import correlate, correlations
from kouan.evaluation.method.index.analysis.explain import Explained, Explainer, explain
from kouan.evaluation.method.index.analysis.influence import influences
from kouan.evaluation.method.index.analysis.kept import read_result
from kouan.evaluation.method.index.analysis.points import Points, of_year, years_of
from kouan.evaluation.method.index.analysis.redundancy import redundancy
from kouan.evaluation.method.index.analysis.reliability import cronbach, reliability
from kouan.evaluation.method.index.analysis.removal import removals, without
from kouan.evaluation.method.index.analysis.report import Analysis, analyse, write
from kouan.evaluation.method.index.analysis.statistics import statistics
from kouan.evaluation.method.index.analysis.strengths import strengths
from kouan.evaluation.method.index.analysis.trend import trends

__all__ = [
    "Analysis", "Change", "Comparison", "Explained", "Explainer", "Points", "State", "analyse", "availability", "by_size",
    "compare", "components", "correlate",
    "correlations", "cronbach", "decompose", "explain", "influences", "of_year", "read_result", "redundancy", "reliability",
    "removals", "statistics", "strengths", "trends", "without", "write", "years_of",
]  # fmt: skip
