"""The bundled register as plain values: what ``register/`` says, read and checked, no database.

The facts are the plan's own tables (专栏2–4, 7–10) and public lists; ``ports.csv`` is our reading
of them, one row per port, proofread by hand (register/README.md). ``actions.load_register`` writes it.

>>> seed = read_seed()
>>> len(seed.entries), len(seed.points), len(seed.benchmarks)
(145, 16, 117)
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "register"
# Everything whose content decides what the register holds; the digest covers exactly these.
FILES = (
    "documents.yaml", "ports.csv", "codes.csv", "operating_evidence.csv",
    "layout_sea.csv", "layout_border.csv", "layout_air.csv", "layout_links.csv",
    "projects_07_hub_demo.csv", "projects_08_gap_closing.csv", "projects_09_smart.csv",
    "projects_10_international.csv", "project_links.csv",
    "counterpart_points.csv", "benchmark_us_land.csv", "translations.csv",
)
# Raised when the meaning of the files changes without a change of their content.
READING = 1

PLAN = "plan-14fyp"
BOXES = {"sea": "专栏2", "border": "专栏3", "air": "专栏4"}
GREATER_BAY = "粤港澳大湾区"


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute of a port, from when, and the document it rests on."""

    attribute: str
    value: Any
    document: str
    valid_from: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SeedPort:
    """A port as bundled: identity, and its facts in the order in which they apply."""

    code: str
    mode: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class SeedCode:
    """A code or name that somebody gives a port."""

    port: str
    scheme: str
    code: str
    names_place: bool
    document: str


@dataclass(frozen=True, slots=True)
class Seed:
    """All that is bundled. Mappings hold column values, ready for the models."""

    digest: str
    documents: tuple[Mapping[str, Any], ...]
    ports: tuple[SeedPort, ...]
    codes: tuple[SeedCode, ...]
    entries: tuple[Mapping[str, Any], ...]
    entry_links: tuple[tuple[str, str, str], ...]
    projects: tuple[Mapping[str, Any], ...]
    project_links: tuple[tuple[str, str, str], ...]
    points: tuple[Mapping[str, Any], ...]
    benchmarks: tuple[Mapping[str, Any], ...]


def seed_digest() -> str:
    """SHA-256 over the bundled files (2 ms): equal means that there is nothing to load."""
    total = hashlib.sha256(str(READING).encode())
    for name in FILES:
        total.update(name.encode() + b"\0" + hashlib.sha256((FOLDER / name).read_bytes()).digest())
    return total.hexdigest()


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@cache
def read_seed() -> Seed:
    """Read all files. A fault in them is an error of the release: ValueError names file and row."""
    words = {row["en"]: row["zh"] for row in _rows("translations.csv")}
    return Seed(
        digest=seed_digest(),
        documents=tuple(yaml.safe_load((FOLDER / "documents.yaml").read_text(encoding="utf-8"))),
        ports=tuple(_ports()),
        codes=tuple(
            SeedCode(row["port"], row["scheme"], row["code"], _flag(row["names_place"]) is True, row["document"])
            for row in _rows("codes.csv")
        ),
        entries=tuple(_entries(words)),
        entry_links=tuple((row["layout_id"], row["port"], row["basis"]) for row in _rows("layout_links.csv")),
        projects=tuple(_projects(words)),
        project_links=tuple((row["project_id"], row["port"], row["basis"]) for row in _rows("project_links.csv")),
        points=tuple(_points()),
        benchmarks=tuple(
            {"code": row["port_code"], "name": row["port_name"], "state": row["state"], "border": row["border"],
             "latitude": row["lat"] or None, "longitude": row["lon"] or None}
            for row in _rows("benchmark_us_land.csv")
        ),
    )


def _flag(text: str) -> bool | None:
    try:
        return {"yes": True, "no": False, "": None}[text]
    except KeyError:
        raise ValueError(f"yes, no or empty expected, not {text!r}") from None


TEXTS = (
    "name_zh", "short_name_zh", "name_en", "pinyin", "initials", "province_code", "city_code", "city_name",
    "neighbour_code", "transport_class", "class_basis", "status", "approval", "parent", "source_note",
)
FLAGS = ("class_needs_review", "is_border", "is_group")
POSITION = ("latitude", "longitude", "position_source")


