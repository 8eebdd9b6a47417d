"""Numerals as clerks write them, and as officials read them.

Reading: `parse` answers an exact Decimal or a Finding, never a guess. A dash or an empty cell is
"not reported", not zero (中国统计年鉴 uses the blank for unknown or none, and zero is written 0).

>>> parse("１，２３４"), parse("12.5万")
(Decimal('1234'), Decimal('125000'))
>>> parse("1.234,5").code, parse("—").code
('number_ambiguous', 'number_missing')

Writing: `format_zh` and `format_en` shorten for reading (万, 亿; million, billion). Exports and the
text on hover use `plain`, which gives every digit.

>>> format_zh(Decimal("22190000000")), format_en(Decimal("22190000000"))
('221.9亿', '22.19 billion')
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache

from kouan.basis.finding import Finding, Place
from kouan.basis.names import half_width

# Chinese myriads that follow a numeral. 十, 百 and 千 alone are words, not multipliers, in tables.
MYRIADS: dict[str, Decimal] = {
    "万亿": Decimal(10**12),
    "亿": Decimal(10**8),
    "千万": Decimal(10**7),
    "百万": Decimal(10**6),
    "十万": Decimal(10**5),
    "万": Decimal(10**4),
    "千": Decimal(10**3),
}
_MISSING = frozenset({"", "-", "--", "---", "—", "——", "–", "−", "/", "\\", "...", "…", "……", "n/a", "na", "#n/a",
                      "n.a.", "nil", "null", "none", "nan", "无", "缺", "暂无", "未报", "未报送", "不详"})  # fmt: skip
_SIGN = r"(?P<sign>[+-]?)"
_PLAIN = re.compile(rf"{_SIGN}(?P<digits>\d+(?:\.\d+)?|\.\d+)", re.ASCII)
# Groups of three, all with the same separator; a comma, or the thin and ordinary spaces of ISO 80000-1.
_GROUPED = re.compile(
    rf"{_SIGN}(?P<digits>\d{{1,3}}(?:(?P<s>[, '])\d{{3}})(?:(?P=s)\d{{3}})*(?:\.\d+)?)", re.ASCII
)
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?e[+-]?\d+", re.ASCII | re.IGNORECASE)
_APPROXIMATE = re.compile(
    r"约|近|超|逾|余|多|左右|上下|以上|以下|[~≈<>≤≥＜＞]|\babout\b|\bover\b|\bmore than\b|\bnearly\b",
    re.IGNORECASE,
)
_SPACES = str.maketrans(dict.fromkeys("\u2009\u202f\u2007\u2002\u2003\t", " "))
# More digits than any published figure has, and few enough for every store (numeric(38, 12)).
_LONGEST = 400
_MAX_DIGITS = 26
_REMEDY = ("请填写阿拉伯数字，如 1234 或 1,234.5。", "Write digits, such as 1234 or 1,234.5.")


def parse(value: object, *, where: Place | None = None, scientific: bool = False) -> Decimal | Finding:
    """Read a number exactly, or say in a Finding why it cannot be read.

    Text may carry thousand separators (all of one kind, groups of three), full-width characters and
    a myriad (12万, 3.2亿). Numbers from a spreadsheet pass through; a float is read as its shortest
    decimal form (0.1 is 0.1). Scientific notation is refused unless `scientific`: a CSV saved by a
    spreadsheet writes 1.23E+11 after it has dropped the other digits.

    Codes of findings: number_missing (warning), number_ambiguous, number_approximate,
    number_scientific, number_not_finite, number_too_long, number_unreadable.
    """
    if isinstance(value, str):
        if value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
            return Decimal(value)  # nearly every cell of a large file
        # Nobody writes a number so long; neither patterns nor the memory of cells read before shall meet one of a million digits.
        answer = _too_long(value) if len(value) > _LONGEST and len(value.strip()) > _LONGEST else _parse_text(value, scientific)
    elif value is None:
        answer = _parse_text("", scientific)
    elif isinstance(value, bool):
        answer = _unreadable(str(value))
    elif isinstance(value, int):
        answer = Decimal(value) if -(10**18) < value < 10**18 else _within(Decimal(value), str(value))
    elif isinstance(value, float):
        answer = _within(Decimal(repr(value)), repr(value)) if math.isfinite(value) else _not_finite(value)
    elif isinstance(value, Decimal):
        answer = _within(value, str(value)) if value.is_finite() else _not_finite(value)
    else:
        answer = _unreadable(str(value))
    if where is not None and isinstance(answer, Finding):
        return answer.at(where)
    return answer


@lru_cache(maxsize=65536)
def _parse_text(text: str, scientific: bool) -> Decimal | Finding:
    plain = half_width(text).translate(_SPACES).replace("−", "-").strip()
    if plain.casefold() in _MISSING:
        return Finding.warning(
            "number_missing",
            "此处没有数字，按未报送处理，不作零计。",
            "There is no number here; it counts as not reported, not as zero.",
            measured=text or None,
            remedy=("确为零的，请填 0。", "If the figure is zero, write 0."),
        )
    body, factor = plain, Decimal(1)
    for word, times in MYRIADS.items():
        if plain.endswith(word):
            body, factor = plain[: -len(word)].rstrip(), times
            break
    match = _PLAIN.fullmatch(body) or _GROUPED.fullmatch(body)
    if match:
        digits = match["sign"] + re.sub("[, ']", "", match["digits"])
        return _within(_scaled(Decimal(digits), factor), text)
    if _SCIENTIFIC.fullmatch(plain):
        if scientific:
            try:
                return _within(Decimal(plain), text)
            except InvalidOperation:  # an exponent beyond all measure
                return _too_long(text)
        return Finding.error(
            "number_scientific",
            f"“{text}”是科学计数法，保存时可能已丢失后面的数字。",
            f"“{text}” is in scientific notation; digits may have been lost when the file was saved.",
            measured=text,
            remedy=(
                "请将该列设为数值格式后重新保存。",
                "Format the column as number and save the file again.",
            ),
        )
    if re.fullmatch(r"[+-]?[\d., ']*\d[\d., ']*", body, re.ASCII):
        return Finding.error(
            "number_ambiguous",
            f"“{text}”的分隔符有多种读法，无法确定小数点的位置。",
            f"The separators of “{text}” can be read in several ways; the decimal point is not certain.",
            measured=text,
            remedy=("请写成 1234.5 或 1,234.5。", "Write 1234.5 or 1,234.5."),
        )
    if re.search(r"\d", plain, re.ASCII) and _APPROXIMATE.search(text):
        return Finding.error(
            "number_approximate",
            f"“{text}”是约数，不是确切数字。",
            f"“{text}” is an approximate figure, not an exact one.",
            measured=text,
            remedy=(
                "请填写确切数字，约数写入备注。",
                "Give the exact figure; put the approximation in the note.",
            ),
        )
    return _unreadable(text)


def _scaled(value: Decimal, factor: Decimal) -> Decimal:
    return value if factor == 1 else EXACT.multiply(value, factor)


# Enough precision for any product of two accepted numbers, so that nothing is ever rounded on the way.
EXACT = Context(prec=64, rounding=ROUND_HALF_UP)


def _within(value: Decimal, text: str) -> Decimal | Finding:
    if len(value.as_tuple().digits) <= _MAX_DIGITS and -20 <= value.adjusted() <= _MAX_DIGITS:
        # 1.25万 gives 12500.00: write it without the scale's zeros, and without an exponent.
        return tidy(value)
    return _too_long(text)


def _too_long(text: str) -> Finding:
    return Finding.error(
        "number_too_long",
        f"“{text[:40]}”位数过多，超出任何统计数字的范围。",
        f"“{text[:40]}” has more digits than any statistical figure.",
        measured=text[:80],
        remedy=("请核对该单元格。", "Check the cell."),
    )


def _not_finite(value: object) -> Finding:
    return Finding.error(
        "number_not_finite",
        f"“{value}”不是有限的数字。",
        f"“{value}” is not a finite number.",
        measured=value,
        remedy=_REMEDY,
    )


def _unreadable(text: str) -> Finding:
    return Finding.error(
        "number_unreadable",
        f"“{text[:80]}”不是数字。",
        f"“{text[:80]}” is not a number.",
        measured=text[:80],
        remedy=_REMEDY,
    )


# ---- writing --------------------------------------------------------------------------------------


def tidy(value: Decimal) -> Decimal:
    """Return the same number without trailing zeros and without an exponent.

    >>> tidy(Decimal("12500.00")), tidy(Decimal("1E+3")), tidy(Decimal("-0.0"))
    (Decimal('12500'), Decimal('1000'), Decimal('0'))
    """
    if not value:
        return Decimal(0)
    _, digits, exponent = value.as_tuple()
    if exponent == 0 or (isinstance(exponent, int) and exponent < 0 and digits[-1]):
        return value
    value = value.normalize(EXACT)
    return value.quantize(Decimal(1), context=EXACT) if value.as_tuple().exponent > 0 else value  # type: ignore[operator]


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Round as 四舍五入 does: ties away from zero, as spreadsheets and bulletins round.

    (GB/T 8170 would round ties to even; the figures officials compare with are not made so.)

    >>> round_half_up(Decimal("2.345"), 2), round_half_up(Decimal("-2.5"), 0)
    (Decimal('2.35'), Decimal('-3'))
    """
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=EXACT)


