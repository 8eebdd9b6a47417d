"""数据血缘: where a figure is from, back to the cells of files, and what would change if it were wrong.

``/lineage?of=observation:12`` for one recorded figure; ``/lineage?of=figure:port:luohu-rail/person_crossings/official/port-return/
2023-01-01/2023-12-31`` for one that was added up: every recorded figure of that subject, measure and source in those days.
``change:…`` the same for a change on the year: both periods; ``count:…`` and ``quoted:…`` for what was counted or quoted (counted.py),
``events:…`` for the figures of the running day (event_lineage.py).
What the reader may not see is counted, not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from kouan.accounts.permissions import may
from kouan.basis import EvidenceRef, NotFound, Place, Refused, SubjectKind, Text, measures
from kouan.casework.bottlenecks.queries import issues_visible_to
from kouan.casework.models import Gathering
from kouan.collection import lineage
from kouan.collection.models import Observation, Origin, Series
from kouan.collection.queries import batches_visible_to, get_observation, observations_visible_to
from kouan.console import figures, words
from kouan.console.addresses import address_of
from kouan.console.counted import counted
from kouan.console.event_lineage import events_counted
from kouan.console.lineage_map import Box, lineage_map
from kouan.console.page import page
from kouan.console.subject_names import SubjectNames, direction_text
from kouan.console.words import here
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import matters_visible_to
from kouan.evaluation.models import ScoreRun
from kouan.evaluation.rounds.models import Freeze, PortScore, Scoring
from kouan.evaluation.rounds.queries import rounds_visible_to
from kouan.grading.models import ListCase, ListEntry, VerdictRecord
from kouan.monitoring.queries import current
from kouan.monitoring.studies.queries import studies_visible_to
from kouan.monitoring.warnings.models import EarlyWarning
from kouan.ports.queries import ports_visible_to
from kouan.publication.models import DataVersion, ReleaseProposal

TITLE = Text("数据血缘", "Lineage")
PARTS_SHOWN, USERS_SHOWN, FILES_SHOWN = 60, 60, 12
_DAY = r"(\d{4}-\d\d-\d\d)"
FIGURE = re.compile(rf"^(figure|change):(\w+):([A-Za-z0-9][-A-Za-z0-9._]{{0,63}})/([a-z_]{{1,48}})/([a-z]{{1,12}})/([-\w]{{1,64}})/{_DAY}/{_DAY}$")


def figure_reference(subject: Any, measure: str, origin: str, source: str, start: date, end: date) -> str:
    """How a figure that was added up is named in the address of its lineage.

    >>> figure_reference("port:luohu-rail", "cargo_tonnes", "official", "port-return", date(2023, 1, 1), date(2023, 12, 31))
    'figure:port:luohu-rail/cargo_tonnes/official/port-return/2023-01-01/2023-12-31'
    """
    return f"figure:{subject}/{measure}/{origin}/{source}/{start.isoformat()}/{end.isoformat()}"


def change_reference(subject: Any, measure: str, origin: str, source: str, start: date, end: date) -> str:
    """How a change on the year is named: by the later of the two periods it compares."""
    return f"change{figure_reference(subject, measure, origin, source, start, end).removeprefix('figure')}"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record that rests on figures: its name, and those of some ids that a reader may see, with words and address."""

    label: Text
    seen: Callable[[Any, list[str]], dict[str, tuple[str, str]]]


def _numbers(ids: list[str]) -> list[int]:
    return [int(each) for each in ids if each.isdigit()]


