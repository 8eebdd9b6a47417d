"""What commands say: the words of codes, in the language asked for, wherever it is asked for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.console.benchmarks import a_scored_set
from tests.ports.factories import a_port

from kouan.cli import language_first
from kouan.cli import words as of_commands
from kouan.console import words as of_pages

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def luohu(db: None) -> Any:
    """罗湖, with an English name."""
    return a_port("luohu-rail", "rail", name_zh="罗湖铁路口岸", name_en="Luohu Railway Port", province_code="44", city_code="440300",
                  neighbour_code="HK", transport_class="rail", class_basis="按运输方式：铁路", is_border=False)


@pytest.mark.parametrize(("commands", "pages"), [
    (of_commands.MODES, of_pages.MODES), (of_commands.STATUSES, of_pages.STATUSES), (of_commands.APPROVALS, of_pages.APPROVALS),
    (of_commands.CODE_SCHEMES, of_pages.CODE_SCHEMES), (of_commands.ATTRIBUTES, of_pages.PORT_ATTRIBUTES),
    (of_commands.REGIONS, of_pages.REGIONS),
])
def test_commands_and_pages_speak_alike(commands: Any, pages: Any) -> None:
    assert dict(commands) == dict(pages)


def test_a_list_of_ports_in_words(kouan: Any, luohu: Any) -> None:
    ran = kouan("ports", "list")
    assert "罗湖铁路口岸" in ran.out and "广东省" in ran.out and "共 1 个口岸" in ran.out
    english = kouan("-l", "en", "ports", "list")
    assert "Luohu Railway Port" in english.out and "Guangdong" in english.out and "1 port\n" in english.out
    assert not HAN.search(english.out)


def test_a_port_in_words(kouan: Any, luohu: Any) -> None:
    ran = kouan("ports", "show", "luohu-rail")
    assert "省级行政区" in ran.out and "广东省" in ran.out and "province_code" not in ran.out and "False" not in ran.out and "否" in ran.out
    english = kouan("-l", "en", "ports", "show", "luohu-rail").out
    assert "Hong Kong, China" in english and "by mode: rail" in english and "Border port" in english and "False" not in english


def test_values_of_the_law_in_english(kouan: Any, db: None) -> None:
    assert "1000万吨" in kouan("law", "show").out
    english = kouan("-l", "en", "law", "show", "volume_standard.sea.cargo").out
    assert "10 million t (“1000万吨”)" in english and "1 million t (“100万吨”)" in english
    assert "3 years" in kouan("-l", "en", "law", "show").out


def test_scores_stand_under_the_name_of_their_group(kouan: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    a_scored_set()
    monkeypatch.setattr("kouan.installation.has_unscored_figures", lambda: False)
    ran = kouan("score", "--top", "3")
    assert "同类组：美加边界，2023 年，组内 5 个口岸，列出前 3 个" in ran.out and "不同组的得分不可比" in ran.err
    assert "Peer group: US–Canada border, 2023, 5 ports in it, the first 3 shown" in kouan("-l", "en", "score", "--top", "3").out


def test_a_language_that_nobody_speaks_is_refused(kouan: Any) -> None:
    ran = kouan("-l", "fr", "law", "show")
    assert ran.status == 2 and "没有语言“fr”" in ran.err and "there is no language “fr”" in ran.err


@pytest.mark.parametrize(("said", "taken"), [
    (["law", "show", "-l", "en"], ["-l", "en", "law", "show"]),
    (["law", "--language=en", "show"], ["--language=en", "law", "show"]),
    (["-l", "en", "law"], ["-l", "en", "law"]),
    (["law", "show", "-l"], ["law", "show", "-l"]),
    (["intake", "--", "-l", "en"], ["intake", "--", "-l", "en"]),
    (["law"], ["law"]),
])
def test_the_language_may_stand_behind_the_command(said: list[str], taken: list[str]) -> None:
    assert language_first(said) == taken


@pytest.mark.parametrize("command", [("audit", "verify"), ("ports", "show"), ("law", "show"), ("law", "try")])
def test_help_speaks_one_language_and_writes_days_as_people_do(kouan: Any, command: tuple[str, ...]) -> None:
    chinese = kouan(*command, "--help").out
    assert "Exit status" not in chinese and "%Y" not in chinese
    assert ("退出状态：0 完好" in chinese) == (command == ("audit", "verify"))
    english = kouan("-l", "en", *command, "--help").out
    assert not HAN.search(re.sub("（.*?）|kouan .*", "", english)) and "%Y" not in english
