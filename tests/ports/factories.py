"""Builders in field words: papers, and ports as an office would register them."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from kouan.accounts.action import acting_system
from kouan.desk.models import Document, DocumentKind
from kouan.ports.actions import open_port, record_acceptance, register_port
from kouan.ports.models import Port

# Imported under two names, as the factories of accounts are: each counts in a range of its own.
_numbers = count(1 if __name__ == "ports.factories" else 100_001)


def a_document(kind: str = DocumentKind.NOTICE, **fields: Any) -> Document:
    """A paper known by reference."""
    number = next(_numbers)
    return Document.objects.create(**{"reference": f"paper-{number}", "kind": kind, "title": f"文件{number}", **fields})


def a_reply(**fields: Any) -> Document:
    """A reply of the State Council (国务院批复)."""
    return a_document(DocumentKind.REPLY, **{"document_number": f"国函〔2024〕{next(_numbers)}号", **fields})


def a_port(
    code: str = "", mode: str = "road", *, open_since: date | None = None, accepted_on: date | None = None,
    document: Document | str | None = None, **fields: Any,
) -> Port:
    """A port in the register; opened and accepted by papers of its own where dates are given."""
    number = next(_numbers)
    code = code or f"ceshi{number}-{mode}"
    fields.setdefault("name_zh", f"测试{number}" + {"road": "公路", "rail": "铁路", "air": "航空", "water": "水运"}[mode] + "口岸")
    fields.setdefault("province_code", "44")
    with acting_system("tests") as system:
        register_port(actor=system, code=code, mode=mode, document=document or a_document(), **fields)
        if open_since:
            open_port(actor=system, code=code, document=a_reply(), opened_on=open_since)
        if accepted_on:
            record_acceptance(actor=system, code=code, document=a_document(DocumentKind.MINUTES), accepted_on=accepted_on)
    return Port.objects.get(code=code)


def a_sea_port(code: str = "", *, open_since: date | None = None, **fields: Any) -> Port:
    """A sea port, not on the border."""
    return a_port(
        code, "water", open_since=open_since,
        **{"transport_class": "sea", "class_basis": "测试", "is_border": False, **fields},
    )


def a_border_port(code: str = "", *, neighbour_code: str = "RU", **fields: Any) -> Port:
    """A road port on the border of a neighbouring country."""
    return a_port(code, "road", **{"neighbour_code": neighbour_code, "is_border": True, "province_code": "23", **fields})