def _verdicts(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    ports = ports_visible_to(user).order_by().values("code")
    rows = VerdictRecord.objects.filter(pk__in=_numbers(ids), port_code__in=ports) if may(user, "ports.read") else VerdictRecord.objects.none()
    return {str(row.pk): (f"{row.port_code} {row.year} · {row.verdict} r{row.revision}", address_of("port", row.port_code)) for row in rows}


def _of_lists(model: Any) -> Callable[[Any, list[str]], dict[str, tuple[str, str]]]:
    def seen(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
        if not may(user, "lists.read"):
            return {}
        rows = model.objects.filter(pk__in=_numbers(ids))
        if model is ListEntry:
            return {str(row.pk): (f"{row.subject} {row.record.year}", "") for row in rows.visible_to(user).select_related("record")}
        matters = matters_visible_to(user).order_by().values("pk")
        return {str(row.pk): (f"{row.subject} {row.year}", address_of("matter", row.matter_id)) for row in rows.filter(matter__in=matters)}

    return seen


def _matters(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    rows: QuerySet[Matter] = matters_visible_to(user).filter(pk__in=_numbers(ids))
    return {str(row.pk): (row.title, address_of("matter", row.pk)) for row in rows}


def _gatherings(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    rows = Gathering.objects.filter(pk__in=_numbers(ids), matter__in=matters_visible_to(user).order_by().values("pk")).select_related("matter")
    return {str(row.pk): (row.matter.title, address_of("matter", row.matter_id)) for row in rows}


def _issues(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    return {str(row.pk): (str(row.pk), address_of("bottleneck", row.pk)) for row in issues_visible_to(user).filter(pk__in=_numbers(ids))}


def _of_rounds(model: Any) -> Callable[[Any, list[str]], dict[str, tuple[str, str]]]:
    def seen(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
        rows = model.objects.filter(pk__in=_numbers(ids), round__in=rounds_visible_to(user).order_by().values("pk")).select_related("round")
        return {str(row.pk): (str(row.round.year), address_of("evaluation-round", row.round.year)) for row in rows.only("round__year")}

    return seen


def _port_scores(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    rows = PortScore.objects.filter(pk__in=_numbers(ids)).visible_to(user).select_related("port", "scoring__round")
    return {str(row.pk): (f"{row.port.name_zh} {row.scoring.round.year}", address_of("evaluation-port", row.scoring.round.year, row.port.code))
            for row in rows.only("port__name_zh", "port__code", "scoring__round__year")}


def _runs(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    rows = ScoreRun.objects.filter(pk__in=_numbers(ids)) if may(user, "console.read") else ScoreRun.objects.none()
    return {str(row.pk): (f"{row.framework} {row.first_year}–{row.last_year}", address_of("benchmark")) for row in rows}


def _warnings(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    rows = EarlyWarning.objects.filter(pk__in=_numbers(ids)).visible_to(user) if may(user, "warnings.read") else EarlyWarning.objects.none()
    return {str(row.pk): (row.message_zh if words.page_language() == "zh" else row.message_en, address_of("warning", row.pk)) for row in rows}


def _studies(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    return {str(row.pk): (row.title, address_of("time-study", row.pk)) for row in studies_visible_to(user).filter(pk__in=_numbers(ids))}


def _versions(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    """Published versions: public, so in everybody's sight."""
    rows = DataVersion.objects.defer("content").filter(pk__in=_numbers(ids))
    return {str(row.pk): (f"{row.structure['name']['zh']} {row.number}", address_of("published-version", row.data_set, row.number)) for row in rows}


def _proposals(user: Any, ids: list[str]) -> dict[str, tuple[str, str]]:
    if not may(user, "releases.read"):
        return {}
    rows = ReleaseProposal.objects.defer("content").filter(pk__in=_numbers(ids))
    return {str(row.pk): (f"{row.structure['name']['zh']} {row.number}", address_of("release", row.pk)) for row in rows}


KINDS: dict[str, Kind] = {
    "monitoring/warning": Kind(Text("预警", "Early warnings"), _warnings),
    "monitoring/study": Kind(Text("放行时间研究", "Time release studies"), _studies),
    "grading/verdict": Kind(Text("客货运量标准结论", "Verdicts of the volume standard"), _verdicts),
    "grading/list_entry": Kind(Text("名单条目", "Entries of lists"), _of_lists(ListEntry)),
    "grading/list_case": Kind(Text("名单办件证据", "Evidence of list cases"), _of_lists(ListCase)),
    "desk/matter": Kind(Text("办件", "Matters"), _matters),
    "casework/gathering": Kind(Text("办件汇集的事实", "Facts gathered for cases"), _gatherings),
    "casework/issue": Kind(Text("堵点难点任务", "Tasks of bottlenecks"), _issues),
    "evaluation/freeze": Kind(Text("年度评估冻结数据", "Freezes of yearly evaluations"), _of_rounds(Freeze)),
    "evaluation/scoring": Kind(Text("年度评估计分", "Scorings of yearly evaluations"), _of_rounds(Scoring)),
    "evaluation/port_score": Kind(Text("口岸评估得分", "Scores of ports"), _port_scores),
    "publication/version": Kind(Text("公开的数据版本", "Published versions"), _versions),
    "publication/proposal": Kind(Text("数据公布提请", "Proposals of releases"), _proposals),
    "evaluation/score_run": Kind(Text("对标评估得分", "Scores of benchmarks"), _runs),
}


@page("figures.read")
def lineage_page(request: HttpRequest) -> HttpResponse:
    """Where a figure is from and what depends on it, as picture and tables."""
    user: Any = request.user
    said = request.GET.get("of", "").strip()[:300]
    if said.startswith(("count:", "quoted:", "events:")):
        return _counted_page(request, said)
    parts, beyond = _parts_of(user, said)
    used = [EvidenceRef("collection", "observation", each.pk) for each in parts]
    used += [EvidenceRef("collection", "series", pk) for pk in sorted({each.series_id for each in parts})]
    groups, hidden = _groups(user, lineage.dependants(used))
    files = _files(user, parts)
    names = SubjectNames({(each.series.subject_kind, each.series.subject_code) for each in parts})
    first = parts[0].series
    title = f"{names.name(first.subject_kind, first.subject_code)} · {here(measures.get(first.measure).name)}"
    lines = [{
        "address": reverse("observation", args=[each.pk]), "period": each.period,
        "direction": direction_text(first.measure, each.series.direction, names.region(first.subject_kind, first.subject_code)),
        "value": figures.number(each.value, shorten=False, places=6), "revision": each.revision, "origin": each.series.origin,
        "file": each.batch.file_name, "sheet": lineage.trace(each).sheet, "row": each.row, "column": lineage.trace(each).heading or each.column,
    } for each in parts[:PARTS_SHOWN]]
    svg = lineage_map([
        [Box(each["name"], each["cells"], each["address"]) for each in files],
        [Box(str(line["value"]), each.period.code, str(line["address"])) for line, each in zip(lines[:20], parts, strict=False)],
        [Box(here(group["label"]), here(Text(f"{group['total']} 项", f"{group['total']}")), f"#{group['anchor']}") for group in groups],
    ], totals=(0, len(parts)))
    return render(request, "console/lineage.html", {
        "title": title, "of": said, "svg": svg, "lines": lines, "more": max(0, len(parts) - PARTS_SHOWN), "beyond": beyond, "files": files,
        "groups": groups, "hidden": hidden, "total": sum(group["total"] for group in groups),
        "unit": figures.unit_name(first.unit), "crumbs": [{"label": TITLE}],
    })


def _counted_page(request: HttpRequest, said: str) -> HttpResponse:
    """The lineage of what was counted or quoted: its parts in sight, each with its source, and what rests on them."""
    found = events_counted(request.user, said) if said.startswith("events:") else counted(request.user, said)
    if found is None:
        raise _nothing()
    groups, hidden = _groups(request.user, lineage.dependants(found.used, direct=found.dependants))
    svg = lineage_map([
        [Box(each.name, each.origin, each.address) for each in found.parts],
        [Box(here(found.title), f"{found.number} {here(found.unit)}".strip())],
        [Box(here(group["label"]), here(Text(f"{group['total']} 项", f"{group['total']}")), f"#{group['anchor']}") for group in groups],
    ], totals=(found.total,))
    return render(request, "console/lineage.html", {
        "title": here(found.title), "of": said, "svg": svg, "counted": found, "beyond": found.beyond,
        "more": found.total - len(found.parts), "groups": groups, "hidden": hidden, "total": sum(group["total"] for group in groups),
        "crumbs": [{"label": TITLE}],
    })


def _parts_of(user: Any, said: str) -> tuple[list[Observation], int]:
    """The recorded figures that a reference means, those in sight and how many are not. NotFound where none is in sight."""
    if said.startswith("observation:") and said[12:].isdigit() and len(said) < 31:
        return [get_observation(user, int(said[12:]))], 0
    found = FIGURE.match(said)
    if found is None:
        raise Refused.because(
            "bad_reference", "请从某个数据进入数据血缘。", "Come to the lineage from a figure.", where=Place(field="of"), measured=said[:80],
            required="observation:N", remedy=("在全景、口岸页或数据页点“来处与影响”。", "Follow “where from, what for” on a figure."))
    form, kind, code, measure, origin, source, start, end = found.groups()
    if kind not in set(SubjectKind) or origin not in Origin.values or measure not in measures.all_measures():
        raise _nothing()
    try:
        days = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        raise _nothing()
    series = Series.objects.filter(subject_kind=kind, subject_code=code, measure=measure, origin=origin, source=source, group="all")
    within = Q(period_start__gte=days[0], period_end__lte=days[1])
    if form == "change":
        before = [_year_before(day) for day in days]
        within |= Q(period_start__gte=before[0], period_end__lte=before[1])
    rows = current(Observation.objects.filter(within, series__in=series))
    seen = current(observations_visible_to(user).filter(within, series__in=series))
    parts = list(seen.select_related("series", "batch__organisation", "batch__submitted_by")
                 .order_by("period_start", "series__direction", "pk")[:4000])
    if not parts:
        raise _nothing()
    return parts, max(0, rows.count() - len(parts))


def _year_before(day: date) -> date:
    """The same day a year before; the last day of February stays the last day of February."""
    if day.month == 2 and (day + timedelta(days=1)).month == 3:
        return date(day.year - 1, 3, 1) - timedelta(days=1)
    return day.replace(year=day.year - 1)


def _nothing() -> Refused:
    return NotFound.because("unknown_figure", "没有这项数据，或它不在您的查看范围内。", "There is no such figure, or not in your scope.",
                            where=Place(field="of"), remedy=("请从页面上的数据进入。", "Come from a figure on a page."))


def _files(user: Any, parts: list[Observation]) -> list[dict[str, Any]]:
    """The files that the figures were read from, those with most figures first."""
    batches = {each.batch_id: each.batch for each in parts}
    counts = {pk: sum(each.batch_id == pk for each in parts) for pk in batches}
    seen = set(batches_visible_to(user).filter(pk__in=batches).values_list("pk", flat=True))
    return [{
        "name": batch.file_name, "sha256": batch.file_sha256, "source": batch.source, "at": batch.committed_at, "cells": here(
            Text(f"{counts[pk]} 个单元格", f"{counts[pk]} cells")), "address": reverse("batch", args=[pk]) if pk in seen else "",
    } for pk, batch in sorted(batches.items(), key=lambda one: -counts[one[0]])[:FILES_SHOWN]]


def _groups(user: Any, found: list[lineage.Dependant]) -> tuple[list[dict[str, Any]], int]:
    """What depends on the figures, by kind: those in sight with their words, the rest as a number."""
    by_kind: dict[str, list[lineage.Dependant]] = {}
    for each in found:
        by_kind.setdefault(f"{each.reference.room}/{each.reference.kind}", []).append(each)
    groups, hidden = [], 0
    for name, rows in by_kind.items():
        kind = KINDS.get(name)
        seen = kind.seen(user, [str(each.reference.id) for each in rows]) if kind else {}
        unseen = len(rows) - len(seen)
        hidden += unseen
        groups.append({
            "anchor": name.replace("/", "-"), "label": kind.label if kind else Text(name, name), "total": len(rows), "hidden": unseen,
            "more": max(0, len(seen) - USERS_SHOWN),
            "lines": [{"words": seen[str(each.reference.id)][0], "address": seen[str(each.reference.id)][1], "number": each.reference.id,
                       "steps": each.steps} for each in rows if str(each.reference.id) in seen][:USERS_SHOWN],
        })
    return groups, hidden


urlpatterns = [path("lineage", lineage_page, name="lineage")]
