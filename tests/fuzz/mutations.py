# ruff: noqa: E501 - seeds and words are data
"""Spoiling real files as the world spoils them: bytes flipped, lines lost, encodings mixed, zips nested, figures without end.

A case is named by (seed, parser, number) and nothing else: the same name gives the same bytes on every machine, so a case
needs no file to be told, and a run goes on where it stopped. ``spoilt`` picks one seed file and lays one to four changes
on it, of the kinds that fit what it is; the changes know the shape (entries of a zip, nodes of a JSON tree, cells of a
sheet), so that they reach the code behind the first check.

>>> from random import Random
>>> spoilt([b"a,b\\n1,2\\n"], "csv", Random("7")) == spoilt([b"a,b\\n1,2\\n"], "csv", Random("7"))
True
"""

from __future__ import annotations

import io
import json
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Change = Callable[[bytes, Random], bytes]

WORDS: tuple[str, ...] = (
    "\0", "\ufeff", "\u202e", "\u200f", "\u200b", "\u2028", "\x85", "\x1b[31m", "\x0c", "😀", "𠮷", "\U0010ffff", "ﬁ", "İ", "ß", "　",
    "1e999999", "-1e999999", "1e-999999", "1E+400", "9" * 400, "0." + "0" * 400 + "1", "NaN", "nan", "Infinity", "-inf", "-0", "+1", "1_000", "0x1F",
    "1,2,3", "1，234", "１２３", "一百二十三万", "十", "亿", "万亿亿亿亿亿", "〇", "−5", "(5)", "5%", "½", "²", "٣", "1/0", "12.5.3", "1 000", "'1", "null", "None", "true",
    "1900-02-29", "1904-01-01", "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "2024-13-45", "2024-02-30", "2024Q5", "2024年13月",
    "二〇二四年二月", "2024-01-01T25:00:00Z", "2024-01-01T00:00:00+99:99", "2024-12-30/2024-01-01", "1e400-01", "60", "-1", "2958466",
    "=1+1", "=cmd|'/C calc'!A0", "+SUM(A1)", "@x", "#REF!", "#N/A", "机密★10年", "秘密", "<script>", "&amp;", "&x;", "%s%n", "{0}", "{{7*7}}", "${x}",
    "../../etc/passwd", "/", "\\", "..", "CON", "罗湖", "luohu-rail", "person_crossings", "人次", "吨", "入境", "𠮷" * 300, "a" * 70_000, "啊" * 5_000,
)  # fmt: skip
RAW: tuple[bytes, ...] = (
    b"\0", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\x81", b"\x84\x31\xa4\x37",
    b"\r", b"\n", b"\r\n", b"\n\r", b'"', b'""', b"'", b",", b"\t", b";", b"|", b"[", b"]", b"{", b"}", b":", b"&a", b"*a", b"!", b"<", b">", b"]]>",
    b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"%PDF-",
)  # fmt: skip
ENCODINGS = ("gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32", "big5", "latin-1", "utf-7")


# ---- bytes ----------------------------------------------------------------------------------------------


def _at(data: bytes, dice: Random) -> int:
    return dice.randrange(len(data) + 1)


def flip(data: bytes, dice: Random) -> bytes:
    """One to eight bits turned."""
    spoiled = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        if spoiled:
            spoiled[dice.randrange(len(spoiled))] ^= 1 << dice.randrange(8)
    return bytes(spoiled)


def cut(data: bytes, dice: Random) -> bytes:
    """The file stops early."""
    return data[: _at(data, dice)]


def drop(data: bytes, dice: Random) -> bytes:
    """A piece is missing."""
    at = _at(data, dice)
    return data[:at] + data[at + dice.choice((1, 2, 8, 64, 512)):]


def double(data: bytes, dice: Random) -> bytes:
    """A piece stands twice, or very often."""
    at = _at(data, dice)
    piece = data[at: at + dice.choice((1, 4, 32, 256))]
    return data[:at] + piece * dice.choice((2, 2, 3, 50, 2000)) + data[at:]


def put(data: bytes, dice: Random) -> bytes:
    """Something that should not be there."""
    at = _at(data, dice)
    piece = dice.choice(RAW) if dice.random() < 0.5 else dice.choice(WORDS).encode("utf-8", "surrogatepass")
    return data[:at] + piece + data[at + dice.choice((0, 0, len(piece))):]


