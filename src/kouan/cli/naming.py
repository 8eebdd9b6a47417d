"""What a person names on the command line: a port, a year. Unusable names end with status 2 or 404-like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kouan.basis import Refused
    from kouan.ports.models import Port

# The years that the API takes too (api/reading.py); periods themselves reach further back.
FIRST_YEAR, LAST_YEAR = 1949, 2199


def year_in_reach(year: int | None) -> int | None:
    """The callback of every option that takes a year: 99999 is a typing error, not a traceback."""
    from kouan.basis import Place, Refused

    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise unusable(Refused.because(
            "year_out_of_range", f"年度 {year} 不在 {FIRST_YEAR}—{LAST_YEAR} 之间。",
            f"The year {year} is not from {FIRST_YEAR} to {LAST_YEAR}.", where=Place(field="year"), measured=year,
            required=f"{FIRST_YEAR}–{LAST_YEAR}", remedy=("请填写四位数的公历年度。", "Give a calendar year of four digits."),
        ))
    return year


def port_named(user: Any, text: str) -> Port:
    """The port that a text names, in the user's scope. NotFound says the same of one that is not there and
    of somebody else's, which is also written to the trail (``out_of_scope``)."""
    from kouan.audit import record_event
    from kouan.basis import Finding, NotFound
    from kouan.ports.models import Port
    from kouan.ports.queries import get_port, resolve

    found = resolve(text, user=user)
    if not isinstance(found, Finding):
        return get_port(user, found.code)
    beyond = resolve(text)
    if isinstance(beyond, Port):
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "port", "code": beyond.code})
    raise NotFound([found])


def unusable(refusal: Refused) -> Refused:
    """The same refusal as one of an argument: the command ends with status 2."""
    from kouan.basis import Refused

    class UnusableArgument(Refused):
        exit_code = 2  # read by Door, as click's own errors carry it

    return UnusableArgument(refusal.findings)
