"""Each procedure as people carry it through pages, from the first form to what it changes: who does what, in order.

A story is data, so that a test without a browser can follow it through the engine and say which roles act in it
(``tests/casework/test_browser_stories.py``); ``test_casework.py`` does the same in Chromium. “opinions” lets everybody
who is asked answer, each signed in as that office's own person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.casework.cases import NO_MAJOR
from tests.casework.test_effects import GOOD_ACCEPTANCE, GOOD_OPENING, GOOD_OPENING_EXPANSION, GOOD_TEMPORARY

from kouan.accounts.demonstration import ORGANISATIONS, USERS
from kouan.accounts.permissions import PERMISSIONS
from kouan.casework.catalogue import in_force
from kouan.procedure import Procedure

OFFICE = {name: home for name, _, home, _ in USERS}
ROLE = {name: role for name, _, _, role in USERS}
KIND = {each["code"]: each["kind"] for each in ORGANISATIONS}
# The office that stands for each party to be named: customs for a ministry, border inspection for an agency.
NAMED = {"customs": "gacc", "border_inspection": "lh-bianjian", "maritime_safety": "mot", "transport": "mot", "aviation": "caac",
         "foreign_affairs": "mfa", "staffing": "bianban", "district_customs": "gz-haiguan", "experts": "zhuanjia"}


@dataclass(frozen=True)
class Act:
    """One thing that somebody does on a page. ``what``: a transition, or “opinions”. ``refused``: words of the findings
    that must stop it. ``shows``: words that the page then shows, by the place on it. ``override``: the reason."""

    who: str
    what: str
    fields: Mapping[str, str] = field(default_factory=dict)
    override: str = ""
    refused: str = ""
    shows: tuple[str, str] | None = None
    agrees: bool = True


@dataclass(frozen=True)
class Story:
    """One matter. ``ends``: the state; ``kind``: good, refused, suspended, overridden, rechecked, or short (a role's part)."""

    name: str
    procedure: str
    begins: str
    answers: Mapping[str, str]
    acts: tuple[Act, ...]
    ends: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    kind: str = "good"
    # The subject lies in a city that reports to the centre, whose office stands for parties of the place.
    city: str = ""

    def parts(self) -> Iterator[tuple[str, str, str]]:
        """(role, party, step) of everybody who acts, followed through the procedure; AssertionError where it cannot go so."""
        procedure = in_force(self.procedure, date(2026, 1, 1))
        state, is_answered = procedure.first, False
        yield ROLE[self.begins], _party(procedure, self.begins, self.begins, procedure.states[state].waits_for), "begin"
        for act in self.acts:
            if act.what == "opinions":
                for party in opinions_asked(procedure, state, self.asked):
                    yield ROLE[answerer(procedure, party)], party, "opinion"
                is_answered = True
                continue
            step = procedure.transitions[act.what]
            assert state in step.sources, f"{self.name}：{act.what} 不从 {state} 出发"
            assert is_answered or not step.opinions, f"{self.name}：{act.what} 之前须答复"
            yield ROLE[act.who], _party(procedure, act.who, self.begins, step.by, self.city), act.what
            if not act.refused:
                state, is_answered = step.target, False
        assert state == self.ends, f"{self.name}：停在 {state}"


def opinions_asked(procedure: Procedure, state: str, asked: tuple[str, ...]) -> list[str]:
    """The parties asked in a state, each as often as it is."""
    return [party for each in procedure.consultations.values() if each.state == state for party in each.parties
            if each.asks == "all" or not asked or party in asked]


def answerer(procedure: Procedure, party: str) -> str:
    """The sign-in of whoever answers for a party."""
    one = procedure.parties[party]
    if not any(role in PERMISSIONS["matters.act"] for role in one.roles):
        return "guojia"  # an enterprise may not act: the national office takes its desk in
    office = {"national": "npo", "subject": "gd", "named": NAMED.get(party, "")}[one.office]
    return next(name for name, _, home, role in USERS if home == office and role in one.roles)


def _party(procedure: Procedure, who: str, begins: str, parties: tuple[str, ...], city: str = "") -> str:
    """For which of some parties a person acts; AssertionError for none."""
    for code in parties:
        one = procedure.parties[code]
        office = {"national": "npo", "applicant": OFFICE[begins], "subject": "gd", "named": NAMED.get(code, "")}[one.office]
        if one.office == "subject" and city and "city_officer" in one.roles:
            office = city
        if OFFICE[who] == office and ROLE[who] in one.roles:
            return code
        # Nobody of the party's own may act (an enterprise): the national office takes it in.
        if not any(role in PERMISSIONS["matters.act"] for role in one.roles) and who == "guojia":
            return code
    raise AssertionError(f"{who} 不代表 {parties}")


def _acts(*acts: Act | tuple[str, str] | str) -> tuple[Act, ...]:
    return tuple(Act("", each) if isinstance(each, str) else Act(*each) if isinstance(each, tuple) else each for each in acts)


WATER = {"port": "humen-water"}
SITE = {"port": "humen-water", "site_name": "虎门进境粮食指定监管场地", "site_kinds": "粮食"}
EVALUATED = {"evaluation_score": 91, "evaluation_version": "2023年度，第1版", "is_result_signed_off": True, "meets_criteria": True,
             "is_notice_over": True, "has_open_objection": False, **NO_MAJOR}
TEMPORARY = {"place_name": "新塘机场", "place_kind": "airport", "ground": "international_event"}

STORIES: tuple[Story, ...] = (
    Story("口岸开放", "opening", "guangdong",
          {"new_name": "新塘航空口岸", "new_mode": "air", "new_code": "xintang-air", "city_name": "广州市"},
          _acts(("guangdong-fuzeren", "submit"), ("guojia", "admit_air"), "opinions", ("guojia", "conclude_air"), ("guojia", "start_countersign"),
                "opinions", ("fuzeren", "report"), ("guojia", "record_reply"), ("guojia", "confirm_acceptance"), ("fuzeren", "open")),
          "opened", GOOD_OPENING),
    Story("扩大开放", "expansion", "guangdong", {"port": "xintang-air"},
          _acts(("guangdong-fuzeren", "submit"), ("guojia", "admit_air"), "opinions", ("guojia", "conclude_air"), ("guojia", "start_countersign"),
                "opinions", ("fuzeren", "report"), ("guojia", "record_reply"), ("guojia", "confirm_acceptance"), ("fuzeren", "expand")),
          "expanded", {**GOOD_OPENING_EXPANSION, "latest_evaluation": "2023年度，第1版"}),
    Story("验收，整改后复验", "acceptance", "shenzhen", {"port": "luohu-rail"},
          _acts(("shenzhen", "ask_provincial_round"), "opinions", ("guangdong-fuzeren", "apply"), ("guojia", "arrange_land"),
                ("guojia", "find_defects"), ("shenzhen", "mend_defects"), "opinions", ("guojia", "pass_recheck"), "opinions", ("fuzeren", "accept")),
          "accepted", GOOD_ACCEPTANCE, kind="rechecked"),
    Story("验收一次通过", "acceptance", "guangdong", {"port": "xintang-air"},
          _acts(("guangdong", "ask_provincial_round"), "opinions", ("guangdong", "apply"), ("guojia", "arrange_air"), "opinions",
                ("guojia", "pass_air"), "opinions", ("fuzeren", "accept")),
          "accepted", GOOD_ACCEPTANCE),
    Story("临时开放", "temporary_opening", "guangdong", TEMPORARY,
          _acts(("guangdong-fuzeren", "submit_to_national"), ("guojia", "admit_air"), "opinions", ("fuzeren", "permit_air")),
          "in_use", GOOD_TEMPORARY),
    Story("临时开放（水域，由交通运输主管部门决定）", "temporary_opening", "guangdong",
          {"place_name": "新塘水域", "place_kind": "waters", "ground": "international_event"},
          _acts(("guangdong", "submit_to_transport"), "opinions", ("jiaotong", "permit_water")), "in_use", GOOD_TEMPORARY, kind="short"),
    Story("临时开放（未启用泊位，由省级口岸办决定）", "temporary_opening", "guangdong",
          {"port": "humen-water", "place_kind": "unused_berth", "ground": "urgent_goods"},
          _acts(("guangdong", "submit_to_province"), "opinions", ("guangdong-fuzeren", "permit_berth")), "in_use", GOOD_TEMPORARY, kind="short"),
    Story("临时开放延期（水域，由交通运输主管部门决定）", "temporary_extension", "guangdong", {"opening": "waters"},
          _acts(("guangdong", "submit_to_transport"), "opinions", ("jiaotong", "extend_water")),
          "extended", {"term_within_longest": True}, kind="short"),
    Story("临时开放延期（未启用泊位，由省级口岸办决定）", "temporary_extension", "guangdong", {"opening": "unused_berth"},
          _acts(("guangdong", "submit_to_province"), "opinions", ("guangdong-fuzeren", "extend_berth")),
          "extended", {"term_within_longest": True}, kind="short"),
    Story("临时开放延期", "temporary_extension", "guangdong", {"opening": "airport"},
          _acts(("guangdong-fuzeren", "submit_to_national"), ("guojia", "consult"), "opinions", ("fuzeren", "extend")),
          "extended", {"term_within_longest": True}),
    Story("口岸退出", "withdrawal", "guojia", {"port": "yantai-water"},
          _acts(("guojia", "notice_by_national"), ("guojia", "order_by_national"), ("guangdong", "report_rectified"),
                ("guojia", "review_by_national"), "opinions", ("guojia", "conclude_review"), ("fuzeren", "propose_closing"),
                ("guojia", "record_closing")),
          "closed", {"ladder_verdict": "review", "latest_evaluation": "2023年度，第1版", **NO_MAJOR}),
    Story("口岸退出（所在地直接向中央报送的市说明）", "withdrawal", "guojia", {"port": "luohu-rail"},
          _acts(("guojia", "notice_by_national"), ("shenzhen", "explain"), ("fuzeren", "clear")),
          "cleared", {"ladder_verdict": "review", "meets_volume": True}, kind="short", city="sz"),
    Story("口岸退出（省级发起）", "withdrawal", "guangdong", {"port": "yantai-water"},
          _acts(("guangdong-fuzeren", "notice_by_province"), ("guojia", "clear")),
          "cleared", {"ladder_verdict": "review", "is_border": False, "strategy_mark": False, "meets_volume": True}, kind="short"),
    Story("口岸整合，由负责人越过条件", "merge", "guangdong", {"port": "dongguan-water", "target": "虎门水运口岸"},
          _acts(Act("guangdong-fuzeren", "submit", {"merged_into": "虎门水运口岸"}),
                Act("fuzeren", "admit", override="两地已由国务院确定一体化管理", shows=("#history", "越过条件")), "opinions", ("guojia", "conclude"),
                ("guojia", "start_countersign"), "opinions", ("fuzeren", "report"), Act("guojia", "record_merger", {"merged_into": "虎门水运口岸"})),
          "merged", NO_MAJOR, kind="overridden"),
    Story("原二类口岸清理", "class_two_clearance", "guangdong", {"class_two": ""},
          _acts(("guangdong-fuzeren", "propose"), ("guojia", "consult"), "opinions", ("fuzeren", "approve_plan"), ("guojia", "record_closing")),
          "closed"),
    Story("登记事项变更，先被拒绝", "change_of_facts", "shenzhen", {"port": "luohu-rail"},
          _acts(Act("shenzhen", "submit", {"what_changes": "英文名称：Luohu Port"}), ("guojia", "consult"), "opinions",
                Act("fuzeren", "change_after_views", {"what_changes": "运行状态：关闭"}, refused="不能识别"),
                Act("fuzeren", "change_after_views", {"what_changes": "英文名称：Luohu Port"})),
          "changed", {"touches_opening": False, "agrees_with_central": True}, kind="refused"),
    Story("登记事项变更（省级发起，不予变更）", "change_of_facts", "guangdong", {"port": "luohu-rail"},
          _acts(Act("guangdong-fuzeren", "submit", {"what_changes": "英文名称：Luohu Port"}), ("guojia", "refuse")), "refused", kind="short"),
    Story("指定监管场地，补正期间暂停", "supervision_site", "guangdong", SITE,
          _acts(("guangdong-fuzeren", "submit"), Act("zhishu-haiguan", "ask_supplement", shows=("#clocks", "暂停")), ("guangdong", "supplement"),
                ("zhishu-haiguan", "assess"), ("haiguan", "approve_project"), ("guojia", "ask_acceptance"), ("zhishu-haiguan", "pre_accept"),
                "opinions", ("haiguan", "accept"), Act("haiguan", "put_in_use", {"site_kinds": "粮食、肉类"})),
          "in_use", {"has_joint_control": True, "uses_new_land": False, "uses_sea": False, "environment_approval": "环审1号",
                     "is_in_port_of_entry": True},
          kind="suspended"),
    Story("指定监管场地（市级发起后撤回）", "supervision_site", "shenzhen", {**SITE, "port": "luohu-rail"},
          _acts(("shenzhen", "withdraw")), "withdrawn", kind="short"),
    Story("示范口岸遴选", "demonstration_selection", "guangdong", {"port": "luohu-rail"},
          _acts(("guangdong-fuzeren", "submit"), ("guojia", "consult"), "opinions", ("guojia", "publicise"), ("fuzeren", "select")),
          "selected", EVALUATED),
    Story("部门间协同事项", "agency_matter", "guangdong", {},
          _acts(("guangdong", "submit"), Act("guojia", "consult", shows=("#opinions", "机构编制部门")), "opinions", ("guojia", "conclude"),
                ("guojia", "start_countersign"), "opinions", ("fuzeren", "issue")),
          "issued", NO_MAJOR, asked=("border_inspection", "customs", "experts")),
    Story("部门间协同事项（市级发起，不予办理）", "agency_matter", "shenzhen", {}, _acts(("shenzhen", "submit"), ("fuzeren", "refuse")), "refused",
          asked=("customs",), kind="short"),
)
