"""Units of measure: their codes, the spellings found in sheets and press releases, conversion.

Units stand in units.yaml, with the Chinese and English myriads: 万吨, 亿人次, 10k TEU, 1e8 CNY.

>>> get("万吨").code, get("10k TEU").code, get("亿辆（架、列、艘）次").code
('wan_t', 'wan_teu', 'yi_movements')
>>> convert(Decimal("221.9"), "亿吨", "t")
Decimal('22190000000')

Conversion stays within a dimension: tonnes never become person-crossings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, Inexact
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import yaml

from kouan.basis import numbers
from kouan.basis.finding import Finding, Place, Refused
from kouan.basis.names import half_width, likeness, nearest
from kouan.basis.text import Text

# code prefix, Chinese, times, English spellings
_MYRIADS: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
    ("qian", "千", 10**3, ("thousand ", "1000 ", "1e3 ", "10^3 ", "k")),
    ("wan", "万", 10**4, ("10k ", "10,000 ", "10000 ", "1e4 ", "10^4 ", "ten thousand ")),
    ("shi_wan", "十万", 10**5, ("100k ", "1e5 ")),
    ("bai_wan", "百万", 10**6, ("million ", "1e6 ", "10^6 ", "mn ")),
    ("qian_wan", "千万", 10**7, ("10m ", "1e7 ", "10 million ")),
    ("yi", "亿", 10**8, ("100m ", "1e8 ", "10^8 ", "100 million ")),
    ("shi_yi", "十亿", 10**9, ("billion ", "1e9 ", "10^9 ", "bn ")),
    ("wan_yi", "万亿", 10**12, ("trillion ", "1e12 ", "10^12 ")),
)
_ENGLISH_MYRIAD = {"qian": "thousand", "wan": "10,000", "shi_wan": "100,000", "bai_wan": "million",
                   "qian_wan": "10 million", "yi": "100 million", "shi_yi": "billion", "wan_yi": "trillion"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `factor` of the base unit of its `dimension` make one; `kind` says what it counts."""

    code: str  # units are told apart by their code alone, which keeps look-ups cheap
    dimension: str = field(compare=False)
    name: Text = field(compare=False)
    factor: Fraction = field(default=Fraction(1), compare=False)
    kind: str | None = field(default=None, compare=False)
    base_code: str = field(default="", compare=False)  # the unscaled unit: t for wan_t
    top_scale: str | None = field(default=None, compare=False)  # largest myriad in Chinese display

    def converts_to(self, other: Unit) -> bool:
        """Whether figures in this unit may be written in the other.

        Two kinds of one dimension do not convert, but each converts to and from the general unit:
        a press release says 10,000 movements where the row's measure says aircraft.
        """
        return self.dimension == other.dimension and (
            self.kind == other.kind or self.kind is None or other.kind is None
        )

    def __str__(self) -> str:
        return self.code


class UnknownUnit(Refused):
    """No unit is known by that name; the finding (`unknown_unit`) suggests the nearest."""


class InexactConversion(ValueError):
    """The converted figure has no finite decimal form (20 minutes in hours); say how many places."""


@lru_cache(maxsize=1)
def _registry() -> tuple[dict[str, Unit], dict[str, Unit]]:
    """Load units.yaml: units by code, and units by normalised spelling."""
    # The safe parser in C, where PyYAML has it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load((Path(__file__).parent / "units.yaml").read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    by_code: dict[str, Unit] = {}
    by_name: dict[str, Unit] = {}

    def enter(spelling: str, unit: Unit) -> None:
        known = by_name.setdefault(_spelling(spelling), unit)
        if known is not unit:
            raise ValueError(f"units.yaml: {spelling!r} names both {known.code} and {unit.code}")

    for code, entry in data["units"].items():
        names = [entry["zh"], entry["en"], *entry["aliases"]]
        base = Unit(
            code=code,
            dimension=entry["dimension"],
            name=Text(entry["zh"], entry["en"]),
            factor=Fraction(entry.get("factor", 1)),
            kind=entry.get("kind"),
            base_code=code,
            top_scale=entry.get("top", "亿") if entry.get("scaled") else None,
        )
        by_code[code] = base
        for name in (code, *filter(None, names)):
            enter(name, base)
        if entry.get("scaled"):
            for prefix, zh, times, english in _MYRIADS:
                unit = _scaled(base, prefix, zh, times)
                by_code[unit.code] = unit
                enter(unit.code, unit)
                enter(unit.name.zh, unit)
                if base.name.en:
                    enter(unit.name.en, unit)
                for name in filter(None, (code, *names)):
                    enter(zh + name, unit)  # 万吨, and 万TEU as many write
                    if name.isascii():
                        for word in english:
                            # A bare k is used before the tonne only; elsewhere it would be unclear.
                            if word != "k" or name == "t":
                                enter(word + name, unit)
    for spelling, code in data["aliases"].items():
        enter(spelling, by_code[code])
    return by_code, by_name