def swap(data: bytes, dice: Random) -> bytes:
    """Two pieces change places."""
    one, two, three = sorted(_at(data, dice) for _ in range(3))
    return data[:one] + data[two:three] + data[one:two] + data[three:]


def fill(data: bytes, dice: Random) -> bytes:
    """A number of the format itself (a length, an offset) becomes an extreme one."""
    if len(data) < 8:
        return put(data, dice)
    at, size = dice.randrange(len(data) - 7), dice.choice("BHIQ")
    number = dice.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**62, 2**64 - 1)) & (2 ** (8 * struct.calcsize(size)) - 1)
    packed = struct.pack(f"<{size}", number)
    return data[:at] + packed + data[at + len(packed):]


BYTES: tuple[Change, ...] = (flip, cut, drop, double, put, swap, fill)


# ---- text -----------------------------------------------------------------------------------------------


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") if not re.search("[\ud800-\udc7f\udd00-\udfff]", text) else text.encode("utf-8", "surrogatepass")


def recode(data: bytes, dice: Random) -> bytes:
    """The whole text, or its tail alone, in another encoding."""
    text, encoding = data.decode("utf-8", "replace"), dice.choice(ENCODINGS)
    at = 0 if dice.random() < 0.6 else dice.randrange(len(text) + 1)
    return text[:at].encode() + text[at:].encode(encoding, "replace")


def line_ends(data: bytes, dice: Random) -> bytes:
    """Other ends of lines, all or some."""
    end = dice.choice((b"\r\n", b"\r", b"\n\n", b"\x0b", "\u2028".encode(), "\x85".encode(), b"", b" "))
    return data.replace(b"\n", end, -1 if dice.random() < 0.5 else dice.randint(1, 3))


def lines(data: bytes, dice: Random) -> bytes:
    """A line is lost, stands twice or a thousand times, or moves."""
    held = data.split(b"\n")
    at = dice.randrange(len(held))
    taken = held.pop(at)
    for _ in range(dice.choice((0, 2, 2, 1000))):
        held.insert(dice.randrange(len(held) + 1) if len(held) < 5 else at, taken)
    return b"\n".join(held)


def number(data: bytes, dice: Random) -> bytes:
    """A figure becomes another kind of figure."""
    found = list(re.finditer(rb"\d[\d.,_-]*", data[:200_000]))
    if not found:
        return put(data, dice)
    match = dice.choice(found)
    new = _digits(dice) if dice.random() < 0.4 else dice.choice(WORDS)
    return data[: match.start()] + new.encode("utf-8", "surrogatepass") + data[match.end():]


def _digits(dice: Random) -> str:
    """A figure of so many digits; one in fifty has a million of them."""
    length = 1_000_000 if dice.random() < 0.02 else dice.choice((1, 3, 8, 15, 16, 17, 20, 38, 39, 60, 310, 4301))
    sign, point = dice.choice(("", "", "-", "+")), dice.choice(("", "", ".", ",", "e", "E-", "/"))
    body = str(dice.randrange(10)) * length
    return sign + body[: length // 2] + point + body[length // 2:]


def word(data: bytes, dice: Random) -> bytes:
    """A word becomes another."""
    found = list(re.finditer(r"[^\W\d_]{2,}", _text(data[:200_000])))
    if not found:
        return put(data, dice)
    text, match = _text(data), dice.choice(found)
    return _bytes(text[: match.start()] + dice.choice(WORDS) + text[match.end():])


TEXT: tuple[Change, ...] = (recode, line_ends, lines, number, number, word)


def columns(data: bytes, dice: Random) -> bytes:
    """A line of very many cells, or one cell without end; one in twenty has a million."""
    held = data.split(b"\n")
    at = dice.randrange(len(held))
    mark = dice.choice((b",", b"\t", b";", b"|", b'"', b'","'))
    held[at] += mark * (1_000_000 if dice.random() < 0.05 else dice.choice((1, 20, 600, 5_000)))
    return b"\n".join(held)


def packed(data: bytes, dice: Random) -> bytes:
    """Gzipped, perhaps twice, perhaps with a lie in the trailer, perhaps a bomb."""
    maker = zlib.compressobj(9, wbits=31)
    if dice.random() < 0.03:
        data += dice.choice((b"0,", b"\n", b"\0", b"a")) * 25_000_000
    made = maker.compress(data) + maker.flush()
    return flip(made, dice) if dice.random() < 0.3 else made + made if dice.random() < 0.1 else made


# ---- JSON and YAML --------------------------------------------------------------------------------------

SAID: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**20, -(10**400), 1e308, 2**53 + 1, 2**63, "", " ", [], {}, [[]], [None], {"": None}, "\ud800", "\udfff", "x\0y",
    ["a", 1, None], {"a": {"a": {}}}, float("nan"), float("inf"), "𠮷" * 100, *WORDS[:70],
)  # fmt: skip


