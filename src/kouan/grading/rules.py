"""The rules of grading. The first: the volume standard of 专栏6 (口岸年客货运量指标).

Numbers and readings come from `kouan.law`; this file holds only the order of the questions.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kouan.basis import Citation, Finding, Quantity, Refused, Text
from kouan.grading.facts import CARGO, CLASS_NAMES, MEASURES, PERSONS, PortFacts
from kouan.grading.grace import COUNTED_BY, anniversary, first_year_judged
from kouan.grading.standard import (
    BORDER_MODE,
    COMBINE,
    DEFINED_BY,
    SEA_CARGO,
    YEAR_STANDARD,
    Standard,
    definition_version,
    has_figure_for,
    missing_definitions,
    pick_standard,
)
from kouan.grading.verdict import (
    VERDICT_NAMES,
    Flag,
    FlagCode,
    OtherVerdict,
    Verdict,
    VolumeVerdict,
)
from kouan.grading.words import UNKNOWN, day_zh, say, say_months, yes_no
from kouan.law import Law, Rule, Trace


class VolumeStandard(Rule[PortFacts, VolumeVerdict]):
    """口岸自通过验收之日起满3年后，其“年出入境货运量”或者“出入境人员数量”应当达到专栏6“口岸年客货运量指标”
    所列本运输类别的数量（“边境口岸除外”）。

    The skeleton of the requirements, step by step; the first step that decides ends the walk:

    1. no transport class: unclassified;
    2. border port: monitored, exempt, or on without step 3, as the setting says; not known: incomplete;
    3. every year before the first full calendar year that starts on or after the third anniversary of
       acceptance: in grace; no date of acceptance: incomplete;
    4. a measure at its limit (both, where the setting says AND) meets, even where months are missing,
       because further months can only add;
    5. otherwise a missing month or measure, or a year that is not over on the as-of date: incomplete, never
       fails; else fails;
    6. the year picks the values, the as-of date the settings;
    7. the verdict.
    """

    key = "volume_standard"
    version = "1"
    title = Text("口岸年客货运量标准", "Yearly volume standard of ports")
    sentence_en = (
        "Once three years have passed since its acceptance, a port's yearly cargo across the border or its "
        "yearly person-crossings must reach the number that box 6 gives for its transport class (border ports "
        "excepted)."
    )
    citations = (
        Citation(
            "国家“十四五”口岸发展规划",
            "专栏6",
            quote="口岸通过验收之日满 3 年后执行（边境口岸除外）",
            issued=date(2021, 9, 16),
            in_force_from=date(2021, 1, 1),
        ),
        Citation(
            "口岸准入退出管理办法（暂行）",
            "第四条",
            quote="口岸开放运行三年后客货运量应达到以下标准",
            issued=date(2017, 12, 27),
            in_force_from=date(2017, 1, 1),
        ),
    )
    parameters = ("volume_standard.",)
    settings = (
        BORDER_MODE,
        COMBINE,
        SEA_CARGO,
        YEAR_STANDARD,
        DEFINED_BY[CARGO],
        DEFINED_BY[PERSONS],
    )
    steps = {
        "1": Text("运输类别", "Transport class"),
        "2": Text("是否边境口岸", "Whether a border port"),
        "3": Text("是否在宽限期内", "Whether in grace"),
        "4": Text("客货运量是否达到标准", "Whether the volumes reach the standard"),
        "5": Text("数据是否齐全", "Whether the data are complete"),
        "6": Text("采用的数值", "Values used"),
        "7": Text("结论", "Verdict"),
    }

    def judge(self, facts: PortFacts, law: Law) -> VolumeVerdict:
        """Return the verdict with trace, margins, readings and flags. Refused when the facts cannot be."""
        findings = facts.findings(law.as_of)
        if any(finding.is_error for finding in findings):
            raise Refused([finding for finding in findings if finding.is_error])
        trace = Trace()
        standard = pick_standard(facts, law)
        verdict = self._walk(facts, law, standard, trace)
        if standard:
            self._say_values(facts, law, standard, trace)
        trace.add(
            self._step("7"),
            self.steps["7"],
            outcome=VERDICT_NAMES[verdict],
            citation=self._main_citation(standard),
        )
        others = self._other_verdicts(facts, law, verdict)
        return VolumeVerdict(
            code=facts.code,
            year=facts.year,
            as_of=law.as_of,
            transport_class=facts.transport_class,
            verdict=verdict,
            margins=standard.margins(facts, law) if standard else {},
            steps=tuple(trace),
            readings=tuple(law.setting(key) for key in self.settings),
            flags=self._flags(facts, standard, others),
            differs_under=others,
            candidates={
                candidate: self.judge(replace(facts, transport_class=candidate, candidate_classes=()), law)
                for candidate in (() if facts.transport_class else facts.candidate_classes)
            },
            findings=(*findings, *missing_definitions(facts, law)),
            citation=self._main_citation(standard),
            rule=self.key,
            rule_version=f"{self.key}/{self.version}",
            definition_version=definition_version(law),
            law_digest=law.digest,
        )

    def verdict(self, facts: PortFacts, law: Law) -> Verdict:
        """Return the verdict alone, without words, for facts that can be: many years tried under several laws."""
        return self._walk(facts, law, pick_standard(facts, law), None)

    def check(self, facts: PortFacts, law: Law) -> Finding | None:
        """Return a finding where the port is below the standard, None otherwise."""
        verdict = self.judge(facts, law)
        if verdict.verdict is not Verdict.FAILS:
            return None
        both = tuple(verdict.margins.values())
        return self.finding(
            measured="；".join(say(m.measure, m.measured).zh for m in both),
            required="；".join(m.limit.printed_text for m in both),
            citation=verdict.citation,
            remedy=(
                "请核对数据；属实的，由主管部门按规定处理。系统结论仅供参考。",
                "Check the figures; if they stand, the authority decides. The system's verdict is advice.",
            ),
        )

    # -- the walk

    def _walk(self, facts: PortFacts, law: Law, standard: Standard | None, trace: Trace | None) -> Verdict:
        """Put the questions in their order; `trace` None judges without words (for other readings)."""
        if facts.transport_class is None:
            if trace is not None:
                trace.add(
                    self._step("1"),
                    self.steps["1"],
                    measured=UNKNOWN,
                    outcome=Text(
                        "运输类别未确定，不能选定标准", "no class is determined, so no standard can be picked"
                    ),
                )
            return Verdict.UNCLASSIFIED
        if trace is not None:
            name = CLASS_NAMES[facts.transport_class]
            trace.add(
                self._step("1"),
                self.steps["1"],
                measured=name,
                outcome=Text(f"适用{name.zh}口岸的标准", f"the standard of the class {name.en} applies"),
            )
        decided = self._ask_border(facts, law, trace) or self._ask_grace(facts, law, standard, trace)
        if decided is not None or standard is None:  # without a year there is no standard, and step 3 has said so
            return decided or Verdict.INCOMPLETE
        return self._ask_volume(facts, law, standard, trace)

    def _ask_border(self, facts: PortFacts, law: Law, trace: Trace | None) -> Verdict | None:
        mode = law.setting(BORDER_MODE)
        if facts.is_border is None:
            decided = Verdict.INCOMPLETE
            outcome = Text(
                "是否边境口岸不明，不能判定", "not known whether a border port, so it cannot be judged"
            )
        elif not facts.is_border:
            decided, outcome = None, Text("不是边境口岸，继续", "no border port; go on")
        elif mode.value == "monitor_only":
            decided, outcome = Verdict.MONITORED, Text("边境口岸，仅监测", "a border port: monitored only")
        elif mode.value == "exempt":
            decided, outcome = Verdict.EXEMPT, Text("边境口岸，豁免", "a border port: exempt")
        else:
            decided = None
            outcome = Text("边境口岸，不设宽限期，继续", "a border port: no grace; go on")
        if trace is not None:
            trace.add(
                self._step("2"),
                self.steps["2"],
                measured=yes_no(facts.is_border),
                required=Text(
                    f"对边境口岸（设定 A-01）：{mode.label.zh}",
                    f"for border ports (setting A-01): {mode.label.en}",
                ),
                outcome=outcome,
                citation=mode.citation,
            )
        return decided

    def _ask_grace(
        self, facts: PortFacts, law: Law, standard: Standard | None, trace: Trace | None
    ) -> Verdict | None:
        if standard is None or facts.year is None:
            decided: Verdict | None = Verdict.INCOMPLETE
            measured, required = UNKNOWN, None
            outcome = Text("年度缺失，不能判定", "the year is missing, so it cannot be judged")
            citation = None
        elif facts.is_border:
            return None  # step 2 has let it through under no_grace, without step 3
        elif facts.accepted_on is None:
            decided = Verdict.INCOMPLETE
            measured, required = UNKNOWN, None
            outcome = Text(
                "通过验收日期缺失，不能判定", "the day of acceptance is missing, so it cannot be judged"
            )
            citation = standard.grace.citation
        else:
            years = int(standard.grace.value)
            first = first_year_judged(facts.accepted_on, years)
            decided = Verdict.IN_GRACE if facts.year < first else None
            if trace is None:
                return decided
            ends = anniversary(facts.accepted_on, years)
            measured = Text(
                f"{day_zh(facts.accepted_on)}通过验收，{day_zh(ends)}满{years}年",
                f"accepted {facts.accepted_on.isoformat()}, {years} years on {ends.isoformat()}",
            )
            required = Text(f"自首个完整年度{first}年起判定", f"judged from the first full year, {first}")
            outcome = (
                Text(f"{facts.year}年在宽限期内", f"{facts.year} is in grace")
                if decided
                else Text(f"{facts.year}年已过宽限期，继续", f"in {facts.year} grace is over; go on")
            )
            citation = (
                COUNTED_BY
                if (ends.month, ends.day) != (facts.accepted_on.month, facts.accepted_on.day)
                else standard.grace.citation
            )
        if trace is not None:
            trace.add(
                self._step("3"),
                self.steps["3"],
                measured=measured,
                required=required,
                outcome=outcome,
                citation=citation,
            )
        return decided

    def _ask_volume(self, facts: PortFacts, law: Law, standard: Standard, trace: Trace | None) -> Verdict:
        margins = standard.margins(facts, law)
        combine = law.setting(COMBINE)
        met = [margin.is_met for margin in margins.values()]
        meets = all(met) if combine.value == "and" else any(met)
        if trace is not None:
            both = margins.values()
            joint_zh, joint_en = ("，且", " and ") if combine.value == "and" else ("，或", " or ")
            trace.add(
                self._step("4"),
                self.steps["4"],
                measured=Text(
                    "；".join(say(m.measure, m.measured).zh for m in both),
                    "; ".join(say(m.measure, m.measured).en for m in both),
                ),
                required=Text(
                    joint_zh.join(f"{MEASURES[m.measure][1].zh}不少于{m.limit.printed_text}" for m in both),
                    joint_en.join(
                        f"{MEASURES[m.measure][1].en} at least "
                        f"{Quantity.of(m.required, MEASURES[m.measure][0]).exact('en')}"
                        for m in both
                    ),
                ),
                outcome=Text("达到", "reached") if meets else Text("未达到，继续", "not reached; go on"),
                citation=margins[CARGO].limit.citation,
            )
        if meets:
            return Verdict.MEETS
        missing = [m for m in margins.values() if m.measured is None or m.months != 12]
        is_over = facts.has_ended(law.as_of)
        decided = Verdict.INCOMPLETE if missing or not is_over else Verdict.FAILS
        if trace is not None:
            trace.add(
                self._step("5"),
                self.steps["5"],
                measured=Text(
                    "；".join(say_months(m).zh for m in margins.values()),
                    "; ".join(say_months(m).en for m in margins.values()),
                ),
                required=Text("两项指标各报齐12个月", "both measures with all 12 months"),
                outcome=Text("数据不全，不判为不达标", "incomplete, so it is never judged below the standard")
                if missing
                else Text("数据齐全，且未达到标准", "complete, and below the standard")
                if is_over
                else Text("年度尚未终了，不判为不达标", "the year is not over, so it is never judged below the standard"),
            )
        return decided

    # -- values and readings

    def _say_values(self, facts: PortFacts, law: Law, standard: Standard, trace: Trace) -> None:
        reading = law.setting(YEAR_STANDARD)
        limit = standard.limits[CARGO]
        outcome = Text(f"采用{limit.citation}的数值", f"values of {limit.citation}")
        if flag := self._value_flag(facts, standard):
            outcome = Text(f"{outcome.zh}；{flag.label.zh}", f"{outcome.en}; {flag.label.en}")
        trace.add(
            self._step("6"),
            self.steps["6"],
            measured=Text(
                f"判定年度{facts.year}年，查询日期{law.as_of.isoformat()}",
                f"year {facts.year}, as of {law.as_of.isoformat()}",
            ),
            required=Text(f"设定 A-31：{reading.label.zh}", f"setting A-31: {reading.label.en}"),
            outcome=outcome,
            citation=limit.citation,
        )

    def _other_verdicts(self, facts: PortFacts, law: Law, verdict: Verdict) -> tuple[OtherVerdict, ...]:
        """Judge again under every other reading, one changed at a time; keep those that differ."""
        if facts.transport_class is None:
            return ()
        others = []
        for key in self.settings:
            setting = law.setting(key)
            for choice in setting.choices:
                is_definition = key in DEFINED_BY.values()
                if choice == setting.value or (is_definition and not has_figure_for(facts, key, choice)):
                    continue
                variant = law.supposing(key, choice)
                other = self._walk(facts, variant, pick_standard(facts, variant), None)
                # A part of a figure under another definition says only that the rest is missing.
                if other is not verdict and not (is_definition and other is Verdict.INCOMPLETE):
                    others.append(OtherVerdict(variant.setting(key), other))
        return tuple(others)

    def _flags(
        self, facts: PortFacts, standard: Standard | None, others: tuple[OtherVerdict, ...]
    ) -> tuple[Flag, ...]:
        flags = []
        if standard and (flag := self._value_flag(facts, standard)):
            flags.append(flag)
        if others:
            flags.append(
                Flag(
                    FlagCode.DIFFERS_UNDER,
                    Text(
                        "；".join(
                            f"{o.reading.ambiguity}“{o.reading.label.zh}”：{VERDICT_NAMES[o.verdict].zh}"
                            for o in others
                        ),
                        "; ".join(
                            f"{o.reading.ambiguity} “{o.reading.label.en}”: {VERDICT_NAMES[o.verdict].en}"
                            for o in others
                        ),
                    ),
                )
            )
        return tuple(flags)

    def _value_flag(self, facts: PortFacts, standard: Standard) -> Flag | None:
        limit = standard.limits[CARGO]
        if standard.is_before_first:
            return Flag(
                FlagCode.BEFORE_2017,
                Text(
                    f"{facts.year}年早于首个标准，沿用{limit.citation}的数值，仅供参考",
                    f"{facts.year} lies before the first standard; the values of {limit.citation} serve as a guide",
                ),
            )
        if standard.is_carried_on:
            ended = max(v.covers_to for v in standard.limits.values() if v.covers_to)
            return Flag(
                FlagCode.PENDING_NEW_INSTRUMENT,
                Text(
                    f"{limit.citation}适用至{day_zh(ended)}；沿用最后数值，待新规",
                    f"{limit.citation} covers the time to {ended.isoformat()}; its last values are carried on "
                    "until a new instrument is loaded",
                ),
            )
        return None

    def _main_citation(self, standard: Standard | None) -> Citation:
        return standard.limits[CARGO].citation if standard else self.citations[0]

    def _step(self, number: str) -> str:
        return f"{self.key}/{number}"
