"""What can be asked of the yearly evaluation: schemes, rounds, scores; and who may read what of them at which stage.

A round's existence and stage are known to whoever reports for one. Of results the national office reads all; anybody else reads of ports in
their own scope the bands once peers are compared, and decimals once the results are notified; ranks are the national office's always.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from kouan.accounts.action import System, allows
from kouan.accounts.scope import scope_of
from kouan.audit import record_event
from kouan.basis import EvidenceRef, Finding, NotFound, Place, Text
from kouan.desk.matters.queries import matters_visible_to
from kouan.evaluation.method.scheme.shape import Band
from kouan.evaluation.rounds.models import PortScore, Round, RoundReturn, SchemeState, SchemeVersion, Scoring

# Stages of `yearly_evaluation.yaml` at which ports' own offices read their bands, and their decimals.
WITH_DECIMALS = ("notified", "published", "archived")
WITH_BANDS = ("peer_view", "commenting", "answering", "signing", "signed", *WITH_DECIMALS)


def is_national(user: Any) -> bool:
    """Whether somebody reads of the evaluation what the national office reads."""
    return isinstance(user, System) or (allows(user, "rounds.read") and scope_of(user).everything)


# ---- schemes ----------------------------------------------------------------------------------------------


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


# ---- rounds -----------------------------------------------------------------------------------------------


def rounds_visible_to(user: Any) -> QuerySet[Round]:
    """Every round for whoever reads rounds; experts, ministries and enterprises find none."""
    if not isinstance(user, System) and not allows(user, "rounds.read"):
        return Round.objects.none()
    return Round.objects.select_related("scheme_version", "matter__edition")


def get_round(user: Any, year: int) -> Round:
    """The round of a year; NotFound says the same where there is none and where one may not know of it."""
    found = rounds_visible_to(user).filter(year=year).first()
    if found is not None:
        return found
    if Round.objects.filter(year=year).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "evaluation_round", "code": str(year)})
    raise NotFound(Finding.error("unknown_round", f"没有 {year} 年的年度评估，或者它不在您的查看范围内。",
                                 f"There is no round of {year}, or it lies outside what you may see.", where=Place(field="year"),
                                 remedy=("请核对年度；尚未发起的，由国家口岸办发起。", "Check the year; the national office opens a round.")))


def returns_visible_to(user: Any, held: Round) -> QuerySet[RoundReturn]:
    """The returns of a round: the national office all; an office its own, as reporter or as verifier."""
    rows = held.returns.select_related("office", "matter__edition").order_by("office__code")
    if is_national(user):
        return rows
    return rows.filter(matter__in=matters_visible_to(user)) if allows(user, "rounds.read") else rows.none()


# ---- results ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PortResult:
    """A port's result as somebody may read it: what is not for them is None or empty, and ``hidden`` says so."""

    code: str
    name: Text
    port_class: str
    grade: str
    year: int
    band: str | None
    band_name: Text | None
    provisional: bool
    red_line: bool
    is_exercise: bool
    version: int
    marks: Mapping[str, str]
    total: float | None = None
    rank: int | None = None
    groups: Mapping[str, float | None] | None = None
    five_types: Mapping[str, float | None] | None = None
    cells: Mapping[str, Any] | None = None
    counted_share: float | None = None
    hidden: tuple[str, ...] = ()
    evidence: EvidenceRef | None = None
    peer_group: str = ""
    province_code: str = ""
    is_invented: bool = False

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; what is hidden is left out, not nulled."""
        said: dict[str, Any] = {
            "port": self.code, "name": self.name.as_dict(), "class": self.port_class, "grade": self.grade or None, "year": self.year,
            "result_version": self.version, "band": self.band, "band_name": self.band_name.as_dict() if self.band_name else None,
            "provisional": self.provisional, "red_line": self.red_line, "is_exercise": self.is_exercise, "marks": dict(self.marks)}
        if "decimals" not in self.hidden:
            said |= {"total": self.total, "groups": self.groups, "five_types": self.five_types, "indicators": self.cells,
                     "counted_share": self.counted_share}
        if "rank" not in self.hidden:
            said["rank"] = self.rank
        return said


def current_scoring(held: Round, *, brief: bool = False) -> Scoring | None:
    """The scoring in force: of the newest freeze. None while that is not scored, or the round was sent back to be frozen anew.

    ``brief``: for a line on a page, without its record and what was found.
    """
    if held.stage in ("collecting", "verifying", "frozen"):
        return None
    if brief:
        return held.scorings.filter(freeze=held.freezes.order_by("-revision").values("pk")[:1]).order_by("-number").defer(
            "record", "findings").first()
    freeze = held.freezes.order_by("-revision").first()
    return freeze.scorings.order_by("-number").select_related("freeze").first() if freeze is not None else None


def scoring_in_force(held: Round) -> Scoring:
    """`current_scoring`, or NotFound while there is none."""
    found = current_scoring(held)
    if found is None:
        raise NotFound(Finding.error("not_scored", f"{held.year} 年度评估尚未计分。", f"The round of {held.year} is not scored.",
                                     where=Place(field="year"), remedy=("请先冻结并计分。", "Freeze and score it first.")))
    return found


def results(user: Any, held: Round, *, brief: bool = False) -> list[PortResult]:
    """The results that somebody may read, by class, grade and port; empty before they may read any.

    ``brief``: without marks and indicators, for lists.
    """
    rows, bands = _scores(user, held, brief=brief), bands_of(held)
    return [_result(user, held, each, bands, brief=brief) for each in rows]


def result_of(user: Any, held: Round, port: str) -> PortResult:
    """One port's result. NotFound says the same for a port that is not in the round, not in scope, or not to be read yet."""
    found = _scores(user, held, port)
    if found:
        return _result(user, held, found[0])
    if PortScore.objects.filter(scoring__round=held, port__code=port).exists():
        record_event("out_of_scope", actor_id=getattr(user, "pk", None), payload={"kind": "port_score", "code": f"{held.year}/{port}"[:120]})
    raise NotFound(Finding.error("unknown_result", f"没有可供查看的 {held.year} 年度“{port[:64]}”评估结果。",
                                 f"There is no result of “{port[:64]}” for {held.year} that you may read.", where=Place(field="port"),
                                 remedy=("请核对口岸代码；结果在同类比较和通报后按范围开放。",
                                         "Check the code; results open by scope with the comparison and the notice.")))


