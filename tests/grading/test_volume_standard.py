"""What a verdict carries besides its word: margins, reasons, readings, versions, and how it is found."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.grading.factories import AS_OF, a_port, a_ruling, law

import kouan.law
from kouan.basis import Refused
from kouan.grading import PortFacts, VolumeStandard
from kouan.grading.grace import anniversary, first_year_judged, is_past
from kouan.law import Law, Library

RULE = VolumeStandard()


def test_margins_say_how_far() -> None:
    verdict = RULE.judge(a_port(cargo_tonnes=Decimal("99999.5"), person_crossings=250_000), law())
    cargo, persons = verdict.margins["cargo_tonnes"], verdict.margins["person_crossings"]
    assert (cargo.margin, cargo.ratio, cargo.is_met) == (Decimal("-0.5"), Decimal("0.999995"), False)
    assert (persons.margin, persons.ratio, persons.is_met) == (150_000, Decimal("2.5"), True)
    assert cargo.as_dict()["required_as_printed"] == "10万吨"
    assert cargo.as_dict()["citation"]["article"] == "专栏6"


def test_a_ratio_just_below_one_is_never_shown_as_one() -> None:
    verdict = RULE.judge(a_port(transport_class="sea", cargo_tonnes=Decimal("9999999.999")), law())
    assert verdict.margins["cargo_tonnes"].ratio == Decimal("0.999999")


@pytest.mark.parametrize("facts", [a_port(is_border=True), a_port(accepted_on=date(2023, 1, 1))])
def test_margins_are_published_where_no_verdict_binds(facts: PortFacts) -> None:
    """A border port is measured and published (A-01); a port in grace may see where it stands."""
    verdict = RULE.judge(facts, law())
    assert verdict.verdict in ("monitored", "in_grace")
    assert verdict.margins["cargo_tonnes"].margin == -100_000


def test_every_reading_is_shown_with_its_reason() -> None:
    ruling = a_ruling("volume_standard.combine", "and", document_number="测试函〔2023〕9号")
    readings = {r.ambiguity: r for r in RULE.judge(a_port(), law(ruling)).readings}
    assert set(readings) == {"A-01", "A-02", "A-03", "A-17", "A-18", "A-31"}
    assert all(reading.reason.zh and reading.reason.en for reading in readings.values())
    assert readings["A-01"].value == "monitor_only" and readings["A-01"].decided_by is None
    assert readings["A-02"].value == "and" and "测试函〔2023〕9号" in readings["A-02"].reason.zh


def test_versions_and_digest_are_kept() -> None:
    verdict = RULE.judge(a_port(), law())
    assert verdict.rule_version == "volume_standard/1"
    assert verdict.definition_version == (
        "definition.cargo=cross_border_with_transit; definition.persons=all_crossings"
    )
    assert verdict.law_digest == law().digest
    ruled = RULE.judge(a_port(), law(a_ruling("definition.persons", "travellers_only")))
    assert "travellers_only (测试函〔2023〕1号)" in ruled.definition_version
    assert ruled.law_digest != verdict.law_digest


def test_the_trace_is_readable_in_both_languages() -> None:
    verdict = RULE.judge(a_port(transport_class="sea", cargo_tonnes=999_999, person_crossings=9_999), law())
    zh = "\n".join(step.describe() for step in verdict.steps)
    en = "\n".join(step.describe("en") for step in verdict.steps)
    assert "货运量999999吨；出入境人员9999人次" in zh
    assert "货运量不少于1000万吨，或出入境人员不少于1万人次" in zh
    assert "2005年1月1日通过验收，2008年1月1日满3年" in zh
    assert "cargo at least 10,000,000 t or persons at least 10,000 person-crossings" in en
    assert [step.rule[-1] for step in verdict.steps] == list("1234567")


def test_a_leap_day_cites_the_rule_of_periods() -> None:
    verdict = RULE.judge(a_port(accepted_on=date(2016, 2, 29), year=2019), law())
    [step] = [step for step in verdict.steps if step.rule == "volume_standard/3"]
    assert step.citation is not None and "民法典" in step.citation.instrument
    assert step.measured is not None and "2019年2月28日满3年" in step.measured.zh


@pytest.mark.parametrize(
    ("accepted_on", "day", "is_over"),
    [
        (date(2015, 6, 1), date(2018, 5, 31), False),
        (date(2015, 6, 1), date(2018, 6, 1), True),
        (date(2016, 2, 29), date(2019, 2, 27), False),
        (date(2016, 2, 29), date(2019, 2, 28), True),
        (date(2017, 2, 28), date(2020, 2, 28), True),
        (date(2015, 1, 1), date(2017, 12, 31), False),
        (date(2015, 1, 1), date(2018, 1, 1), True),
    ],
)
def test_the_day_before_and_the_day_of_three_years(accepted_on: date, day: date, is_over: bool) -> None:
    assert is_past(accepted_on, 3, day) is is_over


def test_a_leap_day_has_its_own_day_after_four_years() -> None:
    assert anniversary(date(2016, 2, 29), 4) == date(2020, 2, 29)
    assert first_year_judged(date(2016, 2, 29), 3) == 2020


def test_check_finds_what_fails_and_says_the_legal_sentence() -> None:
    finding = RULE.check(a_port(cargo_tonnes=99_999, person_crossings=99_999), law())
    assert finding is not None and finding.code == "volume_standard"
    assert "满3年" in finding.message.zh and finding.message.zh == RULE.sentence().zh
    assert finding.measured == "货运量99999吨；出入境人员99999人次"
    assert finding.required == "10万吨；10万人次"
    assert finding.citation is not None and finding.citation.article == "专栏6"
    assert RULE.check(a_port(cargo_tonnes=100_000), law()) is None
    assert RULE.check(a_port(cargo_tonnes=None), law()) is None


def test_facts_that_cannot_be_are_all_told_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        RULE.judge(a_port(cargo_tonnes=-1, person_crossings=float("nan"), months_reported=13), law())
    assert [(f.code, f.where.field) for f in refusal.value.findings] == [
        ("negative_figure", "cargo_tonnes"),
        ("not_a_number", "person_crossings"),
        ("months_out_of_range", "months_reported"),
    ]
    assert all(f.remedy and f.message.zh and f.message.en for f in refusal.value.findings)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (a_port(year=2025), "year_not_begun"),
        (a_port(year=2024), "year_not_ended"),
        (a_port(year=2024), "months_ahead"),
        (a_port(accepted_on=date(2024, 7, 1)), "acceptance_in_future"),
        (a_port(cargo_tonnes=4_000_000_000), "doubtful_figure"),
        (a_port(person_crossings=Decimal("0.5")), "not_whole"),
    ],
)
def test_doubts_stand_beside_the_verdict(facts: PortFacts, code: str) -> None:
    verdict = RULE.judge(facts, law())
    assert code in [finding.code for finding in verdict.findings]
    assert all(finding.severity == "warning" for finding in verdict.findings)


def test_an_unknown_class_is_no_fact() -> None:
    with pytest.raises(ValueError, match="seaa"):
        a_port(transport_class="seaa")
    assert a_port(transport_class="").transport_class is None


def test_two_versions_of_the_law_two_verdicts_and_the_old_one_stands(tmp_path: Path) -> None:
    """R-243: a new instrument is a dated value; years judged by the old one keep their verdicts."""
    shipped = Path(kouan.law.__file__).parent
    for file in [*shipped.glob("parameters/**/*.yaml"), *shipped.glob("settings/**/*.yaml")]:
        copy = tmp_path / file.relative_to(shipped)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8")
        if file.name == "rail.yaml":
            text = text.replace(
                "  persons:\n",
                "      2026-01-01:\n        value: 30\n        base_value: 300_000\n        issued: 2026-03-01\n"
                "        citation: {instrument: 测试新规, article: 专栏1}\n  persons:\n",
            )
        copy.write_text(text, encoding="utf-8")
    as_of = date(2027, 3, 31)
    old, new = Law(as_of), Law(as_of, library=Library.load(tmp_path))
    facts = a_port(year=2026, cargo_tonnes=100_000)
    assert RULE.judge(facts, old).verdict == "meets"
    assert RULE.judge(facts, old).is_flagged("pending_new_instrument")
    assert RULE.judge(facts, new).verdict == "fails"
    for year in (2019, 2023, 2025):
        before = a_port(year=year, cargo_tonnes=100_000)
        assert RULE.judge(before, new).verdict == RULE.judge(before, old).verdict == "meets"
    assert old.digest != new.digest


def test_all_ports_are_judged_with_few_look_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The speed of a year's verdicts rests on this: values are looked up once per class, not per port."""
    from kouan.law.values import Parameter

    asked = 0
    plain = Parameter.on

    def counted(self: Parameter, day: date) -> object:
        nonlocal asked
        asked += 1
        return plain(self, day)

    the_law = Law(AS_OF)
    monkeypatch.setattr(Parameter, "on", counted)
    for number in range(313):
        RULE.judge(a_port(code=f"p{number}", cargo_tonnes=number * 1_000), the_law)
    assert asked < 100
