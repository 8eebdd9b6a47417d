"""One error shape at every address of the API.

``{"error": {"status": 422, "findings": [Finding, …]}}`` – the same findings that pages and the
command line show, pinned by tests/house/test_error_shape.py.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from kouan.audit import record_event
from kouan.basis import Conflict, Finding, Place, Refused

log = logging.getLogger("kouan.api")


class PreconditionFailed(Conflict):
    """The thing is no longer what the request took it for (412)."""

    http_status = 412


def body_of(status: int, findings: Iterable[Finding]) -> dict[str, Any]:
    """The one error shape."""
    return {"error": {"status": status, "findings": [finding.as_dict() for finding in findings]}}


def answer(status: int, *findings: Finding) -> JsonResponse:
    """A refusal as a response."""
    return JsonResponse(body_of(status, findings), status=status, json_dumps_params={"ensure_ascii": False})


NOT_SIGNED_IN = Finding.error(
    "not_signed_in", "请求未附有效的身份凭证。", "The request carries no valid credentials.",
    remedy=("请在 Authorization 头中附 Bearer 密钥，或先登录控制台。",
            "Send a Bearer key in the Authorization header, or sign in to the console."),
)
UNREADABLE = Finding.error(
    "unreadable_request", "请求正文无法读取。", "The request's body cannot be read.",
    remedy=("请检查正文格式与 Content-Type 是否相符。", "Check that the body is what its Content-Type says."),
)
TOO_LARGE = Finding.error(
    "too_large", "请求过大，未予读取。", "The request is too large and was not read.", required="≤ 64 MiB",
    remedy=("请分成几个文件。", "Split the file."),
)
TOO_OFTEN = Finding.error(
    "too_often", "请求过于频繁。", "Too many requests.",
    remedy=("请按 Retry-After 头所示秒数稍后再试。", "Wait as many seconds as Retry-After says."),
)
BUSY = Finding.error(
    "database_busy", "数据库暂时不可用，未作任何更改。", "The database is not available for the moment; nothing was changed.",
    remedy=("请稍后重试。", "Try again in a moment."),
)
FAULT = Finding.error(
    "internal_fault", "系统内部错误，未作任何更改。", "An internal fault; nothing was changed.",
    remedy=("请将发生时间告知系统管理员。", "Tell your administrator when it happened."),
)


VERSION_REQUIRED = Finding.error(
    "version_required", "变更须附 If-Match，以免覆盖他人的修改。",
    "A change needs If-Match, so that nobody's change is overwritten.", where=Place(field="If-Match"),
    remedy=("先读取该口岸或办件，把应答头 ETag 原样放入 If-Match。", "Read the port or matter and send its ETag as If-Match."),
)


def no_such_address(path: str) -> Finding:
    """The finding of a 404 that no verb raised."""
    return Finding.error("not_found", f"没有这个地址：{path[:200]}", f"There is nothing at {path[:200]}",
                         where=Place(path=path[:200]), remedy=("接口目录见 /api/v1/docs。", "See /api/v1/docs."))


def no_such_method(method: str, allowed: str) -> Finding:
    """The finding of a 405."""
    return Finding.error(
        "method_not_allowed", f"这个地址不支持 {method[:16]}。", f"This address does not take {method[:16]}.",
        measured=method[:16], required=allowed, remedy=("接口目录见 /api/v1/docs。", "See /api/v1/docs."),
    )


# What pydantic objects to, by its type of error; the words in braces are its context.
_OBJECTIONS: dict[str, str] = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项",
    "int_parsing": "应为整数", "int_type": "应为整数", "int_from_float": "应为整数", "int_parsing_size": "整数过大",
    "float_parsing": "应为数字", "float_type": "应为数字", "finite_number": "应为有限的数字",
    "decimal_parsing": "应为数字", "decimal_type": "应为数字", "decimal_max_digits": "最多 {max_digits} 位数字",
    "decimal_max_places": "最多 {decimal_places} 位小数", "decimal_whole_digits": "整数部分最多 {whole_digits} 位",
    "bool_parsing": "应为 true 或 false", "bool_type": "应为 true 或 false",
    "string_type": "应为文字", "string_unicode": "不是有效的文字", "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "至多 {max_length} 个字符", "string_pattern_mismatch": "格式应为 {pattern}",
    "greater_than": "应大于 {gt}", "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}", "less_than_equal": "应不大于 {le}", "multiple_of": "应为 {multiple_of} 的倍数",
    "literal_error": "应为 {expected}", "enum": "应为 {expected}",
    "date_parsing": "日期不存在或格式不对，应写作 2023-03-06", "date_type": "应为日期，写作 2023-03-06",
    "date_from_datetime_parsing": "日期不存在或格式不对，应写作 2023-03-06",
    "date_from_datetime_inexact": "应为日期，不带时刻",
    "datetime_parsing": "时刻不存在或格式不对，应写作 2026-01-01T00:00:00+08:00",
    "datetime_from_date_parsing": "时刻不存在或格式不对，应写作 2026-01-01T00:00:00+08:00",
    "datetime_type": "应为时刻，写作 2026-01-01T00:00:00+08:00", "timezone_aware": "时刻须带时区",
    "list_type": "应为列表", "set_type": "应为列表", "tuple_type": "应为列表", "dict_type": "应为对象",
    "model_type": "应为对象", "model_attributes_type": "应为对象", "dataclass_type": "应为对象",
    "too_long": "至多 {max_length} 项", "too_short": "至少 {min_length} 项",
    "json_invalid": "不是有效的 JSON", "json_type": "应为 JSON",
}


def said_of(slip: Mapping[str, Any]) -> tuple[str, str]:
    """What one slip of pydantic says, in Chinese and in English.

    >>> said_of({"type": "greater_than_equal", "msg": "Input should be greater than or equal to 1", "ctx": {"ge": 1}})
    ('应不小于 1', 'Input should be greater than or equal to 1')
    """
    said = str(slip.get("msg", ""))[:200].removeprefix("Value error, ")
    zh, both, en = said.partition(" / ")
    if both:
        return zh, en  # a check of our own says both
    words = _OBJECTIONS.get(str(slip.get("type", "")))
    if words is None:
        return "不符合接口说明的要求", said
    context = {name: str(value).replace(" or ", " 或 ")[:100] for name, value in (slip.get("ctx") or {}).items()}
    try:
        return words.format_map(context), said
    except KeyError:
        return "不符合接口说明的要求", said


def of_validation(error: ValidationError) -> list[Finding]:
    """A finding for each argument that cannot be used, with its place."""
    findings = []
    for slip in error.errors[:50]:
        place = [str(part)[:64] for part in slip.get("loc", ())]
        kind = str(slip.get("type", ""))
        zh, en = said_of(slip)
        findings.append(Finding.error(
            "unusable_argument", f"参数不能使用：{zh}", f"Unusable argument: {en}",
            where=Place(field=place[-1] if place else None, path="/".join(place) or None),
            required=kind or None,
            remedy=("请按接口说明（/api/v1/docs）修改该参数。", "Correct it as /api/v1/docs says."),
        ))
    return findings


def install(api: NinjaAPI) -> None:
    """Teach an API the one error shape."""

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, error: Refused) -> HttpResponse:
        status = error.http_status
        user = getattr(request, "user", None)
        if status == 404 and user is not None and user.is_authenticated:
            # Guessed numbers and codes of another province's data must show.
            record_event("out_of_reach", actor_id=user.pk,
                         payload={"path": request.get_full_path()[:300], "method": request.method})
        return answer(status, *error.findings)

    @api.exception_handler(ValidationError)
    def unusable(request: HttpRequest, error: ValidationError) -> HttpResponse:
        if any(slip["type"] == "missing" and str(slip["loc"][-1]).lower() in ("if-match", "if_match") for slip in error.errors):
            return answer(428, VERSION_REQUIRED)
        return answer(422, *of_validation(error))

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = answer(401, NOT_SIGNED_IN)
        response.headers["WWW-Authenticate"] = 'Bearer realm="kouan"'
        return response

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return answer(404, no_such_address(request.path))

    @api.exception_handler(HttpError)
    def malformed(request: HttpRequest, error: HttpError) -> HttpResponse:
        if error.status_code == 429:
            return answer(429, TOO_OFTEN)
        if error.status_code == 413:
            return answer(413, TOO_LARGE)
        return answer(error.status_code, UNREADABLE)

    @api.exception_handler(Exception)
    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        if isinstance(error, RequestDataTooBig):
            return answer(413, TOO_LARGE)
        if isinstance(error, BadRequest | SuspiciousOperation | MultiPartParserError | UnicodeError | UnreadablePostError):
            return answer(400, UNREADABLE)
        if isinstance(error, OperationalError | InterfaceError):
            log.warning("%s %s: %s", request.method, request.path, error)
            return answer(503, BUSY)
        log.error("%s %s", request.method, request.path, exc_info=error)
        return answer(500, FAULT)
