"""``kouan ports change|open|close|…`` and ``kouan documents``: the register changed from the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.ports.factories import a_document, a_port, a_reply, a_sea_port

from kouan.audit.models import AuditEntry
from kouan.desk.actions import file_place
from kouan.desk.models import Document
from kouan.ports.actions import change_port
from kouan.ports.models import LayoutEntry, Port, PortChange, PortEvent

pytestmark = pytest.mark.django_db
NOTICE, REPLY = "notice-1", "国函〔2020〕1号"


@pytest.fixture(autouse=True)
def register() -> None:
    """A water port and a road port of two provinces, their officers, and papers to change them by."""
    a_port("beihai-water", "water", name_zh="北海水运口岸", province_code="45")
    a_port("manzhouli-road", name_zh="满洲里公路口岸", province_code="15")
    a_provincial_officer("45", username="guangxi")
    a_national_officer(username="guojia", display_name="李四")
    a_document(reference=NOTICE)
    a_reply(reference=REPLY)
    a_document("minutes", reference="minutes-1")


def test_attributes_are_set_from_a_day(kouan: Any) -> None:
    words = ("ports", "change", "北海水运口岸", "--set", "transport_class=sea", "--set", "class_basis=专栏2", "--from", "2021-01-01",
             "--document", NOTICE, "--reason", "认定")
    dry = kouan(*words, "--dry-run", "--json").json
    assert dry["dry_run"] and Port.objects.get(code="beihai-water").transport_class is None
    done = kouan(*words, "--as", "guojia", "--json").json
    assert done["changes"] == dry["changes"] and done["version"] == dry["version"] + 1
    assert {(each["what"], each["old"], each["new"], each["valid_from"]) for each in done["changes"]} == {
        ("transport_class", None, "sea", "2021-01-01"), ("class_basis", None, "专栏2", "2021-01-01")}
    change = PortChange.objects.get(attribute="transport_class", port__code="beihai-water")
    assert (change.document.reference, change.reason, change.valid_from) == (NOTICE, "认定", date(2021, 1, 1))
    assert kouan(*words, "--json").codes == ["nothing_changes"]
    assert "北海" not in kouan(*words, "--dry-run").out


def test_a_table_says_old_and_new(kouan: Any) -> None:
    ran = kouan("ports", "change", "beihai-water", "--set", "city_name=北海市", "--set", "is_border=no", "--document", NOTICE)
    assert ran.status == 0 and "所在市县" in ran.out and "北海市" in ran.out and "否" in ran.out
    english = kouan("-l", "en", "ports", "open", "beihai-water", "--on", "2090-01-01", "--document", REPLY, "--dry-run")
    assert "on its day" in english.out and "nothing was written" in english.err


def test_approval_acceptance_opening_expansion_closure(kouan: Any) -> None:
    a_reply(reference="reply-2")
    for command, day, paper in (("approve", "2016-02-01", REPLY), ("accept", "2018-05-01", "minutes-1"), ("open", "2018-06-01", REPLY),
                                ("expand", "2020-01-01", "reply-2"), ("close", "2022-01-01", "reply-2")):
        words = ("ports", command, "北海", "--on", day, "--document", paper, "--json")
        before = PortEvent.objects.count(), PortChange.objects.count()
        assert kouan(*words, "--dry-run").status == 0
        assert (PortEvent.objects.count(), PortChange.objects.count()) == before
        assert kouan(*words).json["changes"], command
    assert Port.objects.get(code="beihai-water").status == "closed"
    assert kouan("ports", "open", "北海", "--on", "2023-01-01", "--document", REPLY, "--json").codes == ["port_gone"]


@pytest.mark.parametrize("command", ["approve", "open", "expand", "close"])
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_wrong_papers(kouan: Any, command: str, dry: list[str]) -> None:
    ran = kouan("ports", command, "beihai-water", "--on", "2020-01-01", "--document", NOTICE, "--json", *dry)
    assert ran.status == 1 and ran.codes == ["reply_required"]
    ran = kouan("ports", command, "beihai-water", "--on", "2020-01-01", "--document", "nothing", "--json", *dry)
    assert ran.codes == ["unknown_document"]
    assert not PortEvent.objects.exists()


@pytest.mark.parametrize(("set_", "codes"), [
    ("approval=state_council", ["needs_its_verb"]), ("accepted_on=2020-01-01", ["needs_its_verb"]), ("status=open", ["needs_its_verb"]),
    ("province_code=81", ["not_mainland_province"]), ("colour=red", ["unknown_attribute"]), ("accepted_on=soon", ["not_a_date"]),
    ("is_border=maybe", ["not_a_flag"]),
])
def test_what_may_not_be_set(kouan: Any, set_: str, codes: list[str]) -> None:
    assert kouan("ports", "change", "beihai-water", "--set", set_, "--document", REPLY, "--json").codes == codes


def test_arguments_that_cannot_be_used(kouan: Any) -> None:
    assert kouan("ports", "change", "beihai-water", "--set", "city_name", "--document", NOTICE, "--json").status == 2
    assert kouan("ports", "open", "beihai-water", "--document", REPLY, "--json").status == 2
    assert kouan("ports", "open", "beihai-water", "--on", "soon", "--document", REPLY, "--json").status == 2


def test_a_province_changes_nothing_and_the_attempts_are_kept(kouan: Any) -> None:
    words = ("--on", "2020-01-01", "--document", NOTICE, "--as", "guangxi", "--json")
    assert kouan("ports", "close", "beihai-water", *words).codes == ["not_allowed"]
    assert kouan("ports", "close", "beihai-water", *words, "--dry-run").codes == ["not_allowed"]
    assert AuditEntry.objects.filter(note="refused").count() == 2
    assert kouan("ports", "close", "manzhouli-road", *words).codes == ["unknown_port"]
    assert AuditEntry.objects.filter(note="out_of_scope").count() == 1
    assert kouan("ports", "register", "ceshi-road", "--mode", "road", "--name", "测试公路口岸", "--document", NOTICE, "--as", "guangxi",
                 "--json").codes == ["not_allowed"]


def test_the_second_of_two_editors_is_told(kouan: Any) -> None:
    seen = Port.objects.get(code="beihai-water").version
    other = a_national_officer(display_name="王五")
    change_port(actor=other, code="beihai-water", values={"city_name": "甲市"}, document=a_document())
    ran = kouan("ports", "change", "beihai-water", "--set", "city_name=乙市", "--document", NOTICE, "--version", str(seen), "--json")
    assert ran.codes == ["changed_meanwhile"]
    said = ran.json["error"]["findings"][0]["message"]["zh"]
    assert "王五" in said and "甲市" in said


def test_merger_codes_and_layout(kouan: Any) -> None:
    a_sea_port("fangchenggang-water", name_zh="防城港水运口岸", province_code="45")
    LayoutEntry.objects.create(layout_id="SEA-99", box="专栏2", name_zh="北海", mode="water")
    code = ("北海", "--scheme", "name", "--code", "廉州", "--document", NOTICE, "--json")
    assert kouan("ports", "add-code", *code).status == 0
    assert kouan("ports", "retire-code", *code, "--on", "2024-01-01").status == 0
    assert kouan("ports", "link-layout", "北海", "--entry", "SEA-99", "--basis", "同名", "--json").codes == ["document_required"]
    linked = kouan("ports", "link-layout", "北海", "--entry", "SEA-99", "--basis", "同名", "--document", NOTICE, "--json").json
    assert linked["changes"][0]["new"] == "SEA-99"
    merged = kouan("ports", "merge", "北海", "--into", "防城港", "--on", "2024-01-01", "--document", REPLY, "--json").json
    assert {each["new"] for each in merged["changes"]} == {"merged", "merger"}
    assert kouan("ports", "merge", "防城港", "--into", "没有的", "--on", "2024-01-01", "--document", REPLY, "--json").codes == ["unknown_port"]


def test_a_port_is_registered(kouan: Any) -> None:
    words = ("ports", "register", "ceshi-road", "--mode", "road", "--name", "测试公路口岸", "--set", "province_code=23",
             "--document", NOTICE, "--json")
    assert kouan(*words, "--dry-run").status == 0 and not Port.objects.filter(code="ceshi-road").exists()
    assert kouan(*words).json["version"] == Port.objects.get(code="ceshi-road").version
    assert kouan(*words).codes == ["port_exists", "port_name_taken"]
    again = ("ports", "register", "ceshi2-road", "--mode", "road", "--name", "测试二公路口岸", "--document", NOTICE, "--json", "--set")
    assert kouan(*again, "document=x").codes == kouan(*again, "actor=x").codes == ["unknown_attribute"]


def test_documents_are_added_listed_and_verified(kouan: Any, tmp_path: Path) -> None:
    scan = tmp_path / "批复.pdf"
    scan.write_bytes(b"a scan of the command line")
    made = kouan("documents", "add", "关于同意开放的批复", "--kind", "reply", "--number", "国函〔2023〕1号", "--date", "2023-01-03",
                 "--file", str(scan), "--json").json
    assert made["reference"] == "国函〔2023〕1号"
    assert kouan("documents", "add", "再次", "--kind", "reply", "--number", "国函〔2023〕1号", "--json").codes == ["document_exists"]
    assert kouan("documents", "add", "x", "--kind", "song", "--json").codes == ["unknown_document_kind"]
    assert [each["title"] for each in kouan("documents", "list", "--search", "〔2023〕1", "--json").json] == ["关于同意开放的批复"]
    assert REPLY in kouan("documents", "list", "--kind", "reply").out
    assert kouan("documents", "list", "--as", "guangxi", "--json").json == []
    assert kouan("documents", "verify", "国函〔2023〕1号", "--json").json["versions"][0]["state"] == "same"
    file_place(made["sha256"]).write_bytes(b"altered")
    ran = kouan("documents", "verify", "国函〔2023〕1号")
    assert ran.status == 1 and "不符" in ran.out
    assert kouan("documents", "verify", "国函〔2023〕1号", "--as", "guangxi", "--json").codes == ["document_not_found"]
    assert Document.objects.get(pk=made["number"]).kind == "reply"
