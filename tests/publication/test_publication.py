"""Published data: frozen under its digest, the same in every format, led back to the file it came from; nothing that is not open."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import frictionless
import openpyxl
import pytest
from django.db import connection
from django.test import Client
from pysdmx.io import read_sdmx
from pysdmx.io.xml.doc_validation import validate_doc
from tests.accounts.factories import a_national_officer, a_provincial_officer

from kouan.accounts.action import acting_system
from kouan.basis import Conflict, EvidenceRef, NotAllowed, NotFound, Refused, Text, measures
from kouan.collection.actions import take_in
from kouan.collection.lineage import evidence_of
from kouan.collection.models import Series
from kouan.evaluation.rounds.once import WrittenOnce
from kouan.ports.actions import load_register
from kouan.publication import cuts, definitions
from kouan.publication.actions import note_erratum, publish_bundled, publish_version
from kouan.publication.dictionary import word, words
from kouan.publication.formats import FORMATS, format_of, formats_of
from kouan.publication.models import DataVersion
from kouan.publication.queries import citation, newer_than, published, version_of

pytestmark = pytest.mark.django_db
HK = "hk-control-points-monthly"
FILE = Path(cuts.__file__).parents[1] / "collection/data/hk-control-points/daily_passengers_2020_2025.csv.gz"
FIRST = Text("首次发布", "First publication")
ADDRESS = "https://example.gov.cn/data/set/1.0"


def excerpt(folder: Path, *months: str, without: str = "") -> Path:
    """The real file's rows of two points and some months; ``without`` leaves a day out."""
    with gzip.open(FILE, "rt", encoding="utf-8") as stream:
        lines = list(stream)
    kept = [line for line in lines[1:] if line[:7] in months and line.split(",")[1] in ("Lo Wu", "Airport") and not (without
        and line.startswith(without))]
    place = folder / f"daily-{'-'.join(months)}{without}.csv"
    place.write_text(lines[0] + "".join(kept), encoding="utf-8")
    return place


@pytest.fixture
def house(tmp_path: Path) -> Any:
    """The register, and two months of which the second lacks a day."""
    with acting_system("tests") as system:
        load_register(actor=system)
        take_in(actor=system, path=excerpt(tmp_path, "2023-02"), source="hk-control-points")
        take_in(actor=system, path=excerpt(tmp_path, "2023-03", without="2023-03-15"), source="hk-control-points")
        yield system


def rows_of(version: DataVersion) -> dict[tuple[str, ...], dict[str, str]]:
    return {(row["point"], row["direction"], row["travellers"], row["period"]): row for row in cuts.read(version.content)}


def test_a_published_figure_leads_back_to_the_file(house: Any) -> None:
    version = publish_version(actor=house, data_set=HK, number="1.0", changes=FIRST)
    found = rows_of(version)
    with gzip.open(FILE, "rt", encoding="utf-8") as stream:
        for point, code in (("Lo Wu", "lo-wu"), ("Airport", "airport")):
            stream.seek(0)
            days = [row for row in csv.DictReader(stream) if row["control_point"] == point and row["date"].startswith("2023-02")]
            for way, direction in (("Arrival", "inbound"), ("Departure", "outbound")):
                total = sum(int(row["total"]) for row in days if row["direction"] == way)
                assert found[code, direction, "all", "2023-02"]["passengers"] == str(total) and total > 0
                assert found[code, direction, "all", "2023-02"]["status"] == "A"
    # A month that lacks a day has no total, and is no zero.
    march = found["lo-wu", "inbound", "all", "2023-03"]
    assert (march["passengers"], march["status"], march["days"]) == ("", "M", "30")
    assert version.sha256 == hashlib.sha256(version.content.encode()).hexdigest() and version.rows == len(found)
    # Forward from a day's figure to the version, and only from series that it read.
    read = {int(each.id) for each in evidence_of(EvidenceRef("publication", "version", version.pk))}
    assert read == set(Series.objects.filter(subject_kind="counterpart_point", measure="person_crossings", granularity="day").values_list(
        "pk", flat=True))
    every_format_says_the_same(version)
    an_old_version_stays(house, version)


