"""Wrong arguments are told in the language of the run, with nothing of the other in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kouan.cli.command import in_chinese

WRONG = [
    ("verdict", "--year", "2023", "--as-of", "2024-06-31"),
    ("verdict", "--year", "abc"),
    ("verdict", "--yaer", "3"),
    ("law", "try", "volume-standard", "--facts", "nowhere.csv", "--as-of", "2024-06-30"),
    ("serve", "--port", "x"),
    ("serve", "--port", "99999999"),
    ("intak", "x"),
    ("accounts", "provision", "nowhere.xlsx"),
    ("intake",),
]
# Names and values of the user's own, quoted or as options are written.
_OWN = re.compile(r"'[^']*'|“[^”]*”|--?[a-z][-a-z]*|[A-Z]{2,}|\bkouan[ a-z]*|\b\w+\.(?:csv|xlsx)|\btrue\b|\bfalse\b|unusable_arguments")


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_in_chinese_nothing_is_said_in_english(kouan: Any, arguments: tuple[str, ...]) -> None:
    ran = kouan(*arguments)
    assert ran.status == 2
    assert re.search(r"[\u4e00-\u9fff]", ran.err)
    assert re.findall(r"[A-Za-z]{3,}", _OWN.sub("", ran.err)) == []


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_in_english_nothing_is_said_in_chinese(kouan: Any, arguments: tuple[str, ...]) -> None:
    ran = kouan("-l", "en", *arguments)
    assert ran.status == 2 and not re.search(r"[\u4e00-\u9fff]", ran.err) and "Value error" not in ran.err


@pytest.mark.parametrize(("said", "zh"), [
    ("Invalid value for '--year': Input should be less than or equal to 9999", "'--year' 的值不能使用：应不大于 9999。"),
    ("Invalid value: file 'x.csv' does not exist.", "值不能使用：没有文件“x.csv”。"),
    ("No such option: --yaer Did you mean --year?", "没有选项 --yaer。是否为：--year？"),
    ("Invalid value for X: something new", "X 的值不能使用：请核对（something new）"),
    ("--every 的值不能使用：应为 month", "--every 的值不能使用：应为 month"),
])
def test_sentences(said: str, zh: str) -> None:
    assert in_chinese(said) == zh
