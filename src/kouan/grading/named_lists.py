"""The lists of the plan that name ports, as a prior of the grade proposal (A-14): which list, which sentence, and what it does.

Which ports a list names is the register's to say (layout rows and projects with their sentences); which lists count,
and for which band of strategic position, is data in ``named_lists.yaml`` and our proposal. By default a list stands beside
the proposal and changes nothing; the setting ``grade_proposal.named_lists`` can let it lift one of the three scores. It
never becomes a grade (A-15).

>>> [(one.key, one.band) for one in named_lists()]  # doctest: +NORMALIZE_WHITESPACE
[('air_international_hub', 'top'), ('air_regional_hub', 'middle'), ('sea_main', 'middle'), ('hub_demonstration', 'top')]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from kouan.basis import Citation, Text
from kouan.grading.case_verdict import CaseVerdict
from kouan.grading.ladder import NAMED_LISTS, GradeProposal
from kouan.law import Law
from kouan.ports.models import LayoutLink, ProjectLink

PROPOSAL = GradeProposal()
BANDS = ("middle", "top")
BAND_NAMES: Mapping[str, Text] = {
    "top": Text("战略地位重要", "of important strategic position"),
    "middle": Text("战略地位比较重要", "of rather important strategic position"),
}
LIFTS = "strategy"


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list of the plan: its rows in the register (``layout`` or ``programme``: field and value), and the band it speaks for."""

    key: str
    label: Text
    citation: Citation
    band: str
    why: Text
    layout: Mapping[str, str]
    programme: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NamedIn:
    """A port named in a list: by which row of the register, in which words of the plan."""

    list: NamedList
    row: str
    name_zh: str
    quote: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the list, the sentence that names the port, and the band the list speaks for."""
        citation = self.list.citation
        return {
            "list": self.list.key,
            "label": self.list.label.as_dict(),
            "row": self.row,
            "name_zh": self.name_zh,
            "citation": Citation(citation.instrument, citation.article, self.quote or None, citation.issued, citation.in_force_from).as_dict(),
            "band": self.list.band,
            "band_name": BAND_NAMES[self.list.band].as_dict(),
            "why": self.list.why.as_dict(),
        }


@lru_cache(maxsize=1)
def named_lists() -> tuple[NamedList, ...]:
    """The lists that count, in the order of the file. ValueError where the file names no rows or no band that is known."""
    said = yaml.safe_load(resources.files("kouan.grading").joinpath("named_lists.yaml").read_text(encoding="utf-8"))
    found = []
    for key, each in said["lists"].items():
        if each["band"] not in BANDS or ("layout" in each) == ("programme" in each):
            raise ValueError(f"named_lists.yaml: {key}: band must be one of {BANDS}, rows are those of a layout or of a programme")
        citation = Citation(said["instrument"], each["article"], issued=said["issued"], in_force_from=said["in_force_from"])
        label, why = Text(**each["label"]), Text(**each["why"])
        found.append(NamedList(key, label, citation, each["band"], why, each.get("layout", {}), each.get("programme", {})))
    return tuple(found)


def named_in(codes: Iterable[str]) -> dict[str, tuple[NamedIn, ...]]:
    """By port, the lists that name it, in the order of the lists; a port that none names is not there."""
    wanted = list(codes)
    layouts = list(LayoutLink.objects.filter(port__code__in=wanted).select_related("entry", "port").order_by("entry__layout_id"))
    projects = list(ProjectLink.objects.filter(port__code__in=wanted).select_related("project", "port").order_by("project__project_id"))
    found: dict[str, list[NamedIn]] = {}
    for each in named_lists():
        if each.layout:
            for link in layouts:
                entry = link.entry
                if all(getattr(entry, name) == value for name, value in each.layout.items()):
                    found.setdefault(link.port.code, []).append(NamedIn(each, entry.layout_id, entry.name_zh, entry.quote))
        else:
            for named in projects:
                project = named.project
                if all(getattr(project, name) == value for name, value in each.programme.items()):
                    found.setdefault(named.port.code, []).append(NamedIn(each, project.project_id, project.object_zh, project.quote))
    return {code: tuple(rows) for code, rows in found.items()}


def band_of(bands: Iterable[str]) -> str | None:
    """The highest of some bands; None of none."""
    return max(bands, key=BANDS.index, default=None)


def lifted(row: Mapping[str, Any], bands: Sequence[str], law: Law) -> dict[str, Any]:
    """The row with strategic position at least at the limit of the highest band, in points; a score that is higher stays."""
    band = band_of(bands)
    if band is None:
        return dict(row)
    least = _limit(band, law)
    held = row.get(LIFTS)
    return {**row, LIFTS: least if held is None else max(Decimal(str(held)), least)}


def _limit(band: str, law: Law) -> Decimal:
    """The least score of the band under both readings of the bands, unless that would already reach the next band."""
    ordinary, strict = (law.parameter(f"grade_proposal.bands.{band}{more}").value for more in ("", "_strict"))
    if band == "middle" and max(ordinary, strict) >= law.parameter("grade_proposal.bands.top").value:
        return strict if law.setting("grade_proposal.bands").value == "strict" else ordinary
    return max(ordinary, strict)


def judged(row: Mapping[str, Any], bands: Sequence[str], law: Law) -> CaseVerdict:
    """What the rule proposes for scores of a port whose lists speak for ``bands``, as the setting in force says they count."""
    counts = bool(bands) and law.setting(NAMED_LISTS).value == LIFTS
    begun = named_lists()[0].citation.in_force_from
    if begun is not None and law.as_of < begun:
        counts = False  # there was no list before the plan
    return PROPOSAL.judge_row(lifted(row, bands, law) if counts else row, law)