def every_format_says_the_same(version: DataVersion) -> None:
    """CSV, Excel, Frictionless and SDMX hold the same cells; each is read by somebody else's program."""
    rows = cuts.read(version.content)
    made = {each.name: each.make(version, ADDRESS) for each in formats_of(version)}
    assert set(made) == {each.name for each in FORMATS}
    assert hashlib.sha256(made["data.csv"]).hexdigest() == version.sha256
    assert made["data-excel.csv"] == b"\xef\xbb\xbf" + made["data.csv"]
    for each in formats_of(version):
        if each.name != "data.xlsx":
            assert each.make(version, ADDRESS) == made[each.name], each.name
    # Excel
    book = openpyxl.load_workbook(io.BytesIO(made["data.xlsx"]), read_only=True)
    sheet = list(book.worksheets[0].values)
    assert len(book.worksheets) == 3 and list(sheet[0]) == list(rows[0])
    assert [["" if cell is None else str(cell) for cell in line] for line in sheet[1:]] == [list(row.values()) for row in rows]
    assert any("Immigration Department" in str(cell) for line in book.worksheets[2].values for cell in line)
    # Frictionless
    with zipfile.ZipFile(io.BytesIO(made["datapackage.zip"])) as archive:
        assert archive.namelist() == ["datapackage.json", "data.csv", "README.txt"] and archive.read("data.csv") == made["data.csv"]
        descriptor = json.loads(archive.read("datapackage.json"))
    assert descriptor["resources"][0]["hash"] == f"sha256:{version.sha256}"
    # SDMX structure, as pysdmx reads it
    for name in ("sdmx-structure.xml", "sdmx-structure.json"):
        held = {type(each).__name__: each for each in read_sdmx(made[name].decode(), validate=name.endswith("xml")).structures}
        components = {each.id: each.role.name for each in held["DataStructureDefinition"].components}
        assert components == {"POINT": "DIMENSION", "DIRECTION": "DIMENSION", "TRAVELLERS": "DIMENSION", "TIME_PERIOD": "DIMENSION",
                              "OBS_VALUE": "MEASURE", "OBS_STATUS": "ATTRIBUTE", "DAYS": "ATTRIBUTE"}
        assert held["DataStructureDefinition"].version == "1.0.0"
    # SDMX data
    validate_doc(made["sdmx-data.xml"].decode())
    from lxml import etree

    seen = [dict(each.attrib) for each in etree.fromstring(made["sdmx-data.xml"]).iter("Obs")]
    flat = list(csv.DictReader(io.StringIO(made["sdmx-data.csv"].decode())))
    assert len(seen) == len(flat) == len(rows)
    for row, one, line in zip(rows, seen, flat, strict=True):
        expected = {"POINT": row["point"], "DIRECTION": row["direction"], "TRAVELLERS": row["travellers"], "TIME_PERIOD": row["period"],
                    "OBS_VALUE": row["passengers"], "OBS_STATUS": row["status"], "DAYS": row["days"]}
        assert one == {key: value for key, value in expected.items() if value}
        assert {key: line[key] for key in expected} == expected
        assert (line["STRUCTURE"], line["STRUCTURE_ID"], line["ACTION"]) == ("dataflow", "KOUAN:HK_CONTROL_POINTS_MONTHLY(1.0.0)", "I")
    dcat = json.loads(made["metadata.jsonld"])
    assert dcat["dcat:version"] == "1.0" and len(dcat["dcat:distribution"]) == len(FORMATS)


def an_old_version_stays(house: Any, version: DataVersion) -> None:
    """Revised figures make a new version; the old one keeps every byte and says so."""
    before = version.content
    with pytest.raises(Refused) as same:
        publish_version(actor=house, data_set=HK, number="1.1", changes=FIRST)
    assert same.value.findings[0].code == "same_figures"
    take_in(actor=house, path=excerpt(_folder(), "2023-03"), source="hk-control-points")
    second = publish_version(actor=house, data_set=HK, number="1.1", changes=Text("补入2023年3月15日", "15 March 2023 added"))
    assert rows_of(second)["lo-wu", "inbound", "all", "2023-03"]["status"] == "A"
    old = version_of(HK, "1.0")
    assert old.content == before and newer_than(old) == second and newer_than(second) is None
    note_erratum(actor=house, data_set=HK, number="1.0", said=Text("2023年3月缺一天", "March 2023 lacks a day"))
    client = Client()
    page = client.get(f"/data/{HK}/1.0").content.decode()
    assert "这是旧版" in page and "补入2023年3月15日" in page and "2023年3月缺一天" in page
    assert "这是旧版" not in client.get(f"/data/{HK}").content.decode()
    assert client.get(f"/data/{HK}/1.0/data.csv").content.decode() == before
    for number in ("1.0", "1.1"):
        with pytest.raises(Conflict):
            publish_version(actor=house, data_set=HK, number=number, changes=FIRST)
    with pytest.raises(Refused) as lower:
        publish_version(actor=house, data_set=HK, number="1.01", changes=FIRST)
    assert lower.value.findings[0].code in ("wrong_version_number", "same_figures")
    old.content = "nothing"
    with pytest.raises(WrittenOnce):
        old.save()
    with pytest.raises(WrittenOnce):
        DataVersion.objects.filter(pk=old.pk).update(content="nothing")
    # Changed behind the program's back it is not given out any more.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE publication_dataversion SET content = 'x' WHERE id = %s", [old.pk])
    with pytest.raises(Refused) as altered:
        version_of(HK, "1.0")
    assert altered.value.findings[0].code == "published_data_altered" and client.get(f"/data/{HK}/1.0/data.csv").status_code == 503


