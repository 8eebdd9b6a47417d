"""The arguments that the API takes: every string, number, date and list is bounded.

What a query does not know it refuses: a mistyped filter must never answer with the whole list.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Header, Path, Query
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from kouan.basis import Finding, Place, Refused, SubjectKind, nearest

MOST = 200
_FIRST, _LAST = datetime(1949, 10, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
CODE = r"^[-a-z0-9]{1,64}$"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})")


def _day(value: Any) -> Any:
    # Pydantic would read a bare number as seconds since 1970.
    if not isinstance(value, date) and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("日期写作 2023-03-06 / a date is written 2023-03-06")
    return value


def _moment(value: Any) -> Any:
    if not (isinstance(value, str) and _MOMENT.fullmatch(value)):
        raise ValueError("时刻须带时区，如 2026-01-01T00:00:00+08:00 / a moment needs a time zone, "
                         "such as 2026-01-01T00:00:00+08:00")
    return value


def _within_reach(value: datetime) -> datetime:
    """Nothing was known before the first moment, and everything by the last: beyond them answers stay the same."""
    return min(max(value, _FIRST), _LAST)


def _plain(value: str) -> str:
    """Text that a database and a page can hold: no NUL, no half of a surrogate pair."""
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("含有不能保存的字符 / holds characters that cannot be kept")
    return value


PlainText = Annotated[str, AfterValidator(_plain)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[
    datetime, BeforeValidator(_moment), AfterValidator(_within_reach),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

Limit = Annotated[int, Query(ge=1, le=MOST, description="每页条数，1–200 / rows in the answer, 1–200")]
AfterNumber = Annotated[
    str, Query(pattern=r"^[0-9]{0,18}$", description="上一页的 next，原样填写 / the previous answer's next")
]
AfterCode = Annotated[
    str, Query(pattern=r"^[-a-z0-9]{0,64}$", description="上一页的 next，原样填写 / the previous answer's next")
]
PortCode = Annotated[str, Path(pattern=CODE, description="口岸代码，如 luohu-rail / port, such as luohu-rail")]
PortFilter = Annotated[
    str, Query(pattern=r"^[-a-z0-9]{0,64}$", description="口岸代码，如 luohu-rail / port, such as luohu-rail")
]
Number = Annotated[int, Path(ge=1, lt=2**63, description="编号 / number")]
Year = Annotated[int, Query(ge=1949, le=2199, description="年度，如 2023 / year, such as 2023")]
_SUBJECT = rf"({'|'.join(SubjectKind)}):[A-Za-z0-9][-A-Za-z0-9._]{{0,63}}"
_SUBJECT_SAID = ("对象，如 port:luohu-rail、counterpart_point:lo-wu、benchmark_port:2304 / "
                 "what the figures are about, such as port:luohu-rail")
Subject = Annotated[str, Query(pattern=rf"^{_SUBJECT}$", description=_SUBJECT_SAID)]
SubjectFilter = Annotated[str, Query(pattern=rf"^({_SUBJECT})?$", description=_SUBJECT_SAID)]
MeasureFilter = Annotated[
    str, Query(pattern=r"^[a-z_]{0,48}$", description="指标代码，如 person_crossings / measure, such as person_crossings")
]
Words = Annotated[
    str, Query(max_length=60, pattern=r"^[^\x00]*$", description="名称、拼音或代码 / name, pinyin or code")
]
PortCodeText = Annotated[str, Field(pattern=CODE)]
IdempotencyKey = Annotated[str, Header(
    alias="Idempotency-Key", pattern=r"^[-A-Za-z0-9_.:]{8,80}$",
    description="每份新内容一个新键，8–80 个字母、数字或 - _ . : / a new key for each content",
)]
ShortText = Annotated[PlainText, Field(max_length=120)]


def strict(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse query parameters that the operation does not know, or that are given twice."""
    known = set(inspect.signature(view).parameters) - {"request", "response"}

    @functools.wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        findings = []
        for name, values in request.GET.lists():
            if name not in known:
                near = nearest(name, sorted(known))
                findings.append(Finding.error(
                    "unknown_parameter", f"没有参数“{name[:64]}”。", f"There is no parameter “{name[:64]}”.",
                    where=Place(field=name[:64]),
                    remedy=(f"可用的参数：{'、'.join(near or sorted(known)) or '无'}。",
                            f"Known: {', '.join(near or sorted(known)) or 'none'}."),
                ))
            elif len(values) > 1:
                findings.append(Finding.error(
                    "repeated_parameter", f"参数“{name}”给了 {len(values)} 次。", f"“{name}” is given {len(values)} times.",
                    where=Place(field=name), remedy=("只给一次。", "Give it once."),
                ))
        if findings:
            raise Refused(findings)
        return view(request, *args, **kwargs)

    return run
