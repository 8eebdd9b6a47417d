"""``kouan matters``: running matters from the command line: what lies where, and every deed of the page."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, say, table, text, write_json
from kouan.cli.who import reader

app = typer.Typer(help="办件 / running matters", no_args_is_help=True)
NUMBER = typer.Argument(..., min=1, max=2**62, help="办件编号 / number of the matter")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
VERSION = typer.Option(None, "--version", min=1, help="您所见的版本；其间有人办理则拒绝 / version that you saw; refused if somebody was faster")
FACT = typer.Option([], "--fact", help="事实=值，可重复；是/否写作 yes/no / fact=value, may be repeated; flags are yes or no")


@app.command("list")
def list_(
    search: str = typer.Option("", help="标题、编号、对象、所附文件的标题或文号 / title, number, subject, or a paper's title or number"),
    procedure: str = typer.Option("", help="程序代码，如 opening / procedure, such as opening"),
    state: str = typer.Option("", help="状态代码 / state"),
    running: bool = typer.Option(False, "--running", help="只列办理中的 / only those under way"),
    ended: bool = typer.Option(False, "--ended", help="只列已办结的 / only those that have ended"),
    limit: int = typer.Option(200, min=1, max=10000, help="至多几件 / at most so many"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """列出可见的办件，新的在前。 / List the matters in scope, newest first.

    例：kouan matters list --search 口岸 --running
    """
    from kouan.desk.matters.queries import matters_visible_to, search_matters
    from kouan.desk.matters.telling import summary_of
    from kouan.ports.queries import codes_named

    found = matters_visible_to(reader(as_user)).select_related("edition", "applicant")
    for name, value in (("procedure", procedure), ("state", state)):
        if value:
            found = found.filter(**{name: value})
    if running and ended:
        raise typer.BadParameter(say("--running 和 --ended 只能用一个", "give --running or --ended, not both"), param_hint="--running")
    if running or ended:
        found = found.filter(ended_at__isnull=running)
    if search.strip():
        found = search_matters(found, search, ports=codes_named(search))
    rows = [summary_of(each) for each in found.order_by("-pk")[:limit]]
    if json:
        write_json(rows)
        return
    table([say("编号", "number"), say("标题", "title"), say("程序", "procedure"), say("状态", "state"), say("发起单位", "begun by"),
           say("开始", "began"), say("办结", "ended")],
          ([each["id"], each["title"], each["procedure"], both(each["state_label"]), each["applicant"], _day(each["began_at"]),
            _day(each["ended_at"])] for each in rows), right=[0])


@app.command()
def show(number: int = NUMBER, as_user: str = AS_READER, json: bool = JSON) -> None:
    """一个办件：状态、下一步及尚缺条件、意见、期限、经过。
    / One matter: where it stands, next steps and what they lack, opinions, clocks, history.

    例：kouan matters show 12
    """
    from kouan.desk.matters.queries import get_matter
    from kouan.desk.matters.telling import told

    user = reader(as_user)
    held = told(get_matter(user, number), user)
    if json:
        write_json(held)
        return
    out.print(f"#{held['id']} {held['title']}", style="bold", markup=False)
    waits = say("、", ", ").join(both(each["label"]) for each in held["waits_for"])
    out.print(say(f"{both(held['procedure_title'])}，{both(held['state_label'])}，第 {held['version']} 版",
                  f"{both(held['procedure_title'])}, {both(held['state_label'])}, version {held['version']}"), markup=False)
    if waits:
        out.print(say(f"等待：{waits}", f"Waiting for: {waits}"), markup=False)
    if held["next_steps"]:
        table([say("下一步", "next step"), say("代码", "code"), say("由谁", "by"), say("尚缺", "lacks")],
              ([both(each["label"]), each["code"], ", ".join(each["by"]) or say("系统", "system"),
                " ".join(both(one["message"]) for one in each["unmet"]) or "—"] for each in held["next_steps"]))
    if held["opinions"]:
        answers = {True: say("同意", "agrees"), False: say("不同意", "objects"), None: say("逾期未答复", "no answer in time")}
        table([say("征求意见", "consultation"), say("单位", "party"), say("答复", "answer"), say("编号", "reference"), say("日期", "day")],
              ([each["consultation"], both(each["party_label"]), say("待答复", "awaited") if each["is_awaited"] else answers[each["agrees"]],
                each["reference"], _day(each["given_on"])] for each in held["opinions"]))
    if held["clocks"]:
        table([say("期限", "clock"), say("已用", "used"), say("到期", "due"), say("剩工作日", "working days left")],
              ([both(each["label"]), each["used"], _day(each["due"]), each["working_days_left"]] for each in held["clocks"]), right=[1, 3])
    table([say("序号", "no."), say("步骤", "step"), say("日期", "day"), say("办理单位", "office"), say("文件", "papers")],
          ([each["number"], both(each["label"]), _day(each["on"]), each["office"] or say("系统", "system"), _papers(each["papers"])]
           for each in held["steps"]), right=[0])


def actor_named(name: str) -> Any:
    """The user named by ``--as``: a deed in a matter is a person's, never the operator's."""
    if not name.strip():
        raise typer.BadParameter(say("须指明办理人的登录名", "the sign-in name of who acts is needed"), param_hint="--as")
    return reader(name)


def _papers(papers: list[dict[str, Any]]) -> str:
    wrong = {"altered": say("（校验值不符）", " (altered)"), "missing": say("（缺失）", " (missing)")}
    return say("；", "; ").join(
        f"{each['title']} {each['number']}".strip() + "".join(wrong.get(file["state"], "") for file in each["files"]) for each in papers)


@app.command()
def begin(
    procedure: str = typer.Argument(..., help="程序代码，见 kouan procedures list / procedure, see kouan procedures list"),
    title: str = typer.Argument(..., help="标题 / title"),
    port: str = typer.Option("", help="口岸代码、名称或其他代码 / port by any code or name"),
    named: list[str] = typer.Option([], "--named", help="参与方=单位代码，可重复 / party=code of an office, may be repeated"),
    fact: list[str] = FACT, as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """发起一件。 / Begin a matter.

    例：kouan matters begin expansion 罗湖口岸扩大开放 --port 罗湖 --as guangdong
    """
    from kouan.basis import SubjectRef
    from kouan.cli.naming import port_named
    from kouan.desk.matters.actions import Concerns, open_matter
    from kouan.desk.matters.facts import read_assigned
    from kouan.desk.matters.registry import in_force, refuse_if_begun_by_deeds
    from kouan.desk.matters.telling import summary_of

    user = actor_named(as_user)
    refuse_if_begun_by_deeds(procedure)
    if port:
        found = port_named(user, port)
        concerns = Concerns(SubjectRef.of("port", found.code), found.province_code, found.city_code, found.code)
    else:
        concerns = Concerns(province_code=user.organisation.province_code, city_code=user.organisation.city_code)
    facts = read_assigned(in_force(procedure).procedure, _assigned(fact, "--fact"))
    made = open_matter(actor=user, procedure=procedure, title=title, concerns=concerns, named=_assigned(named, "--named"), facts=facts)
    _say_done(summary_of(made), json, say(f"已发起，编号 #{made.pk}", f"Begun as number #{made.pk}"))


@app.command()
def step(
    number: int = NUMBER,
    code: str = typer.Argument(..., help="步骤代码，见 kouan matters show / step, see kouan matters show"),
    fact: list[str] = FACT,
    field: list[str] = typer.Option([], "--field", help="填写项=内容，可重复 / field=words, may be repeated"),
    paper: list[str] = typer.Option([], "--paper", help="种类=文件，可重复；只登记不附件的写“种类=” / "
                                                        "kind=FILE, may be repeated; “kind=” records a paper without its file"),
    document: list[str] = typer.Option([], "--document", help="种类=已登记文件的引用名，可重复 / "
                                                              "kind=reference of a recorded document, may be repeated"),
    title: list[str] = typer.Option([], "--title", help="文件标题，次序同 --paper；缺省为文件名 / "
                                                        "titles in the order of --paper; else the file's name"),
    issued_number: list[str] = typer.Option([], "--number", help="发文字号，次序同 --paper / numbers as issued, in the order of --paper"),
    dated: list[str] = typer.Option([], "--dated", help="成文日期，次序同 --paper，如 2024-03-19 / dates in the order of --paper"),
    override: str = typer.Option("", help="越过条件的理由，须附文件（--paper override=文件） / "
                                          "why a condition is passed; needs its paper (--paper override=FILE)"),
    version: int | None = VERSION, as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """办理一步；未满足的条件逐条列出，均不作更改。 / Take a step; what is unmet is listed and nothing is changed.

    例：kouan matters step 12 submit --paper application=请示.pdf --number 粤府函〔2024〕3号 --as guangdong
    """
    from contextlib import ExitStack

    from kouan.desk.matters.actions import OVERRIDE, documents_by_kind
    from kouan.desk.matters.facts import read_assigned
    from kouan.desk.matters.papers import Paper, take_step_with_papers
    from kouan.desk.matters.queries import get_matter, procedure_for
    from kouan.desk.matters.telling import summary_of
    from kouan.desk.queries import documents_visible_to

    user = actor_named(as_user)
    held = get_matter(user, number)
    references = _assigned(document, "--document")
    recorded = documents_by_kind(user, references, documents_visible_to(user).filter(reference__in=references.values()))
    with ExitStack() as stack:
        papers = {}
        for at, (kind, name) in enumerate(_assigned(paper, "--paper").items()):
            file = Path(name) if name else None
            if file is not None and not file.is_file():
                raise typer.BadParameter(say(f"没有文件“{name}”", f"there is no file “{name}”"), param_hint="--paper")
            papers[kind] = Paper(
                kind, _at(title, at) or (file.stem if file else ""), _at(issued_number, at), "", _read_day(_at(dated, at)),
                stack.enter_context(file.open("rb")) if file else None, file.name if file else "")
        passing = papers.pop(OVERRIDE, None)
        done = take_step_with_papers(
            actor=user, matter=number, transition=code, version=version, papers=list(papers.values()), documents=recorded,
            fields=_assigned(field, "--field"), facts=read_assigned(procedure_for(held), _assigned(fact, "--fact")),
            override_reason=override, override_paper=passing)
    after = summary_of(done)
    _say_done(after, json, say(f"已办理，现为“{after['state_label']['zh']}”，第 {done.version} 版",
                               f"Done; now “{after['state_label']['en']}”, version {done.version}"))


@app.command()
def answer(
    number: int = NUMBER,
    consultation: str = typer.Option(..., help="征求意见事项代码 / consultation"),
    party: str = typer.Option(..., help="被征求方代码 / party that is asked"),
    agrees: bool = typer.Option(False, "--agrees", help="同意 / it agrees"),
    objects: bool = typer.Option(False, "--objects", help="不同意 / it objects"),
    reference: str = typer.Option("", help="来文编号 / reference number"),
    words: str = typer.Option("", help="意见；不同意的须写明理由 / words; who objects gives the reason"),
    version: int | None = VERSION, as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """代表被征求单位答复。 / Answer for an office that was asked.

    例：kouan matters answer 12 --consultation views --party customs --agrees --words 具备查验条件 --as haiguan
    """
    from kouan.desk.matters.actions import give_opinion
    from kouan.desk.matters.queries import get_matter
    from kouan.desk.matters.telling import summary_of

    if agrees == objects:
        raise typer.BadParameter(say("须写 --agrees 或 --objects 之一", "give either --agrees or --objects"), param_hint="--agrees")
    user = actor_named(as_user)
    give_opinion(actor=user, matter=number, consultation=consultation, party=party, agrees=agrees, reference=reference[:80], words=words[:4000],
                 version=version)
    _say_done(summary_of(get_matter(user, number)), json, say("已答复", "Answered"))


@app.command()
def reassign(
    task: int = typer.Argument(..., min=1, max=2**62, help="待办编号，见 kouan matters inbox / task, see kouan matters inbox"),
    to: str = typer.Option("", help="承办人登录名；不填则退回本单位 / sign-in name of who is to do it; empty: back to the office"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """把本单位的待办分派给某人，或退回本单位。 / Give a task of one's office to one of its people, or back to the office.

    例：kouan matters reassign 31 --to guojia --as guojia
    """
    from kouan.desk.matters.actions import reassign as hand_over
    from kouan.desk.matters.telling import task_of

    done = hand_over(actor=actor_named(as_user), task=task, to=reader(to) if to else None)
    _say_done(task_of(done), json, say(f"已分派给 {to}" if to else "已退回本单位", f"Given to {to}" if to else "Back to the office"))


@app.command()
def inbox(as_user: str = AS_ACTOR, json: bool = JSON) -> None:
    """某人桌上的待办，期限近的在前。 / What lies on somebody's desk, soonest due first.

    例：kouan matters inbox --as guojia
    """
    from kouan.desk.matters.queries import inbox as desk_of
    from kouan.desk.matters.telling import task_of

    rows = [task_of(each) for each in desk_of(actor_named(as_user))[:1000]]
    if json:
        write_json(rows)
        return
    table([say("待办", "task"), say("办件", "matter"), say("标题", "title"), say("要办的事", "what to do"), say("期限", "due"),
           say("承办人", "assignee")],
          ([each["id"], each["matter"], each["title"], both(each["what"]), _day(each["due"]), each["assignee"] or "—"] for each in rows),
          right=[0, 1])


@app.command()
def clocks(
    on: datetime | None = typer.Option(None, "--on", formats=["%Y-%m-%d"], help="按某日处理，不早于今天之前的步骤 / as of this day"),
    json: bool = JSON,
) -> None:
    """期限例行处理：提醒、逾期、视为同意、到期；每项只办一次，停几天也只补一次。后台任务进程每天自动运行。
    / What the passing of days brings: reminders, overdue notices, silence, lapses; each once, however long it did not run.
    The worker does it every day.

    例：kouan matters clocks
    """
    from kouan.accounts.action import acting_system
    from kouan.desk.matters.actions import run_clocks
    from kouan.desk.sharing.actions import expire_due

    with acting_system("run_clocks") as system:
        counts = run_clocks(actor=system, today=on.date() if on else None)
        counts["lapsed"] += expire_due(actor=system, today=on.date() if on else None)
    if json:
        write_json(counts)
    else:
        words = {"matters": say("办件", "matters"), "notices": say("通知", "notices"), "lapsed": say("到期办理", "lapsed"),
                 "silent": say("逾期未答复", "silent"), "stuck": say("未能处理", "stuck")}
        table([say("项目", "what"), say("件数", "count")], ([words[name], count] for name, count in counts.items()), right=[1])
    raise typer.Exit(1 if counts["stuck"] else 0)


def _assigned(said: list[str], option: str) -> dict[str, str]:
    """``name=value`` of a repeated option; anything else, or a name twice, cannot be used."""
    found: dict[str, str] = {}
    for each in said:
        name, sign, value = each.partition("=")
        if not sign or not name.strip() or name in found:
            raise typer.BadParameter(say(f"“{each}”应写作 名称=值，每个名称一次", f"“{each}” should be name=value, each name once"),
                                     param_hint=option)
        found[name.strip()] = value
    return found


def _at(said: list[str], place: int) -> str:
    return said[place].strip() if place < len(said) else ""


def _read_day(said: str) -> date | None:
    if not said:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise typer.BadParameter(say(f"“{said}”不是日期，应写作 2024-03-19", f"“{said}” is no date; write 2024-03-19"), param_hint="--dated")


def _say_done(held: dict[str, Any], json: bool, words: str) -> None:
    if json:
        write_json(held)
    else:
        out.print(words, markup=False)


def both(label: dict[str, str]) -> str:
    """A told text in the language of this run."""
    from kouan.basis import Text

    return text(Text(label["zh"], label["en"]))


def _day(moment: Any) -> str:
    if moment is None:
        return "—"
    if isinstance(moment, datetime):
        from django.utils.timezone import localtime

        return f"{localtime(moment):%Y-%m-%d}"
    return str(moment)
