"""Template tags of the console: both languages side by side, figures, periods, findings.

``{% t "口岸" "Ports" %}`` writes one of the two by the page's language. Both stand in the
template, so that neither can be missing (docs/decisions/0004). These tags are built in: no
template needs to load them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.http import QueryDict
from django.template.base import FilterExpression, Parser, Token, render_value_in_context
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Finding, Text
from kouan.basis.clock import BEIJING
from kouan.console import figures, marks, words
from kouan.console.addresses import static_address
from kouan.console.as_written import as_written
from kouan.console.charts import Chart
from kouan.console.law_values import printed_form, value_text
from kouan.console.words import page_language
from kouan.law import DatedValue

register = template.Library()


# ---- words ---------------------------------------------------------------------------------------


class BothNode(template.Node):
    """One of two texts. Nearly all are constants, settled when the template is read: a page holds some 150 of them."""

    def __init__(self, both: dict[str, FilterExpression], name: str = "") -> None:
        self.both = both
        self.name = name
        self.known = {language: side.var for language, side in both.items() if isinstance(side.var, str) and not side.filters}

    def render(self, context: Context) -> str:
        """The text, escaped where it comes from data; nothing where ``as NAME`` keeps it for later."""
        language = page_language()
        said = self.known.get(language)
        if said is None:
            said = self.both[language].resolve(context)
        if self.name:
            context[self.name] = said
            return ""
        return said if language in self.known else render_value_in_context(said, context)


@register.tag
def t(parser: Parser, token: Token) -> BothNode:
    """One of two texts by the page's language: ``{% t "口岸" "Ports" %}``, with ``as NAME`` to keep it."""
    tag, *parts = token.split_contents()
    if len(parts) not in (2, 4) or (len(parts) == 4 and parts[2] != "as"):
        raise template.TemplateSyntaxError(f"{{% {tag} %}} takes a Chinese and an English text")
    both = {"zh": parser.compile_filter(parts[0]), "en": parser.compile_filter(parts[1])}
    return BothNode(both, parts[3] if len(parts) == 4 else "")


@register.filter
def text(value: Any) -> str:
    """A ``Text`` (or its dict) in the page's language; anything else as it is."""
    if isinstance(value, Text):
        return value.in_language(page_language())
    if isinstance(value, Mapping) and {"zh", "en"} <= value.keys():
        return str(value[page_language()])
    return "" if value is None else str(value)


@register.filter
def written(value: Any) -> SafeString | str:
    """``{{ document.title|written }}``: a text that stays Chinese, marked as such on an English page."""
    return as_written(value)


@register.filter
def law_value(value: DatedValue) -> SafeString:
    """A value of the law: 1000万吨; in English 10 million t with the printed form under it."""
    return format_html("{}{}", value_text(value).in_language(page_language()), printed_form(value))


@register.filter
def box(value: str) -> str:
    """A box of the plan: 专栏3, Box 3."""
    return value if page_language() == "zh" else value.replace("专栏", "Box ")


@register.filter
def words_of(code: Any, table: str) -> str:
    """The words of a code: ``{{ port.mode|words_of:"MODES" }}``; a dash when there is none."""
    return words.words_for(getattr(words, table), str(code)) if code else "—"


@register.simple_tag
def static(path: str) -> str:
    """The address of a static file; as Django's own tag, but asked for once and not thirteen times a page."""
    return static_address(path)


# ---- figures -------------------------------------------------------------------------------------


@register.filter
def number(value: Any, places: int = 2) -> SafeString | str:
    """万 and 亿 in Chinese, thousands in English; the exact number on hover."""
    return figures.number(value, places=places)


@register.filter
def whole(value: Any) -> SafeString | str:
    """Every digit, grouped by thousands."""
    return "—" if value is None else figures.number(value, shorten=False, places=6)


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """A ratio as a percentage."""
    return figures.percent(value, places)


@register.filter
def share(value: Any) -> str:
    """A share of a limit, never rounded up."""
    return figures.share(value)


@register.filter
def growth(value: Any, places: int = 1) -> str:
    """A change as a percentage with its sign."""
    return figures.percent(value, places, signed=True)


@register.filter
def day(value: Any) -> str:
    """2023年3月6日."""
    return figures.day(value)


