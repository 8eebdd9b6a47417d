"""What an applicant submits: what is used, and what is refused with a finding."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Refused
from kouan.grading.submitted import Passengers, peak_of, read_submitted, read_submitted_file

DAY = date(2024, 3, 19)


def codes(said: Any) -> list[str]:
    return [finding.code for finding in read_submitted(said, DAY)[1]]


def test_facts_stand_plain_or_with_evidence() -> None:
    found, findings = read_submitted({"hub_airport": False, "region_class": {"value": "inland", "evidence": "甲"}, "note": "…"}, DAY)
    assert dict(found.facts) == {"hub_airport": False, "region_class": "inland"} and found.evidence["region_class"] == "甲"
    assert findings == []


@pytest.mark.parametrize(("said", "code"), [
    ({"road": "far"}, "wrong_type"), ({"road": [1]}, "wrong_type"), ({"road": [{}] * 201}, "wrong_type"),
    ({"road": [{"port": "WUH"}]}, "road_incomplete"), ({"road": [{"road_km": 5, "evidence": "甲"}]}, "road_incomplete"),
    ({"road": [{"port": "WUH", "road_km": -1, "driving_hours": 1, "evidence": "甲"}]}, "impossible_figure"),
    ({"road": [{"port": "WUH", "road_km": True, "driving_hours": 1}]}, "impossible_figure"),
    ({"open_air_ports": [{"name": "某机场", "evidence": "甲"}]}, "port_not_named"),
    ({"open_air_ports": [{"iata": "YIH"}]}, "no_evidence"), ({"not_open": [{"port": "YIH"}]}, "no_evidence"),
    ({"open_air_ports": [{"iata": "QQQ", "lat": 95, "lon": 1, "evidence": "甲"}]}, "impossible_position"),
    ({"open_air_ports": [{"iata": "QQQ", "lat": 30, "evidence": "甲"}]}, "impossible_position"),
    ({"open_air_ports": [{"iata": "QQQ", "lat": "x", "lon": 1, "evidence": "甲"}]}, "impossible_position"),
    ({"passengers": [{"year": 2024, "value": 1, "evidence": "甲"}]}, "year_not_full"),
    ({"passengers": [{"year": "2023", "value": 1, "evidence": "甲"}]}, "year_not_full"),
    ({"passengers": [{"year": 2023, "evidence": "甲"}]}, "not_whole"),
    ({"passengers": [{"year": 2023, "value": 1.5, "evidence": "甲"}]}, "not_whole"),
    ({"passengers": [{"year": 2023, "value": 1}]}, "no_evidence"),
    ({"passengers": [{"year": 2023, "value": 1, "evidence": "甲"}] * 2}, "year_given_twice"),
    ({"register_is_complete": {"value": True}}, "no_evidence"), ({"register_is_complete": True}, "no_evidence"),
])  # fmt: skip
def test_what_cannot_be_used_is_an_error_with_a_remedy(said: dict[str, Any], code: str) -> None:
    found, findings = read_submitted(said, DAY)
    assert code in [finding.code for finding in findings]
    assert all(finding.is_error and finding.remedy is not None and str(finding.where) for finding in findings)
    assert found.open_air_ports == () and found.complete_by == "" and len(found.passengers) <= 1


def test_a_claim_that_the_register_is_complete_counts_with_its_evidence_only() -> None:
    assert read_submitted({"register_is_complete": {"value": True, "evidence": "清单"}}, DAY)[0].complete_by == "清单"
    assert read_submitted({"register_is_complete": {"value": False, "evidence": "清单"}}, DAY)[0].complete_by == ""


def year(number: int, value: int) -> Passengers:
    return Passengers(number, value, "公报")


def test_the_peak_names_its_year_and_five_years_need_all_five() -> None:
    found, notes = peak_of((year(2019, 1_426_920), year(2023, 1_594_800)), DAY)
    assert found["peak_annual_passengers"].year == 2023 and "peak_annual_passengers_in_five_years" not in found
    assert [note.code for note in notes] == ["peak_of_years_given", "five_years_not_whole"] and "2020、2021、2022" in notes[1].message.zh
    whole, notes = peak_of((year(2010, 9_000_000), *(year(number, number) for number in range(2019, 2024))), DAY)
    assert whole["peak_annual_passengers"].year == 2010 and whole["peak_annual_passengers_in_five_years"].year == 2023
    assert [note.code for note in notes] == ["peak_of_years_given"] and peak_of((), DAY) == ({}, [])


def test_numbers_of_a_file_are_exact(tmp_path: Path) -> None:
    place = tmp_path / "extra.json"
    place.write_text('{"road": [{"port": "WUH", "road_km": 199.99999999999999999, "evidence": "甲"}]}', encoding="gb18030")
    assert read_submitted(read_submitted_file(place), DAY)[0].roads[0].road_km == Decimal("199.99999999999999999")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1, "a": 2}', '{"a": Infinity}', "[" * 100_000])
def test_what_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    place = tmp_path / "extra.json"
    place.write_text(content, encoding="utf-8")
    with pytest.raises(Refused):
        read_submitted_file(place)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["port", "iata", "name", "lat", "lon", "evidence", "year", "value", "road_km", "driving_hours"]), inner,
                        max_size=5), max_leaves=12)  # fmt: skip


KEYS = ["road", "open_air_ports", "not_open", "passengers", "register_is_complete", "filed_on", "region_class"]


@given(st.dictionaries(st.sampled_from(KEYS), JSON))
def test_nothing_that_is_submitted_breaks_the_reading(said: dict[str, Any]) -> None:
    _, findings = read_submitted(said, DAY)
    assert all(finding.is_error and finding.message.en for finding in findings)
