"""The formulas of the indicator catalogue: read into a tree, checked, and computed for all ports and years at once.

A formula is text that people write in a table, so it is never given to Python: it is taken apart here, and what is
not in the language is refused with its place.

======================  ==================================================================================
``+ - * / **`` ``( )``  as usual; a number has no exponent: 1000000
``min(…)``, ``max(…)``  of two or more
``prev(x)``             the value of the year before; ``prev3(x)`` of three years before
``checklist(a,b,…)``    the share of the named points that are met, in per cent (what is not evidenced is not met)
======================  ==================================================================================

Every value comes with a reason why it is there or not (`Why`), and reasons travel: an indicator without a value can
always say what it lacked. A zero divisor makes a value not applicable; where the caller says so (group G03) it is an
error instead. A part of min or max that is not applicable is left out if another part, not a mere number, applies: a
port without passengers has its cargo compared alone.

>>> tree = parse("min(1, done/due)*100")
>>> str(tree), sorted(tree.items())
('min(1, done / due) * 100', ['done', 'due'])
>>> values = {"done": Cells.of([[3.0, 4.0, 5.0]]), "due": Cells.of([[4.0, 0.0, np.nan]])}
>>> found = compute(tree, values.__getitem__)
>>> found.values.tolist(), [Why(each).name for each in found.why[0]]
([[75.0, nan, nan]], ['PRESENT', 'NOT_APPLICABLE', 'MISSING'])
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from kouan.basis import Finding, Place, Refused, Text

Floats = NDArray[np.float64]
Reasons = NDArray[np.int8]

LONGEST = 500
DEEPEST = 40
LAGS = {"prev": 1, "prev3": 3}
FUNCTIONS = ("min", "max", *LAGS, "checklist")

# A word may begin with a figure (5G) if a letter is in it.
_TOKEN = re.compile(
    r"\s*(?:(?P<word>\d*[^\W\d]\w*(?:\.[^\W\d]\w*)*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>\*\*|[-+*/(),]))"
)


class Why(IntEnum):
    """Why a value is there or not. Where several meet, the greatest stands."""

    PRESENT = 0
    MISSING = 1
    NO_HISTORY = 2
    NOT_APPLICABLE = 3
    IMPOSSIBLE = 4


WHY_TEXT: dict[Why, Text] = {
    Why.PRESENT: Text("有数据", "present"),
    Why.MISSING: Text("所需数据项没有数据", "a figure it needs is not there"),
    Why.NO_HISTORY: Text("往年没有可比数据", "no figure of the earlier year to compare with"),
    Why.NOT_APPLICABLE: Text("不适用", "not applicable"),
    Why.IMPOSSIBLE: Text("数据有误，无法计算", "the figures cannot be right"),
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Values (years, ports), NaN where there is none, and the reason of each. ``fixed``: a mere number of the formula."""

    values: Floats
    why: Reasons
    fixed: bool = False

    @classmethod
    def of(cls, values: object) -> Cells:
        """Take figures as they are: NaN is missing."""
        held = np.asarray(values, dtype=float)
        return cls(held, np.where(np.isnan(held), Why.MISSING, Why.PRESENT).astype(np.int8))

    @classmethod
    def settled(cls, values: Floats, why: Reasons) -> Cells:
        """Keep only values whose reason is PRESENT; a value that is no number then is IMPOSSIBLE."""
        broken = (why == Why.PRESENT) & ~np.isfinite(values)
        reasons = np.where(broken, Why.IMPOSSIBLE, why).astype(np.int8)
        return cls(np.where(reasons == Why.PRESENT, values, np.nan), reasons)


@dataclass(frozen=True, slots=True)
class Number:
    value: float

    def __str__(self) -> str:
        # Without an exponent, which the language lacks; every digit kept.
        text = f"{Decimal(repr(self.value)):f}"
        return text.removesuffix(".0")

    def items(self) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, slots=True)
class Item:
    """A data item by its code."""

    code: str

    def __str__(self) -> str:
        return self.code

    def items(self) -> frozenset[str]:
        return frozenset((self.code,))


@dataclass(frozen=True, slots=True)
class Negative:
    of: Node

    def __str__(self) -> str:
        return f"-{_bracketed(self.of, 3)}"

    def items(self) -> frozenset[str]:
        return self.of.items()


@dataclass(frozen=True, slots=True)
class Operation:
    sign: str
    left: Node
    right: Node

    def __str__(self) -> str:
        rank = _RANK[self.sign]
        # Chains go to the left, powers to the right: brackets only where the order of reading would change.
        left = _bracketed(self.left, rank + (self.sign == "**"))
        right = _bracketed(self.right, rank + (self.sign != "**"))
        return f"{left} {self.sign} {right}"

    def items(self) -> frozenset[str]:
        return self.left.items() | self.right.items()


