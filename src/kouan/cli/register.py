"""``kouan ports change|approve|accept|open|expand|close|merge|…``: changing the register from the command line.

Each command asks for its paper by reference (see ``kouan documents``) and shows what changed; with
``--dry-run`` it shows what would change and writes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import typer

from kouan.cli.output import say, table, tell, write_json
from kouan.cli.who import acting_for, reader

DAY = ["%Y-%m-%d"]
PORT = typer.Argument(..., help="口岸代码、名称或其他代码 / port by any code or name")
DOCUMENT = typer.Option(..., help="依据文件的引用名，见 kouan documents list / reference of the document, see kouan documents list")
REASON = typer.Option("", help="理由 / reason")
VERSION = typer.Option(None, min=0, help="您所见的版本；其间有人修改则拒绝 / version that you saw; refused if somebody changed it since")
DRY_RUN = typer.Option(False, "--dry-run", help="只显示将要登记的变更，不写入 / show what would change, write nothing")
AS_USER = typer.Option("", "--as", help="以某用户的身份办理 / act as this user")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")


def _day(label: str) -> Any:
    return typer.Option(..., "--on", formats=DAY, help=label)


APPROVED = _day("批准日期 / day of the approval")
ACCEPTED = _day("通过验收日期 / day of the acceptance")
OPENED = _day("开放日期 / day of the opening")
EXPANDED = _day("扩大开放日期 / day of the expansion")
CLOSED = _day("关闭日期 / day of the closure")
MERGED = _day("整合日期 / day of the merger")
RETIRED = _day("停用日期，当日起不再使用 / first day out of use")


def mount(app: typer.Typer) -> None:
    """Hang the verbs on ``kouan ports``."""
    for name, command in (
        ("register", register), ("change", change), ("approve", approve), ("accept", accept), ("open", open_), ("expand", expand),
        ("close", close), ("merge", merge), ("add-code", add_code), ("retire-code", retire_code), ("link-layout", link_layout),
    ):
        app.command(name)(command)


def change(
    port: str = PORT,
    set_: list[str] = typer.Option(..., "--set", help="登记项=新值，可重复；空值清空，是/否写作 yes/no / "
                                                      "attribute=value, may be repeated; empty clears, flags are yes or no"),
    from_: datetime | None = typer.Option(None, "--from", formats=DAY, help="自何日起；不填表示一向如此 / from this day; empty: it always was so"),
    document: str = DOCUMENT, reason: str = REASON, version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER,
    json: bool = JSON,
) -> None:
    """变更登记内容。批准、验收、开放、关闭、整合另有命令。
    / Change attributes of a port. Approval, acceptance, opening, closing and merging have commands of their own.

    例：kouan ports change 北海水运口岸 --set transport_class=sea --set class_basis=专栏2 --from 2021-01-01 --document plan-14fyp
    """
    values = dict(_assignment(each) for each in set_)
    _run("names", port, values, document, from_, reason, version, dry_run, as_user, json)


def approve(
    port: str = PORT, on: datetime = APPROVED, document: str = DOCUMENT, reason: str = REASON,
    version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """登记国务院批准口岸的批复。 / Record the State Council's reply that approved the port.

    例：kouan ports approve 鄂州 --on 2023-01-03 --document 国函〔2023〕1号 --dry-run
    """
    _run("approval", port, {}, document, on, reason, version, dry_run, as_user, json)


def accept(
    port: str = PORT, on: datetime = ACCEPTED, document: str = DOCUMENT, reason: str = REASON,
    version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """登记口岸通过验收。 / Record that the port passed acceptance.

    例：kouan ports accept 鄂州 --on 2023-03-01 --document 验收纪要-鄂州
    """
    _run("acceptance", port, {}, document, on, reason, version, dry_run, as_user, json)


def open_(
    port: str = PORT, on: datetime = OPENED, document: str = DOCUMENT, reason: str = REASON,
    version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """按国务院批复新增开放。 / Open a port by a reply of the State Council.

    例：kouan ports open 鄂州 --on 2023-04-01 --document 国函〔2023〕1号
    """
    _run("opening", port, {}, document, on, reason, version, dry_run, as_user, json)


def expand(
    port: str = PORT, on: datetime = EXPANDED, document: str = DOCUMENT, reason: str = REASON,
    version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """按国务院批复扩大开放。 / Record an expanded opening by a reply of the State Council.

    例：kouan ports expand 大连水运口岸 --on 2023-04-01 --document 国函〔2023〕2号
    """
    _run("expansion", port, {}, document, on, reason, version, dry_run, as_user, json)


def close(
    port: str = PORT, on: datetime = CLOSED, document: str = DOCUMENT, reason: str = REASON,
    version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """按国务院批复关闭口岸；历史保留。 / Close a port by a reply of the State Council; its history stays.

    例：kouan ports close 老爷庙 --on 2024-01-01 --document 国函〔2023〕9号 --dry-run
    """
    _run("closure", port, {}, document, on, reason, version, dry_run, as_user, json)


def merge(
    port: str = PORT, into: str = typer.Option(..., help="并入的口岸 / port it goes into"),
    with_: list[str] = typer.Option([], "--with", help="一并整合的其他口岸，可重复 / ports merged together with it, may be repeated"),
    on: datetime = MERGED, document: str = DOCUMENT, reason: str = REASON, version: int | None = VERSION,
    dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """按国务院批复把口岸并入另一口岸。 / Merge ports into another by a reply of the State Council.

    例：kouan ports merge 常熟 --into 张家港 --on 2024-01-01 --document 国函〔2023〕9号
    """
    user = reader(as_user)
    values = {"into": _found(into, user), "with": [_found(each, user) for each in with_]}
    _run("merger", port, values, document, on, reason, version, dry_run, as_user, json)


def add_code(
    port: str = PORT, scheme: str = typer.Option(..., help="代码体系，如 iata、name / scheme, such as iata or name"),
    code: str = typer.Option(..., help="代码或名称 / code or name"),
    place: bool = typer.Option(False, "--place", help="地点级代码，同地口岸共用 / names the place, shared by its ports"),
    from_: datetime | None = typer.Option(None, "--from", formats=DAY, help="启用日期 / in use from"),
    document: str = DOCUMENT, version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """给口岸增加代码或别名。 / Give a port a code or another name.

    例：kouan ports add-code 罗湖 --scheme name --code 罗湖桥 --document 通知-1
    """
    _run("code", port, {"scheme": scheme, "code": code, "names_place": place}, document, from_, "", version, dry_run, as_user, json)


def retire_code(
    port: str = PORT, scheme: str = typer.Option(..., help="代码体系 / scheme"), code: str = typer.Option(..., help="代码或名称 / code or name"),
    on: datetime = RETIRED, document: str = DOCUMENT, version: int | None = VERSION,
    dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """停用口岸的代码或别名。 / End the use of a code or name.

    例：kouan ports retire-code 罗湖 --scheme name --code 罗湖桥 --on 2024-01-01 --document 通知-1
    """
    _run("code-retirement", port, {"scheme": scheme, "code": code}, document, on, "", version, dry_run, as_user, json)


def link_layout(
    port: str = PORT, entry: str = typer.Option(..., help="布局条目编号，如 SEA-01 / layout entry, such as SEA-01"),
    basis: str = typer.Option(..., help="依据 / basis"),
    document: str = typer.Option("", help="依据文件的引用名 / reference of the document"),
    why_no_document: str = typer.Option("", help="没有依据文件的理由 / why there is no document"),
    version: int | None = VERSION, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """说明口岸对应规划布局的哪一行。 / Say which row of the layout a port stands behind.

    例：kouan ports link-layout 罗湖 --entry BDR-01 --basis 名称相同 --why-no-document 名称与规划一致
    """
    values = {"layout_id": entry, "basis": basis, "why_no_document": why_no_document}
    _run("layout-link", port, values, document, None, "", version, dry_run, as_user, json)


def register(
    code: str = typer.Argument(..., help="新口岸代码，拼音-方式 / code of the new port, pinyin-mode"),
    mode: str = typer.Option(..., help="water、rail、road、air / water, rail, road or air"),
    name: str = typer.Option(..., help="名称 / Chinese name"),
    set_: list[str] = typer.Option([], "--set", help="其他登记项=值，可重复 / further attribute=value, may be repeated"),
    from_: datetime | None = typer.Option(None, "--from", formats=DAY, help="自何日起 / true from"),
    document: str = DOCUMENT, reason: str = REASON, dry_run: bool = DRY_RUN, as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """登记新口岸：一个国务院批复、一种运输方式。 / Enter a port: one State Council approval and one mode.

    例：kouan ports register ceshi-road --mode road --name 测试公路口岸 --set province_code=23 --document 通知-1 --dry-run
    """
    values = {**dict(_assignment(each) for each in set_), "code": code, "mode": mode, "name_zh": name}
    _run("", "", values, document, from_, reason, None, dry_run, as_user, json)


def _assignment(said: str) -> tuple[str, Any]:
    from kouan.ports.checking import FLAGS

    name, sign, value = said.partition("=")
    if not sign:
        raise typer.BadParameter(say(f"“{said}”应写作 登记项=值", f"“{said}” should be attribute=value"), param_hint="--set")
    if name in FLAGS:
        return name, {"yes": True, "true": True, "no": False, "false": False, "": None}.get(value, value)
    return name, value if value or name in ("name_en", "city_code", "city_name", "neighbour_code", "class_basis", "position_source",
                                            "source_note", "province_code") else None


def _found(port: str, user: Any) -> str:
    from kouan.basis import Finding, NotFound
    from kouan.ports.queries import get_port, resolve

    if user.pk is not None:
        from kouan.ports.models import Port

        # A code out of scope leaves its trace, as at every door.
        if Port.objects.filter(code=port).exists():
            return get_port(user, port).code
    found = resolve(port, user=user)
    if isinstance(found, Finding):
        raise NotFound([found])
    return found.code


def _run(
    kind: str, port: str, values: dict[str, Any], document: str, day: datetime | None, reason: str, version: int | None,
    dry_run: bool, as_user: str, json: bool,
) -> None:
    """Preview or perform one kind of change, and show the differences."""
    from kouan.basis import Finding, Refused
    from kouan.desk.queries import find_document
    from kouan.ports.kinds import KINDS, REGISTRATION, Request
    from kouan.ports.preview import perform, preview

    user = reader(as_user)
    code = _found(port, user) if port else ""
    if isinstance(values.get("parent"), str):
        values["parent"] = _found(values["parent"], user)
    paper = find_document(user, document) or document
    with acting_for(user, f"kouan ports {kind or 'register'}") as actor:
        request = Request(actor, code, values, paper, day.date() if day else None, reason, version)
        found = (preview if dry_run else perform)(KINDS[kind] if kind else REGISTRATION, request)
    if not found and not dry_run:
        raise Refused(Finding.error("nothing_changes", "所填内容与登记的相同，没有变更。", "This stands in the register already."))
    if json:
        from kouan.ports.models import Port

        after = Port.objects.filter(code=code or values.get("code", "")).first()
        write_json({"port": code or values.get("code"), "version": after.version if after else None, "dry_run": dry_run,
                    "changes": [each.as_dict() for each in found]})
        return
    if dry_run:
        tell("只检查，未写入", "Checked only; nothing was written")
    effects = {"now": say("立即", "at once"), "later": say("到日", "on its day"), "past": say("只补记过去", "the past only")}
    table(
        [say("口岸", "port"), say("事项", "what"), say("原为", "old"), say("改为", "new"), say("自何日起", "from"), say("生效", "effect")],
        ([each.port, _label(each.what), _said(each.old), _said(each.new), each.valid_from or "—", effects[each.effect]] for each in found),
    )


def _label(what: str) -> str:
    from kouan.ports.loading import label_of
    from kouan.ports.models import ATTRIBUTES

    others = {"event": say("事项", "event"), "code": say("代码", "code"), "layout_link": say("布局条目", "layout entry")}
    return others.get(what) or (say(label_of(what), what) if what in ATTRIBUTES else what)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return say("是", "yes") if value else say("否", "no")
    return "—" if value in (None, "") else str(value)
