"""What a typical port of each class is taken to be in the exercise: invented orders of magnitude, no port's figures.

>>> TYPICAL["road"].cargo_t, sorted(TYPICAL)[:2]
(800000.0, ['air_coastal', 'air_other'])
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typical:
    """Yearly figures of the middle port of a class. Money in CNY, areas in m2, land in ha, times in hours.

    ``threshold_*`` are the volume standards of 国家“十四五”口岸发展规划 专栏6; everything else is invented.
    """

    cargo_t: float
    persons: float
    conv: float
    cny_per_tonne: float
    teu_per_tonne: float
    crew_share: float
    staff: float
    opex_cny: float
    insp_area_m2: float
    energy_tce: float
    water_m3: float
    pollutant_eq: float
    public_order_cases: float
    port_land_ha: float
    import_time_h: float
    export_time_h: float
    compliance_cost_cny: float
    intl_routes: float
    threshold_cargo_t: float
    threshold_persons: float


TYPICAL: dict[str, Typical] = {
    "sea": Typical(3e7, 3e4, 4e3, 6e3, 0.017, 0.9, 300, 4e7, 6e4, 2e4, 8e5, 4e4, 20, 400, 36, 3, 2200, 40, 1e7, 1e4),
    "inland_river": Typical(2e6, 2e4, 1.5e3, 5e3, 0.025, 0.8, 80, 1.2e7, 1.5e4, 2.5e3, 1e5, 6e3, 6, 80, 36, 3, 1800, 12, 2e5, 1e4),
    "boundary_river": Typical(2e5, 1e5, 5e3, 4e3, 0.0, 0.2, 60, 8e6, 8e3, 600, 3e4, 1.5e3, 5, 20, 20, 2, 900, 4, 5e4, 1e4),
    "rail": Typical(1e6, 1e5, 2e3, 8e3, 0.02, 0.1, 80, 1e7, 1.5e4, 2e3, 8e4, 5e3, 6, 60, 24, 3, 1500, 10, 1e5, 1e5),
    "road": Typical(8e5, 3e5, 6e4, 1.2e4, 0.012, 0.25, 100, 1.2e7, 2e4, 1.5e3, 6e4, 4e3, 12, 40, 12, 1.5, 900, 6, 5e4, 5e4),
    "air_coastal": Typical(1e5, 1.5e6, 1.2e4, 2e5, 0.0, 0.06, 300, 5e7, 2e4, 3e4, 9e5, 2e4, 25, 150, 10, 1.5, 600, 40, 3e4, 1e5),
    "air_other": Typical(4e4, 5e5, 4e3, 2e5, 0.0, 0.06, 120, 2e7, 1e4, 9e3, 3e5, 8e3, 12, 80, 10, 1.5, 600, 15, 3e4, 5e4),
}

# Travel was low at first and came back; cargo grew. Shares of the last year, common to all ports.
TRAVEL = (0.55, 0.50, 0.80, 0.93, 1.00)
CARGO = (0.90, 0.88, 0.94, 0.97, 1.00)

# How much of the spread of a class is between its grades (in logarithms), and how the grades share a class.
GRADES = {"hub": 1.3, "important": 0.3, "regional": -0.5}
GRADE_SHARES = {"hub": 0.12, "important": 0.33, "regional": 0.55}
