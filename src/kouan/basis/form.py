"""Check the form of a YAML file: which keys stand where, and of what kind.

A `Form` walks one file and gathers findings instead of stopping at the first, so that whoever edits a
decree's figures sees every slip at once, each with the file and the path inside it.

>>> form = Form("limits.yaml")
>>> form.mapping({"label": "x", "vlaue": 1}, "/sea", {"label", "value"}) and None
>>> [(slip.code, slip.where.path) for slip in form.findings]
[('unknown_key', '/sea/vlaue'), ('missing_key', '/sea/value')]
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kouan.basis import Citation, Finding, Place, Text, nearest


class Form:
    """Reads fields of one file; every slip becomes a Finding of error severity in `findings`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def slip(self, path: str, code: str, zh: str, en: str, remedy: tuple[str, str]) -> None:
        """Record one slip at `path`."""
        self.findings.append(
            Finding.error(code, zh, en, where=Place(file=self.file, path=path or "/"), remedy=remedy)
        )

    def mapping(self, value: Any, path: str, need: set[str], may: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
        """Return `value` as a mapping with exactly the keys allowed; {} when it is none."""
        if not isinstance(value, Mapping):
            self.slip(path, "wrong_form", "此处应为键值表。", "A mapping belongs here.", _SEE_GUIDE)
            return {}
        for key in value:
            if key not in need | may:
                hint = nearest(str(key), sorted(need | may), 1)
                self.slip(
                    f"{path}/{key}",
                    "unknown_key",
                    f"没有名为“{key}”的键。",
                    f"There is no key “{key}” here.",
                    (f"是否为“{hint[0]}”？", f"Did you mean “{hint[0]}”?") if hint else _SEE_GUIDE,
                )
        for key in sorted(need - set(value)):
            self.slip(
                f"{path}/{key}",
                "missing_key",
                f"缺少“{key}”。",
                f"“{key}” is missing.",
                (f"请补充“{key}”。", f"Add “{key}”."),
            )
        return dict(value)

    def rows(self, value: Any, path: str) -> list[Any]:
        """Return `value` as a list; [] when it is missing, and after a slip when it is something else."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.slip(path, "wrong_form", "此处应为列表，每项以“-”开头。", "A list belongs here; each item begins with “-”.", _SEE_GUIDE)
        return []

    def word(self, value: Any, path: str) -> str:
        """Return a text that is not empty; "" after a slip."""
        if isinstance(value, str) and value.strip():
            return value.strip()
        if value is not None and not isinstance(value, str):
            self.slip(path, "wrong_form", "此处应为文字。", "Words belong here.", _QUOTE)
        else:
            self.slip(path, "empty", "此处不能为空。", "This may not be empty.", _SEE_GUIDE)
        return ""

    def text(self, value: Any, path: str) -> Text:
        """Return a pair {zh, en}."""
        pair = self.mapping(value, path, {"zh", "en"})
        return Text(*(self.word(pair[k], f"{path}/{k}") if k in pair else "" for k in ("zh", "en")))

    def day(self, value: Any, path: str) -> date:
        """Return a date; YAML has read it as one, or it is a slip."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.slip(
            path,
            "not_a_date",
            f"“{value}”不是日期。",
            f"“{value}” is not a date.",
            ("请写成 2021-01-01 的形式，不加引号。", "Write it as 2021-01-01, without quotation marks."),
        )
        return date.min

    def number(self, value: Any, path: str) -> Decimal:
        """Return an exact number, neither negative nor a truth value."""
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            exact = Decimal(value)
            if exact.is_finite() and exact >= 0:
                return exact
        self.slip(
            path,
            "not_a_number",
            f"“{value}”不是非负数。",
            f"“{value}” is not a number of zero or more.",
            ("请写成 1000 或 0.5 的形式，不加单位。", "Write it as 1000 or 0.5, without a unit."),
        )
        return Decimal(0)

    def citation(self, value: Any, path: str, *, issued: date | None, from_day: date | None) -> Citation:
        """Return a citation; instrument and article are needed, the quoted words are not."""
        data = self.mapping(value, path, {"instrument", "article"}, {"quote"})
        if not data:
            return Citation("")
        return Citation(
            self.word(data.get("instrument"), f"{path}/instrument"),
            self.word(data.get("article"), f"{path}/article"),
            quote=self.word(data["quote"], f"{path}/quote") if "quote" in data else None,
            issued=issued,
            in_force_from=from_day,
        )


_SEE_GUIDE = ("格式见 docs/howto/add-a-rule.md。", "The form is described in docs/howto/add-a-rule.md.")
_QUOTE = ("如为数字或日期，请加引号。", "Put quotation marks round a number or date.")
