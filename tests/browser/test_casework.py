"""Each procedure of casework from its first form to what it changes, by pages alone, with all its roles, in a real browser.

``stories.py`` tells who does what; every step, paper, opinion and decision goes through a page by somebody signed in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from tests.browser.stories import NAMED, STORIES, Act, Story, answerer, opinions_asked
from tests.casework.cases import REPLY, Offices
from tests.casework.test_effects import GOOD_ACCEPTANCE, GOOD_TEMPORARY
from tests.desk.files import a_picture

from kouan.accounts.models import User
from kouan.basis import clock
from kouan.casework.actions import gather_facts
from kouan.casework.models import DemonstrationPort, SupervisionSite, TemporaryOpening
from kouan.desk.matters.facts import asks_for_day
from kouan.desk.matters.models import Matter
from kouan.desk.matters.queries import procedure_for, working_days
from kouan.desk.matters.upkeep import enter_holidays
from kouan.desk.models import Document, DocumentVersion
from kouan.grading.class_two import NewClassTwo, enter_class_two
from kouan.grading.models import ClassTwoClearance
from kouan.ports.models import Port, PortEvent
from ports.factories import a_document, a_port

Look = Callable[[Any, str], None]
OLD = {"open_since": date(2010, 1, 1), "is_border": False}


class Stage:
    """Where a story is played: one browser, the sessions of everybody who acts, and what stands in the register before."""

    def __init__(self, house: Any, page: Any) -> None:
        self.house, self.page, self.day = house, page, clock.today()
        page.set_default_timeout(20_000)
        self.people = {each.username: each for each in User.objects.select_related("organisation")}
        held = self.people
        self.offices = Offices(held["guojia"], held["fuzeren"], held["guangdong"], held["luohu-bianjian"], day=self.day, ministry=held["jiaotong"],
                               expert=held["zhuanjia"])
        self.who, self.sessions = "", {}
        self.picture = a_picture()
        if self.day.year + 1 not in working_days().tables:
            # Late in the year periods reach into the next, whose notice is not out when the tests run.
            year = self.day.year + 1
            enter_holidays(actor=self.offices.national, year=year, holidays=[date(year, 1, day) for day in range(1, 12)], worked=[], notice="测试",
                           number="测试")

    def come(self, name: str) -> None:
        """Be signed in as somebody: each has a session of one's own, made once."""
        if name == self.who:
            return
        if name not in self.sessions:
            client = Client()
            client.force_login(self.people[name], backend=settings.AUTHENTICATION_BACKENDS[-1])
            self.sessions[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.clear_cookies()
        self.page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": self.sessions[name], "url": self.house.url}])
        self.who = name

    def sign_everybody_out(self) -> None:
        self.who = ""
        self.sessions.clear()

    def open(self, matter: Matter, who: str) -> None:
        self.come(who)
        self.page.goto(f"{self.house.url}/matters/{matter.pk}")

    def begin(self, story: Story, answers: dict[str, str]) -> Matter:
        """The first form of the procedure, filled in and sent."""
        self.offices.settle(story.procedure)
        self.come(story.begins)
        self.page.goto(f"{self.house.url}/matters/begin/{story.procedure}")
        self.page.fill("#in-title", f"关于{story.name}的申请")
        for name, said in answers.items():
            place = self.page.locator(f"#in-{name}")
            place.select_option(said) if place.evaluate("one => one.tagName") == "SELECT" else place.fill(said)
        for party in story.asked:
            self.page.check(f"#in-asked-{party}")
        for party, office in NAMED.items():
            if self.page.locator(f"#in-named-{party}").count():
                self.page.select_option(f"#in-named-{party}", office)
        self.page.click("form[data-once] .btn-primary")
        self.page.wait_for_url(lambda address: address.rsplit("/", 1)[1].isdigit())
        return Matter.objects.order_by("-pk")[0]

    def opinions(self, matter: Matter, story: Story) -> None:
        """Everybody who is asked answers on the page, signed in as that office's own person."""
        procedure = procedure_for(matter)
        for party in opinions_asked(procedure, matter.state, story.asked):
            self.open(matter, answerer(procedure, party))
            form = self.page.locator("#opinions section.panel form", has=self.page.locator(f"input[name=party][value={party}]"))
            bare = form.locator("textarea").count() == 0
            form.locator("input[name=reference]").fill("军函1号" if bare else "")
            if not bare:
                form.locator("textarea[name=words]").fill("无意见")
            form.locator("button").click()
            self.page.wait_for_selector(".notice-success")

    def step(self, matter: Matter, story: Story, act: Act) -> None:
        """A step by its form, with every fact, field and paper it asks for; a file with each paper."""
        one = procedure_for(matter).transitions[act.what]
        self.open(matter, act.who)
        way = self.page.locator("details.way", has=self.page.locator(f"input[name=deed][value={act.what}]"))
        if way.get_attribute("open") is None:
            way.locator("> summary").click()
        for place in way.locator("[name^=fact-]").all():
            known = story.facts.get((place.get_attribute("name") or "").removeprefix("fact-"))
            if known is None:
                continue
            if isinstance(known, bool):
                place.select_option("yes" if known else "no")
            else:
                place.fill(str(known))
        for name in one.fields:
            way.locator(f"[name=field-{name}]").fill(act.fields.get(name, self.said(name)))
        for number, kind in enumerate(one.documents):
            way.locator(f"input[name=paper-{kind}-title]").fill(f"{kind}文件")
            if number == 0:
                file: Any = {"name": f"{kind}.png", "mimeType": "image/png", "buffer": self.picture}
                way.locator(f"input[name=paper-{kind}-file]").set_input_files(file)
        if act.override:
            way.locator("details.override > summary").click()
            way.locator("textarea[name=override_reason]").fill(act.override)
            way.locator("input[name=paper-override-title]").fill("负责人批示")
        way.locator("button.btn").last.click()
        if act.refused:
            self.page.wait_for_selector(".findings")
            assert act.refused in self.page.locator(".findings").inner_text()
            return
        self.page.wait_for_selector(".notice-success")
        if act.shows is not None:
            assert act.shows[1] in self.page.locator(act.shows[0]).inner_text()

    def said(self, name: str) -> str:
        if name in ("opened_to", "rectify_until"):
            return (self.day + timedelta(days=150)).isoformat()
        if name == "extended_to":
            return (self.day + timedelta(days=210)).isoformat()
        return REPLY if name == "reply_number" else self.day.isoformat() if asks_for_day(name) else "见附件"

    def play(self, story: Story) -> Matter:
        """The whole story, held against its end."""
        matter = self.begin(story, self.before(story))
        for act in story.acts:
            matter.refresh_from_db()
            if act.what == "confirm_acceptance":
                self.accept(matter)
            self.opinions(matter, story) if act.what == "opinions" else self.step(matter, story, act)
        matter.refresh_from_db()
        assert matter.state == story.ends
        return matter

    # ---- what stands in the register before, made by verbs ---------------------------------------------------------

    def before(self, story: Story) -> dict[str, str]:
        """Make what the story's first form names; answer how the form is filled."""
        answers = dict(story.answers)
        port = answers.get("port", "")
        if port.endswith("-air"):
            a_port(port, "air", name_zh="新塘航空口岸", **(OLD if story.procedure == "expansion" else {}))
        if port.endswith("-water"):
            a_port(port, "water", name_zh=port, city_code="440100", **OLD)
        if story.procedure == "merge":
            a_port("humen-water", "water", name_zh="虎门水运口岸", city_code="441900", **OLD)
        if "class_two" in answers:
            answers["class_two"] = enter_class_two(
                actor=self.offices.national, lines=[NewClassTwo("某二类口岸", "water", "44")], document=a_document())[0].code
        if "opening" in answers:
            answers["opening"] = str(self.opened(answers["opening"]).pk)
        return answers

    def opened(self, place_kind: str) -> TemporaryOpening:
        """A temporary opening that runs."""
        way = {"airport": ("submit_to_national", "admit_air", "permit_air"), "waters": ("submit_to_transport", "permit_water"),
               "unused_berth": ("submit_to_province", "permit_berth")}[place_kind]
        answers = {"place_kind": place_kind, "ground": "international_event"}
        if place_kind == "unused_berth":
            a_port("humen-water", "water", name_zh="虎门水运口岸", **OLD)
            answers["port"] = "humen-water"
        else:
            answers["place_name"] = "新塘"
        matter = self.offices.begun("temporary_opening", answers)
        for each in way:
            self.offices.take(matter, each, facts={name: known for name, known in GOOD_TEMPORARY.items() if self.asks(matter, each, name)},
                              opened_to=self.said("opened_to"))
            self.offices.agree(matter)
        return TemporaryOpening.objects.get()

    @staticmethod
    def asks(matter: Matter, transition: str, fact: str) -> bool:
        matter.refresh_from_db()
        return any(fact in guard.facts_used() for guard in procedure_for(matter).transitions[transition].guards)

    def accept(self, matter: Matter) -> None:
        """The acceptance of the port, which is a procedure and a story of its own."""
        case = self.offices.begun("acceptance", {"port": "xintang-air"})
        self.offices.go(case, "ask_provincial_round", "agree", "apply")
        self.offices.take(case, "arrange_air", facts=GOOD_ACCEPTANCE)
        self.offices.go(case, "agree", "pass_air", "agree", "accept")
        gather_facts(actor=self.offices.national, matter=matter.pk)


def changed(story: Story, day: date) -> bool:
    """Whether the register, or the table beside it, says what the story brought about."""
    port = Port.objects.filter(code=story.answers.get("port") or story.answers.get("new_code")).first()
    match story.procedure, story.ends:
        case "opening", _:
            return port is not None and port.status == "open" and PortEvent.objects.filter(port=port, document__document_number=REPLY).exists()
        case "expansion", _:
            return PortEvent.objects.filter(port=port, kind="expansion", document__document_number=REPLY).count() == 1
        case "acceptance", _:
            return port is not None and port.accepted_on == day
        case "temporary_opening", _:
            return TemporaryOpening.objects.get().last_day == day + timedelta(days=150)
        case "temporary_extension", _:
            return TemporaryOpening.objects.get().last_day == day + timedelta(days=210)
        case "withdrawal", "closed":
            return port is not None and port.status == "closed" and PortEvent.objects.get(port=port, kind="closure").document.kind == "reply"
        case "merge", _:
            return PortEvent.objects.get(kind="merger").into.code == "humen-water"
        case "class_two_clearance", _:
            return ClassTwoClearance.objects.get().outcome == "closed"
        case "change_of_facts", "changed":
            return port is not None and port.name_en == "Luohu Port"
        case "supervision_site", "in_use":
            site = SupervisionSite.objects.get()
            return (site.kinds, site.in_use_from) == ("粮食、肉类", day)
        case "demonstration_selection", _:
            return DemonstrationPort.objects.get().port == port
        case _:
            return not PortEvent.objects.filter(document__document_number=REPLY).exists()


# The opening from form to register, and a step taken over its conditions, at every run; all the others with the longest proofs.
SHORTLY = ("口岸开放", "口岸整合，由负责人越过条件")


@pytest.mark.parametrize("story", [one if one.name in SHORTLY else pytest.param(one, marks=pytest.mark.long) for one in STORIES],
                         ids=lambda one: one.name)
def test_it_is_carried_by_pages(story: Story, house: Any, page: Any, look: Look) -> None:
    stage = Stage(house, page)
    matter = stage.play(story)
    assert changed(story, stage.day)
    files = DocumentVersion.objects.filter(document__in=Document.objects.filter(reference__startswith=f"matter-{matter.pk}-"))
    assert files.exists() or not any(procedure_for(matter).transitions[act.what].documents for act in story.acts if act.what != "opinions")
    actors = set(matter.steps.exclude(actor=None).values_list("actor__username", flat=True))
    assert actors == {story.begins, *(act.who for act in story.acts if act.who and not act.refused)}
    if story.kind in ("rechecked", "overridden"):
        look(page, f"case-{story.kind}")
