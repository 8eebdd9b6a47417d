"""The rules of access (准入), 专栏5 of the plan: province, airports, border and water ports.

The order is that of the plan: province gate, type gate, numeric conditions, track, priority. The conditions
stand in `law/criteria/access.yaml`; here is only what follows from each. A verdict is advice: the State
Council opens ports.

>>> from datetime import date
>>> from kouan.law import Law
>>> law = Law(date(2024, 6, 30))
>>> AccessWater().judge_row({"projects": [], "open_water_ports_in_city": 1}, law).verdict
'redirect'
>>> AccessWater().judge_row({"open_water_ports_in_city": 0}, law).possible
('strict_control', 'eligible')
"""

from __future__ import annotations

from datetime import date

from kouan.basis import Citation, Text
from kouan.grading.case_rule import CaseRule, Decision, stage_steps
from kouan.law import Law
from kouan.law.conditions import AFTER_PLAN, AT_LEAST

NUMERIC_EFFECT = "access.numeric_effect"
TRACK_ORDER = "access.track_order"


def _plan(quote: str) -> Citation:
    return Citation("国家“十四五”口岸发展规划", "专栏5", quote=quote, issued=date(2021, 9, 16), in_force_from=date(2021, 1, 1))


_GATE = Decision("AC-G1", True, "strict_control")
_GATE_CITATION = _plan("没有根据国家口岸管理有关规定按程序向国务院提出申请")


class ProvinceGate(CaseRule):
    """原则上省级行政区域内有已列入《国家口岸发展“十三五”规划》项目，但“十三五”时期省级人民政府没有根据国家口岸管理有关规定
    按程序向国务院提出申请（因毗邻国家或国家口岸定义修改原因除外）且不能说明合理理由的，“十四五”时期从严控制口岸开放。
    """

    key = "province_gate"
    version = "1"
    title = Text("口岸开放的省域条件", "Province gate of access")
    sentence_en = (
        "In principle, where a province has a project listed in the 13th five-year port plan for which it did not apply to the State "
        "Council in that period (unless because of the neighbour country or a revised definition of ports) and can give no "
        "reasonable justification, new ports are under strict control in the period 2021–2025."
    )
    citations = (_GATE_CITATION, _plan("因毗邻国家或国家口岸定义修改原因除外"))
    parameters = ()
    settings = (AFTER_PLAN,)
    steps = stage_steps(("1", "省域条件（AC-G1）：每个项目逐一核对，有一个即是", "Province gate (AC-G1): every project is asked; one is enough"))
    criteria = ("AC-G1",)
    verdicts = ("strict_control", "eligible")
    default = "eligible"
    wrong = ("strict_control",)

    def decisions(self, law: Law) -> tuple[Decision, ...]:
        return (_GATE,)


class AccessAir(CaseRule):
    """机场开放：省级行政区域内有应予退出、满3年仍未通过验收或未达到客货运量考核标准的航空口岸的，“原则上‘十四五’时期从严控制机场开放”；
    “从严控制军民合用机场开放”；“机场距已开放航空口岸200公里或2小时车程以上”，且航线和旅客吞吐量达到专栏5所列数量；
    “支持货运枢纽型机场有序开放”，“对于个别确有需要开放的非枢纽机场”“经充分论证后予以必要支持”。
    """

    key = "access_air"
    version = "1"
    title = Text("航空口岸准入", "Access of airports")
    sentence_en = (
        "Airports: strict control where the province has an air port that should withdraw, is three years without acceptance or is below "
        "the volume standard, and for airports shared with the military; distance, routes and passengers must reach the numbers of box 5; "
        "freight hubs and non-hub airports of special need have tracks of their own."
    )
    citations = (
        _plan("对于省级行政区域内有根据国家口岸管理有关规定应予退出的，或者有国务院批准开放已满3年仍未通过验收的，"
              "或者有1个以上航空口岸未达到客货运量考核标准的，原则上“十四五”时期从严控制机场开放"),
        _plan("从严控制军民合用机场开放"),
        _plan("机场距已开放航空口岸200公里或2小时车程以上"),
        _plan("内陆和沿边地区机场固定直达航线（不包括中转经停航线，下同）达10条以上、年度旅客吞吐量峰值达150万人次以上"),
        _plan("沿海地区机场国内固定直达航线20条以上、年度旅客吞吐量峰值达300万人次以上"),
        _plan("支持货运枢纽型机场有序开放"),
        _plan("对于个别确有需要开放的非枢纽机场，在遵循市场规律前提下经充分论证后予以必要支持"),
        _GATE_CITATION,
    )  # fmt: skip
    parameters = ("access.air_gate.", "access.distance.", "access.inland_border.", "access.coastal.")
    settings = (
        NUMERIC_EFFECT, TRACK_ORDER, "access.distance_or_hours", "access.distance_measure", "access.gate_scope", "access.peak_window",
        "access.region_class", AT_LEAST, "access.unaccepted_until", "access.listed_projects", AFTER_PLAN,
    )  # fmt: skip
    steps = stage_steps(
        ("1", "省域条件（AC-G1）", "Province gate (AC-G1)"),
        ("2", "类型条件（AC-A1 省内航空口岸、AC-A2 军民合用、AC-A6 列入规划）",
         "Type gates (AC-A1 air ports of the province, AC-A2 shared with the military, AC-A6 listed in the plan)"),
        ("3", "数值条件（AC-A3 距离、航线、旅客吞吐量）", "Numeric conditions (AC-A3 distance, routes, passengers)"),
        ("4", "通道（AC-A4 货运枢纽、AC-A5 个别确有需要）", "Tracks (AC-A4 freight hub, AC-A5 special need)"),
    )  # fmt: skip
    criteria = ("AC-G1", "AC-A1", "AC-A2", "AC-A6", "AC-A3", "AC-A4", "AC-A5")
    verdicts = ("strict_control", "not_ready", "conditional", "eligible", "exception_track")
    default = "exception_track"
    needs_one_of = ("AC-A3",)
    wrong = ("strict_control", "not_ready")

    def decisions(self, law: Law) -> tuple[Decision, ...]:
        gates = [_GATE, Decision("AC-A1", True, "strict_control"), Decision("AC-A2", True, "strict_control")]
        if law.setting("access.listed_projects").value == "gate":
            gates.append(Decision("AC-A6", False, "not_ready"))
        numbers = Decision("AC-A3", True, "eligible")
        freight, special = Decision("AC-A4", True, "conditional"), Decision("AC-A5", True, "conditional")
        rest = {
            "freight_first": (freight, numbers, special),
            "numbers_first": (numbers, freight, special),
            "tracks_first": (freight, special, numbers),
        }[law.setting(TRACK_ORDER).value]
        return (*gates, *rest, Decision("AC-A3", False, self.default_under(law)))

    def default_under(self, law: Law) -> str:
        # The readings of A-05 are named by the verdict that failing the numbers leads to.
        return law.setting(NUMERIC_EFFECT).value


