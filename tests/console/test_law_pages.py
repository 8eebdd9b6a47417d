"""Pages of the law: search, dates, one page each, and trying the standard by form and by file."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.factories import an_enterprise_user
from kouan.audit.models import AuditEntry
from kouan.basis import clock
from kouan.console.law_search import marked
from kouan.grading.lawbook.index import search
from kouan.grading.queries import rulings_path
from kouan.law import Law, registered_rules

RULING = """
- setting: volume_standard.sea_cargo
  value: measures_2017
  from_date: 2026-07-01
  document_number: 署岸函〔2026〕1号
  document_title: 关于海运口岸货运量指标的说明
  issued: 2026-06-20
"""
FACTS = ("transport_class,is_border,accepted_on,year,cargo_tonnes,person_crossings,months_reported\n"
         "sea,no,2012-05-01,2018,999999,10000,12\nsea,no,2012-05-01,2018,999999,9999,12\nsea,no,,2018,abc,9999,12\n")


@pytest.fixture
def reader(open_as, reporter):
    """Any reader of the console: the law is everybody's."""
    with clock.travel_to("2024-06-30"):
        yield open_as(reporter)


@pytest.fixture
def ruled():
    """An installation with one ruling on record."""
    place = rulings_path()
    place.write_text(RULING, encoding="utf-8")
    yield place
    place.unlink()


def read(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


# ---- the index -------------------------------------------------------------------------------------------


def test_the_index_shows_every_rule_parameter_and_setting(reader):
    page = read(reader, "/law")
    library = Law(date(2024, 6, 30)).library
    for key in (*library.parameters, *library.questions):
        assert key in page
    assert "口岸自通过验收之日起满3年后" in page and "1000万吨" in page and "A-31" in page


def test_a_rule_names_an_article_once_however_often_it_quotes_it(reader):
    footers = re.findall(r"<footer>(<a href=\"/law/rules/.*?)</footer>", reader.get("/law").content.decode())
    assert footers and max(each.count("专栏5") for each in footers) == 1


def test_the_day_picks_the_values_and_travels_along(reader):
    page = read(reader, "/law?as_of=2019-06-30")
    assert "<strong>100万吨</strong>" in page and "<strong>1000万吨</strong>" not in page
    assert "/law/parameters/volume_standard.sea.cargo?as_of=2019-06-30" in page and "2019年6月30日" in page
    assert "<strong>待新规</strong>" not in read(reader, "/law?as_of=2025-12-31")
    assert "<strong>待新规</strong>" in read(reader, "/law?as_of=2026-01-01")


def test_a_day_that_is_none_is_said_and_today_is_shown(reader):
    page = read(reader, "/law?as_of=2024-13-45")
    assert "不是日期" in page and "<strong>1000万吨</strong>" in page


@pytest.mark.parametrize(("said", "key"), [
    ("界河", "volume_standard.boundary_river.cargo"), ("宽限", "volume_standard.grace.years"),
    ("a-03", "volume_standard.sea_cargo"), ("海运 100万吨", "volume_standard.sea.cargo"), ("边境口岸 豁免", "volume_standard.border_mode"),
    ("军民合用", "access_air"), ("AC-B3", "access_border"), ("一城一口岸", "access.one_city.open_ports"),
])
def test_words_of_two_characters_find_their_page(reader, said, key):
    assert key in {hit.key for hit in search(said)}
    page = read(reader, f"/law?q={said}")
    assert f"{key}" in page and "<mark>" in page


def test_a_search_without_a_hit_says_what_to_do_and_runs_no_markup(reader):
    page = read(reader, "/law?q=<script>alert(1)</script>")
    assert "没有找到" in page and "<script>alert" not in page
    assert str(marked("<b>", ["b"])) == "&lt;<mark>b</mark>&gt;"


@pytest.mark.parametrize("table", ["p", "s"])
def test_tables_leave_as_files_with_a_trace(reader, table):
    answer = reader.get(f"/law?{table}.format=json")
    held = json.loads(b"".join(answer.streaming_content))
    library = Law(date(2024, 6, 30)).library
    assert len(held["rows"]) == len(library.parameters if table == "p" else library.questions)
    assert AuditEntry.objects.filter(kind="E", note="export").exists()


# ---- one page each -----------------------------------------------------------------------------------------


def test_a_rule_shows_sentence_sources_steps_and_both_columns_of_values(reader):
    page = read(reader, "/law/rules/volume_standard")
    assert "口岸通过验收之日满 3 年后执行（边境口岸除外）" in page and "第四条" in page
    assert "1000万吨" in page and "100万吨" in page and "2017年1月1日" in page and "volume_standard/1" in page


def test_a_parameter_shows_every_value_its_note_and_a_chart(reader):
    page = read(reader, "/law/parameters/volume_standard.sea.cargo")
    assert "10,000,000 吨" in page and "与2017年办法（100万吨）不一致" in page and 'class="step-chart"' in page
    assert "/law/settings/volume_standard.sea_cargo" in page and "/law/rules/volume_standard" in page
    for kind in ("csv", "json", "xlsx"):
        assert reader.get(f"/law/parameters/volume_standard.sea.cargo?format={kind}").status_code == 200
    assert "该日尚无数值" in read(reader, "/law/parameters/volume_standard.sea.cargo?as_of=2016-12-31")


def test_a_ruling_holds_from_its_day_and_says_its_number(reader, ruled):
    before = read(reader, "/law/settings/volume_standard.sea_cargo?as_of=2026-06-30")
    assert "系统默认，尚无解释文件" in before and "截至日期尚未适用" in before
    after = read(reader, "/law/settings/volume_standard.sea_cargo?as_of=2026-07-01")
    assert "署岸函〔2026〕1号" in after and "截至日期尚未适用" not in after
    assert "<strong>100万吨</strong>" in read(reader, "/law?as_of=2026-07-01")


@pytest.mark.parametrize("address", ["/law/rules/none", "/law/parameters/none", "/law/settings/none"])
def test_what_is_not_in_the_law_is_not_found(reader, address):
    assert reader.get(address).status_code == 404


def test_one_row_of_numbers_has_one_form(reader):
    facts = "transport_class=sea&is_border=否&accepted_on=2012-05-01&year=2023&cargo_tonnes=1200万&person_crossings=5&months_reported=12"
    page = read(reader, f"/law/try?{facts}")
    row = page.split("<tbody>")[1].split("</tr>")[0]
    assert [value in row for value in (">12,000,000<", ">10,000,000<", ">2,000,000<")] == [True] * 3
    assert "万" not in row, "the exact number beside a shortened one cannot be compared at a glance"
    reason = page.split('class="verdict-reason">')[1].split("</p>")[0]
    assert reason == ("货运量12,000,000吨，达到不少于10,000,000吨的标准；出入境人员5人次，未达到不少于10,000人次的标准。"
                      "有一项达到，即为达标。"), "no next step: nothing of the register is judged here"
    other = page.split("其他理解下结论不同</h3>")[1].split("</dl>")[0]
    assert all(words in other for words in ("货运量与人员数量的关系", "如理解为“两项均须达到”", "不达标")), "in words, not by its number alone"
    reader.cookies["kouan_language"] = "en"
    english = read(reader, f"/law/try?{facts}")
    assert "one is enough: it passes" in english and "If read as “" in english


# ---- trying ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("facts", "verdict"), [
    ("transport_class=sea&is_border=否&accepted_on=2012-05-01&year=2018&cargo_tonnes=999999&person_crossings=10000&months_reported=12", "达标"),
    ("transport_class=sea&is_border=否&accepted_on=2012-05-01&year=2018&cargo_tonnes=999999&person_crossings=9999&months_reported=12", "不达标"),
    ("transport_class=sea&is_border=否&accepted_on=2012-05-01&year=2018&cargo_tonnes=999999&person_crossings=9999&months_reported=11", "数据不全"),
    ("transport_class=sea&is_border=是&accepted_on=2012-05-01&year=2018&cargo_tonnes=1&person_crossings=1&months_reported=12", "仅监测"),
])
def test_one_row_is_judged_with_its_trace(reader, facts, verdict):
    page = read(reader, f"/law/try?{facts}")
    assert "判定过程" in page and "/law/rules/volume_standard" in page
    found = page.split('class="verdict-line"')[1].split("</span>")[0]
    assert found.endswith(verdict), found


