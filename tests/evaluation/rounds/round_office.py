"""A round with few ports and everybody who takes part, in field words; in the exercise workspace unless a test says otherwise."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.accounts.factories import a_user, an_office
from tests.ports.factories import a_document, a_port

from kouan.accounts.action import acting_system
from kouan.accounts.models import OrganisationKind, Role, User
from kouan.basis import clock
from kouan.desk.matters.actions import run_clocks, take_step
from kouan.desk.matters.models import ProcedureSetting
from kouan.desk.matters.registry import in_force
from kouan.desk.models import Document
from kouan.evaluation import schemes
from kouan.evaluation.method.scheme.scheme import read_folder
from kouan.evaluation.rounds.actions import freeze_round, open_round, score_round
from kouan.evaluation.rounds.evidence.deciding import decide_entry
from kouan.evaluation.rounds.evidence.filing import Upload, file_entry
from kouan.evaluation.rounds.evidence.models import EntryDecision, FiledEntry
from kouan.evaluation.rounds.models import Freeze, Round, RoundReturn, Scoring
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme

CONTENT = read_folder(Path(schemes.__file__).parent / "national-first")
YEAR = 2025
FEW = {"road": 6, "sea": 5}
DAYS = {"collection_days": 60, "verification_days": 30, "expert_days": 15, "peer_view_days": 10, "comment_days": 15, "signing_days": 10,
        "filing_days": 40, "verifying_days": 20, "answer_days": 15,
        "receipt_days": 15, "marking_days": 10, "plan_days": 20, "rectify_days": 90, "review_days": 20}


class RoundOffice:
    """Who takes part: ``officer`` and ``leader`` of the nation, ``guangdong`` and ``hubei``, customs at one port, a panel of experts.

    Two registered ports: a road port of Guangdong (``luohu-road``, where customs verify) and a sea port of Hubei (``wuhan-water``).
    """

    def __init__(self, *, periods: bool = True, scheme: bool = True, ports: bool = True) -> None:
        home = an_office(OrganisationKind.NATIONAL_OFFICE)
        self.officer, self.leader = a_user(Role.NATIONAL_OFFICER, home), a_user(Role.NATIONAL_LEADER, home)
        self.guangdong = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="44"))
        self.hubei = a_user(Role.PROVINCIAL_OFFICER, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="42"))
        self.customs = a_user(Role.INSPECTION_OFFICER, an_office(OrganisationKind.INSPECTION_AGENCY, port_codes=["luohu-road"]))
        self.expert = a_user(Role.EXPERT, an_office(OrganisationKind.EXPERT_PANEL))
        if ports:
            a_port("luohu-road", "road", province_code="44", transport_class="road", class_basis="测试")
            a_port("wuhan-water", "water", province_code="42", transport_class="sea", class_basis="测试")
        if scheme:
            propose_scheme(actor=self.officer, year=YEAR, content=CONTENT, reason="首版方案")
            publish_scheme(actor=self.leader, year=YEAR, version=1, opinion="同意")
        if periods:
            self.set_periods()

    def set_periods(self) -> None:
        for procedure in ("yearly_evaluation", "evaluation_return", "evaluation_objection", "evaluation_receipt", "evaluation_rectification",
                          "evaluation_marking"):
            for setting in in_force(procedure).procedure.settings:
                ProcedureSetting.objects.create(procedure=procedure, setting=setting, count=DAYS[setting], reason="测试", set_by=self.officer)

    def opened(self, **known: Any) -> Round:
        return open_round(**{"actor": self.officer, "year": YEAR} | known)

    def return_of(self, user: User) -> RoundReturn:
        return RoundReturn.objects.get(office=user.organisation)

    def entry(self, user: User | None = None, *, port: str = "luohu-road", item: str = "I-0606/5G", value: float = 1, evidence: str = "见证材料",
              **known: Any) -> FiledEntry:
        """A point or figure filed by Guangdong unless said otherwise; with a file of this content, or none where it is empty."""
        uploads = [Upload(BytesIO(f"%PDF-1.7 {evidence}".encode()), "佐证.pdf")] if evidence else []
        return file_entry(**{"actor": user or self.guangdong, "year": YEAR, "port": port, "item": item, "value": value, "remark": "已落实",
                             "uploads": uploads} | known)

    def decide(self, entry: FiledEntry, accepted: bool = True, actor: User | None = None) -> EntryDecision:
        return decide_entry(actor=actor or self.customs, year=YEAR, entry=entry.pk, accepted=accepted, reason="经核实")

    def file(self, user: User) -> None:
        take_step(actor=user, matter=self.return_of(user).matter_id, transition="file", fields={"remarks": "已报齐"})

    def verify(self, user: User, verifier: User | None = None) -> None:
        take_step(actor=verifier or self.officer, matter=self.return_of(user).matter_id, transition="verify", fields={"opinion": "属实"})

    def collected(self, **known: Any) -> Round:
        """Every return filed and verified, the collection closed."""
        held = self.opened(**known)
        for user, verifier in ((self.guangdong, self.customs), (self.hubei, self.officer)):
            self.file(user)
            self.verify(user, verifier)
        self.step("close_collection")
        return held

    def frozen(self, **known: Any) -> Freeze:
        self.collected(**known)
        return freeze_round(actor=self.officer, year=YEAR)

    def scored(self, **known: Any) -> Scoring:
        self.frozen(**known)
        return score_round(actor=self.officer, year=YEAR)[0]

    def step(self, transition: str, actor: User | None = None, *papers: str, **fields: str) -> None:
        """A step of the round, with papers of these kinds."""
        documents: dict[str, Document] = {kind: a_document(title=kind) for kind in papers}
        matter = Round.objects.get(year=YEAR).matter_id
        take_step(actor=actor or self.officer, matter=matter, transition=transition, documents=documents, fields=fields)

    def on_to_notice(self) -> None:
        """From scored to notified, the clocks taking their steps."""
        self.step("open_peer_view")
        self.from_peer_view_to_notice()

    def from_peer_view_to_notice(self) -> None:
        """The rest of the way, where the comparison is open already."""
        day = clock.today()
        for _ in range(2):
            day += timedelta(days=40)
            with clock.travel_to(day), acting_system("run_clocks") as system:
                run_clocks(actor=system)
        with clock.travel_to(day):
            self.step("submit_for_signing", None, "comments_and_answers")
            self.step("sign_off", self.leader, "results")
            self.step("notify", None, "notice")
