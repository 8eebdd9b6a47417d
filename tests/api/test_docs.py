"""The API describes itself: as a document, and as a page that loads nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.test import Client
from ninja import Schema
from tests.api.world import World, client_of

from kouan.api.docs import EXAMPLES, bounds_of, common_statuses, contents


def test_every_operation_is_described_in_both_languages(db: None) -> None:
    operations = [operation for group in contents() for operation in group.operations]
    assert len(operations) >= 15
    for operation in operations:
        assert operation.summary.zh != operation.summary.en, operation.path
        assert operation.said.zh != operation.said.en and len(operation.said.zh) > 8, operation.path
        for parameter in operation.parameters:
            assert parameter.said.zh != parameter.said.en, (operation.path, parameter.name)
        assert {"200", "401", "404", "422"} <= {status for status, _ in operation.statuses}


def test_every_string_and_number_of_a_request_is_bounded(db: None) -> None:
    for group in contents():
        for operation in group.operations:
            for parameter in operation.parameters:
                said = parameter.bounds
                assert re.search(r"…|≤|\^|date|boolean|binary|uuid|, ", said), (operation.path, parameter.name, said)


def test_every_example_of_reading_can_be_asked(world: World) -> None:
    program = client_of(world.national)
    for key, address in EXAMPLES.items():
        assert program.get(address).status_code in (200, 404), key


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(world: World) -> None:
    for cookies, words in ({}, "变更口岸"), ({"kouan_language": "en"}, "Change attributes"):
        page = Client()
        for name, value in cookies.items():
            page.cookies[name] = value
        said = page.get("/api/v1/docs").content.decode()
        assert words in said
        for group in contents():
            for operation in group.operations:
                assert f"{operation.method} {operation.path}" in said
        assert not re.search(r"""(src|href)=["'](https?:)?//""", said)


def test_what_every_address_may_answer_is_said_once(world: World) -> None:
    page = Client()
    page.cookies["kouan_language"] = "en"
    said = page.get("/api/v1/docs").content.decode()
    assert common_statuses() >= {"200", "401", "404", "422"}
    for status in common_statuses():
        assert said.count(f"<code>{status}</code>") == 1, status
    assert "<code>428</code>" in said and "428" not in common_statuses()
    words = re.sub(r"<span lang=\"zh[^>]*>.*?</span>|<button[^>]*lang=\"zh.*?</button>", "", said.split("<main")[1].split("</main>")[0])
    assert not re.search("[：；，（）]", words.split('id="api-shapes"')[0]), "English has punctuation of its own"


def test_the_door_itself_leads_to_the_page(db: None) -> None:
    for address in ("/api/v1", "/api/v1/"):
        answer = Client().get(address)
        assert (answer.status_code, answer["Location"]) == (302, "/api/v1/docs"), address
        assert Client().post(address).status_code == 404


def test_bounds_are_read_from_the_schema() -> None:
    assert bounds_of({"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]}, {}) == "string ≤ 5"
    assert bounds_of({"$ref": "#/x/Mode"}, {"Mode": {"enum": ["a", "b"], "type": "string"}}) == "a, b"


def test_two_shapes_never_share_a_name() -> None:
    # The document names a shape by its class: of two with one name it would show one for both.
    import kouan.api
    from kouan.api.door import api

    assert api.get_openapi_schema()["components"]["schemas"]
    shapes: dict[str, set[str]] = {}
    for each in _below(Schema):
        if each.__module__.startswith(f"{kouan.api.__name__}."):
            shapes.setdefault(each.__name__, set()).add(each.__module__)
    assert {name: sorted(rooms) for name, rooms in shapes.items() if len(rooms) > 1} == {}


def _below(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
