"""Opening an installation: the database brought up to date, the register and the bundled data in.

Everything here may be repeated: what is already there is left alone, so that the second start
takes seconds. ``pending_migrations`` is what ``kouan serve`` and the WSGI door ask before they
let anybody in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from kouan.basis import Finding, Refused

Say = Callable[[str, str], None]
Report = Callable[[int, int | None, str], None]
Bars = Callable[[], AbstractContextManager[Report]]


def no_bars() -> AbstractContextManager[Report]:
    """Work that nobody watches."""
    return nullcontext(lambda done, total, stage: None)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the database stands to this software: migrations it lacks, and those it has from a later one."""

    missing: tuple[str, ...] = field(default=())
    unknown: tuple[str, ...] = field(default=())
    is_empty: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the two fit."""
        return not self.missing and not self.unknown

    def finding(self) -> Finding:
        """What to tell the operator."""
        if self.is_empty:
            return Finding.error(
                "not_set_up", f"这里还没有建立系统：{settings.HOME.path}", f"Nothing has been set up here: {settings.HOME.path}",
                remedy=("请先运行：kouan setup（或 make run）；或用 KOUAN_HOME 指明已有系统的目录。",
                        "Run first: kouan setup (or make run); or name an existing home with KOUAN_HOME."),
            )
        if self.unknown:
            return Finding.error(
                "database_newer",
                f"数据库由更高版本的软件升级过（{'、'.join(self.unknown[:5])}），本版本拒绝运行，数据未改动。",
                f"The database was upgraded by a later version ({', '.join(self.unknown[:5])}); "
                "this one refuses to run. Nothing was changed.",
                remedy=("请改用更高版本的软件。", "Run that later version."),
            )
        return Finding.error(
            "database_behind",
            f"数据库比软件旧，缺 {len(self.missing)} 项升级（{'、'.join(self.missing[:5])}），拒绝运行，数据未改动。",
            f"The database is {len(self.missing)} migrations behind ({', '.join(self.missing[:5])}); "
            "this version refuses to run on it. Nothing was changed.",
            remedy=("请先备份，再运行：kouan upgrade（或 make run）", "Back it up, then run: kouan upgrade (or make run)"),
        )


def standing() -> Standing:
    """Compare the database with the migrations of this software (about 0.1 s)."""
    if connection.vendor == "sqlite" and not _file_is_there():
        # Connecting would leave an empty file behind.
        return Standing(missing=("*",), is_empty=True)
    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations)
    applied = set(loader.applied_migrations)
    ours = {app for app, _ in known}
    return Standing(
        tuple(f"{app}.{name}" for app, name in sorted(known - applied)),
        tuple(f"{app}.{name}" for app, name in sorted(applied - known) if app in ours
              and not _was_squashed(loader, app, name)),
        not applied,
    )


def _file_is_there() -> bool:
    name = str(connection.settings_dict["NAME"])
    return ":memory:" in name or name.startswith("file:") or Path(name).exists()


def _was_squashed(loader: MigrationLoader, app: str, name: str) -> bool:
    return any((app, name) in migration.replaces for migration in loader.disk_migrations.values())


def refuse_unless_current() -> None:
    """Raise ``Refused`` when the database and the software do not fit."""
    found = standing()
    if not found.is_current:
        raise Refused([found.finding()])


def upgrade(say: Say) -> Standing:
    """Bring the database to this version; a database of a later version is refused untouched."""
    before = standing()
    if before.unknown:
        raise Refused([before.finding()])
    if before.missing:
        if before.is_empty:  # what is missing is then not counted
            say("新建数据库", "Making the database")
        else:
            say(f"升级数据库：{len(before.missing)} 项", f"Upgrading the database: {len(before.missing)} migrations")
        call_command("migrate", interactive=False, verbosity=0)
    return before


def prepare(
    say: Say, *, with_data: bool = True, with_demonstration: bool | None = None, bars: Bars = no_bars
) -> None:
    """Upgrade, load the register, take in the bundled data, judge and score, seal.

    Demonstration sign-ins are made only where ``DEBUG`` is on (or when asked for there); in the exercise workspace they then
    play a yearly round.
    """
    from kouan.accounts.action import acting_system
    from kouan.accounts.actions import make_demonstration_users
    from kouan.audit.sealer import seal
    from kouan.grading.lawbook.index import ensure
    from kouan.ports.actions import load_register, refresh_register
    from kouan.publication.actions import publish_bundled

    upgrade(say)
    with acting_system("setup") as system:
        say("登记口岸名录", "Loading the register of ports")
        load_register(actor=system)
        refresh_register(actor=system)
        ensure()
        with_people = settings.DEBUG if with_demonstration is None else with_demonstration
        if with_people:
            make_demonstration_users(actor=system)
        if with_data:
            _take_in_bundled(system, say, bars)
            _judge_and_score(system, say)
            publish_bundled(system, say)
    if with_data and with_people and settings.IS_EXERCISE:
        from kouan.evaluation.rounds.playing import play_all
        from kouan.exercise import fill_operations, fill_returns, fill_sharing

        play_all(say)
        _play_emergencies(say)
        with acting_system("setup") as system:
            fill_operations(system, say)
        fill_returns(say)
        fill_sharing(say)
    seal()


def _play_emergencies(say: Say) -> None:
    """A plan, a drill, a past event and a few feeds, so that a newcomer finds one of each to look at."""
    from kouan.monitoring.emergencies.playing import play
    from kouan.monitoring.imagery.playing import play as play_feeds

    play(say)
    play_feeds(say)


def _take_in_bundled(system: object, say: Say, bars: Bars) -> None:
    """The public data that ships with the product, each file once; an exercise workspace gets generated returns."""
    from kouan.collection.actions import take_in
    from kouan.collection.sources import bundled

    if settings.IS_EXERCISE:
        from kouan.exercise import fill_exercise

        fill_exercise(system, say)
        return
    for file in bundled():
        with bars() as progress:
            report = take_in(actor=system, path=file.path, source=file.source, progress=progress)
        if not report.repeated:
            say(
                f"导入 {file.source} {file.path.name}：读取 {report.read:,} 行，接受 {report.accepted:,}，"
                f"暂存 {report.held:,}，拒收 {report.refused:,}（{report.seconds:.0f} 秒）",
                f"Took in {file.source} {file.path.name}: {report.read:,} rows read, {report.accepted:,} accepted, "
                f"{report.held:,} held, {report.refused:,} refused ({report.seconds:.0f} s)",
            )


def has_unscored_figures() -> bool:
    """Whether benchmark figures came in since the last run, or the framework is another one.

    Asking the batches is what keeps a second start short: the data cut alone takes some seconds to read.
    """
    from kouan.collection.models import Batch, BatchState
    from kouan.evaluation.queries import BENCHMARK_SOURCE, framework, latest_run

    batches = Batch.objects.filter(source=BENCHMARK_SOURCE, state=BatchState.COMMITTED)
    run = latest_run()
    if run is not None and run.framework_digest == framework().digest:
        batches = batches.filter(committed_at__gt=run.recorded_at)
    return batches.exists()


def _judge_and_score(system: object, say: Say) -> None:
    """Record the verdicts of the last full year, and score the benchmark set where its figures are new."""
    from kouan.basis import clock
    from kouan.evaluation.actions import score_benchmark
    from kouan.grading.actions import record_verdicts

    record_verdicts(actor=system, year=clock.today().year - 1)
    if has_unscored_figures():
        _, fresh = score_benchmark(actor=system)
        if fresh:
            say("对标组评分已计算", "The benchmark set is scored")
