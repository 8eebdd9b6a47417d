"""The checks as declared in checks.yaml: what each says, to what it applies, the figures it goes by. Pure.

>>> shipped()["unit_slip"].name.zh, shipped()["unit_slip"].parameters["factors"]
('单位或位数错误', [10, 100, 1000, 10000])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from kouan.basis import PeriodKind, Text
from kouan.basis.finding import Severity

_FILE = Path(__file__).with_name("checks.yaml")
_FIELDS = {"order", "kind", "severity", "cadences", "measures", "sources", "explained", "name", "message", "remedy", "parameters", "pairs"}


@dataclass(frozen=True)
class CheckSpec:
    """One declared check. ``measures`` and ``sources`` empty: all."""

    id: str
    order: int
    kind: str
    severity: Severity
    cadences: frozenset[PeriodKind]
    explained: bool
    name: Text
    message: Text
    remedy: Text
    parameters: Mapping[str, Any]
    pairs: tuple[tuple[str, str], ...] = ()
    measures: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def applies(self, cadence: PeriodKind, measure: str, source: str = "") -> bool:
        """Whether it looks at such a series."""
        return (cadence in self.cadences and (not self.measures or measure in self.measures)
                and (not self.sources or not source or source in self.sources))


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, CheckSpec]:
    """Every check that the system ships, by id, in the order in which they speak. ValueError for an unknown field."""
    found: dict[str, CheckSpec] = {}
    for check, said in yaml.safe_load(_FILE.read_text(encoding="utf-8")).items():
        if unknown := set(said) - _FIELDS:
            raise ValueError(f"checks.yaml, {check}: unknown {', '.join(sorted(unknown))}")
        found[check] = CheckSpec(
            check, int(said["order"]), said["kind"], Severity(said["severity"]),
            frozenset(PeriodKind(word) for word in said["cadences"]), bool(said["explained"]),
            Text(**said["name"]), Text(**said["message"]), Text(**said["remedy"]), said["parameters"],
            tuple((pair["of"], pair["to"]) for pair in said.get("pairs", ())),
            frozenset(said.get("measures", ())), frozenset(said.get("sources", ())),
        )
    return dict(sorted(found.items(), key=lambda item: item[1].order))
