"""Code lists: files are what the registry says, look-ups are quick and right, editions differ where the world did."""

from __future__ import annotations

import csv
import gzip
import hashlib
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.basis import NotFound, Refused, codes
from kouan.basis.codelists import (
    Links,
    Sheet,
    compare,
    find,
    lists_with,
    map_code,
    nothing_leads,
    read_sheet,
    registry,
)

DATA = Path(__file__).parents[2] / "src/kouan/basis/codelists/data"
EDITIONS = [edition for each in registry().lists.values() for edition in each.editions.values()]


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda each: f"{each.list_id}-{each.id}")
def test_every_edition_is_the_file_that_the_registry_names(edition) -> None:
    packed = edition.path.read_bytes()
    assert hashlib.sha256(packed).hexdigest() == edition.sha256
    assert len(edition.sheet) == edition.rows
    held = edition.sheet.codes()
    assert held == sorted(set(held))  # a cursor rests on the order
    form = registry().lists[edition.list_id].form
    assert [code for code in held if not form.fullmatch(code)] == []
    assert [code for code in held if not edition.covers(code)] == []
    assert all(row.get("name_zh") or row.get("name_en") or row.get("name_local") for row in edition.sheet)


def test_the_readme_lists_every_file_with_its_checksum() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.glob("*.gz"):
        rows = gzip.decompress(path.read_bytes()).count(b"\n") - 1
        assert f"| {path.name} | {rows} | {hashlib.sha256(path.read_bytes()).hexdigest()} |" in text


def test_the_lists_agree_with_those_that_check_codes() -> None:
    """basis/lists holds the same customs ports and UN/LOCODE entries of China; the two must not drift apart."""
    ports = registry().get("customs").current
    for code, port in codes.customs_ports().items():
        entry = ports.entry(code)
        assert entry is not None and (entry.name.zh, entry.row["old_code"], entry.row["ciq_code"]) == (
            port.zh, port.old_customs_code, port.old_inspection_code)
    places = registry().get("unlocode").current
    assert all(places.entry(code) is not None for code in codes.locodes())


def test_names_of_regions_are_as_official_usage_has_them() -> None:
    for name in ("iso3166-1", "customs-country"):
        for code, zh in (("HK", "中国香港"), ("MO", "中国澳门"), ("TW", "中国台湾"), ("HKG", "中国香港"), ("MAC", "中国澳门"), ("TWN", "中国台湾")):
            entry = registry().get(name).current.entry(code)
            assert entry is None or (entry.name.zh == zh and entry.name.en.endswith(", China"))


def test_a_file_that_was_touched_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "customs-unit-2018.tsv.gz"
    copy.write_bytes((DATA / copy.name).read_bytes() + b"\0")
    with pytest.raises(Refused) as refusal:
        read_sheet(copy, registry().get("unit").current.sha256)
    assert refusal.value.findings[0].code == "code_list_altered"


# ---- looking up ------------------------------------------------------------------------------------


def test_looking_up_is_quick_and_loading_is_lazy() -> None:
    """A look-up in 116,000 rows under 50 ms; importing reads no list. Best of five: the machine may be busy."""
    held = registry().get("unlocode").current
    held.entry("CNSHA")
    for ask in (lambda: held.entry("ZWZZZ"), lambda: held.entry("USNYC"), lambda: find("rotterdam", lists=["unlocode"])):
        assert min(_seconds(ask) for _ in range(5)) < 0.05
    program = ("import sys, kouan.cli, kouan.basis\n"
               "sys.exit(','.join(m for m in sys.modules if m.startswith('kouan.basis.codelists')) or 0)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _seconds(ask) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


@pytest.mark.parametrize(("words", "first"), [
    ("罗湖", ("gbt2260", "440303")), ("罗湖区", ("gbt2260", "440303")), ("ｃｎｓｈｋ", ("unlocode", "CNSHK")), ("xiamen", ("customs-port", "CHN721")),
    ("Shekou", ("customs-port", "CHN740")), ("HKG", ("customs-country", "HKG")), ("854231", ("hs", "854231")), ("一般贸易", ("customs-trade-mode",
        "0110")),
])
def test_the_likeliest_comes_first(words: str, first: tuple[str, str]) -> None:
    hit = find(words)[0]
    if words == "xiamen":  # customs writes 厦门, UN/LOCODE Xiamen: either may lead, by rank
        assert any((each.entry.list_id, each.entry.code) == ("gbt2260", "350200") for each in find(words))
        return
    assert (hit.entry.list_id, hit.entry.code) == first


def test_words_that_stand_nowhere_find_nothing_and_one_letter_is_no_word() -> None:
    assert find("没有这个地方") == [] and find("") == [] and find("q") == []
    assert [hit.entry.code for hit in find("L") if hit.rank == 0] == ["L"]  # a code of one letter is a code: 旅客携带


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_no_text_breaks_the_search(text: str) -> None:
    for hit in find(text, lists=["gbt2260", "customs-port"], most=5):
        assert hit.rank in range(6)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.text("ABCDEFGH0123", min_size=1, max_size=5), st.tuples(CELLS, CELLS), max_size=12))
