"""The registry: names, units and roll-ups hold together, and all 106 data items lead somewhere."""

import csv
from pathlib import Path

import pytest

from kouan.basis import Direction, Finding, Place, Rollup, UnknownMeasure, measures, units

with (Path(__file__).parent / "lists" / "data_items.csv").open(encoding="utf-8", newline="") as _stream:
    SCHEME = {row["item"]: row for row in csv.DictReader(_stream)}

ALL = list(measures.all_measures().values())
FUNCTIONS = {"minimum", "base_year", "reference"}
PORT_TYPES = {"sea", "inland_river", "boundary_river", "rail", "road", "air"}

# What the house relies on by name; a measure may be added, these may not go.
RELIED_ON = {
    "cargo_tonnes": ("t", "sum"),
    "person_crossings": ("person_crossings", "sum"),
    "movements": ("movements", "sum"),
    "vessels": ("vessel_movements", "sum"),
    "aircraft": ("aircraft_movements", "sum"),
    "trains": ("train_movements", "sum"),
    "vehicles": ("vehicle_movements", "sum"),
    "trade_value_cny": ("cny", "sum"),
    "teu": ("teu", "sum"),
    "throughput_tonnes": ("t", "sum"),
    "containers": ("containers", "sum"),
    "clearance_hours": ("hours", "none"),
    "trucks": ("vehicle_movements", "sum"),
    "truck_containers_loaded": ("containers", "sum"),
    "truck_containers_empty": ("containers", "sum"),
    "rail_containers_loaded": ("containers", "sum"),
    "rail_containers_empty": ("containers", "sum"),
    "train_passengers": ("person_crossings", "sum"),
    "buses": ("vehicle_movements", "sum"),
    "bus_passengers": ("person_crossings", "sum"),
    "personal_vehicles": ("vehicle_movements", "sum"),
    "personal_vehicle_passengers": ("person_crossings", "sum"),
    "pedestrians": ("person_crossings", "sum"),
}


@pytest.mark.parametrize("code", RELIED_ON)
def test_measures_the_house_relies_on(code: str) -> None:
    measure = measures.get(code)
    assert (measure.unit, measure.rollup.value) == RELIED_ON[code]


@pytest.mark.parametrize("measure", ALL, ids=str)
def test_a_measure_is_fully_described(measure: measures.Measure) -> None:
    assert all(measure.name)
    assert all(measure.definition)
    assert measure.definition.zh.endswith("。")
    assert measure.definition.en.endswith(".")
    assert measure.base_unit.code == measure.base_unit.base_code, "stored without myriad"
    assert measure.dimension_groups[0] == "all"
    assert set(measure.dimension_groups) <= set(measures.groups())
    assert measure.default_direction in measure.directions
    for direction in measure.directions:
        assert all(measure.direction_name(direction))
    for name in (measure.code, measure.name.zh, measure.name.en, measure.name.zh.join("  ")):
        assert measures.find(name) is measure


@pytest.mark.parametrize("measure", [m for m in ALL if m.part_of], ids=str)
def test_a_part_is_of_the_kind_of_its_whole(measure: measures.Measure) -> None:
    whole = measures.get(measure.part_of or "")
    assert (measure.unit, measure.rollup, measure.directions) == (whole.unit, whole.rollup, whole.directions)
    assert whole.part_of is None


def test_medians_do_not_roll_up_and_stocks_do_not_add() -> None:
    assert measures.get("clearance_hours").rollup is Rollup.NONE
    assert measures.get("person_lanes").rollup is Rollup.LAST
    assert not measures.get("person_lanes").is_additive
    assert measures.get("cargo_tonnes").is_additive


def test_directions_are_called_as_the_statistics_call_them() -> None:
    words = {code: measures.get(code).direction_name("inbound").zh for code in
             ("cargo_tonnes", "person_crossings", "trade_value_cny")}  # fmt: skip
    assert words == {"cargo_tonnes": "进境", "person_crossings": "入境", "trade_value_cny": "进口"}
    assert measures.get("teu").direction_name(Direction.TOTAL).zh == "合计"
    assert measures.get("trucks").default_direction is Direction.INBOUND


