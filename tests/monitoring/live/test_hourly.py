"""The replay of hours abroad: the figures are the file's, the usual knows nothing of the hour, bad files are refused whole."""

from __future__ import annotations

import csv
import gzip
import os
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.accounts.factories import a_user

from kouan.accounts.models import Role
from kouan.basis import Refused, Text
from kouan.monitoring.live.replay import added
from kouan.monitoring.live.replay.hourly import LEAST, WEEKS, Crossing, frame, read, run, usual_of

HERE = Text("试验口岸", "A crossing")
CONFORMANCE = os.environ.get("KOUAN_CONFORMANCE", "")


@pytest.fixture(scope="module")
def ohare() -> Crossing:
    found = added.crossing("ohare")
    assert found is not None
    return found


def test_an_hour_shows_what_the_file_says(ohare: Crossing) -> None:
    with gzip.open(added.BUNDLED, "rt", encoding="utf-8") as lines:
        row = next(row for row in csv.DictReader(lines) if row["date"] == "2018-07-01" and row["hour"].startswith("1500"))
    shown = frame(ohare, datetime.fromisoformat("2018-07-01T15:00"))
    assert (shown["wait"], shown["longest"], shown["flights"], shown["booths"]) == tuple(
        float(row[name]) for name in ("all_avg_wait", "all_max_wait", "all_flights", "all_booths"))
    counted = sum(int(row[f"all_n_{each}"]) for each in ("0..15", "16..30", "31..45", "46..60", "61..90", "91..120", "120.."))
    assert shown["counted"] == counted and shown["per_booth"] == round(counted / float(row["all_booths"]), 1)
    assert shown["share"] == (int(row["all_n_0..15"]) + int(row["all_n_16..30"])) / counted
    assert len(shown["hours"]) == len(shown["waits"]) == 72 and shown["hours"][-1] == shown["hour"]


def test_an_hour_without_arrivals_is_a_gap_and_not_zero(ohare: Crossing) -> None:
    shown = frame(ohare, datetime.fromisoformat("2016-01-01T02:00"))
    assert shown["wait"] is None and shown["counted"] is None and shown["per_booth"] is None and shown["told"] == []


def test_the_usual_comes_from_the_weeks_before_alone() -> None:
    wait = np.random.default_rng(7).uniform(0, 40, 24 * 7 * (WEEKS + 3))
    middle, margin = usual_of(wait)
    at = len(wait) - 5
    before = wait[at - 24 * 7 * np.arange(1, WEEKS + 1)]
    assert middle[at] == np.median(before) and margin[at] == max(3 * 1.4826 * np.median(np.abs(before - middle[at])), 5.0)
    changed = wait.copy()
    changed[at:] = 999
    assert usual_of(changed)[0][at] == middle[at]
    assert np.isnan(middle[: 24 * 7 * LEAST]).all() and not np.isnan(middle[24 * 7 * LEAST:]).any()


def test_it_runs_from_the_hour_asked_for_and_ends_with_the_file(ohare: Crossing) -> None:
    first = [told[1]["hour"] for told in islice(run(ohare, start=ohare.first - timedelta(days=9), speed=10**9), 3) if told]
    assert first == ["2016-01-01T00:00", "2016-01-01T01:00", "2016-01-01T02:00"]
    ending: list[Any] = list(run(ohare, start=ohare.last - timedelta(hours=1), speed=10**9))
    assert [told[1]["ended"] for told in ending] == [False, True]


@pytest.mark.parametrize(("rows", "code", "row"), [
    (["2018-01-01 00:00:00,5", "2018-01-01 01:30:00,5"], "hour_unreadable", 3),
    (["2018-01-01 00:00:00,5", "2018-01-01 00:00:00,6"], "hour_unreadable", 3),
    (["2018-01-01 00:00:00,-1"], "hour_unreadable", 2), (["2018-01-01 00:00:00,nan"], "hour_unreadable", 2),
    (["2018-01-01 00:00:00,1e9"], "hour_unreadable", 2), (["2018-01-01T00:00:00+00:00,1"], "hour_unreadable", 2),
    (["2018-01-01 00:00:00"], "hour_unreadable", 2), (["1018-01-01 00:00:00,1", "2018-01-01 00:00:00,1"], "hours_too_far_apart", None),
    ([], "no_hours", None),
])
def test_a_bad_file_is_refused_with_its_row(tmp_path: Path, rows: list[str], code: str, row: int | None) -> None:
    file = tmp_path / "waits.csv"
    file.write_text("\n".join(["hour_start,avg_delay_minutes", *rows]), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read(file, code="x", name=HERE, source=HERE)
    finding = refused.value.findings[0]
    assert finding.code == code and (finding.where.row if finding.where else None) == row


def test_a_file_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(added, "folder", lambda: tmp_path / "replays")
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("hour_start,avg_delay_minutes\n2018-01-01 00:00:00,5\n2018-01-01 01:00:00,\n", encoding="utf-8")
    bad.write_text("hour_start,avg_delay_minutes\nyesterday,5\n", encoding="utf-8")
    added.add(good, code="road", name=HERE, source=Text("公报", "A bulletin"))
    with pytest.raises(Refused):
        added.add(bad, code="road", name=HERE, source=HERE)
    with pytest.raises(Refused):
        added.add(good, code="../road", name=HERE, source=HERE)
    with pytest.raises(Refused):
        added.add(good, code="ohare", name=HERE, source=HERE)
    kept = added.crossing("road")
    assert kept is not None and kept.source.zh == "公报" and kept.wait[0] == 5 and np.isnan(kept.wait[1])
    good.write_text("hour_start,avg_delay_minutes\n2018-01-01 00:00:00,7\n", encoding="utf-8")
    added.add(good, code="road", name=HERE, source=HERE)
    again = added.crossing("road")
    assert again is not None and again.wait.tolist() == [7] and len(list((tmp_path / "replays").glob("*.csv"))) == 1


@pytest.mark.django_db
def test_the_page_is_for_people_inside_and_not_in_an_exercise(client: Any, settings: Any) -> None:
    address = "/counterpart-checks/replay/hours"
    assert client.get(address).status_code == 302
    client.force_login(a_user(Role.NATIONAL_OFFICER))
    page = client.get(address)
    assert page.status_code == 200 and "演示" in page.content.decode() and "奥黑尔机场" in page.content.decode()
    assert client.get(address + "?of=nowhere").status_code == 404
    settings.IS_EXERCISE = True
    assert client.get(address).status_code == client.get(address + "/stream").status_code == 404


@pytest.mark.skipif(not CONFORMANCE, reason="KOUAN_CONFORMANCE names no folder: the Peace Arch file, whose terms are unclear, is not read")
def test_the_file_of_peace_arch_is_read_whole() -> None:
    file = Path(CONFORMANCE) / "data/us-canada-road-wait/peace_arch_south_cars_hourly_2013_2018.csv.gz"
    found = read(file, code="peace-arch", name=HERE, source=HERE)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    told = [float(row["avg_delay_minutes"]) for row in rows if row["avg_delay_minutes"]]
    assert len(rows) == 49_656 and np.isnan(found.wait).sum() == len(found.wait) - len(told)
    assert np.nansum(found.wait) == pytest.approx(sum(told)) and np.nanmax(found.wait) == max(told) == 91
