"""Data sharing in the exercise (演练): three catalogued sets, a grant in force, one that waits, one refused; and a first run of the checks.

Everything goes by the verbs of the doors and the demonstration's people; what is there already is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import Refused, clock
from kouan.collection.vetting.actions import run_checks
from kouan.desk.sharing.actions import NewDataSet, catalogue, decide_grant, publish_data_set, request_grant
from kouan.desk.sharing.coverage import Coverage
from kouan.desk.sharing.models import DataSet

_PEOPLE = ("guojia", "guangdong", "yunnan", "yimin")
_TERM = timedelta(days=180)
SETS = (
    ("guojia", NewDataSet(
        code="port-flows-national", name_zh="全国口岸月度流量（演练）", name_en="Monthly traffic of ports (exercise)", room="collection", owner="npo",
        definition_zh="各口岸按月报送的货运量、人员、交通运输工具和货值。",
        definition_en="Cargo, persons, conveyances and trade value by port and month.",
        classification="general", sensitivity="none", cadence="每月",
        coverage=Coverage(fields=("cargo_tonnes", "person_crossings", "movements", "trade_value_cny")))),
    ("guangdong", NewDataSet(
        code="gd-persons-daily", name_zh="广东口岸每日出入境人员（演练）", name_en="Daily persons at ports of Guangdong (exercise)",
        room="collection", owner="gd", definition_zh="广东各口岸每日出入境人次，按方向。", definition_en="Crossings of persons by day and direction.",
        classification="important", sensitivity="none", cadence="每日",
        coverage=Coverage(fields=("person_crossings",), provinces=("44",)))),
    ("guojia", NewDataSet(
        code="port-register", name_zh="口岸名录（演练）", name_en="Register of ports (exercise)", room="register", owner="npo",
        definition_zh="全国口岸名录的登记项。", definition_en="What is registered of each port.", classification="general", sensitivity="none",
        cadence="随登记更新")),
)


def fill_sharing(say: Callable[[str, str], None]) -> None:
    """Catalogue, publish, ask and decide; then look once at every figure that is there."""
    if not settings.IS_EXERCISE:
        raise Refused.because(
            "not_an_exercise", "演练数据不得进入真实工作区。", "Generated figures may not enter a real workspace.",
            remedy=("请用 make demo 打开演练工作区。", "Open the exercise workspace with make demo."))
    people = {each.username: each for each in User.objects.filter(username__in=_PEOPLE, is_demonstration=True, is_active=True)
              .select_related("organisation")}
    if DataSet.objects.exists() or len(people) < len(_PEOPLE):
        return
    say("编目并授权演练数据集，核查演练数据", "Cataloguing and granting exercise data sets, checking exercise figures")
    for owner, said in SETS:
        catalogue(actor=people[owner], said=said)
        publish_data_set(actor=people[owner], code=said.code)
    last = clock.today() + _TERM
    granted = request_grant(actor=people["yunnan"], data_set="gd-persons-daily", purpose="演练：粤滇口岸客流比较", ends_on=last)
    decide_grant(actor=people["guangdong"], grant=granted.pk, deed="approve", reason="同意，仅用于比较")
    request_grant(actor=people["yimin"], data_set="port-flows-national", purpose="演练：节假日客流预判", ends_on=last)
    refused = request_grant(actor=people["yunnan"], data_set="port-flows-national", purpose="演练：招商宣传", ends_on=last)
    decide_grant(actor=people["guojia"], grant=refused.pk, deed="refuse", reason="用途与职责无关")
    with acting_system("setup") as system:
        run_checks(actor=system)