def _scaled(base: Unit, prefix: str, zh: str, times: int) -> Unit:
    return Unit(
        code=f"{prefix}_{base.code}",
        dimension=base.dimension,
        name=Text(zh + base.name.zh, f"{_ENGLISH_MYRIAD[prefix]} {base.name.en}".rstrip()),
        factor=base.factor * times,
        kind=base.kind,
        base_code=base.code,
        top_scale=base.top_scale,
    )


_LONGEST = 200


def _spelling(name: str) -> str:
    """Spellings differ by width, case, brackets and spaces; none of that makes another unit.

    The one case that matters, m (metre) and M (million), does not occur: million is spelt out.
    """
    plain = half_width(name).casefold().replace("_", " ").replace("-", " ")
    plain = re.sub(r"[()（）、,·]", "", plain)
    return re.sub(r"\s+", "", plain)


def get(name: str) -> Unit:
    """Return a unit by code or spelling; raise UnknownUnit with suggestions."""
    # No spelling is so long; a cell of a million characters is neither compared with each nor kept.
    return _got(name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…")


@lru_cache(maxsize=4096)
def _got(name: str) -> Unit:
    by_code, by_name = _registry()
    unit = by_code.get(name) or by_name.get(_spelling(name))
    if unit is None:
        raise UnknownUnit(_unknown(name))
    return unit


def find(name: str, *, fits: Unit | None = None, where: Place | None = None) -> Unit | Finding:
    """As `get`, but hand the finding back: for readers that go on with the next row. `fits`: the unit of
    the measure that is meant; units that convert to it are suggested first, or all listed."""
    try:
        return get(name)
    except UnknownUnit as refusal:
        finding = _unknown(name[:_LONGEST], fits) if fits is not None else refusal.findings[0]
        return finding.at(where) if where else finding


def all_units() -> Mapping[str, Unit]:
    """Return every unit by code, the scaled ones included."""
    return _registry()[0]


def unit_missing(where: Place | None = None) -> Finding:
    """Return the finding that a figure has no unit."""
    return Finding.error(
        "unit_missing",
        "缺少计量单位。",
        "The unit is missing.",
        where=where,
        remedy=("请填写计量单位，如吨、万吨、人次。", "Give the unit, such as t, 10k t, person-crossings."),
    )


def _near(name: str) -> list[tuple[str, Unit]]:
    """Spellings like `name`, best first, each unit once: what it contains, then what it resembles."""
    by_name = _registry()[1]
    wanted = _spelling(name)
    language = "en" if name.isascii() else "zh"
    # 公斤x and 人次数 hold a spelling that is known; the longest says most. A single letter says nothing.
    held = sorted(
        (word for word in by_name if word in wanted and (len(word) > 1 or not word.isascii())), key=lambda word: -len(word)
    )
    found = [(word, by_name[word]) for word in held if len(word) > 1][:3]
    names = {word: u for u in all_units().values() if (word := u.name.in_language(language))}
    order = {word: place for place, word in enumerate(names)}
    # Of equally near names the registry's first is the likeliest: tonnes stand before mu.
    like = sorted(nearest(name, names, n=len(names)), key=lambda word: (-likeness(name, word), order[word]))
    found += [(word, names[word]) for word in like]
    found += [(word, by_name[word]) for word in held if len(word) == 1]
    first: dict[str, tuple[str, Unit]] = {}
    for word, unit in found:
        first.setdefault(unit.code, (word, unit))
    return list(first.values())


def fitting(unit: Unit) -> list[Unit]:
    """The units in which a measure of this unit is usually reported: the unit, its 万 and 亿, and its like.

    >>> [each.name.zh for each in fitting(get("t"))]
    ['吨', '万吨', '亿吨', '千克']
    """
    own = [each for each in all_units().values() if each.base_code == unit.base_code and each.factor / unit.factor in (1, 10**4, 10**8)]
    like = [
        each for each in all_units().values()
        if each.base_code == each.code != unit.base_code and each.kind == unit.kind and each.converts_to(unit)
    ]
    return own + like


def _unknown(name: str, fits: Unit | None = None) -> Finding:
    if not name.strip():
        return unit_missing()
    found = _near(name)
    if fits is None:
        near = [word for word, _ in found[:3]]
    else:
        right = [word for word, unit in found if unit.converts_to(fits)][:2]
        near = right + [word for word, unit in found if not unit.converts_to(fits) and likeness(name, word) > 0.5][:2]
    zh = f"是否为：{'、'.join(near)}？" if near else ""
    en = f"Did you mean {', '.join(near)}? " if near else ""
    if fits is not None:
        zh += f"该指标可用：{'、'.join(each.name.zh or each.code for each in fitting(fits))}。"
        en += f"The measure takes: {', '.join(each.name.en or each.code for each in fitting(fits))}. "
    return Finding.error(
        "unknown_unit",
        f"没有计量单位“{name}”。",
        f"There is no unit “{name}”.",
        measured=name,
        remedy=(f"{zh}请使用系统登记的计量单位。", f"{en}Use a registered unit."),
    )


@lru_cache(maxsize=4096)
def _ratio(source: Unit, target: Unit) -> tuple[Decimal, Decimal]:
    if not source.converts_to(target):
        raise Refused(incompatible(source, target))
    ratio = source.factor / target.factor
    return Decimal(ratio.numerator), Decimal(ratio.denominator)


def incompatible(source: Unit, target: Unit) -> Finding:
    """Return the finding that one unit cannot be written in another."""
    zh, en = (f"{source.name.zh or source.code}", f"{source.name.en or source.code}")
    return Finding.error(
        "units_incompatible",
        f"“{zh}”不能换算为“{target.name.zh or target.code}”。",
        f"“{en}” cannot be converted to “{target.name.en or target.code}”.",
        measured=zh,
        required=target.name.zh or target.code,
        remedy=("请核对指标及其计量单位。", "Check the measure and its unit."),
    )


def convert(value: Decimal, source: Unit | str, target: Unit | str, *, places: int | None = None) -> Decimal:
    """Convert a number exactly. The quick way for bulk intake; `Quantity.to` is the same.

    Raises Refused (`units_incompatible`) across dimensions, and InexactConversion where no finite
    decimal exists and `places` (decimals kept, ties up) is not given.

    >>> convert(Decimal("90"), "minutes", "hours")
    Decimal('1.5')
    >>> convert(Decimal("20"), "minutes", "hours", places=3)
    Decimal('0.333')
    """
    source = source if isinstance(source, Unit) else get(source)
    target = target if isinstance(target, Unit) else get(target)
    if source is target:
        return value
    times, parts = _ratio(source, target)
    product = numbers.EXACT.multiply(value, times)
    if parts == 1:
        return numbers.tidy(product)
    if places is not None:
        return numbers.tidy(numbers.round_half_up(numbers.EXACT.divide(product, parts), places))
    try:
        return numbers.tidy(_STRICT.divide(product, parts))
    except Inexact:
        raise InexactConversion(
            f"{value} {source.code} has no finite decimal form in {target.code}; give places="
        ) from None


# As numbers.EXACT, but a quotient without end is an error and not rounded.
_STRICT = Context(prec=numbers.EXACT.prec, traps=[Inexact])


@lru_cache(maxsize=64)
def general_unit(dimension: str) -> Unit:
    """Return the base unit of a dimension that names no kind (movements, for 艘次 and 架次)."""
    return next(
        u for u in all_units().values() if u.dimension == dimension and u.kind is None and u.factor == 1
    )
