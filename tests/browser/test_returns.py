"""A month's end in a browser: template out, filled with three faults, findings by cell, correction, two levels of sign-off, the figure; then
freeze, publication, a grant to another province, and its revocation."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.accounts.factories import a_user, an_office
from tests.collection.returns.office import a_filled
from tests.ports.factories import a_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role, User
from kouan.basis import Period, clock
from kouan.collection.models import Observation
from kouan.collection.returns import actions, calls, forms
from kouan.collection.returns.models import Return
from kouan.desk.sharing.models import DataGrant

VALUES = {"pax_in": 2_100_000, "pax_out": 2_050_000, "crew": 3_000, "conv": 900, "lane_capacity_hour": 12_000, "citizen_batches": 40,
          "citizen_batches_30": 39}


def fill_in(book: Path, values: dict[str, Any], to: Path) -> dict[str, str]:
    """What an official does in Excel; answers in which cell each item stands."""
    opened = load_workbook(book)
    sheet = opened["KA-02"]
    rows = {str(sheet.cell(row, 11).value): row for row in range(1, sheet.max_row + 1)}
    for item, value in values.items():
        sheet.cell(rows[item], 4).value = value
    for name, said in (("head", "王某"), ("statistician", "李某"), ("filler", "张某"), ("reported_on", clock.today().isoformat())):
        sheet.cell(rows[f"footer:{name}"], 4).value = said
    opened.save(to)
    return {item: f"D{rows[item]}" for item in values}


RAILWAYS = ("guangshen1-rail", "guangshen2-rail")


def sign(code: str, month: Period) -> None:
    """What a neighbouring port filed for the same month, signed at both levels."""
    person = User.objects.get(username=f"{code}-bianjian")
    held = actions.owed(actor=person, form="KA-02", port=code, period=month.code)
    actions.file_return(actor=person, number=held.pk, filled=a_filled(people={"reported_on": clock.today().isoformat()}), channel="page")
    for name, decision in (("guangdong", "pass"), ("guojia", "sign")):
        actions.review(actor=User.objects.get(username=name), number=held.pk, decision=decision, words="相符")


@pytest.fixture
def go_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """``go_to(day)``: the whole house stands at ten in the morning of that day; first at 6 November 2024, before anything is registered."""

    def go(day: date) -> None:
        gone = datetime.combine(day, time(10), clock.BEIJING) - datetime.now(UTC)
        monkeypatch.setattr(clock, "machine_time", lambda: datetime.now(UTC) + gone)

    go(date(2024, 11, 6))
    return go


@pytest.mark.long
def test_a_month_end_from_template_to_revocation(
    go_to: Callable[[date], None], house: Any, browser: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None], page: Any,
    tmp_path: Path,
) -> None:
    def come(name: str) -> Any:
        """Another person in a browser of his or her own."""
        theirs = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN").new_page()
        sign_in(theirs, name)
        return theirs

    month = forms.latest_period("month")
    calls.set_due_rule(actor=User.objects.get(username="guojia"), cadence="month", due_days=10, freeze_days=20, escalate_days=5,
                       valid_from=date(month.start.year, month.start.month, 1), reason="测试")
    for code in RAILWAYS:
        a_port(code, "rail", province_code="44", transport_class="rail", class_basis="测试")
        a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, name_zh=f"{code}边检站", province_code="44", port_codes=[code]),
               username=f"{code}-bianjian")
    with acting_system("returns") as system:
        calls.open_calls(actor=system)
    held = Return.objects.get(form="KA-02", port__code="luohu-rail")

    # Template out.
    sign_in(page, "luohu-bianjian")
    page.goto(f"{house.url}/returns")
    look(page, "returns-work")
    page.click(f'a[href="/returns/{held.pk}"]')
    with page.expect_download() as taken:
        page.click('a:has-text("下载模板")')
    blank = tmp_path / "空表.xlsx"
    taken.value.save_as(blank)

    # Three faults, each told at its cell; nothing is filed.
    wrong, right = tmp_path / "错.xlsx", tmp_path / "对.xlsx"
    cells = fill_in(blank, {**VALUES, "pax_in": -5, "conv": 7.5, "citizen_batches_30": 41}, wrong)
    page.goto(f"{house.url}/returns/upload")
    page.set_input_files("#in-file", str(wrong))
    page.click('form[enctype] .btn-primary')
    page.wait_for_selector("#by-cell")
    told = {each.get_attribute("id") for each in page.query_selector_all("#by-cell tbody tr")}
    assert told == {f"cell-{cells[item]}" for item in ("pax_in", "conv", "citizen_batches_30")}
    look(page, "returns-faults")
    assert not Return.objects.get(pk=held.pk).versions.exists()

    # Corrected and filed.
    fill_in(blank, VALUES, right)
    page.set_input_files("#in-file", str(right))
    page.click('form[enctype] .btn-primary')
    page.wait_for_url(f"**/returns/{held.pk}")
    assert "已报待审" in page.content()
    look(page, "returns-filed")

    # Two levels sign off, each another person.
    for name, button in (("guangdong", "pass"), ("guojia", "sign")):
        theirs = come(name)
        theirs.goto(f"{house.url}/returns/{held.pk}")
        look(theirs, f"returns-{button}")
        theirs.fill("#in-words", "相符")
        theirs.click(f'button[value="{button}"]')
        theirs.wait_for_selector(".mark")
        if button == "sign":
            theirs.wait_for_function("() => document.body.innerText.includes('已审定')")
            theirs.goto(f"{house.url}/returns/board")
            look(theirs, "returns-board")
            # The figure stands at the port, and leads back to the cell.
            total = Observation.objects.get(series__subject_code="luohu-rail", series__measure="person_crossings", series__group="all")
            theirs.goto(f"{house.url}/ports/luohu-rail?by=month")
            assert "415.3" in theirs.content()
            inbound = Observation.objects.get(series__measure="person_crossings", series__direction="inbound")
            assert total.value == 4_153_000
            theirs.goto(f"{house.url}/intake/figures/{inbound.pk}")
            assert f"（{cells['pax_in']}）" in theirs.content() and "2100000" in theirs.content()
            look(theirs, "returns-figure")
        else:
            theirs.wait_for_function("() => document.body.innerText.includes('已通过')")
        theirs.context.close()

    # Two more railway ports of Guangdong have filed as well; the month freezes.
    for code in RAILWAYS:
        sign(code, month)
    freeze = Return.objects.get(pk=held.pk).freeze_on
    assert freeze is not None
    go_to(freeze + timedelta(days=2))

    # An officer proposes, a leader approves, anybody reads.
    officer = come("guojia")
    officer.goto(f"{house.url}/releases")
    look(officer, "releases")
    officer.fill("#in-number", "1.0")
    officer.fill("#in-zh", "首次公布")
    officer.fill("#in-en", "First publication")
    officer.click("#propose .btn-primary")
    officer.wait_for_url("**/releases/*")
    look(officer, "release-proposed")
    leader = come("fuzeren")
    leader.goto(officer.url)
    leader.fill("#in-opinion", "同意公布")
    leader.click('button[value="approve"]')
    leader.wait_for_selector("text=公开页")
    anybody = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN").new_page()
    anybody.goto(f"{house.url}/data/port-flows-monthly")
    look(anybody, "release-public")
    with anybody.expect_download() as taken:
        anybody.click('a[href$="/data.csv"]')
    published = {(row["area"], row["mode"], row["item"]): row for row in csv.DictReader(taken.value.path().open(encoding="utf-8"))}
    assert published["44", "rail", "persons"]["value"] == str(4_153_000 * 3)
    assert published["CN", "all", "persons"]["status"] == "M", "满洲里 has not filed"
    # The figure leads to what was published of it.
    officer.goto(f"{house.url}/lineage?of=observation:{inbound.pk}")
    assert officer.locator('a[href="/data/port-flows-monthly/1.0"]').count()
    look(officer, "release-lineage")

    # Yunnan asks Guangdong for the port's figures, reads them by the grant, and no longer once it is revoked.
    gd, yn = come("guangdong"), come("yunnan")
    gd.goto(f"{house.url}/data-sets/new")
    for name, said in (("code", "gd-rail-persons"), ("name_zh", "广东铁路口岸人员"), ("definition_zh", "广东铁路口岸每月出入境人员"),
                       ("provinces", "44")):
        gd.fill(f"#in-{name}", said)
    for name, said in (("room", "collection"), ("classification", "general"), ("sensitivity", "none")):
        gd.select_option(f"#in-{name}", said)
    gd.select_option("#in-owner", "gd")
    gd.click("form[data-once] .btn-primary >> nth=-1")
    gd.wait_for_url("**/data-sets/gd-rail-persons")
    gd.click('button[value="publish"]')
    gd.wait_for_selector("text=已发布")
    reading = f"{house.url}/data-sets/gd-rail-persons/figures"
    assert yn.goto(reading).status == 404
    yn.goto(f"{house.url}/data-sets/gd-rail-persons")
    yn.fill("#in-purpose", "中老铁路与广东铁路口岸客流比较")
    yn.fill("#in-ends_on", (clock.today() + timedelta(days=90)).isoformat())
    yn.click("form[data-once] .btn-primary >> nth=-1")
    yn.wait_for_selector("text=已提交归口单位审批")
    grant = DataGrant.objects.get()
    gd.goto(f"{house.url}/grants/{grant.pk}")
    look(gd, "grant-asked")
    gd.fill("#in-reason", "同意，用于客流比较")
    gd.click('button[value="approve"]')
    gd.wait_for_selector('button[value="revoke"]')
    assert yn.goto(reading).status == 200 and "2,100,000" in yn.content()
    look(yn, "grant-read")
    gd.reload()
    assert "云南口岸办（演示）" in gd.locator("#reads").inner_text()
    gd.fill("#in-reason", "用途已了")
    gd.click('button[value="revoke"]')
    gd.wait_for_selector("text=已收回")
    assert yn.goto(reading).status == 404 and "2,100,000" not in yn.content()
