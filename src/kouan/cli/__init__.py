"""The command line: one verb for each job.

Exit status: 0 done; 1 findings of error severity, or refused; 2 arguments that cannot be used;
130 interrupted. ``--json`` writes one JSON document to standard output and nothing else there.
"""

from __future__ import annotations

import sys

import typer

from kouan import __version__
from kouan.cli.command import Door, Group, OnData, OnFiles, Ready, use

app = typer.Typer(
    name="kouan", cls=Door, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="口岸综合管理系统：收集、核对、汇总口岸数据，依现行规定判定，公开依据。 / "
         "The integrated management system for ports of entry: take in figures, check them, add them up, "
         "and judge by the law in force.\n\n"
         "先运行 kouan setup 再运行 kouan serve；数据存放在环境变量 KOUAN_HOME 所指目录"
         "（缺省为当前目录下的 .kouan）。 / "
         "Run kouan setup, then kouan serve; data lies in the folder that KOUAN_HOME names "
         "(.kouan in the working folder by default).\n\n"
         "退出状态：0 完成；1 有错误级问题或被拒绝；2 参数不能使用。 / "
         "Exit status: 0 done; 1 findings of error severity, or refused; 2 unusable arguments.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kouan {__version__}")
        raise typer.Exit


@app.callback()
def begin(
    language: str = typer.Option(
        "zh", "--language", "-l", envvar="KOUAN_LANGUAGE", help="界面语言 zh 或 en / language: zh or en"
    ),
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="显示版本 / show the version"),
) -> None:
    """The language is fixed by ``Door`` before this runs; here one that nobody speaks is refused, not taken for Chinese."""
    if not language.lower().startswith(("zh", "en")):
        raise typer.BadParameter(
            f"没有语言“{language}”，可用 zh（中文）或 en（English） / there is no language “{language}”: zh or en",
            param_hint="--language",
        )


def _mount() -> None:
    from kouan.cli import (
        access,
        accounts,
        audit,
        backup,
        bottlenecks,
        checks,
        codes,
        conferences,
        documents,
        edifact,
        efficiency,
        emergencies,
        evaluation,
        events,
        exchange,
        execution,
        flows,
        grades,
        imagery,
        index,
        index_analysis,
        index_robustness,
        intake,
        keys,
        law,
        law_changes,
        lists,
        matters,
        oversight,
        ports,
        procedures,
        publish,
        register,
        returns,
        rounds,
        running,
        sharing,
        times,
        times_norms,
        times_notices,
        times_report,
        times_studies,
        times_yearly,
        trade,
        verdict,
        warnings,
    )

    for part, kind in ((running, Ready), (backup, Ready), (intake, OnData), (verdict, OnData), (flows, OnData), (evaluation, OnData),
                       (efficiency, OnFiles)):
        part.mount(app)
        use(app, kind)
    register.mount(ports.app)
    law_changes.mount(law.app, OnData)
    for name, part_of in (("partners", exchange.partners_app), ("keys", exchange.keys_app)):
        exchange.app.add_typer(use(part_of, OnData), name=name, cls=Group)
    for name, group, kind in (
        ("sources", intake.sources_app, Ready), ("ports", ports.app, OnData), ("law", law.app, Ready),
        ("access", access.app, OnData),
        ("documents", documents.app, OnData), ("audit", audit.app, OnData), ("accounts", accounts.app, OnData),
        ("lists", lists.app, OnData), ("grades", grades.app, OnData),
        ("matters", matters.app, OnData), ("procedures", procedures.app, OnData),
        ("publish", publish.app, OnData), ("sharing", sharing.app, OnData),
        ("oversight", oversight.app, OnData), ("execution", execution.app, OnData),
        ("events", events.app, OnData),
        ("bottlenecks", bottlenecks.app, OnData), ("conferences", conferences.app, OnData),
        ("warnings", warnings.app, OnData), ("emergencies", emergencies.app, OnData), ("imagery", imagery.app, OnData),
        ("returns", returns.app, OnData),
        ("exchange", exchange.app, OnData), ("keys", keys.app, OnData),
    ):
        app.add_typer(use(group, kind), name=name, cls=Group)
    app.add_typer(codes.mount(), name="codes", cls=Group)
    app.add_typer(use(rounds.app, OnData), name="evaluation", cls=Group)
    index_robustness.mount(index.app)
    index_analysis.mount(index.app)
    app.add_typer(use(index.app, OnFiles), name="index", cls=Group)
    app.add_typer(use(edifact.app, OnFiles), name="edifact", cls=Group)
    trade.app.add_typer(use(trade.pack, OnFiles), name="pack", cls=Group)
    app.add_typer(use(trade.app, OnFiles), name="trade", cls=Group)
    on_files = typer.Typer()
    checks.mount(on_files)
    checks_group = use(checks.app, OnData)
    checks_group.registered_commands += use(on_files, OnFiles).registered_commands
    app.add_typer(checks_group, name="checks", cls=Group)
    times_report.mount(times.app)
    times_group = use(times.app, OnFiles)
    yearly = typer.Typer()
    yearly.command("yearly")(times_yearly.yearly)
    times_group.registered_commands += use(yearly, OnData).registered_commands
    times_group.add_typer(use(times_studies.app, OnData), name="study", cls=Group)
    times_group.add_typer(use(times_norms.app, OnData), name="norms", cls=Group)
    times_group.add_typer(use(times_notices.app, OnData), name="notice", cls=Group)
    app.add_typer(times_group, name="times", cls=Group)


_mount()


def language_first(arguments: list[str]) -> list[str]:
    """The arguments with ``--language`` or ``-l`` moved before the command: people write it behind as well.

    >>> language_first(["ports", "list", "-l", "en"])
    ['-l', 'en', 'ports', 'list']
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for at, argument in enumerate(arguments[:end]):
        length = 1 if argument.startswith("--language=") else 2 if argument in ("--language", "-l") else 0
        if length and at + length <= end:
            return [*arguments[at : at + length], *arguments[:at], *arguments[at + length :]]
    return arguments


def main() -> None:
    """The entry point."""
    app(language_first(sys.argv[1:]))
