"""What a filled form must hold before it is filed. Each finding stands at its cell; pure but for the words of the form.

An error stops the filing. A warning (a jump, a blank, what the check engine finds odd) asks for a reason in the 原因 column of its line:
without one the filing stops too, with one the warning goes along to the reviewer, reason beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kouan.basis import Finding, Period, clock, numbers
from kouan.collection import value_checks
from kouan.collection.returns.cells import FOOTER, LONGEST, Filled
from kouan.collection.returns.forms import Form, FormItem
from kouan.collection.returns.history import History
from kouan.desk.actions import bears_stamp, secrecy_refusal
from kouan.ports.models import Port

# A change on the period before beyond which the filler says why.
JUMP = Decimal("0.5")


@dataclass(slots=True)
class Checked:
    """The values of a form (None: not reported) and what is to be said. ``asked``: warnings that still want a reason."""

    values: dict[str, Decimal | None] = field(default_factory=dict)
    errors: list[Finding] = field(default_factory=list)
    asked: list[Finding] = field(default_factory=list)
    explained: list[tuple[str, Finding]] = field(default_factory=list)

    @property
    def stops(self) -> list[Finding]:
        """All that stops the filing."""
        return [*self.errors, *self.asked]


# What more can be said of the values together, by the engine that ``apps.py`` names.
Vetting = Callable[[Form, Port, Period, Mapping[str, Decimal], Filled], Sequence[tuple[str, Finding]]]
_vetting: list[Vetting] = []


def vet_with(vetting: Vetting) -> None:
    """Let the check engine look at every filled form as well."""
    if vetting not in _vetting:
        _vetting.append(vetting)


def check(form: Form, port: Port, period: Period, filled: Filled, known: History, exempt: frozenset[str] = frozenset(), *,
          with_footer: bool = True) -> Checked:
    """Everything that is to be said of a filled form."""
    found = Checked()
    items = form.items_for(port)
    _words(found, filled, items)
    _unknown(found, form, port, filled, items)
    if filled.is_zero and not form.zero_report:
        found.errors.append(Finding.error(
            "no_zero_report", f"“{form.name.zh}”不接受零报告。", f"“{form.name.en}” takes no zero report.", where=filled.footer_place("zero"),
            remedy=("请逐项填报。", "Fill in each line.")))
    for code, item in items.items():
        if code in exempt:
            if not filled.cell(code).is_empty and str(filled.cell(code).raw).strip() != "不适用":
                found.errors.append(Finding.error(
                    "item_exempt", f"“{item.name.zh}”已由国家口岸办认定为不适用，不填报。",
                    f"The national office decided that “{item.name.en}” does not apply here; it is not filled in.", where=filled.place(code),
                    measured=str(filled.cell(code).raw)[:60], remedy=("请清空；如应填报，请向国家口岸办提出。",
                        "Clear it, or ask the national office.")))
            continue
        found.values[code] = _value(found, item, filled, period)
    _parts(found, form, filled, exempt)
    for code, item in items.items():
        if code not in exempt:
            _odd(found, item, filled, known, port)
    sound = {code: value for code, value in found.values.items() if value is not None}
    for vetting in _vetting:
        for code, finding in vetting(form, port, period, sound, filled):
            if finding.is_error:
                found.errors.append(finding.at(filled.place(code)))
            elif finding.severity.value == "warning":
                _ask(found, code, finding.at(filled.place(code)), filled)
    if with_footer:
        _footer(found, filled)
    return found


def _words(found: Checked, filled: Filled, items: Mapping[str, FormItem]) -> None:
    for code, cell in filled.cells.items():
        for part, said in (("reason", cell.reason), ("note", cell.note)):
            if bears_stamp(said):
                raise secrecy_refusal("报表中的文字", "A text of the return", filled.place(code, part))
            if len(said) > LONGEST and code in items:
                found.errors.append(Finding.error(
                    "text_too_long", f"文字超过{LONGEST}字。", f"The text is longer than {LONGEST} characters.", where=filled.place(code, part),
                    measured=len(said), required=f"≤ {LONGEST}", remedy=("请缩短。", "Shorten it.")))


def _unknown(found: Checked, form: Form, port: Port, filled: Filled, items: Mapping[str, FormItem]) -> None:
    for code in (*filled.unknown, *(each for each in filled.cells if each not in items)):
        cell = filled.cell(code)
        if code in form.items and cell.is_empty:
            continue
        found.errors.append(Finding.error(
            "item_not_of_form", f"“{code[:48]}”不是本表对该口岸的填报项。", f"“{code[:48]}” is no line of this form for this port.",
            where=filled.place(code), measured=code[:48], remedy=("请删去该项，或重新下载模板。", "Remove it, or take the template anew.")))


def _value(found: Checked, item: FormItem, filled: Filled, period: Period) -> Decimal | None:
    cell, where = filled.cell(item.code), filled.place(item.code)
    if f"{where.cell or ''}" in filled.formulas:
        found.errors.append(Finding.error(
            "formula_cell", "单元格是公式；公式的缓存结果不作为数据依据。", "The cell holds a formula; a formula's stored result is not evidence.",
            where=where, remedy=("请“选择性粘贴为数值”后重新提交。", "Paste it as a value and submit again.")))
        return None
    if cell.is_empty:
        return Decimal(0) if filled.is_zero and item.is_additive else None
    reading = value_checks.read_value(cell.raw if not isinstance(cell.raw, bool) else str(cell.raw))
    finding = reading.finding
    value = reading.value
    if finding is None and value is not None:
        base = item.measure.base_unit
        turned = value_checks.converted(value, item.unit, base)
        if isinstance(turned, Finding):
            finding = turned
        else:
            value = turned
            finding = value_checks.fits_store(value)
            ceiling = value_checks.ceiling_per_day(item.measure, True)
            if finding is None and item.is_whole and type(value) is not int:
                finding = value_checks.not_whole(value, item.measure)
            if finding is None and ceiling is not None and value > ceiling * period.day_count:
                finding = value_checks.absurd(value, ceiling, period.day_count)
    if finding is None and filled.is_zero and value:
        finding = Finding.error(
            "zero_report_with_value", "已选零报告，但此项不是零。", "A zero report was chosen, but this line is not zero.",
                measured=str(cell.raw)[:60],
            required="0", remedy=("请取消零报告，或改正此项。", "Take the zero report back, or correct the line."))
    if finding is not None:
        found.errors.append(finding.at(where))
        return None
    return Decimal(value) if value is not None else None


def _parts(found: Checked, form: Form, filled: Filled, exempt: frozenset[str]) -> None:
    for part, whole in form.parts:
        smaller, larger = found.values.get(part), found.values.get(whole)
        if smaller is not None and larger is not None and smaller > larger:
            names = form.items[part].name, form.items[whole].name
            found.errors.append(Finding.error(
                "part_exceeds_whole", f"“{names[0].zh}”大于“{names[1].zh}”。", f"“{names[0].en}” is larger than “{names[1].en}”.",
                where=filled.place(part), measured=numbers.plain(smaller, grouped=True), required=f"≤ {numbers.plain(larger, grouped=True)}",
                remedy=("请核对两项。", "Check both.")))


def _odd(found: Checked, item: FormItem, filled: Filled, known: History, port: Port) -> None:
    code = item.code
    where = filled.place(code)
    if any(each.where == where for each in found.errors):
        return
    value = found.values.get(code)
    if value is None:
        if not (filled.is_zero and not item.is_additive):
            _ask(found, code, Finding.warning(
                "value_missing", f"“{item.name.zh}”未填。未填按未报送处理，不作零计。",
                    f"“{item.name.en}” is blank: not reported, which is not zero.",
                where=where, remedy=("确为零的请填 0；确实不掌握的请在“原因”中说明。",
                    "Write 0 for zero; else say in 原因 why it is not known.")), filled)
        return
    before = known.at(port.code, code).before
    if before and abs(value / before - 1) > JUMP:
        change = f"{(value / before - 1) * 100:+.1f}%"
        _ask(found, code, Finding.warning(
            "jump_from_last_period", f"“{item.name.zh}”比上期{'增长' if value > before else '下降'}超过50%。",
            f"“{item.name.en}” changed by more than 50 % on the period before.", where=where,
            measured=f"{numbers.plain(value, grouped=True)}（{change}）", required=f"{numbers.plain(before, grouped=True)} ± 50%",
            remedy=("请核对数值和单位；无误的请在“原因”中说明。", "Check figure and unit; if it is right, say why in 原因.")), filled)


def _ask(found: Checked, code: str, finding: Finding, filled: Filled) -> None:
    if filled.cell(code).reason.strip():
        found.explained.append((code, finding))
    else:
        found.asked.append(finding)


def _footer(found: Checked, filled: Filled) -> None:
    for name, label in FOOTER.items():
        said = str(filled.people.get(name, "")).strip()
        if not said or len(said) > 40:
            found.errors.append(Finding.error(
                "footer_missing", f"请填写“{label}”。" if not said else f"“{label}”过长。",
                {"head": "Name the head of the unit.", "statistician": "Name who is in charge of statistics.", "filler": "Name who filled it in.",
                 "reported_on": "Give the day it is reported."}[name], where=filled.footer_place(name), required=label,
                remedy=("报表须由单位负责人、统计负责人、填表人署名并注明报出日期。", "A return names its head, statistician, filler and day.")))
        elif name == "reported_on":
            try:
                day = date.fromisoformat(said[:10])
            except ValueError:
                day = None
            if day is None or day > clock.today():
                found.errors.append(Finding.error(
                    "bad_reported_on", "报出日期应为不晚于今天的日期。", "The day of reporting is a day, not later than today.",
                    where=filled.footer_place(name), measured=said[:40], required=f"≤ {clock.today().isoformat()}",
                    remedy=("请写成 2026-11-10 的形式。", "Write it as 2026-11-10.")))

