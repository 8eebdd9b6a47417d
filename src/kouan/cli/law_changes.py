"""``kouan law preview|propose|approve|reject|withdraw|changes|diff|search``: the law as it changes, and its words.

A change is proposed by one person and decided by another, so these commands ask with ``--as`` who acts; the system
itself can do neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.law_telling import cited, said
from kouan.cli.output import out, progress_bar, say, table, tell, text, write_json
from kouan.cli.who import acting_for, reader

if TYPE_CHECKING:
    from kouan.law.changes import Change

FILE = typer.Argument(..., exists=True, dir_okay=False, help="变更文件（YAML），见 docs/howto/change-the-law.md / file of changes (YAML)")
YEARS = typer.Option([], "--year", help="试判年度，可重复；不填为上一年度 / year to try, may be repeated; the last full year when left out")
AS_USER = typer.Option("", "--as", help="以某用户的身份办理 / act as this user")
NUMBER = typer.Argument(..., min=1, help="变更编号 / number of the change")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
FIRST = typer.Argument(..., formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="前一日期 / the earlier day")
SECOND = typer.Argument(..., formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="后一日期 / the later day")


def mount(app: typer.Typer, kind: Any) -> None:
    """Hang the commands on ``kouan law``; all need a database."""
    for name, command in (("diff", diff), ("search", search), ("preview", preview), ("propose", propose), ("changes", changes),
                          ("approve", approve), ("reject", reject), ("withdraw", withdraw)):
        app.command(name, cls=kind)(command)


def diff(
    date1: datetime = FIRST, date2: datetime = SECOND, json: bool = JSON,
) -> None:
    """两日法规之间的不同：参数、理解和解释、施行的规则和条件。
    / What differs between the law of two days: parameters, readings and rulings, rules and criteria coming into force.

    例：kouan law diff 2020-12-31 2021-01-01
    """
    from kouan.grading.queries import law_as_of
    from kouan.law import registered_rules
    from kouan.law.differences import differences

    found = differences(law_as_of(date1.date()), law_as_of(date2.date()), registered_rules())
    if json:
        write_json(found)
        return
    rows: list[Sequence[str]] = [
        [say("参数", "parameter"), one["key"], *(_value(one[side]) for side in ("before", "after"))] for one in found["parameters"]
    ]
    rows += [[say("设定", "setting"), one["key"], *(_reading(one[side]) for side in ("before", "after"))] for one in found["settings"]]
    rows += [[say("规则", "rule"), one["key"], *("；".join(one[side] or ["—"]) for side in ("before", "after"))] for one in found["rules"]]
    rows += [[say("条件", "criterion"), one["key"], *(_version(one[side]) for side in ("before", "after"))] for one in found["criteria"]]
    if not rows:
        out.print(say("两日的法规没有不同。", "The law of the two days does not differ."))
        return
    table([say("种类", "kind"), say("标识", "key"), found["before"], found["after"]], rows)


def _value(value: dict[str, Any] | None) -> str:
    return f"{value['printed']}（{value['citation']['instrument']} {value['citation']['article']}）" if value else "—"


def _reading(setting: dict[str, Any]) -> str:
    by = setting["decided_by"]
    return f"{setting['value']}（{by['document_number']}）" if by else setting["value"]


def _version(version: dict[str, Any] | None) -> str:
    return cited({**version["citation"], "quote": None}) if version else "—"


def search(
    words: list[str] = typer.Argument(..., help="要找的词，两个字起 / words to find, of two characters or more"),
    json: bool = JSON,
) -> None:
    """在规则、引文、理由和解释中查找；两个字的词也能找到。
    / Search rules, quoted sentences, reasons and rulings; words of two characters are found.

    例：kouan law search 验收
    """
    from kouan.grading.lawbook.index import search as find
    from kouan.law.bigrams import words_of
    from kouan.law.entries import KINDS
    from kouan.law.excerpts import excerpt

    asked = " ".join(words)
    wanted = words_of(asked)
    hits = find(asked)
    if json:
        write_json({"words": wanted, "count": len(hits), "hits": [
            {"kind": hit.kind, "key": hit.key, "title": hit.title.as_dict(), "is_exact": hit.is_exact, "share": round(hit.share, 3),
             "excerpt": "".join(piece for piece, _ in excerpt(hit.texts, wanted))} for hit in hits
        ]})
        return
    if hits and not hits[0].is_exact:
        out.print(say("没有完全相符的；以下较为接近：", "Nothing holds every word; these are near:"))
    table([say("种类", "kind"), say("标识", "key"), say("名称", "name"), say("所在文字", "where it stands")],
          ([text(KINDS[hit.kind]), hit.key, text(hit.title),
            "".join(f"【{piece}】" if is_word else piece for piece, is_word in excerpt(hit.texts, wanted))] for hit in hits))
    out.print(say(f"共 {len(hits)} 项", f"{len(hits)} found"))


def preview(file: Path = FILE, year: list[int] = YEARS, as_user: str = AS_USER, json: bool = JSON) -> None:
    """预览变更对全部规则的影响：哪些口岸和以往案件的结论会变、从什么变成什么、变在哪一步，哪些已登记结论和在办件引用。不写入任何内容。
    / What a change would do under every rule: which ports and past cases would come out otherwise, from what to what, at
    which step; which verdicts on record and running matters cite what is changed. Nothing is written.

    例：kouan law preview change.yaml --year 2022 --year 2023
    """
    from kouan.grading.lawbook.preview import preview as work_out

    user = reader(as_user)
    _may(user, "law.propose")
    with progress_bar(quiet=json) as report:
        found = work_out(user, _read(file), year or None, report)
    if json:
        write_json(found)
        return
    tell_preview(found)


def tell_preview(found: dict[str, Any]) -> None:
    """A preview in words."""
    years = "、".join(str(year) for year in found["years"])
    out.print(say(f"截至 {found['as_of']}，{years} 年度共试判 {found['judged']} 项；涉及规则：",
                  f"As of {found['as_of']}, {found['judged']} verdicts of {years} tried; rules concerned: ")
              + ("、".join(found["rules"]) or "—"), markup=False)
    real = [row for row in found["moved"] if row["applies"]]
    out.print(say(f"结论会变的 {len(real)} 项；假如该值在当年即已施行，另有 {len(found['moved']) - len(real)} 项会变。",
                  f"{len(real)} would change; {len(found['moved']) - len(real)} more would, had the value been in force in the year."))
    if found["moved"]:
        table([say("口岸", "port"), say("年度", "year"), say("现结论", "now"), say("变更后", "then"), say("假如当年施行", "had it been in force"),
               say("变在哪一步", "at which step")],
              ([say(row["name_zh"], row["name_en"] or row["name_zh"]), row["year"],
                *(said(row[side]["name"]) for side in ("before", "after", "supposed")),
                said(row["step"]["after"] or row["step"]["before"])] for row in found["moved"]))
    _tell_rules(found)
    recorded = found["recorded"]
    out.print(say(f"引用的已登记结论 {recorded['citing']} 项，均不改写；其中所选年度如今重判会不同的 {len(recorded['moved'])} 项。",
                  f"{recorded['citing']} verdicts on record cite it and stay; {len(recorded['moved'])} of the chosen years would differ today."))
    for kind, rows in found["cited_by"].items():
        name = say("在办件", "running matters") if kind == "matters" else kind
        out.print(f"{name}{say('：', ': ')}{len(rows)}  " + "；".join(str(row.get("title", "")) for row in rows[:10]), markup=False)


def _tell_rules(found: dict[str, Any]) -> None:
    """What the other rules say of ports, provinces and cities, and of past cases; previews kept by earlier versions have none."""
    tried = [row for row in found.get("by_rule", ()) if row["is_concerned"]]
    if tried:
        table([say("规则", "rule"), say("试判名录", "register tried"), say("会变", "change"),
               say("试判以往案件", "past cases tried"),
               say("会变", "change"), say("无法再判", "cannot be tried")],
              ([said(row["title"]), row["ports"], row["moved"], row["cases"], row["cases_moved"], row["cannot"]] for row in tried),
              right=(1, 2, 3, 4, 5))
    for label, rows in ((say("其他规则下会变的", "Changes under other rules"), found.get("others", ())),
                        (say("以往案件按当时固定的事实重新试判（结论不改写）", "Past cases tried on their frozen facts (nothing is rewritten)"),
                         found.get("cases", ()))):
        if rows:
            out.print(label, markup=False)
            table([say("对象", "subject"), say("规则", "rule"), say("现法", "now"), say("变更后", "then"),
                   say("假如当年施行", "had it been in force"), say("变在哪一步", "at which step")],
                  ([said(row["title"]) if "title" in row else say(row["name_zh"], row["name_en"] or row["name_zh"]), row["rule"],
                    *(said(row[side]["name"]) for side in ("before", "after", "supposed")),
                    said(row["step"]["after"] or row["step"]["before"])] for row in rows))
    if found.get("left_off"):
        out.print(say(f"另有 {found['left_off']} 项未列出。", f"{found['left_off']} more are left off."))


def propose(file: Path = FILE, year: list[int] = YEARS, as_user: str = AS_USER, json: bool = JSON) -> None:
    """提出文件中的各项变更，由另一人批准；影响预览一并留存。 / Propose the changes of a file; another person approves. The preview is kept.

    例：kouan law propose change.yaml --as guojia
    """
    from kouan.grading.lawbook.actions import propose_changes

    with acting_for(reader(as_user), "kouan law propose") as actor:
        rows = propose_changes(actor=actor, changes=_read(file), years=year or None)
    _tell(rows, json)


def approve(number: int = NUMBER, reason: str = typer.Option("", help="意见 / remark"), as_user: str = AS_USER, json: bool = JSON) -> None:
    """批准他人提出的变更，自其日期起适用。 / Approve a change that somebody else proposed; it holds from its day.

    例：kouan law approve 3 --as guojia2
    """
    from kouan.grading.lawbook.actions import approve_change

    with acting_for(reader(as_user), "kouan law approve") as actor:
        _tell([approve_change(actor=actor, number=number, reason=reason)], json)


def reject(number: int = NUMBER, reason: str = typer.Option(..., help="理由 / reason"), as_user: str = AS_USER, json: bool = JSON) -> None:
    """不予批准他人提出的变更。 / Reject a change that somebody else proposed.

    例：kouan law reject 3 --reason 文件尚未印发 --as guojia2
    """
    from kouan.grading.lawbook.actions import reject_change

    with acting_for(reader(as_user), "kouan law reject") as actor:
        _tell([reject_change(actor=actor, number=number, reason=reason)], json)


def withdraw(number: int = NUMBER, reason: str = typer.Option(..., help="理由 / reason"), as_user: str = AS_USER, json: bool = JSON) -> None:
    """撤回自己提出的变更。 / Withdraw a change that one proposed.

    例：kouan law withdraw 3 --reason 日期有误 --as guojia
    """
    from kouan.grading.lawbook.actions import withdraw_change

    with acting_for(reader(as_user), "kouan law withdraw") as actor:
        _tell([withdraw_change(actor=actor, number=number, reason=reason)], json)


def changes(
    number: int | None = typer.Argument(None, min=1, help="变更编号；不填则列出全部 / number of a change; all when left out"),
    as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """已提出和已办理的变更；文件 rulings.yaml 中的解释另列。 / Changes proposed and decided; rulings of the file rulings.yaml beside them.

    例：kouan law changes
    """
    from kouan.grading.lawbook.queries import changes_visible_to, get_change
    from kouan.grading.queries import rulings_of_file

    user = reader(as_user)
    rows = [get_change(user, number)] if number else list(changes_visible_to(user).order_by("id"))
    if json:
        written: dict[str, Any] = {"changes": [as_json(row, whole=number is not None) for row in rows]}
        write_json(written if number else {**written, "file": [each.as_dict() for each in rulings_of_file()]})
        return
    _table(rows)
    if number:
        tell_preview(rows[0].preview)
    elif held := rulings_of_file():
        tell("rulings.yaml 中的解释：", "Rulings of rulings.yaml:")
        table([say("设定", "setting"), say("取值", "value"), say("自", "from"), say("文件", "document")],
              ([each.setting, each.value, each.from_date, f"{each.document_title}（{each.document_number}）"] for each in held))


def as_json(row: Any, *, whole: bool = False) -> dict[str, Any]:
    """A change as JSON, with its preview where one alone is asked for."""
    return {
        "number": row.pk, **row.change().as_dict(), "state": row.state, "proposed_by": row.proposed_by, "proposed_at": row.proposed_at,
        "decided_by": row.decided_by, "decided_at": row.decided_at, "decision": row.decision, **({"preview": row.preview} if whole else {}),
    }


def _tell(rows: Sequence[Any], as_json_: bool) -> None:
    if as_json_:
        write_json({"changes": [as_json(row, whole=True) for row in rows]})
    else:
        _table(rows)


def _table(rows: Sequence[Any]) -> None:
    from kouan.grading.lawbook.preview import count_moved
    from kouan.grading.lawbook.queries import STATES

    table([say("编号", "number"), say("参数或设定", "key"), say("取值", "value"), say("自", "from"), say("文件", "document"), say("状态", "state"),
           say("会变的结论", "verdicts that change")],
          ([row.pk, row.key, row.value, row.from_date, f"{row.document_title}（{row.document_number}）", text(STATES[row.state]),
            count_moved(row.preview)] for row in rows), right=(0, 6))
    counts = Counter(row.state for row in rows)
    out.print("  ".join(f"{text(STATES[state])} {count}" for state, count in counts.items()))


def _read(file: Path) -> list[Change]:
    from kouan.basis import clock
    from kouan.basis.strict_yaml import load_file
    from kouan.grading.queries import law_as_of
    from kouan.law.changes import last_day, read_changes

    data = load_file(file)
    return read_changes(data, file.name, law_as_of(max(clock.today(), last_day(data) or clock.today())))


def _may(user: Any, permission: str) -> None:
    from kouan.accounts.action import refuse
    from kouan.accounts.permissions import may

    if not may(user, permission):
        raise refuse(user, permission, "cli.law_changes.preview")
