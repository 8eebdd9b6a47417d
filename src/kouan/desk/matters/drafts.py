"""Drafts of the papers that a matter calls for, written from what is recorded of it: 请示, 审核意见, 征求意见函, 通知.

A draft says what the record says and leaves open what an officer must decide or write: 建议 stands as a blank. It is
never a decision; number, signer and date are those of the office that issues it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings

from kouan.basis import NotFound, Place, Text
from kouan.desk.matters import facts as held_facts
from kouan.desk.matters.models import Matter
from kouan.desk.matters.papers import papers_of
from kouan.desk.matters.queries import procedure_for
from kouan.desk.papers import Block, Paper, Style, heading, paragraph, table
from kouan.procedure import Procedure

BLANK = "（请在此填写）"


@dataclass(frozen=True, slots=True)
class DraftKind:
    """One kind of draft: its form, its title and whom it is addressed to; {} is the matter's title."""

    code: str
    label: Text
    style: Style
    title: str
    addressee: str
    request: str


KINDS: Mapping[str, DraftKind] = {each.code: each for each in (
    DraftKind("request", Text("请示", "Request to a superior"), Style.REQUEST, "关于{}的请示", "国务院", "妥否，请批示。"),
    DraftKind("opinion", Text("审核意见", "Opinion on review"), Style.OPINION, "关于{}的审核意见", "", BLANK),
    DraftKind("consultation", Text("征求意见函", "Letter of consultation"), Style.LETTER, "关于征求对{}意见的函", "各有关单位",
              "请研提意见，并于收到本函之日起规定期限内函复。无意见的，也请函告。"),
    DraftKind("notice", Text("通知", "Notice"), Style.NOTICE, "关于{}有关事项的通知", "", "特此通知。"),
)}


def draft_of(matter: Matter, kind: str) -> Paper:
    """The draft of one kind. NotFound for a kind there is not."""
    wanted = KINDS.get(kind)
    if wanted is None:
        raise NotFound.because("unknown_draft", f"没有“{kind[:20]}”这种文书。", f"There is no draft “{kind[:20]}”.", where=Place(field="kind"),
                               remedy=(f"可起草：{'、'.join(each.label.zh for each in KINDS.values())}。",
                                       f"There are: {', '.join(each.label.en for each in KINDS.values())}."))
    procedure = procedure_for(matter)
    issuer = matter.applicant.name_zh if wanted.code == "request" else "国家口岸管理办公室"
    parts = [
        ("基本情况", _basics(matter, procedure)),
        ("有关事实", _facts(matter, procedure)),
        ("征求意见情况", _opinions(matter, procedure) if wanted.code in ("request", "opinion") else []),
        ("办理经过", _steps(matter, procedure) if wanted.code == "opinion" else []),
        ("意见和建议" if wanted.code != "request" else "请示事项", [paragraph(BLANK), paragraph(wanted.request)] if wanted.code != "opinion"
         else [paragraph(BLANK)]),
    ]
    blocks: list[Block] = []
    for number, (name, said) in enumerate([part for part in parts if part[1]]):
        blocks += [heading(f"{'一二三四五六'[number]}、{name}"), *said]
    return Paper(
        style=wanted.style, issuer=issuer, title=wanted.title.format(_subject(matter.title)),
        addressee=wanted.addressee, blocks=blocks, signed_by=issuer,
        is_exercise=settings.IS_EXERCISE, notes=[f"系统依据办件 #{matter.pk} 的记录起草，程序“{procedure.title.zh}”{procedure.version}版"],
        attachments=[paper.title for step in matter.steps.all() for paper in papers_of(step.documents).values()][:12])


def _subject(title: str) -> str:
    """What a title is about, so that 关于 stands once in a paper's title.

    >>> _subject("关于新塘航空口岸扩大开放的申请"), _subject("新塘航空口岸")
    ('新塘航空口岸扩大开放', '新塘航空口岸')
    """
    return re.sub(r"的(申请|请示|报告|函)$", "", title.removeprefix("关于")) if title.startswith("关于") else title


def _basics(matter: Matter, procedure: Procedure) -> list[Block]:
    basis = f"，依据{procedure.citation}" if procedure.citation else ""
    said = f"{matter.applicant.name_zh}于{_day(matter.steps.all()[0].taken_on)}就“{matter.title}”发起{procedure.title.zh}{basis}。"
    return [paragraph(said)]


def _facts(matter: Matter, procedure: Procedure) -> list[Block]:
    if not procedure.facts:
        return []
    known = held_facts.known(procedure, matter.facts)
    rows = [(fact.label.zh, _said(held_facts.in_words(code, known.get(code))),
             procedure.parties[fact.supplied_by].label.zh if fact.supplied_by else "承办方")
            for code, fact in procedure.facts.items()]
    return [table(("事实", "情况", "提供方"), *rows)]


def _opinions(matter: Matter, procedure: Procedure) -> list[Block]:
    words = {True: "同意", False: "不同意", None: "逾期未答复"}
    rows = [(procedure.parties[each.party].label.zh, words[each.agrees],
             f"{each.reference} {each.words}".strip() or "无补充意见", _day(each.given_on))
            for each in matter.opinions.all()]
    return [table(("单位", "结论", "意见或编号", "日期"), *rows)] if rows else []


def _steps(matter: Matter, procedure: Procedure) -> list[Block]:
    rows = []
    for step in matter.steps.select_related("actor__organisation"):
        transition = procedure.transitions.get(step.transition)
        by_clock = transition is not None and not transition.by
        who = step.actor.organisation.name_zh if step.actor else "系统（期限届满）" if by_clock else "系统"
        rows.append((_day(step.taken_on), transition.label.zh if transition else "发起", who))
    return [table(("日期", "步骤", "办理单位"), *rows)]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _said(value: Any) -> str:
    if value is None:
        return "不明"
    if isinstance(value, Text):
        return value.zh
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return _day(value)
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)
