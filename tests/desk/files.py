"""Small real files of each kind, for the tests of papers."""

from __future__ import annotations

import zipfile
from io import BytesIO

from PIL import Image

from kouan.desk.papers import Paper, Style, docx_of, paragraph, pdf_of


def a_picture(kind: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    """A red picture."""
    written = BytesIO()
    Image.new("RGB", size, (200, 0, 0)).save(written, kind)
    return written.getvalue()


def a_long_paper() -> Paper:
    """A notice of several pages."""
    return Paper(style=Style.NOTICE, issuer="某办", title="关于测试的通知", addressee="各单位", blocks=[paragraph("内容" * 200) for _ in range(20)],
                 signed_by="某办")


def a_pdf() -> bytes:
    """A PDF of several pages."""
    return pdf_of(a_long_paper())


def a_docx() -> bytes:
    """A Word paper."""
    return docx_of(a_long_paper())


def packed(*names: str) -> bytes:
    """An archive that holds parts of these names."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return written.getvalue()
