"""What the pages of a year's evaluation share: the round or the same 404, its tabs and crumbs, stages and bands in word and shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Finding, Text, codes
from kouan.console.addresses import address_of
from kouan.console.evaluation_tabs import tabs_for
from kouan.console.marks import badge
from kouan.console.words import CLASSES, here
from kouan.desk.matters.queries import procedure_for
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.rounds.models import Round, SchemeVersion
from kouan.evaluation.rounds.queries import get_round, newest_result
from kouan.grading.grades import GRADES, UNDECIDED

TITLE = Text("年度评估", "Yearly evaluation")
SCHEMES = Text("评估方案", "Schemes")
PROVINCES = {one.code: Text(one.short_zh, one.en) for one in codes.mainland_provinces}
# Port types of the scheme that are wider than a class.
_TYPES = {"air": Text("航空", "Air")}
# Bands run from the best down; the shapes of the first and last are the same whatever a scheme calls them.
_BAND_MARKS = (("disc-check", "ok"), ("disc", "info"), ("half", "wait"), ("triangle-cross", "bad"))


def round_page(request: HttpRequest, year: int, name: str, title: Text) -> tuple[Round, dict[str, Any]]:
    """The round of a year that this user may see, and what every page of it shows. NotFound says the same for none and for not yours."""
    held = get_round(request.user, year)
    return held, {
        "held": held, "year": year, "title": title, "tabs": tabs_for(request, year, name), "stage": stage_mark(held),
        "crumbs": [{"label": TITLE, "address": reverse("evaluation")}, {"label": Text(f"{year} 年", str(year))}, {"label": title}],
    }


def stage_mark(held: Round) -> SafeString:
    """Where a round stands."""
    state = procedure_for(held.matter).states[held.stage]
    return badge(here(state.label), "disc-check" if held.matter.ended_at else "half", "none" if held.matter.ended_at else "info")


def proposal_mark(is_proposal: bool) -> SafeString | str:
    """建议稿: approved by no authority, published here or not."""
    return badge(here(Text("建议稿", "Proposal")), "diamond", "wait") if is_proposal else ""


def version_words(row: SchemeVersion) -> Text:
    """第 N 版."""
    return Text(f"第 {row.version} 版", f"Version {row.version}")


def scheme_link(row: SchemeVersion) -> SafeString:
    """A version with the way to its page."""
    return format_html('<a href="{}">{}</a> {}', reverse("evaluation-scheme", args=[row.year, row.version]), here(version_words(row)),
                       proposal_mark(row.is_proposal))


def band_mark(place: int, name: Text | None) -> SafeString | str:
    """A band by its place from the best (0) down; —  where there is none."""
    if name is None:
        return "—"
    shape, tone = _BAND_MARKS[min(max(place, 0), len(_BAND_MARKS) - 1)]
    return badge(here(name), shape, tone)


def as_findings(kept: Sequence[dict[str, Any]]) -> list[Finding]:
    """Findings as they are stored, to be shown."""
    return [Finding.from_dict(each) for each in kept]


def class_words(code: str) -> Text:
    """A transport class, or a port type of a scheme, in words."""
    return CLASSES.get(code) or _TYPES.get(code) or Text(code, code)


def types_of(scheme: Scheme) -> list[str]:
    """The port types of a scheme in the order of the classes of 专栏6, whatever order its kept text has."""
    by_class = [scheme.shape.classes[each] for each in CLASSES if each in scheme.shape.classes]
    return list(dict.fromkeys([*by_class, *scheme.types]))


def share_words(value: float | None) -> str:
    """A share with one decimal, in a column of its like."""
    return "—" if value is None else f"{value:.1%}"


def peer_group_words(group: str, ports: int | None = None) -> Text:
    """A peer group, ``road/hub``, in words, with how many ports it has.

    >>> peer_group_words("road/hub", 11).zh
    '公路·国际枢纽口岸（11个）'
    """
    port_class, _, grade = group.partition("/")
    kind, words = class_words(port_class), GRADES.get(grade, UNDECIDED)
    size = Text("", "") if ports is None else Text(f"（{ports}个）", f" ({ports})")
    return Text(f"{kind.zh}·{words.zh}{size.zh}", f"{kind.en}, {words.en[:1].lower()}{words.en[1:]}{size.en}")


def card_address(year: int, port: str) -> str:
    """The page of one port's result, where it is served; else the port's own page."""
    return address_of("evaluation-port", year, port) or reverse("port", args=[port])


def newest_evaluation(user: Any, port: str) -> dict[str, Any] | None:
    """The newest yearly evaluation of a port whose result this reader may see: band, year, and the way to its page."""
    found = newest_result(user, port)
    if found is None:
        return None
    held, result = found
    return {"year": held.year, "band": result.band_name, "provisional": result.provisional, "is_exercise": held.is_exercise,
            "address": address_of("evaluation-port", held.year, port)}
