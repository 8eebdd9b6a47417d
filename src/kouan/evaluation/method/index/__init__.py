"""Composite indices of any framework: a table of data, a table of the framework, a recipe.

>>> import numpy as np
>>> framework = Framework.from_rows([
...     {"iCode": "speed", "Level": "1", "Parent": "index"}, {"iCode": "hours", "Level": "1", "Direction": "-1", "Parent": "index"},
...     {"iCode": "index", "Level": "2", "Type": "Aggregate"}])
>>> table = Table(("a", "b", "c"), ("speed", "hours"), np.array([[10.0, 4.0], [20.0, 8.0], [30.0, 2.0]]))
>>> result = run(framework, table, Recipe(recipe="plain"))
>>> np.round(result.index, 1).tolist(), result.places.column("index").tolist()
([33.3, 25.0, 100.0], [2.0, 3.0, 1.0])
"""

from kouan.evaluation.method.index.framework import Framework, Node
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.run import METHOD_VERSION, Result, replay, run
from kouan.evaluation.method.index.table import Table

__all__ = ["METHOD_VERSION", "Framework", "Node", "Recipe", "Result", "Table", "replay", "run"]
