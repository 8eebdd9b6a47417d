"""解释与变更: changes of law as rows of a table, and what a preview says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.accounts.models import User
from kouan.basis import Text
from kouan.console.as_written import as_written, in_brackets
from kouan.console.marks import badge
from kouan.console.tables import Column, Filter, Table, put
from kouan.console.words import here
from kouan.grading.lawbook import preview as lawbook
from kouan.grading.lawbook.models import ChangeState, LawChange
from kouan.grading.lawbook.preview import seen_by
from kouan.grading.lawbook.queries import STATES, changes_visible_to
from kouan.law import Library, registered_rules
from kouan.law.changes import KINDS, PARAMETER
from kouan.ports.queries import ports_visible_to

MARKS: Mapping[str, tuple[str, str]] = {
    ChangeState.PROPOSED: ("half", "wait"), ChangeState.APPROVED: ("disc", "ok"), ChangeState.REJECTED: ("cross", "bad"),
    ChangeState.WITHDRAWN: ("ring", "none"),
}


def state_mark(state: str) -> SafeString:
    """How far a change has come, as word and shape."""
    return badge(here(STATES[state]), *MARKS[state])


def subject_of(change: LawChange) -> Text:
    """The parameter or the open point; its key where a later release no longer has it."""
    library = Library.shipped()
    if change.kind == PARAMETER:
        return library.parameters[change.key].label if change.key in library.parameters else Text(change.key, change.key)
    return library.questions[change.key].label if change.key in library.questions else Text(change.key, change.key)


def answer_of(change: LawChange) -> Text:
    """The number as printed, or the reading chosen in words."""
    library = Library.shipped()
    if change.kind == PARAMETER and change.key in library.parameters:
        return change.change().dated_value(library).text
    question = library.questions.get(change.key)
    return question.choices.get(change.value, Text(change.value, change.value)) if question else Text(change.value, change.value)


def _key(row: LawChange) -> SafeString:
    return format_html('<a href="{}">{}</a><span class="subline">{} {}</span>', reverse("law-change", args=[row.pk]), here(subject_of(row)),
                       here(KINDS[row.kind]), row.key)


def _document(row: LawChange) -> SafeString:
    return format_html("{}{}", as_written(row.document_title), in_brackets(row.document_number))


CHANGES = Table(
    name="law-changes",
    title=Text("解释与变更", "Rulings and changes"),
    columns=(
        Column("subject", Text("问题或参数", "Open point or parameter"), value=subject_of, show=_key, is_key=True, is_wide=True),
        Column("number", Text("编号", "Number"), value=lambda r: r.pk, only="export"),
        Column("key", Text("标识", "Key"), value=lambda r: r.key, only="export"),
        Column("answer", Text("答复或新值", "Answer or value"), value=answer_of, is_wide=True),
        Column("from_date", Text("自何日起", "From"), keeps_line=True),
        Column("document", Text("文件", "Document"), value=lambda r: f"{r.document_title}（{r.document_number}）", show=_document, is_wide=True),
        Column("moved", Text("会变的结论", "Verdicts that change"), value=lambda r: r.moved, is_number=True),
        Column("state", Text("状态", "State"), value=lambda r: STATES[r.state], show=lambda r: state_mark(r.state), keeps_line=True),
    ),
    filters=(Filter("state", Text("状态", "State"), choices=tuple(STATES.items())),
             Filter("kind", Text("种类", "Kind"), choices=tuple(KINDS.items()))),
    empty=Text("没有提出过变更。", "No change has been proposed."),
    empty_next=Text("国家口岸办的人员可以提出新的参数取值或解释口径，由另一人批准。",
                    "Officers of the national office may propose a value or a ruling; another one approves it."),
)


def count_moved(user: Any, rows: Iterable[LawChange]) -> None:
    """Put on each row how many verdicts of ports that the user may see it changes."""
    codes = set(ports_visible_to(user).values_list("code", flat=True))
    for row in rows:
        put(row, moved=lawbook.count_moved(row.preview, codes))


def changes_of(user: Any, key: str) -> list[tuple[LawChange, Text, SafeString]]:
    """The changes of one parameter or setting that the user may see, with the answer and the state."""
    return [(row, answer_of(row), state_mark(row.state)) for row in changes_visible_to(user).filter(key=key).order_by("-from_date", "-pk")]


def impact(user: Any, found: Mapping[str, Any], *, is_national: bool) -> dict[str, Any]:
    """A preview as the page shows it; without the national view only the user's own ports."""
    if not is_national:
        found = seen_by(found, set(ports_visible_to(user).values_list("code", flat=True)))
    rules = registered_rules()
    real = [_row(row) for row in found["moved"] if row["applies"]]
    trial = [_row(row) for row in found["moved"] if not row["applies"]]
    return {
        "as_of": date.fromisoformat(found["as_of"]), "years": found["years"],
        "judged": found["judged"] if is_national else None, "real": real, "trial": trial,
        "rules": [(rules[key].title, reverse("law-rule", args=[key])) for key in found["rules"] if key in rules],
        "recorded": found["recorded"], "is_national": is_national,
        "by_year": list(found["recorded"].get("by_year", {}).items()), "matters": found["cited_by"].get("matters", []),
        "others": [(kind, rows) for kind, rows in found["cited_by"].items() if kind != "matters" and rows],
        # Previews kept by earlier versions tried the volume standard alone.
        "by_rule": [{**row, "title": Text(**row["title"])} for row in found.get("by_rule", ()) if row["is_concerned"]],
        "elsewhere": [_elsewhere(row) for row in found.get("others", ())], "cases": [_elsewhere(row) for row in found.get("cases", ())],
        "left_off": found.get("left_off", 0),
    }