@register.filter
def moment(value: Any) -> str:
    """2023年3月6日 14:05, Beijing time."""
    return figures.moment(value)


@register.filter
def beijing(value: str) -> str:
    """An instant as ISO text (2023-03-06T06:05:00Z) in Beijing time, to the second."""
    return f"{datetime.fromisoformat(value).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


@register.filter
def period(value: Any) -> str:
    """A period or its code in words."""
    return figures.period(value)


@register.inclusion_tag("console/components/figure.html")
def figure(value: figures.Figure, size: str = "") -> dict[str, Any]:
    """A figure with unit, period, origin badge and the way to its source."""
    language = page_language()
    short, exact = value.short(language), value.exact(language)
    return {"figure": value, "short": short, "exact": exact if exact != short else "", "size": size}


@register.simple_tag
def amount(value: figures.Figure) -> SafeString:
    """The figure alone, with its unit; the exact one on hover."""
    short, exact = value.short(page_language()), value.exact(page_language())
    return format_html('<span title="{}">{}</span>', exact, short) if exact != short else format_html("{}", short)


# ---- badges --------------------------------------------------------------------------------------


@register.simple_tag
def origin(code: Any) -> SafeString:
    """Whose figure it is, in word and shape."""
    return marks.origin_badge(code)


@register.simple_tag
def verdict(code: Any) -> SafeString:
    """The verdict of the volume standard, in word and shape."""
    return marks.verdict_badge(code)


@register.simple_tag
def status(code: Any) -> SafeString:
    """The operating status of a port, in word and shape."""
    return marks.status_badge(code)


@register.simple_tag
def state(code: Any) -> SafeString:
    """The state of a job or batch, in word and shape."""
    return marks.state_badge(code)


@register.simple_tag
def severity(code: Any) -> SafeString:
    """How much a finding weighs, in word and shape."""
    return marks.severity_badge(code)


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """An icon of the icon font; decoration only."""
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', name)


# ---- findings ------------------------------------------------------------------------------------


@register.inclusion_tag("console/components/findings.html")
def findings(found: Iterable[Finding | Mapping[str, Any]], heading: str = "") -> dict[str, Any]:
    """The summary at the top of a page: each finding links to its field or cell.

    Stored findings (dicts) and fresh ones are shown alike.
    """
    language = page_language()
    items = [_finding_line(f if isinstance(f, Finding) else Finding.from_dict(f), language) for f in found]
    errors = sum(item["severity"] == "error" for item in items)
    return {"items": items, "errors": errors, "heading": heading, "tone": "bad" if errors else "wait" if items else ""}


def _finding_line(finding: Finding, language: str) -> dict[str, Any]:
    where = finding.where
    return {
        "severity": finding.severity.value,
        "place": where.describe(language) if not where.field else "",
        "anchor": f"#field-{where.field}" if where.field else f"#cell-{where.cell}" if where.cell else "",
        "message": finding.message.in_language(language),
        "remedy": finding.remedy.in_language(language) if finding.remedy else "",
        "measured": finding.measured,
        "required": finding.required,
        "citation": str(finding.citation) if finding.citation else "",
        "code": finding.code,
    }


@register.simple_tag
def field_findings(found: Iterable[Finding] | None, field: str) -> list[str]:
    """The messages that stand beside one field: ``{% field_findings findings "email" as wrong %}``."""
    language = page_language()
    return [f.message.in_language(language) for f in found or () if f.where.field == field]


# ---- addresses -----------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def with_query(context: Mapping[str, Any], **changes: Any) -> str:
    """The page's own address with some of its query changed; None or "" removes one."""
    query: QueryDict = context["request"].GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            query.pop(key, None)
        else:
            query[key] = str(value)
    return "?" + query.urlencode()


@register.inclusion_tag("console/components/table.html")
def table(view: Any, level: int = 2) -> dict[str, Any]:
    """A data table with filters, sorting, pages, copying and exports. ``level=0``: its title is the page's own."""
    return {"table": view, "level": level}


@register.inclusion_tag("console/components/chart.html")
def chart(value: Chart, level: int = 3) -> dict[str, Any]:
    """A chart with its table beside it, drawn by charts.js from the same numbers."""
    return {"chart": value, "payload": value.payload(page_language()), "level": level, "lang": page_language()}
