"""The pages of the procedures are those that their files write."""

from __future__ import annotations

from pathlib import Path

import kouan
from kouan.basis.strict_yaml import load_file
from kouan.casework.catalogue import catalogue
from kouan.casework.pages import other_rooms, pages

PAGES = Path(__file__).resolve().parents[2] / "docs" / "procedures"


def test_the_pages_are_as_the_procedures_write_them() -> None:
    written = pages()
    assert {page.name for page in PAGES.glob("*.md")} == set(written), "run: .venv/bin/python scripts/procedure-pages"
    for name, text in written.items():
        assert (PAGES / name).read_text(encoding="utf-8") == text, f"{name} is out of date; run: .venv/bin/python scripts/procedure-pages"


def test_every_step_condition_clock_and_setting_stands_on_its_page() -> None:
    written = pages()
    for code, versions in [*catalogue().items(), *(each for _, known in other_rooms() for each in known.items())]:
        page, newest = written[f"{code}.md"], versions[-1]
        for step in newest.transitions.values():
            assert f"{step.label.zh} {step.label.en}" in page and f"--> {step.target}: {step.label.zh}" in page
            assert all(guard.otherwise.zh in page for guard in step.guards)
        assert all(each.label.en in page for each in (*newest.clocks.values(), *newest.consultations.values(), *newest.settings.values()))


def test_every_procedure_of_every_room_has_its_page_and_its_line() -> None:
    files = sorted(Path(kouan.__file__).parent.glob("**/procedures/*.yaml"))
    codes = {str(load_file(path)["code"]) for path in files}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert {"supervision", "circular_receipt", "joint_conference", "enterprise_issue", "quarterly_report", "opening"} <= codes
    for code in codes:
        assert (PAGES / f"{code}.md").is_file() and f"]({code}.md)" in index, code
    assert {page.stem for page in PAGES.glob("*.md")} == codes | {"README"}
