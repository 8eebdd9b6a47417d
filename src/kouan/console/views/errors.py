"""What is shown when something goes wrong outside a page: CSRF, a database that is away. (404, 403 and 500 are templates.)"""

from __future__ import annotations

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.defaults import server_error as fault

from kouan.basis import Finding

log = logging.getLogger("kouan.console")
RETRY_SECONDS = 5


def is_away(error: BaseException | None) -> bool:
    """Whether a fault is the database's: away, restarting, busy beyond waiting, or full."""
    return isinstance(error, OperationalError | InterfaceError)


def storage_finding(error: BaseException) -> Finding:
    """What such a fault means to who asked. The transaction is undone by the database itself."""
    if "full" in str(error).lower() or "no space" in str(error).lower():
        return Finding.error(
            "disk_full", "服务器磁盘已满，本次操作未作任何更改。", "The server's disk is full; nothing was changed.",
            remedy=("请告知系统管理员清理磁盘，之后重试。", "Tell your administrator to free space, then try again."))
    return Finding.error(
        "database_busy", "数据库暂时不可用，本次操作未作任何更改。", "The database is not available for the moment; nothing was changed.",
        remedy=("请稍等几秒后重试；已填写的内容请先不要关闭。如持续出现，请联系系统管理员。",
                "Try again in some seconds, and keep what you typed open. If it goes on, tell your administrator."))


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """503 by a page that asks the database for nothing: neither who is signed in nor what waits for him."""
    log.warning("%s %s: %s", request.method, request.path, error)
    finding = storage_finding(error)
    page = render_to_string("503.html", {"message": finding.message, "remedy": finding.remedy})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"})


def server_error(request: HttpRequest) -> HttpResponse:
    """The last resort: faults of sessions and of whatever else stands around a page."""
    error = sys.exc_info()[1]
    return unavailable(request, error) if error is not None and is_away(error) else fault(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is not ours: an old page, blocked cookies, or a forgery."""
    finding = Finding.error(
        "form_expired",
        "表单已失效，未作任何更改。",
        "The form has expired; nothing was changed.",
        remedy=("请返回上一页，刷新后重新提交；已填写的内容会保留在浏览器中。如仍出现，请检查浏览器是否允许本站使用 Cookie。",
                "Go back, reload the page and submit again; what you typed is kept. "
                "If it happens again, check that the browser allows cookies for this site."),
    )
    return render(request, "console/refused.html", {"findings": [finding], "status": 403}, status=403)
