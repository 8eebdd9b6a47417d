"""Files as papers: what may come in, what it is told by, what the scanner says, how it is shown."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.accounts.factories import a_national_officer
from tests.desk.files import a_docx, a_pdf, a_picture, packed

from kouan.basis import Refused
from kouan.desk import queries
from kouan.desk.actions import add_version, file_place, record_document
from kouan.desk.matters.paper_files import check_file
from kouan.desk.models import DocumentVersion
from kouan.desk.papers.preview import page_count, page_picture


def codes(content: bytes, name: str) -> list[str]:
    return [each.code for each in check_file(BytesIO(content), name, "file")]


class TestKinds:
    @pytest.mark.parametrize("name,content", [
        ("请示.pdf", b"%PDF-1.7"), ("请示.PDF", b"\n%PDF-1.4"), ("函.ofd", packed("OFD.xml", "Doc_0/Document.xml")),
        ("表.xlsx", packed("[Content_Types].xml", "xl/workbook.xml")), ("图.jpg", a_picture("JPEG")), ("图.jpeg", a_picture("JPEG")),
        ("图.png", a_picture()), ("图.tif", a_picture("TIFF")),
    ])
    def test_what_may_come(self, name: str, content: bytes) -> None:
        assert codes(content, name) == []

    def test_a_word_paper_of_our_own(self) -> None:
        assert codes(a_docx(), "草稿.docx") == []

    @pytest.mark.parametrize("name", ["附件.zip", "附件.rar", "a.exe", "a.doc", "a.docm", "a.html", "a.svg", "a", "", "a.pdf.js"])
    def test_what_may_not(self, name: str) -> None:
        assert codes(b"%PDF-", name) == ["file_kind_not_allowed"]

    @pytest.mark.parametrize("name,content", [
        ("a.pdf", b""), ("a.pdf", b"MZ"), ("a.png", a_picture("JPEG")), ("a.docx", packed("xl/workbook.xml")), ("a.docx", b"PK\x03\x04broken"),
        ("a.docx", packed("word/document.xml", "word/vbaProject.bin")), ("a.xlsx", a_docx()), ("a.ofd", packed("x.xml")), ("a.tif", b"II"),
    ])
    def test_a_name_must_say_what_is_inside(self, name: str, content: bytes) -> None:
        assert codes(content, name) == ["file_is_not_that"]

    def test_the_limit_of_size(self, settings: Any) -> None:
        settings.KOUAN_PAPER_LIMIT = 100
        assert codes(b"%PDF-" + b"x" * 95, "a.pdf") == [] and codes(b"%PDF-" + b"x" * 96, "a.pdf") == ["file_too_large"]

    def test_the_stream_is_left_at_its_beginning(self) -> None:
        source = BytesIO(a_docx())
        check_file(source, "a.docx", "file")
        assert source.tell() == 0


@pytest.mark.django_db
class TestScanner:
    """Real small scripts stand for the operator's scanner."""

    @pytest.fixture
    def scanner(self, tmp_path: Path, settings: Any) -> Callable[[str], None]:
        def set_up(body: str) -> None:
            place = tmp_path / "scan.sh"
            place.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            place.chmod(place.stat().st_mode | stat.S_IXUSR)
            settings.KOUAN_SCAN_COMMAND = [str(place)]

        return set_up

    def kept(self, content: bytes) -> DocumentVersion:
        actor = a_national_officer()
        paper = record_document(actor=actor, reference=f"paper-{actor.pk}", kind="other", title="文件")
        version: DocumentVersion = add_version(actor=actor, document=paper, source=BytesIO(content), file_name="文件.pdf")
        return version

    def test_a_clean_file_is_kept(self, scanner: Callable[[str], None]) -> None:
        scanner("! grep -q EICAR")
        assert file_place(self.kept(b"clean").sha256).read_bytes() == b"clean"

    def test_an_infected_file_is_refused_and_leaves_nothing(self, scanner: Callable[[str], None], settings: Any) -> None:
        scanner("if grep -q EICAR; then exit 1; fi; exit 0")
        folder = Path(settings.HOME.documents)
        before = sorted(folder.rglob("*"))
        with pytest.raises(Refused) as refusal:
            self.kept(b"an EICAR file")
        assert [each.code for each in refusal.value.findings] == ["infected"] and not DocumentVersion.objects.exists()
        assert sorted(folder.rglob("*")) == before

    @pytest.mark.parametrize("body", ["exit 2", "kill -9 $$"])
    def test_no_verdict_is_no_pass(self, scanner: Callable[[str], None], body: str) -> None:
        scanner(body)
        with pytest.raises(Refused) as refusal:
            self.kept(b"x")
        assert [each.code for each in refusal.value.findings] == ["not_scanned"]

    def test_a_scanner_that_is_gone_or_hangs(self, settings: Any, scanner: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
        settings.KOUAN_SCAN_COMMAND = ["/no/such/scanner"]
        with pytest.raises(Refused, match=r"没有给出结论"):
            self.kept(b"x")
        monkeypatch.setattr("kouan.desk.scanning.LONGEST_SECONDS", 0.2)
        scanner("exec sleep 5")
        with pytest.raises(Refused) as refusal:
            self.kept(b"x")
        assert refusal.value.findings[0].measured == "> 0.2 s"


class TestPreview:
    def place(self, tmp_path: Path, content: bytes) -> Path:
        found = tmp_path / "file"
        found.write_bytes(content)
        return found

    def test_pages_of_a_pdf(self, tmp_path: Path) -> None:
        place = self.place(tmp_path, a_pdf())
        count = page_count(place, "pdf")
        assert count > 2
        for number in (1, count):
            drawn = Image.open(BytesIO(page_picture(place, "pdf", number)))
            assert drawn.format == "PNG" and 1590 <= max(drawn.size) <= 1601
        assert page_picture(place, "pdf", count + 1) == b""

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
    def test_pictures_are_drawn_anew(self, tmp_path: Path, kind: str) -> None:
        place = self.place(tmp_path, a_picture(kind, (3000, 1000)))
        drawn = Image.open(BytesIO(page_picture(place, "image", 1)))
        assert page_count(place, "image") == 1 and drawn.format == "PNG" and drawn.size == (1600, 533)

    def test_pages_of_a_tiff(self, tmp_path: Path) -> None:
        written = BytesIO()
        Image.new("L", (10, 10), 0).save(written, "TIFF", save_all=True, append_images=[Image.new("L", (10, 10), 255)])
        place = self.place(tmp_path, written.getvalue())
        assert page_count(place, "image") == 2
        assert Image.open(BytesIO(page_picture(place, "image", 2))).getpixel((0, 0)) == (255, 255, 255)

    @pytest.mark.parametrize("kind,content", [("pdf", b"%PDF-1.4 nothing"), ("image", b"\x89PNG\r\n\x1a\n"), ("image", b"<svg/>"), ("pdf", b"")])
    def test_what_cannot_be_read_is_said(self, tmp_path: Path, kind: str, content: bytes) -> None:
        with pytest.raises(Refused) as refusal:
            page_count(self.place(tmp_path, content), kind)
        assert refusal.value.findings[0].code == "no_preview"

    def test_a_bomb_of_pixels_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Refused):
            page_picture(self.place(tmp_path, a_picture("PNG", (13000, 13000))), "image", 1)


@pytest.mark.django_db
def test_a_page_notices_a_change_of_a_file_it_has_seen() -> None:
    actor = a_national_officer()
    paper = record_document(actor=actor, reference="p", kind="other", title="文件")
    version: Any = add_version(actor=actor, document=paper, source=BytesIO(b"content of the paper"), file_name="a.pdf")
    assert queries.quick_state(version) == "same"
    place = file_place(version.sha256)
    held = place.stat()
    place.write_bytes(b"forgery of the paper")
    os.utime(place, ns=(held.st_atime_ns, held.st_mtime_ns))
    assert place.stat().st_size == held.st_size and queries.quick_state(version) == "altered"
    place.unlink()
    assert queries.quick_state(version) == "missing"
