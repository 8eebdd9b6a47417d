"""Second factor and sessions: the code at sign-in, setting one up, recovery codes, where one is signed in."""

from __future__ import annotations

from typing import Any

import segno
from axes.handlers.proxy import AxesProxyHandler
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from kouan.accounts import actions, passwords, second_factor, sessions
from kouan.accounts.backends import SignInBackend
from kouan.accounts.models import User
from kouan.audit.actions import record_event
from kouan.basis import Finding, Refused, Text, clock
from kouan.console.page import page, safe_next
from kouan.console.words import here

# Between the password and the code: whose password was right, and until when the code may be typed.
_WAITING = "second_factor_waits"
_SECONDS = 300
BACKEND = "kouan.accounts.backends.SignInBackend"


def ask_for_code(request: HttpRequest, user: User, following: str) -> HttpResponse:
    """The password was right: the code is asked for next. Nobody is signed in yet."""
    request.session.cycle_key()
    request.session[_WAITING] = {"user": user.pk, "until": clock.now().timestamp() + _SECONDS, "next": following}
    return redirect("second-factor-code")


def come_in(request: HttpRequest, user: User) -> None:
    """Sign somebody in whose factors are all proved; the session is counted and noted."""
    login(request, user, BACKEND)
    sessions.session_began(user, request.session, address=request.META.get("REMOTE_ADDR", ""), browser=request.headers.get("User-Agent", ""))
    if passwords.is_too_old(user) and not user.must_change_password:
        actions.expire_password(actor=user)
    if second_factor.is_owed(user):
        request.session["second_factor_owed"] = True
    record_event("sign_in", actor_id=user.pk, payload={"second_factor": second_factor.factor_of(user) is not None})


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in; failures count for the lock like wrong passwords."""
    waiting = request.session.get(_WAITING)
    user = _waiting_user(waiting)
    if user is None or waiting is None:
        return redirect("sign-in")
    findings: list[Finding] = []
    if request.method == "POST":
        known = {"username": user.username}
        if not AxesProxyHandler.is_allowed(request, known):
            return render(request, "console/accounts/locked.html", status=429)
        try:
            second_factor.prove_second_factor(actor=user, code=request.POST.get("code", "")[:40])
        except Refused as error:
            findings = error.findings
            record_event("second_factor_failed", actor_id=user.pk)
            user_login_failed.send(sender=__name__, credentials=known, request=request)
            if not AxesProxyHandler.is_allowed(request, known):
                request.session.flush()
                return render(request, "console/accounts/locked.html", status=429)
        else:
            following = waiting["next"]
            del request.session[_WAITING]
            come_in(request, user)
            return redirect(following or reverse("home"))
    return render(request, "console/accounts/second_factor_code.html", {"findings": findings}, status=422 if findings else 200)


def _waiting_user(waiting: Any) -> User | None:
    if not waiting or clock.now().timestamp() > waiting["until"]:
        return None
    user = User.objects.select_related("organisation").filter(pk=waiting["user"]).first()
    return user if user is not None and SignInBackend.may_sign_in(user) else None


@sensitive_post_parameters("code")
@never_cache
@page(None, methods=("GET", "HEAD", "POST"), before_second_factor=True)
def set_up(request: HttpRequest) -> HttpResponse:
    """Set up, renew recovery codes, end. Codes are shown on the answer to the form that made them, and never again."""
    user: Any = request.user
    findings: list[Finding] = []
    recovery: list[str] = []
    if request.method == "POST":
        typed = request.POST.get("code", "")[:40]
        try:
            match request.POST.get("deed"):
                case "begin":
                    second_factor.begin_second_factor(actor=user)
                case "confirm":
                    recovery = second_factor.confirm_second_factor(actor=user, code=typed)
                    request.session.pop("second_factor_owed", None)
                case "renew":
                    recovery = second_factor.renew_recovery_codes(actor=user, code=typed)
                case "end":
                    second_factor.end_second_factor(actor=user, code=typed)
                    messages.success(request, here(Text("动态口令已停用。", "The second factor was ended.")))
        except Refused as error:
            findings = error.findings
        if not findings and not recovery:
            return redirect("second-factor")
    secret = second_factor.secret_begun(user)
    address = second_factor.address_of(user, secret) if secret else ""
    return render(request, "console/accounts/second_factor.html", {
        "findings": findings, "recovery": recovery, "factor": second_factor.factor_of(user), "left": second_factor.codes_left(user),
        "required": second_factor.is_required(user), "owed": second_factor.is_owed(user),
        "secret": " ".join(secret[at:at + 4] for at in range(0, len(secret), 4)) if secret else "",
        "picture": segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff") if address else "",
        "following": safe_next(request, reverse("home")),
    }, status=422 if findings else 200)


@never_cache
@page(None, methods=("GET", "HEAD", "POST"))
def my_sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; end one, or all the others."""
    user: Any = request.user
    mine = request.session.session_key or ""
    if request.method == "POST":
        if request.POST.get("deed") == "others":
            ended = sessions.end_other_sessions(actor=user, keep=mine)
            messages.success(request, here(Text(f"已结束其他 {ended} 个登录会话。", f"{ended} other sessions were ended.")))
        else:
            said = request.POST.get("number", "")
            sessions.end_session(actor=user, number=int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else 0)
            messages.success(request, here(Text("该登录会话已结束。", "The session was ended.")))
        return redirect("sessions")
    running = [{"held": each, "seen": sessions.last_seen(each), "is_mine": each.session_key == mine} for each in sessions.running(user)]
    return render(request, "console/accounts/sessions.html", {"running": running, "limits": sessions.limits()})


urlpatterns = [
    path("sign-in/code", code, name="second-factor-code"),
    path("account/second-factor", set_up, name="second-factor"),
    path("account/sessions", my_sessions, name="sessions"),
]
