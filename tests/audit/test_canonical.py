"""One row, one text: as the writer has it and as either database gives it back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.conftest import Ground, write_counts

from kouan.audit.canonical import KINDS, MARK_EVERY, RowsDigest, decimal_text, json_text


class Colour(str, Enum):  # noqa: UP042 - the older kind, whose str() is not its value
    """An enumeration as rooms use them."""

    RED = "red"


# At most fifteen significant digits, six of them after the point, as DESIGN's figures have.
figures = st.integers(-(10**15) + 1, 10**15 - 1).map(lambda number: Decimal(number).scaleb(-6))


@given(figures)
def test_a_decimal_and_its_double_have_the_same_text(value: Decimal) -> None:
    assert decimal_text(value) == decimal_text(float(value)) == decimal_text(str(value))
    assert Decimal(decimal_text(value)) == value


@given(figures, st.integers(0, 9))
def test_trailing_zeros_say_nothing(value: Decimal, zeros: int) -> None:
    assert decimal_text(value) == decimal_text(Decimal(f"{value:f}" + "0" * zeros))


@given(st.integers(-(10**14), 10**14))
def test_a_whole_number_has_one_text_whatever_its_type(value: int) -> None:
    assert decimal_text(value) == decimal_text(Decimal(value)) == decimal_text(float(value)) == str(value)


@pytest.mark.parametrize(("value", "text"), [
    (Decimal("0.000001"), "0.000001"), (1e-06, "0.000001"), (Decimal("1E+9"), "1000000000"), (Decimal("-0"), "0"),
    (-0.0, "0"), (Decimal("123456789012345678.5"), "123456789012346000"), (123456789012345678.5, "123456789012346000"),
    (10**17 + 1, "100000000000000000"), (Decimal("100.10"), "100.1"), (100, "100"),
])
def test_decimal_texts(value: Any, text: str) -> None:
    assert decimal_text(value) == text


@pytest.mark.parametrize(("kind", "written", "read"), [
    ("date", date(2023, 3, 6), "2023-03-06"),
    ("datetime", datetime(2023, 3, 6, 8, 30, tzinfo=UTC), "2023-03-06 08:30:00"),
    ("datetime", datetime(2023, 3, 6, 8, 30, 0, 120, tzinfo=UTC), "2023-03-06 08:30:00.000120"),
    ("datetime", datetime(2023, 3, 6, 16, 30, tzinfo=timezone(timedelta(hours=8))), "2023-03-06 08:30:00"),
    ("bool", True, 1), ("bool", False, 0), ("float", 0.1, 0.1), ("int", 7, 7), ("binary", b"\x00a", memoryview(b"\x00a")),
    ("uuid", UUID("12345678123456781234567812345678"), "12345678123456781234567812345678"),
    ("int", True, 1), ("text", Colour.RED, "red"),
    ("json", {"乙": 1, "甲": [None, "x"]}, '{"甲": [null, "x"], "乙": 1}'),
])
def test_python_values_and_database_values_agree(kind: str, written: Any, read: Any) -> None:
    assert KINDS[kind](written) == KINDS[kind](read)


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(
        st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=3),
    max_leaves=8,
).filter(lambda value: not isinstance(value, str)))
def test_json_has_one_text_whatever_the_order_of_its_keys(value: Any) -> None:
    shuffled = json.dumps(value, ensure_ascii=True, indent=2)
    assert json_text(value) == json_text(shuffled)


rows = st.lists(st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.none(), st.integers(0, 9) | st.none()
), max_size=6)


@given(rows, rows)
def test_different_rows_have_different_digests(one: list[Any], other: list[Any]) -> None:
    digests = []
    for given_rows in (one, other):
        digest = RowsDigest(["text", "int"])
        digest.add_many(given_rows)
        digests.append((digest.rows, digest.hexdigest()))
    stand_ins = "\x00\x1e\x1f"
    if not any(text and set(text) & set(stand_ins) for text, _number in one + other):
        assert (digests[0] == digests[1]) == (one == other)


def test_null_is_not_the_empty_text() -> None:
    digests = []
    for value in (None, ""):
        digest = RowsDigest(["text"])
        digest.add([value])
        digests.append(digest.hexdigest())
    assert digests[0] != digests[1]


def test_marks_stand_at_every_full_thousand() -> None:
    digest = RowsDigest(["int"])
    for number in range(2 * MARK_EVERY + 5):
        digest.add([number])
    whole = digest.hexdigest()
    assert len(digest.marks) == 2 and digest.rows == 2 * MARK_EVERY + 5
    again = RowsDigest(["int"])
    again.add_many([number] for number in range(2 * MARK_EVERY))
    again.hexdigest()
    assert again.marks == digest.marks and again.hexdigest() != whole


def test_a_writer_hears_of_a_value_that_does_not_fit() -> None:
    digest = RowsDigest(["decimal"])
    digest.add(["as many as possible"])
    with pytest.raises(ArithmeticError):
        digest.hexdigest()
    lenient = RowsDigest(["decimal"], lenient=True)
    lenient.add(["many"])
    assert len(lenient.hexdigest()) == 64


def test_the_digest_of_given_rows_never_changes() -> None:
    """Trails of earlier versions must verify for ever."""
    digest = RowsDigest(["text", "int", "decimal", "date", "datetime", "json", "bool"])
    digest.add(("罗湖", 1, Decimal("12.50"), date(2023, 3, 6), datetime(2023, 3, 6, tzinfo=UTC), {"b": 1, "a": "二"}, True))
    digest.add((None, None, None, None, None, None, None))
    assert digest.hexdigest() == "73d0435d581b804f85b0f773b80e5dba32518669f6ac7ad01b61b9c7c94d92ec"


def test_the_database_gives_back_what_was_digested(ground: Ground) -> None:
    """The same rows, written by the application, digest alike on both databases (one pinned value)."""
    from kouan.audit.verify import verify

    sha = write_counts(ground.counts.model, 3, 120, using=ground.using)
    assert sha == "beb739754ca202a2566a8a51dba56764e883a8c934207297974d733a415f8c50"
    report = verify(using=ground.using)
    assert report.is_sound and report.counts["batch_rows"] == 120
