"""``kouan evaluation``: schemes of a year, the yearly round, its scores and their replay."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import typer

from kouan.cli.command import Group, OnData, use
from kouan.cli.matters import actor_named
from kouan.cli.output import out, progress_bar, say, show_findings, table, tell, text, write_json
from kouan.cli.rounds_evidence import add_to
from kouan.cli.who import reader

app = typer.Typer(help="年度评估：方案、办理、得分、重算 / the yearly evaluation: schemes, the round, scores, replay", no_args_is_help=True)
round_app = typer.Typer(help="一个年度的评估 / the round of a year", no_args_is_help=True)
scheme_app = typer.Typer(help="评估方案的各版 / versions of schemes", no_args_is_help=True)
YEAR = typer.Argument(..., min=2021, max=2099, help="年度 / year")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
AS_ACTOR = typer.Option(..., "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
LATER = typer.Option(False, "--later", help="交给后台任务办理 / leave it to the worker")


@scheme_app.command(name="list")
def list_schemes(as_user: str = AS_READER, json: bool = JSON) -> None:
    """登记在册的方案；未发布的只有国家口岸办能看到。 / The schemes on record; drafts are the national office's.

    例：kouan evaluation scheme list
    """
    from kouan.evaluation.rounds.queries import schemes_visible_to

    rows = [_scheme_told(each) for each in schemes_visible_to(reader(as_user))]
    if json:
        write_json(rows)
        return
    table([say("年度", "year"), say("版本", "version"), say("方案", "scheme"), say("状态", "state"), say("校验值", "digest")],
          ([each["year"], each["version"], _both(each["name"]), _both(each["state_label"]), each["digest"][:16]] for each in rows), right=[0, 1])


@scheme_app.command(name="propose")
def propose(
    year: int = YEAR,
    folder: Path | None = typer.Option(None, "--folder", exists=True, file_okay=False,
                                       help="方案文件夹；不填用随附的首版建议稿 / folder of the scheme; none: the proposal that ships"),
    reason: str = typer.Option(..., help="编制或修改说明 / what it is, or what changed"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """提出一版方案；不合规划要求的逐条说明理由后拒绝。 / Propose a scheme; what the plan does not allow is refused with every reason.

    例：kouan evaluation scheme propose 2025 --reason 首版方案 --as guojia
    """
    from kouan.basis import Finding, Place, Refused
    from kouan.evaluation import schemes
    from kouan.evaluation.method.scheme.scheme import read_folder
    from kouan.evaluation.rounds.scheme_actions import propose_scheme

    user = actor_named(as_user)
    try:
        content = read_folder(folder) if folder is not None else schemes.get("national-first").as_dict()
    except (FileNotFoundError, UnicodeDecodeError) as fault:
        name = str(getattr(fault, "filename", None) or folder)
        raise Refused([Finding.error("scheme_unreadable", f"方案文件“{name}”不存在或不是 UTF-8 文本。", f"“{name}” is not there or no UTF-8 text.",
                                     where=Place(file=name), remedy=("请补齐方案文件夹中的文件。", "Complete the folder of the scheme."))]) from None
    _say_scheme(propose_scheme(actor=user, year=year, content=content, reason=reason), json)


@scheme_app.command(name="publish")
def publish(
    year: int = YEAR, version: int = typer.Argument(..., min=1, help="版本 / version"),
    opinion: str = typer.Option(..., help="发布意见 / opinion"), as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """发布一版方案，此后不再变动；提出人不能发布。 / Publish a version, frozen from then on; never by who proposed it.

    例：kouan evaluation scheme publish 2025 1 --opinion 同意印发 --as guojia-fuzeren
    """
    from kouan.evaluation.rounds.scheme_actions import publish_scheme

    _say_scheme(publish_scheme(actor=actor_named(as_user), year=year, version=version, opinion=opinion), json)


@round_app.command(name="open")
def open_(
    year: int = YEAR, experts: str = typer.Option("", help="专家组代码；不填则不征求专家 / code of the panel; none: no experts are asked"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """按已发布的方案发起年度评估，向各报送和核验单位交办。 / Open the round of a year; reporters and verifiers get their tasks.

    例：kouan evaluation round open 2025 --as guojia
    """
    from kouan.evaluation.rounds.actions import open_round

    user = actor_named(as_user)
    open_round(actor=user, year=year, experts=experts)
    _say_round(user, year, json)


@round_app.command()
def freeze(year: int = YEAR, later: bool = LATER, as_user: str = AS_ACTOR, json: bool = JSON) -> None:
    """冻结全部数据并登记校验值；冻结后不再变动。 / Freeze every figure with its checksum; it changes no more.

    例：kouan evaluation round freeze 2025 --as guojia
    """
    from kouan.evaluation.rounds.actions import freeze_round
    from kouan.evaluation.rounds.jobs import freeze_later, told_freeze

    user = actor_named(as_user)
    if later:
        _say_job(freeze_later(actor=user, year=year), json)
        return
    with progress_bar(quiet=json) as progress:
        said = told_freeze(freeze_round(actor=user, year=year, report=progress))
    if json:
        write_json(said)
        return
    _say_findings(said["findings"])
    out.print(say(f"已冻结：{year} 年第 {said['revision']} 版，{said['ports']} 个口岸、{said['items']} 个数据项，有数据 {said['cells']:,} 格，"
                  f"校验值 {said['data_digest']}",
                  f"Frozen: {year}, revision {said['revision']}, {said['ports']} ports, {said['items']} items, {said['cells']:,} figures, "
                  f"digest {said['data_digest']}"), markup=False)


@round_app.command()
def score(year: int = YEAR, later: bool = LATER, as_user: str = AS_ACTOR, json: bool = JSON) -> None:
    """对冻结数据计分并保存。 / Score what is frozen, and keep the scores.

    例：kouan evaluation round score 2025 --as guojia
    """
    from kouan.evaluation.rounds.actions import score_round
    from kouan.evaluation.rounds.jobs import score_later, told_scoring

    user = actor_named(as_user)
    if later:
        _say_job(score_later(actor=user, year=year), json)
        return
    with progress_bar(quiet=json) as progress:
        made, is_new = score_round(actor=user, year=year, report=progress)
    said = {**told_scoring(made), "is_new": is_new}
    if json:
        write_json(said)
        return
    tell(f"计分问题 {len(said['findings'])} 条，见 --json", f"{len(said['findings'])} findings: see --json")
    out.print(say(f"{'已计分' if is_new else '已有得分'}：{year} 年第 {said['number']} 版，{said['ports']} 个口岸，"
                  f"结果校验值 {said['result_digest']}",
                  f"{'Scored' if is_new else 'Scored before'}: {year}, version {said['number']}, {said['ports']} ports, "
                  f"digest of the result {said['result_digest']}"), markup=False)


@round_app.command()
def show(
    year: int = YEAR, port: str = typer.Option("", help="口岸代码：一个口岸的结果 / one port's result"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """办理到哪一步、各单位报送、可以查看的结果。 / Where the round stands, the returns, and the results that one may read.

    例：kouan evaluation round show 2025 --port luohu-road
    """
    _say_round(reader(as_user), year, json, port)


@round_app.command(name="port")
def port_card(
    year: int = YEAR, port: str = typer.Argument(..., help="口岸代码 / port"),
    indicator: str = typer.Option("", help="指标代码：该指标的由来 / an indicator: where it comes from"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """一个口岸的评估结果：十组、五型、与同类和上年比；或一项指标的公式、标尺、数据及来源。 / A port's scorecard, or one indicator to its source.

    例：kouan evaluation round port 2025 luohu-road --indicator I-0301
    """
    from kouan.evaluation.rounds.queries import get_round
    from kouan.evaluation.rounds.scorecard import scorecard
    from kouan.evaluation.rounds.tracing import indicator_trace

    user = reader(as_user)
    held = get_round(user, year)
    if indicator:
        _say_trace(indicator_trace(user, held, port, indicator), json)
    else:
        _say_card(scorecard(user, held, port), json)


@round_app.command(name="object")
def object_(
    year: int = YEAR, port: str = typer.Argument(..., help="口岸代码 / port"), grounds: str = typer.Option(..., help="异议理由 / grounds"),
    indicator: str = typer.Option("", help="指标代码；不填为整个结果 / indicator; none: the result as a whole"),
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """在异议期内对本单位报送的口岸的结果提出异议。 / Object to the result of a port for which one's office reports, within the time for it.

    例：kouan evaluation round object 2025 luohu-road --grounds 数据有误 --as guangdong
    """
    from kouan.evaluation.rounds.objections import raise_objection

    made = raise_objection(actor=actor_named(as_user), year=year, port=port, grounds=grounds, indicator=indicator)
    if json:
        write_json({"objection": made.pk, "matter": made.matter_id, "port": port, "indicator": indicator or None,
                    "result_version": made.scoring.number})
        return
    out.print(say(f"已提出异议，办件 {made.matter_id}。", f"Raised as matter {made.matter_id}."), markup=False)


@app.command()
def replay(year: int = YEAR, as_user: str = AS_READER, json: bool = JSON) -> None:
    """按存下的方案和冻结数据重算，与登记的结果逐项比对；不一致即拒绝。 / Score again from what is stored; any difference is refused.

    例：kouan evaluation replay 2025
    """
    from kouan.accounts.action import allows, refuse
    from kouan.evaluation.rounds.queries import get_round, is_national
    from kouan.evaluation.rounds.replaying import replayed

    user = reader(as_user)
    held = get_round(user, year)
    if not is_national(user) or not allows(user, "scores.read_ranks"):
        raise refuse(user, "scores.read_ranks", "evaluation.replay")
    with progress_bar(quiet=json):
        result = replayed(held)
    said = {"year": year, "ports": len(result.data.ports), "scheme_digest": result.scheme.digest, "data_digest": result.data.digest,
            "result_digest": result.digest, "is_exercise": held.is_exercise}
    if json:
        write_json(said)
        return
    out.print(say(f"重算一致：{year} 年，{said['ports']} 个口岸，结果校验值 {said['result_digest']}",
                  f"Replayed to the same scores: {year}, {said['ports']} ports, digest of the result {said['result_digest']}"), markup=False)


@app.command()
def study(
    year: int = YEAR, runs: int = typer.Option(0, min=0, max=10_000, help="抽样次数；0 为缺省次数 / runs; 0: as many as usual"),
    seed: int = typer.Option(-1, min=-1, max=2**31 - 1, help="随机种子；-1 为缺省 / seed; -1: the usual one"), later: bool = LATER,
    as_user: str = AS_ACTOR, json: bool = JSON,
) -> None:
    """名次的稳健性：名次区间、难分先后的名次段；同样的次数和种子只分析一次。 / How firm the places are; the same study is made once.

    例：kouan evaluation study 2024 --as guojia
    """
    from kouan.evaluation.method.scheme.doubts import RUNS, SEED
    from kouan.evaluation.rounds.jobs import study_later, told_study
    from kouan.evaluation.rounds.robustness import study_places

    user = actor_named(as_user)
    if later:
        _say_job(study_later(actor=user, year=year), json)
        return
    with progress_bar(quiet=json) as progress:
        made, is_new = study_places(actor=user, year=year, runs=runs or RUNS, seed=SEED if seed < 0 else seed, report=progress)
    said = {**told_study(made), "is_new": is_new}
    if json:
        write_json({**said, "ports": made.ports, "groups": made.groups, "agreement": made.agreement})
        return
    _say_findings(said["findings"])
    table([say("同类组", "peer group"), say("口岸", "ports"), say("失败次数", "failed runs"), say("区间最宽", "widest interval"),
           say("名次段", "tie bands")],
          ([each["group"], each["ports"], each["failed"], *_widest(made.ports, each["group"])] for each in made.groups), right=[1, 2, 3, 4])
    out.print(say(f"{'已分析' if is_new else '已有分析'}：{year} 年第 {said['number']} 版结果，{said['ports']} 个口岸，{said['runs']} 次抽样"
                  f"（种子 {said['seed']}，失败 {said['failed']} 次），校验值 {said['digest']}",
                  f"{'Studied' if is_new else 'Studied before'}: {year}, result {said['number']}, {said['ports']} ports, {said['runs']} runs "
                  f"(seed {said['seed']}, {said['failed']} failed), digest {said['digest']}"), markup=False)


@app.command()
def public(
    year: int = typer.Argument(0, min=0, max=2099, help="年度；不填则列出各年 / year; none: the years of which something is public"),
    json: bool = JSON,
) -> None:
    """任何人可以看到的结果：有公开结果的年度，或一个年度的公开文本。 / What anybody may read: the years, or the public text of one.

    例：kouan evaluation public 2024 --json
    """
    from kouan.evaluation.rounds.clearing import public_of, public_years

    found = [public_of(each) for each in ([year] if year else public_years())]
    told: list[dict[str, Any]] = [{
        "year": each.year, "version": each.version, "digest": each.digest, "published_on": each.published_on.isoformat(),
        "withdrawn_on": each.withdrawn_on.isoformat() if each.withdrawn_on else None,
        "ports": None if each.content is None else len(each.content["ports"])} for each in found]
    if json:
        write_json({**told[0], "content": found[0].content} if year else told)
        return
    table([say("年度", "year"), say("公开版本", "version"), say("公布日期", "published"), say("口岸", "ports"), say("校验值", "digest")],
          ([each["year"], each["version"], say("已撤回", "withdrawn") if each["withdrawn_on"] else each["published_on"],
            "—" if each["ports"] is None else each["ports"], each["digest"][:16]] for each in told), right=[0, 1, 3])


@app.command()
def report(
    year: int = YEAR, port: str = typer.Option("", help="口岸代码 / port"),
    province: str = typer.Option("", help="省级行政区划代码：该省的通报稿 / province: its circular"),
    national: bool = typer.Option(False, "--national", help="全国报告，含名次 / the national report, with places"),
    form: str = typer.Option("", "--format", help="pdf、docx 或 xlsx；不填按文件名 / pdf, docx or xlsx; none: by the file's name"),
    to: Path | None = typer.Option(None, "--out", dir_okay=False, help="写到的文件 / file to write"),
    all_ports: Path | None = typer.Option(None, "--all-ports", file_okay=False,
                                          help="可以查看的全部口岸，写到此文件夹 / every port that one may read, into this folder"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """口岸报告、省级通报稿或全国报告，只含该用户可以查看的内容。 / The report of a port, a province or the nation, as this user may read it.

    例：kouan evaluation report 2024 --port luohu-rail --out 罗湖铁路.pdf
    """
    from kouan.basis import Refused
    from kouan.evaluation.rounds.reports import national_file, port_file, port_files, province_file

    if bool(port) + bool(province) + national + (all_ports is not None) != 1 or (to is None) == (all_ports is None):
        raise Refused.because(
            "one_subject", "请在 --port、--province、--national（各加 --out 文件）和 --all-ports 文件夹中选且只选一个。",
            "Choose one of --port, --province, --national (each with --out FILE) and --all-ports FOLDER.",
            remedy=("如 --port luohu-rail --out 罗湖铁路.pdf。", "As --port luohu-rail --out luohu.pdf."))
    user = reader(as_user)
    if all_ports is not None:
        all_ports.mkdir(parents=True, exist_ok=True)
        with progress_bar(quiet=json) as progress:
            written = 0
            for each in port_files(user, year, form or "pdf", progress):
                (all_ports / each.file_name).write_bytes(each.content)
                written += 1
        if json:
            write_json({"year": year, "folder": str(all_ports), "files": written})
            return
        out.print(say(f"已写出 {written} 个文件：{all_ports}", f"{written} files written: {all_ports}"), markup=False)
        return
    to = to or Path()
    form = form or to.suffix.lstrip(".").lower()
    made = (port_file(user, year, port, form) if port else province_file(user, year, province, form) if province
            else national_file(user, year, form))
    to.write_bytes(made.content)
    if json:
        write_json({"year": year, "port": port or None, "province": province or None, "file": str(to), "bytes": len(made.content),
                    "sha256": sha256(made.content).hexdigest()})
        return
    out.print(say(f"已写出：{to}（{len(made.content):,} 字节）", f"Written: {to} ({len(made.content):,} bytes)"), markup=False)


@app.command()
def exercise(
    year: int = typer.Option(0, min=0, max=2099, help="年度；不填则补齐演练工作区的两个年度 / year; none: the two that the exercise workspace shows"),
    to: str = typer.Option("archived", help="演练到哪一环节 / up to which stage"), json: bool = JSON,
) -> None:
    """由演示用户演练年度评估，只在演练工作区；可重复运行。 / Let the demonstration's people play a round, in the exercise workspace only.

    例：kouan evaluation exercise --year 2023 --to commenting
    """
    from kouan.evaluation.rounds.playing import play, play_all

    found = [play(year, to=to, say=tell)] if year else play_all(tell)
    if json:
        write_json([{"year": each.year, "stage": each.stage, "waits_until": each.waits_until.isoformat() if each.waits_until else None}
                    for each in found])
        return
    for each in found:
        out.print(say(f"{each.year} 年度评估（演练）：{each.stage}", f"Round of {each.year} (exercise): {each.stage}"), markup=False)
        if each.waits_until:
            out.print(say(f"本环节至 {each.waits_until} 期满，届时再运行即可继续。", f"Its time runs until {each.waits_until}: run this again then."),
                      markup=False)


add_to(round_app)
app.add_typer(use(scheme_app, OnData), name="scheme", cls=Group)
app.add_typer(use(round_app, OnData), name="round", cls=Group)


def _widest(ports: dict[str, Any], group: str) -> tuple[int, int]:
    """Of a peer group the widest interval of places, and into how many tie bands it falls."""
    mine = [each for each in ports.values() if each["peer_group"] == group]
    return round(max((each["high"] - each["low"] for each in mine), default=0)), len({each["tie"] for each in mine})


def _both(said: dict[str, str]) -> str:
    return say(said["zh"], said["en"])


def _scheme_told(row: Any) -> dict[str, Any]:
    labels = {"draft": {"zh": "拟稿", "en": "draft"}, "published": {"zh": "已发布", "en": "published"}}
    return {"year": row.year, "version": row.version, "code": row.code, "name": {"zh": row.name_zh, "en": row.name_en}, "state": row.state,
            "state_label": labels[row.state], "is_proposal": row.is_proposal, "digest": row.digest, "reason": row.reason,
            "proposed_on": str(row.proposed_on), "published_on": str(row.published_on) if row.published_on else None}


def _say_scheme(row: Any, json: bool) -> None:
    said = _scheme_told(row)
    if json:
        write_json(said)
        return
    out.print(say(f"{said['year']} 年第 {said['version']} 版，{_both(said['state_label'])}：{row.name_zh}，校验值 {row.digest}",
                  f"{said['year']}, version {said['version']}, {_both(said['state_label'])}: {row.name_en}, digest {row.digest}"), markup=False)


def _say_card(card: Any, json: bool) -> None:
    if json:
        write_json(card.as_dict())
        return
    result = card.result
    head = f"{text(result.name)}　{result.year}　{text(result.band_name) if result.band_name else '—'}"
    if card.shows_decimals:
        head += f"　{_points(result.total)}"
    out.print(head + (say("　演练，数据均为生成", " (exercise, generated figures)") if result.is_exercise else ""), markup=False)
    for each in card.notes:
        out.print(text(each), markup=False)
    if not card.shows_decimals:
        table([say("指标", "indicator"), say("名称", "name"), say("计分情况", "how scored")],
              ([each.code, text(each.name), text(each.mark_name)] for each in card.indicators))
        return
    table([say("项目", "what"), say("得分", "points"), say("同类中位数", "peers' median"), say("上年", "last year")],
          ([text(each.name), _points(each.points), _points(each.peers.median if each.peers else None), _points(each.before)]
           for each in (card.total, *card.groups, *card.five_types)), right=[1, 2, 3])
    if card.change is not None:
        found = card.change.of_year
        out.print(say(f"比上年 {found.change:+.2f}：自身数据 {found.own:+.2f}，同类口岸 {found.peers:+.2f}",
                      f"Since last year {found.change:+.2f}: own figures {found.own:+.2f}, the peers {found.peers:+.2f}"), markup=False)
    for label, lines in ((say("长处", "Strengths"), card.strengths), (say("短板", "Weaknesses"), card.weaknesses)):
        if lines:
            out.print(f"{label}：{'、'.join(f'{each.code} {text(each.name)}' for each in lines)}", markup=False)


def _say_trace(trace: Any, json: bool) -> None:
    if json:
        write_json(trace.as_dict())
        return
    if trace.told is not None:
        out.print(text(trace.told.sentence()), markup=False)
    for label, words in ((say("计分情况", "how scored"), trace.line.mark_name), (say("公式", "formula"), trace.formula_words),
                         (say("标准化", "to points"), trace.rule), (say("缺失时", "if missing"), trace.missing)):
        out.print(f"{label}：{text(words)}", markup=False)
    for each in trace.decisions:
        out.print(text(each), markup=False)
    table([say("数据项", "item"), say("年度", "year"), say("数值", "value"), say("单位", "unit"), say("来源", "source")],
          ([text(each.name), each.year, "—" if each.value is None else f"{each.value:,.6g}", text(each.unit),
            text(each.source.words) + "".join(f" #{row.pk}" for row in each.source.rows)] for each in trace.figures), right=[2])


def _points(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _say_job(job: Any, json: bool) -> None:
    if json:
        write_json({"job": job.pk, "kind": job.kind, "state": job.state})
        return
    out.print(say(f"已交后台任务 {job.pk} 办理（kouan worker）。", f"Left to job {job.pk} (kouan worker)."), markup=False)


def _say_findings(findings: list[dict[str, Any]]) -> None:
    from kouan.basis import Finding

    show_findings([Finding.from_dict(each) for each in findings])


def _say_round(user: Any, year: int, json: bool, port: str = "") -> None:
    from kouan.evaluation.rounds.queries import get_round, result_of, results
    from kouan.evaluation.rounds.telling import round_told

    held = get_round(user, year)
    found = [result_of(user, held, port)] if port else results(user, held)
    said = round_told(user, held)
    if json:
        write_json({**said, "results": [each.as_dict() for each in found]})
        return
    proposal = say("（建议稿，未经主管部门审定）", " (a proposal that no authority approved)") if said["is_proposal"] else ""
    out.print(say(f"{year} 年度评估：{said['stage_label']['zh']}；方案第 {said['scheme_version']} 版{proposal}"
                  f"{'；演练，数据均为生成' if held.is_exercise else ''}",
                  f"Round of {year}: {said['stage_label']['en']}; version {said['scheme_version']} of the scheme{proposal}"
                  f"{'; an exercise on generated figures' if held.is_exercise else ''}"), markup=False)
    table([say("报送单位", "reports"), say("口岸", "ports"), say("核验单位", "verifies"), say("状态", "state"), say("办件", "matter")],
          ([each["office_name"], len(each["ports"]), each["verifier_name"], _both(each["state_label"]), each["matter"]]
           for each in said["returns"]), right=[1, 4])
    if found:
        table([say("口岸", "port"), say("名称", "name"), say("档次", "band"), say("总分", "total"), say("名次", "place"), say("暂定", "provisional")],
              ([each.code, text(each.name), text(each.band_name) if each.band_name else "—", "—" if each.total is None else f"{each.total:.2f}",
                each.rank or "—", say("是", "yes") if each.provisional else say("否", "no")] for each in found), right=[3, 4])
