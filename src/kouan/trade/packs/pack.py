"""A partner's rule pack: its schemas and rule files, read from a folder, proved whole, and put to messages.

A pack says what a partner abroad refuses of a summary declaration made before arrival (入境摘要申报), so that an exporter learns it here first.
The publisher gives two editions side by side: a schema named ``…-New.xsd`` replaces the one without, a rule file named ``…_New.json`` replaces
the one without, and all else is common to both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from kouan.basis import Finding, Place, Refused
from kouan.trade.packs.context import Node, nodes
from kouan.trade.packs.expression import BadExpression, Expression, compiled

EDITIONS = ("", "new")
MOST_BYTES, DEEPEST, MOST_ERRORS = 20_000_000, 100, 5_000
SCHEMA = "schema"
_ELEMENT = re.compile(r"(/[A-Za-z_][\w.-]*)+|/")
_MESSAGE = re.compile(r"(CC\d{3}[A-Z])\b.*?(-New)?\.xsd")


@dataclass(frozen=True, slots=True)
class Assertion:
    """One test: what must hold at an element, the partner's code and words where it does not."""

    holds: Expression
    code: str
    message: str
    said: str


@dataclass(frozen=True, slots=True)
class Rule:
    """The assertions at one place of a message."""

    name: str
    element: str
    asserts: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class Error:
    """What the partner would refuse: its code (``schema`` where the message is not of its schema), the exact path, its words."""

    code: str
    location: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """The JSON shape of the command."""
        return {"code": self.code, "location": self.location, "message": self.message}


@dataclass(frozen=True)
class Pack:
    """One edition. ``schemas``: by the name of the message's root element."""

    name: str
    edition: str
    schemas: Mapping[str, etree.XMLSchema]
    rules: tuple[Rule, ...]

    def check(self, content: bytes, *, name: str = "") -> list[Error]:
        """Everything that the partner would refuse, in the order of the message. What is not of its schema is told so and not asked further.

        Raises Refused for what is no message at all: too large, no XML, with a document type, of an unknown kind.
        """
        root = parsed(content, name)
        kind = etree.QName(root).localname
        schema = self.schemas.get(kind)
        if schema is None:
            raise Refused.because(
                "unknown_message", f"“{self.name}”不认识“{kind[:60]}”报文。", f"The pack {self.name} knows no message “{kind[:60]}”.",
                where=Place(file=name or None), measured=kind[:60], required=", ".join(sorted(self.schemas)),
                remedy=("请核对文件，或换用相应的规则包。", "Check the file, or use the pack for it."))
        if not schema.validate(root):
            return _schema_errors(schema, root)
        # An element may be asked by several rules: the partner answers in the order of the message, then of its rules.
        order = {each: at for at, each in enumerate(root.iter())}
        found = [(order[node], number, Error(one.code, path_of(node), one.message))
                 for number, rule in enumerate(self.rules) for node in nodes(root, rule.element)
                 for one in rule.asserts if not one.holds(node, {})]
        return [error for _, _, error in sorted(found, key=lambda each: each[:2])][:MOST_ERRORS]


def parsed(content: bytes, name: str = "") -> Node:
    """The root of a message: bounded in size and depth, without entities, document types or the network. Raises Refused."""
    where = Place(file=name or None)
    if len(content) > MOST_BYTES:
        raise Refused.because("message_too_large", "报文过大。", "The message is too large.", where=where, measured=f"{len(content):,} B",
                              required=f"≤ {MOST_BYTES:,} B", remedy=("请核对文件。", "Check the file."))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused.because(
            "not_xml", f"不是可读的 XML：{str(error)[:160]}", f"It is no readable XML: {str(error)[:160]}", where=where,
            remedy=("请核对文件是否完整、编码是否正确。", "See whether the file is whole and its encoding right."))
    if root.getroottree().docinfo.doctype:
        raise Refused.because("document_type", "报文不得带文档类型声明（DOCTYPE）。", "A message bears no document type.", where=where,
                              remedy=("请删去 DOCTYPE。", "Remove the DOCTYPE."))
    if _depth(root) > DEEPEST:
        raise Refused.because("too_deep", "报文嵌套过深。", "The message is nested too deep.", where=where, required=f"≤ {DEEPEST}",
                              remedy=("请核对文件。", "Check the file."))
    return root


