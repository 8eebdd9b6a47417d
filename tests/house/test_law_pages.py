"""The pages about the law are those that the rules, parameters and settings write."""

from __future__ import annotations

from pathlib import Path

import kouan.grading.rules  # noqa: F401 - registers its rules
from kouan.law import Library, registered_rules
from kouan.law.pages import cases_of, catalogue_pages, used_by

PAGES = Path(__file__).resolve().parents[2] / "docs" / "law"
CASES = Path(__file__).resolve().parents[1] / "grading" / "cases"


def test_the_pages_are_as_the_law_writes_them() -> None:
    pages = catalogue_pages(tests=cases_of(CASES, registered_rules()))
    assert {page.name for page in PAGES.glob("*.md")} == set(pages), "run: kouan law docs"
    for name, text in pages.items():
        assert (PAGES / name).read_text(encoding="utf-8") == text, (
            f"{name} is out of date; run: kouan law docs"
        )


def test_every_rule_value_and_reading_stands_on_a_page() -> None:
    everything = "\n".join(catalogue_pages().values())
    library = Library.shipped()
    for parameter in library.parameters.values():
        assert f"`{parameter.key}`" in everything
        assert all(value.printed_text in everything for value in parameter.values)
    for question in library.questions.values():
        assert f"`{question.key}`" in everything and question.reason.zh in everything
    for rule in registered_rules().values():
        assert rule.sentence().zh in everything


def test_every_rule_names_the_cases_that_prove_it() -> None:
    tests = cases_of(CASES, registered_rules())
    assert set(tests) == set(registered_rules())
    pages = catalogue_pages(tests=tests)
    for key, names in tests.items():
        assert all(f"- {name}\n" in pages[f"{key.replace('_', '-')}.md"] for name in names)


def test_pages_of_a_law_without_rules_can_be_written() -> None:
    assert set(catalogue_pages(rules={})) == {"README.md", "parameters.md", "settings.md"}


def test_what_uses_a_key_is_known() -> None:
    rules = registered_rules()
    assert used_by(rules, "volume_standard.sea.cargo") == ["volume_standard"]
    assert used_by(rules, "definition.persons") == ["volume_standard"]
    assert used_by(rules, "something.else") == []