def test_a_field_that_cannot_be_read_is_named_and_nothing_is_judged(reader):
    answer = reader.get("/law/try?transport_class=sea&year=20x3&cargo_tonnes=many")
    page = answer.content.decode()
    assert answer.status_code == 422 and 'href="#field-year"' in page and 'href="#field-cargo_tonnes"' in page
    assert "verdict-line" not in page and 'value="20x3"' in page


def test_a_file_is_judged_line_by_line(reader):
    def post(**more):
        file = SimpleUploadedFile("facts.csv", FACTS.encode())
        return reader.post("/law/try?as_of=2024-06-30", {"facts": file, **more})

    page = post().content.decode()
    assert "达标" in page and "不达标" in page and "无法判定" in page and "判定" in page
    answers = post(format="json").json()
    assert [answer["verdict"] for answer in answers] == ["meets", "fails", None]
    assert AuditEntry.objects.filter(kind="E", note="export").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04zip", b"a,a\n1,2\n"])
def test_a_file_that_is_no_csv_is_refused_beside_its_field(reader, content):
    answer = reader.post("/law/try", {"facts": SimpleUploadedFile("facts.csv", content)})
    assert answer.status_code == 422 and "findings-bad" in answer.content.decode()
    assert reader.post("/law/try").status_code == 422


