"""演练: the demonstration's people who play a round, and what must stand before they can: periods, and a scheme of the year."""

from __future__ import annotations

from datetime import date
from typing import Any

from kouan.accounts.models import User
from kouan.basis import Finding, Refused, clock
from kouan.desk.matters.models import Matter
from kouan.desk.matters.parties import desk_of, people_of
from kouan.desk.matters.queries import procedure_for, settings_of
from kouan.desk.matters.registry import procedures
from kouan.desk.matters.upkeep import set_period
from kouan.evaluation import schemes
from kouan.evaluation.rounds.models import RoundReturn, SchemeState, SchemeVersion
from kouan.evaluation.rounds.scheme_actions import propose_scheme, publish_scheme

OFFICER, LEADER, OBJECTOR, LATE, PANEL = "guojia", "fuzeren", "guangdong", "yn", "zhuanjia"
WHY = "演练设定，非公开规定"
DAYS = {"collection_days": 60, "verification_days": 30, "expert_days": 15, "peer_view_days": 10, "comment_days": 15, "signing_days": 10,
        "filing_days": 40, "verifying_days": 20, "answer_days": 15,
        "receipt_days": 15, "marking_days": 20, "plan_days": 20, "rectify_days": 90, "review_days": 20}
OTHER_DAYS = 30


def people() -> dict[str, User]:
    """Officer, head and objector by sign-in name. Refused where the workspace has no demonstration's people."""
    found = {each.username: each for each in User.objects.filter(
        username__in=(OFFICER, LEADER, OBJECTOR), is_demonstration=True, is_active=True).select_related("organisation")}
    if len(found) < 3:
        raise Refused.because("no_demonstration", "演练须由演示用户办理，而此工作区没有演示用户。",
                              "The exercise is played by the demonstration's people, and this workspace has none.",
                              remedy=("请用 KOUAN_DEBUG=1 kouan setup --workspace exercise 建立。",
                                      "Make them with KOUAN_DEBUG=1 kouan setup --workspace exercise."))
    return found


def set_periods(officer: User) -> None:
    """Every period of the room that is not set yet: values of the exercise, and said to be so."""
    for each in procedures():
        if each.room != "rounds":
            continue
        filled = settings_of(each.procedure.code)
        for setting in each.procedure.settings:
            if setting not in filled:
                set_period(actor=officer, procedure=each.procedure.code, setting=setting, count=DAYS.get(setting, OTHER_DAYS), reason=WHY)


def publish_first_scheme(who: dict[str, User], year: int, day: date) -> None:
    """The scheme that ships, proposed and published for a year by two people; nothing where one is published."""
    if SchemeVersion.objects.filter(year=year, state=SchemeState.PUBLISHED).exists():
        return
    with clock.travel_to(day):
        made = propose_scheme(actor=who[OFFICER], year=year, content=schemes.get("national-first").as_dict(), reason="演练：随附首版建议稿")
        publish_scheme(actor=who[LEADER], year=year, version=made.version, opinion="演练：供演练使用")


def matter_of(pk: int) -> Matter:
    """A matter with what the story asks of it."""
    return Matter.objects.select_related("edition", "applicant").get(pk=pk)


def standing_for(matter: Matter, party: str, but: int | None = None) -> User:
    """Somebody of the demonstration who acts for a party, and is not who may not."""
    one = procedure_for(matter).parties[party]
    desk = desk_of(one, matter)
    return somebody_of(people_of(desk.organisation, desk.roles).exclude(pk=but), one.label.zh)


def return_of(matter: int) -> RoundReturn:
    """The return behind a matter."""
    return RoundReturn.objects.select_related("round__scheme_version", "round__matter__edition", "matter__edition").get(matter=matter)


def somebody_of(rows: Any, who: str) -> User:
    """The first of the demonstration's people among some. Refused where there is none; ``who``: what they are called."""
    found: User | None = rows.filter(is_demonstration=True).select_related("organisation").order_by("pk").first()
    if found is None:
        raise Refused([Finding.error("nobody_to_play", f"演示用户中没有“{who}”的办理人员。", f"Nobody of the demonstration acts for “{who}”.",
                                     remedy=("请运行 kouan setup 补齐演示用户。", "Run kouan setup to complete them."))])
    return found
