"""``/ports``: the register, on two clocks, with conditional changes."""

from __future__ import annotations

import re
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Header, Query, Router

from kouan.api.errors import PreconditionFailed
from kouan.api.paging import page
from kouan.api.reading import AfterCode, Day, Limit, Moment, PortCode, Words
from kouan.api.shapes import REFUSALS, WRITE_REFUSALS, PortChangeIn, PortOut, PortPage, PortState
from kouan.basis import Conflict, Finding, Place, clock
from kouan.ports.actions import change_port
from kouan.ports.models import Port, PortStatus, TransportMode
from kouan.ports.queries import get_port, ports_visible_to, search, state_of

router = Router(tags=["口岸 / Ports"])
FIELDS = [name for name in PortOut.model_fields if name not in ("codes", "latitude", "longitude")]


def port_dict(port: Port) -> dict[str, Any]:
    """A port as the API shows it; codes are read in the caller's prefetch."""
    return {
        **{name: getattr(port, name) for name in FIELDS},
        "latitude": float(port.latitude) if port.latitude is not None else None,
        "longitude": float(port.longitude) if port.longitude is not None else None,
        "codes": [
            {"scheme": code.scheme, "code": code.code, "names_place": code.names_place,
             "valid_from": code.valid_from, "valid_to": code.valid_to} for code in port.codes.all()
        ],
    }


IfMatch = Annotated[str, Header(alias="If-Match", max_length=40, description="读取时的 ETag / the ETag as read")]


def version_tag(port: Port) -> str:
    """The ETag of a port: the version that a change must name."""
    return f'"{port.version}"'


@router.get(
    "/ports", response={200: PortPage, **REFUSALS}, summary="口岸列表 / Ports in scope",
    description="可见范围内的口岸，按代码排列；可按省份、方式、状态筛选，或按名称、拼音、代码查找。 / "
                "The ports in your scope in the order of their codes; filter by province, mode and status, "
                "or search by name, pinyin or code.",
)
def list_ports(
    request: HttpRequest,
    province: Annotated[str, Query(pattern=r"^([0-9]{2})?$", description="省级行政区划代码，如 44 / GB/T 2260, such as 44")] = "",
    mode: Annotated[TransportMode | None, Query(description="运输方式 / mode")] = None,
    status: Annotated[PortStatus | None, Query(description="运行状态 / status")] = None,
    q: Words = "",
    limit: Limit = 50,
    after: AfterCode = "",
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
    return page(found, key="code", limit=limit, after=after, show=port_dict)


@router.get(
    "/ports/{code}", response={200: PortOut, **REFUSALS}, summary="一个口岸 / One port",
    description="口岸现状。变更时须把应答头 ETag 原样放入 If-Match。 / "
                "A port as it stands today. A change must send the answer's ETag back as If-Match.",
)
def one_port(request: HttpRequest, code: PortCode, response: HttpResponse) -> dict[str, Any]:
    """A port as it stands today; its ``ETag`` is what a change must send back as ``If-Match``."""
    port = get_port(request.user, code)
    response.headers["ETag"] = version_tag(port)
    return port_dict(port)


@router.get(
    "/ports/{code}/state", response={200: PortState, **REFUSALS}, summary="某日情况 / As it stood on a day",
    description="口岸在某日（as_of）的登记情况，按某时刻（known_at）所知。 / "
                "A port on a day (as_of), as it was known at a moment (known_at).",
)
def port_state(
    request: HttpRequest, code: PortCode,
    as_of: Annotated[Day | None, Query(description="何日 / the day")] = None,
    known_at: Annotated[Moment | None, Query(description="按何时所知，须带时区 / as known at, with time zone")] = None,
) -> dict[str, Any]:
    """A port on a day (``as_of``), as it was known at a moment (``known_at``)."""
    port = get_port(request.user, code)
    day = as_of or clock.today()
    state = state_of(port, as_of=day, known_at=known_at)
    return {
        "code": port.code, "as_of": day, "known_at": known_at, "state": state.as_dict() if state else None,
        "workspace": settings.WORKSPACE,
    }


@router.patch(
    "/ports/{code}", response={200: PortOut, **WRITE_REFUSALS}, summary="变更口岸 / Change attributes",
    description="依据已登记的文件变更登记内容（一项，或一并变更的几项），只限国家口岸办。批准、验收、开放、关闭、整合另有地址。"
                "If-Match 为读取时的 ETag：未附回答 428，其间已被他人修改回答 412，均不作更改。 / "
                "Change one attribute, or several together, by a recorded document (national office only). Approval, acceptance, "
                "opening, closing and merging have addresses of their own. If-Match is the ETag that was read: 428 without it, "
                "412 when somebody changed the port in between; nothing is changed then.",
)
def change(
    request: HttpRequest, code: PortCode, body: PortChangeIn, response: HttpResponse, if_match: IfMatch,
) -> dict[str, Any]:
    """Change attributes by a document; somebody else's change in between is answered with 412."""
    port = get_port(request.user, code)
    values = dict(body.values) if body.attribute is None else {body.attribute: body.value}
    try:
        changed = change_port(
            actor=request.user, code=port.code, values=values, document=body.document,
            valid_from=body.valid_from, reason=body.reason, version=version_of(if_match),
        )
    except Conflict as conflict:
        raise PreconditionFailed(conflict.findings) from conflict
    response.headers["ETag"] = version_tag(changed)
    return port_dict(changed)


def version_of(if_match: str) -> int:
    """The version that an If-Match names. Raises PreconditionFailed for what is no ETag of ours."""
    stated = re.fullmatch(r'"([0-9]{1,9})"', if_match.strip())
    if stated is None:
        # A weak tag or * says nothing about the version that was seen.
        raise PreconditionFailed(Finding.error(
            "unreadable_version", "If-Match 不是读取时的 ETag。", "If-Match is not an ETag as read.",
            where=Place(field="If-Match"), measured=if_match[:40],
            remedy=("请原样使用读取时的 ETag。", "Send the ETag as it was read."),
        ))
    return int(stated[1])
