"""What can be asked of returns: mine to file, mine to review, the board, one with its history, templates; always in scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from kouan.accounts.models import OrganisationKind
from kouan.accounts.permissions import may_in_service
from kouan.accounts.scope import scope_of
from kouan.basis import Finding, NotFound, Period, Place, Refused, Text, clock, codes, numbers
from kouan.collection.models import Observation
from kouan.collection.returns import actions, forms
from kouan.collection.returns.calendar import code_of
from kouan.collection.returns.cells import FOOTER, Cell, Filled
from kouan.collection.returns.forms import Form, FormItem
from kouan.collection.returns.history import Known, exempted, history
from kouan.collection.returns.models import (
    FILED,
    FigureMark,
    NotApplicable,
    Return,
    ReturnCall,
    ReturnState,
    ReturnVersion,
)
from kouan.collection.returns.offices import Offices
from kouan.collection.returns.standing import WORDS, marks_of, word_of
from kouan.collection.returns.template import Sheet, write_book
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import inbox


def returns_visible_to(user: Any) -> Any:
    """The returns in scope, with what their lines show."""
    return Return.objects.visible_to(user).select_related("port", "organisation")


def to_file(user: Any) -> Any:
    """What somebody's office has to file or correct, soonest due first."""
    if not may_in_service(user, "returns.file"):
        return Return.objects.none()
    rows = returns_visible_to(user).filter(Q(organisation_id=user.organisation_id,
        matter__isnull=True) | Q(matter__applicant_id=user.organisation_id))
    if user.organisation.kind == OrganisationKind.NATIONAL_OFFICE:
        # It owes what has no office below; that stands on the board. On the desk is what it began itself.
        rows = rows.filter(Q(matter__isnull=False) | ~Q(draft={}))
    return rows.filter(state__in=(ReturnState.DUE, ReturnState.RETURNED)).order_by("due_on", "period_start", "port__pinyin", "form")


def to_review(user: Any) -> Any:
    """What lies on somebody's desk to be passed on, signed off or returned, longest waiting first."""
    waiting = inbox(user).filter(matter__procedure=actions.REVIEW, party__in=("province", "national")).order_by().values("matter_id")
    return returns_visible_to(user).filter(matter__in=waiting, state__in=FILED).order_by("filed_on", "pk")


def calls_visible_to(user: Any) -> Any:
    """The calls that somebody's matters show, newest first."""
    return ReturnCall.objects.filter(matter__in=Matter.objects.visible_to(user)).select_related("matter", "organisation").annotate(
        owed=Count("returns"), left=Count("returns", filter=Q(returns__state=ReturnState.DUE))).order_by("-period_end", "organisation__code")


# ---- templates ---------------------------------------------------------------------------------------------


def template_for(user: Any, *, form: str = "", period: str = "", ports: Sequence[str] = (), returns: Collection[int] = ()) -> bytes:
    """A workbook to fill in: one form for one port, or for every port in scope that owes it to somebody the user may file for; or all that
    ``returns`` name. Raises Refused, NotFound out of scope."""
    if not may_in_service(user, "returns.file"):
        from kouan.accounts.action import refuse

        raise refuse(user, "returns.file", "collection.returns.template")
    offices = Offices()
    if returns:
        held = [actions.get_return(user, each) for each in returns]
    else:
        asked = forms.get(form)
        when = forms.period_of(asked, period or forms.latest_period(asked.cadence))
        asked = forms.get(form, when.end)
        if ports:
            held = [actions.owed(actor=user, form=asked.code, port=each, period=code_of(when, asked.cadence)) for each in ports]
        else:
            from kouan.ports.models import Port

            rows = Port.objects.all() if scope_of(user).everything else Port.objects.visible_to(user)
            known = {each.port_id: each for each in returns_visible_to(user).filter(form=asked.code, period_start=when.start, period_end=when.end)}
            days = actions.calendar.days_for(asked.cadence, when)
            held = []
            for port in actions.reporting_ports(rows).order_by("pinyin", "code"):
                each = known.get(port.pk) or (actions.new_return(asked, port, when, offices, days) if asked.items_for(port) else None)
                if each is not None and actions.may_file(user, each, offices) and each.state in (ReturnState.DUE, ReturnState.RETURNED):
                    held.append(each)
            if when.end >= clock.today():
                actions.refuse_unowed(asked, held[0].port, when) if held else None
    if not held:
        raise Refused.because("nothing_to_fill", "没有需要您填报的报表。", "There is nothing for you to fill in.", where=Place(field="form"),
                              remedy=("请核对表号和时期；由其他单位填报的，请该单位下载。", "Check form and period."))
    for each in held:
        actions.refuse_stranger(user, each)
    return write_book(sheets_of(held))