def _folder() -> Path:
    import tempfile

    return Path(tempfile.mkdtemp())


def test_what_is_not_open_is_not_published(house: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE collection_batch SET is_open = %s WHERE id = (SELECT min(id) FROM collection_batch)", [False])
    said = []
    for change in ({}, {"classification": "general"}, {"classification": ""}):
        held = definitions.definition(HK)
        changed = definitions.Definition(**{**{name: getattr(held, name) for name in held.__dataclass_fields__}, **change})
        monkeypatch.setattr("kouan.publication.actions.definition", lambda code, changed=changed: changed)
        with pytest.raises(Refused) as refusal:
            publish_version(actor=house, data_set=HK, number="1.0", changes=FIRST)
        said.append(refusal.value.findings[0].code)
    assert said == ["not_cleared", "not_public", "not_classified"]
    settings.IS_EXERCISE = True
    with pytest.raises(Refused) as refusal:
        publish_version(actor=house, data_set=HK, number="1.0", changes=FIRST)
    assert refusal.value.findings[0].code == "exercise_never_published"
    publish_bundled(house, lambda zh, en: None)
    assert published() == []


def test_setup_publishes_what_is_there_once(house: Any) -> None:
    said: list[str] = []
    publish_bundled(house, lambda zh, en: said.append(en))
    codes = {each.definition.code for each in published()}
    # The benchmark's figures were not taken in here; all else was.
    assert codes == {HK, "plan-layout", "plan-projects", "volume-standards"} and len(said) == 4
    assert {each.definition.code: each.newest.rows for each in published()} | {HK: 0} == {
        HK: 0, "plan-layout": 145, "plan-projects": 147, "volume-standards": 28}
    publish_bundled(house, lambda zh, en: said.append(en))
    assert len(said) == 4
    standards = cuts.read(version_of("volume-standards", "1.0").content)
    sea = {row["period"]: row["level"] for row in standards if (row["class"], row["measure"]) == ("sea", "cargo_tonnes")}
    assert sea == {"2017": "1000000", "2021": "10000000"}
    projects = version_of("plan-projects", "1.0")
    assert {each.name for each in formats_of(projects)} == {"data.csv", "data-excel.csv", "data.xlsx", "datapackage.zip", "metadata.jsonld"}
    assert format_of(projects, "sdmx-data.xml") is None
    # A stranger's reader finds each package sound.
    for code in ("plan-projects", "volume-standards", HK):
        place = _folder() / "package.zip"
        place.write_bytes(format_of(version_of(code, "1.0"), "datapackage.zip").make(version_of(code, "1.0"), ADDRESS))
        report = frictionless.validate(str(place), type="package")
        assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "message"])[:5]


def test_the_public_door(house: Any) -> None:
    assert "还没有发布" in Client().get("/data").content.decode()
    publish_version(actor=house, data_set="volume-standards", number="1.0", changes=FIRST)
    client = Client()
    assert "口岸年客货运量标准" in client.get("/data").content.decode()
    page = client.get("/data/volume-standards/1.0").content.decode()
    assert "[DS/OL]" in page and "http://testserver/data/volume-standards/1.0" in page
    answer = client.get("/data/volume-standards/1.0/data.csv")
    assert answer.status_code == 200 and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/data/volume-standards/1.0/data.csv", headers={"if-none-match": answer.headers["ETag"]}).status_code == 304
    for address in ("/data/no-such", "/data/volume-standards/9.9", "/data/volume-standards/1.0/secret.csv", f"/data/{HK}",
        "/data/volume-standards/1.0/sdmx"):
        assert client.get(address).status_code == 404, address
    assert client.post("/data").status_code == 405
    assert client.get("/dictionary").status_code == 302  # the dictionary is inside


