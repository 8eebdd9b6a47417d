"""The agenda (会议通知) and the minutes (纪要) as papers in the layout of GB/T 9704: Word to go on with, PDF to look at."""

from __future__ import annotations

from django.conf import settings

from kouan.casework.conference.models import Conference
from kouan.casework.conference.queries import CONFIRMED, followed_up
from kouan.desk.papers import Block, Paper, Style, heading, paragraph, table

NUMERALS = "一二三四五六七八九十"


def agenda_of(conference: Conference) -> Paper:
    """The notice with its agenda, to the members."""
    blocks: list[Block] = [
        paragraph(f"定于{_day(conference)}在{conference.place}召开{conference.title}，由{conference.chair}主持。现将议程印送，请准时参加并函复参会人员。"),
        heading("一、会议议程"),
    ]
    for each in conference.items.all():
        blocks.append(heading(f"（{_numeral(each.number)}）{each.title}"))
        why = "；".join([*(reason["zh"] for reason in each.reasons), *([each.note] if each.note else [])])
        if why:
            blocks.append(paragraph(f"提请会议研究的理由：{why}。"))
    return _paper(conference, Style.NOTICE, f"关于召开{conference.title}的通知", [*blocks, *_followed(conference, "二、上次会议议定事项落实情况")],
                  addressee="、".join(each.name for each in conference.members.all()) or "各成员单位")


def minutes_of(conference: Conference) -> Paper:
    """The minutes: who met, each item with what was said, decided and dissented from, the action items."""
    come = "、".join(f"{each.name}{f'（{each.attendee}）' if each.attendee else ''}" for each in conference.members.all())
    blocks: list[Block] = [paragraph(f"{_day(conference)}，{conference.chair}在{conference.place}主持召开{conference.title}。现纪要如下："),
        heading("一、议定意见")]
    rows = []
    for each in conference.items.prefetch_related("actions"):
        blocks += [heading(f"（{_numeral(each.number)}）{each.title}")]
        blocks += [paragraph(f"讨论情况：{each.words}")] if each.words else []
        blocks += [paragraph(f"会议议定：{each.decision or '（请在此填写）'}")]
        blocks += [paragraph(f"不同意见：{each.dissent}")] if each.dissent else []
        rows += [(one.what, one.owner_name, str(one.due_on)) for one in each.actions.all()]
    at = 1
    if rows:
        blocks += [heading(f"{NUMERALS[at]}、议定事项"), table(("事项", "责任单位", "完成期限"), *rows)]
        at += 1
    blocks += _followed(conference, f"{NUMERALS[at]}、上次会议议定事项落实情况")
    blocks += [paragraph(f"参加：{come or '（请在此填写）'}。")]
    for number, wrong in enumerate(conference.corrigenda.filter(confirmed_at__isnull=False), 1):
        blocks.append(paragraph(f"更正{number}：{wrong.words}"))
    return _paper(conference, Style.MINUTES, f"{conference.title}纪要", blocks)


def _paper(conference: Conference, style: Style, title: str, blocks: list[Block], addressee: str = "") -> Paper:
    is_final = style is Style.MINUTES and conference.matter.state in CONFIRMED
    return Paper(
        style=style, issuer=conference.secretary.name_zh, title=title, addressee=addressee, blocks=blocks, signed_by=conference.secretary.name_zh,
        number=conference.minutes_number if style is Style.MINUTES else "", is_draft=not (is_final and bool(conference.minutes_number)),
        is_exercise=settings.IS_EXERCISE, attachments=[each.title for each in conference.items.all() if each.paper_id][:12]
            if style is Style.NOTICE else [],
        notes=[f"系统依据会议#{conference.pk}的记录起草"])


def _followed(conference: Conference, title: str) -> list[Block]:
    rows = [(each.what, each.owner_name, str(each.due_on), "已落实销号" if each.matter and each.matter.ended_at else "落实中")
            for each in followed_up(conference)]
    return [heading(title), table(("事项", "责任单位", "期限", "落实情况"), *rows)] if rows else []


def _numeral(number: int) -> str:
    if number <= 10:
        return NUMERALS[number - 1]
    tens, ones = divmod(number, 10)
    return f"{NUMERALS[tens - 1] if tens > 1 else ''}十{NUMERALS[ones - 1] if ones else ''}"


def _day(conference: Conference) -> str:
    return f"{conference.held_on.year}年{conference.held_on.month}月{conference.held_on.day}日"