def sheets_of(held: Sequence[Return]) -> list[Sheet]:
    """What the template of some returns shows, with what is known beside each."""
    made: dict[int, Sheet] = {}
    groups: dict[tuple[str, str, date, date], list[int]] = {}
    for at, each in enumerate(held):
        groups.setdefault((each.form, each.form_version, each.period_start, each.period_end), []).append(at)
    counts = dict(ReturnVersion.objects.filter(owner_id__in=[each.pk for each in held if each.pk]).order_by().values_list("owner")
                  .annotate(Count("pk")))
    for places in groups.values():
        some = [held[at] for at in places]
        form, period = some[0].form_of, some[0].period
        known, exempt = history(form, period, [each.port for each in some]), exempted([each.port_id for each in some], period)
        for at, each in zip(places, some, strict=True):
            filled = filled_of(each)
            made[at] = Sheet(form, each.port, period, known, each.organisation.name_zh, exempt.get(each.port_id, frozenset()),
                             counts.get(each.pk, 0), filled)
    return [made[at] for at in range(len(held))]


def filled_of(held: Return) -> Filled | None:
    """What stands in a return now: the draft, else the newest version; None where nothing was ever typed."""
    if held.draft:
        return actions.filled_from(held.draft.get("cells", {}), held.draft.get("people", {}), bool(held.draft.get("zero")))
    last = held.versions.order_by("-number").first() if held.pk else None
    if last is None:
        return None
    return Filled({code: Cell(each["value"], each["reason"], each["note"]) for code, each in last.cells.items()}, people=last.people,
                  is_zero=last.is_zero)


# ---- one return --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """One line of a return as its reviewer sees it: the value, what is known beside it, the reason, what is said of it."""

    item: FormItem
    value: Decimal | None
    known: Known
    reason: str = ""
    note: str = ""
    place: str = ""
    is_exempt: bool = False
    said: str = ""
    earlier: Decimal | None = None
    findings: list[Finding] = field(default_factory=list)

    def change(self, against: Decimal | None) -> float | None:
        """The change on another figure; None where there is none."""
        return None if self.value is None or not against else float(self.value / against) - 1


def lines_of(held: Return, version: ReturnVersion | None = None) -> list[Line]:
    """The lines of a version (the newest), each with last period, the same a year ago, the other side's count, and reason."""
    form, port = held.form_of, held.port
    known = history(form, held.period, [port])
    exempt = exempted([port.pk], held.period).get(port.pk, frozenset())
    version = version or held.versions.order_by("-number").first()
    before = held.versions.filter(number__lt=version.number).order_by("-number").first() if version is not None else None
    found: dict[str, list[Finding]] = {}
    for each in version.findings if version is not None else ():
        found.setdefault(each["item"], []).append(Finding.from_dict(each))
    lines = []
    for code, item in form.items_for(port).items():
        cell = version.cells.get(code, {}) if version is not None else {}
        earlier = before.cells.get(code, {}).get("value") if before is not None else None
        lines.append(Line(
            item, _number(cell.get("value")), known.at(port.code, code), cell.get("reason", ""), cell.get("note", ""), cell.get("place", ""),
            code in exempt, version.notes.get(code, "") if version is not None else "", _number(earlier), found.get(code, [])))
    return lines


def _number(said: str | None) -> Decimal | None:
    return Decimal(said) if said else None


def mark_of(observation: Observation) -> list[FigureMark]:
    """迟报 and 修订 on a figure."""
    return list(FigureMark.objects.filter(observation=observation).select_related("version").order_by("pk"))


def marks_on(observations: Collection[int]) -> dict[int, list[str]]:
    """The marks of many figures at once, by figure."""
    found: dict[int, list[str]] = {}
    for pk, kind in FigureMark.objects.filter(observation_id__in=list(observations)).values_list("observation_id", "kind"):
        found.setdefault(pk, []).append(kind)
    return found


# ---- the board ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProvinceLine:
    """How complete one province is for a period: counts by word, and the share of what is owed that was filed."""

    code: str
    name: Text
    counts: Mapping[str, int]

    @property
    def owed(self) -> int:
        """What is owed: all that applies."""
        return sum(self.counts.values()) - self.counts.get("exempt", 0)

    @property
    def filed(self) -> int:
        """What has been filed and not returned."""
        return sum(self.counts.get(word, 0) for word in ("filed", "signed", "zero"))

    @property
    def share(self) -> float | None:
        """Filed of owed."""
        return self.filed / self.owed if self.owed else None


