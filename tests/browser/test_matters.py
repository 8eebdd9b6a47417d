"""A request carried by its people through a real browser: begun, refused and corrected, asked about, allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.desk.files import a_pdf
from tests.desk.matters import Effects, the_sample

from kouan.accounts.models import Organisation, User
from kouan.desk.actions import file_place
from kouan.desk.matters.actions import Concerns, open_matter
from kouan.desk.matters.models import Matter
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.upkeep import set_period
from kouan.desk.models import DocumentVersion


@pytest.fixture
def sample(house: Any, tmp_path: Path) -> Iterator[Effects]:
    with the_sample(tmp_path) as effects:
        set_period(actor=User.objects.get(username="guojia"), procedure="wharf_use", setting="longest_stay", count=6, reason="国家口岸办确定")
        yield effects


def open_step(page: Any, label: str) -> Any:
    """The form of one step, unfolded."""
    way = page.locator("details.way", has=page.locator("summary", has_text=label)).first
    if way.get_attribute("open") is None:
        way.locator("> summary").click()
    return way


@pytest.mark.long
def test_from_the_first_form_to_the_last_step(
    house: Any, sample: Effects, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None]
) -> None:
    sign_in(page, "guangdong")
    page.goto(f"{house.url}/inbox")
    look(page, "inbox-empty")
    page.click("text=发起办件")
    look(page, "matters-choose")
    page.click("text=码头临时启用")
    page.click("form[data-once] .btn-primary")
    assert page.locator(".findings").inner_text().count("标题")
    page.fill("#in-title", "盐田码头临时启用")
    page.select_option("#in-named-customs", Organisation.objects.get(users__username="luohu-bianjian").code)
    look(page, "matters-begin")
    page.click("form[data-once] .btn-primary")
    page.wait_for_url("**/matters/*")
    matter = Matter.objects.get()
    way = open_step(page, "提交")
    way.locator("button.btn").last.click()
    page.wait_for_selector(".findings")
    assert "申请文件" in page.locator(".findings").inner_text()
    way = open_step(page, "提交")
    way.locator("input[name=paper-application-title]").fill("关于临时启用的请示")
    way.locator("input[name=paper-application-file]").set_input_files({"name": "请示.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 scan"})
    look(page, "matter-step")
    way.locator("button.btn").last.click()
    page.wait_for_selector(".notice-success")
    assert "待受理" in page.locator(".lede-marks").inner_text()

    page.click("[data-signs-out] button")
    sign_in(page, "guojia")
    page.goto(f"{house.url}/inbox")
    look(page, "inbox")
    page.click("text=盐田码头临时启用")
    way = open_step(page, "受理并征求意见")
    way.locator("select[name=fact-has_berth]").select_option("yes")
    way.locator("input[name=fact-depth_metres]").fill("15")
    way.locator("button.btn").last.click()
    page.wait_for_selector("#opinions")
    look(page, "matter-opinions")

    page.click("[data-signs-out] button")
    sign_in(page, "luohu-bianjian")
    page.goto(f"{house.url}/matters/{matter.pk}")
    page.fill("textarea[name=words]", "具备查验条件")
    page.click("text=提交答复")
    page.wait_for_selector(".notice-success")

    page.click("[data-signs-out] button")
    sign_in(page, "guojia")
    page.goto(f"{house.url}/matters/{matter.pk}")
    page.fill("#in-reference-military", "军函1号")
    page.click("text=提交答复")
    page.wait_for_selector(".notice-success")
    way = open_step(page, "同意")
    way.locator("input[name=paper-letter-title]").fill("关于同意临时启用的函")
    way.locator("button.btn").last.click()
    page.wait_for_selector(".notice-success")
    assert sample.opened == [matter.pk] and "启用中" in page.locator(".lede-marks").inner_text()
    look(page, "matter-in-use")
    page.click("text=English")
    page.wait_for_selector("html[lang=en]")
    look(page, "matter-in-use-en")


@pytest.mark.long
def test_the_pages_of_procedures(
    house: Any, sample: Effects, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None]
) -> None:
    sign_in(page, "guojia")
    for address, name in (("/procedures", "procedures"), ("/procedures/wharf_use", "procedure"), ("/procedures/holidays", "holidays"),
                          ("/inbox/delegations", "delegations"), ("/matters", "matters")):
        page.goto(house.url + address)
        look(page, name)


@pytest.mark.long
def test_a_paper_is_looked_at_and_the_other_doors_of_matters(
    house: Any, sample: Effects, page: Any, sign_in: Callable[[Any, str], None], look: Callable[[Any, str], None]
) -> None:
    officer = User.objects.get(username="guangdong")
    matter = open_matter(actor=officer, procedure="wharf_use", title="盐田码头临时启用", concerns=Concerns(province_code="44"),
                         named={"customs": Organisation.objects.get(users__username="luohu-bianjian").code})
    take_step_with_papers(actor=officer, matter=matter.pk, transition="submit", papers=[
        Paper("application", "关于临时启用的请示", "粤府函〔2024〕3号", source=BytesIO(a_pdf()), file_name="请示.pdf")])
    sign_in(page, "guangdong")
    page.goto(f"{house.url}/matters/{matter.pk}")
    page.click("text=请示.pdf")
    page.wait_for_selector("img.paper-page")
    assert page.evaluate("document.querySelector('img.paper-page').naturalHeight") > 1000, "the drawing came through the content policy"
    look(page, "matter-paper")
    page.click("text=下一页")
    page.wait_for_url("**page=2**")
    page.set_input_files("#in-file", {"name": "附件.zip", "mimeType": "application/zip", "buffer": b"PK"})
    page.click("#versions button")
    page.wait_for_selector(".findings, .field-wrong")
    look(page, "matter-paper-refused")
    version = matter.steps.get(number=2)
    place = file_place(DocumentVersion.objects.get(document__reference=version.documents["application"]).sha256)
    place.write_bytes(b"%PDF-1.4 forged")
    page.goto(f"{house.url}/matters/{matter.pk}")
    assert page.locator("#history .mark-bad").inner_text().count("不予下载")
    look(page, "matter-paper-altered")
    page.click("#history .step-facts a")
    page.wait_for_selector(".notice-error")
    look(page, "matter-paper-unfit")

    page.goto(f"{house.url}/inbox/calendar")
    look(page, "calendar-none")
    page.click("button:has-text(\"启用订阅地址\")")
    page.wait_for_selector("#in-address")
    look(page, "calendar-made")
    page.goto(f"{house.url}/matters/statistics")
    look(page, "matter-statistics")
    page.click("text=English")
    page.wait_for_selector("html[lang=en]")
    look(page, "matter-statistics-en")
