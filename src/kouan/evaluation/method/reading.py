"""Reading plain data strictly: the small checks that `loading` is made of.

Each method takes a value and its path, records a finding when the value is not what it should be, and
gives back something harmless, so that one pass names every fault.

>>> reader = Reader()
>>> reader.number("twelve", "data.look_back", 1, 20)
1
>>> reader.findings[0].code, reader.findings[0].where.path
('framework_wrong_type', 'data.look_back')
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from kouan.basis import Finding, Place, Text, nearest
from kouan.evaluation.method.framework import KNOWN_ELSEWHERE


class Reader:
    """Collects findings while it reads; values that could not be read come back as harmless ones."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def fault(self, code: str, path: str, zh: str, en: str, **details: Any) -> None:
        self.findings.append(Finding.error(code, zh, en, where=Place(path=path), **details))

    def mapping(
        self, value: Any, path: str, needed: tuple[str, ...], allowed: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """A mapping with every `needed` key and no key outside `needed` and `allowed`."""
        if not isinstance(value, Mapping):
            self.fault("framework_wrong_type", path, "此处应为键值对。", "A mapping belongs here.")
            return {}
        known = needed + allowed
        for key in value:
            if key not in known:
                close = nearest(str(key), known, n=1)
                self.fault(
                    "framework_unknown_key",
                    f"{path}.{key}",
                    f"不认识“{key}”。",
                    f"“{key}” is not a known key.",
                    remedy=(f"是否应为“{close[0]}”？", f"Did you mean “{close[0]}”?") if close else None,
                )
        for key in needed:
            if key not in value:
                self.fault("framework_key_missing", f"{path}.{key}", f"缺少“{key}”。", f"“{key}” is missing.")
        return dict(value)

    def text(self, value: Any, path: str) -> Text:
        pair = self.mapping(value, path, ("zh", "en"))
        if not (pair.get("zh") and pair.get("en")):
            self.fault("framework_text_empty", path, "中文和英文都要写。", "Both languages must be given.")
            return Text("", "")
        return Text(str(pair["zh"]).strip(), str(pair["en"]).strip())

    def word(self, value: Any, path: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.fault("framework_wrong_type", path, "此处应为文字。", "Text belongs here.")
            return ""
        return value

    def number(self, value: Any, path: str, low: float, high: float) -> float:
        """A finite number from low to high, both included."""
        # An int is finite, and may be larger than any float.
        if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
            self.fault("framework_wrong_type", path, "此处应为数字。", "A number belongs here.")
            return low
        if not low <= value <= high:
            self.fault(
                "framework_number_out_of_range",
                path,
                "数值超出允许范围。",
                "The number is outside its range.",
                measured=value,
                required=f"{low:g}–{high:g}",
            )
            return low
        return float(value)

    def whole(self, value: Any, path: str, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault("framework_wrong_type", path, "此处应为整数。", "A whole number belongs here.")
            return low
        return int(self.number(value, path, low, high))

    def words(self, value: Any, path: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            self.fault(
                "framework_wrong_type", path, "此处应为非空列表。", "A list with entries belongs here."
            )
            return ()
        return tuple(self.word(item, f"{path}[{i}]") for i, item in enumerate(value))

    def choice(self, value: Any, path: str, choices: Collection[str]) -> str:
        if isinstance(value, str) and value in choices:
            return str(value)
        elsewhere = isinstance(value, str) and value in KNOWN_ELSEWHERE
        self.fault(
            "framework_code_not_computed" if elsewhere else "framework_unknown_code",
            path,
            f"“{value}”在指标目录中有定义，但本引擎尚不计算。" if elsewhere else f"不认识代码“{value}”。",
            f"“{value}” is in the catalogue but this engine does not compute it."
            if elsewhere
            else f"“{value}” is not a known code.",
            measured=value,
            required=", ".join(sorted(choices)),
        )
        return ""

    def pair(self, value: Any, path: str) -> tuple[float, float]:
        if not isinstance(value, list) or len(value) != 2:
            self.fault("framework_wrong_type", path, "此处应为两个数。", "Two numbers belong here.")
            return (0.0, 1.0)
        low, high = (self.number(item, f"{path}[{i}]", -1e300, 1e300) for i, item in enumerate(value))
        if not low < high:
            self.fault(
                "framework_pair_order",
                path,
                "前一个数应小于后一个数。",
                "The first must be below the second.",
            )
        return (low, high)
