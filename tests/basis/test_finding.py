"""Findings, places, refusals, texts and citations keep their shape through every door."""

import json
import pickle
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import (
    Citation,
    Conflict,
    Finding,
    NotAllowed,
    NotFound,
    Place,
    Refused,
    Severity,
    Text,
    has_errors,
)

words = st.text(max_size=20)
optional = st.none() | words
texts = st.builds(Text, words, words)
places = st.builds(
    Place,
    file=optional,
    sheet=optional,
    row=st.none() | st.integers(0, 10**6),
    column=optional,
    cell=optional,
    field=optional,
    path=optional,
)
days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
citations = st.builds(
    Citation, words, words, quote=optional, issued=st.none() | days, in_force_from=st.none() | days
)
findings = st.builds(
    Finding,
    code=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    severity=st.sampled_from(Severity),
    message=texts,
    where=places,
    measured=optional,
    required=optional,
    citation=st.none() | citations,
    remedy=st.none() | texts,
)


@given(findings)
def test_a_finding_survives_json(finding: Finding) -> None:
    assert Finding.from_dict(json.loads(json.dumps(finding.as_dict(), ensure_ascii=False))) == finding


@given(findings)
def test_a_finding_survives_pickling_and_hashing(finding: Finding) -> None:
    copy = pickle.loads(pickle.dumps(finding))
    assert copy == finding
    assert hash(copy) == hash(finding)


def test_the_shape_of_a_finding_is_fixed() -> None:
    finding = Finding.error(
        "unknown_port", "没有该口岸。", "No such port.", where=Place(file="a.xlsx", row=3)
    )
    assert finding.as_dict() == {
        "code": "unknown_port",
        "severity": "error",
        "where": {"file": "a.xlsx", "row": 3},
        "message": {"zh": "没有该口岸。", "en": "No such port."},
        "measured": None,
        "required": None,
        "citation": None,
        "remedy": None,
    }


@pytest.mark.parametrize(
    ("make", "severity"),
    [(Finding.error, Severity.ERROR), (Finding.warning, Severity.WARNING), (Finding.info, Severity.INFO)],
)
def test_the_three_makers_differ_in_severity_only(make, severity) -> None:  # type: ignore[no-untyped-def]
    finding = make("c", "中", "en", measured=3, remedy=("做", "do"))
    assert finding.severity is severity
    assert (finding.measured, finding.remedy) == ("3", Text("做", "do"))
    assert finding.is_error is (severity is Severity.ERROR)
    assert has_errors([finding]) is finding.is_error


def test_a_finding_reads_as_one_line_in_each_language() -> None:
    finding = Finding.error(
        "number_unreadable",
        "“甲”不是数字。",
        "“甲” is not a number.",
        where=Place(file="a.csv", row=2, column="货运量"),
        remedy=("请填写数字。", "Write digits."),
    )
    assert str(finding) == "文件 a.csv，第2行，“货运量”列：“甲”不是数字。请填写数字。"
    assert finding.describe("en") == "file a.csv, row 2, column “货运量”: “甲” is not a number. Write digits."


def test_a_place_is_filled_in_by_who_knows_more() -> None:
    finding = Finding.info("c", "中", "en", where=Place(cell="B2"))
    assert finding.at(file="a.xlsx", sheet="一月").where == Place(file="a.xlsx", sheet="一月", cell="B2")
    assert finding.where == Place(cell="B2")


def test_an_unknown_key_of_a_place_is_an_error() -> None:
    with pytest.raises(TypeError):
        Place.from_dict({"line": 3})


def test_findings_cannot_be_changed() -> None:
    finding = Finding.info("c", "中", "en")
    with pytest.raises(AttributeError):
        finding.code = "d"  # type: ignore[misc]


@pytest.mark.parametrize("kind", [Refused, NotFound, NotAllowed, Conflict])
def test_a_refusal_carries_its_findings_also_across_processes(kind: type[Refused]) -> None:
    refusal = kind.because("port_closed", "口岸已关闭。", "The port is closed.", remedy=("略", "none"))
    copy = pickle.loads(pickle.dumps(refusal))
    assert type(copy) is kind
    assert copy.findings == refusal.findings
    assert "口岸已关闭。" in str(copy)
    assert "The port is closed." in str(copy)


def test_a_refusal_takes_one_finding_or_many() -> None:
    one = Finding.error("a", "甲", "a")
    assert Refused(one).findings == Refused([one]).findings == [one]


@pytest.mark.parametrize(
    ("language", "expected"),
    [("zh", "口岸"), ("zh-hans", "口岸"), ("en", "port"), ("en-GB", "port"), ("EN", "port"), ("ru", "口岸")],
)
def test_a_text_answers_in_the_language_asked(language: str, expected: str) -> None:
    assert Text("口岸", "port").in_language(language) == expected


def test_a_citation_is_written_as_lawyers_do() -> None:
    citation = Citation("国家“十四五”口岸发展规划", "专栏6", issued=date(2021, 9, 16))
    assert str(citation) == "国家“十四五”口岸发展规划 专栏6"
    assert str(Citation("口岸法")) == "口岸法"
    assert Citation.from_dict({"instrument": "甲", "article": None, "issued": date(2021, 1, 1)}) == Citation(
        "甲", "", issued=date(2021, 1, 1)
    )