def result_if_any(user: Any, held: Round, port: str) -> PortResult | None:
    """As `result_of`, for what is only shown beside something else: None, without a trace, where there is nothing to be read."""
    found = _scores(user, held, port)
    return _result(user, held, found[0]) if found else None


def newest_result(user: Any, port: str) -> tuple[Round, PortResult] | None:
    """The result of a port in the newest round in which its reader finds one; None, without a trace, where there is none yet."""
    for held in rounds_visible_to(user).defer("scheme_version__content", "findings", "matter__edition__text").order_by("-year"):
        found = _scores(user, held, port, brief=True)
        if found:
            return held, _result(user, held, found[0], brief=True)
    return None


def codes_in_scope(user: Any, held: Round) -> frozenset[str] | None:
    """The ports of a round whose results somebody may read one by one; None: all of them."""
    if is_national(user):
        return None
    scoring = current_scoring(held)
    return frozenset() if scoring is None else frozenset(scoring.scores.visible_to(user).values_list("port__code", flat=True))


def _scores(user: Any, held: Round, port: str = "", *, brief: bool = False) -> list[PortScore]:
    scoring = current_scoring(held, brief=True)
    if scoring is None or (not isinstance(user, System) and not allows(user, "rounds.read")):
        return []
    if not is_national(user) and held.stage not in WITH_BANDS:
        return []
    rows = scoring.scores.visible_to(user).select_related("port", "scoring").defer("port__figures", "port__reminders", "scoring__record",
                                                                                   "scoring__findings")
    if brief:
        rows = rows.defer("cells", "groups", "five_types")
    return list((rows.filter(port__code=port) if port else rows).order_by("peer_group", "port__code"))


def hidden_from(user: Any, held: Round) -> tuple[str, ...]:
    """What of a result somebody may not read: "rank", "decimals"."""
    if is_national(user):
        shows_all = isinstance(user, System) or allows(user, "scores.read_ranks")
        return () if shows_all else ("rank", "decimals")
    return ("rank",) if held.stage in WITH_DECIMALS else ("rank", "decimals")


def _result(user: Any, held: Round, score: PortScore, bands: Mapping[str, Text] | None = None, *, brief: bool = False) -> PortResult:
    hidden = hidden_from(user, held)
    bands = bands_of(held) if bands is None else bands
    port = score.port
    shown: dict[str, Any] = {}
    if "decimals" not in hidden:
        shown = {"total": score.total, "counted_share": score.counted_share}
        if not brief:
            shown |= {"groups": score.groups, "five_types": score.five_types, "cells": score.cells}
    if "rank" not in hidden:
        shown["rank"] = score.rank
    return PortResult(
        port.code, Text(port.name_zh, port.name_en or port.name_zh), port.port_class, port.grade, held.year, score.band,
        bands.get(score.band or ""), score.provisional, score.red_line, held.is_exercise, score.scoring.number,
        {} if brief else {code: cell["mark"] for code, cell in score.cells.items()}, hidden=hidden, peer_group=score.peer_group,
        province_code=port.province_code, is_invented=port.is_invented,
        evidence=EvidenceRef("evaluation", "port_score", score.pk, score.scoring.number, score.scoring.result_digest), **shown)


def bands_of(held: Round) -> dict[str, Text]:
    """The bands of a round's scheme in words, the best first."""
    return dict(_bands_of(held.scheme_version_id, held.scheme_version.digest))


@lru_cache(maxsize=32)
def _bands_of(version: int, digest: str) -> tuple[tuple[str, Text], ...]:
    """Read once from the quarter of a megabyte of a version, which never changes."""
    content = SchemeVersion.objects.values_list("content", flat=True).get(pk=version)
    found = [Band.model_validate(each) for each in json.loads(content)["scheme"]["bands"]]
    return tuple((each.code, each.name) for each in sorted(found, key=lambda each: -each.least))
