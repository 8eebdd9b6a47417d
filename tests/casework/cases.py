"""Cases on the desk, in field words: offices, periods set, and steps taken with all that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tests.accounts.factories import a_national_officer, a_user, an_office

from kouan.accounts.models import OrganisationKind, Role, User
from kouan.casework.actions import begin_case
from kouan.desk.matters.actions import give_opinion
from kouan.desk.matters.facts import asks_for_day
from kouan.desk.matters.models import Matter
from kouan.desk.matters.papers import Paper, take_step_with_papers
from kouan.desk.matters.parties import standing_of
from kouan.desk.matters.queries import procedure_for, running_of
from kouan.desk.matters.registry import in_force
from kouan.desk.matters.upkeep import set_period
from kouan.procedure.engine import consultations_of, opinions_of

DAY = date(2024, 3, 4)
REPLY = "国函〔2024〕34号"
NO_MAJOR = {"is_major_decision": False}


class Offices:
    """The applicant's province, an officer and a head of the national office, a ministry for every ministry, an agency, experts."""

    def __init__(self, national: User | None = None, leader: User | None = None, province: User | None = None, agency: User | None = None,
                 day: date = DAY, ministry: User | None = None, expert: User | None = None) -> None:
        self.day = day
        self.national = national or a_national_officer()
        self.leader = leader or a_user(Role.NATIONAL_LEADER, self.national.organisation)
        self.province = province or a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.agency = agency or a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, port_codes=["elsewhere-water"]))
        self.ministry = ministry or a_user(Role.MINISTRY_OFFICER, an_office(OrganisationKind.MINISTRY))
        self.expert = expert or a_user(Role.EXPERT, an_office(OrganisationKind.EXPERT_PANEL))

    def settle(self, procedure: str, count: int = 12) -> None:
        """Fill every period that no public text states."""
        for name in in_force(procedure).procedure.settings:
            set_period(actor=self.national, procedure=procedure, setting=name, count=count, reason="国家口岸办确定")

    def named(self, procedure: str) -> dict[str, str]:
        """An office for every party to be named: the first whose people have one of its roles."""
        return {code: each.organisation.code for code, party in in_force(procedure).procedure.parties.items() if party.office == "named"
                for each in (self.ministry, self.agency, self.expert) if each.role == party.roles[0]}

    def begun(self, procedure: str, answers: Mapping[str, str], actor: User | None = None, **known: Any) -> Matter:
        """A case in its first state."""
        self.settle(procedure)
        return begin_case(actor=actor or self.province, procedure=procedure, title="关于办理口岸事项的申请", answers=answers,
                          **{"named": self.named(procedure), "on": self.day} | known)

    def who(self, matter: Matter, transition: str) -> User:
        """Who takes a step: the leader what is decided, else the first who stands for its party."""
        procedure = procedure_for(matter)
        step = procedure.transitions[transition]
        if procedure.decides(step):
            return self.leader
        return next(each for each in (self.province, self.national, self.agency, self.ministry, self.leader)
                    if set(step.by) & set(standing_of(each, procedure, matter).parties))

    def take(
        self, matter: Matter, transition: str, *, actor: User | None = None, facts: Mapping[str, Any] | None = None, on: date | None = None,
        papers: Mapping[str, Paper | None] | None = None, **fields: str,
    ) -> Matter:
        """Take a step with every paper and field that it asks for."""
        matter.refresh_from_db()
        step = procedure_for(matter).transitions[transition]
        given = {kind: Paper(kind, f"{kind}文件", REPLY if kind == "reply" else f"文〔2024〕{matter.pk}号", "发文机关", self.day)
            for kind in step.documents}
        given |= papers or {}
        said = {name: self.day.isoformat() if asks_for_day(name) else REPLY if name == "reply_number" else "有理由" for name in step.fields}
        return take_step_with_papers(
            actor=actor or self.who(matter, transition), matter=matter.pk, transition=transition, facts=facts or {}, on=on or self.day,
            papers=[each for each in given.values() if each is not None], fields=said | {name: each for name, each in fields.items() if name in said})

    def agree(self, matter: Matter, on: date | None = None) -> Matter:
        """Everybody who is asked now agrees."""
        matter.refresh_from_db()
        procedure, running = procedure_for(matter), running_of(matter)
        for asked in consultations_of(procedure, running):
            for party, given in opinions_of(running, asked).items():
                if given is None:
                    bare = party in asked.bare
                    actor = next(each for each in (self.ministry, self.agency, self.expert, self.national, self.province)
                                 if party in standing_of(each, procedure, matter).parties)
                    give_opinion(actor=actor, matter=matter.pk, consultation=asked.code, party=party, agrees=True,
                                 reference="军函1号" if bare else "", words="" if bare else "无意见", on=on or self.day)
        matter.refresh_from_db()
        return matter

    def go(self, matter: Matter, *way: str, **known: Any) -> Matter:
        """Several steps; “agree” lets everybody agree who is asked."""
        for each in way:
            matter = self.agree(matter) if each == "agree" else self.take(matter, each, **known)
        return matter
