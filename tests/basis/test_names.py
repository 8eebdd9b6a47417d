"""The nearest known name, in Chinese and in English, as people mistype it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import names, nearest

PORTS = [
    "罗湖铁路口岸",
    "福田公路口岸",
    "深圳湾公路口岸",
    "满洲里铁路口岸",
    "满洲里公路口岸",
    "二连浩特公路口岸",
    "霍尔果斯公路口岸",
    "阿拉山口铁路口岸",
    "连云港口岸",
    "张家港口岸",
    "北京首都航空口岸",
    "上海浦东航空口岸",
    "Lo Wu",
    "Lok Ma Chau Spur Line",
    "Shenzhen Bay",
    "Express Rail Link West Kowloon",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("罗湖", "罗湖铁路口岸"),
        ("罗湖口岸", "罗湖铁路口岸"),
        ("罗胡", "罗湖铁路口岸"),  # one wrong character of two
        ("满州里", "满洲里公路口岸"),
        ("霍尔果思口岸", "霍尔果斯公路口岸"),
        ("阿拉山囗", "阿拉山口铁路口岸"),
        ("二连", "二连浩特公路口岸"),
        ("首都", "北京首都航空口岸"),
        ("上海浦东国际机场", "上海浦东航空口岸"),
        ("连云港", "连云港口岸"),
        ("LO WU", "Lo Wu"),
        ("ｌｏ　ｗｕ", "Lo Wu"),
        ("Lo Woo", "Lo Wu"),
        ("Lo Wu Control Point", "Lo Wu"),
        ("Shenzen Bay Port", "Shenzhen Bay"),
        ("West Kowloon", "Express Rail Link West Kowloon"),
        ("lok-ma-chau spur-line", "Lok Ma Chau Spur Line"),
    ],
)
def test_the_name_that_was_meant_comes_first(typed: str, meant: str) -> None:
    assert nearest(typed, PORTS)[0] == meant


@pytest.mark.parametrize("typed", ["", "   ", "——", "纽约", "Rotterdam", "①②③"])
def test_what_is_near_nothing_suggests_nothing(typed: str) -> None:
    assert nearest(typed, PORTS) == []


def test_both_ports_of_one_place_are_suggested() -> None:
    assert set(nearest("满洲里", PORTS, n=2)) == {"满洲里铁路口岸", "满洲里公路口岸"}


def test_the_cutoff_and_the_count_are_the_callers() -> None:
    assert nearest("罗胡", PORTS, cutoff=0.9) == []
    assert len(nearest("口", PORTS, n=1, cutoff=0.0)) == 1


@given(st.permutations(PORTS), st.sampled_from(["满洲里", "罗胡", "Lo Woo", "山口", "湾"]))
def test_the_order_of_the_list_does_not_matter(shuffled: list[str], typed: str) -> None:
    assert nearest(typed, shuffled) == nearest(typed, PORTS)


@given(st.text(max_size=15), st.lists(st.text(max_size=10), max_size=8), st.integers(0, 5))
def test_the_answer_is_always_a_part_of_the_list(word: str, known: list[str], n: int) -> None:
    answer = nearest(word, known, n=n)
    assert len(answer) <= n
    assert set(answer) <= set(known)
    assert len(set(answer)) == len(answer)


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_lies_between_nothing_and_all(one: str, other: str) -> None:
    assert 0.0 <= names.likeness(one, other) <= 1.0
    assert names.likeness(one, one) == 1.0


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("罗湖（铁路）口岸", "罗湖"),
        ("满洲里边境口岸", "满洲里"),
        ("广州白云国际机场", "广州白云"),
        ("瑞丽边检站", "瑞丽"),
        ("香港", "香港"),
        ("连云港", "连云港"),
        ("口岸", "口岸"),
        ("Port Angeles", "portangeles"),
        ("Eastport", "eastport"),
        ("Airport", "airport"),
        ("Manzhouli Railway Port", "manzhouli"),
        ("St. Mary's", "stmarys"),
    ],
)
def test_keys_keep_what_belongs_to_the_name(name: str, key: str) -> None:
    assert names.key(name) == key


def test_footnote_marks_do_not_become_digits() -> None:
    assert names.half_width("１２①²") == "12①²"
