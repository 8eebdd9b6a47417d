"""The register as a kind of data that can be shared: its columns, its quality, and in whose scope a coverage lies.

A grant of register data shows columns of ports (``shared_rows``), never the port itself: what else hangs on a port
(verdicts, cases, feeds) stays in the scope of those whose port it is, so ``Port.objects.visible_to`` knows of no grant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Max, Q

from kouan.accounts.action import System
from kouan.basis import Finding, Place, Text
from kouan.desk.sharing.coverage import Coverage
from kouan.desk.sharing.reach import note_read, reaches_for
from kouan.desk.sharing.rooms import Quality, Room
from kouan.ports.folding import as_stored
from kouan.ports.models import Port, PortChange, PortQuerySet, scope_for

ROOM = "register"
COLUMNS: Mapping[str, Text] = {
    "name_zh": Text("名称", "Name"), "name_en": Text("英文名称", "Name in English"), "mode": Text("运输方式", "Mode"),
    "province_code": Text("省级行政区划代码", "Province"), "city_code": Text("市县行政区划代码", "City"), "city_name": Text("所在市县", "City name"),
    "transport_class": Text("运输类别", "Transport class"), "is_border": Text("边境口岸", "Border port"), "status": Text("运行状态", "Status"),
    "approval": Text("批准情况", "Approval"), "approved_on": Text("批准日期", "Approved on"), "accepted_on": Text("通过验收日期", "Accepted on"),
    "latitude": Text("纬度", "Latitude"), "longitude": Text("经度", "Longitude"),
}


def provinces_of(ports: Sequence[str]) -> dict[str, str]:
    """The province of each port that there is."""
    return dict(Port.objects.filter(code__in=ports).values_list("code", "province_code")) if ports else {}


def covered_by(coverage: Coverage) -> PortQuerySet:
    """The ports of a coverage; the caller has looked at who asks."""
    ports = Port.objects.all()
    if not coverage.limits_rows:
        return ports
    return ports.filter(Q(province_code__in=[code for code in coverage.provinces if code]) | Q(code__in=coverage.ports))


def beyond_own(user: Any, coverage: Coverage) -> list[Finding]:
    """What of a coverage lies beyond a user's own scope."""
    if isinstance(user, System) or scope_for(user).everything:
        return []
    scope = scope_for(user)
    strange = [code for code in coverage.provinces if not scope.covers_province(code)]
    mine = set(Port.objects.visible_to(user).filter(code__in=coverage.ports).values_list("code", flat=True))
    strange += [code for code in coverage.ports if code not in mine]
    if coverage.limits_rows and not strange:
        return []
    named = "、".join(strange)[:200]
    return [Finding.error(
        "not_yours_to_share", f"只能提供本单位范围内的数据{f'，以下不在范围内：{named}' if named else '，请写明省份或口岸'}。",
        f"Only data of one's own scope can be offered{f', not: {named}' if named else '; name provinces or ports'}.",
        where=Place(field="ports" if coverage.ports else "provinces"),
        remedy=("请改选本单位范围内的省份或口岸。", "Choose provinces or ports of your own."))]


def shared_rows(user: Any) -> list[dict[str, Any]]:
    """Rows of the register that grants show to a user, each with the columns granted only; noted as read."""
    rows: dict[str, dict[str, Any]] = {}
    for reach in reaches_for(user, ROOM):
        columns = [name for name in COLUMNS if not reach.coverage.fields or name in reach.coverage.fields]
        found = covered_by(reach.coverage).exclude(pk__in=Port.objects.visible_to(user).order_by().values("pk"))
        count = 0
        for port in found.order_by("pinyin", "code"):
            row = rows.setdefault(port.code, {"code": port.code})
            row |= {name: as_stored(name, getattr(port, name)) for name in columns}
            count += 1
        note_read(user, reach, count, fields=set(columns), subjects={f"port:{code}" for code in list(rows)[:50]})
    return list(rows.values())


def quality_of(coverage: Coverage) -> Quality:
    """Completeness: filled cells among the columns that every port has. Open findings: classes still to be reviewed."""
    ports = covered_by(coverage).counted()
    needed = ("province_code", "transport_class", "is_border", "approved_on", "accepted_on", "latitude")
    told = ports.aggregate(rows=Count("pk"), doubtful=Count("pk", filter=Q(class_needs_review=True)), **{
        f"has_{name}": Count("pk", filter=~Q(**{name: ""}) if name in ("province_code",) else Q(**{f"{name}__isnull": False})) for name in needed})
    last = PortChange.objects.filter(port__in=ports.order_by()).aggregate(last=Max("recorded_at"))["last"]
    cells = told["rows"] * len(needed)
    return Quality(
        rows=told["rows"], subjects=told["rows"], completeness=sum(told[f"has_{name}"] for name in needed) / cells if cells else None,
        last_period=f"{last:%Y-%m-%d}" if last else "", lag_days=None, findings_open=told["doubtful"])


SHARED = Room(Text("口岸名录", "Register of ports"), lambda: COLUMNS, quality_of)
