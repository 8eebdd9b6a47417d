"""Changes of law as data: a dated value or a ruling that somebody proposes, with the document that gives it.

A change adds and never alters: a new value holds from its day, an answer to an open point from its day, and what
was decided before stays as it was. A file of changes names one document and what follows from it:

    document: {title: 文件名称, number: 发文字号, issued: 2026-06-20}
    reason: 为何改动
    parameters:
      - parameter: volume_standard.sea.cargo
        value: 800                # in the unit that the parameter is printed in (万吨)
        from_date: 2027-01-01
        article: 第四条(一)
        quote: 原文               # may be left out
    rulings:
      - setting: volume_standard.combine
        value: and
        from_date: 2026-07-01
        quote: 答复原文           # may be left out

>>> from kouan.law import Library
>>> change = Change("parameter", "volume_standard.sea.cargo", "800", date(2027, 1, 1), "办法", "署岸发〔2026〕1号",
...                 date(2026, 6, 20), "试验", article="第四条")
>>> library = with_values(Library.shipped(), [change.dated_value(Library.shipped())])
>>> [value.printed_text for value in library.parameters["volume_standard.sea.cargo"].values]
['100万吨', '1000万吨', '800万吨']
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from kouan.basis import Citation, Finding, Place, Refused, Text, nearest
from kouan.basis.form import Form
from kouan.law.law import Law, check_ruling
from kouan.law.library import Library, exactly
from kouan.law.values import DatedValue, Ruling

PARAMETER, RULING = "parameter", "ruling"
KINDS: Mapping[str, Text] = {PARAMETER: Text("参数取值", "value of a parameter"), RULING: Text("解释口径", "ruling on an open point")}
MOST = 20  # changes in one file
_FIRST, _LAST = date(1949, 10, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Change:
    """One proposed value or ruling.

    `value` is the printed number of a parameter (in its printed unit, as plain digits) or the code of the reading
    chosen. `document_number` is entered as issued; `quote` holds the words of the document, for a ruling its answer.
    """

    kind: str
    key: str
    value: str
    from_date: date
    document_title: str
    document_number: str
    issued: date
    reason: str
    article: str = ""
    quote: str = ""

    @property
    def citation(self) -> Citation:
        """Return the document as a citation."""
        return Citation(
            self.document_title, self.article or f"（{self.document_number}）", quote=self.quote or None, issued=self.issued,
            in_force_from=self.from_date,
        )

    def ruling(self) -> Ruling:
        """Return the ruling; only for a change of that kind."""
        return Ruling(self.key, self.value, self.from_date, self.document_number, self.document_title, self.issued)

    def dated_value(self, library: Library) -> DatedValue:
        """Return the value of a parameter of the library; KeyError for an unknown one."""
        parameter = library.parameters[self.key]
        printed = Decimal(self.value)
        return DatedValue(
            key=self.key, value=exactly(printed, parameter.printed_unit, parameter.unit), unit=parameter.unit, printed=printed,
            printed_unit=parameter.printed_unit, in_force_from=self.from_date, in_force_to=None, covers_to=None, issued=self.issued,
            citation=self.citation, note=None,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {**asdict(self), "from_date": self.from_date.isoformat(), "issued": self.issued.isoformat()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Change:
        """Rebuild a change from `as_dict()`."""
        return cls(**{**data, "from_date": date.fromisoformat(data["from_date"]), "issued": date.fromisoformat(data["issued"])})


def with_values(library: Library, values: Iterable[DatedValue]) -> Library:
    """Return the library with more values. One that begins on the day of another stands in its place.

    The digest covers the values added, so that a verdict's recipe tells the two laws apart.
    """
    added = list(values)
    if not added:
        return library
    parameters = dict(library.parameters)
    for value in added:
        parameter = parameters[value.key]
        held = {each.in_force_from: each for each in parameter.values} | {value.in_force_from: value}
        ordered = [held[day] for day in sorted(held)]
        parameters[value.key] = replace(parameter, values=tuple(
            replace(each, in_force_to=later.in_force_from - timedelta(days=1) if later else None)
            for each, later in zip(ordered, [*ordered[1:], None], strict=True)
        ))
    said = sorted(json.dumps(value.as_dict(), sort_keys=True, ensure_ascii=False) for value in added)
    digest = hashlib.sha256("\n".join([library.digest, *said]).encode()).hexdigest()
    return replace(library, parameters=parameters, digest=digest)


def read_changes(data: Any, file: str, law: Law) -> list[Change]:
    """Return the changes of a file that was read as YAML. Refused with every slip, each with its path."""
    form = Form(file)
    top = form.mapping(data, "", {"document", "reason"}, {"parameters", "rulings"})
    document = form.mapping(top["document"], "/document", {"title", "number", "issued"}) if "document" in top else {}
    title, number = (form.word(document.get(name), f"/document/{name}") if document else "" for name in ("title", "number"))
    issued = form.day(document.get("issued"), "/document/issued") if document else date.min
    reason = form.word(top.get("reason"), "/reason") if top else ""
    changes: list[tuple[str, Change]] = []
    for part, kind, need in (("parameters", PARAMETER, {"parameter", "article"}), ("rulings", RULING, {"setting"})):
        rows = top.get(part) or []
        if not isinstance(rows, list):
            form.slip(f"/{part}", "wrong_form", "此处应为列表，每项以“-”开头。", "A list belongs here; each item begins with “-”.", _GUIDE)
            continue
        for place, row in enumerate(rows):
            at = f"/{part}/{place}"
            fields = form.mapping(row, at, {*need, "value", "from_date"}, {"quote"})
            if not {*need, "value", "from_date"} <= set(fields):
                continue
            value = f"{form.number(fields['value'], f'{at}/value'):f}" if kind == PARAMETER else form.word(fields["value"], f"{at}/value")
            name = "parameter" if kind == PARAMETER else "setting"
            changes.append((at, Change(
                kind, form.word(fields[name], f"{at}/{name}"), value, form.day(fields["from_date"], f"{at}/from_date"), title, number, issued,
                reason, article=form.word(fields["article"], f"{at}/article") if kind == PARAMETER else "",
                quote=form.word(fields["quote"], f"{at}/quote") if "quote" in fields else "",
            )))
    if top and not changes and not form.findings:
        form.slip("/", "empty", "文件中没有参数取值，也没有解释口径。", "The file proposes neither a value nor a ruling.", _GUIDE)
    if len(changes) > MOST:
        form.slip("/", "too_many", f"一次最多{MOST}项改动。", f"At most {MOST} changes at a time.", ("请分几个文件。", "Use several files."))
    if form.findings:
        raise Refused(form.findings)
    wrong = [each for each in check_changes([change for _, change in changes], law, file, [at for at, _ in changes]) if each.is_error]
    if wrong:
        raise Refused(wrong)
    return [change for _, change in changes]


def check_changes(changes: Sequence[Change], law: Law, file: str | None = None, places: Sequence[str] = ()) -> list[Finding]:
    """Return what is wrong with changes, held against the law and against each other; warnings stand among them.

    `places` are their paths in the file; without them a finding names the field of a form.
    """
    findings: list[Finding] = []
    library, rulings = law.library, list(law.rulings)
    for number, change in enumerate(changes):
        at = places[number] if places else None

        def where(field: str, at: str | None = at) -> Place:
            return Place(file=file, path=f"{at}/{field}") if at else Place(field=field)

        found = [*_document(change, where), *(_value(change, library, where) if change.kind == PARAMETER else _reading(change, law, rulings, where))]
        findings += found
        if any(each.is_error for each in found):
            continue
        if change.from_date < change.issued:
            findings.append(Finding.warning(
                "effect_before_issue", f"自{change.from_date}起适用，早于印发日期{change.issued}；已作出的结论不改。",
                f"It holds from {change.from_date}, before it was issued ({change.issued}); verdicts on record stay.", where=where("from_date"),
                remedy=("请核对文件。", "Check the document.")))
        if change.kind == PARAMETER:
            library = with_values(library, [change.dated_value(library)])
        else:
            rulings.append(change.ruling())
    return findings


def _document(change: Change, where: Any) -> Iterable[Finding]:
    for field in ("from_date", "issued"):
        day = getattr(change, field)
        if not _FIRST <= day <= _LAST:
            yield Finding.error("day_out_of_reach", f"日期{day.isoformat()}不在{_FIRST.year}年至{_LAST.year}年之间。",
                                f"The day {day.isoformat()} does not lie between {_FIRST.year} and {_LAST.year}.", where=where(field),
                                remedy=("请核对文件上的日期。", "Check the day on the document."))
    for field, zh, en in (("document_title", "文件名称", "title of the document"), ("document_number", "发文字号", "document number"),
                          ("reason", "理由", "reason")):
        if not getattr(change, field).strip():
            yield Finding.error("empty", f"{zh}不能为空。", f"The {en} may not be empty.", where=where(field),
                                remedy=("请按文件原样填写。", "Enter it as issued."))


def _value(change: Change, library: Library, where: Any) -> Iterable[Finding]:
    parameter = library.parameters.get(change.key)
    if parameter is None:
        yield unknown_key(change.key, "参数", "parameter", library.parameters, where("key"))
        return
    try:
        number = Decimal(change.value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or number.adjusted() > 15 or len(change.value) > 24:
        yield Finding.error("not_a_number", f"“{change.value[:40]}”不是非负数。", f"“{change.value[:40]}” is not a number of zero or more.",
                            where=where("value"), remedy=(f"请按{parameter.printed_unit}填写，只写数字。",
                                                          f"Write digits only, in {parameter.printed_unit}."))
    if not change.article.strip():
        yield Finding.error("empty", "条款不能为空。", "The article may not be empty.", where=where("article"),
                            remedy=("请写明第几条；没有条款的写“全文”。", "Name the article; write 全文 where there is none."))
    held = next((each for each in parameter.values if each.in_force_from == change.from_date), None)
    if held is not None:
        yield Finding.error(
            "value_of_that_day", f"{parameter.label.zh}自{change.from_date}起已有数值{held.printed_text}（{held.citation}）。",
            f"{parameter.label.en} already has a value from {change.from_date}: {held.printed_text} ({held.citation}).", where=where("from_date"),
            remedy=("新值不改写旧值，请核对生效日期。", "A new value never rewrites an old one; check the day."))


def _reading(change: Change, law: Law, rulings: Sequence[Ruling], where: Any) -> Iterable[Finding]:
    question = law.library.questions.get(change.key)
    if question is None:
        yield unknown_key(change.key, "设定", "setting", law.library.questions, where("key"))
        return
    for each in check_ruling(change.ruling(), law.library):
        if each.code == "unknown_choice":
            yield replace(each, where=where("value"))
    for other in rulings:
        if (other.setting, other.from_date, other.issued) == (change.key, change.from_date, change.issued):
            yield Finding.error(
                "ruling_of_that_day", f"该设定自{change.from_date}起已有解释（{other.document_number}）。",
                f"There is a ruling on it from {change.from_date} already ({other.document_number}).", where=where("from_date"),
                remedy=("请核对文件；同日的两份解释不能并存。", "Check the document; two rulings of one day cannot stand together."))


def unknown_key(key: str, zh: str, en: str, known: Iterable[str], where: Place) -> Finding:
    """Say that there is no such key, with the nearest."""
    names = list(known)
    near = nearest(key, names, 3) or names[:3]
    return Finding.error("unknown_law_key", f"没有名为“{key[:80]}”的{zh}。", f"There is no {en} “{key[:80]}”.", where=where,
                         remedy=(f"相近的有：{'、'.join(near)}。", f"Near it: {', '.join(near)}."))


_GUIDE = ("格式见 docs/howto/change-the-law.md。", "The form is described in docs/howto/change-the-law.md.")


def last_day(data: Any) -> date | None:
    """Return the latest day that a file of changes names, so that it can be held against the law of that day; None for none."""
    if not isinstance(data, Mapping):
        return None
    rows = [row for part in ("parameters", "rulings") if isinstance(data.get(part), list) for row in data[part] if isinstance(row, Mapping)]
    days = [day for row in rows if isinstance(day := row.get("from_date"), date) and not isinstance(day, datetime)]
    return max(days, default=None)
