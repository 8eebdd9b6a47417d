"""Try a rule made of conditions on facts that are not in the register (`kouan law try access-air`).

The file holds JSON lines: one case a line, keys are fact names, flat but for `projects`. The answer is a list in
the order of the lines. A line that cannot be read, or whose facts cannot be, gives no verdict (`verdict` is
null) and says what to do, by line and key; the other lines are judged.

>>> from datetime import date
>>> rows = parse_facts_jsonl('{"years_below": 2, "is_border": false, "strategy_mark": false}\\n{"years_below": -1}')
>>> [answer["verdict"] for answer in try_cases("withdrawal-ladder", rows, Law(date(2024, 6, 30)))]
['rectify', None]
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Place, Refused, has_errors
from kouan.grading.access import AccessAir, AccessBorder, AccessWater, ProvinceGate
from kouan.grading.case_facts import read_case
from kouan.grading.case_rule import CaseRule
from kouan.grading.facts_file import MOST_ROWS, decode, read_bytes
from kouan.grading.ladder import GradeProposal, WithdrawalLadder
from kouan.law import Law

CASE_RULES: Mapping[str, type[CaseRule]] = {
    rule.key.replace("_", "-"): rule
    for rule in (AccessAir, AccessBorder, AccessWater, ProvinceGate, WithdrawalLadder, GradeProposal)
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its number, what it holds, or why it cannot be read."""

    number: int
    given: Mapping[str, Any] | None
    finding: Finding | None = None


class _Slip(ValueError):
    """A line that JSON allows and facts do not: (code, zh, en, key)."""


def read_facts_jsonl(path: Path) -> list[Line]:
    """Return the lines of the file at `path`. Raises Refused for a file that cannot be read as text."""
    where = Place(file=path.name)
    return parse_facts_jsonl(decode(read_bytes(path, where), where), path.name)


def parse_facts_jsonl(text: str, file: str | None = None) -> list[Line]:
    """Return the lines of a text; blank ones are left out. Refused where there is none, or too many."""
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines or len(lines) > MOST_ROWS:
        raise Refused.because(
            "empty_file" if not lines else "too_many_rows",
            "文件中没有任何一行事实。" if not lines else f"文件超过{MOST_ROWS}行。",
            "The file holds no line of facts." if not lines else f"The file has more than {MOST_ROWS} lines.",
            where=Place(file=file),
            remedy=("每行写一个 JSON 键值表，如 {\"years_below\": 2}。", "Write one JSON object a line, such as {\"years_below\": 2}.")
            if not lines else ("请分成几个文件。", "Split it into several files."),
        )  # fmt: skip
    return [_line(number, line) for number, line in lines]


def _line(number: int, text: str) -> Line:
    try:
        given = json.loads(text, parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_pairs)
    except _Slip as slip:
        code, zh, en, key = slip.args
        return Line(number, None, Finding.error(code, zh, en, where=Place(row=number, field=key or None), remedy=_REWRITE))
    except (ValueError, RecursionError, ArithmeticError) as error:
        column = f"（第{error.colno}个字符处）" if isinstance(error, json.JSONDecodeError) else ""
        return Line(number, None, Finding.error(
            "not_json", f"第{number}行不是 JSON{column}。", f"Line {number} is not JSON: {str(error)[:80]}.", where=Place(row=number),
            remedy=("每行写一个完整的 JSON 键值表，不跨行。", "Write one whole JSON object on each line."),
        ))  # fmt: skip
    if not isinstance(given, dict):
        return Line(number, None, Finding.error(
            "not_an_object", f"第{number}行不是键值表。", f"Line {number} is not an object.", where=Place(row=number),
            remedy=("请写成 {\"事实名\": 值} 的形式。", "Write it as {\"fact\": value}."),
        ))  # fmt: skip
    return Line(number, given)


def _constant(word: str) -> Any:
    raise _Slip("not_a_number", f"“{word}”不是数字。", f"“{word}” is not a number.", "")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Slip("duplicate_key", f"键“{key}”出现了两次。", f"The key “{key}” stands twice.", key)
        found[key] = value
    return found


def try_cases(rule: str, lines: Iterable[Line], law: Law, *, file: str | None = None) -> list[dict[str, Any]]:
    """Judge each line by the rule of that name and return one mapping per line, in order.

    Each has the shape of `CaseVerdict.as_dict()` with `row` (1 for the first line of facts) and `line` (its number
    in the file).
    """
    judge = CASE_RULES[rule]()
    known = judge.facts_read(law.library)
    answers = []
    for row, line in enumerate(lines, 1):
        answer, findings = None, [line.finding] if line.finding else []
        if line.given is not None:
            facts, slips = read_case(line.given, law.library, known, law.as_of)
            findings += [slip.at(row=line.number) for slip in slips]
            if not has_errors(findings):
                answer = judge.judge(facts, law).as_dict()
        said = [(each.at(file=file) if file else each).as_dict() for each in findings]
        answers.append({"row": row, "line": line.number, **(answer or _no_verdict(judge, law)), "findings": said})
    return answers


def _no_verdict(rule: CaseRule, law: Law) -> dict[str, Any]:
    """Fill the shape of an answer where there is none."""
    return {
        "code": None, "filed_on": None, "as_of": law.as_of.isoformat(), "verdict": None, "verdict_name": None, "possible": [],
        "missing": [], "steps": [], "readings": [{**law.setting(key).as_dict(), "others": []} for key in rule.settings],
        "differs_under": [], "flags": [], "citation": rule.citations[0].as_dict(), "rule": rule.key,
        "rule_version": f"{rule.key}/{rule.version}", "law_digest": law.digest,
    }  # fmt: skip


_REWRITE = ("请改正该行；没有这项事实的请不写该键。", "Correct the line; leave the key out where the fact is missing.")
