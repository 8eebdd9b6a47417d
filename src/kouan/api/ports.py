"""``/ports``: the register, on two clocks, with conditional changes."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router

from kouan.api.paging import After, Limit, page
from kouan.api.shapes import (
    REFUSALS,
    WRITE_REFUSALS,
    PortChangeIn,
    PortOut,
    PortPage,
    PortState,
)
from kouan.basis import Conflict, Finding, Place, Refused, clock
from kouan.ports.actions import change_port
from kouan.ports.models import Port, PortStatus, TransportMode
from kouan.ports.queries import get_port, ports_visible_to, search, state_of

router = Router(tags=["口岸 ports"])
Code = Annotated[str, Path(max_length=64, pattern=r"^[-a-zA-Z0-9_]+$", description="口岸代码 / port code")]


def port_dict(port: Port) -> dict[str, Any]:
    """A port as the API shows it; codes are read in the caller's prefetch."""
    fields = {name: getattr(port, name) for name in PortOut.model_fields if name not in ("codes", "latitude", "longitude")}
    return {
        **fields,
        "latitude": float(port.latitude) if port.latitude is not None else None,
        "longitude": float(port.longitude) if port.longitude is not None else None,
        "codes": [
            {"scheme": code.scheme, "code": code.code, "names_place": code.names_place,
             "valid_from": code.valid_from, "valid_to": code.valid_to} for code in port.codes.all()
        ],
    }


@router.get("/ports", response={200: PortPage, **REFUSALS}, summary="口岸列表 / list the ports in scope")
def list_ports(
    request: HttpRequest,
    province: Annotated[str, Query(max_length=2, pattern=r"^(\d{2})?$")] = "",
    mode: TransportMode | None = None,
    status: PortStatus | None = None,
    q: Annotated[str, Query(max_length=60, description="名称、拼音或代码 / name, pinyin or code")] = "",
    limit: Limit = 50,
    after: After = "",
) -> dict[str, Any]:
    """Ports that the caller may see, in the order of their codes."""
    found = ports_visible_to(request.user).prefetch_related("codes")
    if province:
        found = found.filter(province_code=province)
    if mode:
        found = found.filter(mode=mode)
    if status:
        found = found.filter(status=status)
    if q:
        found = search(found, q)
    return page(found, key="code", limit=limit, after=after, kind=str, show=port_dict)


@router.get("/ports/{code}", response={200: PortOut, **REFUSALS}, summary="一个口岸 / one port")
def one_port(request: HttpRequest, code: Code, response: HttpResponse) -> dict[str, Any]:
    """A port as it stands today; its ``ETag`` is what a change must send back as ``If-Match``."""
    port = get_port(request.user, code)
    response.headers["ETag"] = f'"{port.version}"'
    return port_dict(port)


@router.get("/ports/{code}/state", response={200: PortState, **REFUSALS}, summary="某日情况 / as it stood")
def port_state(
    request: HttpRequest, code: Code, as_of: date | None = None, known_at: datetime | None = None
) -> dict[str, Any]:
    """A port on a day (``as_of``), as it was known at a moment (``known_at``)."""
    port = get_port(request.user, code)
    day = as_of or clock.today()
    if known_at is not None and known_at.tzinfo is None:
        raise Refused([Finding.error(
            "moment_without_zone", "known_at 须带时区，如 2026-01-01T00:00:00+08:00。",
            "known_at needs a time zone, such as 2026-01-01T00:00:00+08:00.", where=Place(field="known_at"),
        )])
    state = state_of(port, as_of=day, known_at=known_at)
    return {"code": port.code, "as_of": day, "known_at": known_at, "state": state.as_dict() if state else None}


@router.patch("/ports/{code}", response={200: PortOut, **WRITE_REFUSALS}, summary="变更口岸 / change one attribute")
def change(
    request: HttpRequest, code: Code, body: PortChangeIn, response: HttpResponse,
    if_match: Annotated[str, Header(alias="If-Match", max_length=40)],
) -> dict[str, Any]:
    """Change one attribute by a document. Somebody else's change in between is answered with 409."""
    port = get_port(request.user, code)
    stated = re.fullmatch(r'(?:W/)?"(\d{1,9})"', if_match.strip())
    if stated is None:
        raise Conflict([Finding.error(
            "unreadable_version", f"If-Match “{if_match}”不是口岸版本。", f"If-Match “{if_match}” is no version.",
            where=Place(field="If-Match"), remedy=("请原样使用读取时的 ETag。", "Send the ETag as it was read."),
        )])
    changed = change_port(
        actor=request.user, code=port.code, values={body.attribute: body.value}, document=body.document,
        valid_from=body.valid_from, reason=body.reason, version=int(stated[1]),
    )
    response.headers["ETag"] = f'"{changed.version}"'
    return port_dict(changed)
