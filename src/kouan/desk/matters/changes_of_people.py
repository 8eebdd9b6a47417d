"""When somebody goes or changes roles, or an office closes, what lay on that desk goes to another in the same transaction.

So no matter waits until the night's job for a desk. Accounts lies below and does not know the desk, which therefore listens.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from kouan.accounts.models import Organisation, User
from kouan.desk.matters import tasks
from kouan.desk.matters.models import Matter, Task
from kouan.desk.matters.parties import people_of
from kouan.desk.matters.queries import procedure_for, running_of

_OF_USER = {"role", "is_active", "organisation"}


@receiver(post_save, sender=User, dispatch_uid="desk.person_changed")
def person_changed(instance: User, created: bool, update_fields: Collection[str] | None, **_: Any) -> None:
    """Give back what lay with a person by name who can do it no more; move what an office can do no more."""
    if created or (update_fields is not None and not _OF_USER & set(update_fields)):
        return
    for task in Task.objects.open().filter(assignee=instance):
        if not instance.is_active or task.organisation_id != instance.organisation_id or f" {instance.role} " not in task.roles:
            task.assignee = None
            task.save(update_fields=["assignee"])
    _move(instance.organisation_id)


@receiver(post_save, sender=Organisation, dispatch_uid="desk.office_changed")
def office_changed(instance: Organisation, created: bool, update_fields: Collection[str] | None, **_: Any) -> None:
    """Move what lies with an office that is closed, or has other ports than before."""
    if not created:
        _move(instance.pk, is_open=instance.is_active)


def _move(organisation: int, *, is_open: bool = True) -> None:
    """Bring the matters in step whose desk in an office has nobody left, and those taken in whose own desk may have somebody again."""
    office = Task.objects.open().filter(organisation_id=organisation)
    deserted = {
        roles for roles in office.order_by().values_list("roles", flat=True).distinct()
        if not is_open or not people_of(Organisation(pk=organisation), roles.split()).exists()
    }
    moved = set(office.filter(roles__in=deserted).values_list("matter_id", flat=True))
    moved |= set(Task.objects.open().filter(is_stray=True).values_list("matter_id", flat=True))
    for matter in Matter.objects.running().select_related("edition", "applicant").filter(pk__in=moved).order_by("pk"):
        tasks.bring_in_step(matter, procedure_for(matter), running_of(matter))
