"""How every command begins and ends: its language, Django, the state of the database, and refusals.

Help texts stand in the code in both languages, ``中文 / English``, paragraph by paragraph; the one
that ``--language`` (or KOUAN_LANGUAGE) asks for is shown. Django is loaded when a command's body
runs, so that ``--help`` and wrong arguments answer at once.

>>> in_language("年度 / year", "en"), in_language("年度 / year", "zh")
('year', '年度')
>>> in_language("例：kouan ports list", "en")
'Example: kouan ports list'
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from kouan.cli.output import draw, err, fail, out, say, use_language

if TYPE_CHECKING:
    from kouan.basis import Finding

UNUSABLE = 2

# What typer, click and pydantic say of a value, whole or behind "Invalid value for X: ".
_VALUES = (
    (r"(?i:file|path) '(.*)' does not exist\.", r"没有文件“\1”。"),
    (r"(?i:directory) '(.*)' does not exist\.", r"没有文件夹“\1”。"),
    (r"\w+ '(.*)' is a directory\.", r"“\1”是文件夹，不是文件。"),
    (r"\w+ '(.*)' is a file\.", r"“\1”是文件，不是文件夹。"),
    (r"\w+ '(.*)' is not readable\.", r"“\1”无法读取。"),
    (r"\w+ '(.*)' is not writable\.", r"“\1”无法写入。"),
    (r"'(.*)' is not a valid integer( range)?\.", r"“\1”不是整数。"),
    (r"'(.*)' is not a valid float( range)?\.", r"“\1”不是数字。"),
    (r"'(.*)' is not a valid boolean\..*", r"“\1”不是 true 或 false。"),
    (r"'(.*)' is not a valid UUID\.", r"“\1”不是 UUID。"),
    (r"(.+) is not in the range (.+?)\.?", r"\1 超出范围：应满足 \2。"),
    (r"'(.*)' does not match the formats? (.+?)\.?", r"“\1”不是日期或日历上没有，应写作 2023-03-06。"),
    (r"'(.*)' is not one of (.+?)\.?", r"“\1”不是可用的值，应为 \2 之一。"),
    (r"Input should be a valid integer.*", r"应为整数。"),
    (r"Input should be a valid (?:number|decimal|float).*", r"应为数字。"),
    (r"Input should be a valid boolean.*", r"应为 true 或 false。"),
    (r"Input should be a valid date.*", r"应为日期，写作 2023-03-06。"),
    (r"Input should be a valid string.*", r"应为文字。"),
    (r"Input should be less than or equal to (.+)", r"应不大于 \1。"),
    (r"Input should be greater than or equal to (.+)", r"应不小于 \1。"),
    (r"Input should be less than (.+)", r"应小于 \1。"),
    (r"Input should be greater than (.+)", r"应大于 \1。"),
    (r"Input should be (.+)", r"应为 \1。"),
)
_TAIL = (
    (r"\s*Did you mean one of: (.+?)\?", r"是否为：\1？"),
    (r"\s*Did you mean (.+?)\?", r"是否为：\1？"),
    (r"\s*\(Possible options: (.+?)\)", r"（可用：\1）"),
    (r"\s*Choose from:?\s*(.+?)\.?$", r"可选：\1。"),
)
_USAGE = (
    (r"Missing option (.+?)\.(.*)", r"缺少选项 \1。\2"),
    (r"Missing argument (.+?)\.(.*)", r"缺少参数 \1。\2"),
    (r"Missing command\.", r"缺少命令。"),
    (r"No such option: (\S+?)\.?( .*)?", r"没有选项 \1。\2"),
    (r"No such command (.+?)\.(.*)", r"没有命令 \1。\2"),
    (r"Got unexpected extra arguments? \((.*)\)", r"多余的参数：\1"),
    (r"Option (\S+) requires an argument\.?", r"选项 \1 需要一个值。"),
    (r"Option (\S+) requires (\d+) arguments\.?", r"选项 \1 需要 \2 个值。"),
    (r"Option (\S+) does not take a value\.?", r"选项 \1 不带值。"),
)


def language_in(arguments: Sequence[str]) -> str:
    """The language that the arguments, else KOUAN_LANGUAGE, ask for."""
    for position, argument in enumerate(arguments):
        if argument.startswith("--language="):
            return argument.partition("=")[2]
        if argument in ("--language", "-l"):
            return arguments[position + 1] if position + 1 < len(arguments) else "zh"
    return os.environ.get("KOUAN_LANGUAGE", "zh")


def in_language(text: str, language: str) -> str:
    """One half of each ``中文 / English`` paragraph; a paragraph in one language stays as it is."""
    said = []
    for paragraph in text.split("\n\n"):
        halves = re.split(r"\s/\s", paragraph.strip(), maxsplit=1)
        chosen = halves[-1] if language == "en" else halves[0]
        # Chinese runs on without a space where a line of the source ends.
        is_chinese = language != "en" and len(halves) > 1
        chosen = re.sub(r"\s*\n\s*", "" if is_chinese else " ", chosen)
        said.append(re.sub(r"^例：", "Example: ", chosen) if language == "en" else chosen)
    return "\n\n".join(said)


def localise(command: Any, language: str) -> None:
    """Put a command, its arguments and its subcommands into one language."""
    _put(command, "help", language)
    _put(command, "short_help", language)
    for parameter in getattr(command, "params", ()):
        _put(parameter, "help", language)
    for each in getattr(command, "commands", {}).values():
        localise(each, language)


def _put(holder: Any, name: str, language: str) -> None:
    both = vars(holder).setdefault(f"_both_{name}", getattr(holder, name, None))
    if both:
        setattr(holder, name, in_language(both, language))


class _Bilingual:
    """Help in the run's language, drawn here: typer's own drawing takes half a second to load."""

    def get_help_option(self, ctx: Any) -> Any:
        """The help option; typer builds it anew for each command."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = say("显示这份说明", "Show this message and exit.")
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Usage, what it does, arguments, options, commands."""
        with out.capture() as drawn:
            _draw_help(self, ctx)
        formatter.write(drawn.get())


def _draw_help(command: Any, ctx: Any) -> None:
    pieces = " ".join(command.collect_usage_pieces(ctx))
    out.print(f"\n{say('用法：', 'Usage: ')}{ctx.command_path} {pieces}", markup=False, style="bold", soft_wrap=True)
    for paragraph in (command.help or "").split("\n\n"):
        out.print(f"\n{paragraph.strip()}", markup=False)
    arguments, options = [], []
    for parameter in command.get_params(ctx):
        if parameter.param_type_name == "argument":
            arguments.append((" ".join(parameter.get_usage_pieces(ctx)).strip("[]{}").upper(), _said_of(parameter)))
        elif (record := parameter.get_help_record(ctx)) is not None:
            # “ / ” parts two languages everywhere else; here it would part a claim from its denial.
            options.append((record[0].replace(" / ", "/"), _said_of(parameter)))
    listed = [
        (name, (each.help or "").split("\n\n")[0].strip())
        for name, each in getattr(command, "commands", {}).items()
    ]
    for title, rows in ((say("参数", "Arguments"), arguments), (say("选项", "Options"), options),
                        (say("命令", "Commands"), listed)):
        _draw_rows(title, rows)
    if listed:
        out.print(say(f"\n各命令的说明与例子：{ctx.command_path} 命令 --help",
                      f"\nEach command with an example: {ctx.command_path} COMMAND --help"), markup=False)


def _said_of(parameter: Any) -> str:
    """The help of a parameter, whether it must be given, its default and its environment variable."""
    said = [parameter.help or ""]
    if parameter.required:
        said.append(say("（必填）", "(required)"))
    elif parameter.param_type_name == "argument" or not parameter.is_flag:
        default = parameter.default
        if default not in (None, "", [], ()) and not callable(default):
            said.append(say(f"（缺省 {default}）", f"(default {default})"))
    if getattr(parameter, "envvar", None):
        said.append(say(f"（环境变量 {parameter.envvar}）", f"(environment: {parameter.envvar})"))
    return "".join(said) if say("zh", "en") == "zh" else " ".join(said)


def _draw_rows(title: str, rows: Sequence[tuple[str, str]]) -> None:
    if not rows:
        return
    from rich.table import Table
    from rich.text import Text

    out.print(f"\n{title}", style="bold")
    drawn = Table(box=None, show_header=False, padding=(0, 2, 0, 2), pad_edge=True)
    drawn.add_column(no_wrap=True, style="cyan")
    drawn.add_column(overflow="fold")
    for name, said in rows:
        drawn.add_row(Text(name), Text(said))
    draw(drawn)


class Door(_Bilingual, TyperGroup):
    """The ``kouan`` command itself: one way out for refusals, wrong arguments and interruption."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Fix the language before anything is shown."""
        if parent is None:
            language = "en" if language_in(args).lower().startswith("en") else "zh"
            use_language(language)
            localise(self, language)
        return super().make_context(info_name, args, parent=parent, **extra)

    def main(  # type: ignore[override]  # the options of click that nobody here uses are in extra
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Any:
        """Run, and end with 0, 1 or 2 (130 after Ctrl+C); never with a traceback for a refusal."""
        arguments = list(sys.argv[1:] if args is None else args)
        standalone = extra.pop("standalone_mode", True)
        status = self._ended(arguments, partial(super().main, arguments, prog_name or "kouan", **extra))
        if standalone:
            sys.exit(status)
        return status

    def _ended(self, arguments: list[str], run: Callable[..., Any]) -> int:
        try:
            status = run(standalone_mode=False)
        except typer.Abort:
            status = 130
        except Exception as error:
            findings = findings_of(error)
            if findings is None:
                raise
            return fail(findings, as_json="--json" in arguments, status=getattr(error, "exit_code", 1))
        if status == 130:
            err.print(say("已中断；没有完成的工作未写入。", "Interrupted; unfinished work was not written."))
        return status if isinstance(status, int) else 0


class Group(_Bilingual, TyperGroup):
    """A group of commands."""


class OnFiles(_Bilingual, TyperCommand):
    """A command that needs neither Django nor a database: files in, files out."""


class Ready(_Bilingual, TyperCommand):
    """A command that needs Django, whatever the state of the database."""

    def invoke(self, ctx: Any) -> Any:
        """Load Django, then run."""
        begin()
        return super().invoke(ctx)


class OnData(_Bilingual, TyperCommand):
    """A command that needs a database which fits this software."""

    def invoke(self, ctx: Any) -> Any:
        """Load Django, look at the database, then run."""
        begin()
        from kouan.installation import refuse_unless_current

        refuse_unless_current()
        return super().invoke(ctx)


def begin() -> None:
    """Make Django ready. Settings that cannot be used are refused in words."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kouan.settings")
    import django

    try:
        django.setup()
    except ValueError as error:
        from kouan.basis import Refused

        raise Refused.because(
            "unusable_settings", f"设置不能使用：{error}", f"The settings cannot be used: {error}",
            remedy=("请检查 KOUAN_ 开头的环境变量，见 docs/operations.md。",
                    "Check the environment variables that begin with KOUAN_; see docs/operations.md."),
        ) from error


def use(app: typer.Typer, kind: type[TyperCommand]) -> typer.Typer:
    """Make every command registered on ``app`` so far one of this kind."""
    for command in app.registered_commands:
        if command.cls is None or command.cls is TyperCommand:
            command.cls = kind
    return app


def findings_of(error: Exception) -> list[Finding] | None:
    """What to say of an error that is nobody's programming fault; None for any other."""
    from kouan.basis import Finding, Refused
    from kouan.home import WrongWorkspace

    if isinstance(error, Refused):
        return error.findings
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):
        return _of_usage(error)
    if isinstance(error, WrongWorkspace):
        zh, _, en = str(error).partition(" / ")
        return [Finding.error("wrong_workspace", zh, en)]
    if "django.db" not in sys.modules:
        return None
    from django.db import OperationalError

    if isinstance(error, OperationalError):
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return [Finding.error(
            "database_unavailable", f"数据库无法使用：{said}", f"The database cannot be used: {said}",
            remedy=("请检查数据库是否在运行、磁盘是否已满、是否被其他进程占用，然后重试。",
                    "Check that it runs, that the disk is not full and that nothing else holds it, then try again."),
        )]
    return None


