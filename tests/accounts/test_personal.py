"""Personal fields lie encrypted, are found by their index, do not open elsewhere, and are gone for ever with their key."""

from __future__ import annotations

import importlib
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection, transaction
from tests.accounts.factories import a_national_officer, a_user

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role, User
from kouan.accounts.personal import actions, keys, queries
from kouan.accounts.personal.fields import (
    GONE,
    UNREADABLE,
    Sealed,
    encrypt_rows,
    index_of,
    personal_fields,
    personal_models,
)
from kouan.accounts.personal.models import SubjectKey
from kouan.audit.models import AuditEntry
from kouan.basis import NotAllowed, NotFound, Refused

pytestmark = pytest.mark.django_db
EMAIL, PHONE = "Zhang.San@example.cn", "0755-1234 5678"


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    """Keys of this test alone."""
    settings.HOME = type(settings.HOME)(tmp_path)
    return tmp_path


def person(**fields: Any) -> User:
    return a_user(**{"email": EMAIL, "phone": PHONE, "is_active": False} | fields)


def column(user: User, name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM accounts_user WHERE id = %s", [user.pk])
        return str(cursor.fetchone()[0])


def write(user: User, **columns: str) -> None:
    """Past the application, as somebody with the database in hand would."""
    with connection.cursor() as cursor:
        for name, value in columns.items():
            cursor.execute(f"UPDATE accounts_user SET {name} = %s WHERE id = %s", [value, user.pk])


def anew(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_the_column_holds_no_plain_text_and_the_row_reads_as_before(home: Path) -> None:
    user = person()
    for name in ("email", "phone"):
        assert column(user, name).startswith("p1.")
    read = anew(user)
    assert (read.email, read.phone) == (EMAIL, PHONE)
    assert (home / "keys" / "personal" / "master-1.json").stat().st_mode & 0o777 == 0o600
    assert column(person(email="", phone=""), "email") == "", "nothing stays nothing"


def test_nothing_personal_is_in_the_trail_or_anywhere_in_the_database() -> None:
    user = person()
    user.phone = "139 0000 0000"
    user.save()
    said = "".join(f"{each.before or ''}{each.after or ''}" for each in AuditEntry.objects.all())
    assert "digest:" in said
    assert user.email_index
    for secret in (EMAIL, PHONE, "139 0000 0000", EMAIL.casefold(), user.email_index, SubjectKey.objects.get().wrapped):
        assert secret not in said


def test_the_same_value_is_not_encrypted_anew_and_an_unread_one_not_opened() -> None:
    user = person()
    before = column(user, "email"), column(user, "phone")
    user.display_name = "李四"
    user.save()
    again = anew(user)
    again.save()  # nothing was read
    read = anew(user)
    assert read.email
    read.save()
    assert (column(user, "email"), column(user, "phone")) == before
    read.email = "other@example.cn"
    read.save(update_fields=["email"])
    assert column(user, "email") != before[0]
    assert User.objects.get(email_index=index_of(User, "email", "OTHER@example.cn")) == user, "the index follows"


def test_two_persons_with_one_address_have_different_ciphertexts_and_one_index() -> None:
    one, other = person(), person()
    assert column(one, "email") != column(other, "email")
    assert set(User.objects.filter(email_index=index_of(User, "email", "  ＺHANG.san@EXAMPLE.cn "))) == {one, other}
    assert not User.objects.filter(email_index=index_of(User, "email", "zhang.san@example.com")).exists()
    assert index_of(User, "email", " ") == ""
    assert index_of(User, "email", EMAIL) != index_of(User, "phone", EMAIL), "bound to its column"


def test_a_ciphertext_moved_or_altered_does_not_open() -> None:
    one, other = person(), person(email="b@example.cn", phone="1")
    write(one, email=column(other, "email"))
    assert anew(one).email == UNREADABLE
    write(one, email=column(one, "phone"))
    assert anew(one).email == UNREADABLE
    held = column(other, "phone")
    write(other, phone=held[:-6] + ("A" if held[-6] != "A" else "B") + held[-5:])
    assert anew(other).phone == UNREADABLE
    write(other, email="clear@example.cn")
    found = {each.where.path for each in queries.unreadable()}
    assert found == {f"accounts_user/{one.pk}/email", f"accounts_user/{other.pk}/phone", f"accounts_user/{other.pk}/email"}


def test_what_does_not_open_is_not_overwritten_by_saving_the_row() -> None:
    user = person()
    held = column(user, "email")
    write(user, email=held[:-6] + ("A" if held[-6] != "A" else "B") + held[-5:])
    damaged = column(user, "email")
    read = anew(user)
    assert read.email == UNREADABLE
    index = read.email_index
    read.save()
    assert (column(user, "email"), anew(user).email_index) == (damaged, index)


def test_the_code_cannot_search_or_write_past_the_field() -> None:
    person()
    for ask in ({"email": EMAIL}, {"email__iexact": EMAIL}, {"phone__contains": "075"}, {"phone__startswith": "p1"}, {"email__in": [EMAIL]}):
        with pytest.raises(FieldError):
            list(User.objects.filter(**ask))
    with pytest.raises(FieldError), transaction.atomic():
        User.objects.update(phone="1")
    assert User.objects.exclude(email="").count() == 1
    assert all(isinstance(each, Sealed) for each in User.objects.values_list("email", flat=True)), "a list of values shows no plain text either"


def test_a_destroyed_person_cannot_be_read_again_by_anybody(home: Path) -> None:
    user, other = person(), person(email="b@example.cn")
    assert user.personal_subject
    with connection.cursor() as cursor:
        cursor.execute("SELECT wrapped FROM personal_subjectkey WHERE subject = %s", [
            user.personal_subject if connection.vendor == "postgresql" else user.personal_subject.hex])
        backed_up = cursor.fetchone()[0]
    with acting_system("test") as system:
        actions.destroy(actor=system, subject=user.personal_subject, why="本人申请删除")
        actions.destroy(actor=system, subject=user.personal_subject, why="再一次")
    gone = anew(user)
    assert (gone.email, gone.phone, gone.email_index) == (GONE, GONE, "")
    assert anew(other).email == "b@example.cn"
    gone.display_name = "某人"
    gone.save()
    assert anew(user).email == GONE, "saving the row does not write the marker as an address"
    assert not User.objects.filter(email_index=index_of(User, "email", EMAIL)).exists()
    gone.phone = "123"
    with pytest.raises(Refused) as caught, transaction.atomic():
        gone.save()
    assert caught.value.findings[0].code == "personal_subject_destroyed"
    # A backup of the database brings the wrapped key back: the home remembers.
    SubjectKey.objects.filter(subject=user.personal_subject).update(wrapped=backed_up, destroyed_at=None)
    assert anew(user).email == GONE
    assert "personal_destroyed_is_back" in {each.code for each in queries.faults()}
    assert [json.loads(each)["subject"] for each in keys.tombstones().read_text().splitlines()] == [str(user.personal_subject)]


def test_who_may_destroy_and_whom() -> None:
    user = person(is_active=True)
    assert user.personal_subject
    with acting_system("test") as system:
        with pytest.raises(Refused) as caught:
            actions.destroy(actor=system, subject=user.personal_subject, why="本人申请")
        assert caught.value.findings[0].code == "personal_still_active"
        with pytest.raises(NotFound):
            actions.destroy(actor=system, subject=uuid.uuid4(), why="本人申请")
        with pytest.raises(Refused):
            actions.destroy(actor=system, subject=user.personal_subject, why=" ")
    for stranger in (a_national_officer(), a_user(Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            actions.destroy(actor=stranger, subject=user.personal_subject, why="本人申请")
        with pytest.raises(NotAllowed):
            actions.new_master(actor=stranger)


def test_rotation_wraps_anew_and_moves_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [person(email=f"{number}@example.cn") for number in range(5)]
    before = [column(each, "email") for each in people]
    monkeypatch.setattr(actions, "BATCH", 2)
    with acting_system("test") as system:
        # Cut short after the first batch, then taken up again.
        actions._rewrap(actor=system, number=actions.new_master(actor=system))
        assert actions.rotate(actor=system, again=True) == {"master": 2, "rewrapped": 3}
        assert actions.forget_old(actor=system) == [1]
    assert list(keys.masters()) == [2]
    assert [column(each, "email") for each in people] == before
    assert [anew(each).email for each in people] == [f"{number}@example.cn" for number in range(5)]
    assert queries.unreadable() == []


def test_a_secret_guards_the_next_master(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KOUAN_KEY_SECRET", raising=False)
    user = person()
    assert "personal_key_in_clear" in {each.code for each in queries.faults()}
    monkeypatch.setenv("KOUAN_KEY_SECRET", "sixteen characters or more")
    with acting_system("test") as system:
        actions.rotate(actor=system)
        actions.forget_old(actor=system)
    assert queries.faults() == []
    assert anew(user).email == EMAIL
    monkeypatch.setenv("KOUAN_KEY_SECRET", "another secret altogether")
    with pytest.raises(Refused) as caught:
        assert anew(user).email
    assert caught.value.findings[0].code == "key_secret_wrong"


def test_a_lost_key_file_is_never_replaced_by_a_new_one(home: Path) -> None:
    user = person()
    kept = (home / "keys" / "personal" / "master-1.json")
    content = kept.read_bytes()
    kept.unlink()
    with pytest.raises(Refused), transaction.atomic():
        person()
    assert not kept.exists()
    assert "personal_key_missing" in {each.code for each in queries.faults()}
    kept.write_bytes(content)
    assert anew(user).email == EMAIL
    (home / "keys" / "personal" / "index.json").unlink()
    with pytest.raises(Refused):
        index_of(User, "email", EMAIL)


@pytest.mark.parametrize(("module", "number"), [
    ("kouan.accounts", 4), ("kouan.monitoring.emergencies", 3), ("kouan.monitoring.imagery", 3), ("kouan.casework.bottlenecks", 3)])
def test_the_migration_seals_every_personal_column_of_its_model(module: str, number: int) -> None:
    found = importlib.import_module(f"{module}.migrations.{number:04d}_encrypt_personal_fields")
    assert found.Migration.operations
    models = [each for each in personal_models() if each.__module__.startswith(f"{module}.models")]
    assert len(models) == 1
    assert personal_fields(models[0])


def test_what_an_older_release_left_in_clear_is_sealed() -> None:
    from django.apps import apps

    user = person()
    write(user, email="Old@example.cn", phone="1", email_index="", personal_subject=user.personal_subject.hex if user.personal_subject else "")
    assert anew(user).email == "Old@example.cn"
    encrypt_rows("accounts", "User", ("email", "phone"))(apps, connection.schema_editor())
    assert column(user, "email").startswith("p1.")
    assert anew(user).email == "Old@example.cn"
    assert User.objects.get(email_index=index_of(User, "email", "old@example.cn")) == user
    sealed = column(user, "email")
    encrypt_rows("accounts", "User", ("email", "phone"))(apps, connection.schema_editor())
    assert column(user, "email") == sealed, "a second time changes nothing"
