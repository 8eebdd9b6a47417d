"""Who sees which figure, batch and held row; and what can be asked of collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from files import HONGKONG, PUBLISHED, a_crossing_day, a_csv, a_published_row, a_return, somebody

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import NotFound, Period, SubjectRef
from kouan.collection.actions import take_in
from kouan.collection.models import Batch, Holding, Observation, Series
from kouan.collection.queries import (
    completeness,
    get_batch,
    get_holding,
    get_observation,
    source_states,
    visible_subjects,
)

pytestmark = pytest.mark.usefixtures("register")
NATION = ("national", "", "all", "2024-01-01", "2024-12-31", "passengers", "both", "61000", "10k persons", "")
PROVINCE = ("province", "内蒙古全区口岸", "all", "2023-01-01", "2023-06-30", "cargo", "both", "4728.6", "10k t", "")
PRESS = ("scope", "port", "mode", "period_start", "period_end", "indicator", "direction", "value", "unit", "note")


@pytest.fixture
def everything(tmp_path: Path, national: Any, guangdong: Any, inner_mongolia: Any) -> None:
    """A figure or two of every kind of subject."""
    for actor, place, source in (
        (guangdong, a_csv(tmp_path, [a_return(1), a_return("x", period="2023-05")]), "port-return"),
        (inner_mongolia, a_csv(tmp_path, [a_return(2, port="manzhouli-rail")]), "port-return"),
        (national, a_csv(tmp_path, [a_crossing_day(), a_crossing_day(point="Airport")], HONGKONG), "hk-control-points"),
        (national, a_csv(tmp_path, [a_published_row()], PUBLISHED), "us-border-crossing"),
        (national, a_csv(tmp_path, [NATION, PROVINCE], PRESS), "press-facts"),
    ):
        take_in(actor=actor, path=place, source=source)


def subjects(user: Any) -> set[str]:
    """What the user sees figures of."""
    found = {str(series.subject) for series in Series.objects.visible_to(user)}
    assert found == {str(figure.series.subject) for figure in Observation.objects.visible_to(user).select_related("series")}
    known = [series.subject for series in Series.objects.all()]
    assert {str(subject) for subject in visible_subjects(user, known)} == found
    return found


@pytest.mark.usefixtures("everything")
def test_each_sees_what_is_in_scope(national: Any, guangdong: Any, inner_mongolia: Any) -> None:
    shared = {"nation:CN", "benchmark_port:2309"}
    assert subjects(guangdong) == shared | {"port:luohu-rail", "counterpart_point:lo-wu"}
    assert subjects(inner_mongolia) == shared | {"port:manzhouli-rail", "province:15"}
    assert subjects(national) == subjects(guangdong) | subjects(inner_mongolia) | {"counterpart_point:airport"}
    reporter = somebody(Role.PORT_REPORTER, OrganisationKind.PORT_OPERATOR, port_codes=["manzhouli-rail"])
    assert subjects(reporter) == shared | {"port:manzhouli-rail"}
    enterprise = somebody(Role.ENTERPRISE_USER, OrganisationKind.ENTERPRISE)
    assert subjects(enterprise) == {"nation:CN"}
    assert subjects(AnonymousUser()) == subjects(None) == set()


@pytest.mark.usefixtures("everything")
def test_batches_and_held_rows_stay_with_their_office(national: Any, guangdong: Any, inner_mongolia: Any) -> None:
    opened = {"hk-control-points", "us-border-crossing", "press-facts"}
    for user in (guangdong, inner_mongolia):
        own = Batch.objects.visible_to(user).filter(source="port-return")
        assert [batch.organisation for batch in own] == [user.organisation]
        assert set(Batch.objects.visible_to(user).values_list("source", flat=True)) == opened | {"port-return"}
    held = Holding.objects.get()
    assert get_holding(guangdong, held.pk) == held and get_holding(national, held.pk) == held
    with pytest.raises(NotFound):
        get_holding(inner_mongolia, held.pk)
    with pytest.raises(NotFound):
        get_batch(inner_mongolia, held.batch_id)
    mine = Observation.objects.get(series__subject_code="luohu-rail")
    assert get_observation(guangdong, mine.pk) == mine
    with pytest.raises(NotFound):
        get_observation(inner_mongolia, mine.pk)
    enterprise = somebody(Role.ENTERPRISE_USER, OrganisationKind.ENTERPRISE)
    for nobody in (enterprise, AnonymousUser(), None):
        assert not Batch.objects.visible_to(nobody).exists() and not Holding.objects.visible_to(nobody).exists()


@pytest.mark.usefixtures("everything")
def test_a_province_sees_the_batches_of_offices_in_it(tmp_path: Path, guangdong: Any) -> None:
    city = somebody(
        Role.CITY_OFFICER, OrganisationKind.CITY_OFFICE, province_code="44", city_code="440300", port_codes=["luohu-rail"]
    )
    report = take_in(actor=city, path=a_csv(tmp_path, [a_return(9, period="2022-01")]), source="port-return")
    assert get_batch(guangdong, report.batch).organisation == city.organisation
    assert Batch.objects.visible_to(city).filter(source="port-return").count() == 1


@pytest.mark.usefixtures("everything")
def test_the_state_of_sources_is_that_of_the_users_scope(national: Any, guangdong: Any, inner_mongolia: Any) -> None:
    state = source_states(guangdong)
    assert (state["port-return"].batches, state["port-return"].waiting) == (1, 1)
    assert state["us-border-crossing"].last_day.isoformat() == "2023-10-31"
    assert source_states(inner_mongolia)["port-return"].waiting == 0
    assert source_states(national)["port-return"].batches == 2


def test_completeness_counts_the_ports_own_reports_only(tmp_path: Path, national: Any) -> None:
    take_in(actor=national, path=a_csv(tmp_path, [
        a_return(1, period="2023-01"), a_return(0, period="2023-03", direction="出境"),
    ]), source="port-return")
    take_in(actor=national, path=a_csv(tmp_path, [
        ("port", "满洲里", "rail", "2023-01-01", "2023-01-31", "passengers", "both", "2", "10k persons", ""),
    ], PRESS), source="press-facts")
    luohu, manzhouli = SubjectRef.of("port", "luohu-rail"), SubjectRef.of("port", "manzhouli-rail")
    months = Period.quarter(2023, 1).months()
    found = {
        each.subject: each for each in completeness([luohu, manzhouli], ["person_crossings"], months)
    }
    assert [period.code for period in found[luohu].missing] == ["2023-02"]
    assert found[luohu].share == pytest.approx(2 / 3)
    assert found[manzhouli].reported == ()
