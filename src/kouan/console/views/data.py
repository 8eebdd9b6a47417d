"""数据发布: published data sets for anybody, without a sign-in, at addresses that stay: /data/SET/VERSION/FILE.

Like the public results of the evaluation it reads what was published and nothing else; an address may ask so often and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from kouan.basis import NotFound, Refused, Text
from kouan.console.views.evaluation_public import WINDOW, too_often
from kouan.publication.cuts import read
from kouan.publication.formats import format_of, formats_of
from kouan.publication.queries import citation, newer_than, published, published_set, version_of

TITLE = Text("公开数据", "Published data")
SAMPLE = 20
View = Callable[..., HttpResponse]


def open_to_all(view: View) -> View:
    """Reading only, bounded by address; what is not published is answered as what does not exist."""

    @require_safe
    @wraps(view)
    def run(request: HttpRequest, **asked: str) -> HttpResponse:
        if too_often(request):
            answer = HttpResponse(status=429)
            answer["Retry-After"] = str(WINDOW)
            return answer
        try:
            answer = view(request, **asked)
        except Refused as error:
            status = 404 if isinstance(error, NotFound) else 503
            return render(request, "console/refused.html", {"findings": error.findings, "status": status, "links": []}, status=status)
        answer["Cache-Control"] = "public, no-cache"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer

    return run


@open_to_all
def data_sets(request: HttpRequest) -> HttpResponse:
    """The data sets that are published, each with its newest version."""
    return render(request, "console/publication/list.html", {
        "title": TITLE, "is_exercise": settings.IS_EXERCISE,
        "sets": [(each, reverse("published-version", args=[each.definition.code, each.newest.number])) for each in published()]})


@open_to_all
def data_set(request: HttpRequest, code: str) -> HttpResponse:
    """The newest version of a data set: a page of its own address, so that what is cited stays."""
    return _page(request, code, published_set(code).newest.number)


@open_to_all
def data_version(request: HttpRequest, code: str, number: str) -> HttpResponse:
    """A version: definition, files, citation, errata; an older one says which is newer."""
    return _page(request, code, number)


def _page(request: HttpRequest, code: str, number: str) -> HttpResponse:
    version = version_of(code, number)
    said = version.structure
    address = request.build_absolute_uri(reverse("published-version", args=[code, number]))
    columns = [{**column, "labels": sorted(said["labels"].get(column["name"], {}).items())} for column in said["columns"]]
    rows = read(version.content)
    return render(request, "console/publication/version.html", {
        "version": version, "said": said, "newer": newer_than(version), "versions": published_set(code).versions, "columns": columns,
        "cited": citation(version, address), "errata": list(version.errata.all()),
        "files": [(each, reverse("published-file", args=[code, number, each.name])) for each in formats_of(version)],
        "sample": [[(column["name"], row[column["name"]]) for column in said["columns"]] for row in rows[:SAMPLE]], "sample_size": SAMPLE})


@open_to_all
def data_file(request: HttpRequest, code: str, number: str, name: str) -> HttpResponse:
    """A file of a version. Its bytes never change, so its tag is the digest of the figures and its own name."""
    version = version_of(code, number)
    wanted = format_of(version, name)
    if wanted is None:
        raise NotFound.because("unknown_format", f"没有文件“{name[:40]}”。", f"There is no file “{name[:40]}”.", measured=name[:40],
                               remedy=("可取的文件见数据集页面。", "See the page of the data set for its files."))
    tag = f'"{version.sha256[:32]}-{wanted.name}-{version.errata.count()}"'
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    else:
        address = request.build_absolute_uri(reverse("published-version", args=[code, number]))
        answer = HttpResponse(wanted.make(version, address), content_type=wanted.media)
        answer["Content-Disposition"] = f'attachment; filename="{code}-{number}-{wanted.name}"'
    answer["ETag"] = tag
    return answer


urlpatterns = [
    path("data", data_sets, name="published-sets"),
    path("data/<slug:code>", data_set, name="published-set"),
    path("data/<slug:code>/<str:number>", data_version, name="published-version"),
    path("data/<slug:code>/<str:number>/<str:name>", data_file, name="published-file"),
]