def test_only_the_national_office_publishes() -> None:
    for maker, number in ((a_provincial_officer, "44"),):
        with pytest.raises(NotAllowed):
            publish_version(actor=maker(number), data_set="volume-standards", number="1.0", changes=FIRST)
    officer = a_national_officer()
    made = publish_version(actor=officer, data_set="volume-standards", number="1.0", changes=FIRST, day=date(2026, 1, 5))
    assert made.published_by == officer
    cited = citation(made, ADDRESS)
    assert cited.zh == f"海关总署. 口岸年客货运量标准[DS/OL]. 1.0版. (2026-01-05)[引用日期]. {ADDRESS}."
    assert cited.en.startswith("General Administration of Customs (2026).")
    for number, code in (("1", "wrong_version_number"), ("01.0", "wrong_version_number"), ("1.0.0", "wrong_version_number"), ("",
        "wrong_version_number")):
        with pytest.raises(Refused) as refusal:
            publish_version(actor=officer, data_set="volume-standards", number=number, changes=FIRST)
        assert refusal.value.findings[0].code == code
    with pytest.raises(Refused) as silent:
        publish_version(actor=officer, data_set="volume-standards", number="1.1", changes=Text("改", " "))
    assert silent.value.findings[0].code == "changes_not_said"
    with pytest.raises(NotFound):
        publish_version(actor=officer, data_set="volume-standard", number="1.1", changes=FIRST)
    with pytest.raises(NotAllowed):
        note_erratum(actor=a_provincial_officer("15"), data_set="volume-standards", number="1.0", said=FIRST)


def test_every_measure_has_its_word() -> None:
    found = {each.measure.code: each for each in words()}
    assert found.keys() == measures.all_measures().keys()
    persons = found["person_crossings"]
    assert {"pax_in", "pax_out"} <= {each.code for each in persons.items}
    assert {"hk-control-points", "port-return", "press-facts"} <= {each.id for each in persons.sources}
    assert "operation-times" not in {each.id for each in persons.sources}
    assert {"volume_standard.sea.persons", "I-0202"} <= {use.code for use in persons.uses}
    assert any("2020年11月16日" in said.zh for _, said in persons.traps)
    assert {code for code, _ in persons.published} == {HK, "port-flows-monthly", "volume-standards"}
    # Each item of the scheme is found under its measure, and no other.
    for item in measures.data_items().values():
        if item.measure:
            assert item.code in {each.code for each in found[item.measure].items}
    json.dumps([each.as_dict() for each in found.values()])
    with pytest.raises(NotFound) as missing:
        word("person_crosings")
    assert "person_crossings" in missing.value.findings[0].remedy.en


def test_pages_and_interface(house: Any) -> None:
    from tests.api.world import client_of

    publish_version(actor=house, data_set="volume-standards", number="1.0", changes=FIRST)
    officer, province = a_national_officer(), a_provincial_officer("44")
    for user in (officer, province):
        client = Client()
        client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
        page = client.get("/dictionary/person_crossings").content.decode()
        assert "入境旅客" in page and "/law/parameters/volume_standard.sea.persons" in page and "/data/volume-standards" in page
        assert "person_crossings" in client.get("/dictionary?q=出入境人员").content.decode()
        assert client.get("/dictionary/no_such").status_code == 404
        program = client_of(user)
        held = program.get("/api/v1/published-data/volume-standards").json()
        assert held["versions"][0]["sha256"] == version_of("volume-standards", "1.0").sha256
        assert Client().get(held["versions"][0]["files"][0]["address"]).status_code == 200
        assert [each["code"] for each in program.get("/api/v1/published-data").json()["items"]] == ["volume-standards"]
        assert program.get(f"/api/v1/published-data/{HK}").status_code == 404
        assert program.get("/api/v1/dictionary/cargo_tonnes").json()["unit"] == "t"
        assert len(program.get("/api/v1/dictionary").json()["items"]) == len(measures.all_measures())
    assert client_of(None).get("/api/v1/published-data").status_code == 401


def test_nothing_heavy_is_loaded_before_it_is_asked_for() -> None:
    program = ("import os, sys\nos.environ['DJANGO_SETTINGS_MODULE'] = 'kouan.settings'\nimport django\ndjango.setup()\n"
               "import kouan.publication.formats, kouan.cli.publish\n"
               "sys.exit(','.join(m for m in ('pandas', 'pysdmx', 'frictionless') if m in sys.modules) or 0)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
