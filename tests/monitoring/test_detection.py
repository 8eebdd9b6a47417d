"""Detectors: both sides of every threshold, nothing read ahead, one alert per episode, and what a setting would have told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from kouan.basis import Refused, Text
from kouan.monitoring.detection import (
    FLOW_DETECTORS,
    Backlog,
    FellSilent,
    ForecastMiss,
    KnownEvent,
    LevelShift,
    MissingData,
    Panel,
    QueueGrowth,
    Resumed,
    Seasonal,
    SegmentOverNorm,
    SeriesKey,
    Silence,
    SilentSource,
    StuckFeed,
    backtest,
    day_kinds,
    episodes,
    flow_candidates,
    read_thresholds,
    registered_detectors,
    shipped,
)
from kouan.monitoring.detection.calendar import national_kinds, national_spans
from kouan.monitoring.detection.forecast import forecast, one_day_ahead
from kouan.monitoring.detection.generator import WARM_UP_DAYS, generate

FIRST = date(2024, 1, 1)


def a_panel(*rows: list[float], ports: tuple[str, ...] = (), first: date = FIRST) -> Panel:
    keys = tuple(SeriesKey((ports or ("demo",) * len(rows))[at], "persons", str(at)) for at in range(len(rows)))
    return Panel(keys, first, np.array(rows, dtype=float))


def steady(days: int, level: float = 1000.0, seed: int = 3) -> np.ndarray:
    """A week-end peak with noise of 4 %."""
    rng = np.random.default_rng(seed)
    week = np.array([1.0, 1.0, 1.0, 1.0, 1.05, 1.3, 1.2])
    return np.round(level * week[np.arange(days) % 7] * np.exp(rng.normal(0, 0.04, days)))


def days_of(found: list) -> list[int]:
    return [(each.day - FIRST).days for each in found]


def test_every_detector_says_its_rule_in_two_languages_and_has_every_threshold() -> None:
    for key, detector in registered_detectors().items():
        rule = detector.rule()
        assert rule.zh.endswith("。") and rule.en.endswith("."), key
        for name in detector.settings:
            assert shipped().value(key, name, "any", date(2024, 6, 1)) > 0, (key, name)
    assert set(FLOW_DETECTORS) < set(registered_detectors())


def test_seasonal_tells_a_spike_of_60_percent_and_not_one_of_20() -> None:
    for by, told in ((1.6, True), (1.2, False), (0.5, True), (0.85, False)):
        values = steady(200)
        values[180] *= by
        found = Seasonal(shipped()).candidates(a_panel(list(values)))
        assert (180 in days_of(found)) is told, by
        if told:
            each = next(each for each in found if days_of([each]) == [180])
            assert each.goes == ("up" if by > 1 else "down")
            assert each.low is not None and each.high is not None and not each.low <= values[180] <= each.high
            assert "常态区间" in each.message.zh and "usual" in each.message.en and "规则" in each.message.zh


def test_the_week_end_is_no_alarm_and_a_small_series_is_not_judged() -> None:
    assert Seasonal(shipped()).candidates(a_panel(list(steady(300)))) == []
    small = steady(200, level=30)
    small[180] *= 3
    assert Seasonal(shipped()).candidates(a_panel(list(small))) == []


def test_a_holiday_known_beforehand_is_no_alarm_once_its_effect_was_seen() -> None:
    rows = [steady(760, seed=seed) for seed in range(10)]
    kinds = national_kinds(FIRST, 760)
    high = np.array([kinds.special[day] >= 0 and kinds.names[kinds.special[day]][0] == "national_day" for day in range(760)])
    rows = [np.where(high, row * 1.8, row) for row in rows]
    last_year = [day for day in np.flatnonzero(high) if day > 500]
    alone = a_panel(list(rows[0]))
    with_calendar = Seasonal(shipped()).candidates(alone, kinds=kinds)
    without = Seasonal(shipped()).candidates(alone)
    assert not set(days_of(with_calendar)) & set(last_year), "learnt from the year before"
    assert set(days_of(without)) & set(last_year), "weekdays alone do not explain it"
    peers = Panel(tuple(SeriesKey(f"p{at}", "persons", "", "group") for at in range(10)), FIRST, np.array(rows))
    first_year = [day for day in np.flatnonzero(high) if day < 366]
    assert not set(days_of(Seasonal(shipped()).candidates(peers, kinds=kinds))) & set(first_year), "learnt from its peers on the day"


def test_level_shift_tells_a_step_that_stays_and_no_single_day() -> None:
    stepped, single = steady(200), steady(200)
    stepped[150:] *= 1.4
    single[150] *= 1.4
    told = days_of(LevelShift(shipped()).candidates(a_panel(list(stepped))))
    assert told and 150 < min(told) <= 157
    assert LevelShift(shipped()).candidates(a_panel(list(single))) == []
    slight = steady(200)
    slight[150:] *= 1.1
    assert LevelShift(shipped()).candidates(a_panel(list(slight))) == []


def test_feeds_that_stand_still_stay_away_fall_silent_or_come_back() -> None:
    nan = float("nan")
    assert days_of(StuckFeed(shipped()).candidates(a_panel([500, 600, 600, 600, 700]))) == [3]
    assert StuckFeed(shipped()).candidates(a_panel([500, 600, 600, 700], [5, 5, 5, 5])) == []
    assert days_of(MissingData(shipped()).candidates(a_panel([1, 2, 3, 4, 5, nan, nan, 8]))) == [6]
    assert MissingData(shipped()).candidates(a_panel([1, 2, 3, 4, 5, nan, 8], [nan, nan, nan, 1, 2, 3, 4])) == []
    given_up = MissingData(shipped()).candidates(a_panel([1, 2, 3, 4, 5, *([nan] * 80)]))
    assert days_of(given_up)[-1] == 4 + 60, "after sixty days it is told no more"
    assert days_of(FellSilent(shipped()).candidates(a_panel([90, 80, 90, 80, 90, 0, 0]))) == [5]
    assert FellSilent(shipped()).candidates(a_panel([90, 80, 90, 80, 0])) == [], "four days are no habit"
    assert FellSilent(shipped()).candidates(a_panel([9, 8, 9, 8, 9, 0])) == []
    assert days_of(Resumed(shipped()).candidates(a_panel([0] * 14 + [60]))) == [14]
    assert Resumed(shipped()).candidates(a_panel([0] * 13 + [60])) == []
    assert Resumed(shipped()).candidates(a_panel([0] * 14 + [49])) == []


def test_queue_growth_needs_an_hour_of_rise_and_a_queue_worth_acting_on() -> None:
    assert days_of(QueueGrowth(shipped()).candidates(a_panel([200, 220, 260, 280, 310]))) == [4]
    assert QueueGrowth(shipped()).candidates(a_panel([200, 220, 260, 280, 299])) == [], "too short a queue"
    assert QueueGrowth(shipped()).candidates(a_panel([250, 260, 270, 300, 310])) == [], "less than half as many again"
    assert QueueGrowth(shipped()).candidates(a_panel([200, 190, 180, 170, 400])) == [], "one coach is no trend"


def test_backlog_is_told_in_days_of_work() -> None:
    done = np.full((1, 20), 50.0)
    assert days_of(Backlog(shipped()).candidates(a_panel([100.0] * 19 + [151.0]), done=done)) == [19]
    assert Backlog(shipped()).candidates(a_panel([100.0] * 19 + [150.0]), done=done) == []
    assert Backlog(shipped()).candidates(a_panel([0.0] * 19 + [29.0]), done=done / 50) == [], "fewer than thirty are handled one by one"
    with pytest.raises(ValueError, match="finished"):
        Backlog(shipped()).candidates(a_panel([1.0]))


def test_segment_over_norm_allows_for_chance_r174() -> None:
    def told(cases: float, within: float) -> bool:
        return bool(SegmentOverNorm(shipped()).candidates(a_panel([cases]), within=np.array([[within]])))

    assert told(1000, 700), "an injected slow day gives a ticket"
    assert not told(1000, 780), "chance alone may do that where 80 % is required"
    assert not told(29, 0), "below thirty cases no share is told"
    assert told(30, 0)
    rng = np.random.default_rng(1)
    noise = rng.binomial(500, 0.85, (1, 2000)).astype(float)
    panel = Panel((SeriesKey("demo", "cases"),), FIRST, np.full((1, 2000), 500.0))
    assert SegmentOverNorm(shipped()).candidates(panel, within=noise) == [], "normal noise gives none"


def test_forecast_miss_needs_two_days_in_a_row() -> None:
    low, high = np.full((1, 4), 90.0), np.full((1, 4), 110.0)
    assert days_of(ForecastMiss(shipped()).candidates(a_panel([100, 116, 117, 100]), low=low, high=high)) == [2]
    assert ForecastMiss(shipped()).candidates(a_panel([100, 116, 84, 100]), low=low, high=high) == [], "once above and once below"
    assert ForecastMiss(shipped()).candidates(a_panel([100, 115, 115, 100]), low=low, high=high) == [], "within 5 % of the bound"


def test_no_detector_of_flows_reads_ahead() -> None:
    made = generate(12, 420, 5, national_spans(), spikes=40)
    values = made.panel.values.copy()
    values[0, 200:230] = np.nan
    values[1, 250:] = 0.0
    values[2, 300:306] = values[2, 300]
    panel = Panel(made.panel.series, made.panel.first_day, values)
    whole = flow_candidates(panel, made.kinds, shipped())
    assert {each.detector for each in whole} >= {"seasonal", "missing_data", "fell_silent", "stuck_feed"}
    for cut in (190, 231, 255, 304, 365):
        day = panel.day(cut)
        kinds = day_kinds(panel.first_day, cut + 1, national_spans())
        known = flow_candidates(panel.until(day), kinds, shipped())
        assert [each.as_dict() for each in known] == [each.as_dict() for each in whole if each.day <= day], f"cut at {day}"


def test_generated_spikes_are_found_and_quiet_days_are_left_alone() -> None:
    made = generate(300, 730, 11, national_spans(), spikes=1500)
    scores, _ = Seasonal(shipped()).flags(made.panel, made.kinds)
    judged = np.zeros(scores.shape, dtype=bool)
    judged[:, WARM_UP_DAYS:] = True
    told = scores >= 1
    assert told[made.spikes].mean() >= 0.95
    assert told[judged & ~made.spikes].mean() <= 0.0005


def test_thresholds_by_port_and_season_and_their_slips(tmp_path: Path) -> None:
    tried = shipped().changed("seasonal", Text("试", "try"), date(2024, 1, 1), port="demo", score=9.0)
    assert tried.value("seasonal", "score", "demo", date(2024, 6, 1)) == 9.0
    assert tried.value("seasonal", "score", "other", date(2024, 6, 1)) == 4.0
    assert tried.value("seasonal", "score", "other", date(2024, 2, 1)) == 4.5, "season"
    assert tried.value("seasonal", "score", "demo", date(2023, 12, 31)) == 4.0, "not yet"
    panel = a_panel([1.0] * 40, [1.0] * 40, ports=("demo", "other"))
    grid = tried.grid("seasonal", "score", panel)
    assert grid[0].tolist() == [9.0] * 40 and grid[1].tolist() == [4.5] * 40
    assert tried.tried("seasonal", score=7.0).value("seasonal", "score", "demo", date(2020, 2, 1)) == 7.0, "a trial holds always and everywhere"
    assert shipped().tried("seasonal", "demo", score=7.0).value("seasonal", "score", "other", date(2020, 6, 1)) == 4.0
    with pytest.raises(Refused, match="scoer"):
        shipped().changed("seasonal", Text("试", "try"), date(2024, 1, 1), scoer=3.0)
    file = tmp_path / "thresholds.yaml"
    file.write_text("seasonal:\n  values:\n    - since: 2024-01-01\n      set: {score: high}\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_thresholds(file)
    slips = {(each.code, each.where.path) for each in refused.value.findings}
    assert slips >= {("missing_key", "/seasonal/values/0/reason"), ("wrong_form", "/seasonal/values/0/set/score")}


def a_year_with_faults() -> Panel:
    values = np.stack([steady(500, seed=1), steady(500, seed=2), steady(500, seed=4)])
    values[0, 300:303] *= 2.0
    values[1, 301] *= 2.0
    values[2, 350] *= 0.4
    values[2, 420] *= 2.0
    keys = (SeriesKey("a", "persons", "in"), SeriesKey("a", "persons", "out"), SeriesKey("b", "persons", "in"))
    return Panel(keys, FIRST, values)


def test_one_alert_per_episode_and_a_planned_silence_tells_nobody() -> None:
    panel = a_year_with_faults()
    found = Seasonal(shipped()).candidates(panel)
    told, silent = episodes(found)
    assert [(each.port, (each.first - FIRST).days, (each.last - FIRST).days) for each in told] == [("a", 300, 302), ("b", 350, 350), ("b", 420, 420)]
    assert len(told[0].series) == 2, "both directions of one port are one alert"
    closure = Silence(FIRST + timedelta(345), FIRST + timedelta(355), Text("停航检修", "dock works"), frozenset({"b"}))
    told, silent = episodes(found, [closure])
    assert [each.port for each in told] == ["a", "b"] and [each.port for each in silent] == ["b"]
    short = Silence(FIRST + timedelta(300), FIRST + timedelta(301), Text("假日", "holiday"))
    told, _ = episodes(found, [short])
    assert (told[0].first - FIRST).days == 302, "what lasts beyond the silence alerts on the first day after it"


def test_the_back_test_counts_useful_alerts_by_votes_and_known_events() -> None:
    panel = a_year_with_faults()
    kinds = day_kinds(FIRST, panel.days)
    day = FIRST + timedelta(300)
    events = [
        KnownEvent("fair", Text("展会", "fair"), day, day, frozenset({"a"}), "up"),
        KnownEvent("storm", Text("风暴", "storm"), FIRST + timedelta(350), FIRST + timedelta(350), frozenset({"a"}), "down"),
    ]
    result = backtest(panel, kinds, shipped(), first=FIRST + timedelta(200), last=FIRST + timedelta(499), events=events,
                      votes={("b", FIRST + timedelta(350)): True, ("b", FIRST + timedelta(420)): False})
    assert [(each.episode.port, each.useful) for each in result.alerts] == [("a", True), ("b", True), ("b", False)]
    assert [event.code for event in result.missed] == ["storm"], "at another port"
    assert "预警3次，其中有用2次；漏报已知事件1起。" in result.sentence.zh
    assert "3 alerts, 2 useful; 1 known events missed." in result.sentence.en
    silent = Panel(panel.series, FIRST, np.where(np.arange(panel.days) >= 400, np.nan, panel.values))
    storm = [KnownEvent("late", Text("风暴", "storm"), FIRST + timedelta(410), FIRST + timedelta(410))]
    dead = backtest(silent, kinds, shipped(), first=FIRST + timedelta(390), last=FIRST + timedelta(499), events=storm)
    assert [event.code for event in dead.missed] == ["late"] and dead.useful == 0, "a feed that has ended meets no storm"
    looser = shipped().changed("seasonal", Text("试", "try"), FIRST, score=60.0)
    assert len(backtest(panel, kinds, looser, first=FIRST, last=FIRST + timedelta(499), detectors=["seasonal"]).alerts) == 0
    nobody = backtest(panel, kinds, shipped(), first=FIRST, last=FIRST + timedelta(499))
    assert nobody.useful == 0 and nobody.not_judged == 3, "where nobody speaks nothing is called useful"


def test_a_source_is_silent_when_it_pauses_longer_than_it_used_to() -> None:
    daily = [40.0] * 30 + [0.0, 0.0, 9.0]
    assert days_of(SilentSource(shipped()).candidates(a_panel(daily))) == [30, 31]
    weekends = ([40.0] * 5 + [0.0, 0.0]) * 4 + [40.0] * 5 + [0.0] * 6
    assert days_of(SilentSource(shipped()).candidates(a_panel(weekends))) == [37, 38], "twice its longest pause and one day more"
    newcomer = [float("nan")] * 20 + [3.0, 0.0, 2.0, 0.0, 0.0]
    assert SilentSource(shipped()).candidates(a_panel(newcomer)) == [], "three days are no habit"


def test_forecasts_of_one_day_made_at_once_are_those_made_one_by_one() -> None:
    panel = a_panel(list(steady(420)), list(steady(420, seed=4)), first=date(2023, 12, 1))
    kinds = national_kinds(panel.first_day, panel.days + 1)
    low, high = one_day_ahead(panel, kinds, 300)
    assert np.isnan(low[:, :300]).all()
    for column in (300, 304, 305, 333, 419):  # 1 October among them
        made = forecast(panel.until(panel.day(column - 1)), kinds, 1)
        assert np.array_equal(made.low[:, 0], low[:, column], equal_nan=True) and np.array_equal(made.high[:, 0], high[:, column], equal_nan=True)


def test_a_queue_by_quarters_of_an_hour_says_when() -> None:
    values = np.zeros((1, 192))
    values[0, 150:156] = [50, 120, 200, 330, 420, 420]
    panel = Panel((SeriesKey("demo", "waiting"),), FIRST, values, slots=96)
    found = QueueGrowth(shipped()).candidates(panel)
    assert {each.day for each in found} == {FIRST + timedelta(days=1)} and "2024年1月2日 14:15：" in found[0].message.zh
