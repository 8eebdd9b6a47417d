"""Two provinces, their ports, figures, a file and its held row, a benchmark score: what the API's tests ask about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.test import Client
from tests.accounts.factories import (
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    an_administrator,
    an_enterprise_user,
)
from tests.monitoring.factories import a_batch, a_year_of_months, figures
from tests.ports.factories import a_document, a_port

from kouan.accounts.models import ApiToken, User
from kouan.accounts.tokens import digest_of, new_secret
from kouan.basis import Finding, Place, clock
from kouan.collection.models import Batch, Holding, Observation
from kouan.evaluation.models import Score, ScoreRun
from kouan.evaluation.queries import BENCHMARK_FRAMEWORK, BENCHMARK_SET
from kouan.ports.models import Port

GUANGDONG, INNER_MONGOLIA = "luohu-rail", "manzhouli-road"


@dataclass
class World:
    """Who asks, and what there is."""

    national: User
    guangdong: User
    inner_mongolia: User
    reporter: User
    enterprise: User
    administrator: User
    port: Port
    other_port: Port
    figure: Observation
    other_figure: Observation
    batch: Batch
    other_batch: Batch
    holding: Holding
    document: str


def a_world() -> World:
    """Build it; every name is fixed, so that tests can guess as an attacker would."""
    a_port(GUANGDONG, "rail", name_zh="罗湖铁路口岸", province_code="44", accepted_on=date(2010, 1, 1), is_border=False)
    a_port(INNER_MONGOLIA, "road", name_zh="满洲里公路口岸", province_code="15", accepted_on=date(2010, 1, 1),
           is_border=True, neighbour_code="RU")
    people: dict[str, Any] = {
        "national": a_national_officer(username="guojia"), "guangdong": a_provincial_officer("44", username="guangdong"),
        "inner_mongolia": a_provincial_officer("15", username="neimenggu"),
        "reporter": a_port_reporter(GUANGDONG, username="luohu"), "enterprise": an_enterprise_user(username="qiye"),
        "administrator": an_administrator(username="guanli"),
    }
    batches = {}
    for name in ("guangdong", "inner_mongolia"):
        batch = a_batch()
        batch.submitted_by, batch.organisation = people[name], people[name].organisation
        batch.rows_read, batch.rows_accepted, batch.rows_held = 13, 12, 1
        batch.sheets, batch.columns = ["填报"], [["口岸", "指标", "数值"]]
        batch.save()
        batches[name] = batch
    series = figures(f"port:{GUANGDONG}", "cargo_tonnes", a_year_of_months(2023, 9_000), batch=batches["guangdong"])
    others = figures(f"port:{INNER_MONGOLIA}", "cargo_tonnes", a_year_of_months(2023, 100), batch=batches["inner_mongolia"])
    finding = Finding.error("unknown_port", "没有这个口岸。", "There is no such port.", where=Place(row=9))
    holding = Holding.objects.create(
        batch=batches["inner_mongolia"], row=9, outcome="held", raw=["满洲里", "货运量", "5"], findings=[finding.as_dict()],
    )
    run = ScoreRun.objects.create(
        framework=BENCHMARK_FRAMEWORK, framework_digest="1" * 64, subject_kind="benchmark_port", set_code=BENCHMARK_SET,
        first_year=2022, last_year=2023, recipe={}, data_digest="2" * 64, result_digest="3" * 64, recorded_at=clock.now(),
    )
    Score.objects.bulk_create([
        Score(run=run, subject_code=f"23{number:02d}", year=2023, peer_group="CA", value=100.0 - number, rank=number,
              peers=8, parts={"volume": 1.0})
        for number in range(1, 9)
    ])
    return World(
        **people, port=Port.objects.get(code=GUANGDONG), other_port=Port.objects.get(code=INNER_MONGOLIA),
        figure=series.observations.first(), other_figure=others.observations.first(),
        batch=batches["guangdong"], other_batch=batches["inner_mongolia"], holding=holding,
        document=a_document(reference="paper-for-changes").reference,
    )


def a_key(user: User, **fields: Any) -> str:
    """A key of this user's, as the administrator would make it."""
    secret = new_secret()
    ApiToken.objects.create(**{
        "user": user, "name": "测试", "secret_digest": digest_of(secret), "expires_at": clock.now() + timedelta(days=1),
        **fields,
    })
    return secret


def client_of(user: User | None) -> Client:
    """A program that signs in by a key; without a user nobody."""
    headers = {"authorization": f"Bearer {a_key(user)}"} if user else {}
    return Client(headers=headers)
