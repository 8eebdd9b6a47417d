"""The form of a change of the register: fields shown, what was said read back, differences in words.

Beside each attribute the form carries what stood there when it was opened (``was-NAME``). Only what the
editor altered is changed: a field that nobody touched never overwrites what somebody else entered since.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.http import HttpRequest

from kouan.basis import Finding, Place, Refused, Text, codes
from kouan.console import figures, words
from kouan.console.words import here
from kouan.desk.models import Document
from kouan.desk.queries import documents_visible_to, find_document
from kouan.ports.checking import NEIGHBOURS
from kouan.ports.kinds import Field, Kind, Request
from kouan.ports.meanwhile import ChangedMeanwhile
from kouan.ports.models import Approval, LayoutEntry, Port, PortStatus
from kouan.ports.preview import Difference
from kouan.ports.queries import PortIndex

YES_NO = (("yes", Text("是", "Yes")), ("no", Text("否", "No")))
PAPER_FIELDS = ("kind", "title", "document_number", "issuer", "issued_on")
MOST_PAPERS = 300
# Fields of the verbs by the names under which the forms have them.
_ALIASES = {
    "merger": {"port": "into", "codes_merged": "with"}, "code-retirement": {"code": "held", "scheme": "held"},
    "layout-link": {"port": "layout_id"},
}
_NULLABLE = ("transport_class", "latitude", "longitude", "parent", "is_border")


class ChangeForm:
    """One kind of change, for one port or (registration) for none, as filled in by a request."""

    def __init__(self, request: HttpRequest, kind: Kind, port: Port | None) -> None:
        self.request, self.kind, self.port = request, kind, port
        self.said: Mapping[str, Any] = request.POST if request.method == "POST" else {}
        self.findings: list[Finding] = []
        self.conflict: ChangedMeanwhile | None = None

    # ---- reading what was said -----------------------------------------------------------------------

    def text(self, name: str) -> str:
        """What was typed, without blanks around it; bounded far above any field's own limit."""
        return str(self.said.get(name, "")).strip()[:1000]

    def before(self, name: str) -> str:
        """What stands in the register now, as the form writes it."""
        value = getattr(self.port, name, None) if self.kind.is_of_attributes and self.port else None
        if isinstance(value, Port):
            return value.code
        if isinstance(value, bool):
            return "yes" if value else "no"
        return "" if value is None else str(value)

    def is_touched(self, name: str) -> bool:
        """Whether the editor altered a field of the form that was opened."""
        return self.text(name) != str(self.said.get(f"was-{name}", "")).strip()

    def read(self) -> Request:
        """What is asked for; Refused with all findings where something cannot be read."""
        findings: list[Finding] = []
        values: dict[str, Any] = {}
        for field in self.kind.fields:
            if not self.kind.is_of_attributes or self.is_touched(field.name):
                self._read_field(field, values, findings)
        if "transport_class" in values and self.text("class_basis"):
            values["class_basis"] = self.text("class_basis")
        day = self._day(self.kind.day, findings) if self.kind.day else None
        if self.kind.is_of_attributes and not values and not findings:
            findings.append(self.nothing_changes())
        if findings:
            raise Refused(findings)
        return Request(self.request.user, self.port.code if self.port else "", values, None, day,
                       str(self.said.get("reason", "")).strip(), self._version())

    def nothing_changes(self) -> Finding:
        """The finding of a form that asks for what holds already."""
        field = self.kind.fields[0].name if self.kind.fields else "document"
        return Finding.error(
            "nothing_changes", "所填内容与登记的相同，没有需要登记的变更。", "What you entered stands in the register already.",
            where=Place(field=field), remedy=("请修改内容，或返回口岸页面。", "Alter something, or go back to the port."),
        )

    def _version(self) -> int | None:
        said = self.text("version")
        if self.port is None:
            return None
        # A form without a readable version has seen none: it must not overwrite anything.
        return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else 0

    def _read_field(self, field: Field, values: dict[str, Any], findings: list[Finding]) -> None:
        said = self.text(field.name)
        if field.is_required and not said:
            findings.append(_required(field))
            return
        match field.form:
            case "port" | "ports":
                self._read_ports(field, said, values, findings)
            case "flag":
                value: Any = {"yes": True, "no": False}.get(said)
                if value is not None or field.name in _NULLABLE:
                    values[field.name] = value
            case "code":
                values["scheme"], _, values["code"] = said.partition("|")
            case _:
                values[field.name] = None if not said and field.name in _NULLABLE else said

    def _read_ports(self, field: Field, said: str, values: dict[str, Any], findings: list[Finding]) -> None:
        names = [name for name in re.split(r"[\s,，、;；]+", said) if name] if field.form == "ports" else [said] if said else []
        index = PortIndex.build(self.request.user) if names else None
        mode = self.port.mode if self.port and self.kind.code == "merger" else None
        found = []
        for name in names:
            answer = index.resolve(name, mode=mode, where=Place(field=field.name)) if index else None
            if isinstance(answer, Finding):
                findings.append(answer)
            elif answer is not None:
                found.append(answer.code)
        values[field.name] = found if field.form == "ports" else found[0] if found else None

    def _day(self, field: Field, findings: list[Finding]) -> date | None:
        said = self.text(field.name)
        if not said:
            if field.is_required:
                findings.append(_required(field))
            return None
        return read_day(said, field.name, findings)

    # ---- the paper -----------------------------------------------------------------------------------

    @property
    def has_new_paper(self) -> bool:
        """Whether a new document is described in the form."""
        if "scan" in self.request.FILES:
            return True
        known = self.known_paper()
        if isinstance(known, Document) and (known.title, known.document_number) == (self.text("title"), self.text("document_number")):
            return False  # it was registered a step ago, and a draft or the Back button brought its words again
        return any(self.text(name) for name in PAPER_FIELDS)

    def known_paper(self) -> Document | str | None:
        """The registered document that was named; the words themselves where there is none such."""
        said = self.text("document")
        return (find_document(self.request.user, said) or said) if said else None

    def new_paper(self) -> dict[str, Any]:
        """The facts of the new document, as ``file_document`` takes them."""
        findings: list[Finding] = []
        issued_on = read_day(self.text("issued_on"), "issued_on", findings) if self.text("issued_on") else None
        if self.text("document"):
            findings.append(Finding.error(
                "one_paper", "已选用登记过的文件，又填写了新文件，请只保留一项。",
                "A registered document was chosen and a new one described; keep one of them.", where=Place(field="document"),
            ))
        if findings:
            raise Refused(findings)
        return {
            "kind": self.text("kind"), "title": self.text("title"), "document_number": self.text("document_number"),
            "issuer": self.text("issuer"), "issued_on": issued_on, "province_code": self.port.province_code if self.port else
            self.text("province_code"),
        }

    def papers(self) -> list[tuple[str, str]]:
        """References and words of the registered documents that can carry this change, the newest first."""
        kinds = [kind.value for kind in self.kind.papers_in_order]
        found = documents_visible_to(self.request.user).filter(kind__in=kinds)[:MOST_PAPERS]
        return [(paper.reference, f"{here(words.DOCUMENT_KINDS[paper.kind])}：{paper}") for paper in found]

    def paper_kinds(self) -> list[tuple[str, Text]]:
        """The kinds of a new document that can carry this change."""
        return [(kind.value, words.DOCUMENT_KINDS[kind.value]) for kind in self.kind.papers_in_order]

    # ---- refusals ------------------------------------------------------------------------------------

    def refuse(self, error: Refused) -> None:
        """Take over what is wrong, each at the field under which this form shows it."""
        aliases = _ALIASES.get(self.kind.code, {})
        self.findings = [
            finding.at(field=aliases[finding.where.field]) if finding.where.field in aliases else finding for finding in error.findings
        ]
        if isinstance(error, ChangedMeanwhile):
            self.conflict = error

    # ---- showing -------------------------------------------------------------------------------------

    def fields(self) -> list[dict[str, Any]]:
        """Each field with what it shows: what was typed, else what stands there now."""
        return [self._shown(field) for field in self.kind.fields]

    def day(self) -> dict[str, Any] | None:
        """The field of the day."""
        return self._shown(self.kind.day) if self.kind.day else None

    def _shown(self, field: Field) -> dict[str, Any]:
        before = self.before(field.name)
        was = str(self.said.get(f"was-{field.name}", before))
        value = self.text(field.name) if self.said else before
        if self.said and self.kind.is_of_attributes and not self.is_touched(field.name):
            value = before  # nobody touched it: show what holds by now
        return {
            "field": field, "name": field.name, "label": field.label, "hint": field.hint, "form": field.form, "value": value,
            "options": self._options(field), "is_required": field.is_required, "length": field.length, "was": before,
            # Two editors: what the form was opened on is no longer what holds.
            "now": shown(field.name, before) if self.said and was != before else "",
        }

    def _options(self, field: Field) -> list[tuple[str, Text]]:
        if field.form == "flag":
            return [*YES_NO] if field.name != "is_border" else [*YES_NO, ("", Text("待核", "To be verified"))]
        if field.form == "code" and self.port:
            held = [(one.code, f"{one.scheme}|{one.code}", words.CODE_SCHEMES[one.scheme]) for one in self.port.codes.filter(valid_to=None)]
            return [(key, Text(f"{scheme.zh} {code}", f"{scheme.en} {code}")) for code, key, scheme in held]
        if field.form == "layout" and self.port:
            linked = self.port.layout_links.values("entry_id")
            rows: Iterable[Any] = LayoutEntry.objects.visible_to(self.request.user).filter(mode=self.port.mode).exclude(pk__in=linked)
            return [(row.layout_id, Text(f"{row.box} {row.name_zh}（{row.layout_id}）", f"{row.name_en or row.name_zh} ({row.layout_id})"))
                    for row in rows]
        if field.form == "port":
            return []
        return list(self._choices(field.name))

    def _choices(self, name: str) -> Iterable[tuple[str, Text]]:
        match name:
            case "province_code":
                return [(one.code, one.name) for one in codes.mainland_provinces]
            case "neighbour_code":
                return [("", Text("无", "None")), *((code, words.REGIONS[code]) for code in sorted(NEIGHBOURS))]
            case "transport_class":
                return [("", Text("待定", "Undecided")), *words.CLASSES.items()]
            case "scheme":
                return words.CODE_SCHEMES.items()
            case "mode":
                return words.MODES.items()
            case "approval":
                return [(one, words.APPROVALS[one]) for one in (Approval.UNVERIFIED.value, Approval.PLAN_LISTED.value)]
            case "status" if self.kind.is_of_attributes:
                return [(one.value, words.STATUSES[one.value])
                        for one in (PortStatus.SUSPENDED, PortStatus.OPEN, PortStatus.UNKNOWN, PortStatus.PLANNED)]
            case "status":
                return [(one.value, words.STATUSES[one.value]) for one in (PortStatus.UNKNOWN, PortStatus.PLANNED)]
        return []

    def hidden(self) -> list[tuple[str, str]]:
        """Everything that was said, for the step of confirmation: it is checked again when it comes back."""
        left_out = ("csrfmiddlewaretoken", "deed", "document", *PAPER_FIELDS)
        return [(name, str(value)) for name, value in self.said.items() if name not in left_out]

    def meanwhile(self) -> list[dict[str, Any]]:
        """What others changed since the form was opened: then, now, and what this editor typed."""
        if self.conflict is None:
            return []
        mine = {field.name for field in self.kind.fields}
        return [{
            "label": difference_label(one.what), "who": one.who, "when": one.when, "valid_from": one.valid_from,
            "was": shown(one.what, self.said.get(f"was-{one.what}", "")) if one.what in mine else "",
            "now": shown(one.what, one.value),
            "typed": shown(one.what, self.text(one.what)) if one.what in mine and self.is_touched(one.what) else "",
        } for one in self.conflict.changes]


