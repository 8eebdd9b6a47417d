"""The data items of a scheme: what is reported, in which unit, by whom, and by which ports.

Besides the rows of the table a scheme has items of its own making: the points of its checklists, the number of answers
behind each survey, and the companions of honest reporting. `Items` knows them all.

>>> items = Items.of([{"item": "teu", "name_zh": "外贸集装箱量", "name_en": "International containers", "unit": "TEU",
...                    "frequency": "month", "submitter_zh": "口岸经营单位", "applies_to": "sea;rail"}])
>>> items["teu"].applies_to("air"), items["teu"].submitters
(False, ('口岸经营单位',))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kouan.basis import Finding, Place, Refused, Text

FREQUENCIES = ("month", "quarter", "half-year", "year", "event", "plan", "derived")
ALL = "all"
# Written as submitter where nobody reports the item: the system computes it.
DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class DataItem:
    """One item. ``ports``: the port types it applies to, none for all. ``of``: the indicator or item it accompanies."""

    code: str
    name: Text
    unit: str
    frequency: str
    submitters: tuple[str, ...]
    ports: frozenset[str] = frozenset()
    of: str | None = None

    @property
    def is_derived(self) -> bool:
        """Whether the system computes it from others."""
        return DERIVED in self.submitters

    def applies_to(self, port_type: str) -> bool:
        return not self.ports or port_type in self.ports


class Items(Mapping[str, DataItem]):
    """All items by code, in the order of the table, those of the scheme's own making last."""

    def __init__(self, items: Iterable[DataItem]) -> None:
        self._items = {item.code: item for item in items}

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]], *, file: str | None = None) -> Items:
        """Read the table. Raises Refused with a finding for each row that cannot be used."""
        found: dict[str, DataItem] = {}
        findings: list[Finding] = []
        for number, row in enumerate(rows, start=2):
            cells = {name: (value or "").strip() for name, value in row.items()}
            where = Place(file=file, row=number)
            code = cells.get("item", "")
            for column in ("item", "name_zh", "name_en", "unit", "frequency", "submitter_zh"):
                if not cells.get(column):
                    findings.append(
                        Finding.error(
                            "item_incomplete",
                            f"数据项“{code}”缺少“{column}”。",
                            f"The data item “{code}” lacks “{column}”.",
                            where=Place(file=file, row=number, column=column),
                        )
                    )
            if code in found:
                findings.append(
                    Finding.error(
                        "item_repeated", f"数据项“{code}”重复。", f"The data item “{code}” occurs twice.", where=where
                    )
                )
            if cells.get("frequency") and cells["frequency"] not in FREQUENCIES:
                findings.append(
                    Finding.error(
                        "item_frequency_unknown",
                        f"数据项“{code}”的频次不认识。",
                        f"The frequency of the data item “{code}” is unknown.",
                        where=Place(file=file, row=number, column="frequency"),
                        measured=cells["frequency"],
                        required=", ".join(FREQUENCIES),
                    )
                )
            kinds = frozenset(part for part in cells.get("applies_to", "").split(";") if part and part != ALL)
            found[code] = DataItem(
                code,
                Text(cells.get("name_zh", ""), cells.get("name_en", "")),
                cells.get("unit", ""),
                cells.get("frequency", ""),
                tuple(part for part in cells.get("submitter_zh", "").split("/") if part),
                kinds,
            )
        if findings:
            raise Refused(findings)
        return cls(found.values())

    def with_more(self, items: Iterable[DataItem]) -> Items:
        return Items([*self._items.values(), *items])

    def __getitem__(self, code: str) -> DataItem:
        return self._items[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def answers_of(item: str) -> str:
    """The code of the item that counts the answers behind a survey (M6).

    >>> answers_of("survey_public")
    'survey_public.answers'
    """
    return f"{item}.answers"
