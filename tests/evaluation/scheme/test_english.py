"""The scheme that ships reads whole in English: nothing that a page shows of it is in Chinese alone."""

from __future__ import annotations

import re

from kouan.evaluation import schemes
from kouan.evaluation.method.scheme.english import told
from kouan.evaluation.method.scheme.words import formula_words

# A heading of the plan is cited as it is printed.
CHINESE = re.compile(r"(?!专栏6|(?<=专)栏6)[\u4e00-\u9fff]")


def test_every_phrase_of_the_tables_has_its_english() -> None:
    scheme = schemes.get("national-first")
    said = {phrase for each in scheme.indicators for phrase in (each.source, each.submitter, each.verifier, each.evidence)}
    said |= {phrase for group in scheme.groups.values() for phrase in (group.reflects, group.considers)}
    assert [each for each in sorted(said) if CHINESE.search(told(each).en) or not CHINESE.search(told(each).zh)] == []
    assert [each.code for each in scheme.indicators if CHINESE.search(formula_words(scheme, each.formula).en)] == []
    assert [code for code, item in scheme.items.items() if CHINESE.search(item.name.en)] == []


def test_what_nobody_put_into_english_is_shown_as_written() -> None:
    assert told("海关;某某台账").en == "customs; 某某台账" and told("").zh == ""
