"""Every code of the rooms has words in both languages, and every badge a shape."""

from __future__ import annotations

import pytest

from kouan.accounts.models import OrganisationKind, Role
from kouan.basis import Severity
from kouan.collection.models import BatchState, Origin
from kouan.console import marks, words
from kouan.desk.models import DocumentKind, JobState
from kouan.grading.facts import TransportClass
from kouan.grading.verdict import Verdict
from kouan.ports.models import (
    ATTRIBUTES,
    Approval,
    CodeScheme,
    EventKind,
    PortStatus,
    Relation,
    TransportMode,
)

PAIRS = [
    (words.ROLES, Role), (words.ORGANISATION_KINDS, OrganisationKind), (words.ORIGINS, Origin),
    (words.ORIGIN_NOTES, Origin), (words.VERDICTS, Verdict), (words.CLASSES, TransportClass),
    (words.MODES, TransportMode), (words.STATUSES, PortStatus), (words.APPROVALS, Approval),
    (words.EVENTS, EventKind), (words.RELATIONS, Relation), (words.CODE_SCHEMES, CodeScheme),
    (words.JOB_STATES, JobState), (words.BATCH_STATES, BatchState), (words.SEVERITIES, Severity),
    (words.DOCUMENT_KINDS, DocumentKind),
]


@pytest.mark.parametrize(("table", "codes"), PAIRS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_code_has_words(table, codes):
    assert set(table) == {code.value for code in codes}
    assert all(text.zh.strip() and text.en.strip() for text in table.values())


def test_every_attribute_of_the_register_has_words():
    assert set(words.PORT_ATTRIBUTES) == set(ATTRIBUTES)


@pytest.mark.parametrize(("badge", "table"), [
    (marks.verdict_badge, words.VERDICTS), (marks.status_badge, words.STATUSES), (marks.origin_badge, words.ORIGINS),
    (marks.severity_badge, words.SEVERITIES), (marks.state_badge, words.JOB_STATES), (marks.state_badge, words.BATCH_STATES),
])
def test_a_badge_speaks_by_word_and_by_shape(badge, table):
    for code, text in table.items():
        html = badge(code)
        assert text.zh in html
        assert "<svg" in html


def test_shapes_of_one_family_differ():
    for family in (words.VERDICTS, words.STATUSES):
        badge = marks.verdict_badge if family is words.VERDICTS else marks.status_badge
        shapes = [badge(code).split("<svg", 1)[1].split("</svg>")[0] for code in family]
        assert len(set(shapes)) == len(shapes)


def test_hong_kong_and_macao_are_named_as_parts_of_china():
    for code in ("HK", "MO", "TW"):
        assert words.REGIONS[code].zh.startswith("中国")
        assert words.REGIONS[code].en.endswith(", China")
