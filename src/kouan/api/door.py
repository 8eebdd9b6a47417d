"""The API put together: ``/api/v1``, its description at ``/api/v1/openapi.json`` and ``/api/v1/docs``."""

from __future__ import annotations

from typing import Any, ClassVar

from ninja import NinjaAPI
from ninja.renderers import JSONRenderer

from kouan import __version__
from kouan.api import (
    circulars,
    codes,
    collaboration,
    decisions,
    emergencies,
    errors,
    evaluation,
    events,
    evidence,
    exchange,
    execution,
    grading,
    imagery,
    intake,
    judgements,
    law,
    matters,
    observations,
    oversight,
    processes,
    publications,
    returns,
    scorecards,
    sharing,
    studies,
    totals,
    warnings,
)
from kouan.api.auth import AUTH
from kouan.api.rate import PerUser
from kouan.api.reading import strict

DESCRIPTION = """全国口岸综合管理系统的数据接口。每个列表都有上限（limit ≤ 200），按 next 翻页；每个错误同一形式：\
`{"error": {"status", "findings": [...]}}`，中英文并列。

The data door of the national system for ports of entry. Every list is bounded (limit ≤ 200) and pages by \
cursor; every error has one shape, in Chinese and English."""



class PlainJson(JSONRenderer):
    """Chinese as it is, not as escapes: half the size, and readable."""

    json_dumps_params = {"ensure_ascii": False}


class Api(NinjaAPI):
    """An API that describes itself once: the document does not change while the server runs."""

    _described: ClassVar[dict[str | None, Any]] = {}

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None) -> Any:
        """The OpenAPI document."""
        if path_prefix not in self._described:
            self._described[path_prefix] = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        return self._described[path_prefix]


api = Api(
    title="Kouan 口岸", version=__version__, description=DESCRIPTION, auth=AUTH, docs_url=None, renderer=PlainJson(),
    urls_namespace="api-v1", throttle=[PerUser()],
)
errors.install(api)
api.add_decorator(strict, mode="operation")
# The verbs of the register stand on the router of the ports, for they share its addresses.
for part in (decisions, observations, totals, judgements, law, grading, intake, matters, oversight, circulars, execution, evaluation, scorecards,
             collaboration, events, processes, warnings, emergencies, imagery, evidence, studies, codes, sharing, exchange, returns, publications):
    api.add_router("", part.router)
