"""The lists of the room as plain data: who stands in one, and why, with sentence of law, facts, sources and readings.

Pure: facts in, entries out; `list_facts.py` reads the register, `list_actions.py` records. An entry is advice: it
opens nothing and closes nothing; what it may begin is a matter of the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from kouan.basis import Citation, Text
from kouan.grading.case_verdict import CASE_VERDICTS, CaseVerdict
from kouan.grading.facts import MEASURES
from kouan.grading.grace import COUNTED_BY, anniversary
from kouan.grading.one_city import water_ports_by_city
from kouan.grading.withdrawing import (
    LADDER,
    RUNGS,
    JudgedYear,
    OtherRung,
    Rungs,
    Standing,
    closing_standing,
    say_run,
)
from kouan.law import Law

GONE = ("planned", "merged", "closed")
ONE_CITY = "access.one_city_border"
GATE_SCOPE = "access.gate_scope"
UNACCEPTED_YEARS = "access.air_gate.unaccepted_years"
CLEARING_YEARS = "class_two.clearing.years"
REGISTER = Text("口岸名录", "Register of ports")
MARK_REGISTER = Text("战略标记登记", "Register of strategy marks")
_PLAN = "国家“十四五”口岸发展规划"
CLOSE_AIR = Citation(_PLAN, "四(二)", quote="推动关闭客运量长期不达标航空口岸，鼓励非枢纽口岸优化整合航线", issued=date(2021, 9, 16))
ONE_PORT = Citation(_PLAN, "专栏5", quote="水运口岸：加快推进向以地级市为单元“一城一口岸”方向整合", issued=date(2021, 9, 16))
CLEAR_CLASS_TWO = Citation(_PLAN, "四(三)", quote="加快清理整顿原二类口岸，“十四五”时期完成清理整顿工作", issued=date(2021, 9, 16))
VERDICTS: Mapping[str, Text] = {
    **CASE_VERDICTS,
    "close": Text("列为关闭候选", "candidate for closing"),
    "unaccepted": Text("满三年未验收", "three years without acceptance"),
    "merge": Text("整合候选", "candidates for merging"),
    "to_clear": Text("待清理", "to be cleared"),
    "overdue": Text("逾期未清理", "overdue"),
    "other_only": Text("仅在其他理解下列入", "listed under another reading only"),
}


@dataclass(frozen=True, slots=True)
class PortLine:
    """What the lists need of one port; days may be unknown."""

    code: str
    name_zh: str
    name_en: str = ""
    mode: str = ""
    province_code: str = ""
    city_code: str = ""
    city_name: str = ""
    status: str = "unknown"
    is_border: bool | None = None
    transport_class: str | None = None
    approved_on: date | None = None
    accepted_on: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, to be read back by ``from_dict``."""
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> PortLine:
        """Rebuild a line from ``as_dict()``."""
        days = {name: date.fromisoformat(said[name]) if said[name] else None for name in ("approved_on", "accepted_on")}
        return cls(**{**said, **days})

    @property
    def name(self) -> Text:
        return Text(self.name_zh, self.name_en or self.name_zh)

    @property
    def is_group(self) -> bool:
        """A group (苏州) is a heading and never a line of a list."""
        return False


