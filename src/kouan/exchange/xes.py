"""Milestone events written as an XES log (IEEE 1849-2016) for process-mining tools, case by case as they come.

``rows`` come sorted by case and time. An activity is the milestone's code; its Chinese name stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace">
<string key="concept:name" value="UNKNOWN"/>
</global>
<global scope="event">
<string key="concept:name" value="UNKNOWN"/>
<date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
<string key="lifecycle:transition" value="complete"/>
</global>
<classifier name="Activity" keys="concept:name"/>
<string key="lifecycle:model" value="standard"/>
<string key="concept:name" value="Kouan 口岸"/>
"""
_OF_EVENT = ("nationality_group", "risk_channel", "goods_kind")
_OF_CASE = ("case_kind", "mode", "direction", "port", "origin")


def _string(key: str, value: Any) -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(str(value))}/>\n"


def write_xes(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The pieces of a log."""
    from kouan.monitoring.timing.definitions import shipped

    names = {each.code: each.name.zh for each in shipped().milestones.values()}
    yield _HEAD.encode()
    case = None
    for row in rows:
        piece = []
        if row["case_id"] != case:
            if case is not None:
                piece.append("</trace>\n")
            case = row["case_id"]
            piece += ["<trace>\n", _string("concept:name", case), *(_string(f"kouan:{name}", row[name]) for name in _OF_CASE)]
        piece += [
            "<event>\n", _string("concept:name", row["milestone"]),
            f"<date key=\"time:timestamp\" value={quoteattr(row['occurred_at'])}/>\n",
            _string("lifecycle:transition", "schedule" if row["planned"] else "complete"),
        ]
        if row["party"]:
            piece.append(_string("org:resource", row["party"]))
        if row["place"]:
            piece.append(_string("kouan:place", row["place"]))
        piece.append(_string("kouan:milestone_zh", names.get(row["milestone"], row["milestone"])))
        if row["quantity"] is not None:
            piece.append(f'<int key="kouan:quantity" value="{int(row["quantity"])}"/>\n')
        piece += [_string(f"kouan:{name}", row[name]) for name in _OF_EVENT if row[name] is not None]
        piece.append("</event>\n")
        yield "".join(piece).encode()
    if case is not None:
        yield b"</trace>\n"
    yield b"</log>\n"
