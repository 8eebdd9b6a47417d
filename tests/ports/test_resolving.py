"""One port for whatever an agency wrote, or candidates with reasons; never another's port, never a guess."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.accounts.factories import a_national_officer, a_provincial_officer
from tests.ports.factories import a_document, a_port

from kouan.accounts.action import acting_system
from kouan.basis.codelists import map_code
from kouan.ports.actions import add_code, load_register, retire_code
from kouan.ports.models import Port, PortCode
from kouan.ports.resolving import port_links, resolve_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> Any:
    with acting_system("tests") as system:
        load_register(actor=system)
    return a_national_officer()


NAMED = [
    ("luohu-rail", "", "luohu-rail"), ("罗湖", "", "luohu-rail"), ("深圳罗湖口岸", "", "luohu-rail"), ("广东省深圳市罗湖口岸", "", "luohu-rail"),
    ("满洲里", "rail", "manzhouli-rail"), ("满洲里火车站", "", "manzhouli-rail"), ("CNMLX", "road", "manzhouli-road"), ("chn799", "", "shenzhen-air"),
    ("ＳＺＸ", "", "shenzhen-air"), ("大连港口岸", "", "dalian-water"), ("连云港", "", "lianyungang-water"), ("广东皇岗公路口岸", "",
        "huanggang-road"),
]
UNDECIDED: list[tuple[str, str, str, str, set[str]]] = [
    ("满洲里", "", "", "ambiguous_port", {"manzhouli-rail", "manzhouli-road"}),
    ("深圳罗湖口岸", "road", "", "other_mode", {"luohu-rail"}),
    ("罗湖", "", "15", "port_elsewhere", {"luohu-rail"}),
    ("上海港", "", "", "harbour_not_port", {"shanghai-water"}),
    ("罗胡", "", "", "unknown_port", {"luohu-rail"}),
    ("没有这个地方XYZ", "", "", "unknown_port", set()),
    ("", "", "", "unreadable_name", set()), ("罗\x00湖", "", "", "unreadable_name", set()), ("湖" * 121, "", "", "unreadable_name", set()),
]


def test_a_text_that_names_one_port_gives_it(officer: Any) -> None:
    for text, mode, port in NAMED:
        found = resolve_port(text, officer, mode=mode)
        assert found.port is not None and found.port.code == port and found.finding is None, text
        assert [each.port.code for each in found.candidates] == [port] and found.candidates[0].reasons


def test_what_names_none_or_several_is_never_decided(officer: Any) -> None:
    for text, mode, province, finding, candidates in UNDECIDED:
        found = resolve_port(text, officer, mode=mode, province=province)
        assert found.port is None and found.finding is not None and found.finding.code == finding and found.finding.remedy is not None, text
        assert {each.port.code for each in found.candidates} >= candidates and (candidates or not found.candidates)


def test_every_port_resolves_from_its_codes_and_its_full_name(officer: Any) -> None:
    from kouan.ports.searching import PortIndex

    index = PortIndex.build(officer)
    for port in index.ports.values():
        for text in (port.code, port.name_zh):
            found = resolve_port(text, officer, index=index)
            assert found.port is not None and found.port.pk == port.pk, (text, found.finding)
    # every agency's code leads to its port: alone where one bears it, among the candidates where a place has several.
    for row in PortCode.objects.exclude(scheme__in=["name", "unlocode_2017"]).select_related("port"):
        found = resolve_port(row.code, officer, index=index)
        assert row.port.code in {each.port.code for each in found.candidates}, row.code
        assert found.port is None or found.port.pk == row.port_id


def test_a_code_holds_on_its_days_only(officer: Any) -> None:
    paper = a_document()
    with acting_system("tests") as system:
        add_code(actor=system, port="luohu-rail", scheme="gbt_15514", code="CNLWU", document=paper, valid_from=date(2020, 1, 1))
        retire_code(actor=system, port="luohu-rail", scheme="gbt_15514", code="CNLWU", document=paper, valid_to=date(2024, 1, 1))
    assert resolve_port("CNLWU", officer, on=date(2022, 5, 1)).port is not None
    for day in (date(2019, 12, 31), date(2024, 1, 1)):
        assert resolve_port("CNLWU", officer, on=day).port is None
        assert port_links(officer, on=day).from_code("gbt15514", "CNLWU") == []
    assert [link.to_code for link in port_links(officer, on=date(2022, 5, 1)).from_code("gbt15514", "CNLWU")] == ["luohu-rail"]
    # A code of a list that no port bears is explained.
    found = resolve_port("CHN740", officer)
    assert found.port is None and [note.code for note in found.notes] == ["code_of_no_port"]
    assert "蛇口" in found.notes[0].message.zh


def test_ports_of_another_province_are_neither_found_nor_named(officer: Any) -> None:
    beijing = a_provincial_officer("11")
    for text in ("罗湖", "luohu-rail", "深圳罗湖口岸", "SZX", "罗胡", "上海港"):
        found = resolve_port(text, beijing)
        assert found.port is None and found.candidates == ()
        assert "luohu-rail" not in str(found.as_dict()).replace(text, "") and "上海水运" not in str(found.as_dict())
    assert map_code("customs", "CHN799", "port", links=port_links(beijing)) == []
    assert [each.code for each in map_code("customs", "CHN799", "port", links=port_links(officer))] == ["shenzhen-air"]


def test_a_code_of_a_place_is_broader_than_its_ports(officer: Any) -> None:
    found = map_code("unlocode", "CNMLX", "port", links=port_links(officer))
    assert {(each.code, each.relation) for each in found} == {("manzhouli-rail", "narrower"), ("manzhouli-road", "narrower")}
    back = map_code("port", "manzhouli-rail", "unlocode", links=port_links(officer))
    assert [(each.code, each.relation) for each in back] == [("CNMLX", "broader")]
    # The unified codes themselves: one for each port, of one form.
    codes = list(Port.objects.values_list("code", "mode", "is_group"))
    assert len({code for code, *_ in codes}) == len(codes)
    assert all(code.endswith(f"-{mode}") and code == code.lower() and code.isascii() for code, mode, _ in codes)


def test_two_ports_of_one_alias_are_both_given(officer: Any) -> None:
    a_port("luohu-road", "road", name_zh="罗湖公路口岸", short_name_zh="罗湖", province_code="44")
    found = resolve_port("罗湖", officer)
    assert found.port is None and found.finding is not None and found.finding.code == "ambiguous_port"
    assert {each.port.code for each in found.candidates} == {"luohu-rail", "luohu-road"}
