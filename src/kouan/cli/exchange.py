"""``kouan exchange``: messages between agencies: begin, partners, keys, send, deliver, the folders of the two zones, verify."""

from __future__ import annotations

import json as json_format
import mimetypes
from pathlib import Path
from typing import Any

import typer

from kouan.cli.output import (
    err,
    out,
    progress_bar,
    say,
    show_findings,
    status_of,
    table,
    tell,
    text,
    write_json,
)
from kouan.cli.who import acting_for, reader

app = typer.Typer(no_args_is_help=True,
                  help="数据交换：签名、时间戳、台账、跨网区文件夹 / exchange with other agencies: signed, stamped, logged; folders")
partners_app = typer.Typer(no_args_is_help=True, help="交换单位 / partners")
keys_app = typer.Typer(no_args_is_help=True, help="交换密钥 / keys of the exchange")
JSON = typer.Option(False, "--json", help="输出 JSON / write JSON")
AS_USER = typer.Option("", "--as", help="以某用户的身份和范围办理 / as this user, with that scope")
SUITES = "sm（SM2/SM3）或 es256 / sm or es256"

for kind, ending in (("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
                     ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"), ("text/csv", ".csv")):
    mimetypes.add_type(kind, ending)


@app.command()
def begin(
    code: str = typer.Argument(..., help="本单位在交换中的代码，如 npo / our code in the exchange"),
    name: str = typer.Option(..., help="单位名称 / name of the agency"),
    name_en: str = typer.Option("", help="英文名称 / name in English"),
    address: str = typer.Option("", help="对外接收地址，如 https://kouan.example / address at which others reach us"),
    suite: str = typer.Option("sm", help=SUITES), json: bool = JSON,
) -> None:
    """开通数据交换：登记本单位，生成签名密钥和时间戳密钥。 / Begin: name this installation, make its keys for signing and for time.

    例：kouan exchange begin npo --name 国家口岸管理办公室 --address https://kouan.example
    """
    from kouan.exchange.ledger import actions, keys

    with acting_for(reader(), "kouan exchange begin") as actor:
        me = actions.begin(actor=actor, code=code, name_zh=name, name_en=name_en, address=address, suite=suite)
    told = {"code": me.code, "fingerprint": actions.fingerprint_of(keys.card_of(me))}
    if json:
        write_json(told)
        return
    out.print(say(f"已开通：{me.code}。名片指纹 {told['fingerprint']}", f"Begun as {me.code}. Fingerprint of the card: {told['fingerprint']}"),
              markup=False)


@app.command()
def card(file: Path | None = typer.Argument(None, help="写入的文件；省略则输出到屏幕 / file; the screen if omitted"), json: bool = JSON) -> None:
    """写出本单位名片（公钥），交给对方登记。 / Write our card (public keys) for partners to register.

    例：kouan exchange card npo-card.json
    """
    from kouan.exchange.ledger import actions, keys

    said = keys.card_of(keys.own())
    if file is None or json:
        write_json(said)
    if file is not None:
        file.write_text(json_format.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    tell(f"名片指纹 {actions.fingerprint_of(said)}，请电话告知对方核对",
         f"fingerprint {actions.fingerprint_of(said)}: read it out to the partner by telephone")


@partners_app.command("add")
def partners_add(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="对方的名片 / the partner's card"),
    fingerprint: str = typer.Option(..., help="对方电话告知的指纹 / the fingerprint that the partner read out"),
    route: str = typer.Option("http", help="http 或 folder（跨网区文件夹） / http, or folder for the other zone"),
    accept: list[str] = typer.Option([], help="允许其发来的服务，可多次 / a service it may send; repeat"),
    address: str = typer.Option("", help="与名片不同时填写的接收地址 / its address, where another than on the card"), json: bool = JSON,
) -> None:
    """核对指纹后登记或更新交换单位。 / Register or renew a partner after comparing fingerprints.

    例：kouan exchange partners add gacc-card.json --fingerprint 248f-a0a9-… --accept published-figures/1
    """
    from kouan.basis import Refused
    from kouan.exchange.ledger import actions

    try:
        said = json_format.loads(file.read_bytes())
        if not isinstance(said, dict):
            raise ValueError("not an object")
    except ValueError as error:
        raise Refused.because("exchange_bad_card", "文件不是单位名片。", "The file is no card.", measured=file.name) from error
    with acting_for(reader(), "kouan exchange partners add") as actor:
        made = actions.add_partner(actor=actor, card=said, fingerprint=fingerprint, route=route, accepts=accept, address=address)
    if json:
        write_json({"code": made.code, "route": made.route, "services": made.services})
        return
    out.print(say(f"已登记 {made.code}（{made.name_zh}）", f"Registered {made.code} ({made.name_zh})"), markup=False)


@partners_app.command("list")
def partners_list(as_user: str = AS_USER, json: bool = JSON) -> None:
    """列出交换单位：通道、约定的服务、最近往来、待送达。 / List partners: route, services, last messages, what waits.

    例：kouan exchange partners list
    """
    from kouan.exchange.ledger.queries import partners_told

    rows = partners_told(reader(as_user))
    if json:
        write_json(rows)
        return
    table([say("代码", "code"), say("名称", "name"), say("通道", "route"), say("可发来", "may send"), say("最近收到", "last received"),
           say("最近发出", "last sent"), say("待送达", "waiting"), say("拒收", "refused")],
          ([each["code"], each["name_zh"], say("本单位", "ourselves") if each["is_self"] else each["route"], "、".join(each["services"]) or "—",
            _at(each["last_received"]), _at(each["last_sent"]), each["waiting"], each["refused"]] for each in rows), right=[6, 7])


@partners_app.command("set")
def partners_set(
    code: str = typer.Argument(..., help="对方代码 / the partner's code"),
    active: bool | None = typer.Option(None, "--active/--suspended", help="恢复或停用 / resume or suspend"),
    accept: list[str] | None = typer.Option(None, help="允许其发来的服务（整列替换） / services it may send, replacing the list"), json: bool = JSON,
) -> None:
    """停用、恢复与某单位的交换，或改变约定的服务。 / Suspend or resume the exchange with a partner, or change its services.

    例：kouan exchange partners set gacc --suspended
    """
    from kouan.exchange.ledger import actions

    with acting_for(reader(), "kouan exchange partners set") as actor:
        held = actions.set_partner(actor=actor, code=code, is_active=active, accepts=accept)
    if json:
        write_json({"code": held.code, "is_active": held.is_active, "services": held.services})
        return
    out.print(say("已更改。", "Changed."))


@keys_app.command("list")
def keys_list(as_user: str = AS_USER, json: bool = JSON) -> None:
    """列出本单位和各单位的公钥及有效期。 / List public keys, ours and partners', with their days.

    例：kouan exchange keys list
    """
    from kouan.exchange.ledger.queries import keys_told

    rows = keys_told(reader(as_user))
    if json:
        write_json(rows)
        return
    table([say("单位", "agency"), say("用途", "purpose"), say("算法", "suite"), say("标识", "key"), say("启用", "from"), say("停用", "to"),
           say("状态", "state")],
          ([each["partner"], each["purpose"], each["suite"], each["key"][:16], _at(each["valid_from"]), _at(each["valid_to"]),
            each["state"]] for each in rows))


@keys_app.command("rotate")
def keys_rotate(
    purpose: str = typer.Option("sign", help="sign 签名或 time 时间戳 / sign, or time"),
    suite: str = typer.Option("", help=f"换用算法：{SUITES}".replace(" / ", "；省略则不变 / change the suite: ", 1)),
    lead_days: int | None = typer.Option(None, min=0, max=365, help="几天后启用 / days until it signs"),
    overlap_days: int | None = typer.Option(None, min=0, max=365,
                                            help="旧密钥再接收几天 / days for which the old key is still taken"), json: bool = JSON,
) -> None:
    """换密钥：生成下一把，用现在这把签名通知各单位，旧密钥到期停用。 / Make the next key and tell partners under the present one.

    例：kouan exchange keys rotate --purpose sign
    """
    from kouan.exchange.ledger import actions
    from kouan.exchange.ledger.models import Purpose

    if purpose not in Purpose.values:
        raise typer.BadParameter(say("用途为 sign 或 time", "purpose is sign or time"), param_hint="--purpose")
    with acting_for(reader(), "kouan exchange keys rotate") as actor:
        made = actions.rotate_key(actor=actor, purpose=purpose, suite=suite, lead_days=lead_days, overlap_days=overlap_days)
    if json:
        write_json({"key": made.key_id, "valid_from": made.valid_from, "valid_to": made.valid_to})
        return
    out.print(say(f"新密钥 {made.key_id[:16]} 自 {_at(made.valid_from)} 启用；通知已排入发件。",
                  f"Key {made.key_id[:16]} signs from {_at(made.valid_from)}; the notices are in the outbox."), markup=False)


@keys_app.command("revoke")
def keys_revoke(
    owner: str = typer.Argument(..., help="单位代码 / agency"), key: str = typer.Argument(...,
                                                            help="密钥标识，前8位以上 / the key, 8 digits or more"),
    why: str = typer.Option(..., help="原因 / why"), json: bool = JSON,
) -> None:
    """立即吊销一把密钥（对方的或本单位的）。 / Revoke a key at once, a partner's or ours.

    例：kouan exchange keys revoke gacc 1f2e3d4c --why 对方电话告知失密
    """
    from kouan.exchange.ledger import actions

    with acting_for(reader(), "kouan exchange keys revoke") as actor:
        held = actions.revoke_key(actor=actor, owner=owner, key_id=key, why=why)
    if json:
        write_json({"key": held.key_id, "revoked_at": held.revoked_at})
        return
    out.print(say("已吊销。本单位无其他密钥的，已另造新钥，请把新名片交给各单位。",
                  "Revoked. If it was our only one a new key was made: give partners a new card."))


@app.command("send")
def send(
    partner: str = typer.Argument(..., help="对方代码 / the partner's code"),
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="要发的文件 / the file to send"),
    service: str = typer.Option(..., help="服务，如 published-figures/1 / service"),
    media: str = typer.Option("", help="媒体类型，缺省按扩展名 / media type; by the file's ending if omitted"),
    reply_to: str = typer.Option("", help="所答复的报文标识 / message answered"), as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """签名、盖时间戳、记账，排入发件。 / Sign, stamp and log a message; it waits in the outbox.

    例：kouan exchange send gacc figures.json --service published-figures/1
    """
    from kouan.exchange.ledger import actions

    with acting_for(reader(as_user), "kouan exchange send") as actor:
        made = actions.send(
            actor=actor, receiver=partner, service_code=service, content=file.read_bytes(), file_name=file.name, in_reply_to=reply_to,
            media_type=media or mimetypes.guess_type(file.name)[0] or "application/octet-stream")
    if json:
        write_json({"message": str(made.entry.message_id), "entry": made.entry.number, "state": made.state})
        return
    out.print(say(f"已签发 {made.entry.message_id}（台账第 {made.entry.number} 条）",
                  f"Issued {made.entry.message_id} (entry {made.entry.number})"), markup=False)


@app.command()
def deliver(partner: str = typer.Option("", help="只送某单位 / to this partner only"), json: bool = JSON) -> None:
    """把待送达的报文送往各单位，取回回执（后台进程每分钟自动进行）。 / Carry waiting messages to partners (the worker does so every minute).

    例：kouan exchange deliver
    """
    from kouan.exchange.ledger.sending import deliver as run

    with acting_for(reader(), "kouan exchange deliver") as actor:
        counts = run(actor=actor, partner=partner)
    if json:
        write_json(counts)
    else:
        out.print(say(f"签收 {counts.get('acknowledged', 0)}，拒收 {counts.get('refused', 0)}，待再送 {counts.get('waiting', 0)}",
                      f"{counts.get('acknowledged', 0)} acknowledged, {counts.get('refused', 0)} refused, {counts.get('waiting', 0)} to try again"))
    raise typer.Exit(1 if counts.get("refused") else 0)


@app.command("export")
def export(
    partner: str = typer.Argument(..., help="另一网区的单位 / the partner in the other zone"),
    to: Path = typer.Option(..., "--to", file_okay=False, help="写入的文件夹 / folder to write into"), json: bool = JSON,
) -> None:
    """把待送达的报文成批写入文件夹；对方未确认的批次重写。 / Write waiting messages as a batch; unacknowledged batches are written again.

    例：kouan exchange export sw --to /media/usb/out
    """
    from kouan.exchange.ledger.zones import export as run

    with acting_for(reader(), "kouan exchange export") as actor:
        found = run(actor=actor, partner=partner, to=to)
    if json:
        write_json([{"sequence": each.sequence, "messages": each.messages.count(), "digest": each.digest} for each in found])
        return
    for each in found:
        out.print(say(f"第 {each.sequence} 批：{each.messages.count()} 个报文", f"batch {each.sequence}: {each.messages.count()} messages"),
                  markup=False)
    if not found:
        out.print(say("没有要送往对方的内容。", "There is nothing for the partner."))


@app.command("import")
def import_(
    folder: Path = typer.Argument(..., help="文件夹 / the folder"), json: bool = JSON,
) -> None:
    """导入另一网区的批次：不完整、被改动、缺号的整批拒收，可重新导入。 / Take in batches; a cut, altered or early one is refused whole.

    例：kouan exchange import /media/usb/out

    退出状态：0 完成；1 有批次或报文被拒收；2 参数不能使用。
    / Exit status: 0 done, 1 a batch or a message was refused, 2 unusable arguments.
    """
    from kouan.exchange.ledger.zones import import_from

    with acting_for(reader(), "kouan exchange import") as actor:
        found = import_from(actor=actor, place=folder)
    findings = [finding for each in found for finding in each.findings]
    if json:
        write_json([{"batch": each.name, "sequence": each.sequence, "state": each.state, "taken": each.taken,
                     "findings": [one.as_dict() for one in each.findings]} for each in found])
    else:
        words = {"taken": say("已导入", "taken in"), "already": say("已导入过，未作任何处理", "was here before, nothing done"),
                 "refused": say("拒收", "refused")}
        for each in found:
            out.print(say(f"{each.name}：{words[each.state]}，{each.taken} 个报文", f"{each.name}: {words[each.state]}, {each.taken} messages"),
                      markup=False)
        if not found:
            out.print(say("文件夹中没有给本单位的批次。", "The folder holds no batch for us."))
        show_findings(findings)
    raise typer.Exit(status_of(findings))


@app.command("list")
def list_(
    partner: str = typer.Option("", help="只看某单位 / this partner only"), kind: str = typer.Option("", help="类别：sent received receipt_sent "
        "receipt_received refused / kind"), limit: int = typer.Option(50, min=1, max=5000,
                                                            help="最多条数 / at most"), as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """查阅台账，新的在前。 / Read the ledger, newest first.

    例：kouan exchange list --kind refused
    """
    from kouan.exchange.ledger.queries import entries_told

    rows = entries_told(reader(as_user), partner=partner, kind=kind, limit=limit)
    if json:
        write_json(rows)
        return
    table([say("序号", "number"), say("时间", "at"), say("类别", "kind"), say("对方", "partner"), say("服务", "service"), say("报文", "message"),
           say("状态", "state")],
          ([each["number"], _at(each["at"]), each["kind_label"], each["partner"] or "—", each["service"] or "—", (each["message"] or "—")[:13],
            each["state"]] for each in rows), right=[0])


@app.command()
def take(
    message: str = typer.Argument(..., help="报文标识 / the message"), to: Path = typer.Option(..., "--to", help="写入的文件 / file to write"),
    as_user: str = AS_USER, json: bool = JSON,
) -> None:
    """取出报文内容（核对摘要，留痕）。 / Take out a message's payload; digest checked, reading recorded.

    例：kouan exchange take 3f0c… --to figures.json
    """
    from kouan.exchange.ledger.actions import take_out

    with acting_for(reader(as_user), "kouan exchange take") as actor:
        entry, content = take_out(actor=actor, message_id=message)
    to.write_bytes(content)
    if json:
        write_json({"message": str(entry.message_id), "bytes": len(content), "digest": entry.payload_digest})
        return
    out.print(say(f"已写入 {to}（{len(content)} 字节）", f"{len(content)} bytes written to {to}"), markup=False)


@app.command()
def verify(
    evidence: list[Path] = typer.Option([], exists=True, dir_okay=False,
                                        help="对方用 kouan exchange evidence 写出的证据 / a partner's evidence file"),
    json: bool = JSON,
) -> None:
    """核验台账：链、签名、时间戳、内容、回执；可与对方所持证据对照。 / Verify chain, signatures, tokens, payloads, receipts, and partners' evidence.

    例：kouan exchange verify --evidence gacc-evidence.jsonl

    退出状态：0 完好；1 不完好；2 参数不能使用。
    / Exit status: 0 sound, 1 not sound, 2 unusable arguments.
    """
    from kouan.exchange.ledger.verify import verify as run

    with progress_bar(quiet=json) as progress:
        report = run(evidence=evidence, progress=progress)
    if json:
        write_json(report.as_dict())
    else:
        show_findings(report.findings)
        counts = report.counts
        if report.is_sound:
            out.print(say(f"台账完好：{counts['entries']} 条，核验信封 {counts['envelopes']}、内容 {counts['payloads']}、"
                          f"回执 {counts['receipts']}、对方证据 {counts['evidence']}。",
                          f"The ledger is sound: {counts['entries']} entries, {counts['envelopes']} envelopes, {counts['payloads']} payloads, "
                          f"{counts['receipts']} receipts, {counts['evidence']} pieces of evidence."), style="green")
        elif report.first_bad is not None:
            err.print(say(f"首个有问题的条目：第 {report.first_bad} 条", f"First bad entry: {report.first_bad}"), style="red")
    raise typer.Exit(status_of(report.findings))


@app.command()
def evidence(
    partner: str = typer.Argument(..., help="对方代码 / the partner"), file: Path = typer.Argument(...,
                                                            help="写入的文件 / file to write"), json: bool = JSON,
) -> None:
    """写出本单位持有的、由对方签名的信封和回执，供其核验台账。 / Write what a partner signed and we hold, for it to verify its ledger against.

    例：kouan exchange evidence gacc gacc-evidence.jsonl
    """
    from kouan.exchange.ledger.verify import evidence_of

    lines = list(evidence_of(partner))
    file.write_bytes(b"".join(lines))
    if json:
        write_json({"lines": len(lines)})
        return
    out.print(say(f"已写出 {len(lines)} 条", f"{len(lines)} lines written"), markup=False)


@app.command("services")
def services_(json: bool = JSON) -> None:
    """列出可交换的服务。 / List what may be exchanged.

    例：kouan exchange services
    """
    from kouan.exchange.services import services

    found = [each for each in services().values() if not each.is_internal]
    if json:
        write_json([{"code": each.code, "name": each.name.as_dict(), "media": list(each.media), "most_bytes": each.most_bytes,
                     "lifetime_days": each.lifetime_days} for each in found])
        return
    table([say("代码", "code"), say("名称", "name"), say("格式", "formats"), say("上限", "at most"), say("有效天数", "days")],
          ([each.code, text(each.name), ", ".join(each.media), f"{each.most_bytes // 2**20} MiB",
            each.lifetime_days] for each in found), right=[3, 4])


def _at(moment: Any) -> str:
    from django.utils import timezone

    return "—" if moment is None else f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
