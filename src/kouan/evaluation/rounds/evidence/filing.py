"""填报: the reporting office says of each point whether it is met, with evidence, and gives the figures that no return carries.

Open while the return is to be filed. What an inspection found concealed is entered by the verifying side while it verifies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from django.db.models import Max

from kouan.accounts.action import action
from kouan.basis import Conflict, Finding, NotAllowed, Place, Refused, clock
from kouan.desk.actions import record_document, refuse_secrets, store_version
from kouan.desk.matters.models import Matter
from kouan.desk.matters.paper_files import check_file
from kouan.desk.models import Document, DocumentKind, DocumentVersion
from kouan.desk.queries import documents_visible_to
from kouan.evaluation.rounds.evidence.asking import Wanted, asked_of, point_name, point_words, ports_of
from kouan.evaluation.rounds.evidence.marking import keep_desks_of
from kouan.evaluation.rounds.evidence.models import EntryPaper, FiledEntry
from kouan.evaluation.rounds.evidence.seeing import (
    BEFORE_FREEZE,
    Standing,
    refuse_stale,
    return_for,
    standing_at,
)
from kouan.evaluation.rounds.models import RoundReturn
from kouan.evaluation.rounds.queries import get_round

LONGEST_REMARK = 400
MOST_PAPERS = 20
LARGEST = 1e12


@dataclass(frozen=True)
class Upload:
    """A file that comes with an entry. ``title``: of the paper under which it is kept (none: the file's name)."""

    source: IO[bytes]
    file_name: str
    media_type: str = ""
    title: str = ""


@action("rounds.file")
def file_entry(
    *, actor: Any, year: int, port: str, item: str, value: float, remark: str, documents: Sequence[int] = (), uploads: Sequence[Upload] = (),
    seen: int | None = None,
) -> FiledEntry:
    """Say of a port's point whether it is met (1) or not (0), or give a figure; as the next revision, the earlier ones stay.

    ``documents``: ids of papers in the actor's sight whose newest file is evidence; ``uploads`` are kept as papers of the office
    in the same transaction. ``seen``: the revision on which this one is based (0: none). A point said to be met needs one paper at
    least. NotFound out of scope; NotAllowed for another party of the return; Conflict outside the time for it and where ``seen`` is
    not what stands; Refused with everything that is wrong.
    """
    held = get_round(actor, year)
    filed_in = return_for(actor, held, port)
    Matter.objects.select_for_update(of=("self",)).get(pk=filed_in.matter_id)
    filed_in.matter.refresh_from_db()
    wanted = wanted_of(filed_in, port, item)
    refuse_outside(actor, filed_in, wanted)
    last = filed_in.entries.filter(port=port, item=item).aggregate(last=Max("revision"))["last"] or 0
    refuse_stale(seen, last)
    refuse_secrets(remark)
    findings = [*_wrong_value(wanted, value), *_wrong_remark(remark)]
    papers, missing = _versions(actor, documents)
    findings += missing
    findings += [one for each in uploads for one in check_file(each.source, each.file_name, "documents")]
    if len(papers) + len(uploads) > MOST_PAPERS:
        findings.append(Finding.error("too_much_evidence", f"一项佐证不超过 {MOST_PAPERS} 份。", f"At most {MOST_PAPERS} papers for one entry.",
                                      where=Place(field="documents"), remedy=("请合并后再上传。", "Put them together first.")))
    if wanted.is_point and value == 1 and not papers and not uploads:
        findings.append(Finding.error(
            "evidence_missing", f"“{point_name(item)}”填报为符合，须至少附一份佐证材料。",
            f"“{point_words(item).en}” is said to be met and needs evidence.",
            where=Place(field="documents"), remedy=("请上传佐证文件，或填报为不符合。", "Upload a file, or say that it is not met.")))
    if findings:
        raise Refused(findings)
    kept = [*papers, *(_kept(actor, held.year, wanted, each) for each in uploads)]
    made = FiledEntry.objects.create(
        filed_in=filed_in, port=port, item=item, revision=last + 1, value=float(value), is_point=wanted.is_point, remark=remark.strip(),
        office_id=actor.organisation_id, filed_by_id=actor.pk, filed_on=clock.today())
    EntryPaper.objects.bulk_create([EntryPaper(entry=made, version=each) for each in {each.pk: each for each in kept}.values()])
    keep_desks_of(filed_in.round, [port])
    return made


def wanted_of(filed_in: RoundReturn, port: str, item: str) -> Wanted:
    """What is asked of a port under the code of an item; Refused where it is not asked of it."""
    scheme = filed_in.round.scheme_version.scheme()
    known = ports_of([port], filed_in.round.year).get(port)
    found = next((each for each in asked_of(scheme, known.port_class if known else "") if each.item == item), None)
    if found is None:
        raise Refused.because("item_not_asked", f"方案不要求该口岸填报“{item[:64]}”。", f"The scheme does not ask “{item[:64]}” of this port.",
                              where=Place(field="item"), remedy=("请从填报页选择项目。", "Choose one from the page."))
    return found


def refuse_outside(actor: Any, filed_in: RoundReturn, wanted: Wanted, standing: Standing | None = None) -> None:
    """NotAllowed or Conflict where it is not for the actor to enter this now. ``standing``: where it is known already."""
    parties, state = (standing or standing_at(actor, filed_in)).parties, filed_in.matter.state
    if wanted.is_of_inspection:
        if not parties & {"verifier", "national"} or actor.organisation_id == filed_in.office_id:
            raise NotAllowed.because("not_for_the_reporter", "检查发现的瞒报由核验单位或国家口岸办填报。",
                                     "What an inspection found concealed is entered by the verifying office or the national office.",
                                     where=Place(field="item"), remedy=("请由核验单位填报。", "Ask the verifying office."))
        if state in ("to_file", "filed") or filed_in.round.stage in BEFORE_FREEZE:
            return
    else:
        if "reporter" not in parties:
            raise NotAllowed.because("not_the_reporter", "检查点和数据由该口岸的报送单位填报。", "The office that reports for the port files them.",
                                     where=Place(field="port"), remedy=("请由该口岸的报送单位填报。", "Ask that office."))
        if state == "to_file":
            return
    raise Conflict.because("return_not_open", "该单位的报送已提请核验或已截止，不能再填报。", "The return is filed or closed; nothing more goes in.",
                           remedy=("需要更正的，请核验单位退回补正。", "Ask the verifying office to give it back."))


def _wrong_value(wanted: Wanted, value: float) -> list[Finding]:
    if wanted.is_point:
        fine, zh, en = value in (0, 1), "检查点只能填报符合或不符合。", "A point is met or not met."
    else:
        fine = math.isfinite(value) and 0 <= value <= LARGEST and (not wanted.is_whole or value == int(value))
        zh, en = (f"“{wanted.name.zh}”须为不小于 0 的{'整数' if wanted.is_whole else '数'}。",
                  f"“{wanted.name.en}” is a{' whole' if wanted.is_whole else ''} number of 0 or more.")
    return [] if fine else [Finding.error("value_unusable", zh, en, where=Place(field="value"), measured=value, remedy=("请改正。", "Correct it."))]


def _wrong_remark(remark: str) -> list[Finding]:
    if remark.strip() and len(remark) <= LONGEST_REMARK:
        return []
    return [Finding.error("remark_missing", f"请填写说明（不超过{LONGEST_REMARK}字）。", f"Give a remark of at most {LONGEST_REMARK} characters.",
                          where=Place(field="remark"), remedy=("请写明做法或数据出处。", "Say what is done, or where the figure is from."))]


def _versions(actor: Any, documents: Sequence[int]) -> tuple[list[DocumentVersion], list[Finding]]:
    """The newest file of each paper; a finding for each that is not in sight or has no file."""
    found, findings = [], []
    seen = {each.pk: each for each in documents_visible_to(actor).filter(pk__in=list(documents)[:MOST_PAPERS + 1])}
    for number in documents:
        paper = seen.get(number)
        version = paper.versions.filter(disposed_at__isnull=True).order_by("-number").first() if paper is not None else None
        if version is None:
            findings.append(Finding.error(
                "evidence_without_file", f"没有编号为 {number} 的文件，或者该文件没有可用的电子件。",
                f"There is no paper {number}, or it has no file.",
                where=Place(field="documents"), measured=number, remedy=("请先登记文件并上传电子件。", "Register the paper with its file first.")))
        else:
            found.append(version)
    return found, findings


def _kept(actor: Any, year: int, wanted: Wanted, upload: Upload) -> DocumentVersion:
    """An uploaded file as a paper of the office."""
    title = upload.title.strip() or f"{year} 年度评估佐证：{wanted.name.zh}"
    paper: Document = record_document(actor=actor, kind=DocumentKind.DATA, title=title[:300], note=wanted.item)
    return store_version(paper, upload.source, upload.file_name, actor=actor, media_type=upload.media_type)
