"""The part of a matter's page that is a case's: facts gathered by the system, verdict and trace, and where they came from.

A figure leads to its own page and from there to the cell of the file; a sentence of law leads to its rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from kouan.basis import Finding, Refused, Text, has_errors, measures
from kouan.casework.actions import gather_facts
from kouan.casework.gathering import access_rule, mode_of, port_of
from kouan.casework.queries import form_of, newest_gathering
from kouan.collection import sources
from kouan.console import figures, words
from kouan.console.addresses import address_of
from kouan.console.evaluation_page import newest_evaluation
from kouan.console.law_facts import fields_of, row_of
from kouan.console.words import here
from kouan.desk.matters.models import Matter
from kouan.grading.queries import law_as_of
from kouan.law import registered_rules
from kouan.procedure import Procedure

# How each list of flows is headed: the other side's counts stand apart, and are facts of nobody's verdict.
OF = {
    "own": Text("本口岸数据", "The port's own figures"),
    "counterpart": Text("对侧口岸数据（仅供对照，不作判定依据）", "Counts of the other side (for comparison, never judged)"),
    "press": Text("新闻报道数字（未经报送核实）", "Figures of the press (not confirmed by a return)"),
}


def case_context(request: HttpRequest, matter: Matter, procedure: Procedure, parties: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the page shows of a case; None for a matter of another room."""
    if matter.room != "casework":
        return None
    kept, form = newest_gathering(matter), form_of(matter)
    national = {code for code, party in procedure.parties.items() if party.office == "national"}
    may_gather = matter.ended_at is None and bool((set(procedure.states[matter.state].waits_for) | national) & set(parties))
    found: dict[str, Any] = {"kept": kept, "may_gather": may_gather, "access": None}
    if kept is not None:
        found |= {
            "verdict": _verdict(kept.verdict), "years": [_year(each) for each in kept.record.get("years", ())],
            "years_below": kept.record.get("years_below"),
            "flows": [{"label": OF[name], "rows": [_flow(each) for each in rows]} for name, rows in kept.record.get("flows", {}).items() if rows],
            "projects": kept.record.get("projects", ()), "names_port": "port" in kept.record,
            "evaluated": newest_evaluation(request.user, matter.port_code) if matter.port_code else None,
            "facts": [{"label": procedure.facts[name].label, "value": _in_words(value)} for name, value in kept.facts.items()
                if name in procedure.facts],
        }
    if may_gather and form is not None and matter.procedure == "opening":
        port = port_of(matter)
        rule = access_rule(mode_of(matter, form.answers), port.transport_class if port else None)
        if rule is not None:
            found["access"] = {"title": rule.title, "fields": fields_of(rule, law_as_of(), _said(request, form.access_facts))}
    return found


def gather_from(request: HttpRequest, matter: Matter) -> Text:
    """Gather anew, with the facts of access where the form has them."""
    given = None
    form = form_of(matter)
    if "access" in request.POST and form is not None:
        port = port_of(matter)
        rule = access_rule(mode_of(matter, form.answers), port.transport_class if port else None)
        if rule is not None:
            law = law_as_of()
            said = {name: request.POST.get(f"access-{name}", "").strip()[:60] for name in _names(rule, law)}
            given, slips = row_of(rule, law, said)
            _refuse(slips)
    gather_facts(actor=request.user, matter=matter.pk, access_facts=given)
    return Text("已汇集事实，随件固定。", "The facts were gathered and frozen with the matter.")


def _refuse(slips: list[Finding]) -> None:
    if has_errors(slips):
        raise Refused(slips)


def _names(rule: Any, law: Any) -> list[str]:
    return [each["fact"].name for each in fields_of(rule, law, {})]


def _said(request: HttpRequest, kept: Mapping[str, Any]) -> dict[str, str]:
    """What the form shows: what was just typed, else what is on record."""
    if "access" in request.POST:
        return {name.removeprefix("access-"): str(value) for name, value in request.POST.items() if name.startswith("access-")}
    projects = kept.get("projects")
    held = {**{name: value for name, value in kept.items() if name != "projects"}, **(projects[0] if projects else {})}
    shown = {name: {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value) for name, value in held.items()}
    return shown | ({} if projects is None else {"projects": "one" if projects else "none"})


def _verdict(kept: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    return {
        **kept, "name": _text(kept["verdict_name"]), "law_address": address_of("law-rule", kept["rule"]),
        "flags": [{"label": _text(each["label"]), "detail": _text(each["detail"])} for each in kept["flags"] if each["code"] != "differs_under"],
        "missing": [{"name": _text(each["name"]), "by": [_text(one) for one in each["supplied_by"]]} for each in kept["missing"]],
        "differs_under": [{"ambiguity": each["ambiguity"], "label": _text(each["label"]), "name": _text(each["verdict_name"]),
                           "address": address_of("law-setting", each["setting"])} for each in kept["differs_under"]],
        "steps": [{**each, "text": _text(each["text"]), "outcome_name": _text(each["outcome_name"]), "means": _text(each["means"]),
                   "address": f"{address_of('law-rule', kept['rule'])}#{_criterion(kept['rule'], each['rule'])}"} for each in kept["steps"]],
    }


def _criterion(rule: str, step: str) -> str:
    """The condition that a step belongs to, as the page of the rule lists it: AC-A1 for AC-A1b."""
    known = registered_rules().get(rule)
    return max((each for each in (known.criteria if known else ()) if step.startswith(each)), key=len, default=step)


def _year(kept: Mapping[str, Any]) -> dict[str, Any]:
    series = [each["id"] for each in kept["evidence"] if each["kind"] == "series"]
    return {**kept, "name": _text(kept["verdict_name"]) if kept["verdict_name"] else Text("无法判定", "cannot be judged"),
            "margins": [{"label": words.capitalised(measures.get(name).name), **margin} for name, margin in (kept["margins"] or {}).items()],
            "differs_under": bool(kept["differs_under"]), "series": series}


def _flow(kept: Mapping[str, Any]) -> dict[str, Any]:
    whole = kept["value"] is not None
    figure = kept["value"] if whole else kept["partial"]
    source = next((each.name for each in sources.all_sources() if each.id == kept["source"]), Text(kept["source"], kept["source"]))
    return {
        **kept, "label": words.capitalised(measures.get(kept["measure"]).name), "figure": figure, "is_whole": whole,
            "unit": figures.unit_name(kept["unit"]),
        "source_name": source, "cells": [reverse("observation", args=[pk]) for pk in kept["observations"]],
    }


def _text(said: Mapping[str, str]) -> Text:
    return Text(said["zh"], said["en"])


def _in_words(value: Any) -> Any:
    if isinstance(value, bool):
        return here(Text("是", "Yes") if value else Text("否", "No"))
    return value
