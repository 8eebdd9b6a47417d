"""Scoring the benchmark set from stored figures: recorded once, cited, and replayed as it was known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer

from kouan.basis import NotAllowed, NotFound, Refused, clock
from kouan.collection.models import Batch, BatchState, LineageLink, Observation, Origin, Series
from kouan.evaluation.actions import score_benchmark
from kouan.evaluation.method import Recipe, replay
from kouan.evaluation.models import Score, ScoreRun
from kouan.evaluation.queries import (
    benchmark_cut,
    framework,
    latest_run,
    replayed,
    scores,
    scores_of_year,
    why_not_scored,
)
from kouan.ports.models import BenchmarkPort

pytestmark = pytest.mark.django_db

START = datetime(2024, 3, 1, tzinfo=UTC)
YEARS = (2020, 2021, 2022, 2023)


@pytest.fixture(autouse=True)
def _moment() -> Iterator[None]:
    with clock.travel_to(START + timedelta(days=1)):
        yield


def a_batch(committed_at: datetime = START) -> Batch:
    return Batch.objects.create(
        source="us-border-crossing",
        file_name="monthly.parquet",
        file_sha256="0" * 64,
        file_size=1,
        state=BatchState.COMMITTED,
        committed_at=committed_at,
    )


def a_benchmark_set(ports: int = 6) -> None:
    """Ports X0, X1 … of which each counts a hundred times its number more of everything than the last."""
    batch = a_batch()
    series, rows = [], []
    for number in range(ports):
        code = f"X{number}"
        BenchmarkPort.objects.create(
            code=code, name=f"Port {number}", state="Maine", border="US-Canada Border", set_code="us-land"
        )
        series += [
            Series(
                subject_kind="benchmark_port",
                subject_code=code,
                measure=measure,
                direction="inbound",
                granularity="month",
                unit="movements",
                definition="bts",
                origin=Origin.OFFICIAL,
                source="us-border-crossing",
            )
            for measure in framework().measures
        ]
    Series.objects.bulk_create(series)
    for one in Series.objects.all():
        for year in YEARS:
            for month in range(1, 13):
                rows.append(
                    Observation(
                        series=one,
                        period_start=date(year, month, 1),
                        period_end=date(year, month, 28),
                        value=Decimal(100 * (int(one.subject_code[1:]) + 1) + month),
                        batch=batch,
                        row=1,
                        column=1,
                    )
                )
    Observation.objects.bulk_create(rows)


def a_correction(code: str, committed_at: datetime) -> None:
    """The publisher doubles one month's trucks of one port."""
    before = Observation.objects.get(
        series__subject_code=code, series__measure="trucks", period_start=date(2023, 5, 1)
    )
    Observation.objects.create(
        series=before.series,
        period_start=before.period_start,
        period_end=before.period_end,
        revision=2,
        value=before.value * 2,
        batch=a_batch(committed_at),
        row=2,
        column=1,
    )


def test_a_run_records_every_port_and_year_with_its_recipe() -> None:
    a_benchmark_set()
    run, fresh = score_benchmark(actor=a_national_officer())
    assert fresh
    assert run.scores.count() == 6 * len(YEARS)
    assert (run.first_year, run.last_year) == (2020, 2023)
    assert latest_run() == run
    best = scores(run, year=2023, subject="X5").get()
    assert (best.rank, best.peers, best.peer_group, best.not_scored) == (1, 6, "US-Canada Border", "")
    assert best.parts["indicators"]["G02-A1"]["raw"] == 4 * (12 * 600 + 78)


def test_a_year_without_scores_is_told_with_the_years_there_are() -> None:
    a_benchmark_set()
    run, _ = score_benchmark(actor=a_national_officer())
    assert len(scores_of_year(run, 2023)) == 6
    with pytest.raises(NotFound) as error:
        scores_of_year(run, 1990)
    (finding,) = error.value.findings
    assert (finding.code, finding.measured, finding.required) == ("year_not_scored", "1990", "2020-2023")
    assert "2020年至2023年" in finding.message.zh and "2020 to 2023" in finding.message.en


def test_the_run_cites_the_series_it_rests_on() -> None:
    a_benchmark_set()
    run, _ = score_benchmark(actor=a_national_officer())
    links = LineageLink.objects.filter(user_room="evaluation", user_id=str(run.pk))
    assert links.count() == Series.objects.count()


def test_the_same_figures_are_not_scored_twice() -> None:
    a_benchmark_set()
    actor = a_national_officer()
    run, _ = score_benchmark(actor=actor)
    again, fresh = score_benchmark(actor=actor)
    assert (again, fresh) == (run, False)
    assert Score.objects.count() == 6 * len(YEARS)


def test_a_stored_recipe_replays_to_the_same_result() -> None:
    a_benchmark_set()
    run, _ = score_benchmark(actor=a_national_officer())
    run.refresh_from_db()
    assert replayed(run).digest == run.result_digest


def test_a_correction_makes_a_new_run_and_leaves_the_old_one_replayable() -> None:
    a_benchmark_set()
    actor = a_national_officer()
    old, _ = score_benchmark(actor=actor)
    a_correction("X0", START + timedelta(days=10))
    with clock.travel_to(START + timedelta(days=11)):
        new, fresh = score_benchmark(actor=actor)
    assert fresh
    assert new.data_digest != old.data_digest
    for run in ScoreRun.objects.all():
        assert replayed(run).digest == run.result_digest
    # On today's figures the old recipe is refused, not silently recomputed.
    with pytest.raises(Refused) as refusal:
        replay(Recipe.from_dict(old.recipe), benchmark_cut()[0])
    assert refusal.value.findings[0].code == "recipe_data_differ"


def test_a_figure_that_arrived_later_is_not_in_the_earlier_cut() -> None:
    a_benchmark_set()
    before = benchmark_cut(known_at=START)[0].digest
    a_correction("X1", START + timedelta(days=5))
    assert benchmark_cut(known_at=START)[0].digest == before
    assert benchmark_cut()[0].digest != before


def test_without_figures_there_is_nothing_to_score() -> None:
    with pytest.raises(NotFound):
        score_benchmark(actor=a_national_officer())
    assert not ScoreRun.objects.exists()


def test_only_the_national_office_records_scores() -> None:
    a_benchmark_set()
    with pytest.raises(NotAllowed):
        score_benchmark(actor=a_provincial_officer())
    assert not ScoreRun.objects.exists()


def test_ports_without_a_score_stand_last_and_say_why() -> None:
    a_benchmark_set()
    BenchmarkPort.objects.create(code="A0", name="Silent", state="Maine", border="US-Canada Border")
    run, _ = score_benchmark(actor=a_national_officer())
    listed = list(scores(run, year=2023))
    assert [each.rank for each in listed] == [1, 2, 3, 4, 5, 6, None]
    silent = why_not_scored(listed[-1])
    assert silent is not None
    assert silent.zh == "当年没有发布任何数据"
    assert why_not_scored(listed[0]) is None