@pytest.mark.parametrize(
    ("measure", "direction", "group", "code"),
    [
        ("person_crossings", "inbound", "hk_residents", None),
        ("person_crossings", "total", "all", None),
        ("person_crossings", "both", "all", "unknown_direction"),
        ("trucks", "outbound", "all", "unknown_direction"),
        ("cargo_tonnes", "total", "hk_residents", "unknown_group"),
    ],
)
def test_directions_and_groups_are_checked(
    measure: str, direction: str, group: str, code: str | None
) -> None:
    finding = measures.get(measure).check(direction, group, where=Place(row=3))
    assert (finding.code if finding else None) == code
    if finding:
        assert finding.where.row == 3


def test_an_unknown_measure_is_refused_with_suggestions() -> None:
    with pytest.raises(UnknownMeasure) as refusal:
        measures.get("cargo_tons")
    finding = refusal.value.findings[0]
    assert finding.code == "unknown_measure"
    assert "cargo_tonnes" in finding.remedy.en  # type: ignore[union-attr]
    chinese = measures.find("出入境人数", where=Place(cell="B1"))
    assert isinstance(chinese, Finding)
    assert "出入境人员（person_crossings）" in chinese.remedy.zh  # type: ignore[union-attr]
    assert chinese.where.cell == "B1"


def test_groups_have_two_names_and_a_family() -> None:
    for code, group in measures.groups().items():
        assert all(group.name)
        assert bool(group.families) == (code != "all")
    assert measures.groups()["hk_residents"].families == ("residence_mainland_count", "residence_hk_count")


# ---- the 106 data items -------------------------------------------------------------------------------


def test_every_item_of_the_scheme_is_there_and_no_other() -> None:
    assert list(measures.data_items()) == list(SCHEME)
    assert len(SCHEME) == 106


@pytest.mark.parametrize("code", SCHEME)
def test_an_item_says_what_the_scheme_says(code: str) -> None:
    item, row = measures.data_item(code), SCHEME[code]
    assert (item.name.zh, item.name.en) == (row["name_zh"], row["name_en"])
    assert item.cadence == row["frequency"].replace("-", "_")
    named = [
        {"derived": "系统计算", "thresholds.csv": "现行规定"}.get(body, body)
        for body in row["submitter_zh"].split("/")
    ]
    assert [body.zh for body in item.submitters] == named
    assert (set(item.ports) or PORT_TYPES) == (
        PORT_TYPES if row["applies_to"] == "all" else set(row["applies_to"].split(";"))
    )


@pytest.mark.parametrize("code", SCHEME)
def test_an_item_leads_to_a_measure_or_a_formula(code: str) -> None:
    item = measures.data_item(code)
    assert item.measure or item.formula
    if item.measure:
        measure = measures.get(item.measure)
        assert item.direction is not None
        assert measure.check(item.direction, item.group or "all") is None
        assert not measure.is_benchmark
        assert units.get(item.unit).converts_to(measure.base_unit)
    else:
        assert item.direction is None
        assert item.group is None


@pytest.mark.parametrize("code", [code for code in SCHEME if measures.data_item(code).is_derived])
def test_formulas_name_only_what_exists(code: str) -> None:
    import ast

    item = measures.data_item(code)
    tree = ast.parse(item.formula or "", mode="eval")
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called <= FUNCTIONS
    assert item.formula_terms
    if "minimum" in called:
        assert item.formula_terms <= set(measures.all_measures())
    else:
        assert item.formula_terms <= set(SCHEME) - {code}


def test_no_two_items_mean_the_same_figure() -> None:
    keys = [(i.measure, i.direction, i.group) for i in measures.data_items().values() if i.measure]
    assert len(keys) == len(set(keys))


def test_the_scheme_calls_these_derived() -> None:
    derived = {code for code, row in SCHEME.items() if row["submitter_zh"] in ("derived", "thresholds.csv")}
    assert derived <= {code for code in SCHEME if measures.data_item(code).is_derived}


def test_an_unknown_item_is_refused_with_suggestions() -> None:
    with pytest.raises(measures.UnknownDataItem) as refusal:
        measures.data_item("cargo_in")
    assert "cargo_in_t" in refusal.value.findings[0].remedy.en  # type: ignore[union-attr]
