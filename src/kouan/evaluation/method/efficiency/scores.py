"""Efficiency scores of a set of units: the model that was asked for, and what came of it.

The score is between 0 and 1 (above 1 only with ``superior``), higher is better whatever the orientation:

=============  ============================================
input          θ
output         1 / φ
directional    (1 − β) / (1 + β), what comes out per what goes in, before ÷ after the move
=============  ============================================

The textbook's five branches (one input each, so that the sums can be done by hand):

>>> units = Units.of([[2.0], [3.0], [3.0], [4.0], [5.0]], [[1.0], [3.0], [2.0], [3.0], [4.0]], codes=list("ABCDE"))
>>> evaluate(units, Model()).efficiency.round(4).tolist()
[0.5, 1.0, 0.6667, 0.75, 0.8]
>>> evaluate(units, Model(returns="vrs")).efficiency.round(4).tolist()
[1.0, 1.0, 0.8333, 0.75, 1.0]
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from kouan.basis import Finding, Place, Refused
from kouan.evaluation.method.cube import Floats
from kouan.evaluation.method.efficiency.limits import Ratio, Share, require_usable
from kouan.evaluation.method.efficiency.program import Flags
from kouan.evaluation.method.efficiency.slacks import Left, SecondPhase
from kouan.evaluation.method.efficiency.technology import Moved, Orientation, Returns, Technology
from kouan.evaluation.method.efficiency.units import Units

# A score this near to 1 is 1: the solver's own tolerance.
NEAR_ONE = 1e-9
# An intensity this small, as a share of the largest, is no peer.
NO_PEER = 1e-7


@dataclass(frozen=True)
class Model:
    """What is asked. ``slack_weights``: "sum" adds slacks as they stand in the data (Cooper, Seiford and Tone
    2007, ch. 3), "mean" divides each by the mean of its column, so that units of measurement do not matter."""

    returns: str = "crs"
    orientation: str = "input"
    slacks: bool = False
    superior: bool = False
    slack_weights: str = "sum"
    ratios: tuple[Ratio, ...] = ()
    shares: tuple[Share, ...] = ()

    def require_usable(self, units: Units) -> None:
        """Refuse a model that cannot be asked of these units."""
        for value, allowed, zh, en in (
            (self.returns, list(Returns), "规模报酬", "returns"),
            (self.orientation, list(Orientation), "导向", "orientation"),
            (self.slack_weights, ["sum", "mean"], "松弛权重", "slack weights"),
        ):
            if value not in allowed:
                raise Refused.because(
                    "efficiency_unknown_choice", f"{zh}不能是“{value}”。", f"“{value}” is no choice of {en}.",
                    measured=value, required=", ".join(allowed), remedy=(f"可用：{'、'.join(allowed)}。", f"Use one of {', '.join(allowed)}."),
                )
        require_usable(self.ratios, self.shares, units)
        if units.undesirable_names and self.orientation != Orientation.DIRECTIONAL:
            raise Refused.because(
                "efficiency_undesirable_needs_direction", "有非期望产出时须用方向距离（directional）导向。",
                "With undesirable outputs the orientation must be directional.", measured=self.orientation, required="directional",
                remedy=("改用 directional，或把该列改作投入。", "Use directional, or take the column as an input."),
            )
        if self.slacks and (self.ratios or self.shares):
            raise Refused.because(
                "efficiency_slacks_with_limits", "设了权重限制时不计算松弛：限制下的目标点未必是单位能达到的。",
                "No slacks are computed under weight limits: a target on a limited frontier need not be producible.",
                remedy=("分两次运行。", "Run twice: once with limits, once with slacks."),
            )


@dataclass(frozen=True)
class Efficiency:
    """Scores and what explains them; arrays follow ``units.codes``, columns follow ``units.names``.

    ``efficiency`` and ``step`` (n,) are NaN where the question has no answer, which a finding says. ``peers``
    holds for each unit (row, intensity) of its reference units. ``slacks`` (n, m + s + q) is zero
    throughout when ``model.slacks`` is not asked. ``targets`` are the figures that would make the unit efficient.
    ``multipliers`` are the weights per unit of each column that show the unit in its best light.
    """

    model: Model
    units: Units
    efficiency: Floats
    step: Floats
    peers: tuple[tuple[tuple[int, float], ...], ...]
    slacks: Floats
    targets: Floats
    multipliers: Floats
    findings: tuple[Finding, ...] = field(default=())

    @property
    def is_efficient(self) -> Flags:
        """Score of at least 1 and, where slacks were asked, none left."""
        with np.errstate(invalid="ignore"):
            return (self.efficiency >= 1) & ~(self.slacks > 0).any(axis=1)

    def peer_codes(self, row: int) -> list[str]:
        """Codes of a unit's peers, the weightiest first."""
        return [self.units.codes[peer] for peer, _ in self.peers[row]]