def test_a_sheet_gives_back_what_was_put_in(rows: dict[str, tuple[str, str]]) -> None:
    text = "code\tname_zh\tname_en\n" + "".join(f"{code}\t{zh}\t{en}\n" for code, (zh, en) in sorted(rows.items()))
    sheet = Sheet(text.encode())
    assert len(sheet) == len(rows) and sheet.codes() == sorted(rows)
    for code, (zh, en) in rows.items():
        assert sheet.get(code.lower()) == {"code": code, "name_zh": zh, "name_en": en}
        if zh:
            assert any(row["code"] == code for row in sheet.matching(zh))
    for place, code in enumerate(sorted(rows)):
        assert sheet.after(code) == place + 1 and sheet.row(place)["code"] == code


# ---- editions ----------------------------------------------------------------------------------------


def test_a_day_picks_its_edition() -> None:
    held = registry().get("gbt2260")
    assert [held.edition_on(day).id for day in (date(1999, 1, 1), date(2007, 12, 30), date(2007, 12, 31), date(2030, 1, 1))] == [
        "2002", "2006", "2007", "2014"]


def test_hainan_in_2007_reused_its_codes() -> None:
    """469025 was 定安县 and is 白沙黎族自治县 since: who reads old data by the new list is wrong."""
    found = compare("gbt2260", "2006", "2007")
    assert {(each.before.code, each.before.name.zh, each.after.name.zh) for each in found.reused} >= {
        ("469025", "定安县", "白沙黎族自治县"), ("469026", "屯昌县", "昌江黎族自治县")}
    assert len(found.reused) == 7
    assert [(each.before.code, each.after.code) for each in found.moved if each.before.name.zh == "江源区"] == [("220604", "220605")]


def test_a_change_of_name_is_not_taken_for_a_reuse() -> None:
    found = compare("gbt2260", "2009", "2010")
    assert [(each.before.code, each.before.name.zh, each.after.name.zh) for each in found.renamed] == [("533103", "潞西市", "芒市")]
    assert found.reused == ()


def test_editions_of_unequal_scope_are_compared_within_what_both_cover() -> None:
    found = compare("unlocode", "2017", "2024")
    assert found.scope == ("CN",) and found.counts == (1659, 1670)
    assert all(each.code.startswith("CN") for each in (*found.added, *found.gone))
    assert found.counts[1] - found.counts[0] == len(found.added) - len(found.gone)


def test_the_same_edition_twice_and_unknown_ones_are_refused() -> None:
    with pytest.raises(Refused) as refusal:
        compare("gbt2260", "2006", "2006")
    assert refusal.value.findings[0].code == "same_edition"
    with pytest.raises(NotFound) as missing:
        compare("gbt2260", "1980", "2006")
    assert missing.value.findings[0].code == "unknown_edition"


@pytest.mark.parametrize(("name", "code", "finding"), [
    ("gbt2260", "469039", "code_not_in_edition"), ("gbt2260", "440399", "unknown_code"), ("gbt2260", "44030", "malformed_code"),
])
def test_a_code_that_is_not_there_is_explained(name: str, code: str, finding: str) -> None:
    with pytest.raises(NotFound) as missing:
        registry().get(name).entry(code)
    said = missing.value.findings[0]
    assert said.code == finding and said.remedy is not None


def test_an_unknown_list_names_the_nearest() -> None:
    with pytest.raises(NotFound) as missing:
        registry().get("unlocod")
    assert "unlocode" in missing.value.findings[0].remedy.en


# ---- mappings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("origin", "code", "to", "expected"), [
    ("customs-transport", "2", "ciq", [("1", "exact")]),
    ("customs-transport", "0", "ciq-transport", [("9", "broader")]),       # nine codes of customs were one of inspection
    ("unlocode", "CNSHK", "customs", [("CHN740", "close")]),
    ("customs", "CHN740", "unlocode", [("CNSHK", "close")]),
    ("customs-port", "CHN731", "ciq-port", [("156731", "exact")]),
    ("iata", "PEK", "icao", [("ZBAA", "exact")]),
    ("iso3166-2", "CN-GD", "gbt2260", [("440000", "exact")]),
    ("iso3166", "KR", "customs-country-old", [("133", "exact")]),           # over the three letters
    ("customs-currency", "CNY", "iso4217-numeric", [("156", "exact")]),
    ("hs", "854231", "customs", []),
])
def test_a_code_is_mapped(origin: str, code: str, to: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.code, each.relation) for each in map_code(origin, code, to)] == expected


