"""EPCIS 2.0 and XES: what we write is valid and comes back the same; what others write is read, tolerant and bounded."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from kouan.basis import Refused
from kouan.exchange.epcis import read_epcis, write_epcis
from kouan.exchange.epcis.reading import columns_of, milestones_of_steps
from kouan.exchange.xes import write_xes
from kouan.monitoring.journal import shape
from kouan.monitoring.timing.definitions import shipped


def a_row(number: int = 1, **fields: Any) -> dict[str, Any]:
    """One event as the journal hands it out."""
    return {
        "case_id": f"柜号 {number}/A", "case_kind": "container", "milestone": "arrived", "mode": "sea", "direction": "inbound",
        "port": "tianjin-water", "place": "3号泊位", "party": "9112", "planned": False, "occurred_at": "2026-03-02T04:00:00.000001Z",
        "utc_offset": 480, "received_at": "2026-03-02T04:01:00Z", "source": "tj-terminal", "event_id": f"E {number}", "revision": 1,
        "withdrawn": False, "quantity": 7, "origin": "official", "nationality_group": None, "risk_channel": None, "goods_kind": None, **fields,
    }


ROWS = [a_row(1), a_row(8, risk_channel="red", goods_kind="dangerous"), a_row(9, case_kind="passenger_batch", nationality_group="citizens"),
        a_row(2, planned=True, quantity=None, utc_offset=None, place="", party=""), a_row(3, revision=3, withdrawn=True),
        *[a_row(10 + at, milestone=code, utc_offset=-210) for at, code in enumerate(sorted(shipped().milestones))]]


def written(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(write_epcis(rows, "2026-03-03T00:00:00+00:00"))


def test_every_column_comes_back_as_it_went() -> None:
    back = [values for _, values in read_epcis(written(ROWS))]
    assert len(back) == len(ROWS)
    for row, values in zip(ROWS, back, strict=True):
        expected = {name: value for name, value in row.items() if value not in ("", None)} | {"utc_offset": row["utc_offset"] or 0}
        assert {name: values.get(name, False) for name in expected} == expected
        assert isinstance(shape.of_values(values, 1), shape.Incoming)


def test_an_empty_log_is_a_document_too() -> None:
    assert json.loads(written([]))["epcisBody"] == {"eventList": []}
    assert list(read_epcis(written([]))) == []


@pytest.mark.conformance
def test_what_we_write_is_valid_against_the_published_schema() -> None:
    import jsonschema_rs

    folder = Path(os.environ["KOUAN_CONFORMANCE"]) / "standards/epcis-2.0"
    check = jsonschema_rs.validator_for(json.loads((folder / "EPCIS-JSON-Schema.json").read_text(encoding="utf-8")))
    assert [str(error) for error in check.iter_errors(json.loads(written(ROWS)))] == []
    broken = json.loads(written(ROWS))
    broken["epcisBody"]["eventList"][0]["action"] = "SEE"
    assert not check.is_valid(broken), "the schema must be able to refuse"


@pytest.mark.conformance
def test_every_document_of_the_open_collection_is_read() -> None:
    folder = Path(os.environ["KOUAN_CONFORMANCE"]) / "standards/epcis-2.0/openepcis-tests/2.0/EPCIS/JSON/Capture"
    files = sorted([*folder.glob("Documents/*.json"), *folder.glob("Events/*.json")])
    assert len(files) >= 40
    read = complete = 0
    defaults = {"port": "p", "mode": "sea", "direction": "inbound", "case_kind": "consignment", "milestone": "arrived", "source": "s"}
    for file in files:
        for number, values in read_epcis(file.read_bytes(), defaults):
            read += 1
            found = shape.of_values(values, number)
            complete += isinstance(found, shape.Incoming)
            assert values["event_id"] and len(values["event_id"]) <= 80, file.name
            assert re.search(r"(Z|[+-]\d\d:\d\d)$", values["occurred_at"]), file.name
    assert read >= 60 and complete >= read - 3, (read, complete)


@pytest.mark.conformance
def test_the_invalid_documents_raise_no_fault() -> None:
    folder = Path(os.environ["KOUAN_CONFORMANCE"]) / "standards/epcis-2.0/openepcis-tests/2.0/EPCIS/JSON"
    files = sorted(folder.rglob("Invalid/*.json"))
    assert len(files) >= 15
    for file in files:
        try:
            rows = list(read_epcis(file.read_bytes()))
        except Refused:
            continue
        for number, values in rows:
            shape.of_values(values, number)


@pytest.mark.parametrize("content", [b"", b"{", b"<epcis/>", b"{}", b"[" * 100_000, b'{"type": "EPCISDocument", "epcisBody": 1}', b"\xff"])
def test_what_is_no_document_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        list(read_epcis(content))
    assert refused.value.findings[0].remedy


@pytest.mark.parametrize("event", [1, None, "x", [], {}, {"epcList": 5}, {"bizTransactionList": {}}, {"eventID": 7}, {"quantityList": [5]}])
def test_an_odd_event_is_handed_on_for_the_journal_to_hold(event: Any) -> None:
    values = [row for _, row in read_epcis(json.dumps([event]).encode(), {"source": "s"})]
    assert not isinstance(shape.of_values(values[0], 1), shape.Incoming)


def test_a_step_that_fits_one_milestone_is_told_and_one_that_fits_several_is_not_guessed() -> None:
    only = next(step for step, codes in milestones_of_steps().items() if len(codes) == 1)
    for said in (only, f"cbv:BizStep-{only}", f"https://ref.gs1.org/cbv/BizStep-{only}", f"urn:epcglobal:cbv:bizstep:{only}"):
        assert columns_of({"bizStep": said}, {})["milestone"] == milestones_of_steps()[only][0]
    assert len(milestones_of_steps()["inspecting"]) > 1
    assert columns_of({"bizStep": "inspecting"}, {})["milestone"] == "bizstep:inspecting"
    assert columns_of({"bizStep": "inspecting"}, {"milestone": "inspection_ended"})["milestone"] == "inspection_ended"


def test_an_event_without_an_id_gets_the_same_one_each_time_and_a_withdrawal_keeps_it() -> None:
    event = {"type": "ObjectEvent", "eventTime": "2026-03-02T04:00:00Z", "eventTimeZoneOffset": "+08:00", "epcList": ["urn:x:1"], "action": "OBSERVE"}
    first = columns_of(event, {})
    again = columns_of({**event, "recordTime": "2026-03-03T00:00:00Z"}, {})
    void = columns_of({**event, "errorDeclaration": {"declarationTime": "2026-03-03T00:00:00Z"}}, {})
    assert first["event_id"] == again["event_id"] == void["event_id"] and len(first["event_id"]) <= 80
    assert (void["withdrawn"], void["revision"]) == (True, 2)


# ---- XES ----------------------------------------------------------------------------------------------------------


def test_a_log_has_a_trace_for_each_case_and_escapes_what_it_must() -> None:
    rows = [a_row(1, case_id='<"&>'), a_row(1, case_id='<"&>', milestone="released", occurred_at="2026-03-02T05:00:00Z"),
            a_row(2, planned=True, quantity=None)]
    root = ET.fromstring(b"".join(write_xes(rows)))
    space = {"x": "http://www.xes-standard.org/"}
    traces = root.findall("x:trace", space)
    assert root.get("xes.version") == "1849-2016" and len(traces) == 2
    named = {each.get("key"): each.get("value") for each in traces[0].findall("x:string", space)}
    assert named["concept:name"] == '<"&>' and named["kouan:port"] == "tianjin-water"
    events = traces[0].findall("x:event", space)
    assert [next(one.get("value") for one in each if one.get("key") == "concept:name") for each in events] == ["arrived", "released"]
    (date,) = events[0].findall("x:date", space)
    assert (date.get("key"), date.get("value")) == ("time:timestamp", "2026-03-02T04:00:00.000001Z")
    kinds = [[one.get("value") for one in each if one.get("key") == "lifecycle:transition"] for each in root.findall("x:trace/x:event", space)]
    assert kinds == [["complete"], ["complete"], ["schedule"]]
    # The order that the standard's schema demands: extensions, globals, classifiers, attributes, traces.
    order = [child.tag.rpartition("}")[2] for child in root]
    rank = {"extension": 0, "global": 1, "classifier": 2, "string": 3, "trace": 4}
    assert [rank[tag] for tag in order] == sorted(rank[tag] for tag in order)


def test_an_empty_log_is_well_formed() -> None:
    assert ET.fromstring(b"".join(write_xes([]))).tag.endswith("log")
