"""Recorded matters driven by random people through the real verbs: what must hold after each deed, whoever did it.

One machine for each procedure. Each example runs in a transaction that is rolled back. Who may take a step is worked out here
anew from offices, roles and delegations (``Town.stands_for``), so that a fault of ``parties.standing_of`` is found and not repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from unittest import mock

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.accounts.factories import a_user, an_administrator, an_auditor, an_enterprise_user, an_office
from tests.casework.cases import REPLY, Offices
from tests.casework.stories import tables
from tests.casework.test_effects import a_class_two_port, to_temporary
from tests.ports.factories import a_port

from kouan.accounts.action import acting_system
from kouan.accounts.actions import change_role, set_active
from kouan.accounts.models import LEADS, OrganisationKind, Role, User
from kouan.accounts.permissions import PERMISSIONS
from kouan.audit.models import AuditEntry
from kouan.audit.verify import verify
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.casework.models import TemporaryOpening
from kouan.desk.matters import actions, tasks
from kouan.desk.matters.actions import give_opinion, reassign, run_clocks
from kouan.desk.matters.facts import asks_for_day, checked
from kouan.desk.matters.models import Delegation, Matter, MatterOpinion, MatterStep, Task
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.queries import inbox, procedure_for, running_of
from kouan.desk.matters.upkeep import delegate, end_delegation
from kouan.ports.models import PortEvent
from kouan.procedure.engine import asked_of, consultations_of, opinions_of, proposers

START = date(2024, 3, 4)
FACTS = {code: table.get("facts") or {} for code, table in tables().items()}
# What the tables of paths add in their good stories.
_MORE: dict[str, dict[str, Any]] = {
    "change_of_facts": {"touches_opening": False, "agrees_with_central": True}, "withdrawal": {"ladder_verdict": "review"},
}
BY_REPLY = ("opening", "expansion", "closure", "merger")


class PowerCut(BaseException):
    """The machine stops in the middle of a verb."""


def _an_air_port() -> None:
    a_port("xintang-air", "air", name_zh="新塘航空口岸", province_code="44", open_since=date(2010, 1, 1))


def _two_water_ports() -> None:
    for code in ("dongguan-water", "humen-water"):
        a_port(code, "water", name_zh=code, open_since=date(2010, 1, 1), transport_class="sea", class_basis="测试", is_border=False,
               province_code="44", city_code="441900")


def _begin(procedure: str, offices: Offices) -> Matter:
    """A matter of the procedure in its first state, with what it needs in the register."""
    if procedure == "opening":
        return offices.begun(procedure, {"new_name": "新塘航空口岸", "new_mode": "air", "new_code": "xintang-air"})
    if procedure == "class_two_clearance":
        return offices.begun(procedure, {"class_two": a_class_two_port(offices).code})
    if procedure == "agency_matter":
        return offices.begun(procedure, {})
    if procedure == "temporary_extension":
        matter, step, given = to_temporary(offices)
        offices.take(matter, step, **given)
        return offices.begun(procedure, {"opening": str(TemporaryOpening.objects.get().pk)})
    if procedure in ("merge", "withdrawal"):
        _two_water_ports()
        answers = {"port": "dongguan-water"} | ({"target": "humen-water"} if procedure == "merge" else {})
        return offices.begun(procedure, answers, offices.national if procedure == "withdrawal" else None)
    _an_air_port()
    more = {"temporary_opening": {"place_kind": "airport", "ground": "international_event"},
            "supervision_site": {"site_name": "新塘监管场地", "site_kinds": "粮食"}}
    return offices.begun(procedure, {"port": "xintang-air", **more.get(procedure, {})})


class Town:
    """Everybody who could lay hands on a matter, rightly or not."""

    def __init__(self) -> None:
        self.offices = held = Offices()
        home, province = held.national.organisation, held.province.organisation
        neighbour = an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="45")
        self.administrator = an_administrator(organisation=home)
        self.people = [
            held.national, held.leader, held.province, held.agency, held.ministry, held.expert,
            a_user(Role.NATIONAL_OFFICER, home), a_user(Role.NATIONAL_LEADER, home), a_user(Role.PROVINCIAL_LEADER, province),
            a_user(Role.PROVINCIAL_OFFICER, province), a_user(Role.PROVINCIAL_OFFICER, neighbour), a_user(Role.PROVINCIAL_LEADER, neighbour),
            a_user(Role.CITY_OFFICER, an_office(OrganisationKind.CITY_OFFICE, province_code="45", city_code="450100")),
            a_user(Role.MINISTRY_OFFICER, an_office(OrganisationKind.MINISTRY)), a_user(Role.EXPERT, an_office(OrganisationKind.EXPERT_PANEL)),
            an_auditor(organisation=home), an_enterprise_user(), a_user(Role.NATIONAL_OFFICER, home, is_active=False),
        ]

    def look(self, day: date) -> None:
        """Read anew who there is and who acts for whom on a day; what is asked next is answered from that."""
        rows = {each.pk: each for each in User.objects.select_related("organisation")}
        self.people = [rows[each.pk] for each in self.people]
        self.rows = list(rows.values())
        self.delegations = [(rows[giver], rows[taker]) for giver, taker in Delegation.objects.filter(
            starts_on__lte=day, ends_on__gte=day, ended_at__isnull=True).values_list("giver_id", "taker_id")]

    def bound(self, person: User) -> set[str]:
        """The person and everybody tied to that one by a delegation."""
        return {str(person.pk), *(str(giver.pk) for giver, taker in self.delegations if taker == person and giver.is_active),
                *(str(taker.pk) for giver, taker in self.delegations if giver == person)}

    def stands_for(self, person: User, party: Any, matter: Matter) -> bool:
        """Whether somebody may act for a party: in the own right, or for a colleague who is away."""
        if not person.is_active:
            return False
        home = self.offices.national.organisation_id
        office = {"national": home, "applicant": matter.applicant_id, "subject": self.offices.province.organisation_id,
                  "named": next((each.organisation_id for each in self.people if each.organisation.code == matter.named.get(party.code)), None)
                  }[party.office]
        roles = {role for role in party.roles if role in PERMISSIONS["matters.act"]}
        if party.code in procedure_for(matter).four_eyes:
            roles |= {leader for leader, officer in LEADS.items() if officer in roles}
        if not self._anybody(office, roles):
            office, roles = home, {Role.NATIONAL_OFFICER}
            if not self._anybody(home, roles):
                roles = {Role.NATIONAL_LEADER}
        acting = [person, *(giver for giver, taker in self.delegations if taker == person)]
        return any(each.is_active and each.organisation_id == office and each.role in roles for each in acting)

    def _anybody(self, office: int | None, roles: set[Any]) -> bool:
        return any(each.is_active and each.organisation_id == office and each.role in roles for each in self.rows)


def machine_of(code: str) -> type[RuleBasedStateMachine]:
    """The state machine of one procedure."""
    number = st.integers(0, 17)
    # The officers and heads of the national office: so that delegations and changes of roles meet decisions often enough.
    house = st.sampled_from((0, 1, 6, 7))

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.day = START
            self.opened = transaction.atomic()
            self.opened.__enter__()
            with clock.travel_to(START.isoformat()):
                self.town = Town()
                self.matter = _begin(code, self.town.offices)
            self.procedure = procedure_for(self.matter)
            self.first_entry = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
            self.first_event = PortEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            self.seen_steps = MatterStep.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            self.seen_opinions = MatterOpinion.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

        def teardown(self) -> None:
            try:
                report = verify()
                assert report.is_sound, [str(each) for each in report.findings]
            finally:
                transaction.set_rollback(True)
                self.opened.__exit__(None, None, None)

        # ---- people ------------------------------------------------------------------------------------------

        def person(self, number: int) -> User:
            self.town.look(self.day)
            return self.town.people[number]

        def held(self) -> Matter:
            return Matter.objects.select_related("edition", "applicant").get(pk=self.matter.pk)

        def somebody_who_may(self, pick: int) -> tuple[User, Any] | None:
            """One of those who may take a step from here, and the step: seldom one that ends the matter and changes nothing."""
            self.town.look(self.day)
            held = self.held()
            ways = [each for each in self.procedure.exits(held.state) if each.by]
            forward = [each for each in ways if each.effect or not self.procedure.states[each.target].is_terminal]
            every = [(person, each) for each in (forward if pick % 10 else ways) for person in self.town.people[:10]]
            start = pick % len(every) if every else 0
            return next((one for one in (*every[start:], *every[:start]) if self.may_take(*one, held)), None)

        def standing(self) -> tuple[Any, ...]:
            """All that a refused deed must leave as it was."""
            held = Matter.objects.values("state", "version", "facts", "outcome", "ended_at").get(pk=self.matter.pk)
            return (held, MatterStep.objects.count(), MatterOpinion.objects.count(), PortEvent.objects.count(),
                    sorted(Task.objects.open().filter(matter=self.matter).values_list("key", "organisation_id", "assignee_id")))

        @contextmanager
        def deed(self, rightful: bool) -> Iterator[None]:
            """A deed that is done, or refused and leaves everything as it was; without right it is never done."""
            before = self.standing()
            try:
                with clock.travel_to(self.day.isoformat()), transaction.atomic():
                    yield
            except (NotFound, NotAllowed, Conflict, Refused) as refusal:
                assert refusal.findings and self.standing() == before
                if not isinstance(refusal, NotAllowed | NotFound):
                    assert all(each.remedy for each in refusal.findings), refusal.findings
            else:
                assert rightful, "办成了无权办理的事"

        def may_take(self, person: User, transition: Any, held: Matter) -> bool:
            stands = any(self.town.stands_for(person, self.procedure.parties[each], held) for each in transition.by)
            if not stands or person.role not in PERMISSIONS["matters.act"]:
                return False
            return not (self.procedure.decides(transition) and proposers(self.procedure, running_of(held)) & self.town.bound(person))

        def take(self, person: User, transition: Any, *, papers: bool, fields: bool, facts: bool) -> None:
            held = Matter.objects.get(pk=self.matter.pk)
            known = {name: value for name, value in {**FACTS[code], **_MORE.get(code, {})}.items() if name not in held.gathered} if facts else {}
            asked = {name for guard in transition.guards for name in guard.facts_used()}
            said = {name: self.day.isoformat() if asks_for_day(name) else REPLY if name == "reply_number"
                    else "humen-water" if name == "merged_into" else "英文名称：Xintang" if name == "what_changes" else "有理由"
                    for name in transition.fields}
            later = (self.day + timedelta(days=90)).isoformat()
            said |= {name: later for name in said if name.endswith("_to")}
            take_step_with_papers(
                actor=person, matter=self.matter.pk, transition=transition.code, on=self.day, fields=said if fields else {},
                facts=checked(self.procedure, {name: value for name, value in known.items() if name in asked and value is not None}),
                papers=[Paper(kind, f"{kind}文件", REPLY if kind == "reply" else "文〔2024〕1号", "发文机关", self.day)
                        for kind in (transition.documents if papers else ())])

        # ---- what people do ----------------------------------------------------------------------------------

        @rule(who=house | number, pick=st.integers(0, 99), papers=st.booleans(), fields=st.booleans(), facts=st.booleans())
        def anybody_tries_any_step(self, who: int, pick: int, papers: bool, fields: bool, facts: bool) -> None:
            person, every = self.person(who), sorted(self.procedure.transitions)
            transition = self.procedure.transitions[every[pick % len(every)]]
            with self.deed(self.may_take(person, transition, self.held())):
                self.take(person, transition, papers=papers, fields=fields, facts=facts)

        @rule(pick=st.integers(0, 99))
        def somebody_in_turn_goes_on(self, pick: int) -> None:
            if pick % 4:
                self._all_answer(agrees=True)
            one = self.somebody_who_may(pick)
            if one is not None:
                person, transition = one
                with self.deed(True):
                    self.take(person, transition, papers=True, fields=True, facts=True)

        @rule(who=number, pick=st.integers(0, 99), agrees=st.booleans())
        def anybody_answers(self, who: int, pick: int, agrees: bool) -> None:
            held = self.held()
            every = [(each, party) for each in self.procedure.consultations.values() for party in each.parties]
            if every:
                asked, party = every[pick % len(every)]
                person = self.person(who)
                self._answer(held, person, asked, party, agrees)

        def _answer(self, held: Matter, person: User, asked: Any, party: str, agrees: bool) -> None:
            bare = party in asked.bare
            rightful = (held.state == asked.state and party in asked_of(running_of(held), asked) and person.role in PERMISSIONS["matters.act"]
                        and self.town.stands_for(person, self.procedure.parties[party], held))
            with self.deed(rightful):
                give_opinion(actor=person, matter=held.pk, consultation=asked.code, party=party, agrees=agrees, on=self.day,
                             reference="军函1号" if bare else "", words="" if bare else "意见附后")

        @precondition(lambda self: Matter.objects.get(pk=self.matter.pk).state in {each.state for each in self.procedure.consultations.values()})
        @rule(agrees=st.sampled_from((True, True, True, False)))
        def everybody_who_is_asked_answers(self, agrees: bool) -> None:
            self._all_answer(agrees)

        def _all_answer(self, agrees: bool) -> None:
            self.town.look(self.day)
            held = self.held()
            for asked in consultations_of(self.procedure, running_of(held)):
                for party, given in opinions_of(running_of(held), asked).items():
                    able = [person for person in self.town.people[:10] if self.town.stands_for(person, self.procedure.parties[party], held)]
                    if given is None and able:
                        self._answer(self.held(), able[0], asked, party, agrees)

        @rule(days=st.sampled_from((0, 1, 3, 10, 40)))
        def the_nightly_job_runs_after_some_days(self, days: int) -> None:
            self.day += timedelta(days=days)
            with clock.travel_to(self.day.isoformat()), acting_system("clocks") as system:
                assert run_clocks(actor=system, today=self.day)["stuck"] == 0
                once = self.standing()
                again = run_clocks(actor=system, today=self.day)
            assert (again["notices"], again["silent"]) == (0, 0) or again["lapsed"] or once != self.standing()

        @rule(giver=house | number, taker=house | number)
        def somebody_is_away(self, giver: int, taker: int) -> None:
            one, other = self.person(giver), self.person(taker)
            fits = one.organisation_id == other.organisation_id and other.role in (one.role, LEADS.get(one.role)) and other.is_active
            with self.deed(fits and one.is_active and one.pk != other.pk):
                delegate(actor=one, to=other, starts_on=self.day, ends_on=self.day + timedelta(days=20), reason="出差")

        @precondition(lambda self: Delegation.objects.filter(ended_at__isnull=True).exists())
        @rule(who=number)
        def somebody_takes_a_delegation_back(self, who: int) -> None:
            person, held = self.person(who), Delegation.objects.filter(ended_at__isnull=True).order_by("pk")[0]
            with self.deed(held.giver_id == person.pk):
                end_delegation(actor=person, delegation=held.pk)

        @rule(who=number, to=number, pick=st.integers(0, 9))
        def anybody_hands_a_task_over(self, who: int, to: int, pick: int) -> None:
            open_now = list(Task.objects.open().filter(matter=self.matter).order_by("pk"))
            if open_now:
                person, other, task = self.person(who), self.person(to), open_now[pick % len(open_now)]
                before = task.assignee_id
                try:
                    with clock.travel_to(self.day.isoformat()), transaction.atomic():
                        reassign(actor=person, task=task.pk, to=other)
                except (NotFound, NotAllowed, Refused):
                    assert Task.objects.get(pk=task.pk).assignee_id == before
                else:
                    assert person.organisation_id == other.organisation_id == task.organisation_id and f" {other.role} " in task.roles
                    assert person.is_active and other.is_active and person.role in PERMISSIONS["matters.act"]

        @rule(who=st.integers(0, 9), comes=st.booleans())
        def somebody_goes_or_comes_back(self, who: int, comes: bool) -> None:
            with clock.travel_to(self.day.isoformat()):
                set_active(actor=self.town.administrator, user=self.person(who), is_active=comes)

        @rule(who=st.sampled_from((0, 1, 6, 7)), role=st.sampled_from((Role.NATIONAL_OFFICER, Role.NATIONAL_LEADER, Role.AUDITOR)))
        def somebody_gets_another_role(self, who: int, role: Role) -> None:
            with clock.travel_to(self.day.isoformat()):
                change_role(actor=self.town.administrator, user=self.person(who), role=role)

        @rule(pick=st.integers(0, 99), place=st.sampled_from(("_record", "_carry_out", "bring_in_step")))
        def the_power_fails_in_the_middle(self, pick: int, place: str) -> None:
            one = self.somebody_who_may(pick)
            if one is None:
                return
            person, transition = one
            room: Any = tasks if place == "bring_in_step" else actions
            whole: Callable[..., Any] = getattr(room, place)

            def cut(*given: Any, **known: Any) -> Any:
                whole(*given, **known)
                raise PowerCut

            before = self.standing()
            with clock.travel_to(self.day.isoformat()), mock.patch.object(room, place, cut):
                try:
                    with transaction.atomic():
                        self.take(person, transition, papers=True, fields=True, facts=True)
                except (PowerCut, Refused):
                    pass
                else:
                    raise AssertionError("切断之后仍办成了")
            assert self.standing() == before

        # ---- what holds always -------------------------------------------------------------------------------

        @invariant()
        def a_running_matter_lies_on_a_desk_where_somebody_can_do_it(self) -> None:
            held = Matter.objects.get(pk=self.matter.pk)
            open_now = list(Task.objects.open().filter(matter=held).select_related("assignee"))
            assert bool(open_now) != bool(held.ended_at), f"“{held.state}”：没有下一步"
            home = self.town.offices.national.organisation_id
            for task in open_now:
                able = User.objects.filter(organisation_id=task.organisation_id, role__in=task.roles.split(), is_active=True)
                if not able.exists():
                    assert task.organisation_id == home and task.is_stray, f"{task.key} 无人能办"
                elif task.assignee is not None:
                    assert task.assignee in able, f"{task.key} 指定给了不能办的人"
                    assert inbox(task.assignee, self.day).filter(pk=task.pk).exists()
                else:
                    assert inbox(able[0], self.day).filter(pk=task.pk).exists()

        @invariant()
        def its_state_is_what_its_steps_say_under_its_edition(self) -> None:
            held = Matter.objects.select_related("edition").get(pk=self.matter.pk)
            state = ""
            for step in held.steps.order_by("number"):
                if step.transition == "begin":
                    state = self.procedure.first
                else:
                    taken = self.procedure.transitions[step.transition]
                    assert state in taken.sources
                    state = taken.target
                assert step.state == state
            assert held.state == state == running_of(held).state
            assert held.outcome == self.procedure.states[state].outcome and bool(held.ended_at) == bool(held.outcome)
            assert held.version >= held.steps.count() + held.opinions.count()

        @invariant()
        def the_register_changes_only_by_the_reply(self) -> None:
            for event in PortEvent.objects.filter(pk__gt=self.first_event, kind__in=BY_REPLY).select_related("document"):
                assert event.document is not None and (event.document.kind, event.document.document_number) == ("reply", REPLY)

        @invariant()
        def every_step_and_opinion_stands_in_the_trail_with_who_did_it(self) -> None:
            for model, seen in ((MatterStep, "seen_steps"), (MatterOpinion, "seen_opinions")):
                for row in model.objects.filter(pk__gt=getattr(self, seen)).order_by("pk"):
                    (entry,) = AuditEntry.objects.filter(table_name=model._meta.db_table, row_pk=str(row.pk), id__gt=self.first_entry)
                    assert (entry.kind, entry.actor_id) == ("I", row.actor_id) and not entry.is_direct, f"{row} 留痕不符"
                    setattr(self, seen, row.pk)

    Machine.__name__ = Machine.__qualname__ = f"Machine_{code}"
    return Machine
