"""Submitting scores, deciding grades, entering policy: verbs that only ever add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kouan.accounts.action import action
from kouan.basis import Finding, Place, Refused, Text, clock
from kouan.desk.actions import refuse_secrets
from kouan.desk.models import Document
from kouan.grading.grades import CRITERIA, GRADES, grade_of, proposals
from kouan.grading.models import CriterionScores, GradeDecision, PolicyCell, PortGrade, Stage
from kouan.grading.sheets import ReadSheet, SheetHead, read_sheet, score_of
from kouan.ports.models import TransportClass
from kouan.ports.papers import document_of
from kouan.ports.queries import PortIndex, get_port

FIRST_DAY = date(2021, 1, 1)  # 四(三) of the plan made the three grades; there was none before.
PORT = SheetHead("port", Text("口岸", "Port"), also=("口岸代码", "口岸名称", "code"))
YEAR = SheetHead("year", Text("年度", "Year"), also=("年份",))
SCORES = {name: SheetHead(name, label, also=(f"{label.zh}得分",)) for name, label in CRITERIA.items()}
NOTE = SheetHead("note", Text("说明", "Note"), is_required=False)
HEADS = (PORT, YEAR, *SCORES.values(), NOTE)


@dataclass(frozen=True, slots=True)
class NewScores:
    """The scores of one port and year, 0 to 100 each."""

    port_code: str
    year: int
    strategy: Decimal
    benefit: Decimal
    reach: Decimal
    note: str = ""


def read_scores(content: bytes, file_name: str, user: Any) -> tuple[ReadSheet, list[NewScores]]:
    """Read a sheet of scores; ports by code or any name, in the reader's scope. Findings name the cell."""
    sheet = read_sheet(content, file_name, HEADS)
    lines: list[NewScores] = []
    if not sheet.rows:
        return sheet, lines
    index, seen = PortIndex.build(user), dict[tuple[str, int], int]()
    for number, row in sheet.rows:
        port = index.resolve(row["port"], where=Place(file=file_name, row=number, column=PORT.label.zh)) if row["port"] else None
        if isinstance(port, Finding):
            sheet.findings.append(port)
            port = None
        year = int(row["year"]) if row["year"].isascii() and row["year"].isdigit() and len(row["year"]) == 4 else None
        if row["year"] and (year is None or not FIRST_DAY.year <= year <= clock.today().year):
            sheet.wrong(
                number,
                YEAR,
                "year_out_of_range",
                f"“{row['year']}”不在{FIRST_DAY.year}年至今年之间。",
                f"“{row['year']}” is not from {FIRST_DAY.year} to this year.",
                ("请填写四位数的年度。", "Give a year of four digits."),
                row["year"],
            )
        values = {name: score for name in SCORES if (score := score_of(row[name])) is not None}
        for name, head in SCORES.items():
            if row[name] and name not in values:
                sheet.wrong(
                    number,
                    head,
                    "bad_score",
                    f"“{row[name]}”不是0至100之间的数（最多三位小数）。",
                    f"“{row[name]}” is no number from 0 to 100 with at most three decimals.",
                    ("请核对得分；是百分制。", "Check the score; it is out of 100."),
                    row[name],
                )
        if port is None or year is None or len(values) < len(SCORES):
            continue
        if (port.code, year) in seen:
            sheet.wrong(
                number,
                PORT,
                "row_twice",
                f"与第{seen[port.code, year]}行是同一口岸同一年度。",
                f"the same port and year as row {seen[port.code, year]}.",
                ("请删去其中一行。", "Delete one of the two."),
                row["port"],
            )
        seen[port.code, year] = number
        lines.append(NewScores(port.code, year, **values, note=row.get("note", "")[:200]))
    return sheet, lines


@action("grades.submit")
def submit_scores(*, actor: Any, lines: Sequence[NewScores], document: Document | str) -> tuple[int, int]:
    """Keep scores with the paper they come from: (recorded, unchanged). Other scores for a port and year are its next revision."""
    paper = document_of(document)
    recorded = unchanged = 0
    for each in lines:
        refuse_secrets(each.note)
        get_port(actor, each.port_code)
        values = {name: getattr(each, name) for name in CRITERIA}
        if any(score_of(str(value)) is None for value in values.values()) or not FIRST_DAY.year <= each.year <= clock.today().year:
            raise Refused.because(
                "bad_score",
                f"{each.port_code}：得分应为0至100，年度应为{FIRST_DAY.year}年至今年。",
                f"{each.port_code}: scores are from 0 to 100, years from {FIRST_DAY.year} to this one.",
                where=Place(field="strategy"),
                remedy=("请改正。", "Correct them."),
            )
        last = CriterionScores.objects.filter(port_code=each.port_code, year=each.year).order_by("-revision").first()
        if last is not None and last.document_id == paper.pk and all(getattr(last, name) == value for name, value in values.items()):
            unchanged += 1
            continue
        CriterionScores.objects.create(
            port_code=each.port_code,
            year=each.year,
            revision=last.revision + 1 if last else 1,
            document=paper,
            note=each.note,
            actor_id_recorded=actor.pk,
            **values,
        )
        recorded += 1
    return recorded, unchanged