def _paths(value: Any, at: tuple[Any, ...] = (), found: list[tuple[Any, ...]] | None = None) -> list[tuple[Any, ...]]:
    found = [] if found is None else found
    found.append(at)
    if len(found) < 3_000:
        for key, part in (value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()):
            _paths(part, (*at, key), found)
    return found


def _changed_tree(tree: Any, dice: Random) -> Any:
    """One node replaced, dropped, renamed, wrapped, repeated or exchanged with another."""
    paths = [path for path in _paths(tree) if path]
    if not paths:
        return dice.choice(SAID)
    path = dice.choice(paths)
    parent = tree
    for key in path[:-1]:
        parent = parent[key]
    last, deed = path[-1], dice.randrange(7)
    if deed <= 1:
        parent[last] = dice.choice(SAID)
    elif deed == 2:
        del parent[last]
    elif deed == 3 and isinstance(parent, dict):
        parent[dice.choice((f"{last} ", str(last).upper(), "", "x", "\ud800", "$ref", "__class__"))] = parent.pop(last)
    elif deed == 4:
        parent[last] = [parent[last]] if dice.random() < 0.5 else {"a": parent[last]}
    elif deed == 5 and isinstance(parent, list):
        parent += [parent[last]] * dice.choice((1, 10, 1_100))
    else:
        other = tree
        for key in dice.choice(paths):
            other = other[key]
        parent[last] = json.loads(json.dumps(other, default=str))
    return tree


def _depth(data: bytes) -> int:
    """How many brackets are open at once, at most; those inside texts counted too."""
    most = now = 0
    for mark in re.findall(rb"[\[\]{}]", data):
        now += 1 if mark in b"[{" else -1
        most = max(most, now)
    return most


def json_tree(data: bytes, dice: Random) -> bytes:
    """A node of the tree changed; what is no JSON is spoilt as text."""
    # How deep JSON may be read and written depends on the stack of who asks: deeper than this is text, so that a case is the same for all.
    if _depth(data) > 200:
        return number(data, dice)
    try:
        tree = json.loads(data)
    except ValueError:
        return number(data, dice)
    return json.dumps(_changed_tree(tree, dice), ensure_ascii=dice.random() < 0.5, default=str).encode("utf-8", "surrogatepass")


def json_lines(data: bytes, dice: Random) -> bytes:
    """One line's tree changed."""
    held = data.split(b"\n")
    at = dice.randrange(len(held))
    held[at] = json_tree(held[at], dice)
    return b"\n".join(held)


def json_deep(data: bytes, dice: Random) -> bytes:
    """Brackets within brackets, a key that stands twice, or something after the end."""
    depth = dice.choice((100, 900, 1_100, 5_000, 100_000))
    deep = dice.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth))
    spot = re.search(rb"(?<=: )[^\s,{\[]+(?=[,}\s])", data[_at(data, dice):])
    if spot is None or dice.random() < 0.3:
        return dice.choice((deep, data + deep, data + data))
    start = data.find(spot[0])
    return data[:start] + deep + data[start + len(spot[0]):]


YAML_WORDS = (
    "&a [*a]", "*a", "!!python/object/apply:os.system [ls]", "!!binary aGk=", "!!set {a, b}", "!!float .inf", "!!int 0o777", "!!timestamp 9999-99-99", "? a",
    "? [a, b]\n: c", "<<: *a", "<<: {a: 1}", "%YAML 9.9\n---\n", "---\n...\n---\n", "|\n  x", ">-\n  y", "\t- a", "{a: 1, a: 2}", "[1, 2", "2024-02-30", "0x_", "1:30:90", "~",
    "2024-01-01T00:00:00.123456789123+99:99", ".nan", "1e999999", "1_0__0", "'", '"\\ud800"', '"\\xff"', '"\\U0011FFFF"', "on: 1", "yes", "{}", "[]", "!<tag:x> y", "- - - - - -",
    "{" * 200, "[" * 1_100, "[" * 20_000, "{a: " * 1_500, "- " * 3_000 + "a",
)  # fmt: skip


