"""``/published-data`` and ``/dictionary``: what is published, and what every measure means. The files themselves stand at ``/data/SET/VERSION``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Path, Router, Schema

from kouan.accounts.action import allows, refuse
from kouan.api.matter_shapes import Both
from kouan.api.paging import of_rows
from kouan.api.shapes import REFUSALS, Page
from kouan.publication.dictionary import word, words
from kouan.publication.formats import formats_of
from kouan.publication.models import DataVersion
from kouan.publication.queries import Published, citation, published, published_set

router = Router(tags=["数据发布与字典 / Published data and dictionary"])
SetCode = Annotated[str, Path(pattern=r"^[-a-z0-9]{1,64}$", description="数据集代号 / data set")]
MeasureCode = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,48}$", description="指标代码，如 person_crossings / measure")]


class PublishedFileOut(Schema):
    name: str
    label: Both
    media: str
    address: str


class PublishedVersionOut(Schema):
    """A version; its figures never change."""

    version: str
    published_on: date
    rows: int
    sha256: str
    changes: Both
    errata: list[Both]
    citation: Both
    files: list[PublishedFileOut]


class PublishedOut(Schema):
    """A data set with its versions, newest first."""

    code: str
    name: Both
    definition: Both
    coverage: Both
    producer: Both
    owner: Both
    licence: Both
    classification: str
    versions: list[PublishedVersionOut]


class PublishedPage(Page):
    items: list[PublishedOut]


class MeasureLine(Schema):
    code: str
    name: Both
    definition: Both
    unit: str
    items: int
    sources: int
    uses: int


class MeasurePage(Page):
    items: list[MeasureLine]


def _may(request: HttpRequest) -> None:
    if not allows(request.user, "console.read"):
        raise refuse(request.user, "console.read", "api.publications")


def _version(version: DataVersion) -> dict[str, Any]:
    address = reverse("published-version", args=[version.data_set, version.number])
    return {
        "version": version.number, "published_on": version.published_on, "rows": version.rows, "sha256": version.sha256,
        "changes": {"zh": version.changes_zh, "en": version.changes_en},
        "errata": [{"zh": each.said_zh, "en": each.said_en} for each in version.errata.all()], "citation": citation(version, address).as_dict(),
        "files": [{"name": each.name, "label": each.label.as_dict(), "media": each.media, "address": f"{address}/{each.name}"}
                  for each in formats_of(version)],
    }


def _told(found: Published) -> dict[str, Any]:
    said = found.definition.as_dict()
    return {key: said[key] for key in ("code", "name", "definition", "coverage", "producer", "owner", "licence", "classification")} | {
        "versions": [_version(each) for each in found.versions]}


@router.get("/published-data", response={200: PublishedPage, **REFUSALS}, summary="已发布的数据集 / Published data sets",
            description="各数据集及其版本、文件地址和引用。 / The data sets with versions, addresses of files and citations.")
def list_data_sets(request: HttpRequest) -> dict[str, Any]:
    """All of them."""
    _may(request)
    return of_rows([_told(each) for each in published()])


@router.get("/published-data/{code}", response={200: PublishedOut, **REFUSALS}, summary="一个数据集 / One data set",
            description="未发布的与不存在的同样答复 404。 / What is not published is answered like what does not exist.")
def one_data_set(request: HttpRequest, code: SetCode) -> dict[str, Any]:
    """One data set."""
    _may(request)
    return _told(published_set(code))


@router.get("/dictionary", response={200: MeasurePage, **REFUSALS}, summary="数据字典 / Data dictionary",
            description="全部指标及其数据项、来源、用途的数目。 / All measures with the counts of their items, sources and uses.")
def list_measures(request: HttpRequest) -> dict[str, Any]:
    """All measures."""
    _may(request)
    return of_rows([{"code": each.measure.code, "name": each.measure.name.as_dict(), "definition": each.measure.definition.as_dict(),
                     "unit": each.measure.unit, "items": len(each.items), "sources": len(each.sources), "uses": len(each.uses)} for each in words()])


@router.get("/dictionary/{code}", response={200: dict[str, Any], **REFUSALS}, summary="一个指标 / One measure",
            description="定义、单位、分组、数据项、来源、校验、用途、已知问题、已发布的数据集。 / All that the registries say of a measure.")
def one_measure(request: HttpRequest, code: MeasureCode) -> dict[str, Any]:
    """One measure."""
    _may(request)
    return word(code).as_dict()
