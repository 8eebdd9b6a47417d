"""What can be asked of sharing. Everything that reaches a user passes ``visible_to``."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Max, Sum

from kouan.audit import record_event
from kouan.basis import NotFound, Place, clock
from kouan.desk.sharing.models import (
    DataGrant,
    DataSet,
    DataSetQuerySet,
    GrantQuerySet,
    GrantRead,
    GrantReadQuerySet,
    GrantState,
)


def data_sets_visible_to(user: Any) -> DataSetQuerySet:
    """The entries of the catalogue that a user may see."""
    return DataSet.objects.all().visible_to(user).select_related("owner")


def grants_visible_to(user: Any) -> GrantQuerySet:
    """The grants of which a user's office is a party; the national office all."""
    return DataGrant.objects.all().visible_to(user).select_related("data_set__owner", "grantee", "requested_by", "decided_by")


def reads_visible_to(user: Any) -> GrantReadQuerySet:
    """The readings through those grants."""
    return GrantRead.objects.all().visible_to(user).select_related("grant__data_set", "grant__grantee", "user__organisation")


def get_data_set(user: Any, code: str) -> DataSet:
    """One entry. NotFound says the same whether it is unknown or a draft of somebody else."""
    found = data_sets_visible_to(user).filter(code=code).first()
    if found is not None:
        return found
    if DataSet.objects.filter(code=code).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "data_set", "code": code})
    raise NotFound.because("unknown_data_set", f"没有代码为“{code[:64]}”的数据集。", f"There is no data set “{code[:64]}”.",
                           where=Place(field="data_set"), remedy=("请从数据目录中选择。", "Choose it from the catalogue."))


def get_grant(user: Any, number: int) -> DataGrant:
    """One grant. NotFound says the same whether it is unknown or somebody else's; the asking leaves a trace."""
    found = grants_visible_to(user).select_related("matter").filter(pk=number).first()
    if found is not None:
        return found
    if DataGrant.objects.filter(pk=number).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "data_grant", "id": number})
    raise NotFound.because("unknown_grant", f"没有编号为 {number} 的授权。", f"There is no grant number {number}.", where=Place(field="grant"),
                           remedy=("请从授权列表中选择。", "Choose it from the list of grants."))


def usage_of(user: Any, grants: list[int]) -> dict[int, dict[str, Any]]:
    """Of each grant: requests, rows, people and the last time, as far as the user may see."""
    rows = GrantRead.objects.all().visible_to(user).filter(grant_id__in=grants).order_by().values("grant_id").annotate(
        requests=Count("pk"), total=Sum("rows"), people=Count("user_id", distinct=True), last=Max("at"))
    return {row["grant_id"]: dict(row) for row in rows}


def past_term(day: date | None = None) -> list[DataGrant]:
    """Grants still marked in force whose term has ended."""
    return list(DataGrant.objects.filter(state=GrantState.ACTIVE, ends_on__lt=day or clock.today()).order_by("pk"))
