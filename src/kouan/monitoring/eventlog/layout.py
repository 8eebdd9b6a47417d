"""The layout of closed months: ``month=YYYY-MM/part-NN.parquet``, NN the bucket of the case ids in it.

Whoever writes such a folder (the journal's compaction, the generator) puts ``_layout.json`` beside the months. It promises
that a case lies in parts of one number only, whatever the month, so that the parts of one number can be read and measured
without the others: memory then grows with the largest bucket and not with the log. Without the file nothing is assumed.
The promise is about which rows share a part. It need not say how the bucket was computed; ours is ``bucket_of``.

>>> bucket_of("EX000000001", 8), part_name(3), part_name(3, slab=1)
(3, 'part-03.parquet', 'part-03-001.parquet')
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FILE = "_layout.json"
# How parts are written. Version 2 packs instants and ids by their differences: a log of 8.5 million events has 134 MB instead of 150, and is
# read with less processor time. LZ4 instead of Zstandard was no faster and took 167 MB. Spark, Arrow and DuckDB read version 2.
PARQUET = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd"
PARQUET = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw"
_PART = re.compile(r"part-(\d+)(?:-\d+)?\.parquet")


def bucket_of(case_id: str, buckets: int) -> int:
    """The bucket of a case: CRC-32 of its id in UTF-8, modulo their number."""
    return zlib.crc32(case_id.encode()) % buckets


def part_name(bucket: int, slab: int | None = None) -> str:
    """The file name of a bucket; ``slab`` where a writer puts several files into one."""
    return f"part-{bucket:02d}.parquet" if slab is None else f"part-{bucket:02d}-{slab:03d}.parquet"


def declare(folder: Path, buckets: int, about: Mapping[str, Any] | None = None) -> None:
    """Write the promise; last of all, when the months are whole."""
    said = {"layout": 1, "buckets": buckets, "bucketed_by": "case_id", **({"about": about} if about else {})}
    beside = folder / f".{FILE}.tmp"
    beside.write_text(json.dumps(said, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    beside.replace(folder / FILE)


def buckets_of(files: Sequence[Path]) -> list[list[Path]]:
    """The files as groups that share no case; one group where there is no promise, or not one for all of them."""
    roots = {path.parent.parent for path in files}
    if len(roots) != 1:
        return [list(files)]
    try:
        said = json.loads((roots.pop() / FILE).read_text(encoding="utf-8"))
        buckets = int(said["buckets"]) if said["layout"] == 1 and said["bucketed_by"] == "case_id" else 1
    except (OSError, ValueError, KeyError, TypeError):
        return [list(files)]
    groups: dict[int, list[Path]] = {}
    for path in files:
        named = _PART.fullmatch(path.name)
        if named is None or int(named[1]) >= buckets:
            return [list(files)]
        groups.setdefault(int(named[1]), []).append(path)
    return [groups[number] for number in sorted(groups)]
