"""A result read back from the folder that `kouan index run` wrote: run again from its data and record, and refused if it differs.

So whatever is explained or compared is what was published, to the last decimal the recipe counts.
"""

from __future__ import annotations

import json
from pathlib import Path

from kouan.basis import Refused
from kouan.basis.finding import Place
from kouan.evaluation.method.index import files
from kouan.evaluation.method.index.framework import Framework
from kouan.evaluation.method.index.run import Result, replay


def read_result(folder: Path) -> Result:
    """The result of a folder (`record.json`, `data.csv`). Raises Refused where one is missing, unusable, or does not replay."""
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        framework = Framework.from_rows(record["framework"])
        groups = tuple(dict.fromkeys([*framework.groups, *record.get("groups", [])]))
        denominators = tuple(dict.fromkeys([*framework.denominators, *record.get("denominators", [])]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise Refused.because(
            "record_unusable",
            "文件夹里没有可用的复算依据 record.json。",
            "The folder has no usable record.json.",
            where=Place(file=str(folder / "record.json")),
            remedy=("指向 kouan index run 写出的文件夹。", "Name a folder that kouan index run has written."),
        ) from fault
    data = folder / "data.csv"
    if not data.is_file():
        raise Refused.because(
            "data_not_kept",
            "文件夹里没有当时的数据 data.csv。",
            "The folder does not hold the data of the run, data.csv.",
            where=Place(file=str(data)),
            remedy=("用 kouan index run 重新计算，结果文件夹会附上数据。", "Run kouan index run again: it keeps the data beside the results."),
        )
    return replay(record, files.read_data(data, Framework(framework.nodes, denominators, groups)))
