"""Pages of 报送: every address in scope, out of scope, and as a file; preview, commit, decisions, lineage."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from accounts.factories import a_provincial_officer, an_enterprise_user
from kouan.audit.models import AuditEntry
from kouan.collection import jobs
from kouan.collection.models import Batch, BatchState, Holding, Observation
from kouan.desk.jobs import run
from kouan.desk.models import Job, JobState

HEAD = "口岸,指标,时期,方向,数值,单位\n"
GOOD = "luohu-rail,person_crossings,2023-03,inbound,3200000,人次\n"
HELD = "luohu-rail,person_crossings,2023-04,inbound,三百万,人次\n"
WRONG_NAME = "罗糊铁路口岸,person_crossings,2023-04,outbound,1,人次\n"


@pytest.fixture(autouse=True)
def _register(ports):
    """罗湖 and 满洲里 are registered."""


@pytest.fixture
def reporting(open_as, reporter):
    """A browser in which the reporter of 罗湖, in Guangdong, is signed in."""
    reporter.organisation.province_code = "44"
    reporter.organisation.save(update_fields=["province_code"])
    return open_as(reporter)


def send(client, text: str, source: str = "port-return", name: str = "return.csv", **headers):
    return client.post("/intake/upload", {"source": source, "file": SimpleUploadedFile(name, text.encode())}, headers=headers or None)


def previewed(client, text: str = HEAD + GOOD + HELD) -> Batch:
    answer = send(client, text)
    assert answer.status_code == 303, answer.content.decode()[:2000]
    return Batch.objects.get(pk=answer["Location"].rsplit("/", 1)[1])


@pytest.fixture
def committed(reporting) -> Batch:
    """A batch of one accepted and one held row, taken in through the pages."""
    batch = previewed(reporting)
    assert reporting.post(f"/intake/batches/{batch.pk}/commit").status_code == 302
    batch.refresh_from_db()
    assert batch.state == BatchState.COMMITTED
    return batch


# ---- the way of a file ------------------------------------------------------------------------------


def test_a_preview_writes_nothing_and_shows_each_faulty_cell(reporting):
    batch = previewed(reporting, HEAD + GOOD + HELD + WRONG_NAME)
    page = reporting.get(f"/intake/batches/{batch.pk}").content.decode()
    assert Observation.objects.count() == Holding.objects.count() == 0
    assert (batch.rows_read, batch.rows_accepted, batch.rows_held, batch.rows_refused) == (3, 1, 2, 0)
    assert "尚未入库" in page and "确认入库" in page
    # The cell at fault carries its message, and the summary leads to the row.
    assert 'class="is-wrong" id="cell-E3">三百万' in page
    assert 'href="#cell-E3"' in page and 'href="#cell-A4"' in page and 'id="row-0-3"' in page
    assert "罗湖铁路口岸（luohu-rail）" in page  # the nearest known name


def test_a_preview_shows_old_and_new_value_of_a_revision(reporting, committed):
    batch = previewed(reporting, HEAD + GOOD.replace("3200000", "3200001"))
    page = reporting.get(f"/intake/batches/{batch.pk}").content.decode()
    assert (batch.observations, batch.revisions, batch.unchanged) == (0, 1, 0)
    assert "3,200,000" in page and "3,200,001" in page and "+1" in page


def test_the_result_page_adds_up_and_leads_to_the_cell(reporting, committed):
    page = reporting.get(f"/intake/batches/{committed.pk}", follow=True).content.decode()
    assert committed.rows_read == committed.rows_accepted + committed.rows_held + committed.rows_refused == 2
    assert committed.file_sha256 in page and "待处理" in page and "合计不符" not in page
    figure = Observation.objects.get()
    assert f"/intake/figures/{figure.pk}" in reporting.get(f"/intake/batches/{committed.pk}/figures").content.decode()
    page = reporting.get(f"/intake/figures/{figure.pk}").content.decode()
    assert "3,200,000" in page and 'class="is-it">3200000' in page and committed.file_sha256 in page
    assert 'class="is-it">3200000' in reporting.get(f"/intake/figures/{figure.pk}/cell").content.decode()


def test_the_old_revision_stays_readable_and_points_to_the_current_one(reporting, committed):
    old = Observation.objects.get()
    batch = previewed(reporting, HEAD + GOOD.replace("3200000", "3200001"))
    reporting.post(f"/intake/batches/{batch.pk}/commit")
    new = Observation.objects.get(revision=2)
    page = reporting.get(f"/intake/figures/{old.pk}").content.decode()
    assert "已被修订的旧数" in page and f"/intake/figures/{new.pk}" in page and "3,200,001" in page
    assert "已被修订的旧数" not in reporting.get(f"/intake/figures/{new.pk}").content.decode()


def test_a_dropped_preview_is_gone_from_the_list_of_things_to_do(reporting):
    batch = previewed(reporting)
    assert "已预览而未提交" in reporting.get("/intake").content.decode()
    assert reporting.post(f"/intake/batches/{batch.pk}/discard").status_code == 302
    assert "已预览而未提交" not in reporting.get("/intake").content.decode()
    assert reporting.post(f"/intake/batches/{batch.pk}/commit").status_code == 409
    assert "已放弃" in reporting.get(f"/intake/batches/{batch.pk}").content.decode()


def test_the_same_file_again_is_not_taken_in_twice(reporting, committed):
    answer = send(reporting, HEAD + GOOD + HELD)
    assert answer["Location"] == f"/intake/batches/{committed.pk}"
    assert "没有重复写入" in reporting.get(answer["Location"]).content.decode()
    assert Batch.objects.count() == 1


# ---- faults of an upload ------------------------------------------------------------------------------


def test_missing_choices_are_named_beside_their_fields(reporting):
    answer = reporting.post("/intake/upload", {"source": "port-return"})
    page = answer.content.decode()
    assert answer.status_code == 422 and 'href="#field-file"' in page and "请选择要上传的文件。" in page
    assert 'href="#field-source"' not in page


@pytest.mark.parametrize(("name", "text", "said"), [
    ("not.csv", "nothing\nof, this\n", "版式"),
    ("empty.csv", "", "空"),
    ("计划（机密★10年）.csv", HEAD + GOOD, "密级"),
    ("broken.xlsx", "PK\x03\x04 half a file", "文件"),
])
def test_a_file_that_cannot_be_taken_is_refused_with_what_to_do(reporting, name, text, said):
    answer = send(reporting, text, name=name)
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page and 'href="#field-file"' in page
    assert Batch.objects.count() == 0


def test_a_file_over_the_limit_is_refused(reporting, settings):
    settings.KOUAN_UPLOAD_LIMIT = 64
    answer = send(reporting, HEAD + GOOD * 2)
    assert answer.status_code == 422 and "未接收" in answer.content.decode()


def test_a_source_of_the_national_office_is_not_offered_and_not_accepted(reporting, open_as, officer):
    assert 'value="hk-control-points"' not in reporting.get("/intake/upload").content.decode()
    assert 'value="hk-control-points"' in open_as(officer).get("/intake/upload").content.decode()
    before = AuditEntry.objects.filter(kind="E", note="refused").count()
    assert send(reporting, "date\n", source="hk-control-points").status_code == 422
    assert AuditEntry.objects.filter(kind="E", note="refused").count() == before + 1


def test_an_expired_session_keeps_the_page_and_the_file(client):
    answer = send(client, HEAD + GOOD, **{"X-Requested-With": "fetch"})
    assert answer.status_code == 401 and answer["HX-Redirect"].startswith("/sign-in")


def test_a_script_is_told_the_address_as_json(reporting):
    answer = send(reporting, HEAD + GOOD, **{"X-Requested-With": "fetch"})
    assert answer.json()["address"] == f"/intake/batches/{Batch.objects.get().pk}"


# ---- large files: jobs ---------------------------------------------------------------------------------


def test_a_large_file_is_examined_and_committed_by_the_worker(reporting, reporter, monkeypatch, tmp_path):
    monkeypatch.setattr(jobs, "INLINE_BYTES", 16)
    monkeypatch.setattr(jobs, "incoming", lambda: tmp_path / "incoming")
    address = send(reporting, HEAD + GOOD + HELD)["Location"]
    job = Job.objects.get()
    assert address == f"/jobs/{job.pk}" and job.kind == jobs.PREVIEW and Batch.objects.count() == 0
    part = reporting.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "hx-trigger" in part and "<html" not in part
    assert run(job.pk).state == JobState.DONE
    batch = Batch.objects.get()
    assert reporting.get(address, headers={"HX-Request": "true"})["HX-Redirect"] == f"/intake/batches/{batch.pk}"
    assert not list(jobs.incoming().iterdir())
    assert reporting.post(f"/intake/batches/{batch.pk}/commit")["Location"] == f"/jobs/{Job.objects.latest('pk').pk}"
    done = run(Job.objects.latest("pk").pk)
    assert done.result["accepted"] == 1 and Observation.objects.count() == 1
    # Killed after its transaction, the job is run again and finds the work done.
    assert jobs.run_commit(owner=reporter, report=lambda *_: None, batch_id=batch.pk)["batch"] == batch.pk
    assert Observation.objects.count() == 1


def test_a_refused_job_says_what_to_do(reporting, monkeypatch):
    monkeypatch.setattr(jobs, "INLINE_BYTES", 1)
    address = send(reporting, "nothing\nof, this\n")["Location"]
    run(Job.objects.get().pk)
    page = reporting.get(address).content.decode()
    assert "没有完成，数据没有改变" in page and "重新上传" in page and "版式" in page


def test_a_job_is_its_owners_only(reporting, open_as, guangdong, monkeypatch):
    monkeypatch.setattr(jobs, "INLINE_BYTES", 1)
    address = send(reporting, HEAD + GOOD)["Location"]
    assert open_as(guangdong).get(address).status_code == 404
    assert "return.csv" in reporting.get("/jobs").content.decode()


# ---- held rows ------------------------------------------------------------------------------------------


def test_a_held_row_is_accepted_with_a_correction_and_a_reason(open_as, guangdong, reporting, committed):
    row = Holding.objects.get()
    province = open_as(guangdong)
    address = f"/intake/holdings/{row.pk}"
    assert 'name="cell-value" value="三百万"' in province.get(address).content.decode()
    answer = province.post(address, {"deed": "accept", "cell-value": "3000000", "reason": ""})
    assert answer.status_code == 422 and 'href="#field-reason"' in answer.content.decode()
    answer = province.post(address, {"deed": "accept", "cell-value": "约三百万", "reason": "已电话核实"})
    page = answer.content.decode()
    assert answer.status_code == 422 and 'href="#field-cell-value"' in page and "已电话核实" in page  # nothing typed is lost
    assert province.post(address, {"deed": "accept", "cell-value": "3000000", "reason": "已电话核实"}).status_code == 302
    figure = Observation.objects.get(value=3000000)
    page = province.get(address).content.decode()
    assert "核准入库" in page and "已电话核实" in page and f"/intake/figures/{figure.pk}" in page
    assert "已电话核实" in reporting.get(f"/intake/figures/{figure.pk}").content.decode()
    assert province.post(address, {"deed": "discard", "reason": "晚了"}).status_code == 409


def test_a_held_row_is_not_used_with_a_reason(open_as, guangdong, committed):
    row, province = Holding.objects.get(), open_as(guangdong)
    assert province.post(f"/intake/holdings/{row.pk}", {"deed": "discard", "reason": "重复统计"}).status_code == 302
    row.refresh_from_db()
    assert (row.resolution, row.reason) == ("discarded", "重复统计")
    assert "重复统计" in province.get("/intake/holdings?standing=discarded").content.decode()
    assert "没有符合条件的行" in province.get("/intake/holdings").content.decode()


def test_a_reporter_sees_the_held_row_and_may_not_decide(reporting, committed):
    row = Holding.objects.get()
    page = reporting.get(f"/intake/holdings/{row.pk}").content.decode()
    assert "三百万" in page and 'name="reason"' not in page and "等待省级或国家口岸办处理" in page
    assert reporting.post(f"/intake/holdings/{row.pk}", {"deed": "discard", "reason": "我说不用"}).status_code == 403
    row.refresh_from_db()
    assert row.resolution == ""


@pytest.fixture
def conflict(reporting):
    """Two rows that give 0 and 2175 for the same month."""
    batch = previewed(reporting, HEAD + GOOD + HELD.replace("三百万", "0") + HELD.replace("三百万", "2175"))
    assert reporting.post(f"/intake/batches/{batch.pk}/commit").status_code == 302
    return list(Holding.objects.order_by("row"))


def test_rows_in_conflict_stand_side_by_side_and_one_is_taken(open_as, guangdong, conflict):
    first, second = conflict
    province = open_as(guangdong)
    page = province.get(f"/intake/holdings/{first.pk}").content.decode()
    assert "本行：0；第4行：2175" in page and "要求：" not in page
    assert f'href="/intake/holdings/{second.pk}">第4行' in page and page.count("采用这一行</button>") == 2
    answer = province.post(f"/intake/holdings/{first.pk}", {"deed": "take", "row": second.pk, "reason": " "})
    assert answer.status_code == 422 and 'href="#field-take-reason"' in answer.content.decode()
    assert not Observation.objects.filter(value=2175).exists()
    answer = province.post(f"/intake/holdings/{first.pk}", {"deed": "take", "row": second.pk, "reason": "与边检核对"})
    assert answer["Location"] == f"/intake/holdings/{second.pk}"
    for row in conflict:
        row.refresh_from_db()
    assert (second.resolution, second.reason) == ("accepted", "与边检核对")
    assert (first.resolution, first.reason) == ("discarded", "采用第4行：与边检核对")
    assert Observation.objects.filter(value=2175).count() == 1 and not Observation.objects.filter(value=0).exists()
    assert "采用这一行</button>" not in province.get(f"/intake/holdings/{first.pk}").content.decode()


def test_a_conflict_recorded_before_does_not_call_the_other_row_a_requirement(open_as, guangdong, conflict):
    row = conflict[0]
    row.findings = [row.findings[0] | {"required": "2175", "message": {
        "zh": "与第4行对象、指标和时期相同而数值不同，均暂存。", "en": "Row 4 gives another figure; both are held."}}]
    row.save(update_fields=["findings"])
    page = open_as(guangdong).get(f"/intake/holdings/{row.pk}").content.decode()
    assert "本行：0；另一行：2175" in page and "要求：" not in page and page.count("采用这一行</button>") == 2


def test_only_rows_of_the_conflict_can_be_taken_and_only_by_who_decides(open_as, guangdong, reporting, conflict):
    first, second = conflict
    assert "采用这一行</button>" not in reporting.get(f"/intake/holdings/{first.pk}").content.decode()
    taking = {"deed": "take", "row": second.pk, "reason": "与边检核对"}
    assert reporting.post(f"/intake/holdings/{first.pk}", taking).status_code == 403
    assert AuditEntry.objects.filter(kind="E", note="refused", after__contains="take_row").count() == 1
    assert open_as(guangdong).post(f"/intake/holdings/{first.pk}", taking | {"row": 999_999}).status_code == 404
    before = AuditEntry.objects.filter(kind="E", note="out_of_reach").count()
    assert open_as(a_provincial_officer("15")).post(f"/intake/holdings/{first.pk}", taking).status_code == 404
    assert AuditEntry.objects.filter(kind="E", note="out_of_reach").count() == before + 1
    assert not Holding.objects.exclude(resolution="").exists()


def test_fields_of_a_foreign_file_are_named_in_words(open_as, officer):
    batch = Batch.objects.create(
        source="us-border-crossing", file_name="us.csv", file_sha256="0" * 64, file_size=1, state=BatchState.COMMITTED, is_open=True,
        layout="copy", sheets=[""], columns=[["port_code", "month", "measure", "value"]],
    )
    row = Holding.objects.create(batch=batch, row=7, outcome="held", raw=["2606", "2021-02", "Bus Passengers", "0"], findings=[])
    page = open_as(officer).get(f"/intake/holdings/{row.pk}").content.decode()
    for label, heading in (("对标口岸代码", "port_code"), ("时期", "month"), ("指标", "measure"), ("数值", "value")):
        assert f'{label} <span class="subline-inline">{heading}</span></label>' in page


def test_a_wrong_source_leads_to_the_one_whose_columns_fit_and_gives_no_command(open_as, officer):
    client = open_as(officer)
    for chosen in ("hk-control-points", "port-return"):
        answer = send(client, "port_code,month,measure,value\n2606,2021-02,Trucks,5\n", source=chosen)
        page = answer.content.decode()
        assert answer.status_code == 422 and "kouan sources" not in page
        assert 'href="/intake/sources/us-border-crossing"' in page and 'href="/intake/upload?source=us-border-crossing"' in page
        assert f'href="/intake/sources/{chosen}"' in page
    page = send(client, "甲,乙\n1,2\n").content.decode()
    assert "kouan sources" not in page and "改选该来源" not in page and 'href="/intake/sources/port-return"' in page


# ---- scope -----------------------------------------------------------------------------------------------


def addresses_of(batch: Batch) -> list[str]:
    figure, row = Observation.objects.get(batch=batch), Holding.objects.get(batch=batch)
    return [
        f"/intake/batches/{batch.pk}", f"/intake/batches/{batch.pk}?held.format=csv", f"/intake/batches/{batch.pk}/file",
        f"/intake/batches/{batch.pk}/figures", f"/intake/batches/{batch.pk}/figures?format=json",
        f"/intake/holdings/{row.pk}", f"/intake/figures/{figure.pk}", f"/intake/figures/{figure.pk}/cell",
    ]


def test_another_province_gets_404_and_leaves_a_trace_at_every_address(open_as, committed):
    stranger = open_as(a_provincial_officer("15"))
    for address in addresses_of(committed):
        before = AuditEntry.objects.filter(kind="E", note="out_of_reach").count()
        assert stranger.get(address).status_code == 404, address
        assert AuditEntry.objects.filter(kind="E", note="out_of_reach").count() == before + 1, address
    for verb in ("commit", "discard"):
        assert stranger.post(f"/intake/batches/{committed.pk}/{verb}").status_code == 404
    assert stranger.post(f"/intake/holdings/{Holding.objects.get().pk}", {"deed": "discard", "reason": "x"}).status_code == 404


@pytest.mark.parametrize("kind", ["xlsx", "csv", "json"])
@pytest.mark.parametrize("address", ["/intake", "/intake/holdings?standing=*", "/intake/sources"])
def test_lists_and_their_exports_hold_nothing_of_another_province(open_as, guangdong, committed, address, kind):
    stranger, province = open_as(a_provincial_officer("15")), open_as(guangdong)
    joined = f"{address}{'&' if '?' in address else '?'}format={kind}"
    before = AuditEntry.objects.filter(kind="E", note="export").count()
    for client, is_there in ((province, True), (stranger, False)):
        answer = client.get(joined)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if kind == "xlsx":
            book = load_workbook(io.BytesIO(content))
            text = "\n".join(str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line)
        else:
            text = content.decode("utf-8-sig")
        if address == "/intake":
            assert ("return.csv" in text) is is_there
        elif "holdings" in address:
            assert ("三百万" in text) is is_there
        page = client.get(address).content.decode()
        assert ("return.csv" in page or "三百万" in page or "sources" in address) is (is_there or "sources" in address)
    assert AuditEntry.objects.filter(kind="E", note="export").count() == before + 2


def test_the_province_above_sees_the_preview_but_only_its_office_commits_it(open_as, guangdong, reporting):
    batch = previewed(reporting)
    province = open_as(guangdong)
    assert "决定是否入库" in province.get(f"/intake/batches/{batch.pk}").content.decode()
    assert province.post(f"/intake/batches/{batch.pk}/commit").status_code == 403
    batch.refresh_from_db()
    assert batch.state == BatchState.PREVIEWED


def test_a_return_about_a_port_out_of_scope_holds_the_row_and_leaves_a_trace(reporting):
    batch = previewed(reporting, HEAD + GOOD.replace("luohu-rail", "manzhouli-road"))
    assert (batch.rows_accepted, batch.rows_held) == (0, 1)
    assert AuditEntry.objects.filter(kind="E", note="intake.out_of_scope").exists()


def test_enterprises_and_visitors_stay_outside(open_as, client):
    enterprise = open_as(an_enterprise_user())
    for address in ("/intake", "/intake/upload", "/intake/holdings", "/intake/sources", "/intake/template", "/jobs"):
        assert enterprise.get(address).status_code == 403, address
        assert client.get(address)["Location"].startswith("/sign-in")


# ---- sources and the template ------------------------------------------------------------------------------


def test_each_source_says_producer_licence_columns_and_faults(open_as, officer):
    client = open_as(officer)
    page = client.get("/intake/sources/hk-control-points").content.decode()
    assert "入境事务处" in page and "开放数据" in page and "control_point" in page and "不作插补" in page
    assert client.get("/intake/sources/no-such").status_code == 404


def test_the_template_holds_the_ports_in_scope_only(reporting):
    assert "luohu-rail" in reporting.get("/intake/template").content.decode()
    answer = reporting.get("/intake/template.xlsx?port=luohu-rail&measure=person_crossings&period=2023-03")
    book = load_workbook(io.BytesIO(answer.content))
    text = "\n".join(str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line if cell.value)
    assert "luohu-rail" in text and "manzhouli" not in text and "2023-03" in text
    assert reporting.get("/intake/template.xlsx?port=manzhouli-road").status_code in (404, 422)


def test_the_original_file_comes_back_byte_for_byte(reporting, committed):
    answer = reporting.get(f"/intake/batches/{committed.pk}/file")
    assert b"".join(answer.streaming_content) == (HEAD + GOOD + HELD).encode()
    assert AuditEntry.objects.filter(kind="E", note="download").exists()


def test_a_changed_file_in_the_archive_is_reported_and_not_shown(reporting):
    from kouan.desk.actions import file_place

    # A file of its own: tests beside this one keep the usual file under the same checksum.
    batch = previewed(reporting, HEAD + GOOD.replace("3200000", "3217171"))
    reporting.post(f"/intake/batches/{batch.pk}/commit")
    place: Path = file_place(batch.file_sha256)
    kept = place.read_bytes()
    try:
        place.write_bytes(kept.replace(b"3217171", b"9900000"))
        page = reporting.get(f"/intake/figures/{Observation.objects.get().pk}").content.decode()
        assert "校验值不符" in page and "9900000" not in page
    finally:
        place.write_bytes(kept)


@pytest.mark.parametrize("address", ["/intake", "/intake/upload", "/intake/holdings", "/intake/sources", "/intake/template", "/jobs"])
def test_pages_speak_both_languages(reporting, committed, address):
    chinese = reporting.get(address).content.decode()
    reporting.cookies["kouan_language"] = "en"
    english = reporting.get(address).content.decode()
    assert 'lang="zh-CN"' in chinese and 'lang="en"' in english and chinese != english
