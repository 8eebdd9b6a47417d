"""Try the volume standard on facts that are not in the register (`kouan law try volume-standard`).

One row is one port and one year; an empty cell is a missing fact. The answer is a list in the order of
the rows. A cell that cannot be read gives no verdict (`verdict` is null) and says what to do: a guess
would be a silent verdict on other facts than those given.

>>> from datetime import date
>>> [answer] = try_facts([{"transport_class": "海运", "is_border": "否", "accepted_on": "2012年5月1日",
...     "year": "2018", "cargo_tonnes": "999,999", "person_crossings": "10000", "months_reported": "12"}],
...     as_of=date(2019, 6, 30))
>>> answer["verdict"], answer["margins"]["cargo_tonnes"]["margin"]
('meets', -1)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kouan.basis import Finding, Place, has_errors, names, nearest
from kouan.grading.cells import (
    read_claim,
    read_class,
    read_classes,
    read_day,
    read_months,
    read_total,
    read_year,
)
from kouan.grading.facts import CARGO, PERSONS, PortFacts
from kouan.grading.rules import VolumeStandard
from kouan.law import Law, Ruling

COLUMNS = (
    "transport_class",
    "is_border",
    "accepted_on",
    "year",
    "cargo_tonnes",
    "person_crossings",
    "months_reported",
)
# What else a file may hold: a name for the row, and the classes a port without one might have.
EXTRA_COLUMNS = ("code", "candidate_classes")
_HEADINGS = {
    "运输类别": "transport_class",
    "是否边境口岸": "is_border",
    "边境口岸": "is_border",
    "通过验收日期": "accepted_on",
    "验收日期": "accepted_on",
    "年度": "year",
    "年份": "year",
    "货运量(吨)": "cargo_tonnes",
    "货运量": "cargo_tonnes",
    "出入境人员(人次)": "person_crossings",
    "出入境人员": "person_crossings",
    "已报月数": "months_reported",
    "口岸": "code",
    "可能类别": "candidate_classes",
}


def try_facts(
    rows: Iterable[Mapping[str, Any]],
    as_of: date,
    rulings: Sequence[Ruling] = (),
    *,
    law: Law | None = None,
    file: str | None = None,
) -> list[dict[str, Any]]:
    """Judge each row and return one mapping per row, in order.

    `rows` map column names (English or Chinese) to cells (text, or values already read). Each answer has
    the shape of `VolumeVerdict.as_dict()`, with `row` (1 for the first row below the header), and with
    `verdict` null and error findings where a cell cannot be read or the facts cannot be. What is said
    about the columns of the whole file stands once, in the findings of the first row.
    """
    law = law or Law(as_of, rulings)
    rule = VolumeStandard()
    answers = []
    for number, raw in enumerate(rows, 1):
        row = {_column(name): value for name, value in raw.items()}
        line = getattr(raw, "line", number + 1)
        findings = check_columns(raw) if number == 1 else []
        facts, slips = read_row(row, number)
        doubts = facts.findings(law.as_of)
        answer = None
        if not has_errors([*slips, *doubts]):
            answer = rule.judge(facts, law).as_dict()
        # In a file a field is a column.
        findings += [
            f.at(column=f.where.column or f.where.field, field=None, row=line) for f in slips + doubts
        ]
        said = [(f.at(file=file) if file else f).as_dict() for f in findings]
        answers.append({"row": number, **(answer or _no_verdict(row, rule, law)), "findings": said})
    return answers


def check_columns(columns: Iterable[str | None]) -> list[Finding]:
    """Say which columns of a file are not known, and which are missing (their facts count as missing)."""
    known = {*COLUMNS, *EXTRA_COLUMNS}
    given = {name: _column(name) for name in columns if name}
    findings = []
    for name, column in given.items():
        if column in known:
            continue
        hint = nearest(name, [*known, *_HEADINGS], 1)
        findings.append(
            Finding.warning(
                "unknown_column",
                f"不认识的列“{name}”，未予使用。",
                f"The column “{name}” is not known and was not used.",
                where=Place(row=1, column=name),
                remedy=(
                    f"是否为“{hint[0]}”？" if hint else f"可用的列：{'、'.join(COLUMNS)}。",
                    f"Did you mean “{hint[0]}”?" if hint else f"Known columns: {', '.join(COLUMNS)}.",
                ),
            )
        )
    missing = [column for column in COLUMNS if column not in given.values()]
    if missing:
        findings.append(
            Finding.warning(
                "missing_columns",
                f"缺少列：{'、'.join(missing)}；各行的这些事实按缺失处理。",
                f"Missing columns: {', '.join(missing)}; these facts count as missing in every row.",
                where=Place(row=1),
                remedy=(
                    "请补上这些列；确无数据的可留空。",
                    "Add the columns; cells without data may stay empty.",
                ),
            )
        )
    return findings


def read_row(row: Mapping[str, Any], number: int = 1) -> tuple[PortFacts, list[Finding]]:
    """Read one row (columns in English) as facts, with a finding for each cell that cannot be read.

    Such a cell is left out of the facts; with an error finding they must not be judged.
    """
    findings: list[Finding] = []

    def cell(column: str, read: Callable[[Any], Any]) -> Any:
        value = row.get(column)
        if value is None or (isinstance(value, str) and not names.half_width(value).strip()):
            return None
        answer = read(value)
        if isinstance(answer, Finding):
            findings.append(answer.at(column=column))
            return None
        return answer

    code = cell("code", str) or f"row-{number}"
    read = {
        "transport_class": cell("transport_class", read_class),
        "is_border": cell("is_border", read_claim),
        "accepted_on": cell("accepted_on", read_day),
        "year": cell("year", read_year),
        CARGO: cell(CARGO, lambda value: read_total(value, "t")),
        PERSONS: cell(PERSONS, lambda value: read_total(value, "person_crossings")),
        "months_reported": cell("months_reported", read_months),
        "candidate_classes": cell("candidate_classes", read_classes) or (),
    }
    extra = row.get("")
    beyond = " ".join(str(cell) for cell in extra if cell) if isinstance(extra, list) else str(extra or "")
    if beyond.strip():
        findings.append(
            Finding.error(
                "too_many_cells",
                f"该行比表头多出内容：“{beyond}”，各列可能错位。",
                f"The row has more cells than the header (“{beyond}”); the columns may be shifted.",
                measured=beyond,
                remedy=(
                    '含逗号的数字请加引号，如 "1,000"。',
                    "Put quotation marks round numbers with commas.",
                ),
            )
        )
    return PortFacts(code=code, **read), findings


def _column(name: str | None) -> str:
    plain = names.half_width(name or "").strip()
    return _HEADINGS.get(plain, plain.lower())


def _no_verdict(row: Mapping[str, Any], rule: VolumeStandard, law: Law) -> dict[str, Any]:
    """Fill the shape of an answer where there is none."""
    return {
        "code": str(row.get("code") or "") or None,
        "year": None,
        "as_of": law.as_of.isoformat(),
        "transport_class": None,
        "transport_class_name": None,
        "verdict": None,
        "verdict_name": None,
        "margins": {},
        "steps": [],
        "readings": [law.setting(key).as_dict() for key in rule.settings],
        "flags": [],
        "differs_under": [],
        "candidate_verdicts": {},
        "citation": rule.citations[0].as_dict(),
        "rule": rule.key,
        "rule_version": f"{rule.key}/{rule.version}",
        "definition_version": None,
        "law_digest": law.digest,
    }
