"""Held rows that wait for somebody: whose they are, which of them this user decides, and what waits with another office."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.permissions import may
from kouan.accounts.scope import scope_of
from kouan.basis import Text
from kouan.collection import sources
from kouan.collection.actions import may_submit
from kouan.collection.queries import holdings_visible_to
from kouan.console.addresses import count_address
from kouan.console.words import here
from kouan.ports.queries import ports_visible_to

# Who decides about held rows, by who may submit the source (holdings.py: province or nation; open sources: the nation).
OFFICES: Mapping[str, Text] = {
    "national": Text("国家口岸管理办公室", "the national port office"),
    "scope": Text("省级或国家口岸办", "the provincial or national port office"),
}


def waiting_holdings(user: Any) -> Any:
    """Held rows that are the user's own: of all ports for who sees the nation; else of batches that are not open to all
    and of the user's ports. Rows about foreign ports or about other provinces are nobody's concern here.
    """
    rows = holdings_visible_to(user).waiting().order_by()
    if not scope_of(user).everything:
        own = ports_visible_to(user).order_by().values("code")
        rows = rows.filter(Q(batch__is_open=False) | Q(subject_kind="port", subject_code__in=own))
    return rows


def waiting_rows(user: Any) -> dict[str, int]:
    """How many of them, by source."""
    return dict(waiting_holdings(user).values_list("batch__source").annotate(n=Count("pk")).values_list("batch__source", "n"))


def decides(user: Any, source: str) -> bool:
    """Whether this user's office decides about held rows of a source."""
    return may(user, "intake.resolve") and may_submit(user, sources.get(source))


def elsewhere_words(user: Any, waiting: Mapping[str, int]) -> list[SafeString]:
    """For each office that decides rows which this user does not: how many wait there."""
    counts: dict[str, int] = {}
    for source, count in waiting.items():
        if not decides(user, source):
            submitter = sources.get(source).submitter
            counts[submitter] = counts.get(submitter, 0) + count
    zh, en = '另有 <a href="{}">{}</a> 行由{}处理。', 'Another <a href="{}">{}</a> are for {} to decide.'
    return [format_html(here(Text(zh, en)), count_address("held-elsewhere", submitter), count, here(OFFICES[submitter]))
            for submitter, count in counts.items()]
