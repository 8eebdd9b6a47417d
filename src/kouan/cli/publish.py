"""``kouan publish``: published data sets and their versions; files taken out; the data dictionary."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import out, say, table, tell, text, write_json
from kouan.cli.who import acting_for, reader

app = typer.Typer(help="数据发布：数据集、版本、勘误、各种格式的文件、数据字典 / published data sets, versions, errata, files, the data dictionary",
                  no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_USER = typer.Option("", "--as", help="以某用户的身份办理 / act as this user")
SET = typer.Argument(..., metavar="SET", help="数据集代号 / data set")


@app.command("list")
def list_sets(json: bool = JSON) -> None:
    """列出可发布的数据集和已发布的最新版本。 / List the data sets and their newest versions.

    例：kouan publish list
    """
    from kouan.publication.definitions import definitions
    from kouan.publication.queries import published

    newest = {each.definition.code: each.newest for each in published()}
    rows = [(each, newest.get(each.code)) for each in definitions()]
    if json:
        write_json([{**each.as_dict(), "newest": None if made is None else told(made)} for each, made in rows])
        return
    table([say("数据集", "data set"), say("名称", "name"), say("版本", "version"), say("日期", "date"), say("行数", "rows"), "SHA-256"],
          ([each.code, text(each.name), made.number if made else say("未发布", "none"), made.published_on if made else "", f"{made.rows:,}"
              if made else "",
            made.sha256[:12] if made else ""] for each, made in rows), right=[4])


def told(version: Any) -> dict[str, Any]:
    """A version, without its data."""
    return {"version": version.number, "published_on": version.published_on, "rows": version.rows, "sha256": version.sha256,
            "changes": {"zh": version.changes_zh, "en": version.changes_en},
            "errata": [{"noted_on": each.noted_on, "zh": each.said_zh, "en": each.said_en} for each in version.errata.all()]}


@app.command()
def show(data_set: str = SET, json: bool = JSON) -> None:
    """显示一个数据集的定义、范围、许可、各版本和引用格式。 / Show definition, coverage, licence, versions and citation.

    例：kouan publish show hk-control-points-monthly
    """
    from kouan.publication.formats import formats_of
    from kouan.publication.queries import citation, published_set

    found = published_set(data_set)
    address = f"/data/{found.definition.code}/{found.newest.number}"
    cited = citation(found.newest, address)
    if json:
        write_json({**found.definition.as_dict(), "versions": [told(each) for each in found.versions], "citation": cited.as_dict(),
                    "formats": [each.name for each in formats_of(found.newest)]})
        return
    said = found.definition
    out.print(f"{text(said.name)}（{said.code}）", style="bold", markup=False)
    for label, value in ((say("定义", "Definition"), said.definition), (say("范围", "Coverage"), said.coverage), (say("生产者", "Producer"),
        said.producer),
                         (say("归口单位", "Owner"), said.owner), (say("许可", "Licence"), said.licence), (say("引用", "Citation"), cited)):
        out.print(f"{label}: {text(value)}", markup=False)
    table([say("版本", "version"), say("日期", "date"), say("行数", "rows"), say("变化", "changes"), "SHA-256"],
          ([each.number, each.published_on, f"{each.rows:,}", say(each.changes_zh, each.changes_en), each.sha256] for each in found.versions),
              right=[2])
    out.print(say("文件：", "files: ") + " ".join(each.name for each in formats_of(found.newest)), markup=False)


@app.command()
def take(
    data_set: str = SET, name: str = typer.Argument("data.csv", help="文件名，见 show / file, see show"),
    to: Path = typer.Option(..., "--to", dir_okay=False, help="写到何处 / where to write it"),
    number: str = typer.Option("", "--version", help="版本，缺省为最新版 / version; the newest by default"), json: bool = JSON,
) -> None:
    """取出一个版本的文件：CSV、Excel、数据包、SDMX。 / Take a file of a version: CSV, Excel, data package, SDMX.

    例：kouan publish take hk-control-points-monthly datapackage.zip --to hk.zip
    """
    from kouan.basis import NotFound
    from kouan.publication.formats import format_of, formats_of
    from kouan.publication.queries import published_set, version_of

    version = version_of(data_set, number or published_set(data_set).newest.number)
    wanted = format_of(version, name)
    if wanted is None:
        known = " ".join(each.name for each in formats_of(version))
        raise NotFound.because("unknown_format", f"没有文件“{name}”。", f"There is no file “{name}”.", measured=name,
                               remedy=(f"可取：{known}", f"There are: {known}"))
    content = wanted.make(version, f"/data/{version.data_set}/{version.number}")
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=to.parent, delete=False) as held:
        held.write(content)
    os.replace(held.name, to)
    if json:
        write_json({"data_set": version.data_set, "version": version.number, "file": str(to), "bytes": len(content), "sha256": version.sha256})
        return
    tell(f"已写入 {to}（{len(content):,} 字节）", f"wrote {to} ({len(content):,} bytes)")


@app.command()
def version(
    data_set: str = SET, number: str = typer.Argument(..., help="版本号，如 1.1 / version, such as 1.1"),
    zh: str = typer.Option(..., "--changes", help="有何变化（中文） / what changed, in Chinese"),
    en: str = typer.Option(..., "--changes-en", help="有何变化（英文） / what changed, in English"), as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """把数据集现有的数据固定为一个新版本并发布；已发布的版本不再改变。 / Freeze and publish a new version; a published one never changes.

    例：kouan publish version hk-control-points-monthly 1.1 --changes 补入2026年1月 --changes-en "January 2026 added"
    """
    from kouan.basis import Text
    from kouan.publication.actions import publish_version

    with acting_for(reader(as_user), "kouan publish version") as actor:
        made = publish_version(actor=actor, data_set=data_set, number=number, changes=Text(zh, en))
    if json:
        write_json({"data_set": made.data_set, **told(made)})
    else:
        out.print(say(f"已发布 {made.data_set} {made.number}：{made.rows:,} 行，{made.sha256}",
                      f"Published {made.data_set} {made.number}: {made.rows:,} rows, {made.sha256}"), markup=False)


@app.command()
def propose(
    data_set: str = SET, number: str = typer.Argument(..., help="版本号，如 1.0 / version, as 1.0"),
    zh: str = typer.Option(..., "--changes", help="这一版的变化（中文） / what changed, in Chinese"),
    en: str = typer.Option(..., "--changes-en", help="这一版的变化（英文） / what changed, in English"), as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """冻结由报送数据汇总的数据，提请核准公布。 / Freeze what is summed from returns and propose its release.

    例：kouan publish propose port-flows-monthly 1.0 --changes 首次发布 --changes-en "First publication" --as guojia
    """
    from kouan.basis import Text
    from kouan.publication.actions import propose_version

    with acting_for(reader(as_user), "kouan publish propose") as actor:
        made = propose_version(actor=actor, data_set=data_set, number=number, changes=Text(zh, en))
    if json:
        write_json({"proposal": made.pk, "matter": made.matter_id, "data_set": made.data_set, "version": made.number, "rows": made.rows,
                    "sha256": made.sha256})
    else:
        out.print(say(f"已冻结 {made.rows:,} 行，提请 #{made.pk}；由负责人办理：kouan publish decide {made.pk} approve",
                      f"Froze {made.rows:,} rows, proposal #{made.pk}; a leader decides: kouan publish decide {made.pk} approve"), markup=False)


@app.command()
def decide(
    proposal: int = typer.Argument(..., help="提请号 / proposal"), deed: str = typer.Argument(..., help="approve、refuse 或 withdraw / one of them"),
    opinion: str = typer.Option(..., "--opinion", help="意见 / opinion"), as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """核准公布、不予公布或者撤回。 / Approve a release, refuse it, or withdraw it.

    例：kouan publish decide 3 approve --opinion 同意公布 --as fuzeren
    """
    from kouan.publication.actions import decide_release

    with acting_for(reader(as_user), "kouan publish decide") as actor:
        held = decide_release(actor=actor, proposal=proposal, deed=deed, opinion=opinion)
    if json:
        write_json({"proposal": held.pk, "data_set": held.data_set, "version": held.number, "state": held.matter.state})
    else:
        done = {"released": say("已公布", "published"), "refused": say("不予公布", "not published"), "withdrawn": say("已撤回", "withdrawn")}
        out.print(f"{held.data_set} {held.number}: {done[held.matter.state]}", markup=False)


@app.command()
def erratum(
    data_set: str = SET, number: str = typer.Argument(..., help="版本号 / version"),
    zh: str = typer.Option(..., "--said", help="错在何处（中文） / what is wrong, in Chinese"),
    en: str = typer.Option(..., "--said-en", help="错在何处（英文） / what is wrong, in English"), as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """在已发布的版本旁登记勘误，版本本身不改。 / Note an erratum beside a published version, which stays as it is.

    例：kouan publish erratum hk-control-points-monthly 1.0 --said 2021年2月缺一天 --said-en "February 2021 lacks a day"
    """
    from kouan.basis import Text
    from kouan.publication.actions import note_erratum

    with acting_for(reader(as_user), "kouan publish erratum") as actor:
        noted = note_erratum(actor=actor, data_set=data_set, number=number, said=Text(zh, en))
    if json:
        write_json({"data_set": data_set, "version": number, "noted_on": noted.noted_on, "zh": noted.said_zh, "en": noted.said_en})
    else:
        out.print(say("已登记。", "Noted."), markup=False)


@app.command()
def dictionary(measure: str = typer.Argument("", help="指标代码，不给则列出全部 / measure; without it all are listed"), json: bool = JSON) -> None:
    """数据字典：指标的定义、单位、报送项、来源、校验、用途和已知问题。 / The data dictionary: definition, unit, items, sources, checks, uses, traps.

    例：kouan publish dictionary person_crossings
    """
    from kouan.publication.dictionary import word, words

    if not measure:
        found = words()
        if json:
            write_json([each.as_dict() for each in found])
            return
        table([say("指标", "measure"), say("名称", "name"), say("单位", "unit"), say("报送项", "items"), say("来源", "sources"), say("用途", "uses")],
              ([each.measure.code, text(each.measure.name), text(each.measure.base_unit.name), len(each.items), len(each.sources), len(each.uses)]
               for each in found), right=[3, 4, 5])
        return
    one = word(measure)
    if json:
        write_json(one.as_dict())
        return
    out.print(f"{text(one.measure.name)}（{one.measure.code}，{text(one.measure.base_unit.name)}）", style="bold", markup=False)
    out.print(text(one.measure.definition), markup=False)
    for label, lines in (
        (say("报送项", "Items"), [f"{each.code} {text(each.name)}" for each in one.items]),
        (say("来源", "Sources"), [f"{each.id} {text(each.name)}" for each in one.sources]), (say("校验", "Checks"), [text(each)
            for each in one.checks]),
        (say("用途", "Uses"), [f"{each.code} {text(each.name)}" for each in one.uses]),
        (say("已知问题", "Known traps"), [f"{source}: {text(said)}" for source, said in one.traps]),
        (say("已发布", "Published"), [f"{code} {text(name)}" for code, name in one.published]),
    ):
        if lines:
            out.print(f"\n{label}", style="bold")
            for line in lines:
                out.print(f"  {line}", markup=False)
