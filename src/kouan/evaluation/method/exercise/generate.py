"""Five years of every data item for given ports, generated for exercises (生成数据/演练): no port's real figures.

Each port has hidden traits (size, quality of work, smartness, growth, diligence in reporting), which all its figures
share, so that they hang together as real ones do: large ports have more staff, cleverer ports more self-service lanes,
careless reporters more gaps. Traits and figures come from a stream of random numbers of the port's own, seeded by
SHA-256 of the seed and the port's code: the same seed gives the same figures, whatever other ports take part and in
whatever order.

What is wrong with real returns is put in on purpose, and listed in `Slip`: gaps (with and without reminders that ran
out), figures that came late, totals that contradict their parts, parts larger than their whole, slips of a unit, small
surveys, checklist points without evidence, feeds that failed, red lines crossed, decisions that something does not apply.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Text
from kouan.evaluation.method.exercise.ports import ExercisePort
from kouan.evaluation.method.exercise.shapes import Draw
from kouan.evaluation.method.exercise.typical import GRADE_SHARES, TYPICAL
from kouan.evaluation.method.scheme.round import Decision, FailedFeed, RoundData
from kouan.evaluation.method.scheme.scheme import Scheme

FIRST_YEAR, YEARS = 2021, 5
# Stands with every figure, page and export made of these.
LABEL = Text("生成数据（演练），不是任何口岸的真实数据", "generated for exercises; no port's real figures")
KINDS: dict[str, Text] = {
    "gap": Text("缺报", "not reported"),
    "unreported": Text("催报两次仍未报", "not reported after two reminders"),
    "late": Text("迟报", "reported late"),
    "total": Text("合计与分项不符", "a total that contradicts its parts"),
    "part": Text("部分大于整体", "a part larger than its whole"),
    "unit": Text("疑似单位错误", "a slip of the unit"),
    "survey": Text("问卷不足", "too few answers"),
    "evidence": Text("清单项无佐证", "a point without evidence"),
}

# Items of central sources: rarely missing for one port, sometimes for a whole class.
CENTRAL = frozenset(
    {
        "cargo_in_t", "cargo_out_t", "cargo_transit_t", "cargo_t", "value_in_cny", "value_out_cny", "value_cny", "pax_in",
        "pax_out", "crew", "persons", "conv", "threshold_cargo_t", "threshold_persons", "import_time_h", "export_time_h",
        "segments_total", "segments_over_norm", "docs_total", "docs_electronic", "decl_total", "decl_fast_mode",
        "feeds_required", "feeds_live_ok", "biz_total", "biz_sw", "prov_trade_cny", "cargo_other_prov_t",
        "public_order_cases", "env_penalties",
    }
)
# Feeds that may fail for a class in the exercise.
FEEDS = ("import_time_h", "segments_total", "docs_electronic", "feeds_live_ok", "public_order_cases", "cargo_other_prov_t")
WHOLES = {
    "hazards_closed_on_time": "hazards_due", "equip_up_h": "equip_plan_h", "mach_clean": "mach_total", "equip_shared": "equip_sharable",
    "fee_items_ok": "fee_items_audited", "measures_done": "measures_required",
}


@dataclass(frozen=True, slots=True)
class Slip:
    """One thing put in wrong on purpose. ``kind`` is one of `KINDS`; ``days``: how late, for what came late."""

    port: str
    year: int
    item: str
    kind: str
    days: int = 0


@dataclass(frozen=True)
class Exercise:
    """A generated round: its figures (labelled), and what was put in wrong."""

    data: RoundData
    slips: tuple[Slip, ...]
    seed: int
    label: Text = LABEL


def exercise_round(
    ports: Iterable[ExercisePort], *, seed: int, scheme: Scheme | None = None, corrected: Mapping[str, frozenset[str]] | None = None,
) -> RoundData:
    """The figures alone; see `exercise`."""
    return exercise(ports, seed=seed, scheme=scheme, corrected=corrected).data


def exercise(
    ports: Iterable[ExercisePort], *, seed: int, scheme: Scheme | None = None, corrected: Mapping[str, frozenset[str]] | None = None,
) -> Exercise:
    """Generate a round of the scheme (by default the first) for these ports: the same for the same seed and codes.

    ``corrected``: items by port in which nothing is put in wrong (as after an objection was upheld); all other figures stay.
    """
    if scheme is None:
        from kouan.evaluation import schemes

        scheme = schemes.get("national-first")
    held = tuple(ports)
    items = tuple(code for code in scheme.items if code != scheme.shape.volume.item)
    years = tuple(range(FIRST_YEAR, FIRST_YEAR + YEARS))
    values = np.full((YEARS, len(held), len(items)), np.nan)
    reminders = np.zeros(values.shape, dtype=np.int8)
    grades: list[str] = []
    slips: list[Slip] = []
    decisions: list[Decision] = []
    place = {code: at for at, code in enumerate(items)}
    for p, port in enumerate(held):
        stream = _stream(seed, port.code)
        grade = port.grade or str(stream.choice(list(GRADE_SHARES), p=list(GRADE_SHARES.values())))
        grades.append(grade)
        draw = Draw(stream, TYPICAL[port.port_class], port.port_class, grade, YEARS)
        for code, column in draw.figures(scheme).items():
            values[:, p, place[code]] = column
        kind = scheme.shape.classes[port.port_class]
        for code in items:
            if not scheme.items[code].applies_to(kind):
                values[:, p, place[code]] = np.nan
        _spoil(stream, draw, port, scheme, items, years, values[:, p], reminders[:, p], slips, decisions,
               (corrected or {}).get(port.code, frozenset()))
    data = RoundData(
        tuple(port.code for port in held), tuple(port.port_class for port in held), tuple(grades), years, items, values,
        reminders, tuple(decisions), _failed(seed, tuple(sorted({port.port_class for port in held})), years), is_exercise=True,
        names={port.code: port.name for port in held},
    )
    return Exercise(data, tuple(slips), seed)


def _stream(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:16], "big"))


def _failed(seed: int, classes: tuple[str, ...], years: tuple[int, ...]) -> tuple[FailedFeed, ...]:
    """About one feed in eight classes and years: drawn for each class by itself."""
    found: list[FailedFeed] = []
    for port_class in classes:
        stream = _stream(seed, f"feeds of {port_class}")
        for year in years:
            if stream.random() < 0.125:
                found.append(FailedFeed(str(stream.choice(FEEDS)), year, port_class))
    return tuple(found)


def _spoil(
    stream: np.random.Generator, draw: Draw, port: ExercisePort, scheme: Scheme, items: tuple[str, ...], years: tuple[int, ...],
    values: NDArray[np.float64], reminders: NDArray[np.int8], slips: list[Slip], decisions: list[Decision],
    corrected: frozenset[str],
) -> None:
    """Put in what is wrong with real returns. ``values`` and ``reminders`` are the port's (years, items), changed in place."""
    careless = float(np.exp(-0.7 * draw.diligence))
    chance = stream.random((5, len(years), len(items)))
    place = {code: at for at, code in enumerate(items)}

    def slip(year: int, item: str, kind: str, days: int = 0) -> None:
        slips.append(Slip(port.code, years[year], item, kind, days))

    for y in range(len(years)):
        for at, code in enumerate(items):
            if np.isnan(values[y, at]) or code in corrected:
                continue
            is_due = not (scheme.items[code].of or code.startswith("threshold_"))
            if code in ("cargo_t", "persons", "value_cny") and chance[0, y, at] < 0.01 * careless:
                values[y, at] *= 1.03
                slip(y, code, "total")
            elif code in WHOLES and chance[0, y, at] < 0.004 * careless and not np.isnan(values[y, place[WHOLES[code]]]):
                values[y, at] = np.ceil(values[y, place[WHOLES[code]]] * 1.2 + 1)
                slip(y, code, "part")
            elif code in ("opex_cny", "energy_tce", "water_m3", "local_proc_cny") and chance[0, y, at] < 0.004 * careless:
                values[y, at] *= 10.0 if chance[1, y, at] < 0.5 else 0.1
                slip(y, code, "unit")
            elif is_due and chance[2, y, at] < (0.002 if code in CENTRAL else 0.012 * careless):
                values[y, at] = np.nan
                if code in CENTRAL:
                    slip(y, code, "gap")
                else:
                    sent = int(chance[3, y, at] * 4)
                    reminders[y, at] = sent
                    slip(y, code, "unreported" if sent >= scheme.shape.missing.reminders else "gap")
            elif is_due and code not in CENTRAL and chance[4, y, at] < 0.03 * careless:
                slip(y, code, "late", 1 + int(chance[1, y, at] * 45))
            elif "/" in code and chance[2, y, at] < 0.03 * careless:
                values[y, at] = np.nan
                slip(y, code, "evidence")
            elif code.endswith(".answers") and values[y, at] < scheme.shape.missing.smallest_survey:
                slip(y, code, "survey")
    if stream.random() < 0.03:
        decisions.append(
            Decision("I-0605", "national_office", "演练：该口岸不配大型机检设备", port.code)
        )