@dataclass(frozen=True, slots=True)
class Call:
    """min, max, prev or prev3."""

    name: str
    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(str(each) for each in self.arguments)})"

    def items(self) -> frozenset[str]:
        return frozenset().union(*(each.items() for each in self.arguments))


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list of points. The figures of a port stand under ``point(indicator, name)``, from 0 (not met) to 1."""

    points: tuple[str, ...]

    def __str__(self) -> str:
        return f"checklist({', '.join(self.points)})"

    def items(self) -> frozenset[str]:
        return frozenset()


Node = Number | Item | Negative | Operation | Call | Checklist
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}


def _bracketed(node: Node, rank: int) -> str:
    own = _RANK[node.sign] if isinstance(node, Operation) else 3 if isinstance(node, Negative) else 9
    return f"({node})" if own < rank else str(node)


def walk(node: Node) -> Iterator[Node]:
    """Every part of a formula, the whole first."""
    yield node
    below: tuple[Node, ...] = ()
    if isinstance(node, Negative):
        below = (node.of,)
    elif isinstance(node, Operation):
        below = (node.left, node.right)
    elif isinstance(node, Call):
        below = node.arguments
    for each in below:
        yield from walk(each)


def is_share(node: Node) -> bool:
    """Whether the formula is plainly a part of a whole in per cent: ``a/b*100``.

    >>> is_share(parse("done/due*100")), is_share(parse("(now/before-1)*100")), is_share(parse("a/(b+c)*100"))
    (True, False, False)
    """
    return (
        isinstance(node, Operation) and node.sign == "*" and node.right == Number(100.0)
        and isinstance(node.left, Operation) and node.left.sign == "/"
        and isinstance(node.left.left, Item) and isinstance(node.left.right, Item)
    )


# ---- reading ----------------------------------------------------------------------------------------


def parse(text: str, *, where: Place | None = None) -> Node:
    """Read a formula. Raises Refused with one finding: what cannot be read, and at which character."""
    if len(text) > LONGEST:
        raise _unreadable(text, LONGEST, f"公式超过 {LONGEST} 个字符", f"it is longer than {LONGEST} characters", where)
    reader = _Reader(text, where)
    node = reader.sum(0)
    if reader.kind != "end":
        raise reader.refuse("此处应当结束", "it should end here")
    return node


class _Reader:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, where: Place | None) -> None:
        self.text, self.where = text, where
        self.at = self.begin = 0
        self.kind, self.token = "", ""
        self.step()

    def step(self) -> None:
        rest = self.text[self.at :]
        self.begin = self.at + len(rest) - len(rest.lstrip())
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            if rest.strip():
                raise self.refuse("不认识的符号", "a sign that is not in the language")
            self.kind, self.token = "end", ""
            return
        self.at = match.end()
        self.kind = str(match.lastgroup)
        self.token = match[self.kind]

    def refuse(self, zh: str, en: str) -> Refused:
        return _unreadable(self.text, self.begin, zh, en, self.where)

    def take(self, sign: str) -> None:
        if self.token != sign or self.kind != "sign":
            raise self.refuse(f"此处应为“{sign}”", f"“{sign}” is wanted here")
        self.step()

    def sees(self, *signs: str) -> bool:
        return self.kind == "sign" and self.token in signs

    def sum(self, depth: int) -> Node:
        node = self.product(depth)
        while self.sees("+", "-"):
            sign = self.token
            self.step()
            node = Operation(sign, node, self.product(depth))
        return node

    def product(self, depth: int) -> Node:
        node = self.signed(depth)
        while self.sees("*", "/"):
            sign = self.token
            self.step()
            node = Operation(sign, node, self.signed(depth))
        return node

    def signed(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self.refuse("公式嵌套过深", "it is nested too deeply")
        if self.sees("-"):
            self.step()
            return Negative(self.signed(depth + 1))
        node = self.atom(depth)
        if self.sees("**"):
            self.step()
            return Operation("**", node, self.signed(depth + 1))
        return node

    def atom(self, depth: int) -> Node:
        if self.kind == "number":
            node: Node = Number(float(self.token))
            self.step()
            return node
        if self.kind == "word":
            name = self.token
            self.step()
            if self.sees("("):
                return self.call(name, depth)
            if name[0].isdigit():
                raise self.refuse(f"“{name}”不是数据项", f"“{name}” is no data item")
            return Item(name)
        if self.sees("("):
            self.step()
            node = self.sum(depth + 1)
            self.take(")")
            return node
        raise self.refuse("此处应为数、数据项或括号", "a number, a data item or a bracket is wanted here")

    def call(self, name: str, depth: int) -> Node:
        if name not in FUNCTIONS:
            raise self.refuse(
                f"没有函数“{name}”，可用：{'、'.join(FUNCTIONS)}", f"there is no function “{name}”: {', '.join(FUNCTIONS)}"
            )
        self.step()
        if name == "checklist":
            return self.points()
        arguments = [self.sum(depth + 1)]
        while self.sees(","):
            self.step()
            arguments.append(self.sum(depth + 1))
        self.take(")")
        if (len(arguments) != 1) is (name in LAGS):
            raise self.refuse(f"“{name}”的参数个数不对", f"“{name}” has the wrong number of arguments")
        return Call(name, tuple(arguments))

    def points(self) -> Node:
        names: list[str] = []
        while True:
            if self.kind != "word" or self.token in names:
                raise self.refuse("此处应为清单中的一项，且不得重复", "a point of the list is wanted here, each once")
            names.append(self.token)
            self.step()
            if not self.sees(","):
                break
            self.step()
        self.take(")")
        return Checklist(tuple(names))


def _unreadable(text: str, at: int, zh: str, en: str, where: Place | None) -> Refused:
    return Refused(
        Finding.error(
            "formula_unreadable",
            f"公式第 {at + 1} 个字符处无法读取：{zh}。",
            f"The formula cannot be read at character {at + 1}: {en}.",
            where=where,
            measured=text[:120],
            remedy=("公式写法见 docs/scheme.md。", "docs/scheme.md says how formulas are written."),
        )
    )


# ---- computing --------------------------------------------------------------------------------------


def compute(
    node: Node, read: Callable[[str], Cells], *, zero_divisor: Why = Why.NOT_APPLICABLE, indicator: str = ""
) -> Cells:
    """Compute a formula from the cells (years, ports) of its items; ``read`` gives them by code.

    ``indicator``: whose checklist it is. Errors never stop the computing: a value that cannot be is IMPOSSIBLE.
    """
    if isinstance(node, Number):
        return Cells(np.array(node.value), np.array(Why.PRESENT, dtype=np.int8), fixed=True)
    if isinstance(node, Item):
        return read(node.code)
    if isinstance(node, Checklist):
        return _met([read(point(indicator, name)) for name in node.points])

    def below(part: Node) -> Cells:
        return compute(part, read, zero_divisor=zero_divisor, indicator=indicator)

    if isinstance(node, Negative):
        part = below(node.of)
        return Cells(-part.values, part.why, part.fixed)
    if isinstance(node, Operation):
        return _joined(node.sign, below(node.left), below(node.right), zero_divisor)
    if node.name in LAGS:
        return _before(below(node.arguments[0]), LAGS[node.name])
    return _extreme([below(each) for each in node.arguments], np.minimum if node.name == "min" else np.maximum)


def point(indicator: str, name: str) -> str:
    """The code under which the figure of a checklist's point stands.

    >>> point("I-0606", "5G")
    'I-0606/5G'
    """
    return f"{indicator}/{name}"


def _joined(sign: str, left: Cells, right: Cells, zero_divisor: Why) -> Cells:
    why = np.maximum(left.why, right.why)
    with np.errstate(all="ignore"):
        if sign == "/":
            # A divisor of zero speaks even where the other side is missing.
            why = np.maximum(why, np.where((right.why == Why.PRESENT) & (right.values == 0), zero_divisor, Why.PRESENT))
            values = left.values / right.values
        elif sign == "**":
            values = np.power(left.values, right.values)
        elif sign == "*":
            values = left.values * right.values
        else:
            values = left.values + right.values if sign == "+" else left.values - right.values
    settled = Cells.settled(values, why.astype(np.int8))
    return Cells(settled.values, settled.why, left.fixed and right.fixed)


def _before(part: Cells, years: int) -> Cells:
    """The values of earlier years. What was missing then is not owed now: NO_HISTORY, never MISSING."""
    values = np.full(part.values.shape, np.nan)
    why = np.full(part.values.shape, Why.NO_HISTORY, dtype=np.int8)
    if part.values.ndim and len(values) > years:
        values[years:], why[years:] = part.values[:-years], part.why[:-years]
    return Cells(values, np.where(why == Why.MISSING, Why.NO_HISTORY, why).astype(np.int8))


def _extreme(parts: list[Cells], pick: np.ufunc) -> Cells:
    away = [part.why == Why.NOT_APPLICABLE for part in parts]
    rescued = np.logical_or.reduce(
        np.broadcast_arrays(*((part.why != Why.NOT_APPLICABLE) & (not part.fixed) for part in parts))
    )
    why = np.maximum.reduce(
        np.broadcast_arrays(*(np.where(gone & rescued, Why.PRESENT, part.why) for gone, part in zip(away, parts, strict=True)))
    )
    neutral = np.inf if pick is np.minimum else -np.inf
    values = pick.reduce(
        np.broadcast_arrays(*(np.where(gone, neutral, part.values) for gone, part in zip(away, parts, strict=True)))
    )
    settled = Cells.settled(values, why.astype(np.int8))
    return Cells(settled.values, settled.why, all(part.fixed for part in parts))


def _met(points: list[Cells]) -> Cells:
    """M5: a point without evidence counts 0; a figure outside 0…1 cannot be."""
    held = np.stack([each.values for each in points])
    why = np.maximum.reduce([np.where(each.why == Why.MISSING, Why.PRESENT, each.why) for each in points])
    with np.errstate(invalid="ignore"):
        wrong = ((held < 0) | (held > 1)).any(axis=0)
    share = np.where(np.isnan(held), 0.0, held).sum(axis=0) / len(points) * 100.0
    return Cells.settled(share, np.where(wrong, Why.IMPOSSIBLE, why).astype(np.int8))