def in_chinese(message: str) -> str:
    """What click says of wrong arguments, in Chinese; a sentence of our own stays as it is.

    >>> in_chinese("Invalid value for 'FILE': File 'x.csv' does not exist.")
    "'FILE' 的值不能使用：没有文件“x.csv”。"
    """
    found = re.fullmatch(r"Invalid value(?: for (.+?))?: (.*)", message)
    if found:
        value = _translated(found[2], _VALUES) or found[2]
        if not re.search(r"[\u4e00-\u9fff]", value):
            value = f"请核对（{value}）"
        return f"{found[1]} 的值不能使用：{value}" if found[1] else f"值不能使用：{value}"
    return _translated(message, _USAGE) or _translated(message, _VALUES) or message


def _translated(message: str, table: Sequence[tuple[str, str]]) -> str | None:
    """The Chinese of a sentence, and of the suggestions behind it; None where the table has none."""
    for pattern, said in table:
        if found := re.fullmatch(pattern, message):
            zh = found.expand(said)
            for tail, words in _TAIL:
                zh = re.sub(tail, words, zh)
            return zh
    return None


def _of_usage(error: Any) -> list[Finding]:
    from kouan.basis import Finding, Place

    if type(error).__name__ == "NoArgsIsHelpError":
        out.file.write(error.ctx.get_help() + "\n")
        return []
    message = " ".join(error.format_message().split()).replace("Value error, ", "")
    zh = in_chinese(message)
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx is not None else "kouan"
    return [Finding.error(
        "unusable_arguments", zh, message, where=Place(field=getattr(error, "param_hint", None) or None),
        remedy=(f"用法见：{path} --help", f"See: {path} --help"),
    )]
