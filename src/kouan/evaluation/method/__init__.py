"""The evaluation engine: composite indicators on NumPy, with no web, no database and no clock.

What is public is named here. In short:

>>> import numpy as np
>>> from kouan.evaluation import frameworks
>>> framework = frameworks.get("throughput-benchmark")
>>> rng = np.random.default_rng(1)
>>> size = np.linspace(1, 9, 8)[:, None, None]
>>> cube = MonthlyCube.from_array(
...     size * rng.uniform(900, 1100, (8, len(framework.measures), 60)),
...     ports=[f"p{i}" for i in range(8)], measures=framework.measures, first_year=2019,
...     groups={f"p{i}": "north" for i in range(8)}, classes="land")
>>> result = run(framework, cube)
>>> result.score.shape, result.ports[int(np.argmax(result.score[-1]))]
((5, 8), 'p7')
>>> replay(result.recipe, cube).digest == result.digest
True
"""

from kouan.evaluation.method.cube import MonthlyCube
from kouan.evaluation.method.derive import REASON_TEXT, Reason
from kouan.evaluation.method.framework import Framework, Node, Polarity, Series
from kouan.evaluation.method.loading import framework_from_dict, load_framework
from kouan.evaluation.method.peers import BASIS_TEXT, Basis
from kouan.evaluation.method.recipe import METHOD_VERSION, Recipe, RecipeStep
from kouan.evaluation.method.result import NOT_SCORED_TEXT, NotScored, Result
from kouan.evaluation.method.run import replay, run

__all__ = [
    "BASIS_TEXT",
    "METHOD_VERSION",
    "NOT_SCORED_TEXT",
    "REASON_TEXT",
    "Basis",
    "Framework",
    "MonthlyCube",
    "Node",
    "NotScored",
    "Polarity",
    "Reason",
    "Recipe",
    "RecipeStep",
    "Result",
    "Series",
    "framework_from_dict",
    "load_framework",
    "replay",
    "run",
]
