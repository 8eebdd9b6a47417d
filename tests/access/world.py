"""Two provinces with one of everything: what the access matrix asks about.

Rows are written straight into the tables (``made``), for what is asked here is who reaches them and not how they came to be.
Whatever belongs to Inner Mongolia carries ``MARK``: a page or answer that shows it to Guangdong leaks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import count
from typing import Any

from django.db import models
from django.utils.text import slugify
from tests.accounts.factories import a_user, an_office
from tests.desk.files import a_pdf
from tests.evaluation.rounds.round_office import CONTENT, YEAR, RoundOffice
from tests.monitoring.factories import a_batch, figures
from tests.ports.factories import a_document, a_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import Organisation, OrganisationKind, Role, User
from kouan.basis import clock
from kouan.casework.bottlenecks.models import Issue, IssueEvidence
from kouan.casework.conference.models import Conference
from kouan.casework.oversight.models import (
    Circular,
    CircularReceipt,
    ClearanceNotice,
    Instruction,
    OversightPaper,
    Supervision,
    TaskCell,
)
from kouan.casework.oversight.plan_tasks import plan
from kouan.collection.models import Holding
from kouan.collection.returns import forms
from kouan.collection.returns.models import Return
from kouan.collection.vetting.models import CheckRun, Suspicion
from kouan.desk.actions import add_version
from kouan.desk.matters.models import Matter, MatterStep, ProcedureEdition, Task
from kouan.desk.matters.registry import in_force
from kouan.desk.models import Document, Job
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme
from kouan.grading.lawbook.models import LawChange
from kouan.grading.models import ClassTwoPort, ListEntry, ListRecord
from kouan.monitoring.emergencies.models import EmergencyEvent, EmergencyPlan
from kouan.monitoring.imagery.models import ImageFeed
from kouan.monitoring.journal.models import EventBatch, EventSource, HeldEvent
from kouan.monitoring.norms.models import OperationNorm
from kouan.monitoring.studies.models import StudyPort, TimeStudy
from kouan.monitoring.warnings.models import EarlyWarning
from kouan.ports.models import Port, Project, ProjectLink

MARK = "内蒙古专有"
OWN, OTHER = "own", "other"
DRAFT = "_draft"  # ends the kind of a thing that is not published
_numbers = count(1)


def made(model: type[models.Model], **fields: Any) -> Any:
    """One row: what is not given is filled with the plainest value that its column takes."""
    number = next(_numbers)
    for column in model._meta.fields:
        if column.name in fields or column.primary_key or column.null or column.has_default():
            continue
        fields[column.name] = _plain(column, number)
    return model._base_manager.create(**fields)


def _plain(column: models.Field[Any, Any], number: int) -> Any:
    if column.choices:
        return column.choices[0][0]  # type: ignore[index]
    match column:
        case models.DateTimeField():
            return clock.now()
        case models.DateField():
            return date(2025, 3, 6)
        case models.BooleanField():
            return False
        case models.DecimalField():
            return Decimal(1)
        case models.IntegerField() | models.FloatField():
            return 1
        case models.JSONField():
            return {}
        case models.SlugField():
            return slugify(f"x-{number}")
        case models.CharField() | models.TextField():
            return "" if column.blank else f"x{number}"[: column.max_length or 99]
    raise TypeError(f"{column}: give a value")


@dataclass
class Place:
    """One province: its offices, its port, and the numbers of what belongs to it, by kind."""

    province: str
    city: str
    code: str
    mark: str
    office: Organisation = field(init=False)
    agency: Organisation = field(init=False)
    port: Port = field(init=False)
    keys: dict[str, Any] = field(default_factory=dict)


class World:
    """``keys[kind]`` of a place is what stands in an address; ``people`` ask."""

    def __init__(self) -> None:
        self.national = an_office(OrganisationKind.NATIONAL_OFFICE, name_zh="国家口岸办")
        self.guojia = a_user(Role.NATIONAL_OFFICER, self.national)
        self.own = self._place(Place("44", "440300", "luohu-rail", "广东"), "rail")
        self.other = self._place(Place("15", "150781", "manzhouli-road", MARK), "road")
        self.common: dict[str, Any] = {}
        self._national()
        self._round()
        self.people = dict(self._people())

    # ---- who ---------------------------------------------------------------------------------------

    def _people(self) -> list[tuple[str, User]]:
        home = self.own
        city = an_office(OrganisationKind.CITY_OFFICE, province_code=home.province, city_code=home.city, port_codes=[home.code])
        operator = an_office(OrganisationKind.PORT_OPERATOR, province_code=home.province, port_codes=[home.code])
        beside = {
            Role.CITY_OFFICER: city, Role.INSPECTION_OFFICER: home.agency, Role.PORT_REPORTER: operator,
            Role.MINISTRY_OFFICER: an_office(OrganisationKind.MINISTRY), Role.EXPERT: an_office(OrganisationKind.EXPERT_PANEL),
            Role.ENTERPRISE_USER: self.common["enterprise"],
        }
        found: list[tuple[str, User]] = []
        for role in Role:
            office = home.office if role in (Role.PROVINCIAL_OFFICER, Role.PROVINCIAL_LEADER) else beside.get(role, self.national)
            found.append((role.value, a_user(role, office)))
        found.append(("province_auditor", a_user(Role.AUDITOR, home.office)))
        found.append(("province_administrator", a_user(Role.ADMINISTRATOR, home.office)))
        return found

    # ---- what --------------------------------------------------------------------------------------

    def matter(self, procedure: str, place: Place | None = None, applicant: Organisation | None = None, title: str = "") -> Matter:
        """A matter in its first state under the edition in force."""
        found = in_force(procedure)
        edition, _ = ProcedureEdition.objects.get_or_create(
            code=procedure, version=str(found.procedure.version), defaults={"digest": "0" * 64, "text": found.text})
        held = made(
            Matter, edition=edition, procedure=procedure, room=found.room, title=title or f"{place.mark if place else ''}办件",
            state=found.procedure.first, applicant=applicant or (place.office if place else self.national),
            province_code=place.province if place else "", port_code=place.code if place else "", subject=f"port:{place.code}" if place else "")
        made(MatterStep, matter=held, number=1, transition="", state=held.state, taken_on=date(2025, 3, 6))
        return held

    def paper(self, place: Place, **fields: Any) -> Document:
        """A paper of the province's with a file."""
        paper = made(Document, reference=f"{place.mark}-{next(_numbers)}", kind="other", title=f"{place.mark}文件", province_code=place.province,
                     organisation=place.office, **fields)
        with acting_system("tests") as system:
            add_version(actor=system, document=paper, source=BytesIO(a_pdf()), file_name="x.pdf")
        return paper  # type: ignore[no-any-return]

    def _place(self, place: Place, mode: str) -> Place:
        province, code, keys = place.province, place.code, place.keys
        place.port = a_port(code, mode, name_zh=f"{place.mark}口岸", province_code=province, city_code=place.city,
                            open_since=date(2009, 1, 1), accepted_on=date(2010, 1, 1), transport_class=mode, class_basis="测试",
                            **({"is_border": True, "neighbour_code": "RU"} if mode == "road" else {}))
        place.office = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code=province, name_zh=f"{place.province}口岸办")
        place.agency = an_office(OrganisationKind.INSPECTION_AGENCY, province_code=province, port_codes=[code], name_zh=f"{place.province}查验机构")
        officer = a_user(Role.PROVINCIAL_OFFICER, place.office, display_name=f"{place.mark}人员")
        keys.update(port=code, subject=f"port:{code}", province=province, organisation=place.office.code, user=officer.pk)
        document = self.paper(place)
        keys.update(document=document.pk, version=1, reference=document.reference)
        batch = a_batch()
        batch.submitted_by, batch.organisation, batch.sheets, batch.columns = officer, place.office, ["填报"], [["口岸"]]
        batch.file_name = f"{place.mark}.xlsx"
        batch.save()
        series = figures(f"port:{code}", "cargo_tonnes", {"2023-01": 9_000}, batch=batch)
        keys.update(batch=batch.pk, observation=series.observations.get().pk)
        keys["holding"] = made(Holding, batch=batch, row=9, outcome="held", raw=[place.mark], findings=[]).pk
        keys["job"] = made(Job, kind="x", owner=officer).pk
        matter = self.matter("opening", place)
        keys["matter"] = matter.pk
        form = forms.get("KA-02")
        keys["return"] = made(Return, form=form.code, form_version=form.version, port=place.port, cadence=form.cadence, organisation=place.agency,
                              period_start=date(2025, 1, 1), period_end=date(2025, 1, 31)).pk
        run = made(CheckRun)
        keys["suspicion"] = made(
            Suspicion, code=f"{code}-1", check_id="spike", subject_kind="port", subject_code=code, measure="cargo_tonnes", direction="total",
            granularity="month", origin="official", first_start=date(2023, 1, 1), last_start=date(2023, 1, 1), count=1, measured=9_000.0,
            expected=100.0, likelihood=0.9, weight=1.0, rank=1.0, answer=place.mark, first_run=run, last_run=run).pk
        self._watching(place, officer)
        self._casework(place, officer)
        return place

    def _watching(self, place: Place, officer: User) -> None:
        keys, mark = place.keys, place.mark
        keys["emergency"] = made(
            EmergencyEvent, matter=self.matter("emergency_event", place), port=place.port, kind="natural_disaster", level=4, title_zh=f"{mark}事件",
            occurred_at=clock.now() - timedelta(hours=1), opened_by=officer, lead=place.office, superior=self.national).pk
        keys["plan"] = made(
            EmergencyPlan, matter=self.matter("emergency_plan", place), port=place.port, province_code=place.province,
                kind="natural_disaster", number=1,
            title_zh=f"{mark}预案", title_en="Plan", words_zh="预案", drafted_by=officer, published_by=self.guojia, published_at=clock.now()).pk
        keys["plan_draft"] = made(
            EmergencyPlan, matter=self.matter("emergency_plan", place), port=place.port, province_code=place.province,
                kind="natural_disaster", number=2,
            title_zh=f"{mark}预案草案", title_en="Plan", words_zh="草案", drafted_by=officer).pk
        keys["feed"] = made(
            ImageFeed, code=f"feed-{place.province}", port=place.port, name_zh=f"{mark}监控", place="通道", kind="video", purpose="yard",
            protocol="gb28181", owner=place.office, contact="张三", basis="文件", retention_days=30, registered_by=officer).pk
        source = made(EventSource, code=f"source-{place.province}", name_zh=f"{mark}系统", name_en="Source", organisation=place.office,
                      port_codes=[place.code])
        keys["source"] = source.code
        events = made(EventBatch, source=source.code, channel="file", sender=officer, received_at=clock.now(), received=1, held=1)
        keys["held_event"] = made(HeldEvent, batch=events, number=1, source=source.code, port=place.code, digest=f"{place.province:0<64}",
                                  raw={"case_id": mark}, findings=[]).pk
        keys["norm"] = made(
            OperationNorm, name_zh=f"{mark}时限", name_en="Norm", whole="overall_clearance", direction="inbound", port=place.port, hours=Decimal(2),
            valid_from=date(2025, 1, 1), document="试用规范", article="一", proposed_by=self.guojia).pk
        keys["warning"] = made(
            EarlyWarning, matter=self.matter("early_warning", place), port=place.port, origin="counterpart",
                detector="robust", measure="cargo_tonnes",
            first_day=date(2025, 3, 1), last_day=date(2025, 3, 2), peak_day=date(2025, 3, 1), score=5.0, goes="down", message_zh=f"{mark}骤降",
            message_en="Drop", rule="province", why_zh="本省", why_en="Own", handler=place.office).pk
        for state in ("confirmed", "draft"):
            study = made(TimeStudy, office=place.office, title=f"{mark}研究", purpose="测时", team="口岸办", whole="overall_clearance",
                         direction="inbound", first_day=date(2025, 3, 1), last_day=date(2025, 3, 6), state=state, drafted_by=officer)
            made(StudyPort, study=study, port=place.port)
            keys["study" if state == "confirmed" else "study_draft"] = study.pk

    def _casework(self, place: Place, officer: User) -> None:
        keys, mark = place.keys, place.mark
        task = next(iter(plan().tasks))
        cell = made(TaskCell, task=task, place=place.province, owner=place.office, due_on=date(2025, 6, 1), reason=f"{mark}任务", set_by=officer)
        keys.update(task=task, place=place.province)
        supervision = made(Supervision, matter=self.matter("supervision", place), cell=cell, owner=place.office)
        for issued in (True, False):
            paper = made(OversightPaper, kind="notice", supervision=supervision, title=f"{mark}督办通知", addressee=f"{mark}口岸办", content={},
                         drafted_on=date(2025, 3, 6), issued_on=date(2025, 3, 7) if issued else None)
            keys["oversight_paper" if issued else "oversight_paper_draft"] = paper.pk
        instruction = made(Instruction, title=f"{mark}批示", signer="负责人", signed_on=date(2025, 3, 6), words="请办", recorded_by=self.guojia)
        made(Supervision, matter=self.matter("supervision", place), instruction=instruction, owner=place.office)
        keys["instruction"] = instruction.pk
        for issued in (True, False):
            circular = made(Circular, kind="notice", title=f"{mark}通知", text="请阅", recipients={}, attachments=[], office=self.national,
                            state="issued" if issued else "draft", drafted_by=self.guojia, issued_on=date(2025, 3, 6) if issued else None)
            made(CircularReceipt, circular=circular, office=place.office, matter=self.matter("circular_receipt", None, self.national, f"{mark}签收"))
            keys["circular" if issued else "circular_draft"] = circular.pk
            notice = made(ClearanceNotice, province=place.province, month="2025-01" if issued else "2025-02", figures={}, figures_sha256="0" * 64,
                          circular=circular, drafted_by=self.guojia)
            keys["notice" if issued else "notice_draft"] = notice.pk
        enterprise = an_office(OrganisationKind.ENTERPRISE, name_zh=f"{place.province}企业")
        issue = made(Issue, matter=self.matter("enterprise_issue", place, enterprise), origin="enterprise", port=place.port, stage="inspection",
                     kind="time", level="port", facts=f"{mark}等候", enterprise=enterprise, submitted_by=a_user(Role.ENTERPRISE_USER, enterprise),
                     rule="agency", why_zh="口岸", why_en="Port", first_office=place.agency, handler=place.agency, submitted_on=date(2025, 3, 6))
        made(Task, matter=issue.matter, key="x", party="agency", label_zh="办理", label_en="Handle", organisation=place.agency, roles=[])
        evidence = self.paper(place)
        made(IssueEvidence, issue=issue, document=evidence)
        keys["issue"] = issue.pk
        keys["conference"] = made(
            Conference, matter=self.matter("joint_conference", place), level="province", province_code=place.province, title=f"{mark}联席会议",
            held_on=date(2025, 3, 6), place="会议室", chair="主任", secretary=place.office, created_by=officer).pk
        project = made(Project, project_id=f"P7-{place.province}", box="专栏7", programme_zh="示范工程", programme_en="Programme",
                       object_zh=f"{mark}项目", mode="water", quote="水运口岸项目")
        made(ProjectLink, project=project, port=place.port, basis="测试")
        keys["project"] = project.project_id
        made(ClassTwoPort, code=f"two-{place.province}", name_zh=f"{mark}二类", mode="road", province_code=place.province,
             document=a_document(), actor_id_recorded=officer.pk)

    def _round(self) -> None:
        """A year's evaluation, opened by the national office: every province files for its own ports."""
        house = RoundOffice.__new__(RoundOffice)
        house.officer, house.leader = self.guojia, a_user(Role.NATIONAL_LEADER, self.national)
        propose_scheme(actor=house.officer, year=YEAR, content=CONTENT, reason="首版方案")
        publish_scheme(actor=house.leader, year=YEAR, version=1, opinion="同意")
        house.set_periods()
        house.opened()
        self.common["year"] = YEAR

    def _national(self) -> None:
        """What belongs to no province."""
        enterprise = an_office(OrganisationKind.ENTERPRISE, name_zh="第三家企业")
        record = made(ListRecord, kind="below", year=2024, as_of=date(2025, 3, 6), counts={}, recipe={}, digest="0" * 64,
                      actor_id_recorded=self.guojia.pk)
        for place in (self.own, self.other):
            made(ListEntry, record=record, subject=place.code, port_code=place.code, province_code=place.province, content={}, digest="0" * 64)
            place.keys["list_subject"] = place.code
        changes = {
            state: made(LawChange, kind="parameter", key="volume_standard.road.cargo", value="2", from_date=date(2025, 1, day), document_title="通知",
                        document_number="1号", issued=date(2024, 12, 1), reason="调整", state=state, preview={}, proposed_by=self.guojia.pk,
                        **({"decided_by": self.guojia.pk + 1_000} if state == "approved" else {})).pk
            for day, state in enumerate(("approved", "proposed"), 1)}
        self.common.update(enterprise=enterprise, record=record.pk, law_change=changes["approved"], law_change_draft=changes["proposed"])


