"""Draws one page of a PDF, or a picture, as PNG: a small program that is run for one page and ends.

Files come from outside, so they are never opened in the server: this runs in a process of its own with little memory
and time, and only the drawing comes back. No script, link or attachment of the file can reach a reader that way, and
it looks the same on every machine. Run as ``python -I drawing.py pdf|image PAGE`` with the file on standard input; it
writes the number of pages (four bytes, big-endian) and the PNG. Page 0 asks for the number alone.
"""

from __future__ import annotations

import io
import sys

LONG_SIDE = 1600
MOST_PIXELS = 120_000_000
MEMORY, SECONDS = 2 * 1024**3, 20


def draw(kind: str, page: int, content: bytes) -> tuple[int, bytes]:
    """(number of pages, PNG of the page from 1 on). Raises whatever the reading library raises."""
    if kind == "pdf":
        import pypdfium2

        paper = pypdfium2.PdfDocument(content)
        count = len(paper)
        if not 1 <= page <= count:
            return count, b""
        one = paper[page - 1]
        picture = one.render(scale=LONG_SIDE / max(*one.get_size(), 1)).to_pil()
    else:
        from PIL import Image, ImageSequence

        Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
        held = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "TIFF"))
        count = getattr(held, "n_frames", 1)
        if not 1 <= page <= count:
            return count, b""
        picture = next(frame for number, frame in enumerate(ImageSequence.Iterator(held), 1) if number == page)
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.thumbnail((LONG_SIDE, LONG_SIDE))
    written = io.BytesIO()
    picture.convert("RGB").save(written, "PNG")
    return count, written.getvalue()


def main() -> None:
    """Read, draw, write; what the file breaks, breaks here."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    count, drawn = draw(sys.argv[1], int(sys.argv[2]), sys.stdin.buffer.read())
    sys.stdout.buffer.write(count.to_bytes(4, "big") + drawn)


if __name__ == "__main__":
    main()