def test_several_codes_of_one_name_are_all_given_and_marked() -> None:
    found = map_code("customs", "CHN731", "unlocode")
    assert {each.code for each in found} == {"CNSNZ", "CNSZP"}
    assert all(each.relation == "close" and "同名不止一个" in each.path[0].basis.zh for each in found)


def test_every_mapping_holds_in_both_directions() -> None:
    """From each list back to where one came from, for every mapping that stands in a column (R-142)."""
    links = Links()
    for source in registry().mappings:
        held = registry().lists[source.from_list]
        rows = [row for row in held.current.sheet[:400] if source.column and row.get(source.column)]
        for row in rows[::17]:
            target = row[source.column]
            there = [link for link in links.from_code(held.id, row["code"]) if (link.to_list, link.to_code) == (source.to_list, target)]
            back = [link for link in links.from_code(source.to_list, target) if (link.to_list, link.to_code) == (held.id, row["code"])]
            assert len(there) == len(back) == 1 and there[0].turned() == back[0]


def test_what_leads_nowhere_is_said() -> None:
    finding = nothing_leads("854231", registry().get("customs"))
    assert finding.code == "no_mapping" and "854231" in finding.message.zh


def test_a_bare_code_is_looked_for_in_every_list_of_its_form() -> None:
    assert {entry.list_id for entry in lists_with("HKG")} == {"customs-country", "iata"}


# ---- what an operator adds -----------------------------------------------------------------------------


def _adds(folder: Path, rows: str, **changes: str) -> Path:
    (folder / "divisions.csv").write_text(rows, encoding="utf-8")
    sha256 = changes.get("sha256") or hashlib.sha256((folder / "divisions.csv").read_bytes()).hexdigest()
    (folder / "own.yaml").write_text(
        "sources:\n  own: {zh: 本省, en: own, licence: {zh: 内部, en: internal}}\nlists:\n  gbt2260:\n    editions:\n"
        f"      \"2024\": {{valid_from: 2024-12-31, source: own, file: divisions.csv, rows: 2, sha256: {sha256}}}\n", encoding="utf-8")
    return folder


def test_an_operator_adds_an_edition(tmp_path: Path) -> None:
    known = registry(_adds(tmp_path, "code,name_zh\n440303,罗湖区\n440309,龙华区\n"))
    held = known.get("gbt2260")
    assert held.current.id == "2024" and held.entry("440309").name.zh == "龙华区"
    assert [entry.edition for entry in held.history("440303")][-1] == "2024" and len(held.editions) == 14
    assert registry().get("gbt2260").current.id == "2014"  # the shipped registry is untouched


@pytest.mark.parametrize(("rows", "said"), [
    ("code,name_zh\n440303,罗湖区\n440303,罗湖\n", "重复"), ("name,code\n罗湖区,440303\n", "第一列"), ("", "第一列"),
])
def test_an_added_file_that_cannot_be_read_is_refused(tmp_path: Path, rows: str, said: str) -> None:
    held = registry(_adds(tmp_path, rows)).get("gbt2260")
    with pytest.raises(Refused) as refusal:
        held.entry("440303")
    assert refusal.value.findings[0].code == "unreadable_code_list" and (said in str(refusal.value) or "两列" in str(refusal.value))


def test_a_registry_that_misses_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("lists:\n  own:\n    editions: {\"1\": {file: x.csv}}\n", encoding="utf-8")
    with pytest.raises(Refused) as refusal:
        registry(tmp_path)
    assert refusal.value.findings[0].code == "unreadable_code_registry"


@pytest.mark.parametrize("content", [b"lists: [\n", b"\xff\xfe", b"a: &x [1]\nb: *x\n"])
def test_an_operators_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "own.yaml").write_bytes(content)
    with pytest.raises(Refused) as refusal:
        registry(tmp_path)
    assert [each.code for each in refusal.value.findings] == ["unreadable_code_registry"]


def test_a_shipped_list_reads_as_tab_separated_text() -> None:
    with gzip.open(DATA / "customs-unit-2018.tsv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    assert {row["code"]: row["name_zh"] for row in rows}["035"] == registry().get("unit").entry("035").name.zh == "千克"
