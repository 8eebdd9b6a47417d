"""公开结果: what was cleared of a year's evaluation, for anybody, without a sign-in; as a page, as JSON and as CSV.

The one door of the house with figures that asks for no sign-in. It reads the cleared text and nothing else, so there is nothing here that a
filter could forget; an address may ask so often and no more (`LIMIT`), for whoever asks is nobody that could be blocked by name.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_safe

from kouan.basis import NotFound, Text, clock
from kouan.console.evaluation_page import band_mark, class_words
from kouan.console.exports import as_text
from kouan.console.tables import as_read
from kouan.console.words import here
from kouan.evaluation.rounds.clearing import FIELDS, Public, public_of, public_years

TITLE = Text("口岸综合绩效评估公开结果", "Public results of the evaluation of ports")
# Requests a minute from one address, for each process of the server.
LIMIT, WINDOW = 120, 60
ROWS = 50
View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page for anybody: reading only, bounded by address, never kept by caches without asking, and 404 told without trace or person."""

    @require_safe
    @wraps(view)
    def run(request: HttpRequest, **asked: int) -> HttpResponse:
        if too_often(request):
            answer = HttpResponse(status=429)
            answer["Retry-After"] = str(WINDOW)
            return answer
        try:
            answer = view(request, *map(public_of, asked.values()))
        except NotFound as error:
            return render(request, "console/refused.html", {"findings": error.findings, "status": 404, "links": []}, status=404)
        answer["Cache-Control"] = "public, no-cache"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer

    return run


def too_often(request: HttpRequest) -> bool:
    """Counted by the address that the connection came from: what a client says of itself is not believed."""
    key = f"kouan-public-{request.META.get('REMOTE_ADDR', '')[:64]}-{int(clock.now().timestamp()) // WINDOW}"
    cache.add(key, 0, WINDOW * 2)
    return int(cache.incr(key)) > LIMIT


@public
def public_years_page(request: HttpRequest) -> HttpResponse:
    """The years of which something is public, the newest first."""
    return render(request, "console/evaluation/public_years.html", {
        "title": TITLE, "years": [public_of(year) for year in public_years()], "is_exercise": settings.IS_EXERCISE})


@public
def public_page(request: HttpRequest, found: Public) -> HttpResponse:
    """The bands, and whatever else was cleared; what was withdrawn says so."""
    content = found.content
    said = {name: request.GET.get(name, "").strip()[:64] for name in ("q", "band")}
    pages = Paginator([] if content is None else _rows(content, **said), ROWS)
    return render(request, "console/evaluation/public.html", {
        "title": TITLE, "found": found, "year": found.year, "content": content, "said": said,
        "ports": pages.get_page(request.GET.get("page")), "among": "" if not any(said.values()) else urlencode(said) + "&",
        "counts": [] if content is None else _counts(content),
        "heads": [] if content is None else [FIELDS[each].label for each in content["fields"]],
        "json_address": reverse("evaluation-public-json", args=[found.year]), "csv_address": reverse("evaluation-public-csv", args=[found.year]),
    })


@public
def public_json(request: HttpRequest, found: Public) -> HttpResponse:
    """The cleared text with its digest: SHA-256 of ``content`` written with sorted keys and without spaces."""
    told = {"year": found.year, "version": found.version, "digest": found.digest, "published_on": found.published_on.isoformat(),
            "withdrawn_on": found.withdrawn_on.isoformat() if found.withdrawn_on else None, "content": found.content}
    answer = HttpResponse(json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")), content_type="application/json; charset=utf-8",
                          status=410 if found.content is None else 200)
    return _tagged(request, answer, found)


@public
def public_csv(request: HttpRequest, found: Public) -> HttpResponse:
    """A line for each port; year, version and whether it is an exercise stand in each."""
    if found.content is None:
        return HttpResponse(status=410)
    lines = list(_lines(found.content))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    heads = list(lines[0]) if lines else []
    writer.writerow(heads)
    writer.writerows([as_text(value) if isinstance(value, str) else value for value in line.values()] for line in lines)
    answer = HttpResponse("\ufeff" + stream.getvalue(), content_type="text/csv; charset=utf-8")
    mark = "exercise-" if settings.IS_EXERCISE else ""
    answer["Content-Disposition"] = f'attachment; filename="{mark}evaluation-{found.year}-v{found.version}.csv"'
    return _tagged(request, answer, found)


def _tagged(request: HttpRequest, answer: HttpResponse, found: Public) -> HttpResponse:
    """With its tag; 304 for who has it."""
    tag = f'"{found.digest[:32]}-{"w" if found.content is None else "p"}"'
    if found.content is not None and request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    answer["ETag"] = tag
    return answer


def _lines(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for each in content["ports"]:
        line = {"year": content["year"], "version": content["version"], "is_exercise": content["is_exercise"],
                "is_proposal": content["scheme"]["is_proposal"], "port": each["port"], "name_zh": each["name"]["zh"], "name_en": each["name"]["en"]}
        for field in content["fields"]:
            value = each[field]
            line |= {f"{field}.{code}": one for code, one in value.items()} if isinstance(value, dict) else {field: value}
        yield line


def _band(content: dict[str, Any], code: str | None) -> Any:
    place = next((n for n, each in enumerate(content["bands"]) if each["code"] == code), -1)
    return "—" if place < 0 else band_mark(place, Text(content["bands"][place]["zh"], content["bands"][place]["en"]))


def _names(content: dict[str, Any], field: str) -> dict[str, Any]:
    found: dict[str, Any] = content["types" if field == "type_bands" else "groups"]
    return found


def _rows(content: dict[str, Any], q: str, band: str) -> list[dict[str, Any]]:
    """The lines as the page shows them: bands in word and shape, groups by their names; of one band, or called so, where that is asked."""
    return [{"code": each["port"], "name": Text(each["name"]["zh"], each["name"]["en"]),
             "cells": [(FIELDS[field].label, _cell(content, field, each[field])) for field in content["fields"]]} for each in content["ports"]
            if (not band or "band" not in content["fields"] or each["band"] == band)
            and q.lower() in f"{each['port']} {each['name']['zh']} {each['name']['en']}".lower()]


def _cell(content: dict[str, Any], field: str, value: Any) -> Any:
    if field == "band":
        return _band(content, value)
    if field == "class":
        return here(class_words(value))
    if isinstance(value, dict):
        lines = [(here(Text(**_names(content, field)[code])), _band(content, one) if field.endswith("bands") else as_read(one))
                 for code, one in sorted(value.items())]
        return format_html("<details><summary>{}</summary>{}</details>", here(Text(f"{len(lines)} 项", f"show {len(lines)}")),
                           format_html_join("", '<div class="keep">{} {}</div>', lines))
    return as_read(value)


def _counts(content: dict[str, Any]) -> list[tuple[Any, int]]:
    """How many ports in each band, where bands are public."""
    if "band" not in content["fields"]:
        return []
    held = [each["band"] for each in content["ports"]]
    return [(Text(each["zh"], each["en"]), held.count(each["code"])) for each in content["bands"]]


urlpatterns = [
    path("evaluation/public", public_years_page, name="evaluation-public-years"),
    path("evaluation/<int:year>/public", public_page, name="evaluation-public"),
    path("evaluation/<int:year>/public.json", public_json, name="evaluation-public-json"),
    path("evaluation/<int:year>/public.csv", public_csv, name="evaluation-public-csv"),
]
