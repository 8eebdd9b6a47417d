"""Which part of a room's data a set covers, or a grant reaches: fields × rows × periods, as plain codes.

Nothing said means no limit. Rows are those of the provinces and those of the ports together. A grant is written in
the same words and is always narrower: what it leaves open it takes from its data set.

>>> whole = Coverage(fields=("cargo_tonnes", "person_crossings"), provinces=("44",))
>>> Coverage(fields=("cargo_tonnes",)).narrowed_from(whole)
Coverage(fields=('cargo_tonnes',), provinces=('44',), ports=(), since=None, until=None, subject_kind='port')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from kouan.basis import Finding, Place, Refused

MONTH = re.compile(r"^(\d{4})-(\d{2})$")
# What a step of a matter says for "as asked".
UNCHANGED = ("", "—", "-", "不变")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Codes only. ``since`` and ``until`` are the first day of the first month and the last day of the last."""

    fields: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    subject_kind: str = "port"

    @property
    def limits_rows(self) -> bool:
        """Whether only some rows are meant."""
        return bool(self.provinces or self.ports)

    def narrowed_from(self, whole: Coverage) -> Coverage:
        """The same, with what is left open taken from the whole."""
        rows = self if self.limits_rows else whole
        return Coverage(
            self.fields or whole.fields, rows.provinces, rows.ports, self.since or whole.since, self.until or whole.until, whole.subject_kind)

    def as_stored(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "fields": list(self.fields), "provinces": list(self.provinces), "ports": list(self.ports),
            "since": self.since.isoformat() if self.since else None, "until": self.until.isoformat() if self.until else None,
            "subject_kind": self.subject_kind,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Coverage:
        """From what is stored."""
        return cls(
            tuple(stored.get("fields", ())), tuple(stored.get("provinces", ())), tuple(stored.get("ports", ())),
            date.fromisoformat(stored["since"]) if stored.get("since") else None,
            date.fromisoformat(stored["until"]) if stored.get("until") else None, stored.get("subject_kind", "port"))


# No limit but that of the data set.
WHOLE = Coverage()


def listed(text: str) -> tuple[str, ...]:
    """Codes as people type them: by commas, semicolons, spaces or lines; each once.

    >>> listed("44、53, 44")
    ('44', '53')
    """
    return tuple(dict.fromkeys(each for each in re.split(r"[\s,，;；、]+", text.strip()) if each))


def month_said(text: str, *, is_last: bool, field: str) -> date | None:
    """The first or the last day of a month written ``2024-01``; None for nothing. Refused for anything else.

    >>> month_said("2024-02", is_last=True, field="until")
    datetime.date(2024, 2, 29)
    """
    said = text.strip()
    if said in UNCHANGED:
        return None
    found = MONTH.match(said)
    if found is None or not (1949 <= int(found[1]) <= 2999 and 1 <= int(found[2]) <= 12):
        raise Refused.because("bad_month", f"“{said[:24]}”不是年月。", f"“{said[:24]}” is no month.", where=Place(field=field),
                              required="YYYY-MM", remedy=("请写作 2024-01。", "Write it 2024-01."))
    first = date(int(found[1]), int(found[2]), 1)
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1) if is_last else first


def read(*, fields: str = "", provinces: str = "", ports: str = "", since: str = "", until: str = "", subject_kind: str = "port") -> Coverage:
    """A coverage as a form or a command says it. Refused where a month cannot be read, or the last lies before the first."""
    said = Coverage(listed(fields), listed(provinces), listed(ports), month_said(since, is_last=False, field="since"),
                    month_said(until, is_last=True, field="until"), subject_kind)
    if said.since and said.until and said.until < said.since:
        raise Refused.because("period_turned", "止月早于起月。", "The last month lies before the first.", where=Place(field="until"),
                              measured=until.strip(), required=f"≥ {since.strip()}", remedy=("请改正。", "Correct it."))
    return said


def beyond(part: Coverage, whole: Coverage, province_of: Mapping[str, str]) -> list[Finding]:
    """Where a part (already ``narrowed_from`` the whole) reaches beyond it. ``province_of``: of each port named."""
    findings = []

    def slip(field: str, zh: str, en: str, said: Iterable[str]) -> None:
        named = "、".join(said)
        findings.append(Finding.error(
            "beyond_data_set", f"{zh}不在数据集范围内：{named}。", f"{en} not in the data set: {named}.", where=Place(field=field), measured=named,
            remedy=("请只选数据集内的内容。", "Choose only what the data set holds.")))

    if whole.fields and (strange := [each for each in part.fields if each not in whole.fields]):
        slip("fields", "字段", "Fields", strange)
    if whole.limits_rows:
        if strange := [each for each in part.provinces if each not in whole.provinces]:
            slip("provinces", "省份", "Provinces", strange)
        if strange := [each for each in part.ports if each not in whole.ports and province_of.get(each) not in whole.provinces]:
            slip("ports", "口岸", "Ports", strange)
    if whole.since and part.since and part.since < whole.since:
        slip("since", "起月", "First month", [f"{part.since:%Y-%m}"])
    if whole.until and part.until and part.until > whole.until:
        slip("until", "止月", "Last month", [f"{part.until:%Y-%m}"])
    return findings


def changed(asked: Coverage, **said: str) -> Coverage:
    """What an owner grants where a step changes what was asked: ``不变`` or ``—`` leaves a part as it was."""
    def of(name: str) -> tuple[str, ...] | None:
        text = said.get(name, "").strip()
        return None if text in UNCHANGED else listed(text)

    provinces, ports, fields = of("provinces"), of("ports"), of("fields")
    new = asked if fields is None else replace(asked, fields=fields)
    if provinces is not None or ports is not None:
        new = replace(new, provinces=provinces or (), ports=ports or ())
    since, until = month_said(said.get("since", ""), is_last=False, field="since"), month_said(said.get("until", ""), is_last=True, field="until")
    return replace(new, since=since or new.since, until=until or new.until)
