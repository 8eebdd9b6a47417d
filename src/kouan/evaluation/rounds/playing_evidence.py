"""演练: what the demonstration's people file, decide and mark beside the returns, so that a newcomer finds a point rejected and marks apart.

Two ports of each provincial or city office: four points said to be met with a labelled paper, one said not to be met, the answers behind a
survey. The verifying office accepts all but one; two experts mark, close together on one indicator and far apart on the other.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from kouan.accounts.models import Role, User
from kouan.desk.papers import Paper, Style, paragraph, pdf_of
from kouan.evaluation.rounds.evidence.asking import asked_of, ports_of
from kouan.evaluation.rounds.evidence.deciding import decide_entry, waiting_in
from kouan.evaluation.rounds.evidence.experts import ask_experts, declare_interest, mark_points, to_mark
from kouan.evaluation.rounds.evidence.filing import Upload, file_entry
from kouan.evaluation.rounds.evidence.models import ExpertAsked
from kouan.evaluation.rounds.models import RoundReturn

PORTS = 2
MET = {"I-0606/5G": "查验区和旅检大厅已覆盖5G", "I-0606/北斗": "接驳车辆已装北斗终端", "I-0401/联席会议": "每季召开联席会议",
       "I-0401/应急预案": "应急预案当年修订并印发"}
NOT_MET = "I-0606/区块链"
REJECTED = "I-0606/北斗"
ANSWERS, HOW_MANY = "survey_public.answers", 64
# By indicator what the first and the second expert give: together, and apart.
MARKS = {"I-0606": (85, 75), "I-0401": (95, 55)}


def file_points(filed_in: RoundReturn, actor: User) -> None:
    """What a provincial or city office files of its first ports; nothing for anybody else, or where something is filed already."""
    if actor.role not in (Role.PROVINCIAL_OFFICER, Role.CITY_OFFICER) or filed_in.entries.exists():
        return
    year = filed_in.round.year
    scheme, ports = filed_in.round.scheme_version.scheme(), ports_of(filed_in.ports[:PORTS], year)

    def say(port: str, item: str, value: float, remark: str, *, proof: bool = False) -> None:
        uploads = [Upload(BytesIO(_proof()), "演练佐证.pdf", "application/pdf", f"演练佐证（虚构）：{item}")] if proof else []
        if item in asked:
            file_entry(actor=actor, year=year, port=port, item=item, value=value, remark=f"演练：{remark}", uploads=uploads)

    for code, known in sorted(ports.items()):
        asked = {each.item for each in asked_of(scheme, known.port_class)}
        for item, remark in MET.items():
            say(code, item, 1, remark, proof=True)
        say(code, NOT_MET, 0, "尚未开展")
        say(code, ANSWERS, HOW_MANY, "第三方调查的有效答卷")


def decide_points(filed_in: RoundReturn, actor: User) -> None:
    """Every claim decided by the verifying office: one point rejected, the rest accepted."""
    for each in waiting_in(filed_in):
        fine = each.item != REJECTED
        decide_entry(actor=actor, year=filed_in.round.year, entry=each.pk, accepted=fine,
                     reason="演练：与现场核对一致" if fine else "演练：照片不能证明终端在用")


def ask_panel(filed_in: RoundReturn, officer: User, panel: str) -> tuple[list[User], list[str]]:
    """Two experts of the panel asked about the ports of which something was filed: who, and about which."""
    ports = sorted(set(filed_in.entries.values_list("port", flat=True)))
    people = list(User.objects.filter(organisation__code=panel, role=Role.EXPERT, is_active=True, is_demonstration=True).order_by("pk")[:2])
    if not ports or len(people) < 2:
        return [], []
    ask_experts(actor=officer, year=filed_in.round.year, experts=[each.username for each in people], ports=ports, indicators=list(MARKS))
    return people, ports


def mark_as_experts(filed_in: RoundReturn, officer: User, panel: str) -> None:
    """The experts are asked, declare that they have no interest, and mark."""
    people, ports = ask_panel(filed_in, officer, panel)
    held = filed_in.round
    for number, person in enumerate(people):
        for port in ports:
            declare_interest(actor=person, year=held.year, port=port, has_conflict=False, statement="演练：与该口岸无任职和经济往来")
            for asked in ExpertAsked.objects.filter(round=held, expert=person, port=port, released_on__isnull=True):
                points: dict[str, Any] = dict.fromkeys(to_mark(asked), MARKS[asked.indicator][number])
                if points:
                    mark_points(actor=person, year=held.year, asked=asked.pk, points=points, reason="演练：按佐证材料评分")


@lru_cache(maxsize=1)
def _proof() -> bytes:
    """The one paper behind every point of an exercise, and it says so."""
    return pdf_of(Paper(style=Style.LETTER, issuer="演练单位", title="演练佐证材料（虚构）", is_exercise=True, blocks=[
        paragraph("本件仅用于年度口岸综合绩效评估演练，内容虚构，不证明任何口岸的任何情况。")]))
