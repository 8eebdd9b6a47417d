# ruff: noqa: E501 - seeds and words are data
"""Every parser of the house that reads what comes from outside, with real files to start from.

One line a parser in ``PARSERS``; ``parse`` reads the bytes as the door does and answers the findings and whatever else a
page would show. It may raise ``Refused`` and nothing else. Those that need the database stand in ``stored.py``.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/kouan"
DAY = date(2024, 6, 30)


@dataclass(frozen=True)
class Parser:
    """How a parser is called. ``kind``: of the changes that fit (``mutations.KINDS``); ``seconds``: processor time one case may take."""

    name: str
    kind: str
    seeds: Callable[[], Sequence[bytes]]
    parse: Callable[[bytes], Any]
    allowed: tuple[type[Exception], ...] = ()  # documented beside Refused
    seconds: float = 5.0
    is_stored: bool = False
    maps: bool = False  # reserves much more than it uses (an engine's buffers and threads): only what is resident counts


# ---- seeds ----------------------------------------------------------------------------------------------

RETURN = ("口岸", "指标", "时期", "方向", "数值", "单位")
ROWS: tuple[tuple[Any, ...], ...] = (
    ("luohu-rail", "旅客人次", "2023-11", "入境", "1,234", "人次"), ("罗湖", "person_crossings", "2023年10月", "出境", 5678, "人次"),
    ("manzhouli-road", "货运量", "2023", "合计", "12.5", "万吨"), ("无此口岸", "货运量", "2023-13", "入境", "#REF!", "吨"), ("满洲里", "teu", "2022Q4", "出境", "-3", "标箱"),
)  # fmt: skip


def a_csv(rows: Iterable[Sequence[Any]], delimiter: str = ",") -> bytes:
    """Rows as CSV in UTF-8."""
    held = io.StringIO()
    csv.writer(held, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return held.getvalue().encode()


def a_workbook(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows on the first sheet of a workbook as openpyxl writes it, with days, moments and a formula."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "填报"
    for row in rows:
        book.active.append([float(cell) if isinstance(cell, Decimal) else cell for cell in row])
    other = book.create_sheet("其他")
    other.append([date(2024, 1, 1), datetime(2024, 1, 1, 8), 0.5, True, "=1+1", None, "文字"])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


@cache
def returns() -> list[bytes]:
    """A return as CSV (comma, tab, GB18030) and as a workbook."""
    rows = [RETURN, *ROWS]
    return [a_csv(rows), a_csv(rows, "\t"), a_csv(rows).decode().encode("gb18030"), gzip.compress(a_csv(rows)), a_csv(_hong_kong()), a_csv(_us())]


def _hong_kong() -> list[Sequence[Any]]:
    path = SOURCE / "collection/data/hk-control-points/daily_passengers_2020_2025.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [row for row, _ in zip(csv.reader(lines), range(30), strict=False)]


def _us() -> list[Sequence[Any]]:
    return [("Port Name", "State", "Port Code", "Border", "Date", "Measure", "Value", "Latitude", "Longitude", "Point"),
            ("Laredo", "Texas", "2304", "US-Mexico Border", "2023-01-01", "Trucks", "250000", "27.5", "-99.5", "POINT (-99.5 27.5)")]  # fmt: skip


@cache
def workbooks() -> list[bytes]:
    """The same as workbooks."""
    return [a_workbook([RETURN, *ROWS]), a_workbook([[], ["说明"], RETURN, *ROWS])]


@cache
def parquets() -> list[bytes]:
    """A bundled table cut short, and one with every type that a table of somebody else may have."""
    import duckdb

    made = []
    bundled = SOURCE / "collection/data/us-border-crossing/monthly_1996_2023.parquet"
    queries = (
        f"SELECT * FROM '{bundled}' LIMIT 50",
        "SELECT 'luohu-rail' AS \"口岸\", 'person_crossings' AS \"指标\", DATE '2023-11-01' AS \"时期\", '入境' AS \"方向\", 12.5::DECIMAL(38,3) AS \"数值\", '人次' AS \"单位\"",
        "SELECT [1,2] AS a, {'x': 1} AS b, MAP {'k': 1} AS c, 170141183460469231731687303715884105727::HUGEINT AS d, '\\xFF'::BLOB AS e, 'infinity'::TIMESTAMP AS f, "
        "INTERVAL 1 MONTH AS g, uuid() AS h, 'nan'::DOUBLE AS i, TIME '23:59:59' AS j, TIMESTAMPTZ '2024-01-01 00:00:00+14' AS k, '101'::BIT AS l, 9223372036854775807 AS m",
        "SELECT 'C' || range AS case_id, 'container' AS case_kind, 'arrived' AS milestone, 'sea' AS mode, 'inbound' AS direction, 'tianjin-water' AS port, "
        "TIMESTAMP '2026-03-01 00:00:00' AS occurred_at, 's' AS source, range::VARCHAR AS event_id FROM range(40)",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as engine:
        for number, query in enumerate(queries):
            for packing in ("snappy", "zstd", "uncompressed"):
                place = Path(folder) / f"{number}{packing}.parquet"
                engine.execute(f"COPY ({query}) TO '{place}' (FORMAT parquet, COMPRESSION {packing})")
                made.append(place.read_bytes())
    return made


def folder(*patterns: str, most: int = 40) -> Callable[[], list[bytes]]:
    """Files of the house as seeds."""
    return lambda: [path.read_bytes() for pattern in patterns for path in sorted(SOURCE.glob(pattern))][:most]


def said(*texts: str) -> Callable[[], list[bytes]]:
    """Texts as seeds."""
    return lambda: [text.encode() for text in texts]


EVENT = {
    "case_id": "C1", "case_kind": "container", "milestone": "arrived", "mode": "sea", "direction": "inbound", "port": "tianjin-water", "occurred_at": "2026-03-01T08:00:00+08:00",
    "source": "s", "event_id": "1", "place": "闸口", "quantity": 2, "planned": False, "revision": 1, "utc_offset": 480, "origin": "official",
}  # fmt: skip
EPCIS = {
    "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"kouan": "urn:kouan:"}], "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-01T00:00:00Z",
    "epcisBody": {"eventList": [{
        "type": "ObjectEvent", "eventID": "urn:uuid:1", "eventTime": "2026-03-01T08:00:00.123456789Z", "eventTimeZoneOffset": "+08:00", "recordTime": "2026-03-01T08:00:01Z",
        "epcList": ["urn:kouan:case:C1"], "action": "OBSERVE", "bizStep": "arriving", "readPoint": {"id": "urn:kouan:place:x"}, "bizLocation": {"id": "urn:kouan:port:tianjin-water"},
        "bizTransactionList": [{"bizTransaction": "urn:kouan:case:C1"}], "quantityList": [{"epcClass": "urn:x:1", "quantity": 3.0, "uom": "EA"}],
        "errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z", "reason": "did_not_occur"}, "kouan:mode": "sea", "kouan:revision": 2}]},
}  # fmt: skip
HOURS = "ports:\n  - port: CNERC\n    zone: Asia/Shanghai\n    hours:\n      - {from: 2025-01-01, week: 'mon-fri 09:00-18:00'}\n    closed: [2025-02-03]\n    special: {2025-02-04: '10:00-11:00'}\n    closed_on_holidays: true\n"
NORMS = "norms:\n  - zh: 审单\n    en: check of documents\n    whole: overall_clearance\n    between: [declared, docs_checked]\n    direction: inbound\n    modes: [sea]\n    ports: [CNNGB]\n    clock: open\n    values:\n      - from: 2020-01-01\n        hours: 0.5\n        issued: 2019-12-01\n        instrument: 试用规范\n        article: 一\n        quote: 原文\n"
CHANGES = "document: {title: 文件名称, number: 发文字号, issued: 2024-06-20}\nreason: 为何改动\nparameters:\n  - {parameter: volume_standard.sea.cargo, value: 800, from_date: 2027-01-01, article: 第四条, quote: 原文}\nrulings:\n  - {setting: volume_standard.combine, value: and, from_date: 2026-07-01, quote: 答复原文}\n"
RULINGS = "- setting: volume_standard.combine\n  value: and\n  from_date: 2024-01-01\n  document_number: 国岸函〔2024〕1号\n  document_title: 关于客货运量标准的答复\n  issued: 2023-12-01\n"
GEOJSON = {"type": "FeatureCollection", "审图号": "GS(2024)0650号", "features": [
    {"type": "Feature", "properties": {"adcode": 440000, "name": "广东省"}, "geometry": {"type": "Polygon", "coordinates": [[[113, 23], [114, 23], [114, 24], [113, 23]]]}},
    {"type": "Feature", "properties": {"gb": "156150000"}, "geometry": None}]}  # fmt: skip
ROUTES = [("始发机场", "目的机场", "航班号", "经停次数", "班期", "航线性质", "承运人", "航季", "开始日期", "结束日期"),
          ("EHU", "PKX", "CA1", "0", "1234567", "国内", "国航", "2024冬春", "2024-10-27", "2025-03-29"), ("EHU", "ICN", "KE9", "1", "1.3.5", "国际", "", "", "2024/10/27", "2025.3.29")]  # fmt: skip
FACTS = [("transport_class", "is_border", "accepted_on", "year", "cargo_tonnes", "person_crossings", "months_reported"), ("rail", "no", "2010-01-01", "2023", "", "45335960", "12"),
         ("海运", "是", "2012年5月1日", "2022", "12.5万", "1,000", "12")]  # fmt: skip
UNITS = [("uCode", "year", "berths", "staff", "tonnes"), *[(f"P{n}", 2023, n + 1, 100 * n + 7, 1000 * n + 3) for n in range(6)]]
SUBMITTED = {"filed_on": "2024-01-01", "airport": "EHU", "passengers": [{"year": 2023, "passengers": 1_000_000}], "city": "鄂州"}


# ---- how each is called ---------------------------------------------------------------------------------


def at_path(read: Callable[[Path], Any], name: str) -> Callable[[bytes], Any]:
    """Call a reader of files with the bytes in a file of that name."""

    def parse(data: bytes) -> Any:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / name
            path.write_bytes(data)
            return read(path)

    return parse


def tables(path: Path) -> Any:
    """Every row of every sheet, as collection reads it, each cell as a value, a period and a word."""
    from kouan.basis.period_reading import read_period
    from kouan.collection.cells import word_of
    from kouan.collection.readers import open_file
    from kouan.collection.value_checks import read_value

    seen: list[Any] = []
    for sheet in open_file(path, path.name).sheets:
        for count, (_, cells) in enumerate(sheet.rows):
            if count < 200:
                for cell in cells[:100]:
                    seen += [read_value(cell), read_period(cell), word_of(cell)]
    return [part for each in seen for part in (each, *getattr(each, "findings", ()))]


def _recognised(path: Path) -> Any:
    from kouan.collection import sources
    from kouan.collection.readers import open_file
    from kouan.collection.recognise import match_sheets

    matches, findings = match_sheets(open_file(path, path.name), sources.get("port-return"), path.name, 30)
    return [*findings, *[list(match.rows) and match.header for match in matches]]


def _numbers(data: bytes) -> Any:
    from kouan.basis import Finding, numbers
    from kouan.basis.names import key, nearest
    from kouan.basis.period_reading import read_period
    from kouan.basis.quantity import Quantity
    from kouan.collection.value_checks import read_value

    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    found = numbers.parse(text)
    quantity = Quantity.read(text)
    told: list[Any] = [found, quantity, read_period(text), read_period(text, dayfirst=True), read_value(text)]
    key(text), nearest(text[:200], ["罗湖", "满洲里"]), numbers.parse(text, scientific=True)
    if not isinstance(found, Finding):
        told += [numbers.plain(found, grouped=True), numbers.format_zh(found), numbers.format_en(found)]
    if not isinstance(quantity, Finding):
        told += [quantity.display(), quantity.exact(), quantity.as_dict()]
    return told


def _journal(data: bytes) -> Any:
    from kouan.monitoring.journal import shape

    found = shape.read(data)
    return [finding for _, _, finding in found.misfits] + [sent for _, sent, _ in found.misfits]


def _epcis(data: bytes) -> Any:
    from kouan.exchange.epcis import read_epcis
    from kouan.monitoring.journal import shape

    return [shape.of_values(values, number) for number, values in read_epcis(data, {"source": "s"})]


def _event_rows(path: Path) -> Any:
    from kouan.monitoring.journal import shape
    from kouan.monitoring.journal.files import rows_of

    return [shape.of_values({**values, "source": "s"}, number) for number, values in rows_of(path)][:500]


def _case_events(path: Path) -> Any:
    from kouan.cli.event_files import events_of_case

    return events_of_case([path], "C1")


def _scheme(data: bytes) -> Any:
    from kouan.evaluation.method.scheme.checking import checked
    from kouan.evaluation.rounds.scheme_files import content_of_upload

    content = content_of_upload({"方案.zip": data})
    return checked(content).as_dict()


def _formula(data: bytes) -> Any:
    from kouan.evaluation.method.scheme import formula

    return formula.parse(data.decode("utf-8", "replace"))


def _law_changes(path: Path) -> Any:
    from kouan.basis.strict_yaml import load_file
    from kouan.law.changes import check_changes, last_day, read_changes
    from kouan.law.law import Law

    data = load_file(path)
    law = Law(max(DAY, last_day(data) or DAY))
    return check_changes(read_changes(data, path.name, law), law, path.name)


def _volume_facts(path: Path) -> Any:
    from kouan.grading.facts_file import read_facts_csv
    from kouan.grading.trial import try_facts

    return try_facts(read_facts_csv(path)[:50], DAY)


def _case_facts(path: Path) -> Any:
    from kouan.grading.case_trial import CASE_RULES, read_facts_jsonl, try_cases
    from kouan.law.law import Law

    lines = read_facts_jsonl(path)[:10]
    return [try_cases(rule, lines, Law(DAY)) for rule in CASE_RULES]


def _submitted(path: Path) -> Any:
    from kouan.grading.submitted import read_submitted, read_submitted_file

    return read_submitted(read_submitted_file(path), DAY)[1]


def _routes(path: Path) -> Any:
    from kouan.grading.schedule_file import routes_in_file

    return routes_in_file(path, "EHU").as_dict()


def _index(data: bytes) -> Any:
    """Framework, data, or recipe of an index: whichever the bytes look like, beside sound others."""
    from kouan.evaluation.method.index import files

    place = ROOT / "recipes/asem"
    with tempfile.TemporaryDirectory() as held:
        path = Path(held) / ("recipe.yaml" if b"aggregate" in data[:4_000] else "iMeta.csv" if b"iCode" in data[:200] else "iData.csv")
        path.write_bytes(data)
        if path.suffix == ".yaml":
            return files.read_recipe(path).as_dict()
        if path.name == "iMeta.csv":
            return files.read_framework(path)
        return files.read_data(path, files.read_framework(place / "iMeta.csv"))


def _design(path: Path) -> Any:
    from kouan.evaluation.method.index import files
    from kouan.evaluation.method.index.robustness.design_file import read_design, read_weights

    framework, recipe = files.read_framework(ROOT / "recipes/asem/iMeta.csv"), files.read_recipe(ROOT / "recipes/asem-gmean.yaml")
    text = files.text_of(path)
    return read_weights(path, text, framework) if "iCode" in text[:300] else [each[1].as_dict() for each in read_design(path, text, {}, recipe)]


def _study(path: Path) -> Any:
    from kouan.evaluation.method.index import files
    from kouan.evaluation.method.index.robustness.study import Study

    return Study.from_yaml(files.text_of(path), file=path.name)


def _framework(path: Path) -> Any:
    from kouan.evaluation.method.loading import load_framework

    return load_framework(path)


def _efficiency(path: Path) -> Any:
    from kouan.evaluation.method.efficiency import files
    from kouan.grading.facts_file import read_facts_csv

    rows = read_facts_csv(path)[:50]
    files.years_of(rows, "year", inputs=["berths", "staff"], outputs=["tonnes"])
    return files.units_of(rows, inputs=["berths", "staff"], outputs=["tonnes"])


def _procedure(data: bytes) -> Any:
    from kouan.casework.catalogue import read_proposed

    return read_proposed(data.decode("utf-8", "replace")).title


def _strict(path: Path) -> Any:
    from kouan.basis.strict_yaml import load_file

    load_file(path)


def _hours(path: Path) -> Any:
    from kouan.monitoring.timing.clocks import read_hours

    return list(read_hours(path))


def _norms(path: Path) -> Any:
    from kouan.monitoring.timing.norms import read_norms

    return read_norms(path)


def _thresholds(path: Path) -> Any:
    from kouan.monitoring.detection.thresholds import read_thresholds

    return read_thresholds(path)


def _holidays(path: Path) -> Any:
    from kouan.procedure.working_days import read_table

    return read_table(path)


def _rulings(path: Path) -> Any:
    from kouan.law.rulings import load_rulings

    return load_rulings(path)


def _changed_facts(data: bytes) -> Any:
    from kouan.casework.changes import read_changes

    return read_changes(data.decode("utf-8", "replace"))


def _hourly(path: Path) -> Any:
    from kouan.basis import Text
    from kouan.monitoring.live.replay.hourly import read

    return read(path, code="x", name=Text("甲", "A"), source=Text("乙", "B")).as_dict()


def _passengers(path: Path) -> Any:
    from kouan.monitoring.detection.replay import read_passengers

    return read_passengers(path).series


def _base_map(path: Path) -> Any:
    from kouan.console import base_map

    found = base_map._read(str(path), path.stat().st_mtime_ns, path.stat().st_size)
    base_map._read.cache_clear()
    return found


def _paper(data: bytes) -> Any:
    """A paper of a matter: what it is told by name and content."""
    from kouan.desk.matters.paper_files import check_file

    return [check_file(io.BytesIO(data), f"附件{ending}", "file") for ending in (".pdf", ".docx", ".ofd", ".xlsx", ".png", ".tif")]


def _preview(kind: str) -> Callable[[bytes], Any]:
    """The page of a paper, drawn by the program that the server starts for it."""

    def parse(path: Path) -> Any:
        from kouan.desk.papers.preview import page_count, page_picture

        return page_count(path, kind), page_picture(path, kind, 1)[:4]

    return at_path(parse, "paper")


def _anchor(path: Path) -> Any:
    from kouan.audit.anchor import read_anchor

    return list(read_anchor(path))


def _key_file(path: Path) -> Any:
    from kouan.crypto.keyfiles import KeyFile

    found = KeyFile.read(path)
    return [found.suite, found.about, len(found.key("0123456789abcdef"))]


def _key_seeds() -> list[bytes]:
    import secrets

    from kouan.crypto.keyfiles import KeyFile

    made = []
    with tempfile.TemporaryDirectory() as place:
        for number, secret in enumerate(("", "0123456789abcdef")):
            path = Path(place) / f"{number}.key"
            KeyFile.write(path, "es256", secrets.token_bytes(32), secret=secret, about={"purpose": "试"})
            made.append(path.read_bytes())
    return made


def _pdfs() -> list[bytes]:
    from kouan.desk.papers import Paper  # noqa: F401 - typst is there when papers are

    return [_small_pdf(), _small_pdf(2)]


def _small_pdf(pages: int = 1) -> bytes:
    import pypdfium2

    paper = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        paper.new_page(200, 300)
    held = io.BytesIO()
    paper.save(held)
    return held.getvalue()


def _pictures() -> list[bytes]:
    from PIL import Image

    made = []
    for form in ("PNG", "JPEG", "TIFF"):
        held = io.BytesIO()
        Image.new("RGB", (40, 30), (10, 90, 200)).save(held, form)
        made.append(held.getvalue())
    return made


def _zip_of(*paths: Path) -> bytes:
    from tests.fuzz.mutations import zipped

    return zipped([(path.name, path.read_bytes()) for path in paths])


def _credentials(path: Path) -> Any:
    from kouan.monitoring.journal.brokers import kafka

    return kafka._settings_of(path) if hasattr(kafka, "_settings_of") else None


NUMBERS = ("1,234.5万吨", "12.5", "3.2万人次", "2023-11", "2023年11月", "2023年第四季度", "2023Q4", "2023年1-6月", "二〇二三年十一月", "1900/2/28", "45231", "一百二十三万四千五百", "￥1，234", "12%", "1e5", "０．５", "2023-01-01/2023-03-31")
RULES_JSONL = '{"years_below": 2, "filed_on": "2023-05-01"}\n{"is_border": true, "city": "鄂州", "passengers": 1000000, "distance_km": 120.5}\n'

PARSERS: tuple[Parser, ...] = (
    Parser("numbers", "text", said(*NUMBERS), _numbers),
    Parser("csv", "csv", returns, at_path(tables, "return.csv")),
    Parser("xlsx", "zip", workbooks, at_path(tables, "return.xlsx")),
    Parser("parquet", "bytes", parquets, at_path(tables, "return.parquet")),
    Parser("recognise", "csv", returns, at_path(_recognised, "return.csv")),
    Parser("journal", "json", lambda: [json.dumps([EVENT, EVENT]).encode(), json.dumps(EVENT).encode() + b"\n" + json.dumps(EVENT).encode()], _journal),
    Parser("epcis", "json", lambda: [json.dumps(EPCIS).encode(), json.dumps(EPCIS["epcisBody"]["eventList"]).encode()], _epcis),  # type: ignore[index]
    Parser("events-csv", "csv", lambda: [a_csv([list(EVENT), [str(each) for each in EVENT.values()]] * 1)], at_path(_event_rows, "events.csv")),
    Parser("events-parquet", "bytes", parquets, at_path(_event_rows, "events.parquet")),
    Parser("case-events", "csv", lambda: [a_csv([list(EVENT), [str(each) for each in EVENT.values()]])], at_path(_case_events, "events.csv")),
    Parser("scheme", "zip", lambda: [_zip_of(*sorted((SOURCE / "evaluation/schemes/national-first").glob("*.[yc]*")))], _scheme),
    Parser("formula", "text", said("a01 / a02", "min(1, (d0101 + d0102) * 100 / max(d0103, 1))", "-(a+b)*c/2", "points(i1: a, b)", "ratio(d1, d2)"), _formula),
    Parser("law-changes", "yaml", said(CHANGES), at_path(_law_changes, "changes.yaml")),
    Parser("rulings", "yaml", said(RULINGS), at_path(_rulings, "rulings.yaml")),
    Parser("volume-facts", "csv", lambda: [a_csv(FACTS)], at_path(_volume_facts, "facts.csv")),
    Parser("case-facts", "jsonl", said(RULES_JSONL), at_path(_case_facts, "facts.jsonl")),
    Parser("submitted", "json", lambda: [json.dumps(SUBMITTED).encode()], at_path(_submitted, "facts.json")),
    Parser("routes-csv", "csv", lambda: [a_csv(ROUTES)], at_path(_routes, "routes.csv")),
    Parser("routes-xlsx", "zip", lambda: [a_workbook(ROUTES)], at_path(_routes, "routes.xlsx")),
    Parser("index", "csv", lambda: [(ROOT / f"recipes/asem/{name}.csv").read_bytes() for name in ("iMeta", "iData")], _index),
    Parser("recipe", "yaml", lambda: [path.read_bytes() for path in sorted((ROOT / "recipes").glob("asem-*.yaml"))], _index),
    Parser("study", "yaml", said("runs: 100\nseed: 1\nfactors: []\n"), at_path(_study, "study.yaml")),
    Parser("design", "csv", said("run,winsorise,normalise,weights,aggregate\n1,yes,minmax,original,amean\n", "iCode,w1\nGoods,1\n"), at_path(_design, "design.csv")),
    Parser("framework", "yaml", folder("evaluation/frameworks/*.yaml"), at_path(_framework, "framework.yaml")),
    Parser("efficiency", "csv", lambda: [a_csv(UNITS)], at_path(_efficiency, "units.csv")),
    Parser("procedure", "yaml", folder("casework/procedures/*.yaml"), _procedure),
    Parser("strict-yaml", "yaml", folder("law/parameters/**/*.yaml", "law/settings/*/*.yaml"), at_path(_strict, "value.yaml")),
    Parser("hours", "yaml", said(HOURS), at_path(_hours, "hours.yaml")),
    Parser("norms", "yaml", said(NORMS), at_path(_norms, "norms.yaml")),
    Parser("thresholds", "yaml", folder("monitoring/detection/data/thresholds.yaml"), at_path(_thresholds, "thresholds.yaml")),
    Parser("holidays", "yaml", folder("procedure/calendar/*.yaml"), at_path(_holidays, "2024.yaml")),
    Parser("change-of-facts", "text", said("英文名称：Qingdao Port\n运输类别：海运\n是否边境口岸：是\n"), _changed_facts),
    Parser("hourly-waits", "csv", said("hour_start,avg_delay_minutes\n2018-07-01 06:00:00,12\n2018-07-01 07:00:00,\n"), at_path(_hourly, "waits.csv")),
    Parser("replayed-passengers", "csv", lambda: [gzip.compress(a_csv(_hong_kong()))], at_path(_passengers, "passengers.csv.gz")),
    Parser("base-map", "json", lambda: [json.dumps(GEOJSON, ensure_ascii=False).encode()], at_path(_base_map, "map.json")),
    Parser("papers", "zip", lambda: [*workbooks(), *_pictures(), _small_pdf()], _paper),
    Parser("preview-pdf", "bytes", lambda: [_small_pdf(), _small_pdf(2)], _preview("pdf")),
    Parser("preview-picture", "bytes", _pictures, _preview("image")),
    Parser("anchor", "json", said('{"format": "kouan-audit-anchor/1", "number": 1, "digest": "x"}'), at_path(_anchor, "anchor.json")),
    Parser("key-file", "json", _key_seeds, at_path(_key_file, "sign.key")),
)
assert UTC