def yaml_words(data: bytes, dice: Random) -> bytes:
    """A value, or a whole line, becomes one of YAML's own traps; an indentation shifts."""
    held = data.decode("utf-8", "replace").split("\n")
    at = dice.randrange(len(held))
    if dice.random() < 0.2:
        held[at] = " " * dice.randint(1, 5) + held[at] if dice.random() < 0.5 else held[at].lstrip()
    elif ": " in held[at] and dice.random() < 0.8:
        held[at] = held[at].partition(": ")[0] + ": " + (dice.choice(YAML_WORDS) if dice.random() < 0.6 else dice.choice(WORDS))
    else:
        held.insert(at, dice.choice(YAML_WORDS))
    return "\n".join(held).encode("utf-8", "surrogatepass")


def yaml_bomb(data: bytes, dice: Random) -> bytes:
    """Aliases of aliases (a billion laughs), or a merge key over a merge key."""
    laughs = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    merges = ["m0: &m0 {k: v}"] + [f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}" for n in range(1, 8)]
    return "\n".join(dice.choice((laughs, merges))).encode() + b"\n" + (data if dice.random() < 0.5 else b"")


def yaml_tree(data: bytes, dice: Random) -> bytes:
    """A node of the tree changed, written anew."""
    import yaml

    try:
        tree = yaml.safe_load(data)
        return yaml.safe_dump(_changed_tree(tree, dice), allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")
    except Exception:  # noqa: BLE001 - what cannot be read or written anew is spoilt as text
        return yaml_words(data, dice)


# ---- zips and workbooks ---------------------------------------------------------------------------------

Entries = list[tuple[str, bytes]]
XML: tuple[bytes, ...] = (
    b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;"><!ENTITY z "&y;&y;&y;&y;&y;&y;&y;&y;">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">', b"<![CDATA[x]]>", b"<!-- x -->", b"<?x y?>", b"&#0;", b"&#x1F;", b"&#xD800;", b"<f>SUM(A1)</f>",
    b'<f t="array" ref="A1:XFD1048576">1</f>', b'<f t="shared" si="0"/>', b'<c r="XFD1048576"><v>1</v></c>', b'<c r="A9999999"><v>1</v></c>', b'<c r="ZZZ1"><v>1</v></c>',
    b'<c r="A0"><v>1</v></c>', b'<c><v>1</v></c>', b'<row r="1048576"/>', b'<row r="0"><c r="A1"/></row>', b'<c r="B2" t="e"><v>#REF!</v></c>', b'<c r="B2" t="d"><v>2024-13-45</v></c>',
    b'<c r="B2" t="b"><v>7</v></c>', b'<c r="B2" t="s"><v>999999999</v></c>', b'<c r="B2" t="s"><v>-1</v></c>', b'<c r="B2" t="inlineStr"><is><t>x</t></is></c>',
    b'<c r="B2" s="999"><v>1</v></c>', b'<c r="B2" s="1"><v>1e308</v></c>', b'<c r="B2" s="1"><v>-99999999</v></c>', b'<c r="B2" s="1"><v>60</v></c>', b'<c r="B2"><v>NaN</v></c>',
    b'<c r="B2"><v>1e999</v></c>', b'<mergeCell ref="A1:XFD1048576"/>', b'<dimension ref="A1:XFD1048576"/>', b'<workbookPr date1904="1"/>',
)  # fmt: skip


def _unzipped(data: bytes) -> Entries | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [(each.filename, archive.read(each)) for each in archive.infolist()[:200]]
    except Exception:  # noqa: BLE001 - an earlier change has spoilt the zip itself
        return None


def zipped(entries: Entries) -> bytes:
    """The entries in a new zip."""
    held = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        warnings.simplefilter("ignore")  # names that stand twice are meant
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name[:60_000] or "x", (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def xml(data: bytes, dice: Random) -> bytes:
    """Cells that reach too far, formulas, entities, tags left open."""
    if dice.random() < 0.35:
        return dice.choice((number, word, drop, put, double, flip))(data, dice)
    places = [match.start() for match in re.finditer(rb"<", data[:200_000])] or [0]
    at = dice.choice(places)
    if dice.random() < 0.25:
        found = list(re.finditer(rb'="([^"]*)"', data[:200_000]))
        if found:
            match = dice.choice(found)
            return data[: match.start(1)] + dice.choice(WORDS).replace('"', "").encode("utf-8", "surrogatepass") + data[match.end(1):]
    return data[:at] + dice.choice(XML) * dice.choice((1, 1, 3, 2_000)) + data[at:]


def zip_part(data: bytes, dice: Random) -> bytes:
    """The content of one entry changed, the zip sound."""
    entries = _unzipped(data)
    if not entries:
        return flip(data, dice)
    telling = [at for at, (name, _) in enumerate(entries) if "sheet" in name or "shared" in name or "workbook" in name or "styles" in name]
    at = dice.choice(telling) if telling and dice.random() < 0.8 else dice.randrange(len(entries))
    name, content = entries[at]
    change = xml if name.endswith((".xml", ".rels")) else dice.choice((yaml_words, yaml_tree, number, put) if name.endswith(".yaml") else BYTES)
    entries[at] = (name, change(content, dice))
    return zipped(entries)


def zip_entries(data: bytes, dice: Random) -> bytes:
    """An entry lost, twice, renamed, empty, nested, or thousands of them, or one that unpacks to far too much."""
    entries = _unzipped(data)
    if not entries:
        return put(data, dice)
    at = dice.randrange(len(entries))
    name, content = entries[at]
    deed = dice.randrange(40)
    if deed < 8:
        entries.pop(at)
    elif deed < 14:
        entries.append((name, dice.choice((content, b"", b"\0" * 100))))
    elif deed < 22:
        entries[at] = (dice.choice((f"../{name}", f"/{name}", name.upper(), name + "\0x", name.replace("/", "\\"), "x" * 60_000, "", "xl/vbaProject.bin", f"{name}/")), content)
    elif deed < 28:
        entries[at] = (name, b"")
    elif deed < 34:
        entries[at] = (name, data)
    elif deed < 37:
        entries += [(f"x{number}", b"") for number in range(2_500)]
    elif deed < 39:
        entries[at] = (name, content + b" " * 30_000_000)
    else:
        entries[at] = (name, content[: len(content) // 2] + b"<c r='A1'><v>1</v></c>" * 1_500_000 + content[len(content) // 2:])
    return zipped(entries)


def zip_lies(data: bytes, dice: Random) -> bytes:
    """A header that lies: sizes, methods, flags, offsets."""
    marks = [match.start() for match in re.finditer(rb"PK\x01\x02|PK\x03\x04|PK\x05\x06", data)]
    if not marks:
        return fill(data, dice)
    at = dice.choice(marks) + dice.randrange(4, 46)
    return data[:at] + dice.choice((b"\0", b"\1", b"\xff", b"\x0c", b"\x0e", b"\x63")) * dice.choice((1, 2, 4)) + data[at + dice.choice((1, 2, 4)):]


KINDS: dict[str, tuple[Change, ...]] = {
    "bytes": BYTES,
    "text": (*BYTES, *TEXT),
    "csv": (*BYTES, *TEXT, *TEXT, columns, packed),
    "json": (*BYTES, *TEXT, *[json_tree] * 12, json_deep),
    "jsonl": (*BYTES, *TEXT, *[json_lines] * 12, json_deep),
    "yaml": (*BYTES, *TEXT, *[yaml_words] * 6, *[yaml_tree] * 8, yaml_bomb),
    "zip": (*BYTES, *[zip_part] * 14, *[zip_entries] * 4, *[zip_lies] * 3),
}


def spoilt(seeds: Sequence[bytes], kind: str, dice: Random) -> bytes:
    """One seed with one to four changes on it; at most 64 MB."""
    data = dice.choice(seeds)
    for _ in range(dice.choice((1, 1, 2, 3, 4))):
        data = dice.choice(KINDS[kind])(data, dice)[:64_000_000]
    return data
