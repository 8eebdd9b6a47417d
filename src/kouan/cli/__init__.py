"""The command line: one verb for each job.

Exit status: 0 done; 1 findings of error severity, or refused; 2 arguments that cannot be used.
``--json`` writes one JSON document to standard output and nothing else there.
"""

from __future__ import annotations

import os
import sys

import typer

from kouan import __version__
from kouan.cli.output import LANGUAGE_HELP, fail, use_language

app = typer.Typer(
    name="kouan", no_args_is_help=True, add_completion=False, rich_markup_mode="rich",
    help="口岸综合管理系统 / the integrated management system for ports of entry.\n\n"
         "先运行 [bold]kouan setup[/] 再运行 [bold]kouan serve[/]；数据存放在 KOUAN_HOME 所指目录。",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kouan {__version__}")
        raise typer.Exit


@app.callback()
def begin(
    language: str = typer.Option("zh", "--language", "-l", envvar="KOUAN_LANGUAGE", help=LANGUAGE_HELP),
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="显示版本 / show the version"),
) -> None:
    """Make Django ready before any command's body runs."""
    use_language(language)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kouan.settings")
    import django

    django.setup()


def _mount() -> None:
    from kouan.cli import accounts, audit, evaluation, flows, intake, law, ports, running, verdict

    for part in (running, intake, verdict, flows, evaluation):
        part.mount(app)
    for name, group in (
        ("law", law.app), ("ports", ports.app), ("audit", audit.app), ("accounts", accounts.app),
    ):
        app.add_typer(group, name=name)


_mount()


def main() -> None:
    """The entry point: a refusal ends in its findings and status 1, never in a traceback."""
    from kouan.basis import Refused
    from kouan.home import WrongWorkspace

    try:
        app()
    except Refused as refusal:
        sys.exit(fail(refusal.findings))
    except WrongWorkspace as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader (head, less) went away: not our fault, and not worth a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
