"""What the reports of a round share: names of classes, grades and provinces, labels, figures as they are printed, how a report is cited."""

from __future__ import annotations

from kouan.basis import Text, clock, codes
from kouan.evaluation.rounds.models import Freeze, Round, Scoring
from kouan.evaluation.rounds.queries import WITH_DECIMALS
from kouan.grading.facts import CLASS_NAMES
from kouan.grading.grades import GRADES

ISSUER = "国家口岸管理办公室"
EXERCISE = "演练：数据均为生成，不得用于实际工作"
PROPOSAL = "建议稿：方案未经主管部门审定"
NOT_NOTICED = "未通报：仅供同类比较和提出意见，不得外传"
NONE = "—"
_CLASSES = {each.value: name.zh for each, name in CLASS_NAMES.items()}
_PROVINCES = {each.code: each for each in codes.mainland_provinces}


def class_name(code: str) -> str:
    """A transport class in words.

    >>> class_name("air_coastal"), grade_name("hub"), group_name("road/"), province_name("44")
    ('沿海航空', '国际枢纽口岸', '公路·等级未定', '广东省')
    """
    return _CLASSES.get(code, code)


def grade_name(code: str) -> str:
    """A grade in words."""
    return GRADES[code].zh if code in GRADES else "等级未定"


def group_name(code: str) -> str:
    """A peer group (class/grade) in words."""
    port_class, _, grade = code.partition("/")
    return f"{class_name(port_class)}·{grade_name(grade)}"


def province_name(code: str) -> str:
    """A province in words; an invented port of the exercise lies in none."""
    return _PROVINCES[code].zh if code in _PROVINCES else "演练设定，无所在省"


def province_short(code: str) -> str:
    """A province in two or three characters, for tables."""
    return _PROVINCES[code].short_zh if code in _PROVINCES else NONE


def labels_of(held: Round, *, is_proposal: bool) -> list[str]:
    """What stands at the head of every page, so that nobody takes the report for more than it is."""
    said = [EXERCISE] if held.is_exercise else []
    if is_proposal:
        said.append(PROPOSAL)
    if held.stage not in WITH_DECIMALS:
        said.append(NOT_NOTICED)
    return said


def cited(held: Round, scoring: Scoring, freeze: Freeze, about: str) -> str:
    """By what a report is cited and made again: versions and digests."""
    scheme = held.scheme_version
    return (f"{held.year} 年度口岸综合绩效评估，{about}，方案“{scheme.name_zh}”第 {scheme.version} 版（校验值 {scheme.digest}），"
            f"冻结数据第 {freeze.revision} 版（{freeze.data_digest}），结果第 {scoring.number} 版（{scoring.result_digest}），"
            f"计分方法版本 {scoring.method}。按上述校验值可用系统的重算功能复核（kouan evaluation replay {held.year}）。"
            f"本报告由系统于 {clock.today():%Y-%m-%d} 依据登记的结果生成，未经签发。")


def points(value: float | None, digits: int = 1) -> str:
    """Points as printed: one decimal, a dash where nothing counted."""
    return NONE if value is None else f"{value:.{digits}f}"


def signed(value: float | None, digits: int = 1) -> str:
    """A difference with its sign; what rounds to nothing has none.

    >>> signed(-0.04), signed(2.345, 2), signed(None)
    ('0.0', '+2.35', '—')
    """
    if value is None:
        return NONE
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"


def share(value: float | None, digits: int = 1) -> str:
    """A share in per cent."""
    return NONE if value is None else f"{value * 100:.{digits}f}%"


def amount(value: float | None, unit: Text) -> str:
    """A value with its unit, large ones in 万 and 亿.

    >>> amount(2400.0, Text("吨", "t")), amount(0.0312, Text("%", "%")), amount(14_708_783_161.0, Text("元", "CNY"))
    ('2,400 吨', '0.0312%', '147.09 亿元')
    """
    if value is None:
        return NONE
    for least, divisor, word in ((1e8, 1e8, "亿"), (1e5, 1e4, "万")):
        if abs(value) >= least:
            return f"{value / divisor:,.2f} {word}{unit.zh}"
    said = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"
    if "." in said and "e" not in said:
        said = said.rstrip("0").rstrip(".")
    return f"{said}{unit.zh}" if unit.zh in ("%", "分") else f"{said} {unit.zh}"