def read_day(said: str, name: str, findings: list[Finding]) -> date | None:
    """A date of a form; what cannot be read becomes a finding at its field."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        findings.append(Finding.error(
            "not_a_date", f"“{said[:20]}”不是日期。", f"“{said[:20]}” is not a date.", where=Place(field=name),
            remedy=("请按 2021-01-31 的形式填写。", "Write it as 2021-01-31."),
        ))
        return None


def _required(field: Field) -> Finding:
    return Finding.error("value_required", f"请填写“{field.label.zh}”。", f"Give “{field.label.en}”.", where=Place(field=field.name))


# ---- differences in words ---------------------------------------------------------------------------------

_OTHERS = {
    "event": Text("事项", "Event"), "code": Text("代码", "Code"), "layout_link": Text("布局条目", "Layout entry"),
}
EFFECTS = {
    "now": Text("立即生效", "At once"),
    "later": Text("到日生效", "On its day"),
    "past": Text("只补记过去，现状不变", "Only the past; today stays as it is"),
}


def difference_label(what: str) -> Text:
    """The name of what changes."""
    return words.PORT_ATTRIBUTES.get(what) or _OTHERS.get(what) or Text(what, what)


def shown(what: str, value: Any) -> str:
    """A value of the register, or of a form, in words of the page's language."""
    tables = {"status": words.STATUSES, "approval": words.APPROVALS, "transport_class": words.CLASSES,
              "neighbour_code": words.REGIONS, "event": words.EVENTS}
    if value is None or value == "":
        return here(Text("空", "Empty"))
    if what in ("approved_on", "accepted_on"):
        return str(figures.day(value if isinstance(value, date) else date.fromisoformat(value)))
    if value in ("yes", "no", True, False):
        return here(YES_NO[0 if value in ("yes", True) else 1][1])
    if what in tables and value in tables[what]:
        return here(tables[what][value])
    if what == "province_code" and value in {one.code for one in codes.provinces}:
        return here(codes.province(value).name)
    if what == "code" and str(value).partition(" ")[0] in words.CODE_SCHEMES:
        scheme, _, code = str(value).partition(" ")
        return f"{here(words.CODE_SCHEMES[scheme])} {code}"
    return str(value)


def in_words(differences: Iterable[Difference]) -> list[dict[str, Any]]:
    """The differences as rows of the page of confirmation."""
    return [{
        "port": one.port, "port_name": one.port_name, "label": difference_label(one.what), "old": shown(one.what, one.old),
        "new": shown(one.what, one.new), "valid_from": one.valid_from, "effect": EFFECTS[one.effect], "is_now": one.effect == "now",
    } for one in differences]


def with_paper(request: Request, document: Document | str | None) -> Request:
    """The same request, resting on this document."""
    return replace(request, document=document)
