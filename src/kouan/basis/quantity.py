"""Quantities: a number with its unit, converted and added exactly.

>>> Quantity.of("22190000000", "t").to("亿吨").value
Decimal('221.9')
>>> print(Quantity.of(933, "10k TEU"))
933万标箱
>>> (Quantity.of("1.5", "万吨") + Quantity.of(250, "t")).display("en")
'15,250 t'

Arithmetic stays within a dimension: tonnes never become person-crossings, and vessels' movements
never aircraft's, though both may be added up as movements of conveyances.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import total_ordering
from typing import Any

from kouan.basis import numbers
from kouan.basis.finding import Finding, Place, Refused
from kouan.basis.units import Unit, convert, find, general_unit, get, incompatible, unit_missing


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A decimal value in a unit. Equal quantities compare and hash equal whatever their unit.

    >>> Quantity.of(1, "万吨") == Quantity.of(10000, "t")
    True
    """

    value: Decimal
    unit: Unit

    @classmethod
    def of(cls, value: Decimal | int | str, unit: Unit | str) -> Quantity:
        """Make a quantity. A float is refused (TypeError): it has already lost exactness."""
        if isinstance(value, float):
            raise TypeError("a float is not exact; pass Decimal, int or text")
        return cls(Decimal(value), unit if isinstance(unit, Unit) else get(unit))

    @classmethod
    def read(cls, text: str, *, where: Place | None = None) -> Quantity | Finding:
        """Read "12.5万吨", "221.9 亿吨" or "933 10k TEU"; hand back the finding if it cannot be.

        >>> Quantity.read("1,234.5万人次").to("person_crossings").value
        Decimal('12345000')
        """
        match = re.match(
            r"\s*([+\-−－]?[\d０-９][\d０-９.．,，  ']*?)\s*((?:10k|1e\d+|100m|10\^\d+)\b.*|[^\d０-９\s.,，'].*)$",
            text,
        )
        if not match:
            answer = numbers.parse(text, where=where)
            return answer if isinstance(answer, Finding) else unit_missing(where)
        value = numbers.parse(match[1], where=where)
        if isinstance(value, Finding):
            return value
        if match[2] in numbers.MYRIADS:
            return unit_missing(where)
        unit = find(match[2], where=where)
        return unit if isinstance(unit, Finding) else cls(value, unit)

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """As `read`, but raise Refused with the finding."""
        answer = cls.read(text)
        if isinstance(answer, Finding):
            raise Refused(answer)
        return answer

    def to(self, unit: Unit | str, *, places: int | None = None) -> Quantity:
        """Return the same quantity in another unit (errors as `convert`)."""
        target = unit if isinstance(unit, Unit) else get(unit)
        return Quantity(convert(self.value, self.unit, target, places=places), target)

    def to_base(self) -> Quantity:
        """Return it without myriad: 万吨 in 吨, 亿元 in 元."""
        return self.to(self.unit.base_code)

    # ---- arithmetic within a dimension ------------------------------------------------------------

    def _together(self, other: Quantity) -> tuple[Decimal, Decimal, Unit]:
        """Bring two quantities to one unit: the finer of the two, general if their kinds differ."""
        if not isinstance(other, Quantity):
            raise TypeError(f"a quantity is needed, not {other!r}")
        if self.unit is other.unit:
            return self.value, other.value, self.unit
        if self.unit.dimension != other.unit.dimension:
            raise Refused(incompatible(other.unit, self.unit))
        if self.unit.kind != other.unit.kind:
            unit = general_unit(self.unit.dimension)
        else:
            unit = min(self.unit, other.unit, key=lambda u: u.factor)
        return self.to(unit).value, other.to(unit).value, unit

    def __add__(self, other: Quantity) -> Quantity:
        a, b, unit = self._together(other)
        return Quantity(numbers.EXACT.add(a, b), unit)

    def __sub__(self, other: Quantity) -> Quantity:
        a, b, unit = self._together(other)
        return Quantity(numbers.EXACT.subtract(a, b), unit)

    def __mul__(self, times: Decimal | int) -> Quantity:
        if isinstance(times, float):
            raise TypeError("a float is not exact; pass Decimal or int")
        return Quantity(numbers.EXACT.multiply(self.value, Decimal(times)), self.unit)

    __rmul__ = __mul__

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, self.unit)

    def __abs__(self) -> Quantity:
        return Quantity(abs(self.value), self.unit)

    def __bool__(self) -> bool:
        return bool(self.value)

    def ratio_to(self, other: Quantity) -> Fraction:
        """Return this divided by `other`, exactly (ZeroDivisionError when `other` is zero)."""
        a, b, _ = self._together(other)
        return Fraction(a) / Fraction(b)

    # ---- comparison: by the exact amount in the dimension's base unit -----------------------------

    def _amount(self) -> Fraction:
        return Fraction(self.value) * self.unit.factor

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        same_thing = (self.unit.dimension, self.unit.kind) == (other.unit.dimension, other.unit.kind)
        return same_thing and self._amount() == other._amount()

    def __lt__(self, other: Quantity) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        if not self.unit.converts_to(other.unit):
            raise Refused(incompatible(other.unit, self.unit))
        return self._amount() < other._amount()

    def __hash__(self) -> int:
        return hash((self.unit.dimension, self.unit.kind, self._amount()))

    # ---- words ------------------------------------------------------------------------------------

    def display(self, language: str = "zh", places: int = 2) -> str:
        """Write it as officials would: 221.9亿吨 in Chinese, 22.19 billion t in English.

        Rounded for reading (`places` decimals of the scale shown); `exact` gives every digit.
        """
        english = language[:2].lower() == "en"
        if self.unit.top_scale is None:
            number = numbers.plain(numbers.round_half_up(self.value, places), grouped=english)
            return _join(number, self.unit.name.in_language(language), english)
        base = self.to_base()
        if english:
            return _join(numbers.format_en(base.value, places), base.unit.name.en, True)
        return numbers.format_zh(base.value, places, top=self.unit.top_scale) + base.unit.name.zh

    def exact(self, language: str = "zh") -> str:
        """Write every digit in the unscaled unit: the text on hover and in exports.

        >>> Quantity.of("146.37", "万亿元").exact("en")
        '146,370,000,000,000 CNY'
        """
        english = language[:2].lower() == "en"
        base = self.to_base()
        return _join(
            numbers.plain(base.value, grouped=english), base.unit.name.in_language(language), english
        )

    def as_dict(self) -> dict[str, Any]:
        """Return {"value": text, "unit": code}; the value as text, so that JSON keeps it exact."""
        return {"value": numbers.plain(self.value), "unit": self.unit.code}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Quantity:
        """Rebuild a quantity from `as_dict()`."""
        return cls.of(data["value"], data["unit"])

    def __str__(self) -> str:
        return numbers.plain(self.value) + self.unit.name.zh


def _join(number: str, unit: str, english: bool) -> str:
    return f"{number} {unit}".rstrip() if english and unit not in ("%", "‰") else number + unit
