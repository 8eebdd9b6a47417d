"""Publishing: a version is made once and never changed; a fault found later is noted beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.conf import settings

from kouan import __version__
from kouan.accounts.action import action
from kouan.basis import Conflict, EvidenceRef, Finding, Place, Refused, Text, clock
from kouan.collection.lineage import record_use
from kouan.desk.actions import refuse_secrets
from kouan.desk.matters.actions import open_matter, take_step
from kouan.publication.cuts import Cut, cut
from kouan.publication.definitions import Definition, definition, definitions, refuse_unless_publishable
from kouan.publication.models import DataVersion, Erratum, ReleaseProposal
from kouan.publication.queries import get_proposal, version_of
from kouan.publication.returned import evidence_of

_NUMBER = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{1,3}", re.ASCII)


@action("publication.publish")
def publish_version(*, actor: Any, data_set: str, number: str, changes: Text, day: date | None = None) -> DataVersion:
    """Freeze what the data set holds now as a version, for anybody to read.

    Refused: exercise_never_published, not_classified, not_public, needs_clearance, not_cleared, nothing_to_publish, wrong_version_number,
    same_figures; Conflict version_published where that number is there.
    """
    found = definition(data_set)
    if found.needs_clearance:
        raise Refused.because(
            "needs_clearance", f"“{found.name.zh}”由非公开数据汇总，须经另一人核准后公布。",
            f"“{found.name.en}” is cut from data that are not public; another person approves it.", measured=found.code,
            remedy=("请在“数据公布”页提请核准。", "Propose it on the page 数据公布."))
    made = prepared(found, number, changes)
    version = DataVersion.objects.create(
        **_written(found, number, changes, made), published_on=day or clock.today(), published_by_id=getattr(actor, "pk", None))
    record_use(EvidenceRef("publication", "version", version.pk), [EvidenceRef("collection", "series", pk) for pk in made.series])
    return version


def prepared(found: Definition, number: str, changes: Text) -> Cut:
    """The rows of a version to be, with all that speaks against it. Raises as ``publish_version``."""
    if settings.IS_EXERCISE:
        raise Refused.because("exercise_never_published", "演练工作区的数据不得发布。", "Data of the exercise workspace is never published.",
                              remedy=("请在正式工作区办理。", "Do it in the real workspace."))
    refuse_unless_publishable(found)
    if not _NUMBER.fullmatch(number):
        raise Refused.because(
            "wrong_version_number", f"版本号“{number[:20]}”不可用。", f"“{number[:20]}” is no version number.", where=Place(field="number"),
            measured=number[:20], required="1.0", remedy=("写作 1.0、1.1、2.0。", "Write 1.0, 1.1, 2.0."))
    if not changes.zh.strip() or not changes.en.strip():
        raise Refused.because(
            "changes_not_said", "请写明这一版有何变化（中英文）。", "Say what changed, in Chinese and English.", where=Place(field="changes"),
            remedy=("首版写“首次发布”。", "For the first write “first publication”."))
    refuse_secrets(changes.zh, changes.en)
    earlier = list(DataVersion.objects.filter(data_set=found.code))
    refuse_if_taken(found, number, earlier)
    if earlier and _order(number) < max(_order(each.number) for each in earlier):
        raise Refused.because(
            "wrong_version_number", f"版本号“{number}”小于已发布的版本。", f"{number} is below what is published.", where=Place(field="number"),
            measured=number, required=f"> {earlier[-1].number}", remedy=("请用更大的版本号。", "Use a larger number."))
    made = cut(found)
    if earlier and earlier[-1].sha256 == made.sha256:
        raise Refused.because(
            "same_figures", f"数据与 {earlier[-1].number} 版相同，不必发布新版。", f"The figures are those of {earlier[-1].number}.",
            measured=made.sha256, remedy=("无需办理。", "Nothing to do."))
    return made


def refuse_if_taken(found: Definition, number: str, earlier: Iterable[DataVersion]) -> None:
    """Raise Conflict where a version of this number is out."""
    if any(each.number == number for each in earlier):
        raise Conflict(Finding.error(
            "version_published", f"“{found.name.zh}”{number} 版已经发布，不能更改。",
            f"Version {number} of “{found.name.en}” is published and cannot change.", measured=number,
            remedy=("有修订时请发布新的版本。", "Publish a new version for a revision.")))


def _written(found: Definition, number: str, changes: Text, made: Cut) -> dict[str, Any]:
    """What a version and a proposal of one keep alike."""
    return {"data_set": found.code, "number": number, "changes_zh": changes.zh[:400], "changes_en": changes.en[:400],
            "structure": {**found.as_dict(), "labels": made.labels}, "content": made.content, "sha256": made.sha256, "rows": len(made.rows),
            "software": __version__}


@action("releases.propose")
def propose_version(*, actor: Any, data_set: str, number: str, changes: Text) -> ReleaseProposal:
    """Freeze what would be published and lay it before whoever approves it. Raises as ``publish_version``; Conflict where one waits already."""
    found = definition(data_set)
    if not found.needs_clearance:
        raise Refused.because(
            "no_clearance_needed", f"“{found.name.zh}”由公开资料汇总，直接发布。", f"“{found.name.en}” is cut from open data and published as it is.",
            measured=found.code, remedy=("运行 kouan publish version。", "Run kouan publish version."))
    made = prepared(found, number, changes)
    waiting = ReleaseProposal.objects.filter(data_set=found.code, matter__state="proposed").first()
    if waiting is not None:
        raise Conflict.because(
            "release_waits", f"“{found.name.zh}”{waiting.number} 版正待核准。", f"Version {waiting.number} of “{found.name.en}” waits for approval.",
            measured=waiting.number, remedy=("请先办结或撤回该件。", "Decide or withdraw that one first."))
    matter = open_matter(actor=actor, procedure="data_release", title=f"公布“{found.name.zh}”{number} 版"[:200])
    held = ReleaseProposal.objects.create(**_written(found, number, changes, made), matter=matter, proposed_by=actor)
    record_use(EvidenceRef("publication", "proposal", held.pk), evidence_of(found))
    take_step(actor=actor, matter=matter.pk, transition="propose", fields={"opinion": changes.zh.strip()[:400]})
    return get_proposal(held.pk)


DEEDS = ("approve", "refuse", "withdraw")


@action("releases.decide")
def decide_release(*, actor: Any, proposal: int, deed: str, opinion: str) -> ReleaseProposal:
    """Approve, refuse or withdraw a proposal; who may is for the procedure to say. ``opinion``: why, up to 400 characters."""
    held = get_proposal(proposal)
    if deed not in DEEDS:
        raise Refused.because("unknown_deed", f"没有“{deed[:24]}”这种办理。", f"There is no deed “{deed[:24]}”.", where=Place(field="deed"),
                              remedy=(f"可用：{'、'.join(DEEDS)}。", f"One of: {', '.join(DEEDS)}."))
    take_step(actor=actor, matter=held.matter_id, transition=deed, fields={"opinion": opinion.strip()[:400]})
    return get_proposal(proposal)


@action("publication.publish")
def note_erratum(*, actor: Any, data_set: str, number: str, said: Text) -> Erratum:
    """Say what is wrong in a published version; the version itself stays."""
    version = version_of(data_set, number)
    if not said.zh.strip() or not said.en.strip():
        raise Refused.because("erratum_not_said", "请写明有何错误（中英文）。", "Say what is wrong, in Chinese and English.",
            where=Place(field="said"),
                              remedy=("写明错在何处、正确的是什么。", "Say where, and what is right."))
    return Erratum.objects.create(version=version, said_zh=said.zh[:600], said_en=said.en[:600], noted_by_id=getattr(actor, "pk", None),
                                  noted_on=clock.today())


def publish_bundled(actor: Any, say: Callable[[str, str], None]) -> None:
    """Publish what the product ships, each version once. Where the figures differ from those of a version that is there, it stays as it is."""
    if settings.IS_EXERCISE:
        return
    held = set(DataVersion.objects.values_list("data_set", "number"))
    for found in definitions():
        for release in found.releases[-1:]:
            if (found.code, release.number) in held:
                continue
            try:
                made = publish_version(actor=actor, data_set=found.code, number=release.number, changes=release.changes)
            except Refused as refusal:
                # Without the bundled figures (setup --no-data) there is nothing yet; anything else is a fault of ours.
                if refusal.findings[0].code not in ("nothing_to_publish", "same_figures", "not_cleared"):
                    raise
            else:
                say(f"发布 {found.code} {made.number}：{made.rows:,} 行", f"Published {found.code} {made.number}: {made.rows:,} rows")


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
