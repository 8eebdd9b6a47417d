"""How often one may ask: failed sign-ins from one address, files taken out by one user. Counts by server process."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from kouan.basis import Refused

_SECONDS = {"s": 1, "m": 60, "h": 3600}


def is_above(name: str, rate: str) -> bool:
    """Count one more of ``name`` and tell whether it is more than ``rate`` (``60/m``) allows in a window that begins with the first."""
    most, _, unit = rate.partition("/")
    key = f"kouan-rate-{name}"
    cache.add(key, 0, _SECONDS[unit])
    try:
        return int(cache.incr(key)) > int(most)
    except ValueError:  # the window ended between the two
        return False


def too_many(request: HttpRequest) -> bool:
    """Whether an address tries to sign in too often, under whatever names. A whole office may share one: see ``forget``."""
    return is_above(_sign_ins(request), settings.KOUAN_SIGN_IN_RATE)


def forget(request: HttpRequest) -> None:
    """Do not count an attempt that succeeded: only guesses are bounded."""
    try:
        cache.decr(f"kouan-rate-{_sign_ins(request)}")
    except ValueError:  # the window ended meanwhile
        pass


def _sign_ins(request: HttpRequest) -> str:
    return f"sign-in-{request.META.get('REMOTE_ADDR', '')}"


def count_export(user_id: int) -> None:
    """Count one file taken out. Raises Refused above the rate."""
    if is_above(f"export-{user_id}", settings.KOUAN_EXPORT_RATE):
        raise Refused.because(
            "export_rate", "导出过于频繁，请稍后再试。", "You take out files too often.", required=settings.KOUAN_EXPORT_RATE,
            remedy=("请一分钟后重试；需要大量数据的，请改用数据接口。",
                    "Try again in a minute; for much data use the API."))
