"""The expression language of the publisher's rule files, read and compiled.

The files hold their tests as text in a small language of their own: calls on paths of the message, strings in single quotes without escapes,
numbers, ``! && || == != < <= > >= + - *``, methods of texts, and, within ``exists``, a function of the node around and of the node at hand
(``{ContextHelper current, ContextHelper local -> …}``). It is not XPath, and nothing of it is ever run as a program: an expression is
parsed into a tree here, whatever is not in the grammar is refused with its place, and the tree becomes closures over ``context.Node``.

>>> compiled("1 + 2 * 2 == 5 && !(2 > 3)")(None, {})
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kouan.trade.packs.context import FUNCTIONS, Node

Names = Mapping[str, Node]
Expression = Callable[[Any, Names], Any]

_TOKEN = re.compile(r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?)
  | '(?P<text>(?:[^'\\]|\\.)*)' | "(?P<other>(?:[^"\\]|\\.)*)"
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark>->|\|\||&&|==|!=|<=|>=|[-+*/!<>(){},.])
)""", re.X)
_DEEPEST = 60
_OPERATORS: tuple[dict[str, Callable[[Any, Any], Any]], ...] = (
    {"==": lambda a, b: a == b, "!=": lambda a, b: a != b},
    {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
    {"*": lambda a, b: a * b},
)
# Methods of a text. A length is asked with or without brackets.
_METHODS: dict[str, Callable[..., Any]] = {
    "startsWith": lambda said, start: said.startswith(start),
    "contains": lambda said, part: part in said,
    "take": lambda said, count: said[: int(count)],
    "length": len,
}


class BadExpression(ValueError):
    """An expression that is not in the language: what, and at which character (from 1)."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(f"{what} at character {at}")
        self.what, self.at = what, at


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    said: str
    at: int


def tokens(text: str) -> list[_Token]:
    """The words of an expression. Raises BadExpression for a character that is none."""
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpression(f"“{text[at:].lstrip()[:1]}” is not part of the language", at + 1)
        kind = match.lastgroup or ""
        said = match.group(kind)
        found.append(_Token("text", said.replace("\\\\", "\\"), match.start(kind) + 1) if kind in ("text", "other") else _Token(kind, said,
            match.start(kind) + 1))
        at = match.end()
    return found


def compiled(text: str) -> Expression:
    """The expression as a function of the node it is asked at. Raises BadExpression."""
    reader = _Reader(tokens(text), len(text) + 1)
    made = reader.disjunction()
    reader.end()
    return made


class _Reader:
    """Recursive descent, one method for each level of precedence."""

    def __init__(self, words: list[_Token], end: int) -> None:
        self._words, self._at, self._end, self._depth = words, 0, end, 0
        self._names: tuple[str, ...] = ()

    def _peek(self) -> str:
        word = self._words[self._at] if self._at < len(self._words) else None
        return word.said if word is not None and word.kind in ("mark", "name") else ""

    def _next(self, *wanted: str) -> _Token:
        if self._at >= len(self._words):
            raise BadExpression("the expression ends too soon", self._end)
        word = self._words[self._at]
        if wanted and (word.kind == "text" or word.said not in wanted):
            raise BadExpression(f"“{word.said}” stands where {' or '.join(wanted)} is due", word.at)
        self._at += 1
        return word

    def end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._words):
            word = self._words[self._at]
            raise BadExpression(f"“{word.said}” follows a whole expression", word.at)

    def disjunction(self) -> Expression:
        """``a || b``"""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadExpression("brackets lie too deep", self._words[min(self._at, len(self._words) - 1)].at)
        parts = [self._conjunction()]
        while self._peek() == "||":
            self._next()
            parts.append(self._conjunction())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else lambda node, names: any(part(node, names) for part in parts)

    def _conjunction(self) -> Expression:
        parts = [self._binary(0)]
        while self._peek() == "&&":
            self._next()
            parts.append(self._binary(0))
        return parts[0] if len(parts) == 1 else lambda node, names: all(part(node, names) for part in parts)

    def _binary(self, level: int) -> Expression:
        if level == len(_OPERATORS):
            return self._unary()
        made = self._binary(level + 1)
        while self._peek() in _OPERATORS[level]:
            made = _joined(_OPERATORS[level][self._next().said], made, self._binary(level + 1))
        return made

    def _unary(self) -> Expression:
        if self._peek() == "!":
            self._next()
            inner = self._unary()
            return lambda node, names: not inner(node, names)
        return self._methods(self._primary())

    def _methods(self, said: Expression) -> Expression:
        while self._peek() == ".":
            self._next()
            word = self._next()
            method = _METHODS.get(word.said)
            if method is None:
                raise BadExpression(f"texts have no method “{word.said}”", word.at)
            said = _called(method, said, self._arguments())
        return said

    def _primary(self) -> Expression:
        word = self._next()
        match word.kind, word.said:
            case "number", said:
                number = float(said)
                return lambda node, names: number
            case "text", said:
                return lambda node, names: said
            case "mark", "(":
                inner = self.disjunction()
                self._next(")")
                return inner
            case "mark", "{":
                return self._function()
            case "name", "true" | "false":
                value = word.said == "true"
                return lambda node, names: value
            case "name", said if said in self._names:
                self._next(".")
                return self._call(self._next(), said)
            case "name", _:
                return self._call(word, "")
        raise BadExpression(f"“{word.said}” cannot begin a value", word.at)

    def _call(self, word: _Token, of: str) -> Expression:
        function = FUNCTIONS.get(word.said)
        if function is None:
            raise BadExpression(f"there is no function “{word.said}”", word.at)
        arguments = self._arguments()
        if of:
            return lambda node, names: function(names[of], *(each(node, names) for each in arguments))
        return lambda node, names: function(node, *(each(node, names) for each in arguments))

    def _arguments(self) -> list[Expression]:
        self._next("(")
        found: list[Expression] = []
        while self._peek() != ")" or (self._at < len(self._words) and self._words[self._at].kind == "text"):
            if found:
                self._next(",")
            found.append(self.disjunction())
        self._next(")")
        return found

    def _function(self) -> Expression:
        """``{ContextHelper current, ContextHelper local -> …}``: answers a function of the node at hand."""
        outside = self._names
        names: list[str] = []
        while not names or self._peek() == ",":
            if names:
                self._next(",")
            self._next("ContextHelper")
            names.append(self._next().said)
        if len(names) != 2:
            raise BadExpression("a function is of two nodes", self._words[self._at - 1].at)
        self._next("->")
        self._names = (*outside, *names)
        body = self.disjunction()
        self._names = outside
        self._next("}")
        current, local = names
        return lambda node, known: lambda at_hand: body(at_hand, {**known, current: node, local: at_hand})


def _joined(operator: Callable[[Any, Any], Any], left: Expression, right: Expression) -> Expression:
    return lambda node, names: operator(left(node, names), right(node, names))


def _called(method: Callable[..., Any], said: Expression, arguments: list[Expression]) -> Expression:
    return lambda node, names: method(said(node, names), *(each(node, names) for each in arguments))
