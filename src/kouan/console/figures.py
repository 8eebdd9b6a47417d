"""A figure as pages show it: with unit, period, origin and a way to its source.

>>> Figure(Decimal("15824563"), "person_crossings", Period.year(2023), "counterpart").short("zh")
'1582.46万人次'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import Period, Quantity, Text, clock, numbers, quantity
from kouan.console.words import here, page_language

NOT_REPORTED = Text("未报送", "Not reported")


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of a figure that is not whole: the part, and how many of the expected reports it rests on.

    >>> Part(Decimal(550821), 18, 24).words("zh"), Part(Decimal(550821), 18, 24).words("en")
    ('数据不全 18/24，已有 550,821', 'Incomplete 18/24, 550,821 so far')
    """

    value: Decimal
    present: int
    expected: int

    def words(self, language: str, amount: str = "") -> str:
        """数据不全, the count of reports and the part; ``amount`` where it is to be said otherwise than in full."""
        said = amount or numbers.plain(self.value, grouped=True)
        if language == "zh":
            return f"数据不全 {self.present}/{self.expected}，已有 {said}"
        return f"Incomplete {self.present}/{self.expected}, {said} so far"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; the amount as a plain number."""
        value = int(self.value) if self.value == int(self.value) else float(self.value)
        return {"partial": value, "present": self.present, "expected": self.expected}


@dataclass(frozen=True, slots=True)
class Figure:
    """One value; ``value=None`` is 未报送, never zero, or 数据不全 where ``part`` says what is there.

    ``source_url`` leads to where it was read.
    """

    value: Decimal | int | None
    unit: str
    period: Period | None = None
    origin: str | None = None
    source_url: str = ""
    note: Text | None = None
    label: Text | None = None
    part: Part | None = None

    def short(self, language: str) -> str:
        """For reading: 万 or 亿 in Chinese, thousands or millions in English, with the unit."""
        if self.value is None:
            return self._missing(language, lambda amount: amount.display(language))
        return Quantity.of(Decimal(self.value), self.unit).display(language)

    def exact(self, language: str) -> str:
        """Every digit, with the unit: shown on hover and to screen readers."""
        if self.value is None:
            return self._missing(language, lambda amount: amount.exact(language))
        return Quantity.of(Decimal(self.value), self.unit).exact(language)

    def _missing(self, language: str, say: Callable[[Quantity], str]) -> str:
        if self.part is None:
            return NOT_REPORTED.in_language(language)
        return self.part.words(language, say(Quantity.of(self.part.value, self.unit)))


def is_number(value: object) -> bool:
    """Whether a value is shown and sorted as a number."""
    return isinstance(value, Decimal | int | float) and not isinstance(value, bool)


def number(value: Any, *, shorten: bool = True, places: int = 2) -> SafeString | str:
    """A number as text, the exact one on hover where it was shortened; a dash for None."""
    if value is None:
        return "—"
    amount = value if isinstance(value, Decimal) else Decimal(str(value))
    exact = numbers.plain(amount, grouped=True)
    if not shorten:
        return numbers.plain(numbers.round_half_up(amount, places), grouped=True)
    short = numbers.format_zh(amount, places) if page_language() == "zh" else numbers.format_en(amount, places)
    if short.replace(",", "") == exact.replace(",", ""):
        return exact
    return format_html('<data value="{}" title="{}">{}</data>', numbers.plain(amount, grouped=False), exact, short)


# In English every digit is shorter than "3.30 million", and a column of thousands aligns by itself.
_SCALES: dict[str, tuple[tuple[Decimal, str], ...]] = {"zh": ((Decimal(10**8), "亿"), (Decimal(10**4), "万")), "en": ()}
_HUNDREDTH = Decimal("0.01")


def column_number(value: Decimal | int | float | None, language: str, part: Part | None = None) -> str:
    """A number for a column, as HTML: two decimals after 万 or 亿, so that points align; exact on hover.

    Without a value 未报送, or 数据不全 with the ``part`` that is there.

    >>> column_number(Decimal(31340051), "zh")
    '<data value="31340051" title="31,340,051">3134.01万</data>'
    >>> column_number(5234.3, "zh")
    '5,234.3'
    """
    if value is None:
        if part is not None:
            return f'<span class="is-missing is-part">{part.words(language)}</span>'
        return f'<span class="is-missing">{NOT_REPORTED.in_language(language)}</span>'
    # A float as it is written: 0.1, and not the binary fraction nearest to it.
    amount = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    exact = numbers.plain(amount, grouped=True)
    for scale, word in _SCALES[language]:
        if abs(amount) >= scale:
            short = (amount / scale).quantize(_HUNDREDTH, ROUND_HALF_UP)
            return f'<data value="{amount:f}" title="{exact}">{short}{word}</data>'
    return exact


def percent(value: Any, places: int = 1, *, signed: bool = False) -> str:
    """A ratio as a percentage; ``signed`` writes + for growth. A dash for None.

    >>> percent(Decimal("0.1234"), signed=True), percent(None)
    ('+12.3%', '—')
    """
    if value is None:
        return "—"
    amount = value if isinstance(value, Decimal) else Decimal(str(value))
    rounded = numbers.round_half_up(amount * 100, places)
    sign = "+" if signed and rounded > 0 else ""
    return f"{sign}{numbers.plain(rounded, grouped=False)}%"


def share(value: Any) -> str:
    """A share of a limit as a percentage, cut and never rounded up: 99.999% of a limit must not read as 100%.

    >>> share(Decimal("0.99999")), share(Decimal("1.25")), share(None)
    ('99.99%', '125%', '—')
    """
    if value is None:
        return "—"
    cut = (Decimal(str(value)) * 100).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    return f"{numbers.plain(cut, grouped=False)}%"


def day(value: date | datetime | None) -> str:
    """2023年3月6日, or 6 March 2023; an instant is shown by its day in Beijing."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = clock.day_of(value)
    return Period.day(value).label(page_language())


def moment(value: datetime | None) -> str:
    """2023年3月6日 14:05 in Beijing time."""
    if value is None:
        return "—"
    local = value.astimezone(clock.BEIJING)
    return f"{Period.day(local.date()).label(page_language())} {local:%H:%M}"


def period(value: Period | str | None) -> str:
    """A period, or its code, as an official would write it; words that are no code stay as they are."""
    if value is None or value == "":
        return "—"
    found = value if isinstance(value, Period) else Period.read(value)
    return found.label(page_language()) if isinstance(found, Period) else str(value)


def unit_name(code: str) -> str:
    """The printed name of a unit in the page's language."""
    return here(quantity.get(code).name)
