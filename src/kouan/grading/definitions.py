"""What each reading of A-17 and A-18 counts, said in the groups by which ports report.

The registry's figure of a measure (group ``all``) counts what the default readings count. Another reading
needs figures of parts: travellers alone, or the whole less transit cargo. Pure; the law's settings name the
readings, this table says how a return can answer each.

>>> [str(term) for term in WAYS["definition.cargo", "cross_border_without_transit"][0]]
['all', '-transit']
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kouan.basis import Text

CARGO_KEY, PERSONS_KEY = "definition.cargo", "definition.persons"


class Term(NamedTuple):
    """A group that is added, or taken off."""

    group: str
    is_added: bool = True

    def __str__(self) -> str:
        return self.group if self.is_added else f"-{self.group}"


def _way(*terms: str) -> tuple[Term, ...]:
    return tuple(Term(term.removeprefix("-"), not term.startswith("-")) for term in terms)


# The reading under which the registry's own figure stands (basis/measures.yaml).
REGISTERED: Mapping[str, str] = {CARGO_KEY: "cross_border_with_transit", PERSONS_KEY: "all_crossings"}
# (setting, reading) → the ways in which returns can answer it, the plainest first.
WAYS: Mapping[tuple[str, str], tuple[tuple[Term, ...], ...]] = {
    (CARGO_KEY, "cross_border_with_transit"): (_way("all"),),
    (CARGO_KEY, "cross_border_without_transit"): (_way("all", "-transit"),),
    (PERSONS_KEY, "all_crossings"): (_way("all"),),
    (PERSONS_KEY, "without_border_residents"): (_way("travellers", "crew"), _way("all", "-border_residents")),
    (PERSONS_KEY, "travellers_only"): (_way("travellers"), _way("all", "-crew", "-border_residents")),
}
# What an office must report so that the reading can be applied.
NEEDED: Mapping[tuple[str, str], Text] = {
    (CARGO_KEY, "cross_border_with_transit"): Text("进出境货运量合计", "the total of cross-border cargo"),
    (CARGO_KEY, "cross_border_without_transit"): Text(
        "进出境货运量合计，以及分组“过境及转口货物”（transit）的数据",
        "the total of cross-border cargo and the figures of the group “transit and re-export cargo” (transit)",
    ),
    (PERSONS_KEY, "all_crossings"): Text("出入境人员合计", "the total of person-crossings"),
    (PERSONS_KEY, "without_border_residents"): Text(
        "分组“旅客”（travellers）和“交通运输工具员工”（crew）的数据，或者合计与分组“边民”（border_residents）的数据",
        "the figures of the groups “travellers” and “crew”, or the total and the group “border residents” (border_residents)",
    ),
    (PERSONS_KEY, "travellers_only"): Text(
        "分组“旅客”（travellers）的出入境人员数据", "person-crossings of the group “travellers” (travellers)"),
}
# Every group that some reading asks for, by setting.
GROUPS: Mapping[str, frozenset[str]] = {
    key: frozenset(term.group for (setting, _), ways in WAYS.items() if setting == key for way in ways for term in way)
    for key in (CARGO_KEY, PERSONS_KEY)
}
