"""The API put together: ``/api/v1``, its description at ``/api/v1/openapi.json``."""

from __future__ import annotations

from ninja import NinjaAPI

from kouan import __version__
from kouan.api import errors, intake, judgements, observations, ports
from kouan.api.auth import AUTH

DESCRIPTION = """全国口岸综合管理系统的数据接口。每个列表都有上限（limit ≤ 200），按 next 翻页；
每个错误同一形式：`{"error": {"status", "findings": [...]}}`，中英文并列。

The data door of the national system for ports of entry. Every list is bounded (limit ≤ 200) and pages
by cursor; every error has one shape, in Chinese and English."""

api = NinjaAPI(
    title="Kouan 口岸", version=__version__, description=DESCRIPTION, auth=AUTH, docs_url=None,
    urls_namespace="api-v1",
)
errors.install(api)
for part in (ports, observations, judgements, intake):
    api.add_router("", part.router)
