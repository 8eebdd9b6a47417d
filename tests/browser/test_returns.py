"""A month's return in a browser: template out, filled with three faults, findings by cell, correction, two levels of sign-off, and the figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from kouan.accounts.action import acting_system
from kouan.accounts.models import User
from kouan.basis import clock
from kouan.collection.models import Observation
from kouan.collection.returns import calls, forms
from kouan.collection.returns.models import Return

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


@pytest.mark.long
def test_a_month_from_template_to_figure(
    house: Any, browser: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None], page: Any, tmp_path: Path,
) -> None:
    month = forms.latest_period("month")
    calls.set_due_rule(actor=User.objects.get(username="guojia"), cadence="month", due_days=60, freeze_days=20, escalate_days=5,
                       valid_from=date(month.start.year, month.start.month, 1), reason="测试")
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
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN")
        theirs = context.new_page()
        sign_in(theirs, name)
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
        context.close()
