"""``kouan events``: milestone events in and out of files, the journal's months, its sources and their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

from kouan.cli.output import out, progress_bar, say, show_findings, status_of, table, tell, write_json
from kouan.cli.who import acting_for, reader

if TYPE_CHECKING:
    from datetime import datetime

app = typer.Typer(help="作业节点事件 / milestone events", no_args_is_help=True)
_AS = typer.Option("", "--as", help="以某用户的身份 / as this user")
_JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")


@app.command("import")
def import_(
    files: list[Path] = typer.Argument(..., exists=True, dir_okay=False, help="EPCIS 2.0 JSON、CSV 或 Parquet 文件 / files"),
    source: str = typer.Option(..., help="来源代码，见 kouan events sources / source, see kouan events sources"),
    set_: list[str] = typer.Option([], "--set", help="文件没有的列，如 mode=sea，可重复 / a column that the file lacks"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """导入事件文件：每千条一次提交；中断后重新导入即可，不会重复。
    / Take in files of events, a thousand to a commit; after a break take the file in again: nothing is doubled.

    例：kouan events import day.csv --source tj-terminal
    """
    from kouan.monitoring.journal.files import rows_of, sha256_of, take_in_rows

    defaults = _defaults(set_)
    reports = []
    with acting_for(reader(as_user), "kouan events import") as actor, progress_bar(quiet=json) as progress:
        for file in files:
            if file.name.lower().endswith((".json", ".jsonld")):
                from kouan.exchange.epcis import read_epcis

                rows: Iterable[tuple[int, Any]] = read_epcis(file.read_bytes(), defaults)
            else:
                rows = ((number, {**defaults, **values}) for number, values in rows_of(file))
            reports.append(take_in_rows(rows, actor=actor, source=source, name=file.name, sha256=sha256_of(file), progress=progress))
    if json:
        write_json([report.as_dict() for report in reports])
    else:
        for report in reports:
            out.print(say(
                f"{report.name}：收到 {report.received:,} = 接受 {report.accepted:,} + 重复 {report.repeated:,} + 暂存 {report.held:,} "
                f"+ 未接收 {report.refused:,}",
                f"{report.name}: {report.received:,} received = {report.accepted:,} accepted + {report.repeated:,} repeated + "
                f"{report.held:,} held + {report.refused:,} refused"), markup=False)
            for count, finding in report.findings.values():
                show_findings([finding])
                if count > 1:
                    out.print(say(f"    共 {count:,} 处", f"    {count:,} times"), style="dim")
    raise typer.Exit(1 if any(report.held or report.refused for report in reports) else 0)


def _defaults(pairs: list[str]) -> dict[str, Any]:
    from kouan.monitoring.journal.files import NAMES

    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in NAMES:
            raise typer.BadParameter(say(f"应写作 列=值，可用的列：{'、'.join(NAMES)}", f"COLUMN=VALUE, columns: {', '.join(NAMES)}"),
                                     param_hint="--set")
        found[name] = value
    return found


@app.command("export")
def export(
    file: Path = typer.Argument(..., help="写入的文件：.json（EPCIS 2.0）、.xes / file to write: .json (EPCIS 2.0) or .xes"),
    month: str = typer.Option("", help="只要这个月，如 2026-03 / this month only"),
    port: list[str] = typer.Option([], help="只要这些口岸，可重复 / these ports only"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """导出现行事件：EPCIS 2.0 或 XES（流程挖掘工具可读），只含可见口岸的事件。
    / Write the events that stand, as EPCIS 2.0 or as XES for process-mining tools, of the ports in sight.

    例：kouan events export march.xes --month 2026-03
    """
    from kouan.audit import record_event
    from kouan.basis import clock
    from kouan.exchange.epcis import write_epcis
    from kouan.exchange.xes import write_xes
    from kouan.monitoring.journal.exports import exported_rows

    kind = file.suffix.lower()
    if kind not in (".json", ".jsonld", ".xes"):
        raise typer.BadParameter(say("应为 .json 或 .xes 文件", "a .json or .xes file"), param_hint="FILE")
    user, count = reader(as_user), 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal count
        for row in exported_rows(user, ports=tuple(port), month=month, with_withdrawn=kind != ".xes"):
            count += 1
            yield row

    pieces = write_xes(rows()) if kind == ".xes" else write_epcis(rows(), clock.now().isoformat())
    with _whole(file) as target:
        for piece in pieces:
            target.write(piece)
    record_event("export", actor_id=user.pk, payload={"kind": "events", "format": kind[1:], "rows": count, "month": month, "ports": port})
    if json:
        write_json({"file": str(file), "events": count})
    else:
        out.print(say(f"已写入 {file}：{count:,} 条事件", f"{file} written: {count:,} events"), markup=False)


@contextmanager
def _whole(file: Path) -> Iterator[IO[bytes]]:
    """The file appears when it is whole."""
    beside = file.with_name(f".{file.name}.part")
    try:
        with beside.open("wb") as target:
            yield target
        beside.replace(file)
    except OSError as error:
        raise typer.BadParameter(say(f"无法写入：{error}", f"cannot be written: {error}"), param_hint="FILE")
    finally:
        beside.unlink(missing_ok=True)


@app.command("compact")
def compact_(
    month: list[str] = typer.Option([], help="重新归档这些月份，如 2026-03 / compact these months anew"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """把已结束的月份归档为 Parquet；可重复运行，中断后再次运行即可。
    / Copy closed months to Parquet; may be run again, also after a break.

    例：kouan events compact
    """
    from kouan.monitoring.journal.compaction import closed_months, compact

    for wanted in month:
        if wanted not in (known := closed_months()):
            raise typer.BadParameter(say(f"{wanted} 不是已结束且有事件的月份（{'、'.join(known) or '无'}）",
                                         f"{wanted} is no closed month with events ({', '.join(known) or 'none'})"), param_hint="--month")
    with acting_for(reader(as_user), "kouan events compact") as actor:
        made = compact(actor=actor, months=month or None)
    if json:
        write_json([{"month": each.month, "generation": each.generation, "rows": each.rows, "files": each.files, "seconds": each.seconds}
                    for each in made])
        return
    for each in made:
        out.print(say(f"{each.month} 第 {each.generation} 版：{each.rows:,} 条，{each.files} 个文件（{each.seconds:.1f} 秒）",
                      f"{each.month}, generation {each.generation}: {each.rows:,} events in {each.files} files ({each.seconds:.1f} s)"))
    if not made:
        tell("没有待归档的月份", "No month waits")


@app.command("status")
def status(
    files: bool = typer.Option(False, "--files", help="同时核对归档文件的校验值 / check the files against their checksums"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """事件日志现状：各来源收到、暂存、迟到和时钟，已归档的月份。 / How the journal stands: sources, held events, clocks, closed months.

    例：kouan events status
    """
    from kouan.basis import Finding
    from kouan.monitoring.journal.status import journal_status

    found = journal_status(reader(as_user), with_files=files)
    findings = [Finding.from_dict(each) for each in found["findings"]]
    if json:
        write_json(found)
        raise typer.Exit(status_of(findings))
    table(
        [say("来源", "source"), say("收到", "received"), say("接受", "accepted"), say("重复", "repeated"), say("待处理暂存", "held, waiting"),
         say("迟到", "late"), say("乱序", "out of order"), say("最近收到", "newest")],
        ([each["code"], f"{each['received']:,}", f"{each['accepted']:,}", f"{each['repeated']:,}", f"{each['waiting']:,}", f"{each['late']:,}",
          f"{each['out_of_order']:,}", each["newest_received_at"] or "—"] for each in found["sources"]), right=range(1, 7))
    if found["months"]:
        table([say("月份", "month"), say("版次", "generation"), say("事件", "events"), say("文件", "files"), say("字节", "bytes")],
              ([each["month"], str(each["generation"]), f"{each['rows']:,}", str(each["files"]), f"{each['bytes']:,}"] for each in found["months"]),
              right=range(1, 5))
    show_findings(findings)
    raise typer.Exit(status_of(findings))


@app.command("sources")
def sources(as_user: str = _AS, json: bool = _JSON) -> None:
    """列出事件来源。 / List the sources of events.

    例：kouan events sources
    """
    from kouan.monitoring.journal.queries import event_sources_visible_to

    found = list(event_sources_visible_to(reader(as_user)).select_related("organisation").order_by("code"))
    if json:
        write_json([{"code": each.code, "name": each.name.as_dict(), "organisation": each.organisation.code, "ports": each.port_codes,
                     "origin": each.origin, "norm_per_second": each.norm_per_second} for each in found])
        return
    table([say("代码", "code"), say("名称", "name"), say("单位", "organisation"), say("口岸", "ports"), say("性质", "origin")],
          ([each.code, each.name.in_language(say("zh", "en")), each.organisation.code, "、".join(each.port_codes), each.origin] for each in found))


@app.command("add-source")
def add_source(
    code: str = typer.Argument(..., help="来源代码 / code of the source"),
    organisation: str = typer.Option(..., help="报送单位代码 / code of the organisation that sends"),
    name: str = typer.Option(..., help="中文名称 / Chinese name"), name_en: str = typer.Option("", help="英文名称 / English name"),
    port: list[str] = typer.Option(..., help="可报口岸，可重复；* 为全部 / ports it may speak for; * for all"),
    origin: str = typer.Option("official", help="official、exercise（演练）或 demonstration（演示）/ origin"),
    norm: int = typer.Option(0, min=0, max=1_000_000, help="常规流量，条/秒；0 为未申报 / events a second; 0: not declared"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """登记事件来源。 / Register a source of events.

    例：kouan events add-source tj-terminal --organisation tianjin-terminal --name 码头系统 --port tianjin-water
    """
    from kouan.monitoring.journal.actions import register_event_source

    with acting_for(reader(as_user), "kouan events add-source") as actor:
        made = register_event_source(
            actor=actor, code=code, name_zh=name, name_en=name_en or code, organisation=organisation, ports=port, origin=origin, norm_per_second=norm)
    if json:
        write_json({"code": made.code})
    else:
        tell(f"已登记来源 {made.code}", f"Source {made.code} registered")


@app.command("rule")
def rule(
    source: str = typer.Argument(..., help="来源代码 / source"),
    shift: int = typer.Option(..., help="加到所报时刻上的分钟数，时钟快 3 小时为 -180 / minutes added to reported times; −180 for a clock 3 h ahead"),
    since: str = typer.Option(..., help="自何时接收的事件起，ISO 时刻 / for events received since, ISO"),
    until: str = typer.Option("", help="至何时，缺省为另行裁定前 / until; open if left out"),
    reason: str = typer.Option(..., help="理由 / reason"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """裁定来源时钟校正：读取时加上校正量，原报时刻保留。 / Rule on the clock of a source; what was reported is kept.

    例：kouan events rule tj-terminal --shift -180 --since 2026-03-01T00:00:00+08:00 --reason 时区设置错误
    """
    from kouan.monitoring.journal.actions import rule_on_clock

    start, end = _moment(since, "--since"), _moment(until, "--until") if until else None
    with acting_for(reader(as_user), "kouan events rule") as actor:
        made = rule_on_clock(actor=actor, source=source, shift_minutes=shift, since=start, until=end, reason=reason)
    if json:
        write_json({"ruling": made.pk})
    else:
        tell(f"已裁定（第 {made.pk} 号）", f"Ruled (number {made.pk})")


def _moment(text: str, option: str) -> datetime:
    from datetime import datetime

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(say("应为带时区的 ISO 时刻，如 2026-03-01T00:00:00+08:00", "an ISO moment with its zone"), param_hint=option)
    return found


@app.command("held")
def held(
    accept: int = typer.Option(0, min=0, help="复核后接受这条暂存事件 / judge this held event anew and take it in"),
    discard: int = typer.Option(0, min=0, help="不采用这条暂存事件 / do not use this held event"),
    reason: str = typer.Option("", help="理由 / reason"), source: str = typer.Option("", help="只看这个来源 / this source only"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """列出待处理的暂存事件，或作出处理。 / List the held events that wait, or decide on one.

    例：kouan events held --source tj-terminal
    """
    from kouan.basis import Finding
    from kouan.monitoring.journal.actions import accept_held_event, discard_held_event
    from kouan.monitoring.journal.queries import held_visible_to

    user = reader(as_user)
    if accept or discard:
        with acting_for(user, "kouan events held") as actor:
            if accept:
                accept_held_event(actor=actor, held_id=accept, reason=reason)
            else:
                discard_held_event(actor=actor, held_id=discard, reason=reason)
        tell("已处理", "Decided")
        return
    rows = held_visible_to(user).filter(resolution="").order_by("pk")
    if source:
        rows = rows.filter(source=source)
    found = list(rows[:200])
    if json:
        write_json([{"id": each.pk, "source": each.source, "event_id": each.event_id, "raw": each.raw, "findings": each.findings} for each in found])
        return
    table([say("编号", "id"), say("来源", "source"), say("事件", "event"), say("原因", "reason")],
          ([str(each.pk), each.source, each.event_id, "；".join(Finding.from_dict(one).message.in_language(say("zh", "en")) for one in each.findings)]
           for each in found))


@app.command("replays")
def replays(json: bool = _JSON) -> None:
    """列出可回放的境外口岸逐时候检（演示）。 / List the crossings abroad whose hours can be replayed (demonstration).

    例：kouan events replays
    """
    from kouan.monitoring.live.replay.added import crossing, crossings

    found = [each for each in (crossing(code) for code in crossings()) if each is not None]
    if json:
        write_json([each.as_dict() for each in found])
        return
    table([say("代码", "code"), say("口岸", "crossing"), say("起", "from"), say("止", "to"), say("来源", "source")],
          [[each.code, say(each.name.zh, each.name.en), f"{each.first:%Y-%m-%d}", f"{each.last:%Y-%m-%d}", say(each.source.zh, each.source.en)]
           for each in found])


@app.command("replay-add")
def replay_add(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="逐时候检 CSV，可用 gzip 压缩 / a CSV of hourly waits, or its gzip"),
    code: str = typer.Option(..., help="代码，如 peace-arch / a code"), name_zh: str = typer.Option(..., help="中文名称 / Chinese name"),
    name_en: str = typer.Option(..., help="英文名称 / English name"),
    origin: str = typer.Option(..., "--from", help="数据来源和使用条款 / where the figures come from, and their terms"), json: bool = _JSON,
) -> None:
    """加入一份境外口岸逐时候检文件，供演示回放；文件先整体检查，存入本安装。
    / Add a file of hourly waits abroad for the replay (demonstration); it is checked whole and kept in this installation.

    例：kouan events replay-add peace_arch.csv.gz --code peace-arch --name-zh 和平拱门 --name-en "Peace Arch" --from "Cascade Gateway"
    """
    from kouan.basis import Text
    from kouan.monitoring.live.replay.added import add

    found = add(file, code=code, name=Text(name_zh, name_en), source=Text(origin, origin))
    if json:
        write_json(found.as_dict())
        return
    out.print(say(f"已加入“{name_zh}”：{found.first:%Y-%m-%d} 至 {found.last:%Y-%m-%d}，{len(found.wait):,} 小时。在“对侧核对 → 逐时回放”查看。",
                  f"Added “{name_en}”: {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}, {len(found.wait):,} hours. "
                  "See Counterpart checks, hour by hour."), markup=False)


@app.command("follow")
def follow_broker(
    address: str = typer.Argument(..., help="nats://主机:4222、tls://主机:4222、kafka://主机:9092/主题 / the broker"),
    source: str = typer.Option(..., help="来源代码，见 kouan events sources / source, see kouan events sources"),
    stream: str = typer.Option("events", help="NATS 的流 / the stream (NATS)"),
    subject: str = typer.Option("", help="NATS 的主题，缺省为整个流 / the subject (NATS), by default the whole stream"),
    durable: str = typer.Option("kouan", help="消费者名称：断开后从此处继续 / name of the consumer, which goes on where it stopped"),
    credentials: Path | None = typer.Option(None, exists=True, dir_okay=False, help="NATS 的 .creds 文件，或 Kafka 的 键=值 文件 / a .creds file, "
                                            "or KEY=VALUE lines for Kafka"),
    until_empty: bool = typer.Option(False, "--until-empty", help="取完即止 / stop when nothing is waiting"),
    as_user: str = _AS, json: bool = _JSON,
) -> None:
    """从消息队列持续接收事件：写入落盘后才向队列确认；队列或数据库中断后自动继续，不丢不重。
    / Take in events from a message broker: confirmed only after the commit that holds them; goes on after any break, losing and doubling nothing.

    例：kouan events follow nats://127.0.0.1:4222 --stream events --source tj-terminal
    """
    import signal
    import threading

    from kouan.monitoring.journal.brokers import broker_of, follow

    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    with acting_for(reader(as_user), "kouan events follow") as actor:
        broker = broker_of(address, stream=stream, subject=subject, durable=durable, credentials=credentials)
        if not json:
            tell(f"正在接收 {broker.name}，按 Ctrl+C 结束", f"Following {broker.name}; Ctrl+C ends")
        try:
            done = follow(broker, actor=actor, source=source, stop=stop, until_empty=until_empty)
        finally:
            broker.close()
    if json:
        write_json(done.as_dict())
    else:
        out.print(say(
            f"消息 {done.messages:,} 条，事件 {done.received:,} = 接受 {done.accepted:,} + 重复 {done.repeated:,} + 暂存 {done.held:,}；"
            f"中断 {done.broken:,} 次",
            f"{done.messages:,} messages, {done.received:,} events = {done.accepted:,} accepted + {done.repeated:,} repeated + {done.held:,} held; "
            f"{done.broken:,} breaks"), markup=False)