def by_province(rows: Any, today: date | None = None) -> list[ProvinceLine]:
    """The completeness of some returns (in scope) by province, in the order of GB/T 2260."""
    day = today or clock.today()
    counts: dict[str, dict[str, int]] = {}
    from kouan.collection.returns.standing import standing_word

    for province, state, due, extended, zero, count in rows.order_by().values_list(
            "port__province_code", "state", "due_on", "extended_to", "is_zero").annotate(Count("pk")):
        line = counts.setdefault(province, {})
        word = standing_word(state, due, extended, zero, day)
        line[word] = line.get(word, 0) + count
    names = {each.code: Text(each.zh, each.en) for each in codes.mainland_provinces}
    return [ProvinceLine(code, names.get(code, Text(code or "—", code or "—")), counts[code]) for code in sorted(counts)]


def item_state(held: Return, item: str, version: ReturnVersion | None, exempt: frozenset[str]) -> str:
    """How one item of a return stands: as its return, but blank where it was filed without a value."""
    if item in exempt:
        return "exempt"
    word = word_of(held)
    if word in ("filed", "signed", "zero") and version is not None and not version.cells.get(item, {}).get("value"):
        return "blank"
    return word


# ---- in JSON -----------------------------------------------------------------------------------------------


def summary_of(held: Return) -> dict[str, Any]:
    """One return as lists show it."""
    form = held.form_of
    word = word_of(held)
    return {
        "id": held.pk, "form": held.form, "form_version": held.form_version, "form_name": form.name.as_dict(), "port": held.port.code,
        "port_name": held.port.name_zh, "province": held.port.province_code, "period": code_of(held.period, held.cadence), "cadence": held.cadence,
        "office": held.organisation.code, "office_name": held.organisation.name_zh, "due_on": held.due_on, "extended_to": held.extended_to,
        "freeze_on": held.freeze_on, "state": word, "state_name": WORDS[word].as_dict(), "marks": [each.as_dict() for each in marks_of(held)],
        "is_zero": held.is_zero, "filed_on": held.filed_on, "signed_on": held.signed_on, "version": held.version, "matter": held.matter_id,
    }


def told(held: Return) -> dict[str, Any]:
    """One return with its lines and every filing."""
    versions = list(held.versions.select_related("submitted_by", "organisation", "canonical"))
    return summary_of(held) | {
        "lines": [
            {"item": each.item.code, "name": each.item.name.as_dict(), "unit": each.item.unit.code, "value": _plain(each.value),
             "before": _plain(each.known.before), "year_ago": _plain(each.known.year_ago), "counterpart": _plain(each.known.counterpart),
             "counterpart_name": each.known.counterpart_name or None, "reason": each.reason, "note": each.note, "place": each.place,
             "is_exempt": each.is_exempt, "reviewer_says": each.said, "earlier": _plain(each.earlier),
             "findings": [one.as_dict() for one in each.findings]}
            for each in (lines_of(held) if versions else ())
        ],
        "people": versions[-1].people if versions else {},
        "filings": [
            {"number": each.number, "channel": each.channel, "office": each.organisation.name_zh,
             "by": each.submitted_by.display_name if each.submitted_by else None, "at": each.submitted_at, "is_zero": each.is_zero,
             "is_late": each.is_late, "file": each.canonical.file_name, "sha256": each.canonical.sha256, "batch": each.batch_id, "notes": each.notes}
            for each in versions
        ],
    }


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else numbers.plain(value)


def footer_labels() -> dict[str, str]:
    """The entries of the footer."""
    return dict(FOOTER)


def exemptions_visible_to(user: Any) -> Any:
    """Decisions that items do not apply, at ports in scope, newest first."""
    rows = NotApplicable.objects.select_related("port", "decided_by")
    if scope_of(user).everything:
        return rows
    from kouan.ports.models import Port

    return rows.filter(port__in=Port.objects.visible_to(user).order_by().values("pk"))


def get_version(user: Any, number: int, filing: int) -> ReturnVersion:
    """One filing of a return in scope."""
    held = actions.get_return(user, number)
    found = held.versions.filter(number=filing).select_related("canonical", "original", "organisation").first()
    if found is None:
        raise NotFound.because("unknown_filing", f"本表没有第{filing}次报送。", f"The return has no filing number {filing}.",
            where=Place(field="filing"),
                               remedy=("请从本表页面选择。", "Choose it from the return's page."))
    return found


def form_here(form: Form, period: Period) -> Text:
    """A form and a period in words."""
    return Text(f"{period.label('zh')}{form.name.zh}", f"{form.name.en}, {period.label('en')}")
