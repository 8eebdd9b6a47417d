"""What can be asked of the yearly evaluation: schemes on record and who may read them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from kouan.accounts.action import System, allows
from kouan.accounts.scope import scope_of
from kouan.audit import record_event
from kouan.basis import Finding, NotFound, Place
from kouan.evaluation.rounds.models import SchemeState, SchemeVersion


def is_national(user: Any) -> bool:
    """Whether somebody reads of the evaluation what the national office reads."""
    return isinstance(user, System) or (allows(user, "rounds.read") and scope_of(user).everything)


def schemes_visible_to(user: Any) -> QuerySet[SchemeVersion]:
    """The national office all versions; whoever reads rounds those that are published; experts and enterprises none."""
    if is_national(user):
        return SchemeVersion.objects.all()
    if not allows(user, "rounds.read"):
        return SchemeVersion.objects.none()
    return SchemeVersion.objects.filter(state=SchemeState.PUBLISHED)


def get_scheme(user: Any, year: int, version: int | None = None) -> SchemeVersion:
    """A version (without a number: the newest published one) of a year. NotFound says the same for a draft that one may not see."""
    rows = schemes_visible_to(user).filter(year=year).select_related("proposed_by", "published_by").order_by("-version")
    found = (rows.filter(state=SchemeState.PUBLISHED) if version is None else rows.filter(version=version)).first()
    if found is not None:
        return found
    if SchemeVersion.objects.filter(year=year, **({} if version is None else {"version": version})).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "scheme_version", "code": f"{year}/{version or ''}"})
    raise NotFound(Finding.error(
        "unknown_scheme", f"没有 {year} 年的{'已发布' if version is None else f'第 {version} 版'}评估方案，或者它不在您的查看范围内。",
        f"There is no {'published scheme' if version is None else f'version {version} of a scheme'} of {year}, or it lies outside what you may see.",
        where=Place(field="year" if version is None else "version"), remedy=("请先提出并发布方案。", "Propose and publish one first.")))
