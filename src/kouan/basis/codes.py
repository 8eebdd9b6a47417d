"""Codes: form, list and check character of the codes that returns and messages carry.

Schemes: `province` and `division` (GB/T 2260), `unlocode` (UN/LOCODE; GB/T 15514 rests on it), `iata`,
`icao`, `customs_port` (customs declaration ports, table of 2018), `credit_code` (GB 32100-2015 unified
social credit code, with check character), `container` (ISO 6346, with check digit).

>>> check("unlocode", "CNTXG") is None
True
>>> check("unlocode", "CNTXQ").remedy.en
'Did you mean CNTXA (Tangxia), CNTXG (Tianjin Xingang Pt), CNTXI (Tengxian)? Check the code.'
>>> check("container", "CSQU3054384").code
'wrong_check_digit'

`check` looks at what `normalise` has tidied (width, case, spaces): "cn txg" is CNTXG. The lists stand in
lists/, each with its source and date; where a list is known to lag behind the world, an unlisted code is
a warning and not an error.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from kouan.basis.citation import Citation
from kouan.basis.countries import COUNTRIES
from kouan.basis.finding import Finding, Place
from kouan.basis.names import half_width, key, nearest
from kouan.basis.text import Text

__all__ = [
    "Airport",
    "CustomsPort",
    "Locode",
    "Province",
    "airports",
    "check",
    "container_check_digit",
    "credit_code_check_character",
    "customs_ports",
    "find_province",
    "locodes",
    "mainland_provinces",
    "nearest",
    "normalise",
    "province",
    "provinces",
    "schemes",
]


@dataclass(frozen=True, slots=True, order=True)
class Province:
    """A division of province level (GB/T 2260): 31 of the Mainland, and 71, 81, 82."""

    code: str
    zh: str
    short_zh: str
    en: str
    pinyin: str
    letters: str

    @property
    def name(self) -> Text:
        """The full Chinese and the English name."""
        return Text(self.zh, self.en)

    @property
    def short_name(self) -> Text:
        """The everyday Chinese and the English name, for tiles and table columns."""
        return Text(self.short_zh, self.en)

    @property
    def is_mainland(self) -> bool:
        """False for Taiwan, Hong Kong and Macao, which have no provincial port office of this system."""
        return self.code < "70"


@dataclass(frozen=True, slots=True)
class Locode:
    """A UN/LOCODE entry. Coordinates in decimal degrees (WGS 84), None where the list gives none."""

    code: str
    name: str
    name_ascii: str
    province_code: str | None
    functions: str
    status: str
    date: str
    iata: str | None
    lat: Decimal | None
    lon: Decimal | None

    def serves(self, function: str) -> bool:
        """Whether the place has a function: "1" port, "2" rail, "3" road, "4" airport, "6" multimodal,
        "7" fixed installation, "B" border crossing.

        >>> locodes()["CNTXG"].serves("1")
        True
        """
        return function in self.functions


@dataclass(frozen=True, slots=True)
class Airport:
    """An airport with an IATA code. `kind` and `is_scheduled` as OurAirports has them."""

    iata: str
    icao: str | None
    name: str
    city: str
    province_code: str
    kind: str
    is_scheduled: bool
    lat: Decimal
    lon: Decimal


@dataclass(frozen=True, slots=True)
class CustomsPort:
    """A port in the customs declaration code table of 2018."""

    code: str
    zh: str
    en: str
    old_customs_code: str
    old_inspection_code: str


# ---- lists ------------------------------------------------------------------------------------------


def _rows(file: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / "lists" / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _coordinate(text: str) -> Decimal | None:
    return Decimal(text) if text else None


provinces: tuple[Province, ...] = tuple(Province(**row) for row in _rows("provinces.csv"))
mainland_provinces: tuple[Province, ...] = tuple(p for p in provinces if p.is_mainland)
_PROVINCE_BY_CODE = {p.code: p for p in provinces}


@lru_cache(maxsize=1)
def locodes() -> Mapping[str, Locode]:
    """Return the UN/LOCODE entries of CN, HK and MO by code (edition of 2024)."""
    return MappingProxyType(
        {
            row["unlocode"]: Locode(
                code=row["unlocode"],
                name=row["name"],
                name_ascii=row["name_ascii"] or row["name"],
                province_code=row["province_code"] or None,
                functions=row["functions"],
                status=row["status"],
                date=row["date"],
                iata=row["iata"] or None,
                lat=_coordinate(row["lat"]),
                lon=_coordinate(row["lon"]),
            )
            for row in _rows("unlocode_cn_2024.csv")
        }
    )


@lru_cache(maxsize=1)
def airports() -> Mapping[str, Airport]:
    """Return the airports of China with an IATA code, by that code (state of October 2022)."""
    return MappingProxyType(
        {
            row["iata"]: Airport(
                iata=row["iata"],
                icao=row["icao"] or None,
                name=row["name"],
                city=row["city"],
                province_code=row["province_code"],
                kind=row["type"],
                is_scheduled=row["scheduled_service"] == "yes",
                lat=Decimal(row["lat"]),
                lon=Decimal(row["lon"]),
            )
            for row in _rows("iata_cn_2022.csv")
        }
    )


@lru_cache(maxsize=1)
def customs_ports() -> Mapping[str, CustomsPort]:
    """Return the customs declaration ports of China by code (table of 2018)."""
    return MappingProxyType({row["code"]: CustomsPort(**row) for row in _rows("customs_port_cn_2018.csv")})


@lru_cache(maxsize=1)
def _province_names() -> dict[str, Province]:
    names: dict[str, Province] = {}
    for p in provinces:
        english = p.en.removesuffix(", China")
        # The autonomous regions are often cut to the bare name plus 自治区 or 省 by those who type.
        for name in (p.code, p.zh, p.short_zh, p.en, english, p.letters, p.pinyin, f"CN-{p.letters}",
                     f"{p.short_zh}省", f"{p.short_zh}市", f"{p.short_zh}自治区", f"{english} Province"):  # fmt: skip
            names.setdefault(key(name), p)
    for other, code in (("Tibet", "54"), ("Macau", "82"), ("内蒙", "15"), ("中国香港", "81"), ("中国澳门", "82"),
                        ("中国台湾", "71")):  # fmt: skip
        names.setdefault(key(other), _PROVINCE_BY_CODE[code])
    return names


def province(code: str) -> Province:
    """Return a province by its two digits (KeyError if there is none)."""
    return _PROVINCE_BY_CODE[code]


def find_province(text: str, *, where: Place | None = None) -> Province | Finding:
    """Return a province by digits, letters, Chinese or English name, full or short.

    >>> find_province("内蒙古").code, find_province("广西壮族自治区").code, find_province("Tibet").en
    ('15', '45', 'Xizang')
    >>> find_province("黑龙疆").remedy.zh
    '是否为：黑龙江省？请填写省级行政区名称或两位代码。'
    """
    found = _province_names().get(key(text))
    if found is not None:
        return found
    # The English names are not offered to one who wrote Chinese, nor the other way round.
    english = text.isascii()
    near = nearest(text, [p.en if english else p.short_zh for p in provinces], n=3)
    named = [p for name in near for p in provinces if name == (p.en if english else p.short_zh)]
    zh, en = "、".join(p.zh for p in named), ", ".join(p.en for p in named)
    return Finding.error(
        "unknown_province",
        f"没有省级行政区“{text}”。",
        f"There is no province “{text}”.",
        where=where,
        measured=text,
        remedy=(
            (f"是否为：{zh}？" if named else "") + "请填写省级行政区名称或两位代码。",
            (f"Did you mean {en}? " if named else "") + "Give the province's name or its two digits.",
        ),
    )


# ---- check characters -------------------------------------------------------------------------------

# GB 32100-2015: 31 characters, without I, O, S, V, Z; weights are the powers of 3 modulo 31. The
# modulus is prime and no weight is a multiple of it, so any single wrong character is found.
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
GB_32100 = Citation("GB 32100-2015 法人和其他组织统一社会信用代码编码规则", "附录A")
GB_32100_KINDS = Citation("GB 32100-2015 法人和其他组织统一社会信用代码编码规则", "表1（2016年第1号修改单）")

# GB 32100-2015, table 1, as amended in 2016: who registers, and what kinds of body it registers. 54 are the
# villagers' and residents' committees, which 民政 has registered since 2017.
_CREDIT_KINDS: Mapping[str, str] = {
    "1": "1239", "2": "19", "3": "123459", "4": "19", "5": "12349", "6": "129", "7": "129", "8": "19", "9": "123",
    "A": "19", "N": "1239", "Y": "1",
}

# ISO 6346: letters count 10, 12, 13 … 38, without the multiples of 11.
_CONTAINER_VALUES = {str(digit): digit for digit in range(10)} | dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True)
)
ISO_6346 = Citation("ISO 6346", "Annex A")


def credit_code_check_character(first17: str) -> str:
    """Return the 18th character of a unified social credit code (GB 32100-2015, annex A).

    ValueError for a character that the standard does not use.

    >>> credit_code_check_character("91350100M000100Y4")
    '3'
    """
    if len(first17) != 17 or any(c not in _CREDIT_VALUES for c in first17):
        raise ValueError(f"17 characters of {_CREDIT_ALPHABET} are needed, not {first17!r}")
    total = sum(_CREDIT_VALUES[c] * w for c, w in zip(first17, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_ALPHABET[-total % 31]


def container_check_digit(first10: str) -> str:
    """Return the check digit of a container number (ISO 6346, annex A).

    A remainder of 10 is written 0; the standard advises against such serial numbers, but they exist.
    So a wrong character is found unless it turns a remainder of 10 into 0 or back, or exchanges two
    letters that are equal modulo 11 (A and K, for example).

    >>> container_check_digit("CSQU305438")
    '3'
    """
    if not re.fullmatch(r"[A-Z]{4}\d{6}", first10, re.ASCII):
        raise ValueError(f"four letters and six digits are needed, not {first10!r}")
    total = sum(_CONTAINER_VALUES[c] << position for position, c in enumerate(first10))
    return str(total % 11 % 10)


# ---- checking ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scheme:
    name: Text
    form: re.Pattern[str]
    form_words: Text
    further: Callable[[str], Finding | None]  # list and check character, on a well-formed code


def schemes() -> Mapping[str, Text]:
    """Return the schemes that `check` knows, by code, with their names."""
    return {code: scheme.name for code, scheme in _SCHEMES.items()}


def normalise(scheme: str, text: str) -> str:
    """Return a code as its scheme writes it: half-width, upper case, without spaces and hyphens.

    >>> normalise("unlocode", "ｃｎ txg"), normalise("container", "CSQU 305438-3")
    ('CNTXG', 'CSQU3054383')
    """
    _scheme(scheme)
    return re.sub(r"[\s\-]", "", half_width(text)).upper()


def check(scheme: str, text: str, *, where: Place | None = None) -> Finding | None:
    """Return what is wrong with a code, or None. ValueError for a scheme that is not known.

    Codes of findings: malformed_code, unknown_code, unknown_country, unknown_registration,
    wrong_check_digit (errors);
    unlisted_code, withdrawn_code (warnings).
    """
    rules = _scheme(scheme)
    code = normalise(scheme, text)
    if not rules.form.fullmatch(code):
        finding: Finding | None = Finding.error(
            "malformed_code",
            f"“{text}”不符合{rules.name.zh}的格式。",
            f"“{text}” does not have the form of a {rules.name.en}.",
            measured=text,
            required=rules.form_words.zh,
            remedy=(f"应为{rules.form_words.zh}。", f"It has {rules.form_words.en}."),
        )
    else:
        finding = rules.further(code)
    return finding.at(where) if finding and where else finding


def _scheme(code: str) -> _Scheme:
    try:
        return _SCHEMES[code]
    except KeyError:
        raise ValueError(f"no code scheme {code!r}; known: {', '.join(_SCHEMES)}") from None


def _not_listed(code: str, name: Text, listing: Text, names: Mapping[str, str], *, is_error: bool) -> Finding:
    # One wrong character in its place is likelier than letters in another order.
    near = [c for c in names if len(c) == len(code) and sum(map(str.__ne__, c, code)) == 1][:3]
    near = near or get_close_matches(code, names, n=3, cutoff=0.75)
    suggestions = [f"{c} ({names[c]})" for c in near]
    zh, en = "、".join(suggestions), ", ".join(suggestions)
    make = Finding.error if is_error else Finding.warning
    return make(
        "unknown_code" if is_error else "unlisted_code",
        f"{name.zh}“{code}”不在{listing.zh}中。",
        f"The {name.en} “{code}” is not in {listing.en}.",
        measured=code,
        remedy=(
            f"是否为：{zh}？请核对代码。" if near else "请核对代码。",
            f"Did you mean {en}? Check the code." if near else "Check the code.",
        ),
    )


def _wrong_digit(code: str, name: Text, expected: str, citation: Citation) -> Finding:
    return Finding.error(
        "wrong_check_digit",
        f"{name.zh}“{code}”的校验码不符，可能有一位写错。",
        f"The check character of the {name.en} “{code}” does not fit; a character is probably wrong.",
        measured=code[-1],
        required=expected,
        citation=citation,
        remedy=("请对照证照原件逐位核对。", "Compare each character with the original document."),
    )


def _check_division(code: str) -> Finding | None:
    if code[:2] in _PROVINCE_BY_CODE:
        return None
    names = {p.code: p.zh for p in provinces}
    return _not_listed(
        code, _SCHEMES["division"].name, Text("国家标准 GB/T 2260", "GB/T 2260"), names, is_error=True
    )


def _check_unlocode(code: str) -> Finding | None:
    name = _SCHEMES["unlocode"].name
    if code[:2] not in COUNTRIES and code[:2] != "XZ":  # XZ: installations in international waters
        return Finding.error(
            "unknown_country",
            f"{name.zh}“{code}”的前两位“{code[:2]}”不是任何国家（地区）的代码。",
            f"“{code[:2]}”, which begins the {name.en} “{code}”, is the code of no country or region.",
            measured=code,
            required="ISO 3166-1",
            remedy=("前两位应为国家（地区）代码，如 CN、KZ、VN。",
                    "It begins with the code of a country or region, such as CN, KZ or VN."),
        )
    if code[:2] not in ("CN", "HK", "MO"):
        return None  # of other countries' codes only the country and the form can be checked here
    entry = locodes().get(code)
    if entry is None:
        names = {c: found.name for c, found in locodes().items() if c[:2] == code[:2]}
        return _not_listed(code, name, Text("2024年版代码表", "the edition of 2024"), names, is_error=True)
    if entry.status == "XX":
        return Finding.warning(
            "withdrawn_code",
            f"{name.zh}“{code}”在2024年版代码表中标为待删除。",
            f"The {name.en} “{code}” is marked for deletion in the edition of 2024.",
            measured=code,
            remedy=("请改用现行代码。", "Use the current code."),
        )
    return None


def _check_iata(code: str) -> Finding | None:
    if code in airports():
        return None
    listing = Text("我国机场代码表（2022年10月）", "the list of China's airports (October 2022)")
    # No suggestion: of three letters, every code is like a dozen others.
    return _not_listed(code, _SCHEMES["iata"].name, listing, {}, is_error=False)


def _check_customs_port(code: str) -> Finding | None:
    if code in customs_ports():
        return None
    names = {c: port.zh for c, port in customs_ports().items()}
    listing = Text("海关口岸代码表（2018年）", "the customs table of 2018")
    return _not_listed(code, _SCHEMES["customs_port"].name, listing, names, is_error=False)


def _check_credit_code(code: str) -> Finding | None:
    name = _SCHEMES["credit_code"].name
    if code[1] not in _CREDIT_KINDS.get(code[0], ""):
        if code[0] in _CREDIT_KINDS:
            at, zh, en = 1, "第2位", "second character"
            what, said, known = "该登记管理部门的机构类别", "kind of body of that department", _CREDIT_KINDS[code[0]]
        else:
            at, zh, en = 0, "第1位", "first character"
            what, said, known = "登记管理部门", "registering department", "".join(_CREDIT_KINDS)
        return Finding.error(
            "unknown_registration",
            f"{name.zh}“{code}”的{zh}“{code[at]}”不是{what}代码。",
            f"The {en} of the {name.en} “{code}”, “{code[at]}”, stands for no {said}.",
            measured=code[: at + 1],
            required=", ".join(known),
            citation=GB_32100_KINDS,
            remedy=("请对照证照原件逐位核对。", "Compare each character with the original document."),
        )
    expected = credit_code_check_character(code[:17])
    if code[17] == expected:
        return None
    return _wrong_digit(code, _SCHEMES["credit_code"].name, expected, GB_32100)


def _check_container(code: str) -> Finding | None:
    expected = container_check_digit(code[:10])
    return (
        None if code[10] == expected else _wrong_digit(code, _SCHEMES["container"].name, expected, ISO_6346)
    )


def _form_only(code: str) -> Finding | None:
    return None


_SCHEMES: dict[str, _Scheme] = {
    "province": _Scheme(
        Text("省级行政区划代码", "province code"),
        re.compile(r"\d{2}", re.ASCII),
        Text("两位数字", "two digits"),
        _check_division,
    ),
    "division": _Scheme(
        Text("行政区划代码", "division code"),
        re.compile(r"\d{2}(?:\d{2}){0,2}", re.ASCII),
        Text("两位、四位或六位数字", "two, four or six digits"),
        _check_division,
    ),
    "unlocode": _Scheme(
        Text("联合国口岸及相关地点代码", "UN/LOCODE"),
        re.compile(r"[A-Z]{2}[A-Z2-9]{3}", re.ASCII),
        Text(
            "两位国家（地区）代码加三位地点代码，如 CNTXG",
            "two letters of the country or region and three of the place, such as CNTXG",
        ),
        _check_unlocode,
    ),
    "iata": _Scheme(
        Text("国际航空运输协会机场代码", "IATA airport code"),
        re.compile(r"[A-Z]{3}", re.ASCII),
        Text("三位字母，如 PEK", "three letters, such as PEK"),
        _check_iata,
    ),
    "icao": _Scheme(
        Text("国际民航组织机场代码", "ICAO airport code"),
        re.compile(r"[A-Z]{4}", re.ASCII),
        Text("四位字母，如 ZBAA", "four letters, such as ZBAA"),
        _form_only,
    ),
    "customs_port": _Scheme(
        Text("海关口岸代码", "customs port code"),
        re.compile(r"[A-Z]{3}\d{3}", re.ASCII),
        Text("三位字母加三位数字，如 CHN030", "three letters and three digits, such as CHN030"),
        _check_customs_port,
    ),
    "credit_code": _Scheme(
        Text("统一社会信用代码", "unified social credit code"),
        re.compile(rf"[{_CREDIT_ALPHABET}]{{2}}\d{{6}}[{_CREDIT_ALPHABET}]{{10}}", re.ASCII),
        Text(
            "18位，不含字母 I、O、S、V、Z，第3至8位为数字",
            "18 characters without I, O, S, V, Z, the third to the eighth being digits",
        ),
        _check_credit_code,
    ),
    "container": _Scheme(
        Text("集装箱号", "container number"),
        re.compile(r"[A-Z]{3}[UJZ]\d{7}", re.ASCII),
        Text(
            "三位箱主代码、一位设备识别码（U、J、Z）和七位数字",
            "three letters of the owner, one of the equipment (U, J, Z) and seven digits",
        ),
        _check_container,
    ),
}
