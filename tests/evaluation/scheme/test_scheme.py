"""The first scheme, and what makes a scheme unusable: each rule broken by one small change, on both sides of its limit."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kouan.basis import NotFound, Refused
from kouan.basis.measures import data_items
from kouan.evaluation import schemes
from kouan.evaluation.method.scheme import Scheme
from kouan.evaluation.method.scheme.rule import parse_rule

FOLDER = Path(schemes.__file__).parent / "national-first"


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return schemes.get("national-first")


@pytest.fixture
def source(scheme: Scheme) -> dict[str, Any]:
    """The scheme's files as plain data that a test may break."""
    return copy.deepcopy(scheme.as_dict())


def refused(source: dict[str, Any]) -> set[str]:
    """The codes of why it is refused; none if it is not."""
    try:
        Scheme.of(source)
    except Refused as refusal:
        for finding in refusal.findings:
            assert finding.is_error and finding.message.zh and finding.message.en
        return {finding.code for finding in refusal.findings}
    return set()


def row(source: dict[str, Any], code: str) -> dict[str, str]:
    return next(each for each in source["catalogue"] if each["indicator_id"] == code)


def test_the_first_scheme_is_whole(scheme: Scheme) -> None:
    assert len(scheme.indicators) == 69
    assert sum(each.of is None for each in scheme.items.values()) == 106
    assert scheme.types == ("sea", "inland_river", "boundary_river", "rail", "road", "air")
    assert scheme.is_proposal, "nobody has approved it, and it must say so"
    assert {kind: round(ratio, 4) for kind, ratio in scheme.consistency.items()}["sea"] == 0.0114
    assert {code: scheme.fed_by(code) for code in ("safe", "smart", "lawful", "green")} == {
        "safe": ("G04", "G10"), "smart": ("G06",), "lawful": ("G05", "G07"), "green": ("G01", "G03", "G09", "G10"),
    }
    assert Scheme.of(scheme.as_dict()).digest == scheme.digest


def test_its_items_are_those_of_the_registry(scheme: Scheme) -> None:
    registry = data_items()
    own = {code for code, item in scheme.items.items() if item.of is None}
    assert own == set(registry)
    for code in own:
        assert scheme.items[code].name == registry[code].name
        assert set(scheme.items[code].ports) in (set(registry[code].ports), {"sea", "inland_river", "boundary_river", "rail", "road", "air"})
    for code, tree in scheme.derived.items():
        assert str(tree) == registry[code].formula


def test_the_files_are_those_whose_checksums_the_readme_states() -> None:
    stated = dict(re.findall(r"`(\S+)` .*`([0-9a-f]{64})`", (FOLDER / "README.md").read_text(encoding="utf-8")))
    files = {each.name for each in FOLDER.iterdir() if each.suffix in (".csv", ".yaml")}
    assert set(stated) == files
    for name, digest in stated.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_an_unknown_scheme_is_not_found_with_the_nearest_name() -> None:
    with pytest.raises(NotFound) as refusal:
        schemes.get("national-frist")
    assert "national-first" in refusal.value.findings[0].remedy.zh


@pytest.mark.parametrize("part", ["objects", "indicator_system", "bodies", "procedure", "publication", "application"])
def test_each_of_the_six_parts_is_wanted_in_both_languages(source: dict[str, Any], part: str) -> None:
    source["scheme"]["parts"][part]["en"] = " "
    assert refused(source) == {"scheme_part_missing"}
    del source["scheme"]["parts"][part]
    assert refused(source) == {"scheme_part_missing"}


def test_there_are_exactly_the_ten_groups(source: dict[str, Any]) -> None:
    eleventh = copy.deepcopy(source)
    eleventh["scheme"]["groups"]["G11"] = eleventh["scheme"]["groups"]["G10"]
    assert "scheme_groups" in refused(eleventh)
    del source["scheme"]["groups"]["G06"]
    assert {"scheme_groups", "scheme_type_unfed"} <= refused(source)


def _quantitative(source: dict[str, Any], share: float) -> None:
    """Give the quantitative indicators of sea ports this share, and leave the groups' weights to be wrong."""
    rows = [each for each in source["weights"] if each["port_type"] == "sea"]
    kinds = {each["indicator_id"]: each["kind"] for each in source["catalogue"]}
    held = sum(float(each["global_weight"]) for each in rows if kinds[each["indicator_id"]] == "quant")
    for each in rows:
        is_quant = kinds[each["indicator_id"]] == "quant"
        factor = share / held if is_quant else (1 - share) / (1 - held)
        each["global_weight"] = repr(float(each["global_weight"]) * factor)


