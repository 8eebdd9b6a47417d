"""``kouan edifact``: messages of UN/EDIFACT looked at without an installation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer

from kouan.cli.output import out, say, show_findings, status_of, table, write_json

app = typer.Typer(help="UN/EDIFACT 报文 / UN/EDIFACT messages", no_args_is_help=True)


@app.command()
def check(
    files: list[Path] = typer.Argument(..., exists=True, dir_okay=False, help="报文文件 / files"),
    answer: Path | None = typer.Option(None, file_okay=False, help="把 CONTRL 应答写入此文件夹 / write CONTRL answers into this folder"),
    at: datetime | None = typer.Option(None, formats=["%Y-%m-%dT%H:%M"], help="应答的编制时间，默认为现在（北京时间） / time of the answers; now"),
    json: bool = typer.Option(False, "--json", help="输出 JSON / write JSON"),
) -> None:
    """检查报文的语法和信封（UNA/UNB … UNZ）：列出各交换、报文和每个问题的位置；可按 ISO 9735-4 写出 CONTRL 应答。不检查报文的业务内容。
    / Check syntax and envelopes: interchanges, messages, every fault with its place; CONTRL answers by ISO 9735-4 if asked for.
    What the messages mean is not looked at.

    例：kouan edifact check manifest.edi --answer answers
    """
    from kouan.basis import Refused, clock
    from kouan.exchange.edifact import contrl, read

    rows, findings, told = [], [], []
    when = at or clock.now().astimezone(clock.BEIJING)
    for file in files:
        try:
            sent = read(file.read_bytes(), name=file.name)
        except Refused as refusal:
            findings += refusal.findings
            continue
        findings += sent.findings
        for number, interchange in enumerate(sent.interchanges, start=1):
            written = ""
            if answer is not None:
                try:
                    content = contrl(interchange, reference=f"{when:%y%m%d%H%M}{number:04d}", at=when)
                except ValueError:
                    content = None
                if content is not None:
                    answer.mkdir(parents=True, exist_ok=True)
                    place = answer / f"{file.stem}-{number}-contrl.edi"
                    place.write_bytes(content)
                    written = place.name
            for message in interchange.messages or ():
                rows.append([file.name, interchange.reference, interchange.sender[0] if interchange.sender else "", message.reference,
                             message.type, message.directory, len(message.segments),
                             say("✓ 可读", "✓ sound") if interchange.is_sound and message.is_sound else say("✖ 有错", "✖ faulty"), written])
            told.append({
                "file": file.name, "reference": interchange.reference, "syntax": f"{interchange.syntax}:{interchange.version}",
                "sender": list(interchange.sender), "recipient": list(interchange.recipient), "prepared": interchange.prepared,
                "is_test": interchange.is_test, "is_sound": interchange.is_sound, "answer": written or None,
                "messages": [{
                    "reference": message.reference, "type": message.type, "directory": message.directory, "segments": len(message.segments),
                    "is_sound": message.is_sound, "faults": [{"code": int(fault.code), "segment": fault.segment, "element": fault.element,
                                                              "finding": fault.finding.code} for fault in message.faults],
                } for message in interchange.messages],
            })
    if json:
        write_json({"interchanges": told, "findings": [finding.as_dict() for finding in findings]})
    else:
        if rows:
            table([say("文件", "file"), say("交换参考号", "interchange"), say("发送方", "sender"), say("报文参考号", "message"), say("类型", "type"),
                   say("目录版本", "directory"), say("段数", "segments"), say("结果", "result"), "CONTRL"], rows)
        else:
            out.print(say("没有可读的报文。", "No message could be read."))
        show_findings(findings)
    raise typer.Exit(status_of(findings))
