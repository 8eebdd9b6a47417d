"""The API held against its own description: Schemathesis sends what the schema allows and what it does not.

It runs against the WSGI application in this process, signed in by a key, with every check that Schemathesis
has. The examples are the same at each run. It runs once, on PostgreSQL, which refuses more: NULs, numbers out of range.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from schemathesis.config import SchemathesisConfig
from tests.api.world import World, a_key

from kouan.api.rate import PerUser

EXAMPLES = 8
CONFIG = {
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none", "no-shrink": True},
    "checks": {
        # If-Match is required in its own way: RFC 6585 gives 428 for it.
        "missing_required_header": {"expected-statuses": ["400", "401", "422", "428"]},
        # 412: a well-formed If-Match that is not the port's version.
        "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "422", "428"]},
    },
    "operations": [
        {
            # Whether a file can be read, and whether a document is on record, no schema can say: random bytes and
            # names are rightly refused with 422 or 412.
            "include-method": ["POST", "PUT", "PATCH"],
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        {
            # A year is judged up to ten years beyond as_of: a relation of two arguments, which no schema can state.
            "include-path": "/api/v1/verdicts",
            "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "404", "422"]}},
        },
        {
            # Which measures there are, and that the years lie the right way round, no schema can say.
            "include-path": ["/api/v1/series", "/api/v1/observations", "/api/v1/flows", "/api/v1/totals"],
            "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "404", "422"]}},
        },
        {
            # That months and days lie the right way round and not too far apart, and which milestones a log holds, no schema can say.
            "include-path": [f"/api/v1/processes{part}" for part in ("", "/cases", "/comparison", "/lanes")],
            "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "404", "422"]}},
        },
        {
            # A list is made of years that have begun by its day, and of days since 1949: relations too.
            "include-path": "/api/v1/lists/{kind}",
            "checks": {"positive_data_acceptance": {"expected-statuses": ["200", "404", "422"]}},
        },
    ],
}


schema = schemathesis.openapi.from_wsgi(
    "/api/v1/openapi.json", get_wsgi_application(), config=SchemathesisConfig.from_dict(CONFIG)
)


@pytest.fixture
def key(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A key of the national office in a small world.

    A request would end by closing the database connection, and with it the test's own transaction.
    """
    monkeypatch.setattr(PerUser, "allow_request", lambda self, request: True)
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield a_key(world.national)
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.mark.postgres
@schema.parametrize()
# The examples of one operation share one world; what a write changes stays until the operation's last example.
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None)
def test_the_api_is_what_it_says(case: Any, key: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {key}"})
