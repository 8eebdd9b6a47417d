"""The exercise has something to share: sets with an owner and a class, a grant in force, one that waits, one refused; made once."""

from __future__ import annotations

from typing import Any

import pytest

from kouan.accounts.action import acting_system
from kouan.accounts.actions import make_demonstration_users
from kouan.accounts.models import User
from kouan.basis import Refused
from kouan.desk.sharing.models import DataGrant, DataSet, DataSetState, GrantState
from kouan.desk.sharing.queries import grants_visible_to
from kouan.exercise import fill_sharing

pytestmark = pytest.mark.django_db


def test_the_exercise_catalogues_and_grants_once(settings: Any) -> None:
    settings.IS_EXERCISE = settings.DEBUG = True
    with acting_system("setup") as system:
        make_demonstration_users(actor=system)
    said: list[str] = []
    for _ in range(2):
        fill_sharing(lambda zh, en: said.append(zh))
    assert said == ["编目并授权演练数据集，核查演练数据"]
    assert set(DataSet.objects.values_list("state", flat=True)) == {DataSetState.PUBLISHED}
    assert DataSet.objects.filter(name_zh__contains="演练").count() == 3
    assert sorted(DataGrant.objects.values_list("state", flat=True)) == sorted([GrantState.ACTIVE, GrantState.REQUESTED, GrantState.REFUSED])
    assert {each.data_set.code for each in grants_visible_to(User.objects.get(username="guangdong"))} == {"gd-persons-daily"}


def test_nothing_of_it_enters_a_real_workspace() -> None:
    with pytest.raises(Refused) as refused:
        fill_sharing(lambda zh, en: None)
    assert refused.value.findings[0].code == "not_an_exercise" and not DataSet.objects.exists()
