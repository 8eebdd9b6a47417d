"""What the exercise workspace (演练) gets beside its returns: daily figures, operation events, the periods of warnings, a run of detection.

Done again it only adds the days that have passed since; what is there is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.audit import acting
from kouan.basis import Refused, clock
from kouan.desk.matters.queries import settings_of
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period
from kouan.exercise.daily import fill_daily
from kouan.exercise.events import fill_events
from kouan.exercise.places import CODES, FEEDS
from kouan.monitoring.journal.compaction import compact
from kouan.monitoring.journal.models import EventSource
from kouan.monitoring.warnings.actions import detect_warnings, set_threshold
from kouan.monitoring.warnings.forecasts import store_forecasts
from kouan.monitoring.warnings.models import StoredForecast, ThresholdChange
from kouan.monitoring.warnings.reading import panel_of
from kouan.monitoring.warnings.routing import PROCEDURE
from kouan.ports.models import Port

OFFICER = "guojia"
WHY = "演练设定，非公开规定"
THRESHOLDS = (("luohu-rail", "queue_growth", "min_queue", 240),)
NORMS = f"""# {WHY}；口岸作业时间规范由各单位自行制定。
norms:
  - zh: 申报至放行
    en: declaration to release
    whole: customs_time
    direction: inbound
    modes: [road]
    values: [{{from: 2021-01-01, hours: 2, instrument: {WHY}, article: 演练}}]
"""
PERIODS = {"acknowledge_days": 1, "assign_days": 1, "joint_days": 2, "act_days": 3, "verify_days": 3}


def fill_operations(actor: Any, say: Callable[[str, str], None]) -> None:
    """Give the exercise workspace its operations up to now. Refused in a real one, and without the demonstration's people."""
    if not settings.IS_EXERCISE:
        raise Refused.because(
            "not_an_exercise", "演练数据不得进入真实工作区。", "Generated figures may not enter a real workspace.",
            remedy=("请用 make demo 打开演练工作区。", "Open the exercise workspace with make demo."))
    officer = User.objects.filter(username=OFFICER, is_demonstration=True, is_active=True).select_related("organisation").first()
    if officer is None:
        raise Refused.because(
            "no_demonstration", "演练作业数据须有演示单位，而此工作区没有演示用户。",
            "The exercise's operations belong to demonstration offices, and this workspace has none.",
            remedy=("请用 KOUAN_DEBUG=1 kouan setup --workspace exercise 建立。", "Make them with KOUAN_DEBUG=1 kouan setup --workspace exercise."))
    _set_periods(officer)
    if not EventSource.objects.filter(code=FEEDS[0].code).exists():
        say("生成演练作业事件和日报", "Writing exercise events and daily figures")
    if fill_events(actor):
        compact(actor=actor)
    first = clock.day_of(EventSource.objects.get(code=FEEDS[0].code).created_at)
    was_begun = StoredForecast.objects.exists()
    if fill_daily(actor, first):
        _set_thresholds(officer)
        # On a first day the morning before is played as well, and the forecast of the one before that, so that there are forecasts to be missed.
        if not was_begun:
            evening = clock.today() - timedelta(days=3)
            with acting(None, "exercise"):
                store_forecasts(panel_of(Port.objects.filter(code__in=CODES), evening)[0], evening)
        for back in (0,) if was_begun else (1, 0):
            with clock.travel_to(clock.now() - timedelta(days=back)), acting_system("warnings") as system:
                detect_warnings(actor=system)


def _set_thresholds(officer: User) -> None:
    """The exercise has few persons: a queue of 240 at Luohu is one to act on, as an office would set it by port. And one norm."""
    norms = settings.HOME.path / "norms.yaml"
    if not norms.exists():
        norms.write_text(NORMS, encoding="utf-8")
    for port, detector, name, value in THRESHOLDS:
        if not ThresholdChange.objects.filter(port__code=port, detector=detector, name=name).exists():
            set_threshold(actor=officer, detector=detector, name=name, value=value, since=clock.today() - timedelta(days=10), reason=WHY, port=port)


def _set_periods(officer: User) -> None:
    filled = settings_of(PROCEDURE)
    for name in in_force(PROCEDURE).procedure.settings:
        if name not in filled:
            set_period(actor=officer, procedure=PROCEDURE, setting=name, count=PERIODS.get(name, 3), reason=WHY)
