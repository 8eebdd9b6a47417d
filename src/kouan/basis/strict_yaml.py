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


class _Strict(yaml.constructor.SafeConstructor):
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


class _Loader(_Strict, yaml.SafeLoader):
    """The reader in Python, which says where and why: without aliases as well."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(
                None, None, "aliases (*name) are not allowed", event.start_mark
            )
        return super().compose_node(parent, index)


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
            waiting = [root] if root else []
            while waiting:
                node = waiting.pop()
                if id(node) in seen:  # an alias stands for the very same node
                    raise yaml.constructor.ConstructorError(None, None, "aliases (*name) are not allowed", node.start_mark)
                seen.add(id(node))
                if isinstance(node, yaml.MappingNode):
                    waiting += [each for pair in node.value for each in pair]
                elif isinstance(node, yaml.SequenceNode):
                    waiting += node.value
            return root

    _own_words(_QuickLoader)
    _readers.insert(0, _QuickLoader)


def load(text: str) -> Any:
    """Return what the YAML text says; yaml.YAMLError or ArithmeticError/ValueError when it is not readable."""
    for reader in _readers[:-1]:
        try:
            return yaml.load(text, Loader=reader)  # noqa: S506 - a subclass of SafeLoader
        except (yaml.YAMLError, ArithmeticError, ValueError):
            pass  # the last one says where and why
    return yaml.load(text, Loader=_readers[-1])  # noqa: S506 - a subclass of SafeLoader


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
        return load(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused.because(
            "not_utf8",
            "文件不是 UTF-8 编码。",
            "The file is not UTF-8.",
            where=Place(file=name),
            remedy=("请另存为 UTF-8 编码后重试。", "Save it as UTF-8 and try again."),
        )
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
