"""Anchors: the head of the chain, exported to be kept where the database's keeper cannot reach it.

The chain alone cannot show that its end was cut off; an anchor from before the cut can. Print it,
mail it to the auditor, put it on another machine.
"""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Sum

from kouan import __version__
from kouan.audit import keys
from kouan.audit.models import AuditBlock
from kouan.audit.report import Report
from kouan.audit.sealer import last_block
from kouan.basis import Finding, Place, Refused, clock

FORMAT = "kouan-audit-anchor-1"
_REQUIRED = {"format", "installation", "number", "digest", "mac", "entries", "made_at", "signature"}


def anchor(using: str = DEFAULT_DB_ALIAS) -> dict[str, Any]:
    """The head of the chain as a small signed document; number 0 before the first sealing."""
    head = last_block(using)
    entries = AuditBlock.objects.using(using).aggregate(total=Sum("count"))["total"] or 0
    document: dict[str, Any] = {
        "format": FORMAT,
        "installation": keys.fingerprint(using=using),
        "number": head.number if head else 0,
        "digest": head.digest if head else "",
        "mac": head.mac if head else "",
        "entries": entries,
        "sealed_at": head.sealed_at if head else None,
        "made_at": clock.now().isoformat(timespec="seconds"),
        "version": __version__,
    }
    return document | {"signature": _signature(document, using)}


def _signature(document: dict[str, Any], using: str) -> str:
    return keys.sign(
        FORMAT, *(document.get(name) for name in ("installation", "number", "digest", "mac", "entries", "made_at")),
        using=using,
    )


def read_anchor(path: Path) -> dict[str, Any]:
    """An anchor from a file. Raises ``Refused`` when it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Refused.because(
            "audit_anchor_unreadable",
            f"无法读取锚点文件：{error}", f"The anchor file cannot be read: {error}",
            where=Place(file=str(path)),
            remedy=("请指定由 kouan audit anchor 导出的 JSON 文件。",
                    "Name a JSON file that kouan audit anchor has written."),
        )
    if not isinstance(document, dict) or document.get("format") != FORMAT or not document.keys() >= _REQUIRED:
        raise Refused.because(
            "audit_anchor_unreadable",
            "该文件不是审计锚点。", "This file is not an audit anchor.",
            where=Place(file=str(path)),
            remedy=("请指定由 kouan audit anchor 导出的 JSON 文件。",
                    "Name a JSON file that kouan audit anchor has written."),
        )
    return document


def check_anchor(document: dict[str, Any], report: Report, *, using: str = DEFAULT_DB_ALIAS, file: str = "") -> None:
    """Compare an anchor with the chain: is the block that it names still there, unchanged?"""
    where = Place(file=file or None, path=f"audit_block/{document['number']}")
    if document["installation"] != keys.fingerprint(using=using) or not hmac.compare_digest(
        str(document["signature"]), _signature(document, using)
    ):
        report.add(Finding.error(
            "audit_anchor_foreign",
            "锚点的签名与本系统的审计密钥不符：锚点被改动，或属于另一套系统。",
            "The anchor's signature does not fit this installation's key: it was changed, or belongs to another.",
            where=where,
            remedy=("请换用本系统导出并妥善保管的锚点。", "Use an anchor exported by this installation."),
        ))
        return
    report.counts["anchored_entries"] = document["entries"]
    if document["number"] == 0:
        return
    block = AuditBlock.objects.using(using).filter(number=document["number"]).defer("entries").first()
    remedy = ("从备份恢复数据库，并追查谁能直接访问数据库。",
              "Restore the database from its backup, and ask who had direct access to it.")
    if block is None:
        head = last_block(using)
        report.add(Finding.error(
            "audit_tail_cut",
            f"锚点（{document['made_at']}）记有区块 #{document['number']}，数据库中已没有：审计链的尾部被截去。",
            f"The anchor ({document['made_at']}) names block #{document['number']}, which is gone: "
            "the tail of the chain was cut off.",
            where=where, measured=f"#{head.number if head else 0}", required=f"#{document['number']}", remedy=remedy,
        ))
    elif (block.digest, block.mac) != (document["digest"], document["mac"]):
        report.add(Finding.error(
            "audit_chain_replaced",
            f"区块 #{block.number} 与锚点（{document['made_at']}）不符：审计链自此或更早处被换过。",
            f"Block #{block.number} is not the one in the anchor ({document['made_at']}): "
            "the chain was replaced there or earlier.",
            where=where, measured=block.digest, required=document["digest"], remedy=remedy,
        ))
