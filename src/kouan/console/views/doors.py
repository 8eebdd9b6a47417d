"""Coming in and going out: sign-in, sign-out, forgotten passwords, language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kouan.accounts import actions, queries, second_factor, sessions
from kouan.accounts.backends import SignInBackend
from kouan.accounts.models import User
from kouan.accounts.passwords import LONGEST
from kouan.accounts.personal.fields import index_of
from kouan.accounts.sealing import keyed_digest
from kouan.audit.actions import record_event
from kouan.basis import Finding, Place, Refused, Text
from kouan.console.navigation import addresses_for
from kouan.console.page import safe_next
from kouan.console.rates import forget, too_many
from kouan.console.views.second_factor import ask_for_code, come_in

MAIL_SUBJECT = Text("口岸综合管理系统：重设密码", "Kouan: choose a new password")
MAIL_BODY = Text(
    "{name}：\n\n有人为登录名“{username}”申请重设密码。如果是您本人，请在一小时内打开以下网址：\n\n{address}\n\n"
    "如果不是您本人，请忽略本邮件，密码不会改变。\n",
    "{name},\n\nsomeone asked for a new password for the sign-in name “{username}”. If it was you, open this address "
    "within an hour:\n\n{address}\n\nIf it was not you, do nothing: your password stays as it is.\n",
)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first page of whoever is signed in."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("sign-in")
    return redirect(first_page_of(user))


def first_page_of(user: Any) -> str:
    """The first entry of one's menu (the panorama, for most), else one's own page."""
    return next(addresses_for(user), reverse("account"))


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password. Five failures lock the name at that address for a quarter of an hour (django-axes)."""
    following = safe_next(request, "")
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(following or reverse("home"))
        return _sign_in_page(request, following, [])
    username = request.POST.get("username", "").strip()[:64]
    password = request.POST.get("password", "")[: LONGEST + 1]
    missing = [
        Finding.error("missing", zh, en, where=Place(field=field))
        for field, value, zh, en in (
            ("username", username, "请输入登录名。", "Enter your sign-in name."),
            ("password", password, "请输入密码。", "Enter your password."),
        )
        if not value
    ]
    if missing:
        return _sign_in_page(request, following, missing, username)
    if too_many(request):
        return _sign_in_page(request, following, [Finding.error(
            "sign_in_rate", "本地址登录尝试过于频繁，请稍后再试。", "Too many sign-in attempts from this address.",
            remedy=("请一分钟后重试；多人共用出口地址的，请系统管理员调高上限。",
                    "Try again in a minute; where many share an address, ask for a higher limit."),
        )], username, 429)
    user: Any = authenticate(request, username=username, password=password)
    if user is None:
        # The counters of the lock are forgotten with the next success; the trail is not.
        record_event("sign_in_failed", payload={"name": keyed_digest(username.lower()), "address": request.META.get("REMOTE_ADDR", "")[:45]})
        return _sign_in_page(request, following, [Finding.error(
            "sign_in_failed", "登录名或密码不正确。", "The sign-in name or the password is not right.",
            where=Place(field="username"),
            remedy=("请检查大小写后重试；连续5次错误将锁定15分钟。忘记密码可在下方重设。",
                    "Check capitals and try again; five failures lock the name for 15 minutes. A forgotten password can be renewed below."),
        )], username)
    forget(request)
    if second_factor.factor_of(user) is not None:
        return ask_for_code(request, user, following or first_page_of(user))
    come_in(request, user)
    response = redirect(following or first_page_of(user))
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        _keep_language(response, user.language)
    return response