def plain(value: Decimal, *, grouped: bool = False) -> str:
    """Write every digit, without exponent; `grouped` puts a comma between thousands.

    >>> plain(Decimal("1E+4")), plain(Decimal("1234567.50"), grouped=True)
    ('10000', '1,234,567.5')
    """
    return f"{tidy(value):,f}" if grouped else f"{tidy(value):f}"


_SCALES_ZH = ((Decimal(10**12), "万亿"), (Decimal(10**8), "亿"), (Decimal(10**4), "万"), (Decimal(1), ""))
_SCALES_EN = (
    (Decimal(10**12), " trillion"),
    (Decimal(10**9), " billion"),
    (Decimal(10**6), " million"),
    (Decimal(1), ""),
)


def format_zh(value: Decimal, places: int = 2, *, top: str = "万亿") -> str:
    """Write a number with 万, 亿 or 万亿 and at most `places` decimals, zeros at the end dropped.

    `top` is the largest scale used: bulletins write 万亿 for money only, so quantities pass "亿".

    >>> format_zh(Decimal("99999999")), format_zh(Decimal("99994999")), format_zh(Decimal("9876.5"))
    ('1亿', '9999.5万', '9876.5')
    """
    names = [name for _, name in _SCALES_ZH]
    return _shortened(value, places, _SCALES_ZH[names.index(top) :], grouped=False)


def format_en(value: Decimal, places: int = 2) -> str:
    """Write a number with million, billion or trillion, thousands grouped by comma.

    >>> format_en(Decimal("1234567")), format_en(Decimal("12345"))
    ('1.23 million', '12,345')
    """
    return _shortened(value, places, _SCALES_EN, grouped=True)


def _shortened(value: Decimal, places: int, scales: tuple[tuple[Decimal, str], ...], *, grouped: bool) -> str:
    # Climb while the rounded figure fills the next scale: 9999.999万 is rounded to 1亿, not to 10000万.
    (scale, word), *larger_scales = reversed(scales)
    for larger, larger_word in larger_scales:
        if abs(round_half_up(EXACT.divide(value, scale), places)) * scale < larger:
            break
        scale, word = larger, larger_word
    return plain(round_half_up(EXACT.divide(value, scale), places), grouped=grouped) + word
