"""How the figures of one port are drawn from its hidden traits. Every number here is invented.

`Draw` takes one stream of random numbers; the order of its draws is fixed, so a figure changes only when this file does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kouan.evaluation.method.exercise.typical import CARGO, GRADES, TRAVEL, Typical
from kouan.evaluation.method.scheme.scheme import Scheme

Row = NDArray[np.float64]

# Share of a port's whole that meets a standard: part -> (whole, middle in logits, pull of quality, pull of smartness, trend a year).
RATES: dict[str, tuple[str, float, float, float, float]] = {
    "equip_up_h": ("equip_plan_h", 3.4, 0.5, 0.1, 0.05),
    "phc_items_met": ("phc_items_total", 2.4, 0.7, 0.0, 0.10),
    "hazards_closed_on_time": ("hazards_due", 2.2, 0.8, 0.1, 0.10),
    "alerts_handled_sla": ("alerts_total", 2.6, 0.7, 0.3, 0.10),
    "measures_done": ("measures_required", 2.5, 0.7, 0.0, 0.08),
    "segments_over_norm": ("segments_total", -3.0, -0.5, -0.3, -0.08),
    "citizen_batches_30": ("citizen_batches", 4.0, 0.5, 0.3, 0.05),
    "fee_items_ok": ("fee_items_audited", 2.8, 0.6, 0.0, 0.10),
    "docs_electronic": ("docs_total", 1.6, 0.2, 0.5, 0.30),
    "decl_fast_mode": ("decl_total", 0.1, 0.3, 0.5, 0.20),
    "equip_shared": ("equip_sharable", 0.3, 0.5, 0.4, 0.15),
    "nii_units_ai": ("nii_units_due", 0.0, 0.1, 0.8, 0.30),
    "feeds_live_ok": ("feeds_required", 1.6, 0.4, 0.6, 0.20),
    "lanes_self": ("lanes_total", -0.4, 0.1, 0.8, 0.20),
    "biz_sw": ("biz_total", 2.0, 0.2, 0.5, 0.30),
    "bl_electronic": ("bl_total", 0.2, 0.1, 0.7, 0.30),
    "cases_reversed": ("cases_reviewed", -2.6, -0.6, 0.0, -0.05),
    "complaints_on_time": ("complaints_due", 2.6, 0.8, 0.1, 0.08),
    "sites_active": ("sites_approved", 1.0, 0.5, 0.0, 0.05),
    "border_residents_in": ("border_residents_total", -1.9, 0.4, 0.0, 0.05),
    "waste_reused_t": ("waste_t", 0.5, 0.5, 0.2, 0.10),
    "mach_clean": ("mach_total", -0.6, 0.2, 0.5, 0.25),
    "berth_calls_power": ("berth_calls_able", 0.0, 0.3, 0.4, 0.30),
}
# Middle size of a whole and how it grows with the size of the port (exponent).
WHOLES: dict[str, tuple[float, float]] = {
    "phc_items_total": (60, 0.0), "hazards_due": (24, 0.4), "alerts_total": (30, 0.5), "measures_required": (80, 0.1),
    "segments_total": (20000, 0.9), "citizen_batches": (600, 0.3), "fee_items_audited": (40, 0.2), "docs_total": (40000, 0.9),
    "decl_total": (20000, 0.9), "equip_sharable": (16, 0.4), "nii_units_due": (9000, 0.8), "feeds_required": (24, 0.1),
    "lanes_total": (16, 0.4), "biz_total": (50000, 0.9), "bl_total": (15000, 0.9), "cases_reviewed": (5, 0.4),
    "complaints_due": (30, 0.6), "sites_approved": (4, 0.3), "border_residents_total": (9000, 0.1), "waste_t": (900, 0.7),
    "mach_total": (60, 0.6), "berth_calls_able": (1200, 0.6),
}
# Against a standard: what stands in place -> (what is required, middle requirement, exponent of size).
STANDARDS: dict[str, tuple[str, float, float]] = {
    "rooms_area_m2": ("rooms_area_req_m2", 4000, 0.4), "equip_in_place": ("equip_required", 40, 0.5),
    "rules_in_force": ("rules_required", 30, 0.0), "drills_done": ("drills_planned", 4, 0.2), "rules_done": ("rules_plan", 4, 0.0),
}


class Draw:
    """One port: its traits, and from them its figures, (years,) each."""

    def __init__(self, stream: np.random.Generator, typical: Typical, port_class: str, grade: str, years: int) -> None:
        self.stream, self.typical, self.port_class, self.years = stream, typical, port_class, years
        self.size = GRADES[grade] + 0.5 * stream.standard_normal()
        self.quality = 0.25 * self.size + stream.standard_normal()
        self.smart = 0.4 * self.size + 0.4 * self.quality + 0.8 * stream.standard_normal()
        self.growth = 0.02 * self.quality + 0.03 * stream.standard_normal()
        self.diligence = 0.5 * self.quality + stream.standard_normal()
        self.time = np.arange(years, dtype=float) - (years - 1)

    def _spread(self, deviation: float) -> Row:
        """A factor for each year that wanders: what is high this year tends to be high the next."""
        noise = self.stream.standard_normal(self.years) * deviation
        for year in range(1, self.years):
            noise[year] = 0.7 * noise[year - 1] + 0.714 * noise[year]
        return noise

    def _volume(self, middle: float, course: tuple[float, ...], exponent: float = 1.0, deviation: float = 0.12) -> Row:
        own = 0.4 * self.stream.standard_normal()
        level = np.exp(exponent * (self.size + own) + self.growth * self.time + self._spread(deviation))
        return middle * level * np.resize(np.array(course), self.years)

    def _count(self, middle: float, exponent: float, deviation: float = 0.25) -> Row:
        own = 0.3 * self.stream.standard_normal()
        return np.round(middle * np.exp(exponent * self.size + own + self._spread(deviation)))

    def _share(self, middle: float, quality: float, smart: float, trend: float) -> Row:
        pull = middle + quality * self.quality + smart * self.smart + trend * self.time + 0.4 * self.stream.standard_normal()
        return 1.0 / (1.0 + np.exp(-(pull + self._spread(0.25))))

    def figures(self, scheme: Scheme) -> dict[str, Row]:
        """All items of the scheme but the composite volume, which is computed; each (years,)."""
        found = self._traffic()
        found |= self._capacity(found)
        found |= self._safety_and_spend(found)
        for whole, (middle, exponent) in WHOLES.items():
            found[whole] = self._count(middle, exponent)
        found["equip_plan_h"] = np.full(self.years, 8000.0)
        for part, (whole, middle, quality, smart, trend) in RATES.items():
            found[part] = np.round(found[whole] * self._share(middle, quality, smart, trend))
        for held, (wanted, middle, exponent) in STANDARDS.items():
            found[wanted] = np.maximum(1.0, np.round(np.full(self.years, middle * np.exp(exponent * self.size))))
            found[held] = np.round(found[wanted] * np.exp(-0.08 + 0.10 * self.quality + 0.03 * self.time + self._spread(0.08)))
        found |= self._surroundings(found)
        found |= self._judged(scheme)
        return found

    def _traffic(self) -> dict[str, Row]:
        kind, found = self.typical, {}
        cargo, persons = self._volume(kind.cargo_t, CARGO), self._volume(kind.persons, TRAVEL)
        # Some ports carry cargo only, some persons only.
        lot = self.stream.random()
        if self.port_class in ("rail", "boundary_river", "road") and lot < 0.06:
            persons = persons * 0.02
        elif self.port_class in ("air_other", "road") and lot > 0.96:
            cargo = cargo * 0.0
        inward, transit = 0.3 + 0.4 * self.stream.random(), 0.08 * self.stream.random()
        found["cargo_transit_t"] = np.round(cargo * transit)
        found["cargo_in_t"] = np.round(cargo * (1 - transit) * inward)
        found["cargo_out_t"] = np.round(cargo * (1 - transit)) - found["cargo_in_t"]
        found["cargo_t"] = found["cargo_in_t"] + found["cargo_out_t"] + found["cargo_transit_t"]
        each = kind.cny_per_tonne * np.exp(0.4 * self.stream.standard_normal() + self._spread(0.08))
        found["value_in_cny"] = np.round(found["cargo_in_t"] * each * 0.9)
        found["value_out_cny"] = np.round(found["cargo_out_t"] * each * 1.1)
        found["value_cny"] = found["value_in_cny"] + found["value_out_cny"]
        found["teu"] = np.round(found["cargo_t"] * kind.teu_per_tonne * np.exp(self._spread(0.15)))
        found["crew"] = np.round(persons * kind.crew_share)
        found["pax_in"] = np.round((persons - found["crew"]) * 0.503)
        found["pax_out"] = np.round(persons - found["crew"]) - found["pax_in"]
        found["persons"] = found["pax_in"] + found["pax_out"] + found["crew"]
        found["conv"] = np.round(self._volume(kind.conv, CARGO, 0.9))
        found["intl_routes"] = self._count(kind.intl_routes, 0.6)
        found["threshold_cargo_t"] = np.full(self.years, kind.threshold_cargo_t)
        found["threshold_persons"] = np.full(self.years, kind.threshold_persons)
        return found

    def _capacity(self, traffic: dict[str, Row]) -> dict[str, Row]:
        kind, found = self.typical, {}
        used = 0.45 + 0.45 * self.stream.random()
        found["design_cargo_t"] = np.full(self.years, np.round(max(traffic["cargo_t"].max(), kind.cargo_t * 0.02) / used, -3) + 1000)
        found["design_persons"] = np.full(self.years, np.round(max(traffic["persons"].max(), kind.persons * 0.02) / used, -2) + 100)
        peak = np.maximum(traffic["persons"], 0.2 * kind.persons) / 365 * 1.8
        found["design_peak_day"] = np.full(self.years, np.ceil(peak.max() * (0.9 + 0.6 * self.stream.random())) + 1)
        found["peak_day_flow"] = np.round(peak * np.exp(self._spread(0.08)))
        found["peak_hour_flow"] = np.ceil(found["peak_day_flow"] / 9 * np.exp(self._spread(0.05))) + 1
        found["lane_capacity_hour"] = np.round(found["peak_hour_flow"] * np.exp(0.15 * self.quality + 0.1 + self._spread(0.12)))
        found["insp_area_req_m2"] = np.full(self.years, np.round(kind.insp_area_m2 * np.exp(0.5 * self.size), -1))
        kept = 0.10 * self.quality + 0.02 * self.time + 0.1 * self.stream.standard_normal()
        found["insp_area_m2"] = np.round(found["insp_area_req_m2"] * np.exp(kept))
        return found

    def _safety_and_spend(self, traffic: dict[str, Row]) -> dict[str, Row]:
        kind, found = self.typical, {}
        found["staff_insp"] = np.maximum(2.0, self._count(kind.staff, 0.7, 0.06))
        found["opex_cny"] = np.round(self._volume(kind.opex_cny, (1.0,), 0.7, 0.08), -3) + 1000
        found["capex_annual_cny"] = np.round(0.8 * self._volume(kind.opex_cny, (1.0,), 0.7, 0.15), -3)
        severity = np.exp(0.4 * self.size - 0.5 * self.quality)
        found["incident_score"] = self.stream.poisson(1.5 * severity, self.years).astype(float)
        found["incident_score.self_reported_closed"] = np.floor(found["incident_score"] * (self.stream.random(self.years) < 0.3) * 0.5)
        found["incident_score.concealed"] = (self.stream.random(self.years) < 0.004).astype(float) * 2
        found["epid_gap_major"] = (self.stream.random(self.years) < 0.004 * np.exp(-0.5 * self.quality)).astype(float)
        found["epid_gap_major.self_reported_closed"] = np.zeros(self.years)
        found["epid_gap_major.concealed"] = np.zeros(self.years)
        slow = np.exp(-0.15 * self.quality - 0.1 * self.smart - 0.06 * self.time)
        found["import_time_h"] = np.round(kind.import_time_h * slow * np.exp(self._spread(0.12)), 2)
        found["export_time_h"] = np.round(kind.export_time_h * slow * np.exp(self._spread(0.12)), 2)
        found["compliance_cost_cny"] = np.round(kind.compliance_cost_cny * np.exp(-0.08 * self.quality - 0.03 * self.time + self._spread(0.15)), 1)
        base = 60 * np.exp(0.3 * self.stream.standard_normal())
        found["proc_time_base"] = np.full(self.years, np.round(base, 1))
        found["proc_time_now"] = np.round(base * np.exp(-0.05 * (self.time + self.years - 1) * (1 + 0.4 * self.smart) + self._spread(0.06)), 1)
        return found

    def _surroundings(self, traffic: dict[str, Row]) -> dict[str, Row]:
        kind, found = self.typical, {}
        province = 3e11 * np.exp(0.5 * self.size + 0.6 * self.stream.standard_normal())
        found["prov_trade_cny"] = np.round(np.maximum(province * np.exp(0.05 * self.time), traffic["value_cny"] * 1.5))
        found["cargo_other_prov_t"] = np.round(traffic["cargo_t"] * self._share(-0.6, 0.1, 0.0, 0.02))
        found["zone_value_cny"] = np.round(traffic["value_cny"] * self._share(-1.0, 0.3, 0.1, 0.08))
        found["local_proc_cny"] = np.round(self._volume(4e8, (1.0,), 0.6, 0.10), -3)
        effort = 0.7 * self.size - 0.12 * self.quality - 0.04 * self.time
        found["energy_tce"] = np.round(kind.energy_tce * np.exp(effort + self._spread(0.10)), 1)
        found["water_m3"] = np.round(kind.water_m3 * np.exp(effort + self._spread(0.12)))
        found["pollutant_eq"] = np.round(kind.pollutant_eq * np.exp(effort + self._spread(0.15)), 1)
        cases = kind.public_order_cases * np.exp(0.5 * self.size - 0.2 * self.quality)
        found["public_order_cases"] = self.stream.poisson(cases, self.years).astype(float)
        found["jobs"] = self._count(1500, 0.7, 0.06)
        found["local_employed"] = np.round(np.full(self.years, 2e5 * np.exp(0.3 * self.size + 0.4 * self.stream.standard_normal())), -2) + 5000
        found["jobs"] = np.minimum(found["jobs"], np.round(found["local_employed"] * 0.4))
        land = kind.port_land_ha * np.exp(0.6 * self.size + 0.3 * self.stream.standard_normal())
        found["port_land_ha"] = np.full(self.years, np.round(land, 1) + 0.5)
        found["env_penalties"] = self.stream.poisson(0.6 * np.exp(0.2 * self.size - 0.4 * self.quality), self.years).astype(float)
        return found

    def _judged(self, scheme: Scheme) -> dict[str, Row]:
        """Surveys with their answers, and the points of the checklists."""
        found: dict[str, Row] = {}
        for code, pull in (("survey_enterprise", 0.5), ("survey_public", 0.4), ("survey_resident", 0.3)):
            said = 76 + 10 * pull * self.quality + 0.6 * self.time + 3 * self.stream.standard_normal(self.years)
            found[code] = np.asarray(np.round(np.clip(said, 5.0, 100.0), 1), dtype=np.float64)
        for code in scheme.items:
            if code.endswith(".answers"):
                found[code] = np.round(90 * np.exp(0.3 * self.size + 0.4 * self.stream.standard_normal(self.years)))
        for indicator in scheme.indicators:
            for code in indicator.points:
                lean = self.smart if indicator.group == "G06" else self.quality
                bar = (0.4 if indicator.group == "G06" else -0.9) + 0.8 * self.stream.standard_normal()
                found[code] = (lean + 0.15 * self.time > bar).astype(float)
        return found
