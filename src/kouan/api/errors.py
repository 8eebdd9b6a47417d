"""One error shape at every address of the API.

``{"error": {"status": 422, "findings": [Finding, …]}}`` – the same findings that pages and the
command line show, pinned by tests/house/test_error_shape.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from kouan.basis import Conflict, Finding, NotAllowed, NotFound, Place, Refused

STATUS = ((NotFound, 404), (NotAllowed, 403), (Conflict, 409))


def status_of(refusal: Refused) -> int:
    """The HTTP status of a refusal."""
    return next((status for kind, status in STATUS if isinstance(refusal, kind)), 422)


def body_of(status: int, findings: Iterable[Finding]) -> dict[str, Any]:
    """The one error shape."""
    return {"error": {"status": status, "findings": [finding.as_dict() for finding in findings]}}


NOT_SIGNED_IN = Finding.error(
    "not_signed_in", "请求未附有效的身份凭证。", "The request carries no valid credentials.",
    remedy=("请在 Authorization 头中附 Bearer 密钥，或先登录控制台。",
            "Send a Bearer key in the Authorization header, or sign in to the console."),
)


def no_such_address(path: str) -> Finding:
    """The finding of a 404 that no verb raised."""
    return Finding.error("not_found", f"没有这个地址：{path}", f"There is nothing at {path}",
                         where=Place(path=path), remedy=("接口目录见 /api/v1/docs。", "See /api/v1/docs."))


def of_validation(error: ValidationError) -> list[Finding]:
    """A finding for each argument that cannot be used, with its place."""
    findings = []
    for slip in error.errors:
        place = [str(part) for part in slip.get("loc", ())]
        where = Place(field=place[-1] if place else None, path="/".join(place) or None)
        findings.append(Finding.error(
            "unusable_argument", f"参数不能使用：{slip.get('msg', '')}", f"Unusable argument: {slip.get('msg', '')}",
            where=where, required=str(slip.get("type", "")) or None,
            remedy=("请按接口说明修改该参数。", "Correct it as the API's description says."),
        ))
    return findings


def install(api: NinjaAPI) -> None:
    """Teach an API the one error shape."""

    def answer(request: HttpRequest, status: int, findings: Iterable[Finding]) -> HttpResponse:
        return api.create_response(request, body_of(status, findings), status=status)

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, error: Refused) -> HttpResponse:
        return answer(request, status_of(error), error.findings)

    @api.exception_handler(ValidationError)
    def unusable(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return answer(request, 422, of_validation(error))

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = answer(request, 401, [NOT_SIGNED_IN])
        response.headers["WWW-Authenticate"] = 'Bearer realm="kouan"'
        return response

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(request, 404, [no_such_address(request.path)])

    @api.exception_handler(HttpError)
    def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
        return answer(request, error.status_code, [Finding.error(
            "unreadable_request", f"请求无法读取：{error}", f"The request cannot be read: {error}",
            remedy=("请检查正文格式与 Content-Type。", "Check the body's form and its Content-Type."),
        )])
