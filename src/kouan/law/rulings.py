"""Read rulings (解释文件) from a YAML file.

A ruling answers an open point from a date and names its document; the national port office explains the
plan (国家“十四五”口岸发展规划 七). The file is a list:

    - setting: volume_standard.border_mode
      value: no_grace
      from_date: 2024-07-01
      document_number: 发文字号, as issued
      document_title: 文件名称, as issued
      issued: 2024-06-20

No ruling ships with the product: none had been published when it was written.
"""

from __future__ import annotations

from pathlib import Path

from kouan.basis import Finding, Refused
from kouan.basis.form import Form
from kouan.basis.strict_yaml import load_file
from kouan.law.law import check_ruling
from kouan.law.library import Library
from kouan.law.values import Ruling

_FIELDS = {"setting", "value", "from_date", "document_number", "document_title", "issued"}


def load_rulings(path: Path, library: Library | None = None) -> list[Ruling]:
    """Return the rulings in the file at `path`. Raises Refused with every slip, by file and path."""
    library = library or Library.shipped()
    data = load_file(path)
    form = Form(path.name)
    if data is None:
        return []
    if not isinstance(data, list):
        form.slip(
            "",
            "wrong_form",
            "解释文件应为列表，每项以“- setting:”开头。",
            "A file of rulings is a list; each item begins with “- setting:”.",
            ("格式见 docs/howto/add-a-rule.md。", "The form is described in docs/howto/add-a-rule.md."),
        )
        raise Refused(form.findings)
    rulings: list[Ruling] = []
    findings: list[Finding] = []
    for number, entry in enumerate(data):
        at = f"/{number}"
        before = len(form.findings)
        fields = form.mapping(entry, at, _FIELDS)
        if len(form.findings) > before:
            continue
        ruling = Ruling(
            setting=form.word(fields["setting"], f"{at}/setting"),
            value=form.word(fields["value"], f"{at}/value"),
            from_date=form.day(fields["from_date"], f"{at}/from_date"),
            document_number=form.word(fields["document_number"], f"{at}/document_number"),
            document_title=form.word(fields["document_title"], f"{at}/document_title"),
            issued=form.day(fields["issued"], f"{at}/issued"),
        )
        if len(form.findings) == before:
            findings += check_ruling(ruling, library, number, path.name)
        rulings.append(ruling)
    if form.findings or findings:
        raise Refused([*form.findings, *findings])
    return rulings
