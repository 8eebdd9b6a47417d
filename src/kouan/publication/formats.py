"""One version, every format: CSV, Excel, a Frictionless data package, and metadata as JSON-LD (DCAT). SDMX stands in sdmx.py.

Each is made from the canonical CSV kept with the version, and from nothing else, so all say the same. All but the workbook, which
its library dates, are the same bytes each time.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kouan.basis import Text
from kouan.publication.cuts import read, typed
from kouan.publication.models import DataVersion
from kouan.publication.queries import citation
from kouan.publication.sdmx import data_csv, data_xml, structure_json, structure_xml

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS = {"string": "string", "integer": "integer", "number": "number", "date": "date", "period": "string"}
_PERIODS = {"month": r"\d{4}-(0[1-9]|1[0-2])", "year": r"\d{4}"}
_FORMULA_STARTS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Format:
    """A file that a version is given out as. ``only_statistical``: made for rows that are figures of periods."""

    name: str
    label: Text
    media: str
    make: Callable[[DataVersion, str], bytes]
    only_statistical: bool = False


def csv_bytes(version: DataVersion, address: str = "") -> bytes:
    """The canonical CSV itself: its SHA-256 is the version's."""
    return version.content.encode()


def csv_bom(version: DataVersion, address: str = "") -> bytes:
    """The same with a byte order mark, by which Excel knows UTF-8."""
    return b"\xef\xbb\xbf" + version.content.encode()