_KIND_WORDS: Mapping[str, Text] = {
    "province": Text("该省下一个机场的第一道条件", "the first gate of the province's next airport"),
    "unaccepted": Text("批准后未验收名单", "list of ports approved and not accepted"), "city": Text("整合候选", "candidates for merging"),
}


def _elsewhere(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of another rule, or of a past case: whose, under which rule, from what to what, and the step."""
    title = Text(**row["title"]) if "title" in row else Text(row["name_zh"], row["name_en"] or row["name_zh"])
    address = ""
    if row.get("matter"):
        address = reverse("matter", args=[row["matter"]])
    elif row["port"]:
        address = reverse("port", args=[row["port"]])
    rule = registered_rules().get(row["rule"])
    step = row["step"]["after"] or row["step"]["before"]
    return {
        **row, "name": title, "address": address, "rule_title": rule.title if rule else Text(row["rule"], row["rule"]),
        "rule_address": reverse("law-rule", args=[row["rule"]]) if rule else "", "of": _KIND_WORDS.get(row["kind"]),
        **{side: {**row[side], "name": Text(**row[side]["name"])} for side in ("before", "after", "supposed")},
        "was_said": Text(**row["recorded"]["name"]) if "recorded" in row else None,
        "years_moved": [
            {"year": each["year"], "before": Text(**each["before"]["name"]), "after": Text(**each["after"]["name"])} for each in row.get("years", ())
        ],
        "step": Text(**step) if step else Text("—", "-"),
        "was": Text(**row["step"]["before"]) if row["step"]["before"] and row["step"]["after"] else None,
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row, "name": Text(row["name_zh"], row["name_en"] or row["name_zh"]), "address": f"{reverse('port', args=[row['port']])}?year={row['year']}",
        "step": Text(**(row["step"]["after"] or row["step"]["before"] or {"zh": "—", "en": "-"})),
    }


def people(*ids: int | None) -> dict[int, str]:
    """Names for plain ids of users."""
    return dict(User.objects.filter(pk__in=[each for each in ids if each]).values_list("pk", "display_name"))


