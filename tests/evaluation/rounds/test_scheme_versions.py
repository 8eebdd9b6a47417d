"""Schemes of a year: proposed by one, published by another, refused with reasons, frozen, and read by whom it concerns."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from tests.accounts.factories import (
    a_national_officer,
    a_provincial_officer,
    a_user,
    an_auditor,
    an_enterprise_user,
    an_office,
)
from tests.casework.execution_office import refused
from tests.evaluation.rounds.round_office import CONTENT

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused
from kouan.evaluation import schemes
from kouan.evaluation.rounds.models import SchemeState, SchemeVersion
from kouan.evaluation.rounds.once import WrittenOnce
from kouan.evaluation.rounds.queries import get_scheme, schemes_visible_to
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme, refuse_altered

pytestmark = pytest.mark.django_db


def proposed(actor: Any, year: int = 2025, **known: Any) -> SchemeVersion:
    return propose_scheme(**{"actor": actor, "year": year, "content": CONTENT, "reason": "首版方案"} | known)


def changed(**parts: Any) -> dict[str, Any]:
    content = deepcopy(CONTENT)
    content["scheme"] |= parts
    return content


def test_one_proposes_another_publishes_and_nothing_changes_any_more() -> None:
    officer, leader = a_national_officer(), a_user(Role.NATIONAL_LEADER)
    row = proposed(officer)
    assert (row.year, row.version, row.state, row.is_proposal) == (2025, 1, SchemeState.DRAFT, True)
    with refused("four_eyes"):
        publish_scheme(actor=officer, year=2025, version=1, opinion="同意")
    done = publish_scheme(actor=leader, year=2025, version=1, opinion="同意印发")
    assert (done.state, done.published_by, done.opinion) == (SchemeState.PUBLISHED, leader, "同意印发")
    with refused("scheme_published", Conflict):
        publish_scheme(actor=leader, year=2025, version=1, opinion="再次")
    kept = SchemeVersion.objects.get()
    assert kept.scheme().digest == kept.digest == schemes.get("national-first").digest
    assert len(kept.scheme().indicators) == 69


def test_what_is_written_once_is_changed_by_no_program() -> None:
    row = proposed(a_national_officer())
    row.content = "{}"
    for change in (row.save, lambda: row.save(update_fields=["content"]), row.delete, SchemeVersion.objects.all().delete,
                   lambda: SchemeVersion.objects.update(digest="0")):
        with pytest.raises(WrittenOnce):
            change()
    row.refresh_from_db()
    assert refuse_altered(row).digest == row.digest


def test_content_altered_in_the_database_is_not_published() -> None:
    proposed(a_national_officer())
    content = changed(bands=[{**each, "from": each["from"] / 2} for each in CONTENT["scheme"]["bands"]])
    super(type(SchemeVersion.objects.all()), SchemeVersion.objects.all()).update(content=json.dumps(content))
    with refused("scheme_altered"):
        publish_scheme(actor=a_national_officer(), year=2025, version=1, opinion="同意")
    assert SchemeVersion.objects.get().state == SchemeState.DRAFT


def test_what_the_plan_does_not_allow_is_refused_with_every_reason() -> None:
    officer = a_national_officer()
    parts = {name: said for name, said in CONTENT["scheme"]["parts"].items() if name != "publication"}
    groups = {code: group for code, group in CONTENT["scheme"]["groups"].items() if code != "G10"}
    with pytest.raises(Refused) as error:
        proposed(officer, content=changed(parts=parts, groups=groups))
    said = " ".join(each.message.zh for each in error.value.findings)
    assert len(error.value.findings) > 1 and "G10" in said and all(each.message.en for each in error.value.findings)
    soft = deepcopy(CONTENT)
    for row in soft["catalogue"]:
        row["kind"] = "qual"
    with pytest.raises(Refused):
        proposed(officer, content=soft)
    for known, code in (({"year": 2019}, "year_out_of_range"), ({"reason": " "}, "words_missing"), ({"reason": "长" * 401}, "words_missing")):
        with refused(code):
            proposed(officer, **known)
    assert not SchemeVersion.objects.exists(), "nothing half done"


def test_another_wording_is_the_next_version_and_the_same_is_on_record() -> None:
    officer = a_national_officer()
    proposed(officer)
    with refused("scheme_on_record", Conflict):
        proposed(a_national_officer())
    second = proposed(officer, content=changed(bands=[{**each, "from": each["from"] * 0.9} for each in CONTENT["scheme"]["bands"]]))
    assert (second.version, proposed(officer, year=2026).version) == (2, 1)


def test_the_database_itself_wants_two_people() -> None:
    officer = a_national_officer()
    row = proposed(officer)
    for values in ({"state": "published"}, {"state": "published", "published_by": officer, "published_on": row.proposed_on}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SchemeVersion.objects.filter(pk=row.pk).update(**values)


def test_who_may_and_who_sees() -> None:
    officer, province = a_national_officer(), a_provincial_officer()
    for actor in (province, an_auditor(), an_enterprise_user()):
        with refused("not_allowed", NotAllowed):
            proposed(actor)
    with acting_system("tests") as system, refused("needs_a_person"):
        proposed(system)
    proposed(officer)
    with refused("not_allowed", NotAllowed):
        publish_scheme(actor=province, year=2025, version=1, opinion="同意")
    expert = a_user(Role.EXPERT, an_office(OrganisationKind.EXPERT_PANEL))
    for user in (province, expert, an_enterprise_user()):
        assert not schemes_visible_to(user).exists()
        with pytest.raises(NotFound):
            get_scheme(user, 2025, 1)
    assert AuditEntry.objects.filter(after__contains='"scheme_version"').count() == 3, "the asking leaves a trace"
    with pytest.raises(NotFound):
        get_scheme(officer, 2025)
    publish_scheme(actor=a_national_officer(), year=2025, version=1, opinion="同意")
    assert get_scheme(province, 2025).version == 1
    assert not schemes_visible_to(expert).exists()
    entries = AuditEntry.objects.filter(table_name="rounds_schemeversion")
    assert entries.count() == 2 and not entries.filter(after__contains="pairwise").exists()
