"""A recorded verdict judged again from its own recipe: the same facts, the same rulings, as of the same day.

The facts are those that were recorded, not those of today, so that later revisions disturb nothing. What a
replay proves is that rule, values and readings still give the verdict on record; whether the figures behind
the facts are untouched is what the digests of the evidence and ``kouan audit verify`` answer.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from kouan.basis import Finding, Place
from kouan.grading.facts import PortFacts
from kouan.grading.models import VerdictRecord
from kouan.grading.queries import outcome_of
from kouan.law import Law, Library, Ruling
from kouan.law.changes import Change, with_values


def replay(record: VerdictRecord) -> Finding | None:
    """Judge again; the finding names what differs from the record, None where all is the same."""
    recipe = record.recipe
    law = law_of(recipe)
    anew = json.loads(json.dumps(outcome_of(PortFacts.from_dict(recipe["facts"]), law).as_dict()))
    held = {"verdict": record.verdict, "margins": record.margins, "readings": recipe["readings"]}
    differs = [name for name, value in held.items() if anew[name] != value]
    if not differs:
        return None
    return Finding.error(
        "replay_differs", f"{record.year}年第{record.revision}版结论按登记的复算依据重算，结果不同：{'、'.join(differs)}。",
        f"Revision {record.revision} of {record.year}, judged again from its recipe, differs in {', '.join(differs)}.",
        where=Place(path=record.port_code), measured=anew["verdict"], required=record.verdict,
        remedy=(f"登记时的软件版本为{recipe.get('software', '不明')}；请核对法规文件是否改动。",
                f"It was recorded by version {recipe.get('software', 'unknown')}; check whether the files of the law were changed."),
    )


def law_of(recipe: dict[str, Any]) -> Law:
    """The law under which a verdict was recorded: its day, its rulings, and the values approved by then."""
    library = Library.shipped()
    values = [Change.from_dict(each).dated_value(library) for each in recipe.get("changes", ())]
    return Law(date.fromisoformat(recipe["as_of"]), rulings_of(recipe["readings"]), library=with_values(library, values))


def rulings_of(readings: list[dict[str, Any]]) -> list[Ruling]:
    """The rulings that recorded readings rest on."""
    decided = [reading["decided_by"] for reading in readings if reading.get("decided_by")]
    return [
        Ruling(**{**each, "from_date": date.fromisoformat(each["from_date"]), "issued": date.fromisoformat(each["issued"])})
        for each in decided
    ]