def _ports() -> Iterator[SeedPort]:
    evidence = {row["port"]: row for row in _rows("operating_evidence.csv")}
    for row in _rows("ports.csv"):
        facts = [Fact(name, row[name], row["document"]) for name in TEXTS if row[name]]
        facts += [
            Fact(name, flag, row["document"]) for name in FLAGS if (flag := _flag(row[name])) is not None
        ]
        if row["latitude"]:
            facts += [Fact(name, row[name], row["position_document"]) for name in POSITION]
        seen = evidence.pop(row["code"], None)
        if seen:
            # Counted crossings show that a port runs; they do not show when it was opened, so the
            # status before the first count stays unknown.
            facts.append(Fact(
                "status", "open", seen["document"], date.fromisoformat(seen["seen_on"]),
                f"{seen['note']}；最近一期截至 {seen['last_seen_on']}。据此登记为运行，不代表开放日期。",
            ))
        yield SeedPort(row["code"], row["mode"], tuple(facts))
    if evidence:
        raise ValueError(f"operating_evidence.csv names unknown ports: {sorted(evidence)}")


def _entries(words: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for kind, box in BOXES.items():
        for row in _rows(f"layout_{kind}.csv"):
            note = row["note"]
            yield {
                "layout_id": row["layout_id"], "box": box, "name_zh": row["port_zh"], "name_en": row["port_en"],
                "mode": {"sea": "water", "air": "air"}.get(kind) or row["mode"],
                "region_zh": row.get("region_zh") or row.get("area_zh") or "",
                "region_en": row.get("region_en") or row.get("area_en") or "",
                "role": row.get("tier", ""), "role_zh": row.get("tier_zh") or row.get("hub_tier_zh") or "",
                "hub_tier": row.get("hub_tier", ""),
                "is_planned": row.get("status") == "planned",
                "is_group": row.get("is_group") == "yes",
                # 虎门 is a harbour town of 东莞; the other rows of the Greater Bay Area are cities.
                "names_city": (row.get("region_zh") == GREATER_BAY and row["port_zh"] != "虎门")
                              or ";" in row.get("iata", ""),
                "parent": row.get("parent_port_zh", ""),
                "province_code": row["province_code_gb2260"], "neighbour_code": row.get("neighbour_iso2", ""),
                "quote": row["source_quote"], "note": words[note] if note else "", "note_en": note,
            }


def _projects(words: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    def project(row: Mapping[str, str], target: str, mode: str, kind: str, counterpart: str = "") -> dict[str, Any]:
        note = row.get("note", "")
        return {
            "project_id": row["project_id"], "box": row["source_section"], "programme_zh": row["programme_zh"],
            "programme_en": row.get("programme_en") or "Demonstration of key hub ports",
            "object_zh": target, "mode": mode, "kind": words[kind] if kind else "", "kind_en": kind,
            "counterpart_code": counterpart, "quote": row["source_quote"],
            "note": words[note] if note else "", "note_en": note,
        }

    for row in _rows("projects_07_hub_demo.csv"):
        yield project(row, row["port_zh"], row["mode"], row["subtype"], row["counterpart_region"])
    for row in _rows("projects_08_gap_closing.csv"):
        yield project(row, row["port_zh"], row["mode"], row["content_en"])
    for row in _rows("projects_09_smart.csv"):
        yield project(row, row["technology_zh"].replace(";", "、"), "", row["content_en"])
    for row in _rows("projects_10_international.csv"):
        yield project(row, row["object_zh"], "", row["kind_en"], row["counterpart_region"])


def _points() -> Iterator[dict[str, Any]]:
    for row in _rows("counterpart_points.csv"):
        yield {**row, "source_note": "香港入境事务处统计；对应关系据 data-hk-control-points"}


@cache
def plan_counts() -> Mapping[str, int]:
    """The plan's own counts (一): 313 approved at the end of 2020; events of 2016–2020."""
    return {row["metric"]: int(row["value"]) for row in _rows("baseline.csv")}
