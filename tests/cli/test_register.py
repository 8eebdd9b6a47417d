"""``kouan verdict``, ``flows``, ``ports``, ``score``, ``accounts`` on a small register."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.monitoring.factories import a_batch, a_year_of_months, figures
from tests.ports.factories import a_port, a_sea_port

from kouan.accounts.models import ApiToken
from kouan.collection.models import Observation
from kouan.grading.models import VerdictRecord

pytestmark = pytest.mark.django_db
LONG_AGO = date(2010, 5, 1)


@pytest.fixture(autouse=True)
def register() -> None:
    """A sea port with two million tonnes in each year, and a rail port that reports nothing."""
    port = a_sea_port("ceshi-water", name_zh="测试港口岸", province_code="44", accepted_on=LONG_AGO)
    for year in (2019, 2023, 2026):
        figures(f"port:{port.code}", "cargo_tonnes", {f"{year}": 2_000_000})
        figures(f"port:{port.code}", "person_crossings", {f"{year}": 5}, unit="person_crossings")
    a_port("manzhouli-rail", "rail", name_zh="满洲里铁路口岸", province_code="15", is_border=False, accepted_on=LONG_AGO)
    a_provincial_officer("44", username="guangdong")
    a_national_officer(username="guojia")


@pytest.mark.parametrize("year,verdict,required,flag", [
    ("2019", "meets", 1_000_000, False), ("2023", "fails", 10_000_000, False), ("2026", "fails", 10_000_000, True),
])
def test_the_year_picks_the_values(kouan: Any, year: str, verdict: str, required: int, flag: bool) -> None:
    ran = kouan("verdict", "--year", year, "--as-of", "2027-06-30", "--json")
    found = {each["port"]: each for each in ran.json["verdicts"]}
    sea = found["ceshi-water"]
    assert (sea["verdict"], sea["margins"]["cargo_tonnes"]["required"]) == (verdict, required)
    assert ("pending_new_instrument" in {each["code"] for each in sea["flags"]}) is flag
    assert found["manzhouli-rail"]["verdict"] == "incomplete"
    assert ran.json["count"] == 2 and ran.status == 0


def test_the_table_and_the_reasons(kouan: Any) -> None:
    ran = kouan("verdict", "--year", "2026", "--as-of", "2027-06-30")
    assert "不达标" in ran.out and "待新规" in ran.out and "数据不全" in ran.out
    one = kouan("-l", "en", "verdict", "--year", "2023", "--as-of", "2027-06-30", "--port", "测试港")
    assert "1. " in one.out and "below the standard" in one.out


def test_a_port_by_any_name_and_only_in_scope(kouan: Any) -> None:
    one = kouan("verdict", "--year", "2023", "--port", "满洲里", "--json").json
    assert [each["port"] for each in one["verdicts"]] == ["manzhouli-rail"]
    mine = kouan("verdict", "--year", "2023", "--as", "guangdong", "--json").json
    assert [each["port"] for each in mine["verdicts"]] == ["ceshi-water"]
    assert kouan("verdict", "--year", "2023", "--as", "guangdong", "--port", "满洲里", "--json").status == 1


def test_impossible_figures_of_one_port_stop_no_other(kouan: Any) -> None:
    series = figures("port:manzhouli-rail", "cargo_tonnes", {"2023": 1})
    Observation.objects.create(
        series=series, period_start=date(2023, 1, 1), period_end=date(2023, 12, 31), revision=2, value=10**17,
        batch=a_batch(), row=1, column=1,
    )
    ran = kouan("verdict", "--year", "2023", "--as-of", "2027-06-30", "--json")
    found = {each["port"]: each for each in ran.json["verdicts"]}
    assert ran.status == 1
    assert found["ceshi-water"]["verdict"] == "fails"
    assert [each["code"] for each in found["manzhouli-rail"]["findings"]] == ["impossible_figure"]
    assert found["manzhouli-rail"]["verdict"] == "incomplete"
    recorded = kouan("verdict", "--year", "2023", "--as-of", "2027-06-30", "--record", "--json")
    assert recorded.status == 1 and VerdictRecord.objects.filter(year=2023).count() == 2


def test_recording_is_repeatable(kouan: Any) -> None:
    for _ in range(2):
        assert kouan("verdict", "--year", "2023", "--as-of", "2027-06-30", "--record", "--json").status == 0
    assert VerdictRecord.objects.count() == 2
    assert kouan("verdict", "--year", "2023", "--record", "--as", "guangdong", "--json").codes == ["not_allowed"]


def test_flows_by_month_quarter_and_year(kouan: Any) -> None:
    months = a_year_of_months(2022, 10)
    del months["2022-05"]
    figures("port:ceshi-water", "teu", months, unit="TEU")
    year = kouan("flows", "测试港", "--measure", "teu", "--json").json
    assert [(each["value"], each["partial"], each["present"]) for each in year[0]["flows"]] == [(None, 110, 11)]
    quarters = kouan("flows", "ceshi-water", "--measure", "teu", "--every", "quarter", "--json").json[0]["flows"]
    assert [each["value"] for each in quarters] == [30, None, 30, 30]
    assert "11/12" in kouan("flows", "port:ceshi-water", "--measure", "teu").out
    assert kouan("flows", "ceshi-water", "--every", "week", "--json").status == 2
    assert kouan("flows", "满洲里", "--as", "guangdong", "--json").status == 1
    assert kouan("flows", "port:manzhouli-rail", "--as", "guangdong", "--json").codes == ["unknown_port"]
    assert "未报送" in kouan("flows", "满洲里").out


def test_counterpart_checks_say_that_there_is_nothing(kouan: Any) -> None:
    ran = kouan("counterpart", "--json")
    assert ran.status == 0 and isinstance(ran.json, list)


def test_the_register_is_listed_and_shown(kouan: Any) -> None:
    assert [each["code"] for each in kouan("ports", "list", "--json").json] == ["ceshi-water", "manzhouli-rail"]
    assert [each["code"] for each in kouan("ports", "list", "--province", "15", "--json").json] == ["manzhouli-rail"]
    assert [each["code"] for each in kouan("ports", "list", "--search", "manzhouli", "--json").json] == ["manzhouli-rail"]
    assert [each["code"] for each in kouan("ports", "list", "--as", "guangdong", "--json").json] == ["ceshi-water"]
    assert kouan("ports", "show", "满洲里", "--json").json["state"]["name_zh"] == "满洲里铁路口岸"
    assert kouan("ports", "show", "满洲里", "--known-at", "2001-01-01", "--json").json["state"] is None
    assert "共 2 个" in kouan("ports", "list").out
    assert kouan("ports", "show", "满洲里", "--as", "guangdong", "--json").status == 1


def test_scores_need_figures(kouan: Any) -> None:
    assert kouan("score", "--json").codes == ["benchmark_without_data"]


def test_users_and_keys(kouan: Any) -> None:
    assert {each["username"] for each in kouan("accounts", "list", "--json").json} == {"guangdong", "guojia"}
    made = kouan("accounts", "token", "guangdong", "--name", "省平台", "--days", "30")
    assert made.status == 0 and made.out.startswith("kouan_")
    kept = ApiToken.objects.get()
    assert kept.user.username == "guangdong" and made.out.split()[0] not in str(vars(kept))
    assert kouan("accounts", "revoke", str(kept.pk)).status == 0
    assert ApiToken.objects.get().revoked_at is not None
    assert kouan("accounts", "revoke", "999").status == 1
    assert kouan("accounts", "token", "nobody", "--name", "x").status == 1
    assert kouan("accounts", "token", "guangdong", "--name", "x", "--days", "0").status == 2