def _depth(root: Node) -> int:
    deepest = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def path_of(node: Node) -> str:
    """Where an element stands, as the publisher writes it: names with their number among brothers of that name, the root by its prefix.

    >>> root = etree.fromstring('<ie:A xmlns:ie="urn:a"><B/><B><C/></B></ie:A>')
    >>> path_of(root[1][0])
    '/ie:A[1]/B[2]/C[1]'
    """
    found: list[str] = []
    at: Node | None = node
    while at is not None:
        name = f"{at.prefix}:{etree.QName(at).localname}" if at.prefix else etree.QName(at).localname
        found.append(f"/{name}[{1 + sum(1 for _ in at.itersiblings(at.tag, preceding=True))}]")
        at = at.getparent()
    return "".join(reversed(found))


def _schema_errors(schema: etree.XMLSchema, root: Node) -> list[Error]:
    found: dict[Error, None] = {}
    known = {prefix: name for prefix, name in root.nsmap.items() if prefix}
    for entry in schema.error_log:
        try:
            at = root.getroottree().xpath(entry.path, namespaces=known) if entry.path else None
        except etree.XPathError:  # a default namespace has no prefix to be asked by
            at = None
        node = at[0] if isinstance(at, list) and at else root
        found.setdefault(Error(SCHEMA, path_of(node), entry.message))
        if len(found) >= MOST_ERRORS:
            break
    return list(found)


def load(folder: Path, name: str, edition: str = "") -> Pack:
    """Read one edition of a pack from ``rules/*.json`` and ``xsds/*.xsd``. Raises Refused with every fault at its file."""
    findings: list[Finding] = []
    if edition not in EDITIONS:
        raise Refused.because("unknown_edition", f"没有“{edition[:24]}”版。", f"There is no edition “{edition[:24]}”.", measured=edition[:24],
                              required="new", remedy=("不写为旧版，new 为新版。", "None is the old edition, new the new one."))
    rules = [rule for path in _of_edition(sorted(folder.glob("rules/*.json")), "_New", edition) if (rule := _rule(path, findings)) is not None]
    schemas = _schemas(folder, edition, findings)
    if not rules and not findings:
        findings.append(_fault(folder.name, "没有 rules/*.json 规则文件。", "There are no rule files rules/*.json."))
    if not schemas and not findings:
        findings.append(_fault(folder.name, "没有 xsds/*.xsd 报文模式。", "There are no schemas xsds/*.xsd."))
    if findings:
        raise Refused(findings)
    return Pack(name, edition, schemas, tuple(rules))


def _of_edition(paths: Iterable[Path], mark: str, edition: str) -> list[Path]:
    """The files of an edition: those common to both, and of two that differ by the mark the one that is meant."""
    by_stem = {path.stem: path for path in paths}
    if edition:
        return [path for stem, path in by_stem.items() if stem.endswith(mark) or f"{stem}{mark}" not in by_stem]
    return [path for stem, path in by_stem.items() if not stem.endswith(mark)]


def _schemas(folder: Path, edition: str, findings: list[Finding]) -> dict[str, etree.XMLSchema]:
    found = {}
    for path in _of_edition(sorted(folder.glob("xsds/*.xsd")), "-New", edition):
        match = _MESSAGE.fullmatch(path.name)
        if match is None:
            continue  # types that the others include
        try:
            found[match.group(1)] = etree.XMLSchema(etree.parse(str(path), etree.XMLParser(resolve_entities=False, no_network=True)))
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError, OSError) as error:
            findings.append(_fault(f"xsds/{path.name}", f"模式不可读：{str(error)[:160]}", f"The schema cannot be read: {str(error)[:160]}"))
    return found


def _rule(path: Path, findings: list[Finding]) -> Rule | None:
    where = f"rules/{path.name}"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        element = said["element"]
        if not isinstance(element, str) or not _ELEMENT.fullmatch(element):
            raise ValueError(f"element {element!r}")
        return Rule(str(said["name"]), element, tuple(_assertion(each) for each in said["asserts"]))
    except BadExpression as error:
        findings.append(_fault(where, f"表达式不可读（{error}）。", f"An expression cannot be read ({error})."))
    except (ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        findings.append(_fault(where, f"规则文件不可读：{str(error)[:120]}", f"The rule file cannot be read: {str(error)[:120]}"))
    return None


def _assertion(said: Mapping[str, Any]) -> Assertion:
    return Assertion(compiled(said["test"]), str(said["errorCode"]), str(said["errorMessage"]), said["test"])


def _fault(where: str, zh: str, en: str) -> Finding:
    return Finding.error("bad_pack", zh, en, where=Place(file=where), remedy=("请使用发布方的原始文件。", "Use the publisher's own files."))
