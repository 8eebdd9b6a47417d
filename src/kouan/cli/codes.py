"""``kouan codes``: code lists and their editions; look up, find, map, compare; the port behind a code or a name."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from kouan.cli.output import out, say, show_findings, table, text, write_json
from kouan.cli.who import reader

if TYPE_CHECKING:
    from kouan.basis.codelists import Registry

lists_app = typer.Typer()
app = typer.Typer(
    help="代码表：国家标准、海关、UN/LOCODE、机场、HS 等的版本、查询、对照和比较 / code lists: editions, look-up, mapping, comparison",
        no_args_is_help=True)
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
EDITION = typer.Option("", "--edition", help="版本，缺省为最新版 / edition; the newest by default")
AS_OF = typer.Option(None, "--as-of", formats=["%Y-%m-%d"], help="某日有效的版本 / the edition in force on a day")
AS_READER = typer.Option("", "--as", help="以某用户的范围查看 / within this user's scope")
LIST = typer.Argument(..., metavar="LIST", help="代码表的代号、别名或名称 / a list by id, alias or title")


def lists_here() -> Registry:
    """The shipped lists and those in the folder code-lists of the home."""
    from kouan.basis.codelists import registry
    from kouan.home import Home

    return registry(Home.from_environment().path / "code-lists")


@lists_app.command("list")
def list_lists(json: bool = JSON) -> None:
    """列出代码表：名称、维护机构、版本、条数。 / List the code lists: title, keeper, editions, rows.

    例：kouan codes list
    """
    known = lists_here()
    if json:
        write_json([told(each) for each in known.lists.values()])
        return
    table([say("代号", "list"), say("名称", "title"), say("维护机构", "kept by"), say("标准", "standard"), say("版本", "editions"), say("条数",
        "rows")],
          ([each.id, text(each.name), text(each.body), each.instrument or each.related or "—",
            " ".join(each.editions) if len(each.editions) < 4 else f"{next(iter(each.editions))} … {each.current.id}",
            f"{each.current.rows:,}" if each.editions else say("只作对照目标", "target only")] for each in known.lists.values()), right=[5])


def told(held: Any) -> dict[str, Any]:
    """A list with its editions, as JSON."""
    return {
        "code_list": held.id, "name": held.name.as_dict(), "body": held.body.as_dict(), "instrument": held.instrument, "related": held.related,
        "aliases": list(held.aliases), "note": held.note.as_dict() if held.note else None,
        "editions": [{"edition": each.id, "valid_from": each.valid_from, "rows": each.rows, "sha256": each.sha256, "scope": list(each.scope),
                      "source": each.source.name.as_dict(), "licence": each.source.licence.as_dict(),
                      "note": each.note.as_dict() if each.note else None} for each in held.editions.values()],
    }


@lists_app.command()
def show(
    name: str = LIST, code: str = typer.Argument("", help="代码，不给则显示代码表 / a code; without it the list is shown"),
    edition: str = EDITION, as_of: datetime | None = AS_OF,
    limit: int = typer.Option(50, min=1, max=200_000, help="最多显示多少行 / rows at most"), json: bool = JSON,
) -> None:
    """显示一个代码表，或其中一个代码及其在各版本中的名称。 / Show a list, or one code with its name in each edition.

    例：kouan codes show gbt2260 440303
    """
    from kouan.basis.codelists import Links

    known = lists_here()
    held = known.get(name)
    chosen = held.edition_on(as_of.date()) if as_of and not edition else held.edition(edition)
    if not code:
        rows = [chosen.made(row) for row in chosen.sheet[:limit]]
        if json:
            write_json({**told(held), "edition": chosen.id, "entries": [each.as_dict() for each in rows]})
            return
        _head(held, chosen)
        table([say("代码", "code"), say("名称", "name"), say("其他", "more")],
              ([each.code, text(each.shown), " ".join(f"{key}={value}" for key, value in each.attributes.items())] for each in rows))
        if len(rows) < chosen.rows:
            out.print(say(f"（前 {len(rows):,} 条，共 {chosen.rows:,} 条；--limit 可增加）", f"({len(rows):,} of {chosen.rows:,}; see --limit)"))
        return
    entry = held.entry(code, chosen.id)
    history = held.history(entry.code)
    targets = Links(known).reach(held.id, entry.code)
    if json:
        write_json({**entry.as_dict(), "history": [{"edition": each.edition, "name": each.name.as_dict()} for each in history],
                    "mappings": [each.as_dict() for each in targets]})
        return
    _head(held, chosen)
    out.print(f"{entry.code}  {text(entry.shown)}", style="bold", markup=False)
    for key, value in entry.attributes.items():
        out.print(f"  {key}: {value}", markup=False)
    names: list[tuple[str, list[str]]] = []
    for each in history:
        if names and names[-1][0] == text(each.shown):
            names[-1][1].append(each.edition)
        else:
            names.append((text(each.shown), [each.edition]))
    for shown, editions in names:
        out.print(f"  {editions[0]}{'–' + editions[-1] if len(editions) > 1 else ''}: {shown}", markup=False)
    _targets(targets, known)


@lists_app.command()
def compare(
    name: str = LIST, earlier: str = typer.Argument(..., help="较早的版本 / the earlier edition"),
    later: str = typer.Argument(..., help="较晚的版本 / the later edition"), json: bool = JSON,
) -> None:
    """比较两个版本：新增、取消、改名、改用新代码，以及改指他物的代码。 / Compare editions: added, gone, renamed, moved, reused.

    例：kouan codes compare gbt2260 2006 2007
    """
    from kouan.basis.codelists import compare as held_against
    from kouan.basis.codelists import what_changed

    found = held_against(name, earlier, later, within=lists_here())
    if json:
        write_json(found.as_dict())
        return
    out.print(text(what_changed(found)), style="bold", markup=False)
    if found.scope:
        out.print(say(f"（只比较两版都有的范围：{'、'.join(found.scope)}）", f"(within what both cover: {', '.join(found.scope)})"), markup=False)
    rows: list[list[str]] = []
    for kind, pairs in ((say("改指他物", "reused"), found.reused), (say("名称迥异，待核", "unlike names"), found.unlike),
                        (say("改名", "renamed"), found.renamed), (say("改用新代码", "moved"), found.moved)):
        rows += [[kind, f"{each.before.code} {text(each.before.shown)}", f"{each.after.code} {text(each.after.shown)}"] for each in pairs]
    rows += [[say("取消", "gone"), f"{each.code} {text(each.shown)}", ""] for each in found.gone]
    rows += [[say("新增", "added"), "", f"{each.code} {text(each.shown)}"] for each in found.added]
    table([say("变动", "change"), found.earlier, found.later], rows)


@app.command("find")
def find_codes(
    words: str = typer.Argument(..., help="中文、拼音、英文或代码 / Chinese, pinyin, English or a code"),
    within: str = typer.Option("", "--list", help="只在此表中找 / in this list only"),
    limit: int = typer.Option(20, min=1, max=200, help="最多多少条 / hits at most"), as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """在口岸名录和全部代码表的最新版中查找，最可能的在前。 / Look in the register of ports and in all lists, the likeliest first.

    例：kouan codes find 罗湖
    """
    from kouan.basis.codelists import find
    from kouan.ports.models import Port
    from kouan.ports.queries import search

    known = lists_here()
    ports = [] if within else list(search(Port.objects.visible_to(reader(as_user)), words).order_by("code")[:limit])
    hits = find(words, lists=[within] if within else (), most=limit, within=known)
    if json:
        write_json({"ports": [{"code": port.code, "name": {"zh": port.name_zh, "en": port.name_en or port.name_zh}} for port in ports],
                    "entries": [each.as_dict() for each in hits]})
        return
    rows = [[say("口岸统一代码", "unified port code"), port.code, say(port.name_zh, port.name_en or port.name_zh), say("口岸名录", "register")]
        for port in ports]
    rows += [[text(known.lists[hit.entry.list_id].name), hit.entry.code, text(hit.entry.shown), text(hit.why)] for hit in hits]
    if not rows:
        out.print(say("没有找到。", "Nothing found."))
        raise typer.Exit(1)
    table([say("代码表", "list"), say("代码", "code"), say("名称", "name"), say("依据", "why")], rows)


@app.command("map")
def map_codes(
    code: str = typer.Argument(..., help="代码 / a code"),
    to: str = typer.Option(..., "--to", help="目标代码表，如 customs、unlocode、iata、port；ciq 指原检验检疫各表 / the list wanted"),
    origin: str = typer.Option("", "--from", help="代码所属的表；不给则在各表中找 / the list of the code; looked for without it"),
    as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """把一个代码对照到另一个代码表，列出关系、依据和途径。 / Map a code to another list, with relation, basis and the way.

    例：kouan codes map CNSHK --to customs
    """
    from kouan.basis import Refused
    from kouan.basis.codelists import lists_with, map_code, nothing_leads
    from kouan.ports.resolving import PORT_LIST, port_links

    known = lists_here()
    links = port_links(reader(as_user), within=known)
    lists = [known.get(origin).id] if origin else [entry.list_id for entry in lists_with(code, known)]
    if not lists:
        if not links.from_code(PORT_LIST, code.lower()):
            raise Refused.because("unknown_code", f"各代码表中都没有“{code}”。", f"No list has the code “{code}”.", measured=code,
                                  remedy=("请用 kouan codes find 查找，或用 --from 指明代码表。",
                                      "See kouan codes find, or name the list with --from."))
        lists = [PORT_LIST]
    found = [target for each in lists for target in map_code(each, code, to, links=links)]
    if json:
        write_json([each.as_dict() for each in found])
    elif found:
        _targets(found, known)
    if not found:
        show_findings([nothing_leads(code, known.get(to if to != "ciq" else "ciq-port"))])
        raise typer.Exit(1)


@app.command()
def resolve(
    words: str = typer.Argument(..., help="名称或代码 / a name or code"),
    mode: str = typer.Option("", help="运输方式：water、rail、road、air / mode"), province: str = typer.Option("",
        help="省级区划两位代码 / province, two digits"),
    as_of: datetime | None = AS_OF, as_user: str = AS_READER, json: bool = JSON,
) -> None:
    """查明一个名称或代码指哪个口岸；不止一个时列出候选和理由，不代为选定。 / The port meant; several are listed with reasons, none is picked.

    例：kouan codes resolve 深圳罗湖口岸 --mode rail
    """
    from kouan.ports.models import TransportMode
    from kouan.ports.resolving import resolve_port

    if mode and mode not in TransportMode.values:
        raise typer.BadParameter(f"{mode} is not one of {', '.join(TransportMode.values)}", param_hint="--mode")
    found = resolve_port(words, reader(as_user), mode=mode, province=province, on=as_of.date() if as_of else None)
    if json:
        write_json(found.as_dict())
    else:
        if found.candidates:
            table([say("统一代码", "unified code"), say("口岸", "port"), say("依据", "why")],
                  ([each.port.code, say(each.port.name_zh, each.port.name_en or each.port.name_zh), say("；", "; ").join(map(text, each.reasons))]
                   for each in found.candidates))
        show_findings([*([found.finding] if found.finding else []), *found.notes])
    raise typer.Exit(0 if found.port else 1)


def _head(held: Any, edition: Any) -> None:
    out.print(f"{text(held.name)}  {edition.id}  {edition.rows:,}", style="bold", markup=False)
    for said in (edition.source.name, edition.source.licence, held.note, edition.note):
        if said is not None:
            out.print(text(said), style="dim", markup=False)


def _targets(targets: list[Any], known: Registry) -> None:
    from kouan.basis.codelists import RELATIONS

    if targets:
        table([say("对照到", "maps to"), say("代码", "code"), say("名称", "name"), say("关系", "relation"), say("依据", "basis")],
              ([text(known.lists[each.list_id].name), each.code, text(each.name) if each.name else "—", text(RELATIONS[each.relation]),
                " → ".join(text(link.basis) for link in each.path)] for each in targets))


def mount() -> typer.Typer:
    """The group: listing, showing and comparing need files only; the rest reads the register as well."""
    from kouan.cli.command import OnData, OnFiles, use

    use(lists_app, OnFiles)
    use(app, OnData)
    app.registered_commands[:0] = lists_app.registered_commands
    return app


