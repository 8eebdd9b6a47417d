"""Years in a row below the standard: what counts, what ends a run, what nobody can tell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kouan.grading.facts import PortFacts, TransportClass
from kouan.grading.rules import VolumeStandard
from kouan.grading.withdrawing import JudgedYear, Rungs, closing_standing, run_of, say_run, standing_of
from kouan.law import Law, Ruling

LAW = Law(date(2024, 6, 30))
FAIL, MEET, GAP, GRACE = "fails", "meets", "incomplete", "in_grace"


@pytest.mark.parametrize(
    ("verdicts", "count", "years", "at_least"),
    [
        ({2023: FAIL, 2022: MEET}, 1, (2023,), False),
        ({2023: FAIL, 2022: FAIL, 2021: GRACE}, 2, (2023, 2022), False),
        ({2023: FAIL, 2022: GAP, 2021: FAIL}, 1, (2023,), True),
        ({2023: FAIL, 2022: "unclassified"}, 1, (2023,), True),
        ({2023: MEET, 2022: FAIL, 2021: FAIL}, 0, (), False),
        ({2023: "monitored", 2022: "monitored"}, 0, (), False),
        ({2023: GAP, 2022: FAIL, 2021: FAIL}, None, (2022, 2021), True),
        ({2023: GAP, 2022: MEET}, None, (), True),
        ({2023: GAP}, None, (), True),
        ({2023: FAIL, 2022: FAIL}, 2, (2023, 2022), False),
        (dict.fromkeys(range(2014, 2024), FAIL), 10, tuple(range(2023, 2013, -1)), True),
    ],
)
def test_a_run(verdicts: dict[int, str], count: int | None, years: tuple[int, ...], at_least: bool) -> None:
    run = run_of(verdicts, 2023, 2014)
    assert (run.count, run.years, run.is_at_least) == (count, years, at_least)


def test_the_epidemic_years_are_counted_apart() -> None:
    run = run_of(dict.fromkeys(range(2019, 2024), FAIL), 2023, 2014)
    assert (run.count, run.without_epidemic) == (5, 2)
    assert run_of({2023: GAP}, 2023, 2014).without_epidemic is None


def test_a_run_in_words() -> None:
    assert (
        say_run(run_of({2023: FAIL, 2022: FAIL, 2021: MEET}, 2023, 2014), 2023).zh == "至2023年度连续2年（2022—2023年）未达到客货运量标准，2021年达标"
    )
    assert "至少连续1年" in say_run(run_of({2023: FAIL, 2022: GAP}, 2023, 2014), 2023).zh
    assert say_run(run_of({2023: GAP, 2022: FAIL}, 2023, 2014), 2023).zh == "2023年度尚不能判定；至2022年度已连续1年未达到客货运量标准"
    assert say_run(run_of({2023: GAP}, 2023, 2014), 2023).en == "2023 cannot be judged yet"


def a_year(year: int, persons: int | None, cargo: int = 0, law: Law = LAW, **fields: Any) -> JudgedYear:
    facts = PortFacts(
        "x",
        year,
        **{
            "transport_class": TransportClass.AIR_OTHER,
            "is_border": False,
            "accepted_on": date(2010, 5, 1),
            "cargo_tonnes": Decimal(cargo),
            "person_crossings": None if persons is None else Decimal(persons),
            "months_reported": 12,
            **fields,
        },
    )
    return JudgedYear(facts, VolumeStandard().judge(facts, law))


def stands(*years: JudgedYear, law: Law = LAW, is_border: bool | None = False, strategy_mark: bool | None = None) -> Any:
    return standing_of("x", years, 2023, 2014, Rungs(law), is_border=is_border, strategy_mark=strategy_mark)


@pytest.mark.parametrize(("below", "rung"), [(0, "none"), (1, "notice"), (2, "rectify"), (3, "review"), (6, "review")])
def test_the_rung_follows_the_years(below: int, rung: str) -> None:
    first = 2023 - below + 1
    years = [a_year(year, 1 if year >= first else 10_000_000) for year in range(2014, 2024)]
    found = stands(*years)
    assert (found.verdict, found.run.count) == (rung, below)


def test_five_years_are_another_reading_of_long_term() -> None:
    found = stands(*(a_year(year, 1) for year in (2021, 2022, 2023)))
    assert found.verdict == "review"
    assert ("withdrawal_ladder.long_term", "rectify") in {(each.key, each.verdict) for each in found.others}
    assert ("withdrawal_ladder.covid_years", "notice") in {(each.key, each.verdict) for each in found.others}


def test_a_ruling_on_the_epidemic_years_moves_the_rung() -> None:
    ruling = Ruling("withdrawal_ladder.covid_years", "excluded", date(2024, 1, 1), "关于疫情年度的解释", "国岸函〔2024〕1号", date(2023, 12, 20))
    law = Law(date(2024, 6, 30), [ruling])
    assert stands(*(a_year(year, 1, law=law) for year in (2021, 2022, 2023)), law=law).verdict == "notice"


def test_a_border_port_is_on_no_rung_but_another_reading_would_put_it_there() -> None:
    found = stands(*(a_year(year, 1, is_border=True, transport_class=TransportClass.ROAD) for year in (2022, 2023)), is_border=True)
    assert found.verdict == "none"
    assert ("volume_standard.border_mode", "A-01", "rectify") in {(each.key, each.ambiguity, each.verdict) for each in found.others}


def test_a_strategy_mark_leaves_the_start_to_the_national_office() -> None:
    codes = {each.code: each.detail.zh for each in stands(a_year(2023, 1), strategy_mark=True).ladder.flags}
    assert "国家口岸管理部门启动" in codes["national_office_starts"]
    assert "须先查明" in {each.code: each.detail.zh for each in stands(a_year(2023, 1)).ladder.flags}["national_office_starts"]


def test_passengers_alone_may_be_below_where_cargo_saves_the_port() -> None:
    found = stands(*(a_year(year, 1, cargo=10_000_000) for year in (2021, 2022, 2023)))
    assert found.verdict == "none"
    held = closing_standing(found, 2014, Rungs(LAW), is_border=False)
    assert held.verdict == "none", "the standard of box 6 is the level unless a ruling says otherwise"
    (alone,) = [each for each in held.others if "只看客运量" in each.label.zh]
    assert (alone.verdict, alone.ambiguity, alone.run.count) == ("review", "A-13", 3)
    failing = stands(*(a_year(year, 1) for year in (2021, 2022, 2023)))
    assert closing_standing(failing, 2014, Rungs(LAW), is_border=False) == failing


def test_a_ruling_may_make_passengers_alone_the_level() -> None:
    ruled = Rungs(LAW.supposing("withdrawal_ladder.closing_level", "passengers"))
    found = stands(*(a_year(year, 1, cargo=10_000_000) for year in (2021, 2022, 2023)))
    held = closing_standing(found, 2014, ruled, is_border=False)
    assert (held.verdict, held.run.count) == ("review", 3)
    assert [(each.verdict, each.label.zh) for each in held.others] == [("none", "专栏6客货运量标准")]
    meeting = stands(*(a_year(year, 90_000_000, cargo=1) for year in (2021, 2022, 2023)))
    assert closing_standing(meeting, 2014, ruled, is_border=False).verdict == "none"


def test_an_unknown_year_is_never_below() -> None:
    found = stands(a_year(2022, 1), a_year(2023, None))
    assert (found.verdict, found.run.until) == ("unknown", 2022)
