"""A freeze and its rows ↔ the figures of the method. What is read back has the digest of what was written, or is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kouan.basis import Refused, Text
from kouan.evaluation.method.scheme import Decision, FailedFeed, RoundData
from kouan.evaluation.rounds.models import Freeze, FrozenPort
from kouan.evaluation.rounds.objects import Evaluated


def rows_of(freeze: Freeze, data: RoundData, ports: Sequence[Evaluated]) -> Iterator[FrozenPort]:
    """One row a port; items without any figure of it are left out."""
    known = {each.code: each for each in ports}
    for p, code in enumerate(data.ports):
        figures: dict[str, list[float | None]] = {}
        reminders: dict[str, list[int]] = {}
        for k, item in enumerate(data.items):
            column = data.values[:, p, k]
            if not np.isnan(column).all():
                figures[item] = [None if np.isnan(value) else float(value) for value in column]
            if data.reminders is not None and data.reminders[:, p, k].any():
                reminders[item] = [int(value) for value in data.reminders[:, p, k]]
        port = known[code]
        yield FrozenPort(
            freeze=freeze, code=code, name_zh=port.name_zh, name_en=port.name_en, port_class=data.classes[p], grade=data.grades[p],
            province_code=port.province_code, city_code=port.city_code, is_invented=port.is_invented, figures=figures, reminders=reminders)


def data_of(freeze: Freeze) -> RoundData:
    """The figures as they were frozen. Raises Refused where a row was changed, added or taken away since."""
    rows = list(freeze.ports.order_by("code"))
    years = tuple(range(freeze.first_year, freeze.last_year + 1))
    items = tuple(freeze.items)
    place = {code: k for k, code in enumerate(items)}
    values = np.full((len(years), len(rows), len(items)), np.nan)
    reminders = np.zeros(values.shape, dtype=np.int8)
    try:
        for p, row in enumerate(rows):
            for item, column in row.figures.items():
                values[:, p, place[item]] = [np.nan if value is None else float(value) for value in column]
            for item, counts in row.reminders.items():
                reminders[:, p, place[item]] = counts
        data = RoundData(
            tuple(row.code for row in rows), tuple(row.port_class for row in rows), tuple(row.grade for row in rows), years, items, values,
            reminders, tuple(Decision(**each) for each in freeze.decisions), tuple(FailedFeed(**each) for each in freeze.failed_feeds),
            {name: float(value) for name, value in freeze.volume_bases.items()}, freeze.is_exercise,
            {row.code: Text(row.name_zh, row.name_en) for row in rows})
        digest = data.digest
    except (KeyError, ValueError, TypeError):
        digest = ""
    if digest != freeze.data_digest:
        raise Refused.because(
            "freeze_altered", f"{freeze.round.year} 年第 {freeze.revision} 版冻结数据与登记的校验值不符，不能使用。",
            f"Freeze {freeze.revision} of {freeze.round.year} no longer fits its digest and is not used.",
            measured=digest, required=freeze.data_digest, remedy=("请查审计记录，从备份恢复。", "Look into the trail and restore it from a backup."))
    return data


def plain(findings: Sequence[Any]) -> list[dict[str, Any]]:
    """Findings as they are kept."""
    return [each.as_dict() for each in findings]


def columns_of(line: dict[str, Any]) -> dict[str, Any]:
    """A record of the method as the columns of ``PortScore``."""
    return {
        "peer_group": line["peer_group"], "total": line["total"], "rank": line["rank"], "band": line["band"], "provisional": line["provisional"],
        "red_line": line["red_line"], "counted_share": line["counted_share"], "groups": line["groups"], "five_types": line["five_types"],
        "cells": line["indicators"],
    }
