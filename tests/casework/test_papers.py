"""Drafts of casework's papers read as an official would write them: words, not codes."""

from __future__ import annotations

import pytest
from tests.casework.cases import Offices
from tests.casework.machine import _begin

from kouan.desk.matters.drafts import KINDS, draft_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("procedure", ["expansion", "temporary_opening", "withdrawal"])
def test_a_draft_speaks_chinese_and_says_about_once(procedure: str) -> None:
    matter = _begin(procedure, Offices())
    for kind in KINDS:
        paper = draft_of(matter, kind)
        assert paper.title.count("关于") == 1 and "的申请的" not in paper.title, paper.title
        said = {cell for block in paper.blocks for row in block.rows for cell in row}
        assert not said & {"air", "water", "airport", "international_event", "review", "none"}, "代码出现在公文里"
        assert "办公室办公厅" not in paper.printed_by


def test_the_mode_is_in_words() -> None:
    paper = draft_of(_begin("expansion", Offices()), "opinion")
    assert "航空" in {cell for block in paper.blocks for row in block.rows for cell in row}
