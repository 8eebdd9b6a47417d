"""Codes: form, list and check character, each on both sides."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import Finding, Place, Severity, codes

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"

# Registering department and kind of body, GB 32100-2015 table 1.
HEADS = ["11", "12", "13", "19", "21", "31", "52", "53", "54", "61", "72", "81", "91", "92", "93", "A1", "N3", "Y1"]
credit_bodies = st.builds(
    lambda head, division, rest: head + division + rest,
    st.sampled_from(HEADS),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)
container_bodies = st.builds(
    lambda owner, kind, serial: owner + kind + serial,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    st.sampled_from("UJZ"),
    st.text("0123456789", min_size=6, max_size=6),
)


def code_of(finding: Finding | None) -> str | None:
    return finding.code if finding else None


@pytest.mark.parametrize(
    ("scheme", "text", "expected"),
    [
        ("province", "44", None),
        ("province", "71", None),
        ("province", "81", None),
        ("province", "82", None),
        ("province", "66", "unknown_code"),
        ("province", "4", "malformed_code"),
        ("province", "GD", "malformed_code"),
        ("division", "440305", None),
        ("division", "4403", None),
        ("division", "990101", "unknown_code"),
        ("division", "44030", "malformed_code"),
        ("unlocode", "CNTXG", None),
        ("unlocode", "CN TXG", None),
        ("unlocode", "cntxg", None),
        ("unlocode", "ＣＮＴＸＧ", None),
        ("unlocode", "HKHKG", None),
        ("unlocode", "NLRTM", None),
        ("unlocode", "CNQQQ", "unknown_code"),
        ("unlocode", "CNTX1", "malformed_code"),  # 0 and 1 are not used in places
        ("unlocode", "TXG", "malformed_code"),
        ("unlocode", "", "malformed_code"),
        ("iata", "PEK", None),
        ("iata", "HKG", None),
        ("iata", "EHU", "unlisted_code"),  # opened after the list was made
        ("iata", "PE1", "malformed_code"),
        ("icao", "ZBAA", None),
        ("icao", "ZB", "malformed_code"),
        ("customs_port", "CHN030", None),
        ("customs_port", "CHN999", "unlisted_code"),
        ("customs_port", "030", "malformed_code"),
        ("credit_code", "91350100M000100Y43", None),  # the standard's own example
        ("credit_code", "91350100M000100Y44", "wrong_check_digit"),
        ("credit_code", "91350100M000100Y4", "malformed_code"),
        ("credit_code", "91350100I000100Y43", "malformed_code"),
        ("credit_code", "91-350100-M000100Y-43", None),
        ("container", "CSQU3054383", None),  # the standard's own example
        ("container", "csqu 305438-3", None),
        ("container", "CSQU3054384", "wrong_check_digit"),
        ("container", "CSQA3054383", "malformed_code"),
        ("container", "CSQU305438", "malformed_code"),
    ],
)
def test_each_scheme_on_both_sides(scheme: str, text: str, expected: str | None) -> None:
    assert code_of(codes.check(scheme, text)) == expected


def test_an_unlisted_code_of_a_list_that_lags_is_a_warning() -> None:
    for scheme, text in (("iata", "EHU"), ("customs_port", "CHN999")):
        finding = codes.check(scheme, text)
        assert finding is not None
        assert finding.severity is Severity.WARNING
    unknown = codes.check("unlocode", "CNQQQ", where=Place(cell="A2"))
    assert unknown is not None
    assert unknown.severity is Severity.ERROR
    assert unknown.where.cell == "A2"


def test_a_withdrawn_locode_is_said_to_be_withdrawn() -> None:
    withdrawn = [entry.code for entry in codes.locodes().values() if entry.status == "XX"]
    assert withdrawn
    for code in withdrawn:
        assert code_of(codes.check("unlocode", code)) == "withdrawn_code"


def test_an_unknown_scheme_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="no code scheme"):
        codes.check("zip", "12345")
    assert {"province", "unlocode", "iata", "credit_code", "container"} <= set(codes.schemes())


@given(credit_bodies)
def test_a_right_credit_code_passes(body: str) -> None:
    assert codes.check("credit_code", body + codes.credit_code_check_character(body)) is None


@pytest.mark.parametrize(("head", "measured"), [("00", "0"), ("01", "0"), ("Z1", None), ("94", "94"), ("Y2", "Y2"), ("B1", "B")])
def test_a_credit_code_begins_with_a_department_and_a_kind_of_body(head: str, measured: str | None) -> None:
    body = head + "350100" + "M000100Y4"
    if measured is None:
        assert code_of(codes.check("credit_code", body + "0")) == "malformed_code"
        return
    found = codes.check("credit_code", body + codes.credit_code_check_character(body))
    assert found is not None and found.is_error
    assert (found.code, found.measured) == ("unknown_registration", measured)
    assert found.citation is not None and "表1" in found.citation.article


def test_the_code_of_a_body_that_nobody_registered_does_not_pass() -> None:
    assert code_of(codes.check("credit_code", "0" * 18)) == "unknown_registration"


@pytest.mark.parametrize("code", ["ZZZZZ", "QQAAA", "XXABC"])
def test_a_locode_begins_with_a_country_that_exists(code: str) -> None:
    found = codes.check("unlocode", code)
    assert found is not None and found.is_error and found.code == "unknown_country" and code[:2] in found.message.zh


@pytest.mark.parametrize("code", ["KZALA", "VNSGN", "USNYC", "XZAAA"])
def test_a_locode_of_another_country_is_checked_by_country_and_form(code: str) -> None:
    assert codes.check("unlocode", code) is None


@given(credit_bodies, st.integers(0, 17), st.data())
def test_any_single_wrong_character_of_a_credit_code_is_found(
    body: str, at: int, data: st.DataObject
) -> None:
    right = body + codes.credit_code_check_character(body)
    wrong = data.draw(st.sampled_from([c for c in ALPHABET if c != right[at]]))
    assert codes.check("credit_code", right[:at] + wrong + right[at + 1 :]) is not None


@given(container_bodies)
def test_a_right_container_number_passes(body: str) -> None:
    assert codes.check("container", body + codes.container_check_digit(body)) is None


def remainder(body: str) -> int:
    """The weighted sum modulo 11, computed the long way round, from the table printed in the standard."""
    table = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                     [10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 34, 35, 36,
                      37, 38], strict=True))  # fmt: skip
    return sum((int(c) if c.isdigit() else table[c]) * 2**i for i, c in enumerate(body)) % 11


@given(container_bodies, st.integers(0, 9), st.data())
def test_a_single_wrong_character_of_a_container_number_is_found_where_the_standard_can(
    body: str, at: int, data: st.DataObject
) -> None:
    right = body + codes.container_check_digit(body)
    choices = "0123456789" if right[at].isdigit() else ("UJZ" if at == 3 else "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    other = data.draw(st.sampled_from([c for c in choices if c != right[at]]))
    wrong = right[:at] + other + right[at + 1 :]
    # The standard's two blind spots: letters equal modulo 11, and a remainder of 10 written as 0.
    blind = remainder(wrong[:10]) % 10 == remainder(body) % 10
    assert (codes.check("container", wrong) is None) == blind
    if right[at].isdigit():
        assert not blind or {remainder(wrong[:10]), remainder(body)} == {0, 10}


@given(container_bodies, st.integers(1, 9))
def test_a_wrong_check_digit_of_a_container_is_always_found(body: str, off: int) -> None:
    wrong = str((int(codes.container_check_digit(body)) + off) % 10)
    finding = codes.check("container", body + wrong)
    assert finding is not None
    assert finding.required == codes.container_check_digit(body)
    assert finding.citation is codes.ISO_6346


def test_a_remainder_of_ten_is_written_nought() -> None:
    body = next(b for n in range(1000) if remainder(b := f"ABCU{n:06d}") == 10)
    assert codes.container_check_digit(body) == "0"
    assert codes.check("container", body + "0") is None


@pytest.mark.parametrize("bad", ["", "9135", "91350100I000100Y4", "91350100M000100Y43"])
def test_a_malformed_credit_code_has_no_check_character(bad: str) -> None:
    with pytest.raises(ValueError, match="17 characters"):
        codes.credit_code_check_character(bad)


@pytest.mark.parametrize("bad", ["", "CSQU30543", "CSQ1305438", "csqu305438"])
def test_a_malformed_container_number_has_no_check_digit(bad: str) -> None:
    with pytest.raises(ValueError, match="four letters"):
        codes.container_check_digit(bad)


@given(st.sampled_from(sorted(codes.schemes())), st.text(max_size=20))
def test_nothing_typed_makes_the_check_fall(scheme: str, text: str) -> None:
    finding = codes.check(scheme, text)
    assert finding is None or (finding.message.zh and finding.message.en and finding.remedy is not None)


# ---- lists ------------------------------------------------------------------------------------------


def test_there_are_31_provinces_of_the_mainland_and_three_more() -> None:
    assert len(codes.mainland_provinces) == 31
    assert [p.code for p in codes.provinces if not p.is_mainland] == ["71", "81", "82"]
    assert len({p.code for p in codes.provinces}) == len({p.letters for p in codes.provinces}) == 34
    assert list(codes.provinces) == sorted(codes.provinces)


def test_names_that_must_be_right() -> None:
    named = {p.code: p for p in codes.provinces}
    assert (named["71"].zh, named["71"].en) == ("台湾省", "Taiwan, China")
    assert (named["81"].zh, named["81"].en) == ("香港特别行政区", "Hong Kong, China")
    assert (named["82"].zh, named["82"].en) == ("澳门特别行政区", "Macao, China")
    assert named["54"].en == "Xizang"
    assert named["14"].en != named["61"].en


@pytest.mark.parametrize("p", codes.provinces, ids=lambda p: p.code)
def test_a_province_is_found_by_each_of_its_names(p: codes.Province) -> None:
    for name in (
        p.code,
        p.zh,
        p.short_zh,
        p.en,
        p.letters,
        p.letters.lower(),
        f"CN-{p.letters}",
        f" {p.zh} ",
    ):
        assert codes.find_province(name) == p
    assert codes.province(p.code) is p


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Tibet", "54"),
        ("内蒙", "15"),
        ("广西自治区", "45"),
        ("中国香港", "81"),
        ("Macau", "82"),
        ("Guangdong Province", "44"),
    ],
)
def test_everyday_names_of_provinces(text: str, code: str) -> None:
    found = codes.find_province(text)
    assert isinstance(found, codes.Province)
    assert found.code == code


def test_an_unknown_province_is_a_finding_with_suggestions() -> None:
    finding = codes.find_province("黑龙疆", where=Place(row=2))
    assert isinstance(finding, Finding)
    assert "黑龙江" in finding.remedy.zh  # type: ignore[union-attr]
    assert finding.where.row == 2
    english = codes.find_province("Guandong")
    assert isinstance(english, Finding)
    assert "Guangdong" in english.remedy.en  # type: ignore[union-attr]


def test_locodes_are_well_formed_and_lie_in_known_provinces() -> None:
    known = {p.code for p in codes.provinces}
    assert len(codes.locodes()) == 1741
    for entry in codes.locodes().values():
        assert re.fullmatch(r"(CN|HK|MO)[A-Z2-9]{3}", entry.code)
        assert entry.province_code is None or entry.province_code in known
        assert re.fullmatch(r"[-0-9B]{8}", entry.functions)
        assert (entry.lat is None) == (entry.lon is None)


@pytest.mark.parametrize(
    ("code", "name", "province"),
    [("CNTXG", "Tianjin Xingang Pt", "12"), ("CNSNZ", "Shenzhen", "44"), ("HKHKG", "Hong Kong", "81")],
)
def test_some_locodes(code: str, name: str, province: str) -> None:
    entry = codes.locodes()[code]
    assert (entry.name, entry.province_code) == (name, province)
    assert entry.serves("1")


def test_coordinates_are_decimal_degrees() -> None:
    shekou = codes.locodes()["CNSHK"]  # printed 2229N 11355E
    assert (str(shekou.lat), str(shekou.lon)) == ("22.4833", "113.9167")
    for airport in codes.airports().values():
        assert 15 < airport.lat < 54
        assert 73 < airport.lon < 136


def test_airports_and_customs_ports_are_well_formed() -> None:
    known = {p.code for p in codes.provinces}
    assert len(codes.airports()) == 286
    for code, airport in codes.airports().items():
        assert re.fullmatch(r"[A-Z]{3}", code)
        assert airport.province_code in known
    assert codes.airports()["PEK"].is_scheduled
    assert len(codes.customs_ports()) == 167
    assert codes.customs_ports()["CHN030"].zh == "南通（中国）"


def test_every_listed_code_passes_its_own_check() -> None:
    for scheme, listed in (
        ("province", [p.code for p in codes.provinces]),
        ("iata", codes.airports()),
        ("customs_port", codes.customs_ports()),
        ("unlocode", [c for c, e in codes.locodes().items() if e.status != "XX"]),
    ):
        assert [code for code in listed if codes.check(scheme, code)] == []