def _sign_in_page(request: HttpRequest, following: str, findings: list[Finding], username: str = "", status: int = 422) -> HttpResponse:
    return render(request, "console/accounts/sign_in.html", {
        "next": following, "findings": findings, "username": username,
        "demonstration": queries.demonstration_users(), "demonstration_password": actions.DEMONSTRATION_PASSWORD,
    }, status=status if findings else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; drafts in this browser are removed by drafts.js."""
    user: Any = request.user
    if user.is_authenticated:
        record_event("sign_out", actor_id=user.pk)
        sessions.session_ended(request.session.session_key, "signed_out")
    logout(request)
    response = redirect("sign-in")
    # Drafts too, where the script did not get to it (drafts.js); browsers heed it over HTTPS only.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Change the language of the pages: the cookie for this browser, the profile for the user."""
    language = request.POST.get("language", "")
    response = redirect(safe_next(request, reverse("home")))
    if language in dict(settings.LANGUAGES):
        user: Any = request.user
        if user.is_authenticated and user.language != language:
            actions.set_language(actor=user, language=language)
        _keep_language(response, language)
    return response


def _keep_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by e-mail. The answer is the same whether or not the name is known."""
    if request.method != "POST":
        return render(request, "console/accounts/forgotten.html")
    name = request.POST.get("username", "").strip()[:254]
    if not name:
        findings = [Finding.error("missing", "请输入登录名或电子邮箱。", "Enter your sign-in name or e-mail address.",
                                  where=Place(field="username"))]
        return render(request, "console/accounts/forgotten.html", {"findings": findings}, status=422)
    for user in _users_known_as(name):
        _send_link(request, user)
    return render(request, "console/accounts/forgotten_sent.html")


def _users_known_as(name: str) -> list[User]:
    """Active users with an address, by sign-in name or e-mail; no demonstration users."""
    known = {"email_index": index_of(User, "email", name)} if "@" in name else {"username__iexact": name}
    found = User.objects.select_related("organisation").filter(**known, is_demonstration=False).exclude(email="")
    return [user for user in found[:5] if SignInBackend.may_sign_in(user)]


def _send_link(request: HttpRequest, user: User) -> None:
    address = request.build_absolute_uri(reverse("choose-password", args=[
        urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user),
    ]))
    language = "en" if user.language == "en" else "zh"
    body = MAIL_BODY.in_language(language).format(name=user.display_name, username=user.username, address=address)
    send_mail(MAIL_SUBJECT.in_language(language), body, None, [user.email])
    record_event("password_link_sent", payload={"user": user.pk})


@sensitive_post_parameters("new", "again")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """The page behind the link of the e-mail: valid for an hour and for one use."""
    user = _user_of(uid)
    if user is None or not default_token_generator.check_token(user, token):
        return render(request, "console/accounts/link_ended.html", status=410)
    findings: list[Finding] = []
    if request.method == "POST":
        new, again = request.POST.get("new", "")[: LONGEST + 1], request.POST.get("again", "")[: LONGEST + 1]
        if new != again:
            findings = [not_the_same()]
        else:
            try:
                actions.choose_password(actor=user, new=new)
            except Refused as error:
                findings = error.findings
        if not findings:
            return render(request, "console/accounts/password_chosen.html")
    return render(request, "console/accounts/choose_password.html", {"findings": findings, "chooser": user},
                  status=422 if findings else 200)


def not_the_same() -> Finding:
    """Two fields that should hold the same password do not."""
    return Finding.error("passwords_differ", "两次输入的新密码不一致。", "The two new passwords are not the same.",
                         where=Place(field="again"), remedy=("请重新输入。", "Type it again."))


def _user_of(uid: str) -> User | None:
    try:
        key = int(urlsafe_base64_decode(uid).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    user = User.objects.select_related("organisation").filter(pk=key).first()
    return user if user is not None and SignInBackend.may_sign_in(user) and not user.is_demonstration else None


urlpatterns = [
    path("home", home, name="home"),
    path("sign-in", sign_in, name="sign-in"),
    path("sign-out", sign_out, name="sign-out"),
    path("language", set_language, name="set-language"),
    path("password/forgotten", forgotten, name="forgotten-password"),
    path("password/choose/<str:uid>/<str:token>", choose_password, name="choose-password"),
]
