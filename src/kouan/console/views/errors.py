"""What is shown when something goes wrong outside a page: CSRF. (404, 403 and 500 are templates.)"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kouan.basis import Finding


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