def xlsx(version: DataVersion, address: str) -> bytes:
    """A workbook of data, definitions of the columns with their codes, and notes."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    said = version.structure
    book = Workbook(write_only=True)
    bold = Font(bold=True)

    def cells(sheet: Any, values: list[Any], *, head: bool = False) -> list[WriteOnlyCell]:
        made = []
        for value in values:
            cell = WriteOnlyCell(sheet, value=value)
            if isinstance(value, str):
                cell.data_type = "s"  # never a formula, whatever it begins with
                if value.startswith(_FORMULA_STARTS):
                    cell.quotePrefix = True
            if head:
                cell.font = bold
            made.append(cell)
        return made

    data = book.create_sheet("数据 Data")
    data.freeze_panes = "A2"
    columns = said["columns"]
    data.append(cells(data, [column["name"] for column in columns], head=True))
    for row in read(version.content):
        data.append(cells(data, [typed(column, row[column["name"]]) for column in columns]))
    terms = book.create_sheet("定义 Definitions")
    terms.append(cells(terms, ["列 Column", "名称", "Name", "类型 Type", "作用 Role", "代码 Code", "含义", "Meaning"], head=True))
    for column in columns:
        terms.append(cells(terms, [column["name"], column["label"]["zh"], column["label"]["en"], column["type"], column["role"]]))
        for code, words in said["labels"].get(column["name"], {}).items():
            terms.append(cells(terms, [column["name"], "", "", "", "", code, words["zh"], words["en"]]))
    notes = book.create_sheet("说明 Notes")
    for label, value in _notes(version, address):
        notes.append(cells(notes, [f"{label.zh} {label.en}", value.zh, value.en]))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _notes(version: DataVersion, address: str) -> list[tuple[Text, Text]]:
    said = version.structure
    pair = Text.from_dict
    lines = [
        (Text("数据集", "Data set"), pair(said["name"])), (Text("版本", "Version"), Text(version.number, version.number)),
        (Text("发布日期", "Published"), Text(version.published_on.isoformat(), version.published_on.isoformat())),
        (Text("变化", "Changes"), Text(version.changes_zh, version.changes_en)), (Text("定义", "Definition"), pair(said["definition"])),
        (Text("范围", "Coverage"), pair(said["coverage"])), (Text("单位", "Unit"), pair(said["unit"])),
        (Text("生产者", "Producer"), pair(said["producer"])), (Text("归口单位", "Owner"), pair(said["owner"])),
        (Text("许可", "Licence"), pair(said["licence"])),
        *[(Text("附注", "Note"), pair(note)) for note in said["notes"]],
        (Text("空白单元格", "Empty cells"), Text("没有数值，不等于零。", "No value; never zero.")),
        (Text("引用", "Citation"), citation(version, address)), (Text("SHA-256", "of data.csv"), Text(version.sha256, version.sha256)),
    ]
    lines += [(Text("勘误", "Erratum"), Text(each.said_zh, each.said_en)) for each in version.errata.all()]
    return lines


def package(version: DataVersion, address: str) -> dict[str, Any]:
    """The descriptor of a Frictionless data package (Data Package v1)."""
    said = version.structure
    fields = []
    for column in said["columns"]:
        field: dict[str, Any] = {"name": column["name"], "type": _KINDS[column["type"]], "title": column["label"]["en"],
                                 "description": column["label"]["zh"]}
        labels = said["labels"].get(column["name"])
        rules: dict[str, Any] = {"required": True} if column["role"] == "dimension" else {}
        if column["coded"] and labels:
            rules["enum"] = sorted(labels)
            field["categories"] = [{"value": code, "label": words["en"], "label_zh": words["zh"]} for code, words in sorted(labels.items())]
        if column["type"] == "period" and said["cadence"] in _PERIODS:
            rules["pattern"] = _PERIODS[said["cadence"]]
        fields.append(field | ({"constraints": rules} if rules else {}))
    return {
        "profile": "tabular-data-package", "name": said["code"], "id": address, "title": said["name"]["en"], "title_zh": said["name"]["zh"],
        "description": f"{said['definition']['en']}\n\n{said['definition']['zh']}", "version": f"{version.number}.0",
        "created": f"{version.published_on.isoformat()}T00:00:00Z", "licenses": [{"name": "other", "title": said["licence"]["en"]}],
        "sources": [{"title": said["producer"]["en"]}], "contributors": [{"title": said["owner"]["en"], "role": "publisher"}],
        "coverage": said["coverage"], "citation": citation(version, address).as_dict(), "notes": said["notes"],
        "resources": [{
            "name": "data", "path": "data.csv", "profile": "tabular-data-resource", "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
            "bytes": len(version.content.encode()), "hash": f"sha256:{version.sha256}",
            "dialect": {"delimiter": ",", "lineTerminator": "\n", "header": True},
            "schema": {"fields": fields, "primaryKey": [column["name"] for column in said["columns"] if column["role"] == "dimension"],
                       "missingValues": [""]},
        }],
    }


def datapackage(version: DataVersion, address: str) -> bytes:
    """The package as a ZIP: descriptor, data, and a README."""
    held = io.BytesIO()
    day = version.published_on
    readme = "\n\n".join(f"{label.zh} {label.en}\n{value.zh}\n{value.en}" for label, value in _notes(version, address)) + "\n"
    # A file inside an archive has a date: the version's own.
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("datapackage.json", _json(package(version, address))), ("data.csv", version.content), ("README.txt", readme)):
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return held.getvalue()


def dcat(version: DataVersion, address: str) -> bytes:
    """Metadata as JSON-LD in the words of DCAT 3, for catalogues that collect them."""
    said = version.structure
    both = _languages
    return _json({
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "spdx": "http://spdx.org/rdf/terms#"},
        "@id": address, "@type": "dcat:Dataset", "dct:identifier": said["code"], "dct:title": both(said["name"]),
            "dct:description": both(said["definition"]),
        "dcat:version": version.number, "dct:issued": version.published_on.isoformat(), "dct:creator": both(said["producer"]),
        "dct:publisher": both(said["owner"]), "dct:rights": both(said["licence"]), "dct:accrualPeriodicity": said["cadence"],
        "dct:bibliographicCitation": both(citation(version, address).as_dict()),
        "dcat:distribution": [{"@type": "dcat:Distribution", "dcat:downloadURL": f"{address}/{each.name}", "dcat:mediaType": each.media, **(
            {"spdx:checksum": {"spdx:algorithm": "sha256", "spdx:checksumValue": version.sha256}} if each.name == "data.csv" else {})}
            for each in formats_of(version)],
    }).encode()


def _languages(pair: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"@language": "zh-CN", "@value": pair["zh"]}, {"@language": "en", "@value": pair["en"]}]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


FORMATS: tuple[Format, ...] = (
    Format("data.csv", Text("CSV（规范文本）", "CSV (canonical)"), "text/csv; charset=utf-8", csv_bytes),
    Format("data-excel.csv", Text("CSV（带 BOM，供 Excel 打开）", "CSV with a byte order mark, for Excel"), "text/csv; charset=utf-8", csv_bom),
    Format("data.xlsx", Text("Excel（数据、定义、说明）", "Excel (data, definitions, notes)"), _XLSX, xlsx),
    Format("datapackage.zip", Text("Frictionless 数据包", "Frictionless data package"), "application/zip", datapackage),
    Format("sdmx-structure.xml", Text("SDMX-ML 3.0 结构", "SDMX-ML 3.0 structure"), "application/vnd.sdmx.structure+xml; version=3.0.0",
           structure_xml, True),
    Format("sdmx-structure.json", Text("SDMX-JSON 2.0 结构", "SDMX-JSON 2.0 structure"), "application/vnd.sdmx.structure+json; version=2.0.0",
           structure_json, True),
    Format("sdmx-data.csv", Text("SDMX-CSV 2.0 数据", "SDMX-CSV 2.0 data"), "application/vnd.sdmx.data+csv; version=2.0.0", data_csv, True),
    Format("sdmx-data.xml", Text("SDMX-ML 3.0 数据", "SDMX-ML 3.0 data"), "application/vnd.sdmx.data+xml; version=3.0.0", data_xml, True),
    Format("metadata.jsonld", Text("元数据（DCAT，JSON-LD）", "metadata (DCAT, JSON-LD)"), "application/ld+json", dcat),
)


def formats_of(version: DataVersion) -> list[Format]:
    """The formats that suit a version: SDMX only for figures of periods."""
    return [each for each in FORMATS if version.structure["is_statistical"] or not each.only_statistical]


def format_of(version: DataVersion, name: str) -> Format | None:
    """One of them by the name of its file."""
    return next((each for each in formats_of(version) if each.name == name), None)
