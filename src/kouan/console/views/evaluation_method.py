"""方法: the methodology of a round, made from its scheme version; to be read and printed by whoever may see the scheme."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path

from kouan.basis import Text
from kouan.console.evaluation_method_words import method_of
from kouan.console.evaluation_page import proposal_mark, round_page
from kouan.console.page import page
from kouan.evaluation.rounds.queries import get_scheme

TITLE = Text("方法", "Method")


@page("rounds.read")
def evaluation_method(request: HttpRequest, year: int) -> HttpResponseBase:
    """How the round of a year is scored."""
    held, context = round_page(request, year, "evaluation-method", TITLE)
    row = get_scheme(request.user, held.scheme_version.year, held.scheme_version.version)
    scheme = row.scheme()
    return render(request, "console/evaluation/method.html", context | {
        "row": row, "scheme": scheme, "method": method_of(scheme), "proposal": proposal_mark(row.is_proposal)})


urlpatterns = [path("evaluation/<int:year>/method", evaluation_method, name="evaluation-method")]
