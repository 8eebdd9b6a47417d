"""Each check on a fault of its kind, and on figures without one."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from made import a_panel, found_in, told

from kouan.basis import Period, PeriodKind
from kouan.collection.checks import Explained, Key, Panel, Rulings, examine, examine_table, shipped
from kouan.collection.checks.causes import causes
from kouan.collection.checks.panel import ordinal

JAN_2015 = ordinal(Period.month(2015, 1))


def test_clean_figures_raise_nothing() -> None:
    for seed in range(3, 7):
        assert found_in(a_panel(seed=seed)) == []


@pytest.mark.parametrize("factor", [10, 100, 1000, 10_000])
@pytest.mark.parametrize("up", [True, False])
def test_unit_slip(factor: int, up: bool) -> None:
    panel = a_panel(size=2_000_000)
    panel.values[3, 50] *= factor if up else 1 / factor
    panel.values[3, 50] = np.round(panel.values[3, 50])
    found = found_in(panel)
    assert told(found) == {("unit_slip", 3, 50, 51)}
    assert found[0].factor == pytest.approx(factor if up else 1 / factor, rel=0.4) and found[0].likelihood > 0.8


def test_unit_slip_of_a_whole_year_and_from_a_month_on() -> None:
    panel = a_panel()
    panel.values[5, 36:48] *= 1000
    assert told(found_in(panel)) == {("unit_slip", 5, 36, 48)}
    panel = a_panel()
    panel.values[5, 60:] *= 10_000
    assert [(one.check, one.row, one.start) for one in found_in(panel)] == [("unit_slip", 5, 60)]


def test_all_ones() -> None:
    panel = a_panel()
    panel.values[4, 24:36] = 1
    assert told(found_in(panel)) == {("all_ones", 4, 24, 36)}


def test_stuck_value() -> None:
    panel = a_panel()
    panel.values[4, 30:34] = panel.values[4, 30]
    assert told(found_in(panel)) == {("stuck_value", 4, 30, 34)}


def test_copied_period() -> None:
    panel = a_panel()
    panel.values[4, 48:60] = panel.values[4, 36:48]
    assert told(found_in(panel)) == {("copied_period", 4, 48, 60)}


def test_copied_column_and_duplicate_entity() -> None:
    panel = a_panel()
    panel.values[1, 40:46] = panel.values[0, 40:46]  # buses of p00 copied from its trucks
    found = found_in(panel)
    assert [(one.check, one.row, one.start, one.stop, one.other) for one in found] == [("copied_column", 1, 40, 46, panel.keys[0])]
    panel = a_panel()
    panel.values[8] = panel.values[2]
    found = found_in(panel)
    assert [(one.check, {one.key, one.other}) for one in found] == [("duplicate_entity", {panel.keys[8], panel.keys[2]})]


def test_a_sheet_sent_twice_and_the_sheet_of_another() -> None:
    """One equal figure is chance; all measures of a port that say what they said a month ago, or what another port says, are a copy."""
    panel = a_panel(measures=("trucks", "buses", "cars"))
    panel.values[9:12, 60] = panel.values[9:12, 59]
    panel.values[21:24, 40] = panel.values[3:6, 40]
    found = {(one.row, one.start): one for one in found_in(panel)}
    assert sorted(found) == [(9, 60), (10, 60), (11, 60), (21, 40), (22, 40), (23, 40)]
    assert {one.check for one in found.values()} == {"copied_sheet"}
    assert found[9, 60].source == panel.period(59) and "2019年12月" in found[9, 60].words().zh
    assert found[21, 40].other == panel.keys[3] and found[21, 40].source == panel.period(40)


def test_a_timetable_is_no_copy() -> None:
    panel = a_panel()
    panel.values[4] = [3 * panel.period(at).day_count for at in range(panel.width)]
    panel.values[4, ::7] -= 3
    assert [one for one in found_in(panel) if one.row == 4] == []


def test_what_doubles_everywhere_for_a_month_is_told_as_one_cause() -> None:
    """No movement of traffic: the publication counted twice. Whoever did not double is not taken for a dip."""
    panel = a_panel(ports=14, measures=("trucks",))
    panel.values[:13, 50:52] *= 2
    found = examine(panel)
    assert {(one.check, one.start, one.stop) for one in found} == {("spike", 50, 52)} and {one.row for one in found} == set(range(13))
    assert set(causes(found).values()) == {"1"}


def test_a_storm_is_no_wrong_unit_and_ships_come_and_go() -> None:
    panel = a_panel(ports=14, measures=("trucks",))
    panel.values[3:9, 50] = np.round(panel.values[3:9, 50] / 10)
    assert {one.check for one in found_in(panel)} == {"dip"}
    ships = a_panel()
    ships.values[4] = np.where(np.arange(ships.width) % 3 == 0, 2000 + 37 * np.arange(ships.width) % 700, 0)
    assert [one for one in found_in(ships) if one.row == 4] == []


def test_a_fall_that_is_explained_is_no_wrong_unit() -> None:
    panel = a_panel()
    panel.values[3, 60:75] = np.round(panel.values[3, 60:75] * np.linspace(0.05, 0.2, 15))
    assert found_in(panel, Explained(panel.period(60).start, panel.period(74).end, (panel.keys[3].subject,))) == []


def test_swapped_series() -> None:
    panel = a_panel()
    panel.values[[6, 7], 55] = panel.values[[7, 6], 55]
    found = found_in(panel)
    assert [(one.check, {one.key, one.other}, one.start) for one in found] == [("swapped_series", {panel.keys[6], panel.keys[7]}, 55)]


def test_zero_run_missing_period_and_what_is_seasonal() -> None:
    panel = a_panel()
    panel.values[2, 50:53] = 0
    panel.values[3, 70] = np.nan
    assert told(found_in(panel)) == {("zero_run", 2, 50, 53), ("missing_period", 3, 70, 71)}
    panel = a_panel()
    for winter in range(0, 96, 12):
        panel.values[2, winter : winter + 3] = 0  # a seasonal port
    assert found_in(panel) == []


def test_a_period_that_nobody_reports_is_said_once() -> None:
    panel = a_panel(measures=("trucks",))
    panel.values[:, 40:42] = np.nan
    assert [(one.check, one.start, one.stop) for one in found_in(panel)] == [("missing_period", 40, 42)]


def test_closed_and_renamed_entity() -> None:
    panel = a_panel()
    panel.values[4:6, 60:] = 0
    assert {(one.check, one.key.subject, one.start) for one in found_in(panel)} == {("closed_entity", "port:p02", 60)}
    panel = a_panel()
    panel.values[6:8, 60:] = panel.values[4:6, 60:]
    panel.values[4:6, 60:] = np.nan
    panel.values[6:8, :60] = np.nan
    found = found_in(panel)
    assert [(one.check, one.key.subject, one.other and one.other.subject) for one in found] == [("renamed_entity", "port:p02", "port:p03")]
    # A port of another province or mode is another port, however like its figures are.
    assert [(one.check, one.key.subject) for one in found_in(panel, kin={"port:p02": "12/water", "port:p03": "44/water"})] == [
        ("closed_entity", "port:p02")]
    assert found_in(panel, kin={"port:p02": "12/water", "port:p03": "12/water"})[0].check == "renamed_entity"


def test_reopened_entity() -> None:
    panel = a_panel()
    panel.values[4, 36:] = 0
    panel.values[4, 70] = 9_000
    assert ("reopened_entity", 4, 70, 71) in told(found_in(panel))


def test_spike_dip_and_level_shift() -> None:
    panel = a_panel()
    panel.values[0, 44] *= 3.5
    panel.values[9, 61] *= 0.3
    assert told(found_in(panel)) == {("spike", 0, 44, 45), ("dip", 9, 61, 62)}
    panel = a_panel()
    panel.values[0, 48:] *= 3.4
    assert [(one.check, one.row, one.start) for one in found_in(panel)] == [("level_shift", 0, 48)]


def test_what_moves_everybody_is_nobodys_fault() -> None:
    panel = a_panel(ports=20)
    panel.values[:, 62:80] = np.round(panel.values[:, 62:80] * 0.25)  # a pandemic
    panel.values[7, 70] *= 10
    assert told(found_in(panel)) == {("unit_slip", 7, 70, 71)}


def test_sum_of_parts() -> None:
    base = a_panel(ports=1, measures=("a", "b"))
    keys = (Key("port:x", "cargo_tonnes", "inbound"), Key("port:x", "cargo_tonnes", "outbound"), Key("port:x", "cargo_tonnes"))
    values = np.vstack([base.values, base.values.sum(axis=0)])
    values[2, 33] += 700
    found = found_in(Panel(keys, PeriodKind.MONTH, JAN_2015, values))
    assert [(one.check, one.key, one.start) for one in found] == [("sum_of_parts", keys[2], 33)]


def test_ratio_of_value_to_volume() -> None:
    random = np.random.default_rng(5)
    tonnes = 50_000 * np.exp(np.cumsum(random.normal(0, 0.12, 96)))  # restless: of itself it shows little
    value = tonnes * 3_000 * np.exp(random.normal(0, 0.03, 96))
    value[60] *= 1.9
    keys = (Key("port:x", "cargo_tonnes"), Key("port:x", "trade_value_cny"))
    found = found_in(Panel(keys, PeriodKind.MONTH, JAN_2015, np.round(np.vstack([tonnes, value]))))
    assert [(one.check, one.start) for one in found if one.check in ("ratio", "unit_slip")] == [("ratio", 60)]


def test_counterpart_gap() -> None:
    random = np.random.default_rng(6)
    there = 80_000 * np.exp(np.cumsum(random.normal(0, 0.3, 60)))
    here = there * 1.08 * np.exp(random.normal(0, 0.01, 60))
    here[41] *= 1.6
    mine, theirs = Key("port:luohu-rail", "person_crossings", "inbound"), Key("counterpart_point:lo-wu", "person_crossings", "outbound")
    panel = Panel((mine, theirs), PeriodKind.MONTH, JAN_2015, np.round(np.vstack([here, there])))
    found = examine(panel, links=[(mine, theirs)])
    assert [(one.check, one.key, one.other, one.start) for one in found] == [("counterpart_gap", mine, theirs, 41)]


def test_peer_outlier() -> None:
    panel = a_panel(ports=14, measures=("trucks",))
    panel.values[13, :90] = np.nan  # six months of life
    panel.values[13, 94] *= 6
    assert ("peer_outlier", 13, 94, 95) in told(found_in(panel))


def test_cells_that_cannot_be() -> None:
    rows: list[tuple[Any, ...]] = [("A", f"{2018 + n // 12}-{n % 12 + 1:02d}", "trucks", 5000 + n * 37 % 101 + 40 * (n % 12)) for n in range(60)]
    rows += [rows[5], (*rows[9][:3], 7777), ("A", "2031-01", "trucks", 5100)]
    rows[20] = (*rows[20][:3], -12)
    rows[30] = (*rows[30][:3], 1.5)
    found = examine_table(rows, today=date(2023, 6, 1)).suspicions
    kinds = {(one.check, one.first.code) for one in found if one.check in
             ("duplicate_row", "contradictory_figures", "future_period", "negative_value", "not_whole")}
    assert kinds == {("duplicate_row", "2018-06"), ("contradictory_figures", "2018-10"), ("future_period", "2031-01"),
                     ("negative_value", "2019-09"), ("not_whole", "2020-07")}


def test_an_exception_answers_a_closure_but_no_copy() -> None:
    panel = a_panel()
    panel.values[2, 50:53] = 0
    panel.values[5, 50:56] = panel.values[4, 50:56]
    closure = Explained(date(2019, 1, 1), date(2019, 12, 31), ("port:*",), (), "国函〔2019〕1号")
    assert [one.check for one in found_in(panel, closure)] == ["copied_column"]
    elsewhere = Explained(date(2019, 1, 1), date(2019, 12, 31), ("port:p07",))
    assert {one.check for one in found_in(panel, elsewhere)} == {"copied_column", "zero_run"}


def test_rulings_make_a_check_quieter() -> None:
    panel = a_panel()
    panel.values[0, 44] *= 3.5
    before = found_in(panel)[0]
    after = examine(panel, rulings=Rulings({"spike": (0, 2)}), least=0.0)[0]
    assert after.likelihood == pytest.approx(before.likelihood / 2)
    assert examine(panel, rulings=Rulings({f"spike|{before.key.code}": (0, 20)})) == []


def test_every_check_has_a_test() -> None:
    from pathlib import Path

    text = Path(__file__).read_text(encoding="utf-8")
    assert [check for check in shipped() if f'"{check}"' not in text] == []


def test_tables_in_many_shapes() -> None:
    rows = [(f"车道{lane}", f"{2020 + n // 12}年{n % 12 + 1}月", 4000 * lane + n * 53 % 97 + 300 * (n % 12)) for lane in (1, 2) for n in range(48)]
    columns = {"车道": [r[0] for r in rows], "月份": [r[1] for r in rows], "数量": [str(r[2]) for r in rows]}
    columns["数量"][20] = str(rows[20][2] * 10)
    found = examine_table(columns)
    assert [(one.check, one.key.subject, one.first.code) for one in found.suspicions] == [("unit_slip", "车道1", "2021-09")]
    assert (found.rows, found.cells, found.series) == (96, 96, 2)
    columns["数量"][3] = "很多"
    assert [finding.code for finding in examine_table(columns).findings] == ["unreadable_number"]
    # A spreadsheet's dates of the first of each month are months.
    dates = [(who, f"{2020 + n % 48 // 12}-{n % 12 + 1:02d}-01 00:00:00", figure) for n, (who, _, figure) in enumerate(rows)]
    assert examine_table([{"lane": a, "date": b, "volume": c} for a, b, c in dates]).suspicions == []