@action("grades.decide")
def decide_grade(
    *,
    actor: Any,
    port: str,
    grade: str,
    valid_from: date,
    reason: str,
    document: Document | str,
    override_by: str = "",
) -> GradeDecision:
    """Decide the grade of a port from a day. The proposal of that moment is kept beside it and never becomes it.

    Every decision needs a reason and a document. One that differs from the proposal, or is made without any, is an
    override and names who decided it. Nothing recorded is changed: a decision for the same day again is a correction.
    """
    refuse_secrets(reason, override_by)
    paper = document_of(document)
    held = get_port(actor, port)
    proposed = proposals([held.code])[held.code]
    findings = []
    if grade not in PortGrade.values:
        findings.append(_missing("grade", "请选择等级。", "Choose the grade."))
    if held.is_group:
        findings.append(
            Finding.error(
                "group_not_graded",
                "含成员的口岸不定级，由各成员口岸分别定级。",
                "A group is not graded; its members are.",
                where=Place(field="port"),
                remedy=("请选择成员口岸。", "Choose a member port."),
            )
        )
    if not FIRST_DAY <= valid_from <= date(clock.today().year + 2, 12, 31):
        findings.append(
            Finding.error(
                "date_out_of_range",
                f"生效日期应在{FIRST_DAY.year}年1月1日之后、两年之内。",
                f"The day lies between {FIRST_DAY} and two years ahead.",
                where=Place(field="valid_from"),
                measured=valid_from.isoformat(),
                remedy=("请核对文件。", "Look at the document."),
            )
        )
    if not reason.strip():
        findings.append(_missing("reason", "请填写理由。", "Give the reason."))
    is_override = grade != proposed.grade
    if is_override and not override_by.strip():
        said = GRADES[proposed.grade] if proposed.grade else Text("尚不能提出（缺得分）", "none (scores are missing)")
        findings.append(
            Finding.error(
                "override_needs_name",
                f"决定与系统建议不同（建议：{said.zh}），请填写决定人姓名。",
                f"The decision differs from the proposal ({said.en}): name who decides.",
                where=Place(field="override_by"),
                remedy=("填写作出决定的负责人姓名；理由和文件同样必填。", "Name the head who decides; reason and document are required as well."),
            )
        )
    for name, said_text, limit in (("reason", reason, 400), ("override_by", override_by, 64)):
        if len(said_text) > limit:
            findings.append(
                Finding.error(
                    "bad_text",
                    f"不能超过{limit}个字符。",
                    f"At most {limit} characters.",
                    where=Place(field=name),
                    remedy=("请改短。", "Shorten it."),
                )
            )
    if findings:
        raise Refused(findings)
    now = grade_of(held.code, valid_from)
    if now is not None and (now.grade, now.valid_from, now.document_id, now.reason) == (grade, valid_from, paper.pk, reason.strip()):
        raise Refused.because(
            "nothing_changes",
            "这一决定已登记。",
            "This decision is on record already.",
            where=Place(field="grade"),
            remedy=("无须重复登记。", "It need not be entered twice."),
        )
    return GradeDecision.objects.create(
        port_code=held.code,
        grade=grade,
        valid_from=valid_from,
        reason=reason.strip(),
        document=paper,
        proposal=proposed.as_dict(),
        is_override=is_override,
        override_by=override_by.strip() if is_override else "",
        actor_id_recorded=actor.pk,
    )


@action("policy.enter")
def enter_policy(
    *,
    actor: Any,
    grade: str,
    transport_class: str,
    stage: str,
    text: str,
    valid_from: date,
    document: Document | str,
    reason: str = "",
) -> PolicyCell:
    """Write one cell of the differentiated policy from a day, by its document. An empty text ends it and needs a reason."""
    refuse_secrets(text, reason)
    paper = document_of(document)
    findings = [
        _missing(name, f"请选择{zh}。", f"Choose the {en}.")
        for name, said, known, zh, en in (
            ("grade", grade, PortGrade.values, "等级", "grade"),
            ("stage", stage, Stage.values, "环节", "stage"),
            ("transport_class", transport_class, TransportClass.values, "运输类别", "class"),
        )
        if said not in known
    ]
    if not text.strip() and not reason.strip():
        findings.append(_missing("text", "请填写条件和标准；停止适用的，请填写理由。", "Write the conditions; to end a policy, give the reason."))
    for name, said, limit in (("text", text, 4000), ("reason", reason, 400)):
        if len(said) > limit:
            findings.append(
                Finding.error(
                    "bad_text",
                    f"不能超过{limit}个字符。",
                    f"At most {limit} characters.",
                    where=Place(field=name),
                    remedy=("请改短。", "Shorten it."),
                )
            )
    if findings:
        raise Refused(findings)
    last = PolicyCell.objects.filter(grade=grade, transport_class=transport_class, stage=stage).order_by("-version").first()
    return PolicyCell.objects.create(
        grade=grade,
        transport_class=transport_class,
        stage=stage,
        version=last.version + 1 if last else 1,
        text=text.strip(),
        valid_from=valid_from,
        document=paper,
        reason=reason.strip(),
        actor_id_recorded=actor.pk,
    )


def _missing(field: str, zh: str, en: str) -> Finding:
    return Finding.error("value_required", zh, en, where=Place(field=field), remedy=("请补填后再提交。", "Fill it in and try again."))


__all__ = ["FIRST_DAY", "HEADS", "NewScores", "decide_grade", "enter_policy", "read_scores", "submit_scores"]
