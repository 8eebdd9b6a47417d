"""代码表 pages: search, lists, a code, comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

Open = Callable[[Any], Client]


@pytest.mark.usefixtures("ports")
def test_pages_of_code_lists(open_as: Open, officer: Any, guangdong: Any) -> None:
    client = open_as(officer)
    said = client.get("/codes?q=罗湖").content.decode()
    assert "luohu-rail" in said and "440303" in said and "联合国口岸及相关地点代码" in said
    assert "manzhouli" in client.get("/codes?q=满洲里公路").content.decode()
    assert "469025" in client.get("/codes/gbt2260/compare?from=2006&to=2007").content.decode()
    assert client.get("/codes/gbt2260/compare?from=2006&to=2006").status_code == 422
    listing = client.get("/codes/unlocode?page=2000").content.decode()
    assert "115,928" in listing.replace("\u2009", ",") or "115928" in listing
    assert "定安县" in client.get("/codes/gbt2260/469025").content.decode()
    assert "状态 XX" in client.get("/codes/unlocode").content.decode()
    assert "Shekou" in client.get("/codes/unlocode?q=shekou").content.decode()
    assert client.get("/codes/gbt15514").status_code == 200 and client.get("/codes/no-such").status_code == 404
    csv = b"".join(client.get("/codes/customs-unit?format=csv").streaming_content).decode("utf-8-sig")
    assert len(csv.strip().splitlines()) == 124
    english = client.get("/codes/gbt2260/440303", headers={"accept-language": "en"}).content.decode()
    assert "440303" in english
    # A province's officer is not shown another's port, though the lists are the same for all.
    theirs = open_as(guangdong).get("/codes?q=满洲里").content.decode()
    assert "manzhouli-road" not in theirs and "150781" in theirs


def test_strangers_are_asked_to_sign_in(db: None) -> None:
    assert Client().get("/codes").status_code == 302
