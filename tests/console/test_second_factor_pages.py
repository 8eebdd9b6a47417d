"""Signing in with two factors through the pages; sessions that end; passwords that do not come back; rates."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

import pyotp
import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from accounts.factories import PASSWORD, a_national_officer, a_user, an_administrator
from kouan.accounts import actions, passwords, second_factor, sessions
from kouan.accounts.models import FormerPassword, SignInSession, User
from kouan.audit.models import AuditEntry
from kouan.basis import Refused, clock

pytestmark = pytest.mark.django_db
REQUIRED = override_settings(KOUAN_SECOND_FACTOR=frozenset({"national_officer"}))


def sign_in(user: User, client: Client | None = None, **more: str) -> tuple[Client, object]:
    client = client or Client()
    return client, client.post("/sign-in", {"username": user.username, "password": PASSWORD, **more})


def factor(user: User) -> tuple[str, list[str]]:
    secret = second_factor.begin_second_factor(actor=user)
    with clock.travel_to(clock.now() - timedelta(minutes=5)):
        return secret, second_factor.confirm_second_factor(actor=user, code=pyotp.TOTP(secret).at(clock.now()))


def test_the_password_alone_lets_nobody_in_who_has_a_factor() -> None:
    user = a_national_officer()
    secret, codes = factor(user)
    client, answer = sign_in(user, next="/ports")
    assert answer["Location"] == "/sign-in/code"
    assert client.get("/ports")["Location"].startswith("/sign-in?")
    assert client.post("/sign-in/code", {"code": "12"}).status_code == 422
    answer = client.post("/sign-in/code", {"code": pyotp.TOTP(secret).now()})
    assert answer["Location"] == "/ports"
    assert client.get("/ports").status_code == 200
    other, _ = sign_in(user)
    assert other.post("/sign-in/code", {"code": pyotp.TOTP(secret).now()}).status_code == 422
    assert other.post("/sign-in/code", {"code": codes[3]}).status_code == 302
    assert other.get("/account").status_code == 200
    assert AuditEntry.objects.filter(note="recovery_code_used", actor_id=user.pk).count() == 1
    assert Client().get("/sign-in/code")["Location"] == "/sign-in"


def test_wrong_codes_lock_like_wrong_passwords() -> None:
    user = a_national_officer()
    secret, _ = factor(user)
    client, _ = sign_in(user)
    answers = [client.post("/sign-in/code", {"code": "abc"}).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 429]
    client, answer = sign_in(user)
    assert answer.status_code == 429
    assert AuditEntry.objects.filter(note="second_factor_failed", actor_id=user.pk).count() == 5
    assert secret


@REQUIRED
def test_who_must_have_a_factor_reaches_nothing_before_it_is_set() -> None:
    user = a_national_officer()
    client, _ = sign_in(user)
    assert client.get("/ports")["Location"] == "/account/second-factor"
    assert client.get("/api/v1/ports").status_code == 403
    page = client.get("/account/second-factor").content.decode()
    assert "设置后才能继续" in page
    client.post("/account/second-factor", {"deed": "begin"})
    page = client.get("/account/second-factor").content.decode()
    secret = second_factor.secret_begun(user)
    assert secret and secret in page.replace(" ", "") and "data:image/svg+xml" in page
    assert client.post("/account/second-factor", {"deed": "confirm", "code": "000"}).status_code == 422
    page = client.post("/account/second-factor", {"deed": "confirm", "code": pyotp.TOTP(secret).now()}).content.decode()
    assert len(re.findall(r"<code>[a-z2-9]{5}-[a-z2-9]{5}</code>", page)) == 10
    assert "<code>" not in client.get("/account/second-factor").content.decode()
    assert client.get("/ports").status_code == 200
    assert client.get("/api/v1/ports").status_code == 200


def test_the_administrators_page_resets_it(open_as, administrator) -> None:
    user = a_national_officer()
    factor(user)
    client = open_as(administrator)
    assert client.post(f"/users/{user.pk}", {"deed": "second-factor", "reason": ""}).status_code == 422
    assert client.post(f"/users/{user.pk}", {"deed": "second-factor", "reason": "手机遗失"}).status_code == 302
    assert second_factor.factor_of(user) is None


# ---- sessions --------------------------------------------------------------------------------------


def test_an_idle_session_and_a_long_one_end() -> None:
    user = a_user()
    client, _ = sign_in(user)
    start = clock.now()
    with clock.travel_to(start + timedelta(minutes=59)):
        assert client.get("/account").status_code == 200
    with clock.travel_to(start + timedelta(minutes=118)):
        assert client.get("/account").status_code == 200
    with clock.travel_to(start + timedelta(minutes=180)):
        assert client.get("/account").status_code == 302
    assert list(SignInSession.objects.filter(user=user).values_list("ended_by", flat=True)) == ["idle"]
    client, _ = sign_in(user)
    for minutes in range(0, 9 * 60, 50):
        with clock.travel_to(start + timedelta(minutes=minutes)):
            status = client.get("/account").status_code
    assert status == 302
    assert "long" in SignInSession.objects.filter(user=user).values_list("ended_by", flat=True)


@override_settings(KOUAN_SESSIONS_PER_USER=2)
def test_one_session_too_many_ends_the_oldest() -> None:
    user = a_user()
    clients = [sign_in(user)[0] for _ in range(3)]
    assert [each.get("/account").status_code for each in clients] == [302, 200, 200]


def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses() -> None:
    user, other = a_user(), a_user()
    (first, _), (second, _), (foreign, _) = sign_in(user), sign_in(user), sign_in(other)
    page = first.get("/account/sessions").content.decode()
    assert page.count('name="number"') == 1
    theirs = sessions.running(other)[0]
    assert first.post("/account/sessions", {"number": theirs.pk}).status_code == 404
    assert foreign.get("/account").status_code == 200
    held = next(each for each in sessions.running(user) if each.session_key == second.session.session_key)
    assert first.post("/account/sessions", {"number": held.pk}).status_code == 302
    assert second.get("/account").status_code == 302
    third, _ = sign_in(user)
    assert first.post("/account/sessions", {"deed": "others"}).status_code == 302
    assert third.get("/account").status_code == 302
    assert first.get("/account").status_code == 200


def test_a_new_password_signs_out_everywhere_else() -> None:
    user = a_user()
    (first, _), (second, _) = sign_in(user), sign_in(user)
    first.post("/account/password", {"old": PASSWORD, "new": "another-Long-1", "again": "another-Long-1"})
    assert first.get("/account").status_code == 200
    assert second.get("/account").status_code == 302
    assert len(sessions.running(user)) == 1


# ---- passwords -------------------------------------------------------------------------------------


def test_the_last_five_passwords_do_not_come_back() -> None:
    user = a_user()
    said = [PASSWORD, *(f"brand-New-pass-{number}" for number in range(6))]
    for old, new in pairwise(said):
        actions.change_password(actor=user, old=old, new=new)
        with pytest.raises(Refused):
            actions.change_password(actor=user, old=new, new=old)
    with pytest.raises(Refused, match="最近用过"):
        actions.change_password(actor=user, old=said[-1], new=said[-5])
    actions.change_password(actor=user, old=said[-1], new=said[0])
    assert FormerPassword.objects.filter(user=user).count() == 4


def test_an_old_password_must_be_changed_at_the_next_sign_in() -> None:
    user = a_user()
    with override_settings(KOUAN_PASSWORD_DAYS=90):
        User.objects.filter(pk=user.pk).update(password_changed_at=clock.now() - timedelta(days=91))
        client, _ = sign_in(user)
        assert client.get("/account")["Location"] == "/account/password"


def test_common_passwords_and_those_of_the_operators_list_are_refused(tmp_path) -> None:
    user = a_user()
    assert passwords.findings_of_password("1q2w3e4r5t6y", user, field="new")
    listed = tmp_path / "list.txt"
    listed.write_text("Quiet-Heron-1949\n", encoding="utf-8")
    good = passwords.findings_of_password("quiet-heron-1949", user, field="new")
    assert good == []
    with override_settings(AUTH_PASSWORD_VALIDATORS=[{"NAME": "kouan.accounts.passwords.OperatorsList", "OPTIONS": {"path": str(listed)}}]):
        assert passwords.findings_of_password("quiet-heron-1949", user, field="new")


# ---- rates -----------------------------------------------------------------------------------------


def test_one_address_cannot_try_name_after_name() -> None:
    cache.clear()
    with override_settings(KOUAN_SIGN_IN_RATE="3/m"):
        answers = [Client().post("/sign-in", {"username": f"nobody{number}", "password": "no"}).status_code for number in range(5)]
        elsewhere = Client(REMOTE_ADDR="10.0.0.9").post("/sign-in", {"username": "nobody", "password": "no"}).status_code
    assert answers == [422, 422, 422, 429, 429]
    assert elsewhere == 422
    cache.clear()


def test_one_user_cannot_take_out_file_after_file(open_as) -> None:
    cache.clear()
    client = open_as(an_administrator())
    with override_settings(KOUAN_EXPORT_RATE="2/m"):
        answers = [client.get("/users?format=csv").status_code for _ in range(3)]
    assert answers == [200, 200, 422]
    cache.clear()
