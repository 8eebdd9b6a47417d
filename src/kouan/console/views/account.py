"""One's own account: who the system takes one for, what one may do, password and language."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from kouan.accounts import actions, sessions
from kouan.accounts.passwords import LONGEST
from kouan.accounts.permissions import PERMISSIONS, may
from kouan.accounts.scope import Scope, scope_of
from kouan.basis import Finding, Refused, Text, codes
from kouan.console.page import page
from kouan.console.views.doors import first_page_of, not_the_same
from kouan.console.words import here

# What the permissions mean, in the words of the offices.
DEEDS: dict[str, Text] = {
    "console.read": Text("查看各页面", "read the pages"),
    "ports.read": Text("查看口岸登记", "read the register of ports"),
    "ports.change": Text("变更口岸登记", "change the register of ports"),
    "documents.add": Text("登记文件", "add documents"),
    "intake.read": Text("查看报送批次", "read submissions"),
    "intake.submit": Text("报送数据", "submit data"),
    "intake.resolve": Text("处理暂存数据", "resolve held rows"),
    "verdicts.record": Text("记录达标判定", "record verdicts"),
    "scores.record": Text("记录评估得分", "record scores"),
    "scores.read_ranks": Text("查看得分与排名", "read scores and ranks"),
    "audit.read": Text("查阅审计留痕", "read the audit trail"),
    "audit.seal": Text("封存审计留痕", "seal the audit trail"),
    "users.manage": Text("管理用户与单位", "manage users and organisations"),
    "jobs.run": Text("运行后台任务", "run background jobs"),
}


@page(None)
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Who am I here, whose data do I see, what may I do."""
    user: Any = request.user
    deeds = [words for name, words in DEEDS.items() if name in PERMISSIONS and may(user, name)]
    return render(request, "console/accounts/account.html", {
        "deeds": deeds, "reach": reach_of(scope_of(user)), "first_page": first_page_of(user),
    })


def reach_of(scope: Scope) -> str:
    """A scope in words."""
    if scope.everything:
        return here(Text("全国", "The whole nation"))
    names = {one.code: one.name for one in codes.provinces}
    parts = [here(names[code]) for code in sorted(scope.provinces) if code in names]
    parts += [here(Text(f"市县 {code}", f"city or county {code}")) for code in sorted(scope.cities - {""})]
    parts += [here(Text(f"口岸 {code}", f"port {code}")) for code in sorted(scope.ports)]
    return here(Text("、", ", ")).join(parts) or here(Text("仅已公开的数据", "Published data only"))


@sensitive_post_parameters("old", "new", "again")
@never_cache
@page(None, methods=("GET", "HEAD", "POST"), before_new_password=True)
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; with an initial one this is the first page after signing in."""
    user: Any = request.user
    findings: list[Finding] = []
    if request.method == "POST":
        old, new, again = (request.POST.get(name, "")[: LONGEST + 1] for name in ("old", "new", "again"))
        if new != again:
            findings = [not_the_same()]
        else:
            try:
                actions.change_password(actor=user, old=old, new=new)
            except Refused as error:
                findings = error.findings
        if not findings:
            update_session_auth_hash(request, user)
            sessions.session_began(user, request.session, address=request.META.get("REMOTE_ADDR", ""),
                                   browser=request.headers.get("User-Agent", ""))
            messages.success(request, here(Text("密码已修改，其他设备上的登录已退出。",
                                                "Your password was changed; sessions on other machines have ended.")))
            return redirect(first_page_of(user))
    return render(request, "console/accounts/change_password.html", {"findings": findings},
                  status=422 if findings else 200)


urlpatterns = [
    path("account", account, name="account"),
    path("account/password", change_password, name="change-password"),
]