RULES = ["access-air", "access-border", "access-water", "province-gate", "withdrawal-ladder", "grade-proposal"]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_made_of_conditions_shows_them_with_words_facts_and_values(reader, name):
    rule = registered_rules()[name.replace("-", "_")]
    page = read(reader, f"/law/rules/{rule.key}")
    assert f"/law/try/{name}" in page and "所读的事实" in page and "由谁提供" in page
    for criterion in rule.criteria:
        assert f">{criterion}<" in page
    assert ("数值" in page) == bool(rule.parameters) or "数值条件" in page
    early = read(reader, f"/law/rules/{rule.key}?as_of=2016-01-01")
    assert "当日尚未施行" in early


@pytest.mark.parametrize(("name", "facts", "verdict"), [
    ("province-gate", "projects=none", "符合条件"),
    ("province-gate", "projects=one&listed_in_13fyp_plan=true&applied_to_state_council_in_13fyp=false&excuse_code=none"
                      "&reasonable_justification_accepted=false", "从严控制"),
    ("province-gate", "projects=one&listed_in_13fyp_plan=true&applied_to_state_council_in_13fyp=false", "尚不能判定"),
    ("access-water", "projects=none&open_water_ports_in_city=1", "引导整合"),
    ("withdrawal-ladder", "years_below=３&is_border=true&strategy_mark=false", "联合评审"),
    ("grade-proposal", "strategy=80&benefit=80&reach=79.9", "建议为国家重要口岸"),
    ("access-air", "civil_military_airport=true", "从严控制"),
])
def test_facts_of_a_form_are_judged_by_conditions(reader, name, facts, verdict):
    page = read(reader, f"/law/try/{name}?{facts}&as_of=2024-06-30")
    line = page.split('class="verdict-line"')[1].split("</strong>")[0]
    assert line.endswith(f"<strong>{verdict}") and "判定过程" in page
    if verdict == "尚不能判定":
        assert "尚缺的事实" in page and "省级口岸管理部门" in page


@pytest.mark.parametrize(("name", "facts", "field"), [
    ("withdrawal-ladder", "years_below=many", "years_below"), ("withdrawal-ladder", "years_below=-1", "years_below"),
    ("withdrawal-ladder", "is_border=perhaps", "is_border"), ("access-border", "serves_zone=边境经济合作", "serves_zone"),
    ("province-gate", "projects=one&excuse_code=neighbor_country", "excuse_code"),
])
def test_a_field_of_a_condition_that_cannot_be_is_named(reader, name, facts, field):
    answer = reader.get(f"/law/try/{name}?{facts}")
    page = answer.content.decode()
    assert answer.status_code == 422 and f'href="#field-{field}"' in page and "verdict-line" not in page


def test_there_is_no_form_for_a_rule_that_is_none(reader):
    assert reader.get("/law/try/no-such-rule").status_code == 404


def test_every_page_speaks_english_too(reader):
    reader.cookies["kouan_language"] = "en"
    for address in ("/law", "/law?q=grace", "/law/rules/volume_standard", "/law/parameters/volume_standard.sea.cargo",
                    "/law/settings/volume_standard.sea_cargo", "/law/try?transport_class=sea&year=2018", "/law/rules/access_air",
                    "/law/try/access-air?civil_military_airport=true", "/law/parameters/access.air_gate.unaccepted_years"):
        page = reader.get(address).content.decode()
        assert 'lang="en"' in page and "截至日期" not in page, address


@pytest.mark.parametrize(("address", "shown"), [
    ("/law", ("10 million t", "100,000 person-crossings", "3 years")), ("/law/rules/volume_standard", ("10 million t", "1 million t")),
    ("/law/parameters/volume_standard.sea.cargo", ("10 million t", "1 million t")), ("/law/parameters/volume_standard.grace.years", ("3 years",)),
])
def test_values_are_english_on_english_pages_with_the_printed_form_beside_them(reader, address, shown):
    reader.cookies["kouan_language"] = "en"
    page = read(reader, address)
    for said in shown:
        assert said in page
    for printed in ("1000万吨", "3年"):
        bare = page.replace(f'<q class="subline" lang="zh-CN">{printed}</q>', "").replace(f"the plan: {printed}", "")
        assert bare == page or printed not in bare, "Chinese values stand as quotations only"
    assert 'lang="zh-CN">国家“十四五”口岸发展规划 专栏6</span>' in page or "rules" in address
    reader.cookies["kouan_language"] = "zh-hans"
    assert '<q class="subline"' not in read(reader, address), "in Chinese the value is the printed form"


def test_every_value_of_the_law_has_an_english_form():
    for parameter in Law(date(2024, 6, 30)).library.parameters.values():
        for value in parameter.values:
            assert value.text.zh == value.printed_text and value.text.en.isascii()


def test_enterprises_are_refused(open_as):
    client = open_as(an_enterprise_user())
    for address in ("/law", "/law/rules/volume_standard", "/law/try", "/law/try/access-air"):
        assert client.get(address).status_code == 403
