"""Counting routes: stop-overs, code shares, scopes, seasons, rows that are held; and files of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Refused
from kouan.grading import schedule_file
from kouan.grading.routes import Fate, RouteCount, Scope, count_routes
from kouan.grading.schedule_file import routes_in_file

HEADER = ("始发机场", "目的机场", "航班号", "实际承运航班号", "经停次数", "班期", "航线性质", "航季", "开始日期", "结束日期")
KEYS = ("origin", "destination", "flight", "operating_flight", "stops", "weekdays", "scope", "season", "valid_from", "valid_to")


def flight(destination: str, **known: str) -> dict[str, str]:
    """A daily domestic non-stop flight from EHU."""
    return {"origin": "EHU", "destination": destination, "flight": "CZ8541", "stops": "0", "weekdays": "每日", "scope": "国内", **known}


def counted(*rows: dict[str, str], airport: str = "EHU") -> RouteCount:
    return count_routes(list(enumerate(rows, 2)), airport)


def fates(found: RouteCount) -> list[str]:
    return [row.fate.value for row in found.rows]


def codes(found: RouteCount) -> list[str]:
    return [finding.code for finding in found.findings]


def test_distinct_destinations_in_either_direction_count_once() -> None:
    found = counted(flight("SZX"), flight("SZX", flight="ZH9001"), flight("EHU", origin="SZX"), flight("PEK"))
    assert found.number() == 2 and fates(found) == ["counted", "same_route", "same_route", "counted"]
    assert found.routes[1].flights == ("CZ8541", "ZH9001") and found.routes[1].rows == (2, 3, 4)
    assert "第2行" in found.rows[1].why.zh and "row 2" in found.rows[1].why.en


def test_stop_overs_are_left_out_and_their_direct_legs_are_not_invented() -> None:
    found = counted(flight("XMN", stops="1"), flight("KMG", stops="直达"))
    assert found.number() == 1 and fates(found) == ["stop_over", "counted"] and "经停1次" in found.rows[0].why.zh


def test_a_code_share_counts_once_whether_its_flight_is_in_the_file_or_not() -> None:
    both = counted(flight("SZX", flight="MF1001", operating_flight="CZ8541"), flight("SZX"))
    assert both.number() == 1 and fates(both) == ["code_share", "counted"]
    alone = counted(flight("SZX", flight="MF1001", operating_flight="CZ8541"), flight("SZX", flight="HU7001", operating_flight="CZ8541"))
    assert alone.number() == 1 and fates(alone) == ["counted", "same_route"]


def test_scopes_stand_apart_and_only_domestic_routes_are_domestic() -> None:
    found = counted(flight("SZX"), flight("HKG", scope="地区"), flight("KIX", scope="国际"), flight("PEK", scope="Domestic"))
    assert [found.number(scope) for scope in Scope] == [2, 1, 1]
    assert found.facts() == {"fixed_direct_routes": 4, "domestic_fixed_direct_routes": 2}


def test_rows_of_other_airports_are_left_out() -> None:
    assert fates(counted(flight("SZX", origin="WUH"), flight("SZX"))) == ["other_airport", "counted"]


@pytest.mark.parametrize(("fault", "code", "column"), [
    ({"destination": "深圳"}, "bad_airport_code", "destination"),
    ({"destination": ""}, "bad_airport_code", "destination"),
    ({"destination": "EHU"}, "same_airport", "destination"),
    ({"flight": "8541"}, "bad_flight_number", "flight"),
    ({"flight": ""}, "bad_flight_number", "flight"),
    ({"operating_flight": "?"}, "bad_flight_number", "operating_flight"),
    ({"stops": ""}, "bad_stops", "stops"),
    ({"stops": "经郑州"}, "bad_stops", "stops"),
    ({"weekdays": ""}, "bad_weekdays", "weekdays"),
    ({"weekdays": "189"}, "bad_weekdays", "weekdays"),
    ({"scope": ""}, "bad_scope", "scope"),
    ({"scope": "跨境"}, "bad_scope", "scope"),
    ({"season": "春"}, "bad_season", "season"),
    ({"valid_from": "2024-04-01"}, "bad_date", "valid_to"),
    ({"valid_from": "2024-02-30", "valid_to": "2024-10-26"}, "bad_date", "valid_from"),
    ({"valid_from": "2024-10-26", "valid_to": "2024-03-31"}, "impossible_span", "valid_to"),
    ({"valid_from": "9999-01-01", "valid_to": "9999-12-31"}, "impossible_span", "valid_to"),
])  # fmt: skip
def test_a_bad_row_is_held_with_a_finding_that_names_its_place(fault: dict[str, str], code: str, column: str) -> None:
    found = counted(flight("PEK"), flight(**{"destination": "SZX", **fault}))
    assert fates(found) == ["counted", "held"] and found.number() == 1
    finding = found.findings[0]
    assert (finding.code, finding.where.row, finding.where.column, finding.is_error) == (code, 3, column, True)
    assert finding.remedy is not None and finding.message.zh.rstrip("。") in found.rows[1].why.zh


def test_held_rows_say_how_many_routes_they_may_hide() -> None:
    found = counted(flight("PEK"), flight("SZX", weekdays="?"), flight("PEK", scope="?"), flight("KIX", scope="国际", flight="?"))
    assert found.doubtful == ("KIX", "SZX") and "held_rows_may_count" in codes(found)
    assert found.facts(with_doubtful=True) == {"fixed_direct_routes": 3, "domestic_fixed_direct_routes": 2}
    assert found.facts() == {"fixed_direct_routes": 1, "domestic_fixed_direct_routes": 1}


def test_a_route_called_domestic_here_and_international_there_is_held_whole() -> None:
    found = counted(flight("SZX"), flight("HKG", scope="国内"), flight("HKG", scope="国际"))
    assert found.number() == 1 and fates(found) == ["counted", "held", "held"] and codes(found).count("scope_contradicts") == 2
    assert found.doubtful == ("HKG",)


def test_full_width_letters_and_spaces_are_read() -> None:
    assert counted(flight("ＳＺＸ", flight="ＣＺ ８５４１", stops="０", weekdays="１．３．５")).facts()["fixed_direct_routes"] == 1


# -- seasons


def test_a_route_of_one_season_is_counted_apart() -> None:
    found = counted(flight("PEK", season="全年"), flight("SYX", season="冬春"), flight("KMG", season="夏秋"), flight("KMG", season="冬春"))
    assert [route.other for route in found.routes if route.is_seasonal] == ["SYX"] and codes(found) == ["seasonal_routes"]
    assert found.facts()["fixed_direct_routes"] == 2 and found.facts(with_seasonal=True)["fixed_direct_routes"] == 3


def test_seasons_are_read_from_days() -> None:
    found = counted(
        flight("PEK", valid_from="2023-10-29", valid_to="2024-03-30"), flight("PEK", valid_from="2024-03-31", valid_to="2024-10-26"),
        flight("SYX", valid_from="2023/10/29", valid_to="2024/3/30".replace("/3/", "/03/")),
        flight("DLC", valid_from="2024-07-01", valid_to="2024-08-31"),
        # Two halves of one season are a season; the same half twice is not.
        flight("KMG", valid_from="2024-03-31", valid_to="2024-06-30"), flight("KMG", valid_from="2024-07-01", valid_to="2024-10-26"),
        flight("KMG", valid_from="2023-10-29", valid_to="2024-03-30"),
        flight("URC", valid_from="2024-03-31", valid_to="2024-06-15"), flight("URC", valid_from="2024-03-31", valid_to="2024-06-15"),
    )
    assert found.seasons == ("summer", "winter")
    assert [route.other for route in found.routes if route.is_seasonal] == ["DLC", "SYX", "URC"]


def test_a_file_of_one_season_says_that_it_cannot_tell() -> None:
    found = counted(flight("PEK", season="夏秋"), flight("SZX", season="夏秋航季"))
    assert found.facts()["fixed_direct_routes"] == 2 and codes(found) == ["one_season_only"]


def test_a_row_that_says_nothing_of_seasons_is_no_seasonal_route() -> None:
    assert counted(flight("PEK", season="夏秋"), flight("PEK"), flight("SZX", season="冬春")).seasonal == 1


# -- properties

ROWS = st.lists(st.fixed_dictionaries({
    "origin": st.sampled_from(["EHU", "WUH", "SZX"]), "destination": st.sampled_from(["EHU", "SZX", "PEK", "KIX", "??"]),
    "flight": st.sampled_from(["CZ8541", "O36801", "x"]), "operating_flight": st.sampled_from(["", "CZ8541"]),
    "stops": st.sampled_from(["0", "1", ""]), "weekdays": st.sampled_from(["135", "每日", "?"]),
    "scope": st.sampled_from(["国内", "国际", "?"]), "season": st.sampled_from(["", "全年", "夏秋", "冬春", "季节性"]),
}), max_size=25)  # fmt: skip


@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_change_the_count(rows: list[dict[str, str]], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = counted(*rows), counted(*shuffled)
    assert one.facts() == other.facts() and one.facts(with_seasonal=True) == other.facts(with_seasonal=True)
    assert one.doubtful == other.doubtful


@given(ROWS)
def test_every_row_has_one_fate_and_no_more_routes_than_counted_rows(rows: list[dict[str, str]]) -> None:
    found = counted(*rows)
    assert [row.row for row in found.rows] == list(range(2, len(rows) + 2))
    assert len(found.routes) == sum(row.fate is Fate.COUNTED for row in found.rows)
    assert found.number(Scope.DOMESTIC) + found.number(Scope.REGIONAL) + found.number(Scope.INTERNATIONAL) == found.number()


@given(ROWS)
def test_another_row_never_takes_a_route_away_unless_it_contradicts(rows: list[dict[str, str]]) -> None:
    good = [row | {"scope": "国内", "season": ""} for row in rows]
    assert counted(*good, flight("KMG")).number() >= counted(*good).number()


# -- files


def a_csv(folder: Path, rows: list[dict[str, str]], encoding: str = "utf-8", name: str = "schedule.csv") -> Path:
    place = folder / name
    lines = [HEADER, *([row.get(key, "") for key in KEYS] for row in rows)]
    place.write_text("\n".join(",".join(line) for line in lines) + "\n", encoding=encoding)
    return place


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    found = routes_in_file(a_csv(tmp_path, [flight("SZX"), flight("HKG", scope="地区"), flight("北京")], encoding), "ehu")
    assert found.facts() == {"fixed_direct_routes": 2, "domestic_fixed_direct_routes": 1}
    assert found.findings[0].where.file == "schedule.csv" and found.findings[0].where.row == 4


def test_a_workbook_with_numbers_days_and_a_title_above_the_header(tmp_path: Path) -> None:
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "航班"
    sheet.append(["2024年航班时刻表"])
    sheet.append([*HEADER])
    sheet.append(["EHU", "SZX", "O36801", None, 0, 1357, "国内", None, datetime(2024, 3, 31), datetime(2024, 10, 26)])
    sheet.append([None] * len(HEADER))
    sheet.append(["EHU", "PEK", "CZ8541", None, 1, "每日", "国内", None, None, None])
    sheet.append(["EHU", "KMG", "CZ8543", None, 0, "9", "国内", None, None, None])
    book.save(tmp_path / "s.xlsx")
    found = routes_in_file(tmp_path / "s.xlsx", "EHU", "时刻表.xlsx")
    assert fates(found) == ["counted", "stop_over", "held"] and found.facts()["fixed_direct_routes"] == 1
    where = found.findings[0].where
    assert (where.file, where.sheet, where.row) == ("时刻表.xlsx", "航班", 6)


def test_a_file_without_the_columns_is_refused_and_says_which(tmp_path: Path) -> None:
    place = tmp_path / "s.csv"
    place.write_text("始发机场,目的机场,航班号\nEHU,SZX,O36801\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        routes_in_file(place, "EHU")
    [finding] = refused.value.findings
    assert finding.code == "schedule_header_missing" and "经停次数、班期、航线性质" in finding.message.zh


def test_bounds_on_size_and_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_file, "MOST_ROWS", 3)
    with pytest.raises(Refused) as refused:
        routes_in_file(a_csv(tmp_path, [flight("SZX")] * 5), "EHU")
    assert refused.value.findings[0].code == "too_many_rows"
    monkeypatch.setattr(schedule_file, "MOST_BYTES", 50)
    with pytest.raises(Refused) as refused:
        routes_in_file(a_csv(tmp_path, [flight("SZX")]), "EHU")
    assert refused.value.findings[0].code == "file_too_large"


def test_a_file_that_bears_a_mark_of_secrecy_is_refused(tmp_path: Path) -> None:
    for name, rows in (("head.csv", "机密★10年\n" + ",".join(HEADER) + "\n"), ("cell.csv", ",".join(HEADER) + "\n机密★10年,SZX\n")):
        (tmp_path / name).write_text(rows, encoding="utf-8")
        with pytest.raises(Refused) as refused:
            routes_in_file(tmp_path / name, "EHU")
        assert refused.value.findings[0].code == "secrecy_mark"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"PK\x03\x04 no zip at all"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "x.csv"
    place.write_bytes(content)
    with pytest.raises(Refused):
        routes_in_file(place, "EHU")
