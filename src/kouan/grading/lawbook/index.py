"""The stored index of the law's words, by pairs of characters (``law/bigrams.py``); the same on SQLite and PostgreSQL.

It is made when the system is set up, kept in step when a change is approved, and made again at the next search when
the files of the law or ``rulings.yaml`` are others than those it was made from. Only pages that differ are written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum

from kouan.basis import Text
from kouan.grading.lawbook.models import LawChange, LawGram, LawIndex, LawPage
from kouan.grading.queries import law_as_of, rulings_on_record
from kouan.law import Library, registered_rules
from kouan.law.bigrams import bigrams, plain, words_of
from kouan.law.changes import PARAMETER
from kouan.law.entries import Entry, entries

MOST_HITS = 200
NEAR_ENOUGH = 0.5  # share of a search's pairs that a page must hold to be shown as near
FORM = "1"  # of the index itself: another one makes it anew


@dataclass(frozen=True, slots=True)
class Hit:
    """A page found. ``is_exact``: it holds every word; else ``share`` of their pairs. ``texts`` are its sentences."""

    kind: str
    key: str
    title: Text
    texts: tuple[str, ...]
    is_exact: bool
    share: float


def search(said: str, most: int = MOST_HITS) -> list[Hit]:
    """The pages that hold every word, best first: words in the title, then pairs matched, then how often they stand there.

    Where none does, the pages that hold at least half of the pairs, marked as near.
    """
    words = words_of(said)
    if not words:
        return []
    ensure()
    wanted = {gram for word in words for gram in bigrams(word)}
    if not wanted:  # single characters only: no pair to look up
        pages = LawPage.objects.all()
        for word in words:
            pages = pages.filter(plain__contains=word)
        return _ranked(pages, words, {}, 0)[:most]
    found = {
        row["page"]: (row["matched"], row["often"])
        for row in LawGram.objects.filter(gram__in=wanted).values("page").annotate(matched=Count("gram"), often=Sum("count"))
    }
    whole = [pk for pk, (matched, _) in found.items() if matched == len(wanted)]
    exact = [page for page in LawPage.objects.filter(pk__in=whole) if all(word in page.plain for word in words)]
    if exact:
        return _ranked(exact, words, found, len(wanted))[:most]
    near = sorted((pk for pk, (matched, _) in found.items() if matched / len(wanted) >= NEAR_ENOUGH),
                  key=lambda pk: (-found[pk][0], -found[pk][1], pk))
    return _ranked(LawPage.objects.filter(pk__in=near[:most]), words, found, len(wanted), is_exact=False)


def _ranked(
    pages: Iterable[LawPage], words: Sequence[str], found: dict[int, tuple[int, int]], wanted: int, *, is_exact: bool = True,
) -> list[Hit]:
    rows = []
    for page in pages:
        title = plain(f"{page.title_zh} {page.title_en} {page.key}")
        matched, often = found.get(page.pk, (0, 0))
        hit = Hit(page.kind, page.key, Text(page.title_zh, page.title_en), tuple(page.texts), is_exact, matched / wanted if wanted else 1.0)
        rows.append(((sum(word not in title for word in words), -matched, -often / (1 + len(page.plain)), page.pk), hit))
    return [hit for _, hit in sorted(rows, key=lambda row: row[0])]


def ensure() -> None:
    """Make the index anew where the law is another than the one it was made from."""
    if LawIndex.objects.filter(signature=signature()).exists():
        return
    try:
        refresh()
    except IntegrityError:
        # Somebody else made it in this moment; theirs is as good.
        if not LawIndex.objects.exists():
            raise


def signature() -> str:
    """The state of the law that the index answers for: files, rulings, approved values."""
    values = LawChange.objects.approved().filter(kind=PARAMETER).order_by("pk").values_list("pk", flat=True)
    said = [FORM, Library.shipped().digest, sorted(registered_rules()), [each.as_dict() for each in rulings_on_record()], list(values)]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def refresh() -> int:
    """Bring the index to the law of today and tell how many pages were written."""
    law = law_as_of()
    changes = [(row.pk, row.change()) for row in LawChange.objects.approved()]
    wanted = {(entry.kind, entry.key): (entry, _digest(entry)) for entry in entries(law, registered_rules(), changes)}
    held = {(page.kind, page.key): page for page in LawPage.objects.defer("texts", "plain")}
    stale = [page.pk for place, page in held.items() if place not in wanted or wanted[place][1] != page.digest]
    LawPage.objects.filter(pk__in=stale).delete()
    fresh = [_page(entry, digest) for place, (entry, digest) in wanted.items() if place not in held or held[place].digest != digest]
    pages = LawPage.objects.bulk_create(fresh)
    index_words(pages)
    LawIndex.objects.all().delete()
    LawIndex.objects.create(signature=signature())
    return len(pages)


def index_words(pages: Iterable[LawPage]) -> None:
    """Write the pairs of characters of pages that have none yet."""
    LawGram.objects.bulk_create(
        [LawGram(gram=gram, page=page, count=count) for page in pages for gram, count in bigrams(page.plain).items()], batch_size=2000,
    )


def _page(entry: Entry, digest: str) -> LawPage:
    whole = "\n".join([entry.title.zh, entry.title.en, entry.key, *entry.texts])
    return LawPage(kind=entry.kind, key=entry.key, title_zh=entry.title.zh, title_en=entry.title.en, texts=list(entry.texts),
                   plain=plain(whole), digest=digest)


def _digest(entry: Entry) -> str:
    said = json.dumps([FORM, entry.title.as_dict(), entry.texts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
