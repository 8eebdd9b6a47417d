"""Which tables are audited: every one of the house, or a reason why not."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from kouan.audit import registry
from kouan.audit.checks import check_declarations
from kouan.audit.models import AuditEntry


def test_every_model_of_the_house_is_registered_or_says_why_not() -> None:
    assert [model._meta.label for model in registry.undeclared()] == []
    assert check_declarations() == []


def test_reasons_are_sentences_and_nothing_is_both() -> None:
    audited = {registration.model for registration in registry.registrations()}
    for model, reason in registry.exemptions().items():
        assert len(reason) > 15, model
        assert model not in audited
    assert AuditEntry in registry.exemptions()


def test_every_registration_can_be_resolved() -> None:
    for registration in registry.registrations():
        assert registration.recorded and registration.key in registration.recorded
        assert registration.digested <= set(registration.recorded)
        if registration.bulk:
            assert registration.batch and registration.row_fields
            assert registration.key not in registration.row_fields


def test_passwords_and_personal_fields_of_users_are_digests_only() -> None:
    user = registry.registration_of(apps.get_model("accounts.User")._meta.db_table)
    assert {field.name for field in user.digested} >= {"password", "display_name", "email", "phone"}


def test_many_to_many_tables_come_with_their_model() -> None:
    class Quay(models.Model):
        friends = models.ManyToManyField("self")

        class Meta:
            app_label = "trial"

    try:
        registry.register(Quay)
        assert {"trial_quay", "trial_quay_friends"} <= {found.table for found in registry.registrations()}
    finally:
        registry.forget(Quay)
        for name in list(apps.all_models["trial"]):
            if name.startswith("quay"):
                del apps.all_models["trial"][name]


def test_mistakes_of_a_registering_room() -> None:
    with pytest.raises(ImproperlyConfigured, match="batch_column"):
        registry.register(AuditEntry, bulk=True)
    with pytest.raises(ImproperlyConfigured, match="reason"):
        registry.exempt(AuditEntry, " ")
    wrong = registry.Registration(AuditEntry, exclude=("nothing",))
    with pytest.raises(ImproperlyConfigured, match="no field 'nothing'"):
        _ = wrong.recorded
    with pytest.raises(KeyError):
        registry.registration_of("no_such_table")
