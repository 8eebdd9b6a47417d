"""演练: a yearly round played by the demonstration's people through all its stages, so that a newcomer finds one to look at.

Only in the exercise workspace. Every step is taken by the same verbs as by hand, by whoever may take it, on a day of the past: rows and
steps bear that day, the trail the moment at which they were really written. What the passing of days brings is brought by the clocks of
these matters alone. Nothing is played on a day to come: a round that waits for its time stays where it is, and `play` says so.

The story: everybody files but one province, which is closed after two reminders; some points are filed with evidence, one is rejected
and experts mark the rest (``playing_evidence``); a reporting office objects to an indicator that rests on a slip in its figures and is
upheld, so the round is sent back, frozen and scored anew. Before the sign-off the places are studied; after it the offices sign for the
notice, but the late one; the worst results become tasks, done by all but the late one; bands are cleared and published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings

from kouan.accounts.action import acting_system
from kouan.accounts.models import Role, User
from kouan.basis import Finding, Place, Refused, clock
from kouan.desk.actions import record_document
from kouan.desk.matters.actions import give_opinion, run_clocks, take_step
from kouan.desk.matters.models import Matter
from kouan.desk.matters.parties import desk_of, people_of
from kouan.desk.matters.queries import clocks_of, procedure_for, settings_of
from kouan.desk.matters.registry import procedures
from kouan.desk.matters.upkeep import set_period
from kouan.desk.models import DocumentKind
from kouan.evaluation import schemes
from kouan.evaluation.method.exercise import CENTRAL, exercise
from kouan.evaluation.rounds.actions import freeze_round, open_round, score_round
from kouan.evaluation.rounds.clearing import decide_clearance, in_force, propose_clearance
from kouan.evaluation.rounds.gathering import SEED, items_behind, pupils_of
from kouan.evaluation.rounds.models import Objection, Round, RoundReturn, SchemeState, SchemeVersion
from kouan.evaluation.rounds.objections import raise_objection
from kouan.evaluation.rounds.objects import evaluated
from kouan.evaluation.rounds.playing_evidence import ask_panel, decide_points, file_points, mark_as_experts
from kouan.evaluation.rounds.rectifying import candidates, give_tasks
from kouan.evaluation.rounds.robustness import study_places
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme

Say = Callable[[str, str], None]
STAGES = ("collecting", "verifying", "frozen", "scored", "peer_view", "commenting", "answering", "signing", "signed", "notified", "published",
          "archived")
ARCHIVED_YEAR, OPEN_YEAR = 2024, 2025
OFFICER, LEADER, OBJECTOR, LATE, PANEL = "guojia", "fuzeren", "guangdong", "yn", "zhuanjia"
WHY = "演练设定，非公开规定"
DAYS = {"collection_days": 60, "verification_days": 30, "expert_days": 15, "peer_view_days": 10, "comment_days": 15, "signing_days": 10,
        "filing_days": 40, "verifying_days": 20, "answer_days": 15,
        "receipt_days": 15, "marking_days": 20, "plan_days": 20, "rectify_days": 90, "review_days": 20}
OTHER_DAYS = 30
# How long the whole story takes, and its first day in the year after the round's.
LASTS = timedelta(days=260)
MOST_TASKS = 2
# A quarter of the usual runs: some 4 s of processor time for the nation, so that a newcomer does not wait.
STUDIED = 128
CLEARED = ("band", "class", "group_bands", "type_bands", "provisional")
REMEDY: tuple[tuple[str, str, int, tuple[str, ...], dict[str, str]], ...] = (
    ("file_plan", "reporter", 14, (), {"plan": "演练：查明原因，补充设施和人员，三个月内完成"}),
    ("report", "reporter", 40, ("evidence",), {"result": "演练：所列事项已整改完成"}),
    ("accept", "national", 5, (), {"opinion": "演练：经核对属实，予以验收"}),
)
OPEN_TO = {"given": ("file_plan",), "planned": ("report",), "reported": ("accept",), "accepted": (), "withdrawn": ()}
# Slips that an office would object to, the plainest first.
OBJECTED = {"unit": "报送时单位有误", "part": "报送时分项大于合计", "unreported": "已按催报补报，系统未计入", "gap": "已补报，系统未计入"}


@dataclass(frozen=True, slots=True)
class Played:
    """Where a round came to. ``waits_until``: the day before which it cannot go on."""

    year: int
    stage: str
    waits_until: date | None = None


def play_all(say: Say) -> list[Played]:
    """What the exercise workspace shows: a round archived, and the next in collection. Done already, nothing is done."""
    return [play(ARCHIVED_YEAR, say=say), play(OPEN_YEAR, to="collecting", say=say)]


def play(year: int, *, to: str = "archived", say: Say = lambda zh, en: None) -> Played:
    """Play the round of a year up to a stage, from wherever it stands.

    Refused outside the exercise workspace, for an unknown stage, and without the demonstration's people.
    """
    _check(to)
    people = _people()
    _set_periods(people[OFFICER])
    start = _start(year, to)
    held = Round.objects.filter(year=year).first()
    if held is None:
        say(f"演练：{year} 年度评估", f"Exercise: the round of {year}")
        _publish_scheme(people, year, start - timedelta(days=20))
        with clock.travel_to(start):
            held = open_round(actor=people[OFFICER], year=year, experts=PANEL)
        if to == "collecting":
            _file_first(held, start, people[OFFICER])
    return _Story(held, people).play(to)


class _Story:
    """One round and the day on which it stands."""

    def __init__(self, held: Round, people: dict[str, User]) -> None:
        self.held, self.officer, self.leader, self.objector = held, people[OFFICER], people[LEADER], people[OBJECTOR]
        self.day = date.min
        self.waits_until: date | None = None

    def play(self, to: str) -> Played:
        """Step by step until the stage is reached, the round has passed it, or a time is still running."""
        before = ""
        while self._reload() not in (to, before) and not self._is_past(to) and self.waits_until is None:
            before = self.held.stage
            getattr(self, f"_{before}")()
        return Played(self.held.year, self.held.stage, self.waits_until)

    def _is_past(self, to: str) -> bool:
        return STAGES.index(self.held.stage) > STAGES.index(to)

    def _reload(self) -> str:
        self.held = Round.objects.select_related("matter__edition", "matter__applicant", "scheme_version").get(pk=self.held.pk)
        self.day = max(self.day, self.held.matter.steps.order_by("-number")[0].taken_on)
        return self.held.stage

    # ---- the stages -----------------------------------------------------------------------------------

    def _collecting(self) -> None:
        returns = list(self.held.returns.select_related("office", "matter__edition", "matter__applicant").order_by("office__code"))
        first, is_over = self.day, self._may_pass(timedelta(days=50))
        late = [each for each in returns if each.office.code == LATE and each.matter.ended_at is None]
        # A round of today is played to its end by who files today; nobody can be late yet.
        for number, each in enumerate(one for one in returns if one not in late or not is_over):
            self._file(each.matter_id, first + timedelta(days=20 + number))
            self._verify(each.matter_id, first + timedelta(days=26 + number))
        if late and is_over:
            for days in (30, 37, 41):
                self._run_clocks(first + timedelta(days=days), *(each.matter_id for each in late), self.held.matter_id)
            for each in late:
                self._step("close_unfiled", first + timedelta(days=45), self.officer, matter=each.matter_id, reason="演练：两次催报后逾期未报")
        self._step("close_collection", first + timedelta(days=50))

    def _verifying(self) -> None:
        with self._on(10):
            freeze_round(actor=self.officer, year=self.held.year)

    def _frozen(self) -> None:
        with self._on(1):
            score_round(actor=self.officer, year=self.held.year)

    def _scored(self) -> None:
        expert = _of(User.objects.filter(organisation__code=PANEL, role=Role.EXPERT, is_active=True), "专家组")
        with self._on(9):
            if self.held.matter.tasks.filter(party="experts", closed_at__isnull=True).exists():
                give_opinion(actor=expert, matter=self.held.matter_id, consultation="review", party="experts", agrees=True,
                             words="演练：结果总体合理，建议关注缺报较多的口岸")
        self._step("open_peer_view", self.day + timedelta(days=2))

    def _peer_view(self) -> None:
        self._wait("peers")

    def _commenting(self) -> None:
        if self.held.scorings.count() == 1:
            self._object()
        self._wait("comment")

    def _answering(self) -> None:
        rows = list(Objection.objects.filter(scoring__round=self.held).select_related("matter"))
        for each in rows:
            if each.matter.state == "raised":
                self._step("propose_answer", self.day + timedelta(days=2), matter=each.matter_id, answer="演练：经核对原始报表，异议属实，建议采纳")
            each.matter.refresh_from_db()
            if each.matter.state == "proposed":
                self._step("uphold", self.day + timedelta(days=2), self.leader, matter=each.matter_id, reason="演练：数据有误，采纳并更正")
        newest = self.held.scorings.order_by("-number")[0]
        if any(each.scoring_id == newest.pk for each in rows):
            self._step("reopen", self.day + timedelta(days=1), self.leader, reason="演练：采纳异议，更正后重新冻结和计分")
        else:
            self._step("submit_for_signing", self.day + timedelta(days=3), papers=("comments_and_answers",))

    def _signing(self) -> None:
        """How firm the places are is studied before they are signed off."""
        with self._on(1):
            study_places(actor=self.officer, year=self.held.year, runs=STUDIED)
        self._step("sign_off", self.day + timedelta(days=3), self.leader, papers=("results",))

    def _signed(self) -> None:
        self._step("notify", self.day + timedelta(days=3), papers=("notice",))

    def _notified(self) -> None:
        """Everybody but the late office signs; the worst results become tasks; bands are cleared and published."""
        for each in self.held.receipts.select_related("office", "matter__edition", "matter__applicant"):
            if each.office.code != LATE and each.matter.ended_at is None:
                self._step("sign", self.day + timedelta(days=2), _standing_for(each.matter, "office"), matter=each.matter_id)
        wanted = self._worst()
        if wanted:
            with self._on(3):
                give_tasks(actor=self.officer, year=self.held.year, ports=wanted, requirement="演练：请针对所列事由查明原因，制定措施，限期整改。")
        if in_force(self.held) is None:
            with self._on(2):
                made = propose_clearance(actor=self.officer, year=self.held.year, fields=CLEARED, reason="演练：公开档次，不公开名次和小数")
            with self._on(2):
                decide_clearance(actor=self.leader, year=self.held.year, version=made.version, approves=True, opinion="演练：同意公开")
        self._step("publish", self.day + timedelta(days=2), self.leader, papers=("cleared_fields",))

    def _published(self) -> None:
        """Who rectifies does so and is accepted; the late office is late once more."""
        tasks = [each for each in self.held.rectifications.select_related("office") if each.office.code != LATE]
        for transition, party, days, papers, fields in REMEDY:
            day = self.day + timedelta(days=days)
            for each in tasks:
                held = _matter(each.matter_id)
                if transition in OPEN_TO[held.state]:
                    self._step(transition, day, _standing_for(held, party), matter=held.pk, papers=papers, **fields)
        self._step("archive", self.day + timedelta(days=15))

    def _worst(self) -> list[str]:
        """Of each office two ports at most, those with most reasons first; none where tasks were given."""
        if self.held.rectifications.exists():
            return []
        found: dict[str, list[str]] = defaultdict(list)
        for each in sorted(candidates(self.officer, self.held), key=lambda one: (-len(one.grounds), one.code)):
            if len(found[each.office.code]) < MOST_TASKS:
                found[each.office.code].append(each.code)
        return sorted(code for codes in found.values() for code in codes)

    # ---- what the stages are made of --------------------------------------------------------------------

    def _object(self) -> None:
        found = slip_to_object_to(self.held, self.objector)
        if found is None:
            return
        port, indicator, words = found
        with self._on(5):
            raise_objection(actor=self.objector, year=self.held.year, port=port, indicator=indicator, grounds=f"演练：{words}，请复核更正。")

    def _file(self, matter: int, day: date) -> None:
        held = _matter(matter)
        if held.state == "to_file":
            reporter = _standing_for(held, "reporter")
            with clock.travel_to(min(day, clock.today())):
                file_points(_return(matter), reporter)
            self._step("file", day, reporter, matter=matter, remarks="演练：数据已报齐")

    def _verify(self, matter: int, day: date) -> None:
        held = _matter(matter)
        if held.state == "filed":
            filer = held.steps.filter(transition="file").order_by("-number")[0].actor_id
            verifier = _standing_for(held, "verifier", but=filer)
            with clock.travel_to(min(day, clock.today())):
                decide_points(_return(matter), verifier)
                mark_as_experts(_return(matter), self.officer, PANEL)
            self._step("verify", day, verifier, matter=matter, opinion="演练：与来源核对一致")

    def _step(self, transition: str, day: date, actor: User | None = None, *, matter: int | None = None, papers: tuple[str, ...] = (),
              **fields: str) -> None:
        actor = actor or self.officer
        with clock.travel_to(min(day, clock.today())):
            procedure = procedure_for(self.held.matter if matter is None else _matter(matter))
            kept = {kind: record_document(
                actor=actor, kind=DocumentKind.OTHER, title=f"演练：{self.held.year} 年度口岸综合绩效评估{procedure.documents[kind].zh}（虚构）",
                note=WHY) for kind in papers}
            take_step(actor=actor, matter=matter or self.held.matter_id, transition=transition, documents=kept, fields=fields)
        if matter is None:
            self._reload()
        else:
            self.day = max(self.day, min(day, clock.today()))

    def _on(self, days: int) -> Any:
        """Stand so many days on, or today."""
        self.day = min(self.day + timedelta(days=days), clock.today())
        return clock.travel_to(self.day)

    def _may_pass(self, time: timedelta) -> bool:
        return self.day + time <= clock.today()

    def _wait(self, name: str) -> None:
        """Let a time run out, by its clock; where its end lies ahead, say when that is."""
        state = next(each for each in clocks_of(self.held.matter, self.day) if each.code == name)
        over = (state.due or clock.today()) + timedelta(days=1)
        if over > clock.today():
            self.waits_until = over
            return
        self._run_clocks(over, self.held.matter_id)

    def _run_clocks(self, day: date, *matters: int) -> None:
        with clock.travel_to(day), acting_system("exercise") as system:
            run_clocks(actor=system, only=matters)


def slip_to_object_to(held: Round, objector: User) -> tuple[str, str, str] | None:
    """(port, indicator, grounds): the plainest slip of the round's year in the generated figures of an office's ports."""
    mine = {port for each in held.returns.filter(office_id=objector.organisation_id) for port in each.ports}
    scheme = held.scheme_version.scheme()
    # As the freeze gave them to the generator: a frozen port bears a grade that was drawn.
    ports = [each for each in evaluated(scheme, held.year, is_exercise=True)[0] if each.code in mine]
    behind = {each.code: items_behind(scheme, each.code) for each in scheme.indicators}
    known = {each.code: each.name_zh for each in ports}
    order = list(OBJECTED)
    slips = sorted((each for each in exercise(pupils_of(ports), seed=SEED, scheme=scheme).slips
                    if each.year == held.year and each.kind in OBJECTED and each.item not in CENTRAL),
                   key=lambda each: (order.index(each.kind), each.port, each.item))
    for each in slips:
        indicator = next((code for code, items in behind.items() if each.item in items), None)
        if indicator is not None:
            return each.port, indicator, f"{known[each.port]}的“{scheme.items[each.item].name.zh}”{OBJECTED[each.kind]}"
    return None


def _file_first(held: Round, day: date, officer: User) -> None:
    """One office files at once and experts are asked, so that a verifier and an expert have something to do."""
    for each in held.returns.select_related("matter__edition", "matter__applicant").order_by("office__code"):
        if _standing_for(each.matter, "verifier").role == Role.INSPECTION_OFFICER:
            with clock.travel_to(day):
                reporter = _standing_for(each.matter, "reporter")
                file_points(_return(each.matter_id), reporter)
                take_step(actor=reporter, matter=each.matter_id, transition="file", fields={"remarks": "演练：数据已报齐"})
                ask_panel(_return(each.matter_id), officer, PANEL)
            return


def _start(year: int, to: str) -> date:
    first = date(year + 1, 3, 3)
    return clock.today() if to == "collecting" or first + LASTS > clock.today() else first


def _check(to: str) -> None:
    if not settings.IS_EXERCISE:
        raise Refused.because("not_an_exercise", "演练评估只能在演练工作区办理。", "A round is played in the exercise workspace only.",
                              remedy=("请用 make demo 打开演练工作区。", "Open the exercise workspace with make demo."))
    if to not in STAGES:
        raise Refused.because("unknown_stage", f"没有“{to[:32]}”这一环节。", f"There is no stage “{to[:32]}”.", where=Place(field="to"),
                              remedy=(f"可选：{'、'.join(STAGES)}。", f"One of {', '.join(STAGES)}."))


def _people() -> dict[str, User]:
    found = {each.username: each for each in User.objects.filter(
        username__in=(OFFICER, LEADER, OBJECTOR), is_demonstration=True, is_active=True).select_related("organisation")}
    if len(found) < 3:
        raise Refused.because("no_demonstration", "演练须由演示用户办理，而此工作区没有演示用户。",
                              "The exercise is played by the demonstration's people, and this workspace has none.",
                              remedy=("请用 KOUAN_DEBUG=1 kouan setup --workspace exercise 建立。",
                                      "Make them with KOUAN_DEBUG=1 kouan setup --workspace exercise."))
    return found


def _set_periods(officer: User) -> None:
    """Every period of the room that is not set yet: values of the exercise, and said to be so."""
    for each in procedures():
        if each.room != "rounds":
            continue
        filled = settings_of(each.procedure.code)
        for setting in each.procedure.settings:
            if setting not in filled:
                set_period(actor=officer, procedure=each.procedure.code, setting=setting, count=DAYS.get(setting, OTHER_DAYS), reason=WHY)


def _publish_scheme(people: dict[str, User], year: int, day: date) -> None:
    if SchemeVersion.objects.filter(year=year, state=SchemeState.PUBLISHED).exists():
        return
    with clock.travel_to(day):
        made = propose_scheme(actor=people[OFFICER], year=year, content=schemes.get("national-first").as_dict(), reason="演练：随附首版建议稿")
        publish_scheme(actor=people[LEADER], year=year, version=made.version, opinion="演练：供演练使用")


def _matter(pk: int) -> Matter:
    return Matter.objects.select_related("edition", "applicant").get(pk=pk)


def _standing_for(matter: Matter, party: str, but: int | None = None) -> User:
    """Somebody of the demonstration who acts for a party, and is not who may not."""
    one = procedure_for(matter).parties[party]
    desk = desk_of(one, matter)
    return _of(people_of(desk.organisation, desk.roles).exclude(pk=but), one.label.zh)


def _return(matter: int) -> RoundReturn:
    return RoundReturn.objects.select_related("round__scheme_version", "round__matter__edition", "matter__edition").get(matter=matter)


def _of(people: Any, who: str) -> User:
    found: User | None = people.filter(is_demonstration=True).select_related("organisation").order_by("pk").first()
    if found is None:
        raise Refused([Finding.error("nobody_to_play", f"演示用户中没有“{who}”的办理人员。", f"Nobody of the demonstration acts for “{who}”.",
                                     remedy=("请运行 kouan setup 补齐演示用户。", "Run kouan setup to complete them."))])
    return found