class AccessBorder(CaseRule):
    """边境口岸（铁路、公路、界河）开放，“原则上应已纳入两国边境口岸协定且两国已通过外交渠道就具体口岸项目开放、同步履行国内相关手续和
    开展基础设施建设形成共识”；显著促进当地发展和稳边固边，且属于重大项目或直接服务所列园区的“项目予以优先安排”；
    “对尚无边境口岸的边境地、市、县申请项目予以积极推动”。
    """

    key = "access_border"
    version = "1"
    title = Text("边境口岸准入", "Access of border ports")
    sentence_en = (
        "Border ports (rail, road, boundary river) should in principle be in the bilateral agreement, with consensus through diplomatic "
        "channels on the opening, on domestic procedures in step and on infrastructure; projects that serve the border's development, and "
        "are major projects or serve a listed zone, have priority; places without a border port are actively promoted."
    )
    citations = (
        _plan("两国已通过外交渠道就具体口岸项目开放、同步履行国内相关手续和开展基础设施建设形成共识"),
        _plan("直接服务沿边重点开发开放试验区、边境经济合作区、跨境经济合作区发展的项目予以优先安排"),
        _plan("对尚无边境口岸的边境地、市、县申请项目予以积极推动"),
        _GATE_CITATION,
    )
    parameters = ()
    settings = ("access.border_priority", AFTER_PLAN)
    steps = stage_steps(
        ("1", "省域条件（AC-G1）", "Province gate (AC-G1)"),
        ("2", "前提（AC-B1 协定与三项外交共识）", "Precondition (AC-B1 agreement and three points of consensus)"),
        ("3", "优先（AC-B2）与积极推动（AC-B3）", "Priority (AC-B2) and promotion (AC-B3)"),
    )
    criteria = ("AC-G1", "AC-B1", "AC-B2", "AC-B3")
    verdicts = ("strict_control", "not_ready", "priority", "promote", "eligible")
    default = "eligible"
    needs_one_of = ("AC-B1",)
    wrong = ("strict_control", "not_ready")

    def decisions(self, law: Law) -> tuple[Decision, ...]:
        return (
            _GATE,
            Decision("AC-B1", False, "not_ready"),
            Decision("AC-B2", True, "priority"),
            Decision("AC-B3", True, "promote"),
        )


class AccessWater(CaseRule):
    """水运口岸：“加快推进向以地级市为单元‘一城一口岸’方向整合”；所在地级市已有水运口岸的，申请引导为整合或扩大开放。"""

    key = "access_water"
    version = "1"
    title = Text("水运口岸准入", "Access of water ports")
    sentence_en = (
        "Water ports: integration towards one port for each prefecture-level city; where the city has a water port already, the "
        "application is redirected to integration or expansion."
    )
    citations = (_plan("加快推进向以地级市为单元“一城一口岸”方向整合"), _GATE_CITATION)
    parameters = ("access.one_city.",)
    settings = ("access.one_city_border", AFTER_PLAN)
    steps = stage_steps(
        ("1", "省域条件（AC-G1）", "Province gate (AC-G1)"),
        ("2", "一城一口岸（AC-W1）", "One city, one port (AC-W1)"),
    )
    criteria = ("AC-G1", "AC-W1")
    verdicts = ("strict_control", "redirect", "eligible")
    default = "eligible"
    needs_one_of = ("AC-W1",)
    wrong = ("strict_control", "redirect")

    def decisions(self, law: Law) -> tuple[Decision, ...]:
        return (_GATE, Decision("AC-W1", True, "redirect"))
