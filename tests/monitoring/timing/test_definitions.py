"""The code list and the wholes: cited, in both languages, closed, and true to A-26."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from kouan.basis import Refused
from kouan.monitoring.timing import definitions
from kouan.monitoring.timing.definitions import DATA, shipped
from kouan.monitoring.timing.events import CASE_KINDS, DIRECTIONS, MODES, SUBJECT_OF_KIND, SUBJECTS

_CHINESE = re.compile(r"[一-鿿]")
CONTRACT = {
    "arrived", "berthed", "unloaded", "manifest_accepted", "declared", "docs_checked", "inspection_ordered", "inspection_started",
    "inspection_ended", "quarantine_started", "quarantine_ended", "tax_paid", "released", "picked_up", "gate_out",
    "queue_joined", "lane_entered", "lane_cleared",
}  # fmt: skip


def test_the_milestones_of_the_issue_are_in_the_list_with_both_names() -> None:
    found = shipped().milestones
    assert set(found) >= CONTRACT
    for milestone in found.values():
        assert _CHINESE.search(milestone.name.zh) and not _CHINESE.search(milestone.name.en), milestone.code
        assert _CHINESE.search(milestone.who.zh) and not _CHINESE.search(milestone.who.en), milestone.code
    assert found["arrived"].name_in("outbound").zh == "运抵口岸" and found["arrived"].name_in("inbound").zh == "抵港"


def test_every_milestone_stands_in_a_flow_and_every_mode_has_flows_of_goods_and_persons() -> None:
    everything = shipped()
    assert {code for flow in everything.flows for code in flow.order} == set(everything.milestones)
    assert set(SUBJECT_OF_KIND) == set(CASE_KINDS) and set(SUBJECT_OF_KIND.values()) == set(SUBJECTS)
    for mode in MODES:
        for direction in DIRECTIONS:
            assert everything.flow("goods", direction, mode), (mode, direction)
            codes = [whole.code for whole in everything.of_flow("goods", direction, mode)]
            assert codes == ["overall_clearance", "customs_time", "full_operation"], (mode, direction)
        for direction in ("inbound", "outbound"):
            assert [w.code for w in everything.of_flow("persons", direction, mode)] == ["passage"]
    assert everything.flow("vehicles", "inbound", "air") is None and not everything.of_flow("vehicles", "inbound", "air")


def test_the_wholes_run_between_the_moments_of_a_26() -> None:
    """A-26 written out a second time by hand."""
    ends = {
        ("overall_clearance", "inbound"): ("arrived", "delivery_permitted"), ("overall_clearance", "outbound"): ("arrived", "released"),
        ("customs_time", "inbound"): ("declared", "released"), ("customs_time", "outbound"): ("declared", "released"),
        ("full_operation", "inbound"): ("arrived", "gate_out"), ("full_operation", "outbound"): ("arrived", "departed"),
    }  # fmt: skip
    for (code, direction), (start, end) in ends.items():
        whole = shipped().whole(code, "goods", direction, "sea")
        assert (whole.start[0], whole.end[0]) == (start, end)
        assert "A-26" in whole.reading.zh and "A-26" in whole.reading.en
        assert whole.citation.instrument and whole.citation.article and whole.citation.issued


def test_a_version_holds_from_its_day() -> None:
    found = shipped()
    assert found.of_flow("goods", "inbound", "sea", date(2018, 9, 26)) == ()
    assert [w.key for w in found.of_flow("goods", "inbound", "sea", date(2018, 9, 27))] == ["overall_clearance@1", "customs_time@1"]
    with pytest.raises(KeyError):
        found.whole("full_operation", "goods", "inbound", "sea", date(2020, 12, 31))


def test_every_part_has_an_owner_and_both_names() -> None:
    for part in shipped().parts.values():
        assert part.owner in definitions.OWNERS and part.nature in definitions.NATURES
        assert _CHINESE.search(part.name.zh) and not _CHINESE.search(part.name.en), part.code


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("to: berthed, owner: terminal", "to: berthed, owner: shipowner", "unknown_code"),
        ("to: unloaded, owner: terminal", "to: emptied, owner: terminal", "unknown_code"),
        ("to: unload_started, owner", "to: unloaded, owner", "repeated_code"),
        ("nature: working, zh: 放行", "nature: working, zh: ''", "empty"),
    ],
)
def test_a_slip_in_the_parts_is_named_with_its_place(tmp_path: Path, old: str, new: str, code: str) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    file = tmp_path / "data" / "segments" / "parts.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        definitions.load(tmp_path / "data")
    assert code in {finding.code for finding in refused.value.findings}
    assert all(finding.where.file and finding.where.path and finding.remedy for finding in refused.value.findings)


def test_a_chain_that_does_not_reach_its_end_is_refused(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    file = tmp_path / "data" / "segments" / "customs_time.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("tax_payment, release]", "tax_payment]"), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        definitions.load(tmp_path / "data")
    assert "unknown_code" in {finding.code for finding in refused.value.findings}


# A published figure names its definition and must come out the same in years. If this fails, do not change the line: give the
# whole a new version from a date (docs/operation-times.md, “Changing a definition”) and add its line.
FROZEN = {
    "overall_clearance@1": "d0f2804662e88f4f",
    "customs_time@1": "603c8b5269d665a7",
    "full_operation@1": "cdf398f71f7b18bd",
    "conveyance_clearance@1": "d40d8391cfff9d04",
    "passage@1": "decdf3fe4fc8b55f",
}


def test_a_version_never_changes_once_it_is_out(tmp_path: Path) -> None:
    everything = shipped()
    assert {key: everything.fingerprint(key)[:16] for key in dict.fromkeys(whole.key for whole in everything.wholes)} == FROZEN
    shutil.copytree(DATA, tmp_path / "data")
    for name, old, new in (("segments/parts.yaml", "zh: 卸货, en: unloading}", "zh: 卸船, en: discharge}"),
                           ("segments/parts.yaml", "to: released, owner: customs", "to: released, owner: enterprise")):
        file = tmp_path / "data" / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        other = definitions.load(tmp_path / "data")
        is_same = other.fingerprint("customs_time@1")[:16] == FROZEN["customs_time@1"]
        assert is_same is ("zh:" in old), "a name does not count, an owner does"
        assert other.digest != everything.digest
    with pytest.raises(KeyError):
        everything.fingerprint("customs_time@2")


@pytest.mark.conformance
def test_every_business_step_is_one_of_gs1() -> None:
    folder = os.environ.get("KOUAN_CONFORMANCE")
    if not folder:
        pytest.skip("KOUAN_CONFORMANCE names no folder")
    context = (Path(folder) / "standards" / "epcis-2.0" / "epcis-context.jsonld").read_text(encoding="utf-8")
    steps = set(re.findall(r"cbv:BizStep-([a-z_]+)", json.dumps(json.loads(context))))
    used = {m.cbv for m in shipped().milestones.values() if m.cbv}
    assert len(used) > 8 and used <= steps, used - steps
