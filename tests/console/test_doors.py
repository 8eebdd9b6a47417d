"""Coming in and going out: sign-in, lock-out, next, language, forgotten passwords, expired sessions."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client, override_settings

from accounts.factories import PASSWORD, a_user
from kouan.accounts import actions
from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
MEMORY = override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")


def events(kind: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(kind="E", note=kind))


def test_a_visitor_is_asked_to_sign_in_and_comes_back():
    answer = Client().get("/ports?province=44")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in?next=%2Fports%3Fprovince%3D44"
    client = Client()
    user = a_user()
    answer = client.post("/sign-in", {"username": user.username, "password": PASSWORD, "next": "/ports?province=44"})
    assert answer["Location"] == "/ports?province=44"
    assert events("sign_in")


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http:evil"])
def test_next_leads_nowhere_else(address):
    user = a_user()
    answer = Client().post("/sign-in", {"username": user.username, "password": PASSWORD, "next": address})
    assert "evil" not in answer["Location"]
    assert "javascript" not in answer["Location"]


def test_a_wrong_password_and_an_unknown_name_are_answered_alike():
    user = a_user()
    one = Client().post("/sign-in", {"username": user.username, "password": "no"}).content.decode()
    other = Client().post("/sign-in", {"username": "nobody-here", "password": "no"}).content.decode()
    assert "登录名或密码不正确" in one
    assert re.sub(r'value="[^"]*"|hx-headers=.*?>', "", one) == re.sub(r'value="[^"]*"|hx-headers=.*?>', "", other)


def test_five_failures_lock_the_name():
    user, client = a_user(), Client()
    for _ in range(4):
        assert client.post("/sign-in", {"username": user.username, "password": "no"}).status_code == 422
    locked = client.post("/sign-in", {"username": user.username, "password": "no"})
    assert locked.status_code == 429
    assert "15分钟" in locked.content.decode()
    assert client.post("/sign-in", {"username": user.username, "password": PASSWORD}).status_code == 429
    other = a_user()
    assert client.post("/sign-in", {"username": other.username, "password": PASSWORD}).status_code == 302


def test_signing_out_needs_a_post(open_as, officer):
    client = open_as(officer)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 302
    assert client.get("/account").status_code == 302


def test_a_script_whose_session_has_ended_is_told_where_to_go():
    answer = Client().post("/organisations/add", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/organisations/add"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/sign-in?next=%2Forganisations%2Fadd"
    answer = Client().post("/organisations/add", headers={"Referer": "http://testserver/organisations/add?x=1"})
    assert answer["Location"] == "/sign-in?next=%2Forganisations%2Fadd%3Fx%3D1"
    answer = Client().post("/organisations/add", headers={"Referer": "https://evil.example/x"})
    assert "evil" not in answer["Location"]


def test_demonstration_sign_ins_are_listed_only_in_debug_mode():
    with override_settings(DEBUG=True), acting_system("setup") as system:
        actions.make_demonstration_users(actor=system)
    with override_settings(DEBUG=True):
        page = Client().get("/sign-in").content.decode()
        assert "luohu-bianjian" in page
        assert page.count('name="username" value="') >= 8
        assert Client().post("/sign-in", {"username": "guojia", "password": "kouan-demo"}).status_code == 302
    page = Client().get("/sign-in").content.decode()
    assert "luohu-bianjian" not in page
    assert "kouan-demo" not in page
    assert Client().post("/sign-in", {"username": "guojia", "password": "kouan-demo"}).status_code == 422


def test_an_initial_password_must_be_changed_first():
    user = a_user(must_change_password=True)
    client = Client()
    client.post("/sign-in", {"username": user.username, "password": PASSWORD})
    assert client.get("/account")["Location"] == "/account/password"
    assert "初始密码" in client.get("/account/password").content.decode()
    answer = client.post("/account/password", {"old": PASSWORD, "new": "another-Long-1", "again": "another-Long-2"})
    assert answer.status_code == 422
    assert "两次输入" in answer.content.decode()
    answer = client.post("/account/password", {"old": PASSWORD, "new": "another-Long-1", "again": "another-Long-1"})
    assert answer.status_code == 302
    assert client.get("/account").status_code == 200


# ---- language --------------------------------------------------------------------------------------


def test_pages_are_chinese_unless_asked_and_never_by_the_browsers_wish(open_as, officer):
    assert 'lang="zh-CN"' in Client(headers={"Accept-Language": "en"}).get("/sign-in").content.decode()
    client = open_as(officer)
    answer = client.post("/language", {"language": "en", "next": "/account"})
    assert answer["Location"] == "/account"
    page = client.get("/account").content.decode()
    assert "My account" in page
    assert 'lang="en"' in page
    assert User.objects.get(pk=officer.pk).language == "en"
    client.post("/language", {"language": "xx"})
    assert "My account" in client.get("/account").content.decode()


def test_the_profile_gives_the_language_to_a_new_browser():
    user = a_user(language="en")
    client = Client()
    client.post("/sign-in", {"username": user.username, "password": PASSWORD})
    assert "My account" in client.get("/account").content.decode()


# ---- forgotten passwords ---------------------------------------------------------------------------


@MEMORY
def test_a_link_is_sent_and_serves_once():
    user = a_user(email="zhang@example.cn")
    answer = Client().post("/password/forgotten", {"username": "zhang@example.cn"})
    assert answer.status_code == 200
    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["zhang@example.cn"]
    address = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]
    client = Client()
    assert client.get(address).status_code == 200
    assert client.post(address, {"new": "short", "again": "short"}).status_code == 422
    assert client.post(address, {"new": "brand-New-pass-8", "again": "brand-New-pass-8"}).status_code == 200
    assert client.get(address).status_code == 410
    assert Client().post("/sign-in", {"username": user.username, "password": "brand-New-pass-8"}).status_code == 302


@MEMORY
def test_an_unknown_address_gets_the_same_answer_and_no_mail():
    user = a_user(email="")
    pages = [
        re.sub(r"hx-headers=.*?>|value=\"[^\"]*\"", "", Client().post("/password/forgotten", {"username": name}).content.decode())
        for name in ("nobody@example.cn", user.username, "nobody")
    ]
    assert len(set(pages)) == 1
    assert mail.outbox == []


@MEMORY
def test_a_link_ends_after_an_hour_and_is_not_guessed():
    a_user(email="li@example.cn", username="li-si")
    Client().post("/password/forgotten", {"username": "li-si"})
    address = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]
    assert Client().get(address[:-1] + ("a" if address[-1] != "a" else "b")).status_code == 410
    assert Client().get("/password/choose/!!/x-y").status_code == 410
    with override_settings(PASSWORD_RESET_TIMEOUT=-1):
        assert Client().get(address).status_code == 410


# ---- faults ----------------------------------------------------------------------------------------


def test_faults_are_pages_of_ours_in_both_languages(open_as, officer, guangdong):
    client = open_as(officer)
    assert "没有找到" in client.get("/no-such-page").content.decode()
    assert client.get("/users").status_code == 403
    assert "无权" in client.get("/users").content.decode()
    assert events("refused")
    client.post("/language", {"language": "en"})
    assert "There is no such page" in client.get("/no-such-page").content.decode()
    assert "Not allowed" in client.get("/users").content.decode()


def test_a_forged_form_is_refused_in_words():
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/sign-in", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "表单已失效" in answer.content.decode()


def test_pages_carry_the_content_policy():
    policy = Client().get("/sign-in")["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


@override_settings(IS_EXERCISE=True)
def test_every_page_of_the_exercise_is_marked(open_as, officer):
    page = open_as(officer).get("/account").content.decode()
    assert "exercise-water" in page
    assert "【演练】" in page
    assert "演练数据" in page


def test_a_failed_sign_in_stays_in_the_trail_without_the_name() -> None:
    Client().post("/sign-in", {"username": "Nobody-Here", "password": "no"}, REMOTE_ADDR="10.9.8.7")
    entry = AuditEntry.objects.filter(note="sign_in_failed").latest("pk")
    assert "10.9.8.7" in str(entry.after) and "nobody-here" not in str(entry.after).lower()
    assert entry.actor_id is None
