"""Weights: given, equal, from judgements (AHP, budget allocation), from the data (entropy, CRITIC, PCA, balanced), or joined.

Every function answers non-negative weights; all but `pca` make them sum to 1. Data weights are taken of columns that are normalised and
directed (more is better). Sources stand with each function.

>>> np.round(entropy(np.array([[1.0, 1.0], [1.0, 9.0], [1.0, 2.0]])), 3).tolist()
[0.0, 1.0]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kouan.basis import Refused
from kouan.evaluation.method.index.framework import Floats

# Random indices for the consistency ratio: Saaty (1980), n = 1 … 15.
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
DATA_METHODS = ("entropy", "critic", "pca", "balanced")


@dataclass(frozen=True, slots=True)
class Judged:
    """Weights from pairwise judgements, with the consistency ratio (usable up to 0.1)."""

    weights: Floats
    consistency_ratio: float


def ahp(matrices: Floats | list[Floats]) -> Judged:
    """Weights of one judgement matrix, or of several judges joined by the geometric mean of each cell (Aczél and Saaty 1983).

    The principal eigenvector, and CR = ((λ − n)/(n − 1))/RI(n) (Saaty 1980). Raises Refused for a matrix that is not
    square, positive and reciprocal (1e-6).
    """
    held = [np.asarray(each, dtype=float) for each in (matrices if isinstance(matrices, list) else [matrices])]
    for each in held:
        if each.ndim != 2 or each.shape[0] != each.shape[1] or each.shape != held[0].shape:
            raise Refused.because(
                "judgement_shape", "判断矩阵须为同阶方阵。", "Judgement matrices must be square and of one size."
            )
        if not (each > 0).all() or not np.allclose(each * each.T, 1.0, atol=1e-6):
            raise Refused.because(
                "judgement_not_reciprocal",
                "判断矩阵须为正的互反矩阵（a_ij = 1/a_ji）。",
                "A judgement matrix must be positive and reciprocal (a_ij = 1/a_ji).",
            )
    joined = np.exp(np.mean([np.log(each) for each in held], axis=0))
    size = len(joined)
    if size > len(RANDOM_INDEX):
        raise Refused.because(
            "judgement_too_large",
            f"判断矩阵最多 {len(RANDOM_INDEX)} 阶。",
            f"A judgement matrix has at most {len(RANDOM_INDEX)} rows.",
        )
    values, vectors = np.linalg.eig(joined)
    at = int(np.argmax(values.real))
    vector = np.abs(vectors[:, at].real)
    index = (values[at].real - size) / (size - 1) if size > 1 else 0.0
    ratio = index / RANDOM_INDEX[size - 1] if RANDOM_INDEX[size - 1] else 0.0
    return Judged(vector / vector.sum(), float(max(0.0, ratio)))


def budget(points: Floats) -> Floats:
    """Budget allocation (OECD/JRC 2008, 6.2): each expert (row) hands out a budget over the elements; the mean of their shares."""
    totals = points.sum(axis=1, keepdims=True)
    if (points < 0).any() or (totals <= 0).any():
        raise Refused.because(
            "budget_unusable",
            "预算分配不能为负，每位专家合计须大于零。",
            "Budgets must not be negative, nor sum to zero for an expert.",
        )
    return (points / totals).mean(axis=0)


def entropy(x: Floats) -> Floats:
    """Entropy weights (Shannon 1948; Zou et al. 2006): columns (units, k) of values ≥ 0; one that does not vary gets nothing.

    Raises Refused for negative values (their shares are none) and where no column varies.
    """
    known = _whole(x)
    if (known < 0).any():
        raise Refused.because(
            "entropy_negative",
            "熵权法要求数值不为负。",
            "Entropy weights need values that are not negative.",
            remedy=("改用 0–100 等非负标准化。", "Normalise to a range that is not negative, such as 0–100."),
        )
    totals = known.sum(axis=0)
    share = known / np.where(totals > 0, totals, 1.0)
    # Where a share is 0, share·log(share) is 0.
    logs = np.log(np.where(share > 0, share, 1.0))
    spread = (
        1.0 + np.einsum("ij,ij->j", share, logs) / np.log(len(known)) if len(known) > 1 else np.zeros(known.shape[1])
    )
    spread = np.where((totals > 0) & (spread > 1e-14), spread, 0.0)
    return _shares(spread, "熵权法", "entropy")


def critic(x: Floats) -> Floats:
    """CRITIC (Diakoulaki, Mavrotas and Papayannakis 1995): the spread of a column times its conflict with the others, on
    columns made 0 … 1; one that does not vary gets nothing. Raises Refused where no column varies."""
    known = _whole(x)
    low, high = known.min(axis=0), known.max(axis=0)
    varies = high > low
    unit = (known - low) / np.where(varies, high - low, 1.0)
    centred = unit - unit.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->j", centred, centred) / max(len(known) - 1, 1))
    standard = centred / (np.where(varies, spread, 1.0) * np.sqrt(max(len(known) - 1, 1)))
    related = standard.T @ standard
    conflict = varies.sum() - related[:, varies].sum(axis=1)
    return _shares(np.where(varies, spread * np.maximum(conflict, 0.0), 0.0), "CRITIC 法", "CRITIC")


def pca(x: Floats, *, mixed_signs: str = "refuse") -> Floats:
    """The first principal component of the standardised columns (OECD/JRC 2008, 6.1; COINr `get_PCA`): its coefficients, the sign
    fixed so that they sum to a positive number; of length 1, as COINr gives them (a mean divides by their sum anyway).

    Coefficients of both signs would reward what is bad: refused, unless ``mixed_signs`` is "keep" (for comparison with others).
    """
    known = _whole(x)
    centred = known - known.mean(axis=0)
    spread = centred.std(axis=0, ddof=1) if len(known) > 1 else np.zeros(known.shape[1])
    if not (spread > 1e-14 * np.maximum(np.abs(known).max(axis=0, initial=0.0), 1e-300)).all():
        raise Refused.because(
            "weights_constant_column",
            "有取值相同的列，主成分法无法赋权。",
            "A column does not vary: PCA has no weights.",
        )
    standard = centred / spread
    first = np.linalg.eigh(standard.T @ standard)[1][:, -1]
    first = first * (1.0 if first.sum() >= 0 else -1.0)
    if mixed_signs != "keep" and (first < -1e-12).any():
        raise Refused.because(
            "pca_mixed_signs",
            "第一主成分的系数有正有负，不能作权重。",
            "The first principal component has coefficients of both signs: they are no weights.",
            measured=", ".join(f"{each:.3f}" for each in first),
            remedy=(
                "检查指标方向，或改用其他赋权方法。",
                "Check the directions of the indicators, or weigh in another way.",
            ),
        )
    return first


def balanced(x: Floats, *, target: Floats | None = None, rounds: int = 500) -> Floats:
    """Weights under which every column is equally correlated with the weighted mean (Becker et al. 2017), or in the proportions
    ``target``; never negative. Columns that cannot be brought up to the others by any weight keep what brings them nearest."""
    known = _whole(x)
    centred = known - known.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    if not (spread > 0).all():
        raise Refused.because(
            "weights_constant_column",
            "有取值相同的列，相关均衡法无法赋权。",
            "A column does not vary: it cannot be balanced.",
        )
    standard = centred / spread
    related = standard.T @ standard
    wanted = np.ones(len(related)) if target is None else np.asarray(target, dtype=float)
    wanted = wanted / wanted.mean()
    if np.linalg.matrix_rank(related) == len(related):
        # corr(column, mean) is (R v)/‖·‖ with v = w·spread: proportional to the target exactly where R v is.
        exact = np.linalg.solve(related, wanted) / spread
        if (exact >= 0).all():
            return np.asarray(exact / exact.sum())
    w = np.full(len(related), 1.0 / len(related))
    best, least = w, np.inf
    for _ in range(rounds):
        v = w * spread
        score = np.sqrt(max(v @ related @ v, 1e-300))
        with_score = related @ v / score
        miss = float(np.square(with_score / with_score.mean() - wanted).sum()) if with_score.mean() > 0 else np.inf
        if miss < least:
            best, least = w, miss
            if miss < 1e-20:
                break
        ratio = wanted * max(with_score.mean(), 1e-12) / np.maximum(with_score, 1e-3)
        w = w * np.clip(ratio, 0.5, 2.0)
        w = w / w.sum()
    return best


def product(subjective: Floats, objective: Floats) -> Floats:
    """Two sets joined by the product of their weights (组合赋权). Raises Refused where nothing has weight in both."""
    return _shares(np.asarray(subjective) * np.asarray(objective), "乘法组合", "the product")


def game(sets: list[Floats]) -> Floats:
    """Sets joined so that the result is nearest to all of them (game-theoretic, 博弈论组合赋权): the coefficients α that solve
    Σ_j α_j u_i·u_j = u_i·u_i, taken absolute and made to sum to 1."""
    stack = np.vstack(sets)
    try:
        solved = np.abs(np.linalg.lstsq(stack @ stack.T, np.einsum("ij,ij->i", stack, stack), rcond=None)[0])
    except np.linalg.LinAlgError:
        solved = np.ones(len(sets))
    return _shares((solved / solved.sum()) @ stack, "博弈论组合", "the game")


def of_data(method: str, x: Floats, arguments: Mapping[str, object] | None = None) -> Floats:
    """Weights of siblings (units, k) by the name of a data method."""
    given = dict(arguments or {})
    if method == "entropy":
        return entropy(x)
    if method == "critic":
        return critic(x)
    if method == "pca":
        return pca(x, mixed_signs=str(given.get("mixed_signs", "refuse")))
    if method == "balanced":
        return balanced(x)
    raise Refused.because(
        "weighing_unknown",
        f"不认识赋权方法“{method}”。",
        f"“{method}” is not a known way to weigh.",
        required=", ".join(("given", "equal", *DATA_METHODS)),
    )


def _whole(x: Floats) -> Floats:
    """The rows without gaps. Raises Refused for fewer than two."""
    gaps = np.isnan(x).any(axis=1)
    known = x[~gaps] if gaps.any() else x
    if len(known) < 2:
        raise Refused.because(
            "weights_too_few_units",
            "数据齐全的对象不足两个，无法由数据赋权。",
            "Fewer than two units have all figures: no weights from data.",
        )
    return known


def _shares(raw: Floats, zh: str, en: str) -> Floats:
    total = raw.sum()
    if not total > 0:
        raise Refused.because(
            "weights_all_zero",
            f"{zh}：没有可用的权重（各列均无差异，或彼此完全一致）。",
            f"By {en} nothing gets any weight: no column varies, or all say the same.",
        )
    return np.asarray(raw / total)