def evaluate(units: Units, model: Model) -> Efficiency:
    """Score every unit against all. Raises ``Refused`` for units or a model that cannot be used."""
    units.require_sound()
    model.require_usable(units)
    orientation = Orientation(model.orientation)
    technology = Technology(units, Returns(model.returns), orientation, ratios=model.ratios, shares=model.shares)
    ends = technology.ends(units, is_self=True, is_superior=model.superior)
    findings = units.remarks()
    if (model.ratios or model.shares) and any(end.status == "unbounded" for end in ends):
        raise Refused.because(
            "efficiency_limits_contradict", "权重限制相互矛盾：没有一组大于 0 的权重能同时满足。",
            "The weight limits contradict one another: no weights above zero satisfy all of them.",
            remedy=("核对各条比值和占比限制。", "Check the ratios and shares against one another."),
        )
    findings += _unanswered(units, ends, model)
    step = np.array([end.step for end in ends])
    step[np.abs(step - (0.0 if orientation is Orientation.DIRECTIONAL else 1.0)) <= NEAR_ONE] = \
        0.0 if orientation is Orientation.DIRECTIONAL else 1.0
    multipliers = np.array([end.multipliers for end in ends])
    slacks = np.zeros(units.values.shape)
    if model.slacks:
        scale = units.values.mean(axis=0)
        costs = np.ones(len(scale)) if model.slack_weights == "sum" else 1.0 / np.where(scale > 0, scale, 1.0)
        second = SecondPhase(technology, costs).of(units, ends, is_superior=model.superior)
        slacks = np.array([left.slacks for left in second])
        findings += _without_slacks(units, ends, second)
        ends = [replace(end, peers=left.peers, share=left.share) for end, left in zip(ends, second, strict=True)]
    efficiency = as_score(step, orientation)
    peers = tuple(_peers(row, end, efficiency, units, model) for row, end in enumerate(ends))
    moved = before_slacks(units, step, orientation)
    signs = np.where(np.arange(len(units.names)) < len(units.input_names), -1.0, 1.0)
    return Efficiency(model, units, efficiency, step, peers, slacks, moved + signs * slacks, multipliers, tuple(findings))


def as_score(step: Floats, orientation: Orientation) -> Floats:
    """Efficiency from θ, φ or β; NaN where there is none.

    >>> as_score(np.array([2.0]), Orientation.OUTPUT).tolist(), as_score(np.array([0.25]), Orientation.DIRECTIONAL).tolist()
    ([0.5], [0.6])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if orientation is Orientation.INPUT:
            return step.copy()
        if orientation is Orientation.OUTPUT:
            return np.where(step > 0, 1.0 / step, np.nan)
        return np.where(step > -1, (1.0 - step) / (1.0 + step), np.nan)


def before_slacks(units: Units, step: Floats, orientation: Orientation) -> Floats:
    """The figures after the move along the orientation, before slacks (n, m + s + q)."""
    kept = np.ones(len(step))
    if orientation is Orientation.INPUT:
        inputs, outputs, bad = step, kept, kept
    elif orientation is Orientation.OUTPUT:
        inputs, outputs, bad = kept, step, kept
    else:
        inputs, outputs, bad = (kept if units.undesirable_names else 1.0 - step), 1.0 + step, 1.0 - step
    return np.hstack([units.inputs * inputs[:, None], units.outputs * outputs[:, None], units.undesirable * bad[:, None]])


def _unanswered(units: Units, ends: list[Moved], model: Model) -> list[Finding]:
    """A unit without a score says why."""
    zh, en = ("规模报酬不变", "constant returns") if model.returns == Returns.CONSTANT else ("规模报酬可变", "variable returns")
    found = []
    for code, end in zip(units.codes, ends, strict=True):
        # A unit that may lean on itself always has an answer.
        if end.status == "infeasible" and model.superior:
            found.append(Finding.warning(
                "efficiency_infeasible", f"{code}：不与自身比较时，其他单位够不到它（{zh}下无可行解），没有得分。",
                f"{code}: without itself the others cannot reach it (infeasible under {en}); it has no score.",
                where=Place(path=code),
                remedy=("该单位在前沿的边缘；可换另一导向或规模报酬不变（crs）再看。",
                        "The unit lies at the edge of the frontier; try the other orientation or constant returns (crs)."),
            ))
        elif end.status != "optimal":
            found.append(Finding.error(
                "efficiency_unsolved", f"{code}：求解器没有得出可靠的结果，没有得分。",
                f"{code}: the solver gave no result that can be relied on; it has no score.", where=Place(path=code),
                remedy=("核对该单位各列的数量级。", "Check the magnitudes of the unit's figures."),
            ))
    return found


def _without_slacks(units: Units, ends: list[Moved], second: list[Left]) -> list[Finding]:
    return [
        Finding.error(
            "efficiency_no_slacks", f"{code}：求解器没有得出可靠的松弛，松弛和目标值空缺；得分有效。",
            f"{code}: the solver gave no slacks that can be relied on; slacks and targets are empty, the score stands.",
            where=Place(path=code), remedy=("核对该单位各列的数量级。", "Check the magnitudes of the unit's figures."),
        )
        for code, end, left in zip(units.codes, ends, second, strict=True)
        if end.status == "optimal" and left.status != "optimal"
    ]


def _peers(row: int, end: Moved, efficiency: Floats, units: Units, model: Model) -> tuple[tuple[int, float], ...]:
    """Reference units and intensities, weightiest first. An efficient unit has itself, unless it was left out."""
    if end.status != "optimal":
        return ()
    share: dict[int, float] = {}
    for peer, amount in zip(end.peers.tolist(), end.share.tolist(), strict=True):
        share[peer] = share.get(peer, 0.0) + amount
    if not model.superior and efficiency[row] == 1 and _is_on_its_own(row, share, units):
        return ((row, 1.0),)
    least = NO_PEER * max(share.values(), default=0.0)
    return tuple(sorted(((p, a) for p, a in share.items() if a > least), key=lambda pair: (-pair[1], pair[0])))


def _is_on_its_own(row: int, share: dict[int, float], units: Units) -> bool:
    """Whether the mix of peers has the very figures of the unit: then nothing is better than it."""
    values = units.values
    reached = sum((amount * values[peer] for peer, amount in share.items()), np.zeros(values.shape[1]))
    return bool(np.allclose(reached, values[row], rtol=1e-7, atol=1e-9 * float(values.max())))
