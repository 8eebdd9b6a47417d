"""Small rounds in field words, and one port whose figures can be worked by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kouan.evaluation import schemes
from kouan.evaluation.method.scheme.catalogue import Mark
from kouan.evaluation.method.scheme.round import RoundData
from kouan.evaluation.method.scheme.score import RoundResult, score_round

SCHEME = schemes.get("national-first")
CODES = [each.code for each in SCHEME.indicators]
ITEMS = tuple(code for code in SCHEME.items if code != "cpv")
YEARS = (2021, 2022, 2023, 2024, 2025)

# One port with figures that can be worked by hand; what each formula gives of them was worked by hand.
PORT = {
    "insp_area_m2": 3000, "insp_area_req_m2": 4000, "rooms_area_m2": 900, "rooms_area_req_m2": 600, "equip_in_place": 18,
    "equip_required": 20, "equip_up_h": 7600, "equip_plan_h": 8000, "lane_capacity_hour": 300, "peak_hour_flow": 400,
    "phc_items_met": 45, "phc_items_total": 50, "cargo_t": 200000, "persons": 30000, "conv": 5000, "value_cny": 6000000,
    "teu": 1200, "threshold_cargo_t": 50000, "threshold_persons": 50000, "cpv": 8, "peak_day_flow": 630,
    "design_peak_day": 900, "staff_insp": 50, "opex_cny": 4000000, "capex_annual_cny": 1000000, "design_cargo_t": 400000,
    "design_persons": 40000, "measures_done": 24, "measures_required": 30, "drills_done": 3, "drills_planned": 2,
    "incident_score": 4, "hazards_closed_on_time": 9, "hazards_due": 12, "alerts_handled_sla": 19, "alerts_total": 20,
    "epid_gap_major": 1, "import_time_h": 20, "export_time_h": 2, "segments_over_norm": 30, "segments_total": 1500,
    "citizen_batches_30": 97, "citizen_batches": 100, "compliance_cost_cny": 700, "fee_items_ok": 18, "fee_items_audited": 20,
    "docs_electronic": 840, "docs_total": 1000, "decl_fast_mode": 330, "decl_total": 600, "survey_enterprise": 81,
    "equip_shared": 7, "equip_sharable": 10, "feeds_live_ok": 11, "feeds_required": 20, "lanes_self": 6, "lanes_total": 16,
    "biz_sw": 950, "biz_total": 1000, "nii_units_ai": 60, "nii_units_due": 80, "proc_time_now": 45, "proc_time_base": 60,
    "bl_electronic": 130, "bl_total": 200, "rules_in_force": 21, "rules_required": 25, "rules_done": 3, "rules_plan": 4,
    "cases_reversed": 1, "cases_reviewed": 8, "complaints_on_time": 22, "complaints_due": 25, "survey_public": 77.5,
    "prov_trade_cny": 48000000, "cargo_other_prov_t": 50000, "zone_value_cny": 1500000, "local_proc_cny": 130000,
    "intl_routes": 9, "sites_active": 3, "sites_approved": 5, "border_residents_in": 360, "border_residents_total": 2400,
    "energy_tce": 1000, "water_m3": 20000, "pollutant_eq": 600, "waste_reused_t": 35, "waste_t": 50, "mach_clean": 12,
    "mach_total": 30, "berth_calls_power": 40, "berth_calls_able": 64, "public_order_cases": 12, "jobs": 500,
    "local_employed": 40000, "survey_resident": 68, "port_land_ha": 16, "env_penalties": 2,
}
EARLIER = {"cpv": {3: 1.0}, "local_proc_cny": {1: 100000.0}}
MET = {"I-0106": 3, "I-0401": 6, "I-0606": 0, "I-0704": 4}
BY_HAND = {
    "I-0101": 75, "I-0102": 100, "I-0103": 90, "I-0104": 95, "I-0105": 75, "I-0106": 60, "I-0107": 90,
    "I-0201": 200000, "I-0202": 30000, "I-0203": 5000, "I-0204": 6000000, "I-0205": 1200, "I-0206": 100, "I-0207": 100,
    "I-0208": 70, "I-0301": 4000, "I-0302": 600, "I-0303": 2, "I-0304": 1.2, "I-0305": 26.666666666666668, "I-0306": 75,
    "I-0401": 100, "I-0402": 80, "I-0403": 100, "I-0404": 0.5, "I-0405": 75, "I-0406": 95, "I-0407": 1, "I-0501": 20,
    "I-0502": 2, "I-0503": 2, "I-0504": 97, "I-0505": 700, "I-0506": 90, "I-0507": 84, "I-0508": 55, "I-0509": 81,
    "I-0601": 70, "I-0602": 55, "I-0603": 37.5, "I-0604": 95, "I-0605": 75, "I-0606": 0, "I-0607": 25, "I-0608": 65,
    "I-0701": 84, "I-0702": 75, "I-0703": 12.5, "I-0704": 80, "I-0705": 88, "I-0706": 77.5, "I-0801": 12.5, "I-0802": 25,
    "I-0803": 25, "I-0804": 30, "I-0805": 9, "I-0806": 60, "I-0807": 15, "I-0901": 125, "I-0902": 2500, "I-0903": 75,
    "I-0904": 70, "I-0905": 40, "I-0906": 62.5, "I-1001": 1.5, "I-1002": 1.25, "I-1003": 68, "I-1004": 0.5, "I-1005": 2,
}


def a_round(
    ports: int = 6, *, port_class: str = "road", grade: str = "regional", step: float = 0.05, years: tuple[int, ...] = YEARS
) -> RoundData:
    """Ports p0, p1 … of one class and grade, every item reported; each port's traffic and spend a step above the last's."""
    values = np.empty((len(years), ports, len(ITEMS)))
    for at, item in enumerate(ITEMS):
        if "/" in item:
            value = 1.0
        elif item.endswith(".answers"):
            value = 100.0
        else:
            value = float(PORT.get(item, 0.0))
        values[:, :, at] = value
    growing = ("conv", "opex_cny", "energy_tce", "import_time_h", "compliance_cost_cny", "jobs", "intl_routes")
    for item, share in (("cargo_in_t", 120_000.0), ("cargo_out_t", 60_000.0), ("cargo_transit_t", 20_000.0),
                        ("value_in_cny", 4e6), ("value_out_cny", 2e6), ("pax_in", 12_000.0), ("pax_out", 12_000.0), ("crew", 6_000.0)):
        values[:, :, ITEMS.index(item)] = share
    for p in range(ports):
        for item in (*growing, "cargo_in_t", "cargo_out_t", "cargo_transit_t", "pax_in", "pax_out", "crew", "value_in_cny", "value_out_cny"):
            values[:, p, ITEMS.index(item)] *= 1 + step * p
    for item in ("cargo_t", "persons", "value_cny"):
        values[:, :, ITEMS.index(item)] = np.nan
    kind = SCHEME.shape.classes[port_class]
    for at, item in enumerate(ITEMS):
        if not SCHEME.items[item].applies_to(kind):
            values[:, :, at] = np.nan
    values[:, :, ITEMS.index("epid_gap_major")] = 0.0
    codes = tuple(f"p{p}" for p in range(ports))
    return RoundData(codes, (port_class,) * ports, (grade,) * ports, years, ITEMS, values)


def joined(*rounds: RoundData) -> RoundData:
    """Several rounds of the same years as one; ports are renamed by their round: a.p0, b.p0 …"""
    names = "abcdefgh"
    return replace(
        rounds[0],
        ports=tuple(f"{names[n]}.{port}" for n, each in enumerate(rounds) for port in each.ports),
        classes=sum((each.classes for each in rounds), ()),
        grades=sum((each.grades for each in rounds), ()),
        values=np.concatenate([each.values for each in rounds], axis=1),
    )


def changed(data: RoundData, changes: Mapping[tuple[str, int, str], float | None], *, reminders: Iterable[tuple[str, int, str]] = ()) -> RoundData:
    """The round with some figures changed (None: not reported), and two reminders run out for others."""
    values = data.values.copy()
    for (port, year, item), value in changes.items():
        values[data.years.index(year), data.ports.index(port), data.items.index(item)] = np.nan if value is None else value
    sent = np.zeros(values.shape, dtype=np.int8) if data.reminders is None else data.reminders.copy()
    for port, year, item in reminders:
        sent[data.years.index(year), data.ports.index(port), data.items.index(item)] = 2
    return replace(data, values=values, reminders=sent)


def cell(result: RoundResult, port: str, year: int, indicator: str) -> tuple[float, Mark, float]:
    """Points, mark and weight in force of one cell."""
    y, p = result.at(port, year)
    k = CODES.index(indicator)
    return float(result.points[y, p, k]), Mark(int(result.mark[y, p, k])), float(result.weight[y, p, k])


def scored(data: RoundData, **more: Any) -> RoundResult:
    return score_round(SCHEME, replace(data, **more))
