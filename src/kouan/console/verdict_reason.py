"""Why a verdict is what it is, in one sentence, and what its reader can do about it.

The step that decided is the last one that put a question to the port; the steps on the values used and
on the verdict itself only follow from it. All steps stand below, in the trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kouan.accounts.permissions import may
from kouan.basis import Text, numbers, quantity
from kouan.console.addresses import address_of
from kouan.grading.facts import MEASURES
from kouan.grading.verdict import Verdict, VolumeVerdict
from kouan.law import Step

ASKING = frozenset("12345")
# What the register lacks where a step could not be answered: the kind of change that enters it, and its words.
_LACKING: dict[tuple[str, Verdict], tuple[str, Text]] = {
    ("1", Verdict.UNCLASSIFIED): ("class", Text("运输类别", "the transport class")),
    ("2", Verdict.INCOMPLETE): ("class", Text("是否边境口岸", "whether it is a border port")),
    ("3", Verdict.INCOMPLETE): ("acceptance", Text("验收日期", "the day of acceptance")),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """The sentence, and the next step: words, with a button where the reader can take it here."""

    sentence: Text
    next_step: Text | None = None
    action: Text | None = None
    address: str = ""


def deciding_step(outcome: VolumeVerdict) -> Step:
    """The step on which the walk ended."""
    return [step for step in outcome.steps if _number(step) in ASKING][-1]


def reason_of(outcome: VolumeVerdict, user: Any = None, port_code: str = "") -> Reason:
    """The reason of a verdict; with a user and the code of a port, also what that user can do."""
    step = deciding_step(outcome)
    sentence = _sentence(outcome, step)
    if not port_code:
        return Reason(sentence)
    lacking = _LACKING.get((_number(step), outcome.verdict))
    if lacking and outcome.year is not None:
        return _about_register(sentence, *lacking, user, port_code)
    if outcome.verdict is Verdict.INCOMPLETE:
        return _about_returns(sentence, user)
    if outcome.verdict is Verdict.FAILS:
        return Reason(
            sentence, Text("请先核对报送的数据；属实的，由主管部门按规定处理。", "Check the figures first; if they stand, the authority decides."),
            Text("核对数据", "See the figures"), address_of("port-figures", port_code),
        )
    return Reason(sentence)


def _number(step: Step) -> str:
    return step.rule.rsplit("/", 1)[-1]


def _sentence(outcome: VolumeVerdict, step: Step) -> Text:
    if outcome.verdict in (Verdict.MEETS, Verdict.FAILS) and outcome.margins:
        return _volumes(outcome)  # step 5 counts months; what counts stands in step 4, here grouped as in the table below
    said = step.outcome
    facts = step.measured if outcome.verdict is Verdict.IN_GRACE or _number(step) == "5" else None
    if facts is not None:
        said = Text(f"{facts.zh}：{said.zh}", f"{facts.en}: {said.en}")
    return Text(f"{said.zh}。", f"{said.en[:1].upper()}{said.en[1:]}.")


def _volumes(outcome: VolumeVerdict) -> Text:
    """Each measure beside its limit, and what follows from the two under the reading taken (A-02)."""
    zh, en = [], []
    for measure, margin in outcome.margins.items():
        unit, name = MEASURES[measure]
        words = quantity.get(unit).name
        least = numbers.plain(margin.required, grouped=True)
        if margin.measured is None:
            zh.append(f"{name.zh}缺")
            en.append(f"{name.en} missing")
            continue
        number = numbers.plain(margin.measured, grouped=True)
        zh.append(f"{name.zh}{number}{words.zh}，{'达到' if margin.is_met else '未达到'}不少于{least}{words.zh}的标准")
        en.append(f"{name.en} {number} {words.en}, {'at least' if margin.is_met else 'less than'} the {least} required")
    met = [bool(margin.is_met) for margin in outcome.margins.values()]
    if all(met) or not any(met):
        passes, fails = Text("两项均达到，达标", "both are reached: it passes"), Text("两项均未达到，不达标", "neither is reached: it fails")
    else:
        passes, fails = Text("有一项达到，即为达标", "one is enough: it passes"), Text("两项须都达到，因此不达标", "both are needed: it fails")
    close = passes if outcome.verdict is Verdict.MEETS else fails
    return Text(f"{'；'.join(zh)}。{close.zh}。", f"{_capital('; '.join(en))}; {close.en}.")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _about_register(sentence: Text, change: str, fact: Text, user: Any, port_code: str) -> Reason:
    if may(user, "ports.change"):
        return Reason(
            sentence, Text(f"凭依据文件登记{fact.zh}后再行判定。", f"Once {fact.en} is registered from its document, the port is judged again."),
            Text(f"登记{fact.zh}", f"Register {fact.en}"),
            address_of("port-change", port_code, change) or f"{address_of('api-docs')}#change-patch-api-v1-ports-code",
        )
    waits = Text(f"{fact.zh}由国家口岸管理办公室凭文件登记", f"The national port office registers {fact.en} from its document")
    if may(user, "intake.submit"):
        return Reason(
            sentence, Text(f"{waits.zh}；各月数据可先报送。", f"{waits.en}; the monthly figures can be submitted meanwhile."),
            Text("去报送", "Submit a return"), address_of("upload"),
        )
    return Reason(sentence, Text(f"{waits.zh}。", f"{waits.en}."))


def _about_returns(sentence: Text, user: Any) -> Reason:
    owed = Text("缺少的月份应由口岸所在地按月报送，未报送不等于零。",
                "The missing months are owed by the port's own office; not reported is not zero.")
    if may(user, "intake.submit"):
        return Reason(sentence, owed, Text("去报送", "Submit a return"), address_of("upload"))
    return Reason(sentence, owed)
