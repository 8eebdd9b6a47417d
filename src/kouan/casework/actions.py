"""What may be done with a case besides its steps: begin it by its form, gather its facts anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from kouan.accounts.action import action
from kouan.basis import EvidenceRef, Finding, Place, Refused, SubjectRef, clock
from kouan.casework.forms import Ask, asks_of
from kouan.casework.gathering import access_rule, gather, mode_of, port_of
from kouan.casework.models import CaseForm, Gathering, TemporaryOpening
from kouan.collection.lineage import record_use
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import Concerns, freeze_facts, open_matter
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import get_matter
from kouan.grading.case_facts import read_case
from kouan.grading.class_two import to_be_cleared
from kouan.grading.queries import digest_of, law_as_of
from kouan.ports.models import Port
from kouan.ports.queries import PortIndex


@action("matters.act")
def begin_case(
    *, actor: Any, procedure: str, title: str, answers: Mapping[str, str], named: Mapping[str, str] | None = None,
    asked: Collection[str] | None = None, on: date | None = None,
) -> Matter:
    """Begin a case by its form, with the facts that the system can gather frozen at once.

    ``answers`` by the names of ``forms.asks_of``. Refused with every answer that is missing or names nothing.
    """
    refuse_secrets(*answers.values())
    read, port = _read(actor, procedure, answers)
    if port is not None:
        concerns = Concerns(SubjectRef.of("port", port.code), port.province_code, port.city_code, port.code)
    else:
        city = str(read.get("city_code") or getattr(actor.organisation, "city_code", ""))
        concerns = Concerns(province_code=_province(actor, read), city_code=city)
    matter = open_matter(actor=actor, procedure=procedure, title=title, concerns=concerns, named=named, asked=asked, on=on)
    CaseForm.objects.create(matter=matter, answers=read)
    return gather_facts(actor=actor, matter=matter.pk, on=on)


@action("matters.act")
def gather_facts(*, actor: Any, matter: int, access_facts: Mapping[str, Any] | None = None, on: date | None = None) -> Matter:
    """Gather the facts of a case anew and freeze them: while it is in draft by its applicant, later by whoever is in turn.

    ``access_facts``: those of the rule of access, as JSON gives them; refused where one cannot be. What was gathered
    before stays on record as an earlier revision.
    """
    held = get_matter(actor, matter)
    form = CaseForm.objects.select_for_update().get_or_create(matter=held)[0]
    day = on or clock.today()
    if access_facts is not None:
        form.access_facts = _access_facts(held, form, access_facts, day)
    found = gather(held, form.answers, form.access_facts, day)
    held = freeze_facts(actor=actor, matter=matter, facts=found.facts, on=on)
    codes = [each["code"] for name in ("port", "target") if (each := found.record.get(name))]
    form.versions = dict(Port.objects.filter(code__in=codes).values_list("code", "version"))
    form.save(update_fields=["access_facts", "versions"])
    content = {"facts": found.facts, "verdict": found.verdict, "record": found.record, "evidence": [each.as_dict() for each in found.evidence]}
    kept = Gathering.objects.create(
        matter=held, revision=held.gatherings.count() + 1, gathered_on=day, digest=digest_of(content), actor_id=actor.pk, **content)
    record_use(EvidenceRef("casework", "gathering", kept.pk, kept.revision), found.evidence)
    return held


# ---- the form ----------------------------------------------------------------------------------------------


def _read(actor: Any, procedure: str, answers: Mapping[str, str]) -> tuple[dict[str, Any], Port | None]:
    findings: list[Finding] = []
    found: dict[str, Any] = {}
    index: PortIndex | None = None
    for ask in asks_of(procedure):
        said = str(answers.get(ask.name, "")).strip()
        if not said:
            if ask.is_required:
                findings.append(_missing(ask))
            continue
        if ask.kind == "port":
            index = index or PortIndex.build(actor)
            port = index.resolve(said, where=Place(field=ask.name))
            if isinstance(port, Finding):
                findings.append(port)
            else:
                found[ask.name] = port.code
        elif ask.kind == "opening":
            row = TemporaryOpening.objects.visible_to(actor).filter(pk=int(said)).first() if said.isascii() and said.isdigit() else None
            if row is None:
                findings.append(_missing(ask))
            else:
                found |= {ask.name: row.pk, "province_code": row.province_code}
                if row.port is not None:
                    found["port"] = row.port.code
        elif ask.kind == "class_two":
            listed = to_be_cleared(actor).filter(code=said).first()
            if listed is None:
                findings.append(_missing(ask))
            else:
                found |= {ask.name: listed.code, "province_code": listed.province_code, "city_code": listed.city_code}
        elif ask.choices is not None and said not in ask.choices:
            findings.append(_missing(ask))
        else:
            found[ask.name] = said[:200]
    if procedure == "opening" and "port" not in found and not findings:
        findings += [_missing(ask) for ask in asks_of(procedure) if ask.name in ("new_name", "new_mode", "new_code") and not found.get(ask.name)]
        if found.get("new_code") and Port.objects.filter(code=found["new_code"]).exists():
            findings.append(Finding.error("port_exists", f"口岸代码“{found['new_code']}”已登记。", f"The code “{found['new_code']}” is registered.",
                                          where=Place(field="new_code"), remedy=("请改选已登记的口岸，或另拟代码。",
                                              "Choose that port, or another code.")))
    if procedure == "temporary_opening" and not ({"port", "place_name"} & found.keys()):
        findings.append(_missing(next(ask for ask in asks_of(procedure) if ask.name == "place_name")))
    if procedure == "merge" and found.get("port") and found.get("port") == found.get("target"):
        findings.append(Finding.error("merge_into_itself", "整合后的口岸不能是被整合的口岸本身。", "A port is not merged into itself.",
                                      where=Place(field="target"), remedy=("请选择另一口岸。", "Choose another port.")))
    if findings:
        raise Refused(findings)
    return found, Port.objects.get(code=found["port"]) if found.get("port") else None


def _missing(ask: Ask) -> Finding:
    return Finding.error("value_required", f"请填写“{ask.label.zh}”。", f"Fill in “{ask.label.en}”.", where=Place(field=ask.name),
                         remedy=(ask.hint.zh or "此项为必填项。", ask.hint.en or "It is required."))


def _province(actor: Any, answers: Mapping[str, Any]) -> str:
    return str(answers.get("province_code") or getattr(actor.organisation, "province_code", ""))


def _access_facts(matter: Matter, form: CaseForm, given: Mapping[str, Any], day: date) -> dict[str, Any]:
    port = port_of(matter)
    rule = access_rule(mode_of(matter, form.answers), port.transport_class if port else None)
    if rule is None or matter.procedure != "opening":
        raise Refused.because("no_access_rule", "本件不适用准入规则，或尚未写明运输方式。", "No rule of access applies, or the mode is not known.",
                              remedy=("请先写明运输方式。", "Say the mode first."))
    law = law_as_of(day)
    _, findings = read_case(given, law.library, rule.facts_read(law.library), day)
    if any(each.is_error for each in findings):
        raise Refused([each for each in findings if each.is_error])
    return _stored(given)


def _stored(value: Any) -> Any:
    """JSON-ready: a number stays a number, whole or as the shortest decimal that gives it back."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: _stored(each) for name, each in value.items()}
    return [_stored(each) for each in value] if isinstance(value, list) else value
