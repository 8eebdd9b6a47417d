"""Setting up, upgrading and serving an installation."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import typer

from kouan.cli.output import err, out, progress_bar, say, tell, write_json


def mount(app: typer.Typer) -> None:
    """Hang this part's commands on the command line."""
    app.command("setup")(setup)
    app.command("upgrade")(upgrade)
    app.command("serve")(serve)
    app.command("worker")(worker)


def setup(
    workspace: str = typer.Option("", help="real（真实数据）或 exercise（演练）；只在首次有效 / real or exercise; fixed at the first run"),
    data: bool = typer.Option(True, help="同时导入随附的公开数据 / take in the bundled public data"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """建立或更新本机系统：升级数据库、登记口岸、导入随附数据。 / Set up or bring up to date: database, register, bundled data.

    可重复运行，已有的不变。 / May be run again; what is there is left alone.

    例：KOUAN_HOME=.kouan kouan setup
    """
    from django.conf import settings

    from kouan.installation import prepare

    settings.HOME.open_as(workspace or settings.WORKSPACE)
    prepare(tell, with_data=data, bars=progress_bar)
    tell("系统已就绪", "Ready")
    if json:
        write_json({"ready": True, "home": str(settings.HOME.path), "workspace": settings.HOME.workspace})


def upgrade(json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON")) -> None:
    """升级数据库到本软件版本（请先备份）。 / Upgrade the database to this version (back it up first).

    例：kouan upgrade
    """
    from kouan.installation import upgrade as bring_up

    before = bring_up(tell)
    count = len(before.missing)
    if json:
        write_json({"migrations": list(before.missing)})
        return
    out.print(say(f"完成：执行了 {count} 项升级。", f"Done: {count} migrations."))


def _demonstration_sign_ins() -> None:
    from django.conf import settings

    from kouan.accounts.models import User

    people = list(User.objects.filter(is_demonstration=True, is_active=True).select_related("organisation"))
    if not (settings.DEBUG and people):
        return
    from kouan.accounts.actions import DEMONSTRATION_PASSWORD

    out.print(say(f"演示登录（口令均为 {DEMONSTRATION_PASSWORD}，正式环境自动停用）：",
                  f"Demonstration sign-ins (password {DEMONSTRATION_PASSWORD}; refused unless KOUAN_DEBUG=1):"))
    for person in people:
        out.print(f"  {person.username:<16} {person.get_role_display()} · {person.organisation}", markup=False)


def serve(
    host: str = typer.Option("127.0.0.1", help="监听地址 / address to listen on"),
    port: int = typer.Option(8000, min=1, max=65535, help="监听端口 / socket to listen on"),
    threads: int = typer.Option(6, min=1, max=64, help="线程数 / threads"),
    with_worker: bool = typer.Option(True, "--worker/--no-worker", help="同时启动后台任务进程 / run the worker as well"),
) -> None:
    """启动控制台、接口和后台任务进程。 / Serve the console and the API, with the worker beside them.

    例：kouan serve --port 8000
    """
    from kouan.installation import refuse_unless_current
    from kouan.safety import refuse_if_dangerous

    refuse_if_dangerous(host)
    refuse_unless_current()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            err.print(say(f"无法监听 {host}:{port}（{error.strerror}）。换一个端口，如 --port {port + 1}。",
                          f"Cannot listen on {host}:{port} ({error.strerror}). Try --port {port + 1}."))
            raise typer.Exit(1)
    helper = _start_worker() if with_worker else None
    _demonstration_sign_ins()
    out.print(say(f"控制台：http://{host}:{port}/  （Ctrl+C 停止）", f"Console: http://{host}:{port}/  (Ctrl+C stops)"))
    try:
        _run_server(host, port, threads)
    finally:
        if helper is not None:
            helper.terminate()
            try:
                helper.wait(timeout=10)
            except subprocess.TimeoutExpired:
                helper.kill()


def _run_server(host: str, port: int, threads: int) -> None:
    from django.conf import settings
    from waitress import create_server, wasyncore

    from kouan.desk import streams
    from kouan.wsgi import application

    sockets: dict[int, Any] = {}
    # The server, not the client, says what was the client's address: nothing forwarded is trusted. So behind a
    # proxy that speaks HTTPS the operator says so (KOUAN_HTTPS), and links and form checks use that scheme.
    server: Any = create_server(application, map=sockets, _dispatcher=_dispatcher(threads), host=host, port=port, threads=threads,
                                ident="kouan",
                                max_request_body_size=72 * 1024 * 1024, recv_bytes=128 * 1024,
                                url_scheme="https" if settings.SESSION_COOKIE_SECURE else "http")
    # A thread that waits for the database must not wait five milliseconds more, at each answer, for its turn.
    sys.setswitchinterval(0.0005)
    # A handler that raised would tear the loop apart wherever it stands, with a socket half closed; so it only
    # notes the wish, and the loop ends between two turns.
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    while not asked.is_set():
        wasyncore.loop(timeout=_TURN, map=sockets, count=1)
    tell("正在停止", "Stopping")
    streams.ending.set()
    _wind_up(server, sockets)


def _dispatcher(threads: int) -> Any:
    """The threads of the server: so many for ordinary requests, and one more for each open stream while it lasts.

    Streams must not sit in the ordinary threads, and those must not be made many for their sake: each keeps a connection
    to the database, and PostgreSQL grants a hundred to everybody together.
    """
    from waitress.task import ThreadedTaskDispatcher

    from kouan.desk import streams

    class Dispatcher(ThreadedTaskDispatcher):
        def __init__(self) -> None:
            super().__init__()
            self.open_streams: set[threading.Thread] = set()

        def add_task(self, task: Any) -> None:
            requests = getattr(task, "requests", None)
            # Above the number of streams there may be, one more is only a short answer that says so.
            if not requests or not str(requests[0].path).endswith("/stream") or len(self.open_streams) > streams.STREAMS:
                super().add_task(task)
                return
            thread = threading.Thread(target=self._keep_open, args=(task,), name="stream", daemon=True)
            self.open_streams.add(thread)
            thread.start()

        def _keep_open(self, task: Any) -> None:
            try:
                task.service()
            except BaseException:
                self.logger.exception("a stream broke")
            finally:
                self.open_streams.discard(threading.current_thread())

    made = Dispatcher()
    made.set_thread_count(threads)
    return made


# Seconds: one turn of the loop, which is also how long a signal may wait; how long requests in progress get.
_TURN, _GRACE = 0.5, 10.0


def _wind_up(server: Any, sockets: dict[int, Any]) -> None:
    """Take nothing new, let running requests end and their answers leave, then close every socket.

    The threads wake the loop through a pipe: closing it under a thread that still works ends in
    "Bad file descriptor", so it is closed only when all have ended.
    """
    from waitress import wasyncore

    for each in list(sockets.values()):
        if each.accepting:
            each.accepting = False
    dispatcher = server.task_dispatcher
    # The last answers need the loop to leave, so the threads are awaited beside it.
    ending = threading.Thread(target=dispatcher.shutdown, kwargs={"timeout": _GRACE}, daemon=True)
    ending.start()
    until = time.monotonic() + _GRACE
    while ending.is_alive() or (time.monotonic() < until and (_has_output(sockets) or dispatcher.open_streams)):
        wasyncore.loop(timeout=0.05, map=sockets, count=1)
    if not dispatcher.threads and not dispatcher.open_streams:
        wasyncore.close_all(sockets, ignore_all=True)


def _has_output(sockets: dict[int, Any]) -> bool:
    return any(getattr(each, "total_outbufs_len", 0) for each in list(sockets.values()))


def _start_worker() -> subprocess.Popen[bytes]:
    """The worker beside the server: a process of its own, so that a heavy intake slows no page."""
    return subprocess.Popen([sys.executable, "-m", "kouan", "worker"], env=os.environ.copy())


def worker(
    once: bool = typer.Option(False, "--once", help="做完现有任务即退出 / stop when the queue is empty"),
) -> None:
    """运行后台任务：导入、汇总、审计封存。 / Run background jobs and seal the trail.

    例：kouan worker
    """
    from django.core.management import call_command

    from kouan.installation import refuse_unless_current

    # Until the queue's own handlers stand (they let a running job come to its end), stopping is just stopping.
    # SIGINT too: a worker started in the background by a shell inherits it ignored.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    refuse_unless_current()
    ended = threading.Event()
    keeper = threading.Thread(target=_keep_house, args=(ended,), name="housekeeping", daemon=True)
    carrier = threading.Thread(target=_carry_messages, args=(ended,), name="exchange", daemon=True)
    if not once:
        keeper.start()
        carrier.start()
        _end_with_parent()
        tell("后台任务进程已启动", "The worker is running")
    try:
        call_command("db_worker", batch=once, reload=False, verbosity=0, interval=0.5, startup_delay=False)
    finally:
        ended.set()


def _end_with_parent() -> None:
    """When ``kouan serve`` was killed hard, its worker must not stay behind."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(2)
        os.kill(os.getpid(), signal.SIGTERM)

    if parent > 1:
        threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _run_clocks(log: Any) -> Any:
    """Let the clocks of running matters run, and answer the day; None where it did not come to its end. Whatever breaks
    there must not end the sealing of the trail."""
    from kouan.accounts.action import acting_system
    from kouan.basis import clock
    from kouan.desk.matters.actions import run_clocks
    from kouan.desk.sharing.actions import expire_due

    day = clock.today()
    try:
        with acting_system("run_clocks") as system:
            counts = run_clocks(actor=system, today=day)
            expire_due(actor=system, today=day)
    except Exception:
        log.exception("the clocks of running matters will be tried again in a minute")
        return None
    if counts["stuck"]:
        log.warning("clocks: %s matters could not be moved", counts["stuck"])
    return day


def _look_over(log: Any) -> Any:
    """Look for unusual use in the days before this one, and answer the day: once a day, whatever comes of it."""
    from kouan.accounts.action import acting_system
    from kouan.basis import clock
    from kouan.desk.watch.actions import look_over_due

    day = clock.today()
    try:
        with acting_system("watch") as system:
            look_over_due(actor=system, today=day)
    except Exception:
        log.exception("the look over yesterday's use is left out; kouan audit watch makes up for it")
    return day


def _detect_warnings(log: Any) -> Any:
    """Let the detectors look at yesterday's figures, and answer the day: once a day, whatever comes of it. Until the national
    office has set the periods of the procedure nothing can be raised, which is no fault."""
    from kouan.accounts.action import acting_system
    from kouan.basis import Refused, clock
    from kouan.monitoring.warnings.actions import detect_warnings

    day = clock.today()
    try:
        with acting_system("warnings") as system:
            found = detect_warnings(actor=system)
    except Refused as refusal:
        log.info("no warnings raised: %s", refusal)
    except Exception:
        log.exception("early warnings will be detected again tomorrow, or by kouan warnings detect")
    else:
        if found.opened:
            log.info("early warnings raised: %s", len(found.opened))
    return day


def _open_returns(log: Any) -> Any:
    """Let the reporting calendar bring what is due, and answer the day; None where it is to be tried again."""
    from kouan.accounts.action import acting_system
    from kouan.basis import clock
    from kouan.collection.returns.calls import open_calls

    day = clock.today()
    try:
        with acting_system("returns") as system:
            counts = open_calls(actor=system)
    except Exception:
        log.exception("the reporting calendar will be tried again in a minute")
        return None
    if counts["returns"]:
        log.info("returns that came due: %s", counts["returns"])
    return day


def _carry_messages(ended: threading.Event) -> None:
    """Every minute, in a thread of its own: carry waiting messages to partners. One that does not answer keeps nobody else waiting for long."""
    import logging

    from django.db import close_old_connections

    from kouan.accounts.action import acting_system
    from kouan.exchange.ledger.models import Outgoing, Route, State
    from kouan.exchange.ledger.sending import deliver

    log = logging.getLogger("kouan.worker")
    while not ended.is_set():
        close_old_connections()
        try:
            if Outgoing.objects.filter(state=State.WAITING, partner__route=Route.HTTP).exists():
                with acting_system("exchange") as system:
                    deliver(actor=system)
        except Exception:
            log.exception("messages to partners will be tried again in a minute")
        ended.wait(60)


def _keep_house(ended: threading.Event) -> None:
    """Every minute: find lost jobs, apply changes that are due, tell of late tasks of emergencies, seal the trail. Once a day,
    and at the start: open the returns that came due, let the clocks of running matters run,
        and the detectors look for warnings; whatever a day brought is told once,
    however often this starts."""
    import logging

    from django.db import DatabaseError, close_old_connections

    from kouan.accounts.action import acting_system
    from kouan.audit.sealer import seal
    from kouan.basis import clock
    from kouan.desk.actions import dispose_due
    from kouan.desk.jobs import reap
    from kouan.monitoring.emergencies.actions import tell_late_tasks
    from kouan.ports.actions import refresh_register

    log = logging.getLogger("kouan.worker")
    clocks_ran_on = None
    detected_on = None
    looked_over_on = None
    returns_opened_on = None
    while not ended.is_set():
        close_old_connections()
        try:
            reap()
            with acting_system("housekeeping") as system:
                refresh_register(actor=system)
                dispose_due(actor=system)
            with acting_system("emergencies") as system:
                tell_late_tasks(actor=system)
            seal()
        except DatabaseError as error:
            log.warning("housekeeping will try again in a minute: %s", error)
        if returns_opened_on != clock.today():
            returns_opened_on = _open_returns(log)
        if clocks_ran_on != clock.today():
            clocks_ran_on = _run_clocks(log)
        if detected_on != clock.today():
            detected_on = _detect_warnings(log)
        if looked_over_on != clock.today():
            looked_over_on = _look_over(log)
        ended.wait(60)
