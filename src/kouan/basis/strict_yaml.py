"""Read YAML so that a slip of the pen in a decree's figures is found, not guessed away.

Plain YAML lets a key stand twice (the last silently wins), reads `on:` and `no:` as truth values, 010 as
eight and 1:30 as ninety, and makes binary fractions of decimals. Here a repeated key, an alias or a tag is
refused, `on`, `010` and `1:30` stay words, and a decimal is a `Decimal`.

>>> load("limit: 1_000_000\\nshare: 0.1\\non: 2021-01-01")
{'limit': 1000000, 'share': Decimal('0.1'), 'on': datetime.date(2021, 1, 1)}
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from kouan.basis import Place, Refused

# A file of parameters has a few kilobytes; anything far larger is not one of ours.
MOST_BYTES = 1_000_000
DEEPEST = 60  # levels; what is deeper would break whoever writes it out
_HALF = re.compile("[\ud800-\udfff]")


class _Sayable(yaml.constructor.SafeConstructor):
    """Without half characters: an escape can make what no file, page or database can hold."""

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        if isinstance(value, str) and _HALF.search(value):
            raise yaml.constructor.ConstructorError(None, None, "half a character (a surrogate) is no text", node.start_mark)
        return value


class _Strict(_Sayable):
    """Without repeated keys; decimals as they are written."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            try:
                repeated = key in seen
            except TypeError:
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a word, a number or a date", key_node.start_mark
                )
            if repeated:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!s} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_decimal(self, node: yaml.ScalarNode) -> Decimal:
        return Decimal(str(self.construct_scalar(node)).replace("_", ""))


class _Unaliased(yaml.SafeLoader):
    """A reader that refuses aliases."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self._depth > DEEPEST:
            raise yaml.constructor.ConstructorError(None, None, "it is nested too deeply", self.peek_event().start_mark)
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(
                None, None, "aliases (*name) are not allowed", event.start_mark
            )
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Plain(_Sayable, _Unaliased):
    """The library's own reading, without aliases."""


class _Loader(_Strict, _Unaliased):
    """The reader in Python, which says where and why: without aliases as well."""


_OWN = {
    "tag:yaml.org,2002:bool": (r"^(?:true|false)$", "tf"),
    "tag:yaml.org,2002:int": (r"^[-+]?(?:0|[1-9][0-9_]*)$", "-+0123456789"),
    "tag:yaml.org,2002:float": (r"^[-+]?(?:0|[1-9][0-9_]*)\.[0-9]+$", "-+0123456789"),
}


def _own_words(loader: Any) -> None:
    """Let a loader know the truth values true and false alone, and whole numbers and decimals as people write them."""
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OWN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for tag, (pattern, first) in _OWN.items():
        loader.add_implicit_resolver(tag, re.compile(pattern), list(first))
    loader.add_constructor("tag:yaml.org,2002:float", loader.construct_decimal)


_own_words(_Loader)
_readers: list[Any] = [_Loader]

if yaml.__with_libyaml__:

    class _QuickLoader(_Strict, yaml.CSafeLoader):
        """The same in C, some eight times faster, for texts without a fault; what it refuses is read again by `_Loader`."""

        def get_single_node(self) -> yaml.Node | None:
            root: yaml.Node | None = super().get_single_node()
            seen: set[int] = set()
            waiting = [(root, 0)] if root else []
            while waiting:
                node, depth = waiting.pop()
                if depth > DEEPEST:
                    raise yaml.constructor.ConstructorError(None, None, "it is nested too deeply", node.start_mark)
                if id(node) in seen:  # an alias stands for the very same node
                    raise yaml.constructor.ConstructorError(None, None, "aliases (*name) are not allowed", node.start_mark)
                seen.add(id(node))
                if isinstance(node, yaml.MappingNode):
                    waiting += [(each, depth + 1) for pair in node.value for each in pair]
                elif isinstance(node, yaml.SequenceNode):
                    waiting += [(each, depth + 1) for each in node.value]
            return root

    _own_words(_QuickLoader)
    _readers.insert(0, _QuickLoader)


def load(text: str) -> Any:
    """Return what the YAML text says; yaml.YAMLError or ArithmeticError/ValueError when it is not readable."""
    for reader in _readers[:-1]:
        try:
            return yaml.load(text, Loader=reader)  # noqa: S506 - a subclass of SafeLoader
        except (yaml.YAMLError, ArithmeticError, ValueError, RecursionError):
            pass  # the last one says where and why
    return _loaded(text, _readers[-1])


def load_plain(text: str) -> Any:
    """Return what a YAML text says to everybody else's reader (binary fractions, `yes`), aliases refused; yaml.YAMLError else.

    An alias of an alias of an alias is a kilobyte that becomes gigabytes as soon as somebody writes it out.

    >>> load_plain("share: 0.5")
    {'share': 0.5}
    """
    return _loaded(text, _Plain)


def _loaded(text: str, reader: Any) -> Any:
    try:
        return yaml.load(text, Loader=reader)  # noqa: S506 - a subclass of SafeLoader
    except RecursionError:
        raise yaml.constructor.ConstructorError(None, None, "it is nested too deeply", None) from None
    except (ArithmeticError, ValueError, KeyError, TypeError, AttributeError) as error:
        # The library's own readers of numbers, moments and escapes stumble over what only looks like one.
        raise yaml.constructor.ConstructorError(None, None, f"a value cannot be read: {error}", None) from error


def load_file(path: Path, name: str | None = None) -> Any:
    """Return what the YAML file at `path` says. Refused, with file and line, when it cannot be read.

    `name` is how findings call the file (a path inside the room rather than of this machine).
    """
    name = name or path.name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Refused.because(
            "unreadable_file",
            f"无法读取文件：{error.strerror}。",
            f"The file cannot be read: {error.strerror}.",
            where=Place(file=name),
            remedy=("请检查文件是否存在、是否有读取权限。", "Check that the file exists and may be read."),
        )
    if len(raw) > MOST_BYTES:
        raise Refused.because(
            "file_too_large",
            f"文件有{len(raw)}字节，超过{MOST_BYTES}字节的上限。",
            f"The file has {len(raw)} bytes; the limit is {MOST_BYTES}.",
            where=Place(file=name),
            remedy=("请确认选对了文件。", "Check that this is the right file."),
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused.because(
            "not_utf8",
            "文件不是 UTF-8 编码。",
            "The file is not UTF-8.",
            where=Place(file=name),
            remedy=("请另存为 UTF-8 编码后重试。", "Save it as UTF-8 and try again."),
        )
    return load_text(text, name)


def load_text(text: str, name: str) -> Any:
    """Return what the YAML text says. Refused, with the name of its file and the line, when it cannot be read."""
    try:
        return load(text)
    except (yaml.YAMLError, ValueError, ArithmeticError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise Refused.because(
            "not_yaml",
            f"文件不符合 YAML 格式：{problem}。",
            f"The file is not valid YAML: {problem}.",
            where=Place(file=name, row=mark.line + 1 if mark else None),
            remedy=("请改正该行后重试。", "Correct the line and try again."),
        )
