"""``kouan grades``: what is proposed, what was decided, and the policy that follows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer

from kouan.cli.naming import port_named
from kouan.cli.output import out, say, show_findings, table, tell, text, write_json
from kouan.cli.who import acting_for, reader

app = typer.Typer(help="口岸等级：建议、决定与差别化政策 / port grades: proposals, decisions and the policy that follows", no_args_is_help=True)
DAY = ["%Y-%m-%d"]
AS_OF = typer.Option(None, formats=DAY, help="某日的等级 / grades on a day")
DOCUMENT = typer.Option(..., help="依据文件的引用名，见 kouan documents list / reference of the document, see kouan documents list")
AS_USER = typer.Option("", "--as", help="以某用户的范围查看或办理 / as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
PORT = typer.Argument(..., help="口岸代码、名称或其他代码 / port by any code or name")


@app.command("list")
def list_(as_of: datetime | None = AS_OF, as_user: str = AS_USER, json: bool = JSON) -> None:
    """各口岸的等级决定和系统建议。 / Each port's grade as decided, and what is proposed.

    例：kouan grades list --json
    """
    from kouan.grading.grades import CRITERIA, GRADES, UNDECIDED, grades_of, proposals
    from kouan.ports.queries import ports_visible_to

    ports = list(ports_visible_to(reader(as_user)).filter(is_group=False))
    codes = [port.code for port in ports]
    decided, proposed = grades_of(codes, as_of.date() if as_of else None), proposals(codes)
    if json:
        write_json(
            [
                {
                    "port": port.code,
                    "name_zh": port.name_zh,
                    "grade": decided[port.code].grade if port.code in decided else None,
                    "valid_from": decided[port.code].valid_from.isoformat() if port.code in decided else None,
                    "proposal": proposed[port.code].outcome.verdict,
                    "scores": {name: str(getattr(held, name)) for name in CRITERIA} if (held := proposed[port.code].scores) else None,
                }
                for port in ports
            ]
        )
        return
    known = [port for port in ports if port.code in decided or proposed[port.code].scores]
    out.print(
        say(
            f"{len(ports)} 个口岸，已定级 {len(decided)} 个；以下为有得分或已定级的",
            f"{len(ports)} ports, {len(decided)} graded; those with scores or a grade:",
        )
    )
    table(
        [say("口岸", "port"), say("等级", "grade"), say("建议", "proposal")],
        (
            [port.name_zh, text(GRADES[decided[port.code].grade] if port.code in decided else UNDECIDED), text(proposed[port.code].outcome.name)]
            for port in known
        ),
    )


@app.command()
def show(port: str = PORT, as_user: str = AS_USER, json: bool = JSON) -> None:
    """一个口岸的得分、建议和历次等级决定。 / One port's scores, proposal and every decision.

    例：kouan grades show 鄂州
    """
    from kouan.grading.grades import GRADES, decisions_of, proposals
    from kouan.grading.ladder import NAMED_LISTS

    found = port_named(reader(as_user), port)
    proposed, decisions = proposals([found.code])[found.code], decisions_of(found.code)
    if json:
        write_json(
            {
                "port": found.code,
                "proposal": proposed.as_dict(),
                "decisions": [
                    {
                        "grade": each.grade,
                        "valid_from": each.valid_from.isoformat(),
                        "recorded_at": each.recorded_at.isoformat(),
                        "reason": each.reason,
                        "document": each.document.reference,
                        "is_override": each.is_override,
                        "override_by": each.override_by,
                        "proposal": each.proposal["verdict"],
                    }
                    for each in decisions
                ],
            }
        )
        return
    out.print(f"{found.name_zh}  {text(proposed.outcome.name)}")
    for step in proposed.outcome.steps:
        out.print(f"  {step['rule']}  {say(step['outcome_name']['zh'], step['outcome_name']['en'])}", markup=False)
    for one in proposed.lists:
        out.print(f"  {text(one.list.label)}  {one.list.citation}  “{one.quote}”", markup=False)
    reading = proposed.outcome.law.setting(NAMED_LISTS)
    out.print(f"  {reading.ambiguity}  {text(reading.label)}", markup=False)
    table(
        [say("自何日起", "from"), say("等级", "grade"), say("理由", "reason"), say("文件", "document"), say("决定人", "by")],
        ([each.valid_from, text(GRADES[each.grade]), each.reason, each.document.title, each.override_by or "—"] for each in decisions),
    )


@app.command()
def scores(
    sheet: Path = typer.Argument(..., exists=True, dir_okay=False, help="得分表（.xlsx 或 .csv） / sheet of scores"),
    document: str = DOCUMENT,
    commit: bool = typer.Option(False, "--commit", help="确认提交；不加则只检查 / submit them; without it the sheet is only checked"),
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """按表提交三项标准得分；列：口岸、年度、战略地位、经济社会效益、辐射带动作用、说明。
    / Submit the three scores from a sheet: port, year, strategy, benefit, reach, note.

    例：kouan grades scores 得分.xlsx --document 专家评审纪要-2024 --commit
    """
    from kouan.grading.grade_actions import read_scores, submit_scores

    user = reader(as_user)
    read, lines = read_scores(sheet.read_bytes(), sheet.name, user)
    recorded = unchanged = 0
    if read.is_sound and commit:
        with acting_for(user, "kouan grades scores") as actor:
            recorded, unchanged = submit_scores(actor=actor, lines=lines, document=document)
    if json:
        write_json({"rows": len(lines), "recorded": recorded, "unchanged": unchanged, "findings": [each.as_dict() for each in read.findings]})
    else:
        out.print(say(f"读取 {len(lines)} 行，登记 {recorded}，不变 {unchanged}", f"{len(lines)} read, {recorded} recorded, {unchanged} unchanged"))
        show_findings(read.findings)
    raise typer.Exit(0 if read.is_sound else 1)


@app.command()
def decide(
    port: str = PORT,
    grade: str = typer.Option(..., help="hub（国际枢纽）、important（国家重要）或 regional（地区普通） / hub, important or regional"),
    from_: datetime = typer.Option(..., "--from", formats=DAY, help="自何日起 / from this day"),
    reason: str = typer.Option(..., help="理由 / reason"),
    document: str = DOCUMENT,
    by: str = typer.Option("", help="与建议不同时：决定人姓名 / name of who decides, where it differs from the proposal"),
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """登记口岸等级的决定；系统建议另行保存，两者分开。 / Record the decision on a port's grade; the proposal is kept apart.

    例：kouan grades decide 鄂州 --grade important --from 2024-07-01 --reason 按评估结果 --document 国岸发〔2024〕1号
    """
    from kouan.grading.grade_actions import decide_grade

    user = reader(as_user)
    found = port_named(user, port)
    with acting_for(user, "kouan grades decide") as actor:
        made = decide_grade(actor=actor, port=found.code, grade=grade, valid_from=from_.date(), reason=reason, document=document, override_by=by)
    if json:
        write_json(
            {
                "port": found.code,
                "grade": made.grade,
                "valid_from": made.valid_from.isoformat(),
                "is_override": made.is_override,
                "proposal": made.proposal["verdict"],
            }
        )
    else:
        tell(f"已登记：{found.name_zh}，{made.get_grade_display()}", f"Recorded: {found.code}, {made.grade}")


@app.command()
def mark(
    port: str = PORT,
    with_mark: bool = typer.Option(False, "--set", help="登记有标记 / record that it is marked"),
    without: bool = typer.Option(False, "--none", help="登记经核无标记 / record that it is known to bear none"),
    from_: datetime | None = typer.Option(None, "--from", formats=DAY, help="自何日起 / from this day"),
    reason: str = typer.Option("", help="理由 / reason"),
    document: str = typer.Option("", help="依据文件的引用名 / reference of the document"),
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """查看或登记战略标记；有标记的口岸，退出阶梯每一步由国家口岸办启动。未登记即不明。
    / Show or record a strategy mark: with it the national office starts each step of the ladder. None on record means unknown.

    例：kouan grades mark 二连浩特 --set --from 2024-07-01 --reason 按来文 --document 国岸函〔2024〕1号
    """
    from kouan.grading.strategy_marks import history_of, mark_name, mark_of, set_strategy_mark

    user = reader(as_user)
    found = port_named(user, port)
    if with_mark and without:
        raise typer.BadParameter("--set 与 --none 只能写一个 / give one of --set and --none, not both", param_hint="--set")
    if with_mark or without:
        if from_ is None:
            raise typer.BadParameter("登记标记须写明起始日期 / give the day from which it holds", param_hint="--from")
        with acting_for(user, "kouan grades mark") as actor:
            set_strategy_mark(actor=actor, port=found.code, is_marked=with_mark, valid_from=from_.date(), reason=reason, document=document)
    now, rows = mark_of(found.code), history_of(found.code)
    if json:
        said = [
            {
                "is_marked": each.is_marked,
                "valid_from": each.valid_from.isoformat(),
                "recorded_at": each.recorded_at.isoformat(),
                "reason": each.reason,
                "document": each.document.reference,
            }
            for each in rows
        ]
        write_json({"port": found.code, "is_marked": now.is_marked if now else None, "history": said})
        return
    out.print(f"{found.name_zh}  {text(mark_name(now))}", markup=False)
    table(
        [say("自何日起", "from"), say("标记", "mark"), say("理由", "reason"), say("文件", "document")],
        ([each.valid_from, text(mark_name(each)), each.reason, each.document.title] for each in rows),
    )


@app.command()
def policy(as_of: datetime | None = AS_OF, json: bool = JSON) -> None:
    """差别化政策表：等级×类别×环节；没有录入的写“未制定”。 / The differentiated policy: grade × class × stage; empty cells say so.

    例：kouan grades policy
    """
    from kouan.grading.facts import CLASS_NAMES, TransportClass
    from kouan.grading.grades import GRADES, NO_POLICY, STAGES, policy_cells

    cells = policy_cells(as_of.date() if as_of else None)
    keys = [(grade, kind, stage) for grade in GRADES for kind in TransportClass for stage in STAGES]
    if json:
        write_json(
            [
                {
                    "grade": grade,
                    "transport_class": kind.value,
                    "stage": stage,
                    "text": cell.text or None if (cell := cells.get((grade, kind, stage))) else None,
                    "version": cell.version if cell else None,
                    "valid_from": cell.valid_from.isoformat() if cell else None,
                    "document": cell.document.reference if cell else None,
                }
                for grade, kind, stage in keys
            ]
        )
        return
    table(
        [say("等级", "grade"), say("类别", "class"), say("环节", "stage"), say("条件和标准", "conditions")],
        (
            [
                text(GRADES[grade]),
                text(CLASS_NAMES[kind]),
                text(STAGES[stage]),
                cell.text if (cell := cells.get((grade, kind, stage))) and cell.text else text(NO_POLICY),
            ]
            for grade, kind, stage in keys
        ),
    )


@app.command("policy-for")
def policy_for_(
    port: str = PORT,
    stage: str = typer.Argument(..., help="access、withdrawal、building 或 running / access, withdrawal, building or running"),
    as_of: datetime | None = AS_OF,
    as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """某口岸在某环节适用的差别化政策。 / The policy that applies to a port in a stage.

    例：kouan grades policy-for 鄂州 access
    """
    from kouan.grading.grades import STAGES, policy_for

    if stage not in STAGES:
        raise typer.BadParameter(
            f"没有环节“{stage}”，可用：{'、'.join(STAGES)} / there is no stage “{stage}”: {', '.join(STAGES)}", param_hint="STAGE"
        )
    found = policy_for(port_named(reader(as_user), port), stage, as_of.date() if as_of else None)
    if json:
        write_json(
            {
                "port": found.port_code,
                "stage": stage,
                "grade": found.grade,
                "transport_class": found.transport_class,
                "text": found.cell.text if found.cell else None,
                "version": found.cell.version if found.cell else None,
                "why_none": found.why_none.as_dict() if found.why_none else None,
            }
        )
        return
    out.print(found.cell.text if found.cell else text(found.why_none) if found.why_none else "", markup=False)
