"""An entry of a recorded list made again from what was recorded of it: its facts, the readings, the day."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from kouan.basis import EvidenceRef, Finding, Place
from kouan.grading import lists
from kouan.grading.facts import PortFacts
from kouan.grading.list_facts import WINDOW
from kouan.grading.lists import ClassTwoLine, Entry, PortLine
from kouan.grading.models import ListKind, ListRecord
from kouan.grading.queries import digest_of, outcome_of
from kouan.grading.replay import rulings_of
from kouan.grading.withdrawing import JudgedYear, Rungs, standing_of
from kouan.law import Law


def again(record: ListRecord, content: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as it comes out today from the recorded facts; {} where nothing comes out."""
    law = Law(date.fromisoformat(record.recipe["as_of"]), rulings_of(record.recipe["readings"]))
    entry = remade(record.kind, content, law)
    return json.loads(json.dumps(entry.as_dict(), ensure_ascii=False, default=str)) if entry else {}


def remade(kind: str, content: Mapping[str, Any], law: Law, law_of: Callable[[int | None], Law] | None = None) -> Entry | None:
    """An entry of a list from the facts it was frozen with, under a law; None where nothing comes out.

    ``law_of``: the law that judges a year, where it is another than that of the day.
    """
    inputs = content["inputs"]
    match kind:
        case ListKind.UNACCEPTED:
            return lists.unaccepted_entry(PortLine.from_dict(inputs["line"]), law)
        case ListKind.MERGE:
            return next(iter(lists.merge_entries([PortLine.from_dict(each) for each in inputs["lines"]], law)), None)
        case ListKind.CLASS_TWO:
            return lists.class_two_entry(ClassTwoLine(**inputs["class_two"]), law)
    line, last, rungs = PortLine.from_dict(inputs["line"]), int(inputs["last"]), Rungs(law)
    first = last - WINDOW + 1
    years = []
    for each in content["years"]:
        facts = PortFacts.from_dict(each["facts"])
        under = law_of(facts.year) if law_of else law
        years.append(JudgedYear(facts, outcome_of(facts, under), tuple(EvidenceRef.from_dict(ref) for ref in each["evidence"])))
    standing = standing_of(
        line.code, tuple(years), last, first, rungs, is_border=years[-1].facts.is_border, strategy_mark=inputs.get("strategy_mark"),
        marks_were_read="strategy_mark" in inputs,
    )
    return lists.watch_entry(line, standing) if kind == ListKind.WATCH else lists.closing_entry(line, standing, first, rungs)


def replay_list(record: ListRecord) -> list[Finding]:
    """Make every entry of a recorded list again; a finding for each that comes out otherwise."""
    findings = []
    for held in record.entries.all():
        anew = again(record, held.content)
        differs = [name for name in held.content if anew.get(name) != held.content[name]]
        if not differs and digest_of(held.content) == held.digest:
            continue
        said = held.content.get("name", {})
        findings.append(
            Finding.error(
                "replay_differs",
                f"“{said.get('zh', held.subject)}”按登记的复算依据重做，结果不同：{'、'.join(differs) or '校验值'}。",
                f"“{said.get('en', held.subject)}”, made again from its recipe, differs in {', '.join(differs) or 'its digest'}.",
                where=Place(path=held.subject),
                measured=str(anew.get("verdict")),
                required=str(held.content.get("verdict")),
                remedy=(
                    f"登记时的软件版本为{record.recipe.get('software', '不明')}；请核对法规文件是否改动。",
                    f"It was recorded by version {record.recipe.get('software', 'unknown')}; check whether the files of the law were changed.",
                ),
            )
        )
    return findings
