"""``/codes``: bounded, in order, and a province's officer learns nothing of another's ports."""

from __future__ import annotations

from tests.api.world import World, client_of

ROOT = "/api/v1"


def test_lists_entries_and_codes(world: World) -> None:
    client = client_of(world.guangdong)
    lists = client.get(f"{ROOT}/codes").json()["items"]
    assert {"unlocode", "gbt2260", "customs-port", "hs"} <= {each["code_list"] for each in lists if each["editions"]}
    first = client.get(f"{ROOT}/codes/customs-port?limit=3").json()
    second = client.get(f"{ROOT}/codes/customs-port?limit=3&after={first['next']}").json()
    codes = [each["code"] for each in first["items"] + second["items"]]
    assert len(set(codes)) == 6 and codes == sorted(codes)
    one = client.get(f"{ROOT}/codes/gbt2260/469025").json()
    assert one["name"]["zh"] == "白沙黎族自治县" and {each["name"]["zh"] for each in one["history"]} == {"定安县", "白沙黎族自治县"}
    found = client.get(f"{ROOT}/code-search?q=Shekou&limit=2").json()["items"]
    assert found[0]["code"] == "CHN740" and len(found) == 2
    changed = client.get(f"{ROOT}/codes/gbt2260/comparison?earlier=2006&later=2007").json()
    assert len(changed["reused"]) == 7 and changed["said"]["zh"].startswith("新增 11 个")
    mapped = client.get(f"{ROOT}/code-mappings?code=CNSHK&to=customs").json()["items"]
    assert [(each["code"], each["relation"]) for each in mapped] == [("CHN740", "close")]


def test_what_is_not_there_is_answered_in_the_one_shape(world: World) -> None:
    client = client_of(world.guangdong)
    for address, status in (("codes/no-such-list", 404), ("codes/gbt2260/440399", 404), ("codes/gbt2260?edition=1980", 404), ("codes/gbt15514", 404),
                            ("codes/gbt2260/comparison?earlier=2006&later=2006", 422), ("code-mappings?code=CNSHK&to=no-such-list", 404),
                            ("code-search?q=", 422), ("codes/customs-port?limit=201", 422)):
        answer = client.get(f"{ROOT}/{address}")
        assert answer.status_code == status and answer.json()["error"]["findings"], address


def test_the_port_meant_lies_in_the_callers_scope(world: World) -> None:
    own = client_of(world.guangdong).get(f"{ROOT}/port-resolution?text=罗湖铁路口岸").json()
    assert own["port"] == "luohu-rail" and own["candidates"][0]["reasons"]
    other = client_of(world.inner_mongolia).get(f"{ROOT}/port-resolution?text=罗湖铁路口岸").json()
    assert other["port"] is None and other["candidates"] == [] and other["finding"]["code"] == "unknown_port"
    for address in ("codes", "code-search?q=罗湖", "code-mappings?code=CNSHK&to=customs", "port-resolution?text=罗湖", "codes/gbt2260"):
        assert client_of(world.enterprise).get(f"{ROOT}/{address}").status_code == 403
        assert client_of(None).get(f"{ROOT}/{address}").status_code == 401
