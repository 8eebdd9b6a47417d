"""What approving a release does, in the transaction of the step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kouan.basis import EvidenceRef, NotAllowed, Refused, clock
from kouan.collection.lineage import record_use
from kouan.desk.matters.models import Matter, MatterStep
from kouan.publication.actions import refuse_if_taken
from kouan.publication.definitions import definition
from kouan.publication.models import DataVersion, ReleaseProposal
from kouan.publication.queries import get_proposal

PROCEDURES = Path(__file__).with_name("procedures")


def release(matter: Matter, step: MatterStep, actor: Any) -> None:
    """The frozen rows become a version for anybody to read; it rests on the figures through its proposal."""
    row = ReleaseProposal.objects.filter(matter=matter).first()
    if row is None:
        raise Refused.because("no_proposal", "此件没有对应的提请，不能办理。", "There is no proposal behind this matter.",
                              remedy=("请在“数据公布”页提请。", "Propose it on the page 数据公布."))
    held = get_proposal(row.pk)
    if actor.pk == held.proposed_by_id:
        raise NotAllowed.because("own_proposal", "提请人不能核准自己的提请。", "Nobody approves what he or she proposed.",
                                 remedy=("请由另一位负责人核准。", "Let another leader approve it."))
    refuse_if_taken(definition(held.data_set), held.number, DataVersion.objects.filter(data_set=held.data_set))
    made = DataVersion.objects.create(**held.frozen(), published_on=clock.today(), published_by_id=actor.pk)
    record_use(EvidenceRef("publication", "version", made.pk), [EvidenceRef("publication", "proposal", held.pk)])


CARRIED = {"release": release}
