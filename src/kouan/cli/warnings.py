"""``kouan warnings``: early warnings listed, shown, detected; a setting tried on the year before; the Hong Kong replay (演示).

The steps of offices are those of ``kouan matters step``.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.matters import both
from kouan.cli.output import out, progress_bar, say, table, write_json
from kouan.cli.who import reader

app = typer.Typer(help="预警：列表、查看、检测、回测 / early warnings: listed, shown, detected, tried on the past", no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
DAY = ["%Y-%m-%d"]


@app.command("list")
def list_warnings(
    port: str = typer.Option("", help="口岸代码 / port by code"), running: bool = typer.Option(False, "--running",
        help="只列办理中的 / under way only"),
    limit: int = typer.Option(50, min=1, max=1000, help="最多条数 / rows at most"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """列出可见的预警，新的在前。 / List the warnings in scope, newest first.

    例：kouan warnings list --running
    """
    from kouan.monitoring.warnings.queries import told, warnings_visible_to

    found = warnings_visible_to(reader(as_user))
    if port:
        found = found.filter(port__code=port)
    if running:
        found = found.filter(matter__ended_at__isnull=True)
    rows = [told(each) for each in found.order_by("-pk")[:limit]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("口岸", "port"), say("首日", "first day"), say("检测规则", "detector"), say("偏离程度", "score"),
           say("状态", "state"), say("处置单位", "office")],
          ([each["id"], each["port_name"], str(each["first_day"]), each["detector"], f"{each['score']:.1f}", both(each["state_label"]),
              each["handler"]]
           for each in rows), right=[0, 4])


@app.command()
def show(number: int = typer.Argument(..., min=1, max=2**62, help="预警编号 / number of the warning"), as_user: str = AS_READER,
    json: bool = JSON) -> None:
    """一次预警：实测与常态、分送理由、各步骤及用时。 / One warning: what was seen, where it went and why, its steps with their times.

    例：kouan warnings show 3
    """
    from kouan.monitoring.warnings.queries import get_warning, told

    held = told(get_warning(reader(as_user), number))
    if json:
        write_json(held)
        return
    out.print(f"#{held['id']} {held['port_name']} {both(held['state_label'])}", style="bold", markup=False)
    out.print(both(held["message"]), markup=False)
    out.print(say(f"处置单位：{held['handler']}（{both(held['why'])}）", f"Office: {held['handler']} ({both(held['why'])})"), markup=False)
    out.print(say(f"办件 #{held['matter']}", f"Matter #{held['matter']}"), markup=False)
    for each in held["steps"]:
        after = "" if each["hours_after"] is None else say(f"，距上一步{each['hours_after']}小时", f", {each['hours_after']} h after the one before")
        out.print(f"{each['at']:%Y-%m-%d %H:%M} {both(each['label'])} {each['office']}{after}", markup=False)


@app.command()
def detect(
    until: datetime | None = typer.Option(None, formats=DAY, help="检测到某日为止，默认昨日 / up to this day; yesterday if not given"),
        json: bool = JSON,
) -> None:
    """对各口岸日数据和作业事件运行检测规则，发出新的预警；重复运行不会重复发出。后台任务进程每天自动运行。
    / Run the detectors over the ports' daily figures and events and raise what is new; running it again raises nothing twice. The worker
    does it every day.

    例：kouan warnings detect
    """
    from kouan.accounts.action import acting_system
    from kouan.monitoring.warnings.actions import detect_warnings

    with acting_system("warnings") as system:
        found = detect_warnings(actor=system, until=until.date() if until else None)
    told = {"opened": list(found.opened), "prolonged": list(found.prolonged), "silenced": found.silenced, "series": found.series}
    if json:
        write_json(told)
        return
    out.print(say(f"读取{found.series}个序列；新发预警{len(found.opened)}次，延续{len(found.prolonged)}次，计划静默{found.silenced}次。",
                  f"{found.series} series read; {len(found.opened)} warnings raised, {len(found.prolonged)} prolonged, "
                  f"{found.silenced} in planned silence."), markup=False)


@app.command()
def backtest(
    port: str = typer.Option("", help="口岸代码 / port by code"),
    last: datetime | None = typer.Option(None, formats=DAY, help="回测的末日，默认昨日 / last day; yesterday if not given"),
    setting: list[str] = typer.Option([], "--set", help="试用的阈值，如 seasonal.score=5，可重复 / a threshold to try, may be repeated"),
    replay: Path | None = typer.Option(None, exists=True, dir_okay=False, help=(
        "改用香港管制站日客流文件回放（演示），对照已知事件 / replay the Hong Kong daily file instead (演示), against known events")),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """按某组阈值回测过去一年：预警几次，其中有用几次，漏报什么。 / What a setting would have told over the last year: alerts, useful ones, misses.

    例：kouan warnings backtest --set seasonal.score=5
    """
    from datetime import timedelta

    from kouan.basis import clock

    changes = [_threshold(each) for each in setting]
    day = last.date() if last else clock.today() - timedelta(days=1)
    result = _replayed(replay, last.date() if last else None, changes) if replay else _tried(reader(as_user), port, day, changes)
    if json:
        write_json({
            "first": result.first, "last": result.last, "sentence": result.sentence.as_dict(), "alerts": len(result.alerts), "useful": result.useful,
            "not_judged": result.not_judged, "silenced": len(result.silenced), "missed": [each.code for each in result.missed],
            "by_detector": {key: {"alerts": total, "useful": good} for key, (total, good) in result.by_detector().items()},
        })
        return
    if replay:
        out.print(say("演示：香港管制站为对侧数据，不作任何评价。",
            "Demonstration (演示): Hong Kong points are counterpart data; nothing judges them."), markup=False)
    out.print(both(result.sentence.as_dict()), markup=False)
    table([say("口岸", "port"), say("首日", "first day"), say("末日", "last day"), say("检测规则", "detectors"), say("有用", "useful")],
          ([each.episode.port, str(each.episode.first), str(each.episode.last), "、".join(each.episode.detectors),
            say("未评价", "not judged") if each.useful is None else say("是", "yes") if each.useful else say("否", "no")]
           for each in result.alerts[-100:]))
    for event in result.missed:
        out.print(say(f"漏报：{event.first} {event.title.zh}", f"Missed: {event.first} {event.title.en}"), markup=False)


def _tried(user: Any, port: str, day: date, changes: list[tuple[str, str, float]]) -> Any:
    from kouan.monitoring.detection import registered_detectors
    from kouan.monitoring.warnings.queries import try_settings

    with progress_bar() as report:
        return try_settings(user, last=day, settings=[changes], port=port, detectors=tuple(registered_detectors()), report=report)[0]


def _replayed(file: Path, last: date | None, changes: list[tuple[str, str, float]]) -> Any:
    from kouan.monitoring.detection import shipped
    from kouan.monitoring.detection.calendar import national_spans
    from kouan.monitoring.detection.replay import kinds_of, read_passengers, replay, spring_festivals

    panel = read_passengers(file)
    setting = shipped()
    for detector, name, value in changes:
        setting = setting.tried(detector, "", **{name: value})
    return replay(panel, kinds_of(panel, national_spans()), first=panel.first_day, last=last or panel.day(panel.days - 1), thresholds=setting,
                  silences=spring_festivals())


def _threshold(said: str) -> tuple[str, str, float]:
    name, sign, value = said.partition("=")
    detector, dot, threshold = name.strip().partition(".")
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not sign or not dot or not number > 0 or number == float("inf"):
        raise typer.BadParameter(say(f"“{said}”应写作 检测规则.阈值=正数", f"“{said}” should be detector.threshold=positive number"),
            param_hint="--set")
    return detector, threshold, number
