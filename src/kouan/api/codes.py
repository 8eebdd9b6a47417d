"""``/codes``: code lists with their editions; entries, search, mapping, comparison, and the port behind a text."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from kouan.accounts.action import allows, refuse
from kouan.api.matter_shapes import Both
from kouan.api.paging import of_rows
from kouan.api.reading import Day, Limit, PlainText
from kouan.api.shapes import REFUSALS, FindingOut, Page
from kouan.basis.codelists import (
    CodeList,
    Registry,
    compare,
    find,
    lists_with,
    map_code,
    registry,
    what_changed,
)
from kouan.ports.models import TransportMode
from kouan.ports.resolving import port_links, resolve_port

router = Router(tags=["代码表 / Code lists"])
ListName = Annotated[str, Path(pattern=r"^[-a-z0-9]{2,40}$", description="代码表代号，如 customs-port / a list, such as customs-port")]
Code = Annotated[str, Path(pattern=r"^[-A-Za-z0-9]{1,64}$", description="代码 / code")]
EditionId = Annotated[str, Query(pattern=r"^[-.a-z0-9]{0,24}$", description="版本，缺省为最新版 / edition; the newest by default")]
Text60 = Annotated[PlainText, Query(min_length=1, max_length=120, description="名称或代码 / a name or code")]


class EditionOut(Schema):
    """An edition in the box. ``scope``: only codes that begin so are in it."""

    edition: str
    valid_from: date
    rows: int
    sha256: str
    scope: list[str]
    source: Both
    licence: Both
    note: Both | None


class ListOut(Schema):
    """A code list. One without editions is known by name, as the target of mappings."""

    code_list: str
    name: Both
    body: Both
    instrument: str
    related: str
    aliases: list[str]
    note: Both | None
    editions: list[EditionOut]


class CodeListPage(Page):
    items: list[ListOut]


class CodeEntryOut(Schema):
    """A code of an edition. A name that the list does not give is empty."""

    code_list: str
    edition: str
    code: str
    name: Both
    attributes: dict[str, str]


class EntryPage(Page):
    items: list[CodeEntryOut]


class HitOut(CodeEntryOut):
    """An entry that was found; ``rank`` 0 is nearest."""

    rank: int
    why: Both


class HitPage(Page):
    items: list[HitOut]


class LinkOut(Schema):
    from_list: str
    from_code: str
    to_list: str
    to_code: str
    relation: str
    basis: Both
    source: Both


class MappedCodeOut(Schema):
    """Where a code leads. ``relation`` is what the target is to the origin: exact, broader, narrower, close."""

    code_list: str
    code: str
    name: Both | None
    relation: str
    path: list[LinkOut]


class MappedCodePage(Page):
    items: list[MappedCodeOut]


class NameThen(Schema):
    edition: str
    name: Both


class OneOut(CodeEntryOut):
    """An entry with its name in every edition, and where it leads."""

    history: list[NameThen]
    mappings: list[MappedCodeOut]


class PairOut(Schema):
    before: CodeEntryOut
    after: CodeEntryOut


class ComparisonOut(Schema):
    """Two editions. ``reused`` codes name something else now; of ``unlike`` somebody has to tell; ``moved`` names have a new code."""

    code_list: str
    earlier: str
    later: str
    scope: list[str]
    rows: dict[str, int]
    said: Both
    added: list[CodeEntryOut]
    gone: list[CodeEntryOut]
    renamed: list[PairOut]
    reused: list[PairOut]
    unlike: list[PairOut]
    moved: list[PairOut]


class CandidateOut(Schema):
    code: str
    name: Both
    mode: str
    province_code: str
    is_named: bool
    reasons: list[Both]


class ResolutionOut(Schema):
    """``port`` only where exactly one is named; otherwise ``finding`` says why none was taken."""

    text: str
    port: str | None
    candidates: list[CandidateOut]
    finding: FindingOut | None
    notes: list[FindingOut]


def _known(request: HttpRequest) -> Registry:
    if not allows(request.user, "console.read"):
        raise refuse(request.user, "console.read", "api.codes")
    return registry(settings.HOME.path / "code-lists")


def _told(held: CodeList) -> dict[str, Any]:
    return {
        "code_list": held.id, "name": held.name.as_dict(), "body": held.body.as_dict(), "instrument": held.instrument, "related": held.related,
        "aliases": list(held.aliases), "note": held.note.as_dict() if held.note else None,
        "editions": [{"edition": each.id, "valid_from": each.valid_from, "rows": each.rows, "sha256": each.sha256, "scope": list(each.scope),
                      "source": each.source.name.as_dict(), "licence": each.source.licence.as_dict(),
                      "note": each.note.as_dict() if each.note else None} for each in held.editions.values()],
    }


@router.get("/codes", response={200: CodeListPage, **REFUSALS}, summary="代码表 / Code lists",
            description="系统登记的代码表及其版本。 / The code lists on record and their editions.")
def list_lists(request: HttpRequest) -> dict[str, Any]:
    """All lists."""
    return of_rows([_told(each) for each in _known(request).lists.values()])


@router.get("/code-search", response={200: HitPage, **REFUSALS}, summary="查找代码 / Search", description=(
    "在各表最新版中按中文、拼音、英文或代码查找，最可能的在前。 / Chinese, pinyin, English or a code, in the newest editions; the likeliest first."))
def search(request: HttpRequest, q: Text60, limit: Limit = 50) -> dict[str, Any]:
    """Entries that the words may mean."""
    known = _known(request)
    return of_rows([each.as_dict() for each in find(q, most=limit, within=known)])


@router.get("/code-mappings", response={200: MappedCodePage, **REFUSALS}, summary="代码对照 / Map a code", description=(
    "一个代码在另一个代码表中的对应代码，列关系、依据和途径；口岸统一代码为 kouan-port。 / The codes of another list that a code leads to, with "
    "relation, basis and way; unified port codes are kouan-port."))
def mappings(
    request: HttpRequest,
    code: Annotated[PlainText, Query(pattern=r"^[-A-Za-z0-9]{1,64}$", description="代码 / code")],
    to: Annotated[str, Query(pattern=r"^[-a-z0-9]{2,40}$", description="目标代码表 / the list wanted")],
    origin: Annotated[str, Query(alias="origin", pattern=r"^[-a-z0-9]{0,40}$", description="代码所属的表 / the list of the code")] = "",
) -> dict[str, Any]:
    """Where a code leads."""
    known = _known(request)
    links = port_links(request.user, within=known)
    lists = [origin] if origin else [entry.list_id for entry in lists_with(code, known)] or ["kouan-port"]
    known.get(to if to != "ciq" else "ciq-port")
    found = {(each.list_id, each.code): each for name in lists for each in map_code(name, code, to, links=links)}
    return of_rows([each.as_dict() for each in found.values()])


@router.get("/port-resolution", response={200: ResolutionOut, **REFUSALS}, summary="这是哪个口岸 / Which port is meant", description=(
    "按名称、别名、拼音或任一机构的代码查明口岸；不止一个时给出候选和理由，不代为选定。 / The port behind a name, alias, pinyin or an agency's code; "
    "where several fit, candidates with reasons, and none is picked."))
def resolution(
    request: HttpRequest, text: Text60,
    mode: Annotated[TransportMode | None, Query(description="运输方式 / mode")] = None,
    province: Annotated[str, Query(pattern=r"^([0-9]{2})?$", description="省级区划代码 / province")] = "",
    as_of: Annotated[Day | None, Query(description="何日 / the day")] = None,
) -> dict[str, Any]:
    """The port, or the candidates."""
    if not allows(request.user, "ports.read"):
        raise refuse(request.user, "ports.read", "api.codes")
    user: Any = request.user
    return resolve_port(text, user, mode=mode or "", province=province, on=as_of).as_dict()


@router.get("/codes/{name}", response={200: EntryPage, **REFUSALS}, summary="代码表内容 / Entries of a list",
            description="按代码排列；after 为上一页最后的代码。 / In the order of codes; after is the last code of the page before.")
def entries(request: HttpRequest, name: ListName, edition: EditionId = "", limit: Limit = 50,
            after: Annotated[str, Query(pattern=r"^[-A-Za-z0-9]{0,64}$",
                description="上一页的 next / the previous answer's next")] = "") -> dict[str, Any]:
    """A page of an edition."""
    chosen = _known(request).get(name).edition(edition)
    start = chosen.sheet.after(after) if after else 0
    rows = chosen.sheet[start : start + limit + 1]
    return of_rows([chosen.made(row).as_dict() for row in rows[:limit]], rows[limit - 1]["code"] if len(rows) > limit else None)


@router.get("/codes/{name}/comparison", response={200: ComparisonOut, **REFUSALS}, summary="比较版本 / Compare editions",
            description="新增、取消、改名、改用新代码、改指他物。 / Added, gone, renamed, moved to a new code, reused for something else.")
def comparison(
    request: HttpRequest, name: ListName,
    earlier: Annotated[str, Query(pattern=r"^[-.a-z0-9]{1,24}$", description="较早的版本 / the earlier edition")],
    later: Annotated[str, Query(pattern=r"^[-.a-z0-9]{1,24}$", description="较晚的版本 / the later edition")],
) -> dict[str, Any]:
    """Two editions held against each other."""
    found = compare(name, earlier, later, within=_known(request))
    return {**found.as_dict(), "said": what_changed(found).as_dict()}


@router.get("/codes/{name}/{code}", response={200: OneOut, **REFUSALS}, summary="一个代码 / One code",
            description="名称、各版本中的名称、对照。 / Its name, its name in every edition, and where it leads.")
def one(request: HttpRequest, name: ListName, code: Code, edition: EditionId = "") -> dict[str, Any]:
    """One entry."""
    known = _known(request)
    held = known.get(name)
    entry = held.entry(code, edition)
    return {
        **entry.as_dict(), "history": [{"edition": each.edition, "name": each.name.as_dict()} for each in held.history(entry.code)],
        "mappings": [each.as_dict() for each in port_links(request.user, within=known).reach(held.id, entry.code)],
    }
