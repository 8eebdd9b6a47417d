"""What an applicant submits of an airport beside what the register knows: facts, roads, passengers, each with evidence.

A JSON object. Keys are the fact names of `law/criteria/facts.yaml`, each a plain value or `{"value": …, "evidence": …}`,
and the ones below. What cannot be read is an error finding and left out, so that the fact stays unknown.

- `road`: list of `{"port": code or IATA, "road_km": …, "driving_hours": …, "evidence": …}`
- `open_air_ports`: list of `{"name": …, "iata": …, "lat": …, "lon": …, "evidence": …}`: open ports that the register
  lacks or does not know to be open; the position may be left out where the register or the list of airports has it
- `not_open`: list of `{"port": code or IATA, "evidence": …}`: ports of unknown status that were not open on the day
- `passengers`: list of `{"year": …, "value": …, "evidence": …}`, from which the peak is taken (A-08)
- `register_is_complete`: `{"value": true, "evidence": …}`: with what is submitted here, the register holds every port
  of the province and every air port around, so that what it does not hold is not there
- `filed_on`: the day on which the application was filed (A-12)

>>> from datetime import date
>>> given, findings = read_submitted({"passengers": [{"year": 2023, "value": 1791000, "evidence": "某报"}]}, date(2024, 2, 10))
>>> given.passengers, findings
((Passengers(year=2023, value=1791000, evidence='某报'),), [])
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from kouan.basis import Finding, Place, Refused, Text
from kouan.grading.distance import ByRoad, check_point
from kouan.grading.facts_file import decode, read_bytes

RESERVED = ("road", "open_air_ports", "not_open", "passengers", "register_is_complete", "filed_on", "code", "note")
_MOST_ITEMS = 200
_FIRST_YEAR = 1949


@dataclass(frozen=True, slots=True)
class Named:
    """A port that the applicant says was open, or was not: by code, IATA or name."""

    evidence: str
    code: str = ""
    iata: str = ""
    name: Text | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Passengers:
    """The passengers of one full calendar year."""

    year: int
    value: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was submitted and can be used."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)
    roads: tuple[ByRoad, ...] = ()
    open_air_ports: tuple[Named, ...] = ()
    not_open: tuple[Named, ...] = ()
    passengers: tuple[Passengers, ...] = ()
    complete_by: str = ""
    filed_on: Any = None


NOTHING = Submitted()


def read_submitted(given: Mapping[str, Any], as_of: date) -> tuple[Submitted, list[Finding]]:
    """Read what was submitted. Values of facts are checked later, with those of the register (`read_case`)."""
    findings: list[Finding] = []
    facts: dict[str, Any] = {}
    evidence: dict[str, str] = {}
    for key, said in given.items():
        if key in RESERVED:
            continue
        if isinstance(said, dict) and "value" in said:
            facts[key] = said["value"]
            evidence[key] = _words(said.get("evidence"))
        else:
            facts[key] = said
    complete = given.get("register_is_complete")
    complete_by = _words(complete.get("evidence")) if isinstance(complete, dict) and complete.get("value") is True else ""
    if complete and not complete_by:
        findings.append(_no_evidence("register_is_complete", "名录完整的说明", "The claim that the register is complete"))
    return Submitted(
        facts, evidence,
        roads=tuple(road for each, where in _list(given, "road", findings) if (road := _road(each, where, findings))),
        open_air_ports=tuple(
            port for each, where in _list(given, "open_air_ports", findings) if (port := _named(each, where, findings))
        ),
        not_open=tuple(port for each, where in _list(given, "not_open", findings) if (port := _named(each, where, findings))),
        passengers=_passengers(given, as_of, findings),
        complete_by=complete_by, filed_on=given.get("filed_on"),
    ), findings  # fmt: skip


def read_submitted_file(path: Path) -> Mapping[str, Any]:
    """Return the JSON object in the file at `path`, numbers exact. Refused for anything else."""
    where = Place(file=path.name)
    text = decode(read_bytes(path, where), where)
    try:
        given = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise Refused.because(
            "not_json", f"文件不是 JSON：{str(error)[:80]}。", f"The file is not JSON: {str(error)[:80]}.", where=where,
            remedy=("请写成一个 JSON 键值表。", "Write one JSON object."),
        ) from error
    if not isinstance(given, dict):
        raise Refused.because(
            "not_an_object", "文件中不是键值表。", "The file holds no object.", where=where,
            remedy=("请写成 {\"事实名\": 值} 的形式。", "Write it as {\"fact\": value}."),
        )
    return given


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def peak_of(years: tuple[Passengers, ...], as_of: date) -> tuple[dict[str, Passengers], list[Finding]]:
    """Return the year of the highest figure by fact name, and a note on the years that lie behind it (A-08).

    The peak of five years is known only where all five full years before the day were submitted.
    """
    if not years:
        return {}, []
    peak = max(years, key=lambda each: (each.value, each.year))
    found = {"peak_annual_passengers": peak}
    last = range(as_of.year - 5, as_of.year)
    recent = [each for each in years if each.year in last]
    lacking = sorted(set(last) - {each.year for each in recent})
    if not lacking:
        found["peak_annual_passengers_in_five_years"] = max(recent, key=lambda each: (each.value, each.year))
    said = "、".join(str(each.year) for each in sorted(years, key=lambda each: each.year))
    notes = [Finding.info(
        "peak_of_years_given", f"旅客吞吐量峰值取自所报的{len(years)}个年度（{said}），最高为{peak.year}年；未报年度如更高，峰值也更高。",
        f"The peak is that of the {len(years)} years submitted ({said.replace('、', ', ')}), highest in {peak.year}; a year that was not "
        "submitted may be higher.",
        where=Place(field="passengers"), measured=f"{peak.value}",
    )]  # fmt: skip
    if lacking:
        notes.append(Finding.info(
            "five_years_not_whole", f"最近五个完整年度中缺{'、'.join(map(str, lacking))}年，不能得出近五年峰值。",
            f"Of the last five full years {', '.join(map(str, lacking))} were not submitted, so there is no peak of five years.",
            where=Place(field="passengers"), remedy=("如按近五年计算，请补报。", "Submit them where the peak of five years matters."),
        ))  # fmt: skip
    return found, notes


def _list(given: Mapping[str, Any], key: str, findings: list[Finding]) -> list[tuple[Mapping[str, Any], Place]]:
    said = given.get(key)
    if said is None:
        return []
    if not isinstance(said, list) or len(said) > _MOST_ITEMS or not all(isinstance(each, dict) for each in said):
        findings.append(Finding.error(
            "wrong_type", f"“{key}”应为键值表的列表，至多{_MOST_ITEMS}项，未予采用。",
            f"“{key}” must be a list of objects, {_MOST_ITEMS} at most; it was not used.", where=Place(field=key),
            remedy=("请按说明的格式改写。", "Write it as the manual says."),
        ))  # fmt: skip
        return []
    return [(each, Place(field=f"{key}[{number}]")) for number, each in enumerate(said, 1)]


def _road(said: Mapping[str, Any], where: Place, findings: list[Finding]) -> ByRoad | None:
    port = _words(said.get("port"))
    numbers = {key: _number(said.get(key), key, where, most, findings) for key, most in (("road_km", 10_000), ("driving_hours", 240))}
    if not port or all(value is None for value in numbers.values()):
        findings.append(Finding.error(
            "road_incomplete", "公路里程须写明口岸，并至少有里程或车程之一，未予采用。",
            "A road needs its port, and kilometres or hours; it was not used.", where=where,
            remedy=("请填写 port，以及 road_km 或 driving_hours。", "Give port, and road_km or driving_hours."),
        ))  # fmt: skip
        return None
    # Without evidence it is refused where it would be used, by `measure`.
    return ByRoad(port, _words(said.get("evidence")), **numbers)


def _named(said: Mapping[str, Any], where: Place, findings: list[Finding]) -> Named | None:
    port, iata = _words(said.get("port")), _words(said.get("iata")).upper()
    if len(port) == 3 and port.isascii() and not iata:
        port, iata = "", port.upper()
    name = _words(said.get("name"))
    if not (port or iata):
        findings.append(Finding.error(
            "port_not_named", "没有写明是哪个口岸（port 或 iata），未予采用。", "The port is not named (port or iata); it was not used.",
            where=where, remedy=("请填写口岸代码或 IATA 代码。", "Give the port's code or its IATA code."),
        ))  # fmt: skip
        return None
    evidence = _words(said.get("evidence"))
    if not evidence:
        findings.append(_no_evidence(where.field or "", f"口岸“{port or iata}”的开放情况", f"Whether “{port or iata}” was open"))
        return None
    position = [said.get(key) for key in ("lat", "lon")]
    numbers = [float(each) for each in position if isinstance(each, int | float | Decimal) and not isinstance(each, bool)]
    if any(each is not None for each in position):
        faults = [each.at(where) for each in check_point(*numbers)] if len(numbers) == 2 else [Finding.error(
            "impossible_position", "坐标应为十进制度的数字（lat、lon）。", "A position is two numbers in degrees (lat, lon).",
            where=where, remedy=("请填写 WGS84 十进制度。", "Give decimal degrees on WGS84."),
        )]  # fmt: skip
        if faults:
            findings += faults
            return None
    latitude, longitude = numbers if numbers else (None, None)
    return Named(evidence, port, iata, Text(name, name) if name else None, latitude, longitude)


def _passengers(given: Mapping[str, Any], as_of: date, findings: list[Finding]) -> tuple[Passengers, ...]:
    found: dict[int, Passengers] = {}
    for said, where in _list(given, "passengers", findings):
        year, value = said.get("year"), _number(said.get("value"), "value", where, 1_000_000_000, findings)
        evidence = _words(said.get("evidence"))
        if not isinstance(year, int) or isinstance(year, bool) or not _FIRST_YEAR <= year < as_of.year:
            findings.append(Finding.error(
                "year_not_full", f"年度“{year}”不是截至{as_of.isoformat()}已满的公历年度，未予采用。",
                f"“{year}” is no calendar year that was full by {as_of.isoformat()}; it was not used.", where=where,
                required=f"{_FIRST_YEAR}–{as_of.year - 1}", remedy=("请填写完整年度。", "Give full years."),
            ))  # fmt: skip
        elif value is None or value != value.to_integral_value():
            findings.append(Finding.error(
                "not_whole", f"{year}年旅客吞吐量缺少或不是整数，未予采用。", f"The passengers of {year} are missing or no whole number; not used.",
                where=where, remedy=("请填写人次，如 1791000。", "Give the number of passengers, such as 1791000."),
            ))  # fmt: skip
        elif not evidence:
            findings.append(_no_evidence(where.field or "", f"{year}年旅客吞吐量", f"The number of passengers of {year}"))
        elif year in found:
            findings.append(Finding.error(
                "year_given_twice", f"{year}年报了两次，采用先报的一次。", f"{year} was given twice; the first is used.", where=where,
                remedy=("请只保留一次。", "Keep one of them."),
            ))  # fmt: skip
        else:
            found[year] = Passengers(year, int(value), evidence)
    return tuple(found[year] for year in sorted(found))


def _number(said: Any, key: str, where: Place, most: int, findings: list[Finding]) -> Decimal | None:
    if said is None:
        return None
    number = None
    if isinstance(said, int | float | Decimal) and not isinstance(said, bool):
        number = Decimal(repr(said)) if isinstance(said, float) else Decimal(said)
    if number is None or not number.is_finite() or not 0 <= number <= most:
        findings.append(Finding.error(
            "impossible_figure", f"“{key}”不是0至{most}之间的数，未予采用。", f"“{key}” is no number from 0 to {most}; it was not used.",
            where=where, measured=str(said)[:40], required=f"0–{most}",
            remedy=("请填写不加引号的数字。", "Write a number without quotation marks."),
        ))  # fmt: skip
        return None
    return number


def _words(said: Any) -> str:
    return said.strip()[:300] if isinstance(said, str) else ""


def _no_evidence(key: str, zh: str, en: str) -> Finding:
    return Finding.error(
        "no_evidence", f"{zh}没有注明依据，未予采用。", f"{en} names no evidence; it was not used.", where=Place(field=key),
        remedy=("请在 evidence 中写明文件、公报或来源及日期。", "Name the document, bulletin or source with its day under evidence."),
    )  # fmt: skip
