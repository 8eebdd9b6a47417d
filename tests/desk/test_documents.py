"""Papers: recorded once, kept whole, bounded, and never secret."""

from __future__ import annotations

import hashlib
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.accounts.factories import (
    a_national_officer,
    a_port_reporter,
    a_provincial_officer,
    an_administrator,
    an_auditor,
)

from kouan.basis import NotAllowed, Refused
from kouan.desk import actions
from kouan.desk.actions import add_version, dispose_due, file_place, record_document
from kouan.desk.models import DocumentVersion
from kouan.desk.queries import documents_visible_to

pytestmark = pytest.mark.django_db


def a_paper(actor: Any, reference: str = "reply-1", **fields: Any) -> Any:
    return record_document(actor=actor, reference=reference, kind="reply", title="关于同意开放的批复", **fields)


def test_a_file_is_kept_under_its_checksum() -> None:
    officer = a_national_officer()
    version = add_version(actor=officer, document=a_paper(officer), source=BytesIO(b"scan"), file_name="批复.pdf")
    assert version.sha256 == hashlib.sha256(b"scan").hexdigest()
    assert file_place(version.sha256).read_bytes() == b"scan"
    assert (version.number, version.size_bytes, version.uploaded_by) == (1, 4, officer)


def test_the_same_content_again_is_the_same_version_and_new_content_the_next() -> None:
    officer = a_national_officer()
    paper = a_paper(officer)
    first = add_version(actor=officer, document=paper, source=BytesIO(b"one"), file_name="a.pdf")
    again = add_version(actor=officer, document=paper, source=BytesIO(b"one"), file_name="b.pdf")
    second = add_version(actor=officer, document=paper, source=BytesIO(b"two"), file_name="a.pdf")
    assert again == first
    assert second.number == 2
    assert file_place(first.sha256).read_bytes() == b"one", "a replaced file stays readable"


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(settings: Any) -> None:
    settings.KOUAN_UPLOAD_LIMIT = 10
    officer = a_national_officer()
    paper = a_paper(officer)
    before = {path for path in Path(settings.HOME.documents).rglob("*") if path.is_file()}
    with pytest.raises(Refused) as refusal:
        add_version(actor=officer, document=paper, source=BytesIO(b"x" * 11), file_name="大.pdf")
    assert refusal.value.findings[0].code == "file_too_large"
    assert not DocumentVersion.objects.filter(document=paper).exists()
    assert {path for path in Path(settings.HOME.documents).rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("title", ["机密★10年 关于…", "绝密级文件", "秘密★"])
def test_marks_of_secrecy_are_refused(title: str) -> None:
    with pytest.raises(Refused) as refusal:
        record_document(actor=a_national_officer(), reference="secret", kind="other", title=title)
    assert refusal.value.findings[0].code == "secrecy_mark"


def test_a_title_that_only_speaks_of_secrecy_is_taken() -> None:
    paper = record_document(actor=a_national_officer(), reference="law", kind="other", title="保守国家秘密法宣传手册")
    assert paper.pk


def test_a_path_in_a_file_name_is_not_followed() -> None:
    officer = a_national_officer()
    version = add_version(
        actor=officer, document=a_paper(officer), source=BytesIO(b"x"), file_name="..\\..\\etc/passwd"
    )
    assert version.file_name == "passwd"


def test_one_reference_names_one_paper() -> None:
    officer = a_national_officer()
    a_paper(officer)
    with pytest.raises(Refused) as refusal:
        a_paper(officer)
    assert refusal.value.findings[0].code == "document_exists"


def test_only_offices_record_papers() -> None:
    with pytest.raises(NotAllowed):
        a_paper(a_port_reporter("luohu-rail"))
    with pytest.raises(NotAllowed):
        a_paper(an_auditor())


def test_a_neighbour_province_does_not_see_the_paper() -> None:
    guangdong, guangxi = a_provincial_officer("44"), a_provincial_officer("45")
    paper = a_paper(guangdong)
    public = a_paper(guangdong, reference="open", is_public=True)
    assert set(documents_visible_to(guangdong)) == {paper, public}
    assert set(documents_visible_to(guangxi)) == {public}


def test_after_its_retention_the_file_goes_and_the_record_stays(django_capture_on_commit_callbacks: Any) -> None:
    officer = a_national_officer()
    paper = a_paper(officer, retain_until=date(2025, 12, 31))
    version = add_version(actor=officer, document=paper, source=BytesIO(b"old"), file_name="a.pdf")
    keeper = an_administrator()
    assert dispose_due(actor=keeper, today=date(2025, 12, 31)) == [], "the last day is still within the retention"
    with django_capture_on_commit_callbacks(execute=True):
        assert dispose_due(actor=keeper, today=date(2026, 1, 1)) == [version]
    assert not file_place(version.sha256).exists()
    version.refresh_from_db()
    assert version.disposed_at is not None
    assert (version.file_name, version.size_bytes) == ("a.pdf", 3)
    assert dispose_due(actor=keeper, today=date(2026, 1, 2)) == [], "a second time changes nothing"


def test_content_that_another_document_still_retains_stays(django_capture_on_commit_callbacks: Any) -> None:
    officer = a_national_officer()
    past, kept = a_paper(officer, retain_until=date(2020, 1, 1)), a_paper(officer, reference="kept")
    for paper in (past, kept):
        version = add_version(actor=officer, document=paper, source=BytesIO(b"same"), file_name="a.pdf")
    with django_capture_on_commit_callbacks(execute=True):
        assert len(dispose_due(actor=an_administrator(), today=date(2026, 1, 1))) == 1
    assert file_place(version.sha256).read_bytes() == b"same"


def test_a_file_that_figures_lead_back_to_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(actions._needed, "test", lambda version: version.file_name == "报送.xlsx")
    officer = a_national_officer()
    paper = a_paper(officer, retain_until=date(2020, 1, 1))
    add_version(actor=officer, document=paper, source=BytesIO(b"rows"), file_name="报送.xlsx")
    assert dispose_due(actor=an_administrator(), today=date(2026, 1, 1)) == []


def test_only_administrators_dispose() -> None:
    with pytest.raises(NotAllowed):
        dispose_due(actor=a_national_officer())