@pytest.mark.parametrize(("share", "code"), [
    (0.5, "scheme_not_quantitative"), (0.49, "scheme_not_quantitative"), (0.501, None), (1.0, "scheme_not_qualitative"),
])
def test_quantitative_indicators_carry_more_than_half(source: dict[str, Any], share: float, code: str | None) -> None:
    _quantitative(source, share)
    found = refused(source) - {"weights_differ_from_judgements"}
    assert found == ({code} if code else set())


@pytest.mark.parametrize(("change", "is_fine"), [(0.0, True), (9e-7, True), (2e-6, False), (-0.01, False)])
def test_weights_sum_to_one_for_each_type(source: dict[str, Any], change: float, is_fine: bool) -> None:
    held = next(each for each in source["weights"] if each["port_type"] == "rail")
    total = sum(float(each["global_weight"]) for each in source["weights"] if each["port_type"] == "rail")
    held["global_weight"] = repr(float(held["global_weight"]) + 1 - total + change)
    assert ("weights_sum" not in refused(source)) is is_fine


@pytest.mark.parametrize(("entry", "is_fine"), [("1/2", True), ("9", False)])
def test_judgements_that_contradict_each_other_are_refused(source: dict[str, Any], entry: str, is_fine: bool) -> None:
    matrix = source["ahp"]["types"]["sea"]["pairwise"]
    for first, second in ((0, 1), (9, 0), (9, 3)):
        value = entry if (first, second) == (0, 1) or not is_fine else matrix[first][second]
        matrix[first][second] = value
        top, _, bottom = value.partition("/")
        matrix[second][first] = f"{bottom or 1}/{top}"
    assert ("judgements_inconsistent" not in refused(source)) is is_fine


BROKEN: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("formula_unreadable", lambda s: row(s, "I-0101").update(formula="min(1, insp_area_m2")),
    ("formula_item_unknown", lambda s: row(s, "I-0101").update(formula="insp_area_m2/insp_area_req*100")),
    ("formula_item_elsewhere", lambda s: row(s, "I-0205").update(applies_to="sea;air")),
    ("scheme_cell_unusable", lambda s: row(s, "I-0208").update(normalisation="N5(85,60;0,120)")),
    ("scheme_cell_unusable", lambda s: row(s, "I-0208").update(missing_rule="M7")),
    ("rule_polarity", lambda s: row(s, "I-0501").update(polarity="higher")),
    ("rule_misplaced", lambda s: row(s, "I-0106").update(missing_rule="M1")),
    ("rule_misplaced", lambda s: row(s, "I-0207").update(missing_rule="M1")),
    ("scheme_element_unknown", lambda s: row(s, "I-0101").update(element_ids="E2;E9")),
    ("scheme_element_unmet", lambda s: row(s, "I-0807").update(element_ids="E1")),
    ("indicator_repeated", lambda s: s["catalogue"].append(dict(s["catalogue"][0]))),
    ("weights_do_not_fit", lambda s: s["weights"].pop()),
    ("scheme_type_unfed", lambda s: s["scheme"]["groups"]["G06"].update(feeds=["green"])),
    ("scheme_bands", lambda s: s["scheme"]["bands"][1].update({"from": 80})),
    ("scheme_bands", lambda s: s["scheme"]["bands"].pop()),
    ("scheme_value_unusable", lambda s: s["scheme"].update(versoin=2)),
    ("volume_shares", lambda s: s["scheme"]["volume"]["parts"].update(conv=0.3)),
    ("reference_missing", lambda s: s["references"].remove(next(r for r in s["references"] if r["code"] == "I-0901"))),
    ("judgement_shape", lambda s: s["ahp"]["types"]["air"]["pairwise"].pop()),
    ("judgement_not_reciprocal", lambda s: s["ahp"]["types"]["air"]["pairwise"][0].__setitem__(1, "7")),
    ("reading_missing", lambda s: s["scheme"]["readings"]["silence_under_m2"].update(value="ignored")),
    ("item_repeated", lambda s: s["items"].append(dict(s["items"][0]))),
    ("scheme_file_missing", lambda s: s.pop("weights")),
]


@pytest.mark.parametrize(("code", "change"), BROKEN, ids=[f"{n}-{code}" for n, (code, _) in enumerate(BROKEN)])
def test_a_fault_is_found_and_named(source: dict[str, Any], code: str, change: Callable[[dict[str, Any]], Any]) -> None:
    change(source)
    assert code in refused(source)


@pytest.mark.parametrize("text", ["N4(100)", "N8(best=1)", "N8(worst=1,best=2)", "N8(best=5,worst=5)", "N10", "N8(a,b)", "N5(1,2;3,4)", "N1()x"])
def test_what_is_no_normalisation_is_none(text: str) -> None:
    assert parse_rule(text) is None