@dataclass(frozen=True)
class Entry:
    """One line of a list. ``is_listed`` False: not on the list under the readings in force (see ``others``).

    ``facts``: pairs of label, value and source. ``opens``: the procedures that a click may begin, with the facts
    that the procedure asks for and the list knows. ``inputs``: all that a replay needs.
    """

    kind: str
    subject: str
    name: Text
    verdict: str
    is_listed: bool
    why: Text
    citations: tuple[Citation, ...]
    province_code: str = ""
    city_code: str = ""
    port_code: str = ""
    facts: tuple[tuple[Text, Text, Text], ...] = ()
    years: tuple[JudgedYear, ...] = ()
    ladder: CaseVerdict | None = None
    others: tuple[dict[str, Any], ...] = ()
    flags: tuple[dict[str, Any], ...] = ()
    notes: tuple[Text, ...] = ()
    opens: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    case_facts: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict_name(self) -> Text:
        """The verdict in words."""
        return VERDICTS[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, the frozen form of a recorded entry."""
        return {
            "list": self.kind,
            "subject": self.subject,
            "name": self.name.as_dict(),
            "verdict": self.verdict,
            "verdict_name": self.verdict_name.as_dict(),
            "is_listed": self.is_listed,
            "why": self.why.as_dict(),
            "citations": [each.as_dict() for each in self.citations],
            "province_code": self.province_code,
            "city_code": self.city_code,
            "port": self.port_code or None,
            "facts": [{"name": name.as_dict(), "value": value.as_dict(), "source": source.as_dict()} for name, value, source in self.facts],
            "years": [each.as_dict() for each in self.years],
            "steps": list(self.ladder.steps) if self.ladder else [],
            "others": list(self.others),
            "flags": list(self.flags),
            "notes": [each.as_dict() for each in self.notes],
            "opens": list(self.opens),
            "about": [list(each) for each in self.about],
            "case_facts": dict(self.case_facts),
            "inputs": dict(self.inputs),
        }


def day_text(day: date | None) -> Text:
    """A day in both languages."""
    return Text(f"{day.year}年{day.month}月{day.day}日", day.isoformat()) if day else Text("未登记", "not on record")


def _claim(value: bool | None) -> Text:
    return Text("待核", "to be verified") if value is None else Text("是", "yes") if value else Text("否", "no")


def _mark(value: bool | None) -> Text:
    return Text("未登记（不明）", "not on record (unknown)") if value is None else Text("有", "yes") if value else Text("无", "none")


# ---- the watch list and the candidates for closing ---------------------------------------------------------------


def watch_entry(line: PortLine, standing: Standing) -> Entry:
    """The rung of one port, whatever it is: listed where the ladder asks for a step."""
    return _on_the_ladder("watch", line, standing, standing.others, standing.verdict, standing.verdict in RUNGS)


def closing_entry(line: PortLine, standing: Standing, first: int, rungs: Rungs) -> Entry:
    """An air port as a candidate for closing: below the standard long-term (A-13: three or five years, as the setting says)."""
    standing = closing_standing(standing, first, rungs, is_border=line.is_border)
    is_long = standing.verdict == "review"
    verdict = "close" if is_long else "unknown" if standing.verdict == "unknown" else "none"
    return _on_the_ladder("closing", line, standing, standing.others, verdict, is_long)


def _on_the_ladder(kind: str, line: PortLine, standing: Standing, others: Sequence[OtherRung], verdict: str, is_listed: bool) -> Entry:
    asked = ("review",) if kind == "closing" else RUNGS
    # A rung that only another reading asks for is shown as that, and a change within the list beside the entry.
    is_other_only = not is_listed and any(each.verdict in asked for each in others)
    said = say_run(standing.run, standing.last)
    latest = standing.latest
    measured = _measured(latest) if latest else Text("", "")
    name = VERDICTS[verdict]
    if is_other_only:
        under = [each for each in others if each.verdict in asked]
        why = Text(
            f"按现行理解：{name.zh}；"
            + "；".join(f"若按“{o.label.zh}”（{o.ambiguity}），{say_run(o.run, standing.last).zh}，{CASE_VERDICTS[o.verdict].zh}" for o in under)
            + "。",
            f"Under the readings in force: {name.en}; "
            + "; ".join(f"under “{o.label.en}” ({o.ambiguity}): {say_run(o.run, standing.last).en}, {CASE_VERDICTS[o.verdict].en}" for o in under)
            + ".",
        )
    else:
        why = Text(
            f"{said.zh}{measured.zh}。按退出阶梯：{name.zh}。", f"{said.en[:1].upper()}{said.en[1:]}{measured.en}. The ladder says: {name.en}."
        )
    notes = []
    if standing.run.is_at_least and standing.run.years:
        notes.append(
            Text(
                "更早的年度数据不全或超出回溯范围，实际连续年数可能更多。",
                "Earlier years cannot be judged or lie too far back; the run may be longer.",
            )
        )
    if standing.verdict == "unknown":
        notes.append(Text("数据不全不作为不达标；请先补报。", "Missing figures never count as below the standard; report them first."))
    citations = (CLOSE_AIR, *LADDER.citations) if kind == "closing" else tuple(LADDER.citations)
    if latest is not None:
        citations = (*citations, latest.outcome.citation)
    return Entry(
        kind=kind,
        subject=f"port:{line.code}",
        name=line.name,
        verdict="other_only" if is_other_only else verdict,
        is_listed=is_listed,
        why=why,
        citations=citations,
        province_code=line.province_code,
        city_code=line.city_code,
        port_code=line.code,
        facts=(
            (Text("连续不达标的完整年数", "Full years in a row below"), _count(standing), Text("按各年判定推算", "from the yearly verdicts")),
            (Text("边境口岸", "Border port"), _claim(line.is_border), REGISTER),
            *(((Text("战略标记", "Strategy mark"), _mark(standing.strategy_mark), MARK_REGISTER),) if standing.marks_were_read else ()),
            (Text("通过验收日期", "Accepted on"), day_text(line.accepted_on), REGISTER),
        ),
        years=standing.years,
        ladder=standing.ladder,
        others=tuple(each.as_dict() for each in others),
        flags=tuple(each.as_dict() for each in standing.ladder.flags if each.code != "differs_under"),
        notes=tuple(notes),
        opens=("withdrawal",) if is_listed else (),
        about=((line.code, line.name_zh),),
        case_facts=_known(
            ladder_verdict=standing.verdict,
            is_border=line.is_border,
            strategy_mark=standing.strategy_mark,
            meets_volume=False if latest and latest.outcome.verdict == "fails" else None,
        ),
        inputs={"line": line.as_dict(), "last": standing.last, **({"strategy_mark": standing.strategy_mark} if standing.marks_were_read else {})},
    )


def _known(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


def _count(standing: Standing) -> Text:
    run = standing.run
    if run.count is None:
        return Text("不明", "not known")
    return Text(f"{'至少' if run.is_at_least else ''}{run.count}年", f"{'at least ' if run.is_at_least else ''}{run.count}")


def _measured(latest: Any) -> Text:
    """How far the judged year lay below its limits, in percent of each; empty where nothing was below."""
    if latest.outcome.verdict != "fails":
        return Text("", "")
    said = [(MEASURES[name][1], margin.ratio) for name, margin in latest.outcome.margins.items() if margin.ratio is not None]
    return (
        Text(
            "；当年" + "、".join(f"{name.zh}{_percent(ratio).zh}" for name, ratio in said),
            "; that year " + ", ".join(f"{name.en} {_percent(ratio).en}" for name, ratio in said),
        )
        if said
        else Text("", "")
    )


def _percent(ratio: Decimal) -> Text:
    """A share of the standard, cut and never rounded up: 99.96% must not read as 100%."""
    said = (ratio * 100).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
    if not said:
        return Text("不足标准的0.1%" if ratio else "为零", "was below 0.1% of the standard" if ratio else "was nil")
    return Text(f"为标准的{said}%", f"was {said}% of the standard")


# ---- approved and not accepted -------------------------------------------------------------------------------------


def unaccepted_entry(line: PortLine, law: Law) -> Entry | None:
    """A port that was approved and has not passed acceptance: listed from the anniversary on; None for every other port.

    A port whose acceptance is merely not on record is none of these: its status must say that it is approved and not accepted.
    """
    if line.status != "approved" or line.accepted_on is not None:
        return None
    first = law.history(UNACCEPTED_YEARS)[0].in_force_from
    limit = law.parameter(UNACCEPTED_YEARS, on=max(law.as_of, first))
    years = int(limit.value)
    due = anniversary(line.approved_on, years) if line.approved_on else None
    is_listed = due is not None and due <= law.as_of
    if line.approved_on is None or due is None:
        verdict, why = (
            "unknown",
            Text(
                "已批准未验收，但批准日期未登记，不能判定是否满三年。",
                "Approved and not accepted, but the day of approval is not on record: whether three years are over cannot be told.",
            ),
        )
    elif is_listed:
        over = (law.as_of - due).days
        verdict = "unaccepted"
        why = Text(
            f"{day_text(line.approved_on).zh}批准开放，至{day_text(due).zh}满{years}年，仍未通过验收，已超过{over}天。",
            f"Approved on {line.approved_on.isoformat()}; {years} years were over on {due.isoformat()} without acceptance, {over} days ago.",
        )
    else:
        verdict = "none"
        why = Text(
            f"{day_text(line.approved_on).zh}批准开放，{day_text(due).zh}满{years}年，尚未到期。",
            f"Approved on {line.approved_on.isoformat()}; {years} years will be over on {due.isoformat()}.",
        )
    notes = (
        []
        if line.mode == "air"
        else [
            Text(
                "原文在航空口岸一段（A-07）；其他类型口岸一并列出，供督促验收，不据此限制机场开放。",
                "The sentence stands in the paragraph on air ports (A-07); other ports are listed too, to press for acceptance, "
                "not to hold up airports.",
            )
        ]
    )
    return Entry(
        kind="unaccepted",
        subject=f"port:{line.code}",
        name=line.name,
        verdict=verdict,
        is_listed=is_listed,
        why=why,
        citations=(limit.citation, COUNTED_BY),
        province_code=line.province_code,
        city_code=line.city_code,
        port_code=line.code,
        facts=(
            (Text("批准日期", "Approved on"), day_text(line.approved_on), REGISTER),
            (Text("通过验收日期", "Accepted on"), day_text(line.accepted_on), REGISTER),
            (Text("运行状态", "Status"), Text("已批准未验收", "approved, not accepted"), REGISTER),
        ),
        notes=tuple(notes),
        opens=("acceptance", "withdrawal") if is_listed else (),
        about=((line.code, line.name_zh),),
        case_facts=_known(port_mode=line.mode, is_border=line.is_border),
        inputs={"line": line.as_dict()},
    )


# ---- one city, one port --------------------------------------------------------------------------------------------


def merge_entries(lines: Iterable[PortLine], law: Law) -> list[Entry]:
    """The cities with two or more water ports. Border ports are skipped or counted as A-30 says; the other reading is shown."""
    cities = water_ports_by_city((line for line in lines if line.status not in GONE), with_border=True)
    setting = law.setting(ONE_CITY)
    entries = []
    for city, every in cities.items():
        if not city:
            continue
        inland = tuple(line for line in every if not line.is_border)
        counted, other = (inland, every) if setting.value == "skip_border" else (every, inland)
        if max(len(counted), len(other)) < 2:
            continue
        entries.append(_city_entry(city, every, counted, other, law))
    return entries


def _city_entry(city: str, every: Sequence[PortLine], counted: Sequence[PortLine], other: Sequence[PortLine], law: Law) -> Entry:
    setting = law.setting(ONE_CITY)
    is_listed, differs = len(counted) >= 2, (len(counted) >= 2) != (len(other) >= 2)
    choice = next(each for each in setting.choices if each != setting.value)
    named = Text(
        "、".join(line.name_zh for line in (counted if is_listed else other)), ", ".join(line.name.en for line in (counted if is_listed else other))
    )
    # Of two ports in counties of one city the shared part of the code names the city; its name may be that of a county.
    names = {line.city_name for line in every if line.city_code == city} or {line.city_name for line in every}
    name = "、".join(sorted(each for each in names if each)) or city
    if is_listed:
        why = Text(
            f"{name}现有{len(counted)}个水运口岸：{named.zh}；规划要求以地级市为单元“一城一口岸”。",
            f"{name} has {len(counted)} water ports: {named.en}; the plan wants one for each prefecture-level city.",
        )
    else:
        label = setting.choices[choice]
        why = Text(
            f"按现行理解（{setting.label.zh}）不构成候选；若{label.zh}，{name}有{len(other)}个水运口岸：{named.zh}。",
            f"No candidates under the reading in force ({setting.label.en}); if {label.en}, {name} has {len(other)} water ports: {named.en}.",
        )
    unknown = [line for line in counted if line.is_border is None]
    notes = [Text("候选名单不等于整合决定；整合凭国务院批复。", "A candidate is no decision: ports are merged by a reply of the State Council.")]
    if unknown:
        notes.append(
            Text(
                f"是否边境口岸待核：{'、'.join(line.name_zh for line in unknown)}。",
                f"Not known whether on the border: {', '.join(line.name.en for line in unknown)}.",
            )
        )
    inland = [line for line in every if line.is_border is False]
    return Entry(
        kind="merge",
        subject=f"city:{city}",
        name=Text(name, name),
        verdict="merge" if is_listed else "other_only",
        is_listed=is_listed,
        why=why,
        citations=(ONE_PORT,),
        province_code=every[0].province_code,
        city_code=city,
        facts=tuple(
            (
                line.name,
                Text(
                    f"{_STATUSES[line.status].zh}；边境口岸：{_claim(line.is_border).zh}",
                    f"{_STATUSES[line.status].en}; border port: {_claim(line.is_border).en}",
                ),
                REGISTER,
            )
            for line in every
        ),
        others=(
            {
                "setting": setting.key,
                "ambiguity": setting.ambiguity,
                "label": setting.choices[choice].as_dict(),
                "verdict": "merge" if len(other) >= 2 else "none",
                "verdict_name": VERDICTS["merge" if len(other) >= 2 else "none"].as_dict(),
                "years": [],
            },
        )
        if differs
        else (),
        notes=tuple(notes),
        opens=("merge",) if is_listed else (),
        about=tuple((line.code, line.name_zh) for line in (counted if is_listed else other)),
        case_facts=_known(is_same_mode=True, is_same_city=True, is_border=False if len(inland) == len(every) else None),
        inputs={"lines": [line.as_dict() for line in every]},
    )


_STATUSES: Mapping[str, Text] = {
    "unknown": Text("运行状态待核", "status to be verified"),
    "approved": Text("已批准未验收", "approved, not accepted"),
    "open": Text("开放运行", "open"),
    "suspended": Text("暂停", "suspended"),
}


# ---- class-II ports ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClassTwoLine:
    """A class-II port that is not cleared, as its register has it."""

    code: str
    name_zh: str
    mode: str
    province_code: str
    city_code: str = ""
    city_name: str = ""
    paper: str = ""


def clearing_deadline(law: Law) -> date:
    """The last day to clear class-II ports (A-25): the years of the text in force, from the day it is in force."""
    first = law.history(CLEARING_YEARS)[0].in_force_from
    limit = law.parameter(CLEARING_YEARS, on=max(law.as_of, first))
    return anniversary(limit.in_force_from, int(limit.value)) - timedelta(days=1)


def class_two_entry(line: ClassTwoLine, law: Law) -> Entry:
    """A class-II port that is still to be cleared; overdue after the last day for it."""
    last = clearing_deadline(law)
    late = (law.as_of - last).days
    due = day_text(last)
    zh = f"列入原二类口岸名册，尚未清理；期限为{due.zh}，"
    en = f"On the register of class-II ports and not cleared; due by {due.en}, "
    return Entry(
        kind="class-two",
        subject=f"class-two:{line.code}",
        name=Text(line.name_zh, line.name_zh),
        verdict="overdue" if late > 0 else "to_clear",
        is_listed=True,
        why=Text(f"{zh}{f'已逾期{late}天' if late > 0 else f'还有{-late}天'}。", f"{en}{f'{late} days ago' if late > 0 else f'in {-late} days'}."),
        citations=(CLEAR_CLASS_TWO,),
        province_code=line.province_code,
        city_code=line.city_code,
        facts=(
            (Text("列入依据", "Listed by"), Text(line.paper or "—", line.paper or "—"), Text("原二类口岸名册", "Register of class-II ports")),
            (Text("所在市县", "Place"), Text(line.city_name or "—", line.city_name or "—"), Text("原二类口岸名册", "Register of class-II ports")),
        ),
        notes=(
            Text(
                "出路有三：升格、并入已开放口岸（均凭国务院批复）、关闭（凭省级人民政府决定）。",
                "Three ways out: upgrade or merger into an open port, both by a reply of the State Council, or closing by the provincial government.",
            ),
        ),
        opens=("class_two_clearance",),
        case_facts={"is_on_class_two_list": True},
        inputs={"class_two": asdict(line)},
    )
