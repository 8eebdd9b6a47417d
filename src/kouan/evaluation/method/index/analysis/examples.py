"""A small index for the examples of this folder: four invented ports, three indicators (演示：虚构数据)."""

from __future__ import annotations

import numpy as np

from kouan.evaluation.method.index.framework import Framework
from kouan.evaluation.method.index.recipe import Recipe
from kouan.evaluation.method.index.run import Result, run
from kouan.evaluation.method.index.table import Table

FRAMEWORK = Framework.from_rows(
    [
        {"iCode": "hours", "iName": "Clearance hours", "Level": "1", "Direction": "-1", "Weight": "2", "Parent": "speed"},
        {"iCode": "lanes", "iName": "Lanes open", "Level": "1", "Weight": "1", "Parent": "speed"},
        {"iCode": "cost", "iName": "Charges", "Level": "1", "Direction": "-1", "Parent": "price"},
        {"iCode": "speed", "iName": "Speed", "Level": "2", "Weight": "1", "Parent": "index", "Type": "Aggregate"},
        {"iCode": "price", "iName": "Price", "Level": "2", "Weight": "1", "Parent": "index", "Type": "Aggregate"},
        {"iCode": "index", "iName": "Index", "Level": "3", "Type": "Aggregate"},
    ]
)
TABLE = Table(
    ("A", "B", "C", "D"),
    ("hours", "lanes", "cost"),
    np.array([[40.0, 2.0, 10.0], [30.0, 6.0, 30.0], [20.0, 4.0, 50.0], [25.0, 3.0, 20.0]]),
)


def ports() -> Result:
    """The example scored with min-max 0–100 and arithmetic means."""
    return run(FRAMEWORK, TABLE, Recipe(recipe="example"))
