"""References name things of other rooms, and come back from text as they were."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.basis import EvidenceRef, Refused, SubjectKind, SubjectRef

codes = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", fullmatch=True).filter(str.isascii)
names = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True).filter(str.isascii)


@given(st.sampled_from(SubjectKind), codes)
def test_a_subject_comes_back_from_its_text(kind: SubjectKind, code: str) -> None:
    subject = SubjectRef(kind, code)
    assert SubjectRef.parse(str(subject)) == subject
    assert str(subject) == f"{kind.value}:{code}"
    assert pickle.loads(pickle.dumps(subject)) == subject


def test_the_same_subject_is_one_object() -> None:
    assert SubjectRef.of("port", "luohu-rail") is SubjectRef.of("port", "luohu-rail")
    assert SubjectRef.of("port", "luohu-rail") == SubjectRef(SubjectKind.PORT, "luohu-rail")
    assert SubjectRef("port", "a").kind is SubjectKind.PORT  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "port", "port:", ":x", "harbour:x", "port:罗湖", "port:a b", "port:../x"]
)
def test_what_is_no_subject_is_refused_with_the_kinds(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        SubjectRef.parse(text)
    finding = refusal.value.findings[0]
    assert finding.code == "unreadable_subject"
    assert "benchmark_port" in finding.remedy.zh


def test_subjects_have_an_order() -> None:
    assert sorted(
        [SubjectRef.of("port", "b"), SubjectRef.of("nation", "CN"), SubjectRef.of("port", "a")]
    ) == [
        SubjectRef.of("nation", "CN"),
        SubjectRef.of("port", "a"),
        SubjectRef.of("port", "b"),
    ]


ids = st.integers(0, 10**12) | codes.filter(
    lambda code: not (code.isdigit() and (code == "0" or code[0] != "0"))
)


@given(names, names, ids, st.integers(1, 10**6), st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True))
def test_evidence_comes_back_from_its_address_and_from_json(
    room: str, kind: str, key: int | str, revision: int, digest: str | None
) -> None:
    evidence = EvidenceRef(room, kind, key, revision, digest)
    assert EvidenceRef.from_uri(evidence.uri, digest) == evidence
    assert EvidenceRef.from_dict(json.loads(json.dumps(evidence.as_dict()))) == evidence


def test_a_leading_zero_is_part_of_a_code() -> None:
    assert EvidenceRef.from_uri("kouan:ports/port/0101@1").id == "0101"
    assert EvidenceRef.from_uri("kouan:ports/port/101@1").id == 101


@pytest.mark.parametrize(
    "uri", ["", "collection/observation/1@1", "kouan:a/b/1", "kouan:a/b@1", "kouan:A/b/1@1"]
)
def test_what_is_no_evidence_is_an_error(uri: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        EvidenceRef.from_uri(uri)
