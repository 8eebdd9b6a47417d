"""Studies: which cases, what they took, why the long ones did, who may see and confirm; the same for whoever repeats it."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.accounts.factories import a_provincial_officer, an_enterprise_user
from tests.monitoring.journal_factories import NOON, OTHER_PORT, PORT, sent
from tests.monitoring.studies.a_log import House, a_case

from kouan.basis import Conflict, EvidenceRef, NotAllowed, NotFound, Refused, clock
from kouan.collection.lineage import dependants
from kouan.monitoring.journal.evidence import port_months
from kouan.monitoring.studies.actions import confirm_study, draft_study, measure_study, remark_on_case
from kouan.monitoring.studies.files import study_file
from kouan.monitoring.studies.models import TimeStudy
from kouan.monitoring.studies.queries import (
    cases_of,
    check_study,
    compare_studies,
    get_study,
    studies_visible_to,
)

pytestmark = pytest.mark.django_db
MARCH = {"first_day": date(2026, 3, 2), "last_day": date(2026, 3, 6)}
NORMS = """
norms:
  - zh: 审单
    en: check of documents
    whole: overall_clearance
    between: [declared, docs_checked]
    direction: inbound
    values:
      - {from: 2026-01-01, hours: 8, issued: 2025-12-20, instrument: 某口岸作业时间规范（试行）, article: 第三条}
"""


def a_study(actor: Any, *ports: str, **fields: Any) -> TimeStudy:
    said = {"title": "天津口岸进口放行时间研究", "purpose": "查明各环节用时", "team": "口岸办、海关、码头", "direction": "inbound", **MARCH, **fields}
    return draft_study(actor=actor, ports=ports or (PORT,), **said)


def test_a_study_measures_every_case_and_says_which_it_cannot(house: House) -> None:
    study = measure_study(actor=house.tianjin, study=a_study(house.tianjin).pk)
    figures = study.figures
    assert figures["coverage"] | {"left_out": []} == {"population": 24, "drawn": 24, "measured": 22, "left_out": []}
    assert {each["status"]: each["cases"] for each in figures["coverage"]["left_out"]} == {"running": ["RUNS"], "start_missing": ["LACKS"]}
    assert figures["overall"]["n"] == 22 and figures["overall"]["p95_us"] is None and figures["overall"]["median_interval"] is not None
    assert figures["provisional"]["running"] == 1
    assert {tuple(each["pair"]): each["nature"] for each in figures["segments"]}["declared", "docs_checked"] == "working"
    assert abs(sum(each["share"] for each in figures["by_owner"]) - 1) < 1e-12
    slow = figures["causes"]["cases"][0]
    assert (slow["case_id"], slow["cause"], slow["owners"], slow["by_norm"]) == ("SLOW", "docs_check", ["customs"], False)
    assert {each.reference.uri for month in port_months([PORT], study.first_day, study.last_day) for each in dependants([month])} == {
        EvidenceRef("monitoring", "study", str(study.pk), study.version).uri}
    assert study.events_read == 24 * 6 - 3 and len(study.events_sha256) == len(study.figures_sha256) == 64
    assert len(cases_of(study)["cases"]) == 24 and not check_study(house.national, study.pk)


def test_norms_are_the_yardstick_where_there_are_any(house: House) -> None:
    study = measure_study(actor=house.tianjin, study=a_study(house.tianjin, norms=NORMS).pk)
    assert [(each["met"], each["over"], each["limit_hours"]) for each in study.figures["norms"]] == [(21, 1, 8.0)]
    assert study.figures["causes"]["cases"][0]["by_norm"] is True
    with pytest.raises(Refused) as refused:
        a_study(house.tianjin, norms="norms: [{zh: 无}]")
    assert len(refused.value.findings) > 1


def test_a_sample_is_drawn_by_its_seed_within_strata(house: House) -> None:
    one, same, other = (
        measure_study(actor=house.national, study=a_study(house.national, PORT, OTHER_PORT, sample_size=12, seed=seed).pk) for seed in (7, 7, 8))
    drawn = [{row[0] for row in cases_of(each)["cases"]} for each in (one, same, other)]
    assert drawn[0] == drawn[1] != drawn[2] and one.events_sha256 == same.events_sha256 != other.events_sha256
    assert [(each["port"], each["population"], each["drawn"]) for each in one.figures["strata"]] == [(OTHER_PORT, 12, 4), (PORT, 24, 8)]
    for wrong in ({"sample_size": 12}, {"seed": 7}, {"sample_size": 3, "seed": 7}):
        with pytest.raises(Refused):
            a_study(house.national, **wrong)


def test_nobody_measures_or_sees_beyond_their_ports(house: House) -> None:
    for ports in ((OTHER_PORT,), (PORT, OTHER_PORT), ("no-such-port",)):
        with pytest.raises(Refused):
            a_study(house.tianjin, *ports)
    with pytest.raises(NotAllowed):
        a_study(house.terminal)
    draft = a_study(house.tianjin)
    for stranger in (house.inner_mongolia, house.station, an_enterprise_user()):
        assert not studies_visible_to(stranger).exists()
        with pytest.raises(NotFound):
            get_study(stranger, draft.pk)
    assert not studies_visible_to(house.terminal).exists(), "a draft is its office's"
    with pytest.raises(NotFound):
        measure_study(actor=house.inner_mongolia, study=draft.pk)
    with pytest.raises(NotAllowed):
        measure_study(actor=house.national, study=draft.pk)
    both = measure_study(actor=house.national, study=a_study(house.national, PORT, OTHER_PORT).pk)
    confirm_study(actor=house.second, study=both.pk, version=both.version)
    assert not studies_visible_to(house.tianjin).filter(pk=both.pk).exists(), "not all of its ports are theirs"


def test_a_second_person_confirms_and_then_nothing_moves(house: House) -> None:
    study = measure_study(actor=house.tianjin, study=a_study(house.tianjin).pk)
    with pytest.raises(NotAllowed):
        confirm_study(actor=house.tianjin, study=study.pk, version=study.version)
    colleague = a_provincial_officer("12", username="colleague")
    colleague.organisation = house.tianjin.organisation
    colleague.save()
    with pytest.raises(Conflict):
        confirm_study(actor=colleague, study=study.pk, version=1)
    remark_on_case(actor=house.tianjin, study=study.pk, case="SLOW", words="单证缺原产地证明，补正三日")
    with pytest.raises(Refused):
        remark_on_case(actor=house.tianjin, study=study.pk, case="M001", words="不在其中")
    done = confirm_study(actor=colleague, study=study.pk, version=study.version)
    assert done.is_confirmed and studies_visible_to(house.terminal).filter(pk=study.pk).exists(), "who sees the ports sees what is confirmed"
    for deed in (lambda: measure_study(actor=house.tianjin, study=study.pk),
                 lambda: remark_on_case(actor=house.tianjin, study=study.pk, case="SLOW", words="再说")):
        with pytest.raises(Conflict):
            deed()


def test_what_was_read_is_checked_against_the_journal(house: House) -> None:
    study = measure_study(actor=house.tianjin, study=a_study(house.tianjin).pk)
    late = [each for each in a_case("RUNS", hours=(0, 4, 10, 12, 30, 31)) if each["milestone"] in ("docs_checked", "released")]
    assert sent(house.terminal, *late).as_dict()["accepted"] == 2
    assert [each.code for each in check_study(house.tianjin, study.pk)] == ["events_changed"]
    TimeStudy.objects.filter(pk=study.pk).update(figures=study.figures | {"as_of_us": study.figures["as_of_us"] + 1})
    assert "study_altered" in [each.code for each in check_study(house.tianjin, study.pk)]


def test_two_studies_compare_with_intervals(house: House) -> None:
    quick = [event for n in range(20) for event in a_case(f"Q{n:02d}", hours=(0, 2, 5, 6, 6.5, 8 + n / 50), after=24 * 10 + n)]
    with clock.travel_to(NOON + timedelta(days=20)):
        sent(house.terminal, *quick)
        old = measure_study(actor=house.tianjin, study=a_study(house.tianjin).pk)
        later = {"first_day": date(2026, 3, 12), "last_day": date(2026, 3, 14)}
        new = measure_study(actor=house.tianjin, study=a_study(house.tianjin, title="第二次研究", **later).pk)
        found = compare_studies(house.tianjin, old.pk, new.pk)
        assert found.whole.verdict == "shorter" and "缩短" in found.sentence().zh and len(found.segments) == 5
        with pytest.raises(Refused):
            compare_studies(house.tianjin, old.pk, old.pk)
        with pytest.raises(NotFound):
            compare_studies(house.inner_mongolia, old.pk, new.pk)
        assert study_file(house.tianjin, new.pk, "docx", against=old.pk).content[:2] == b"PK"


def test_its_files_hold_every_case_and_are_the_same_each_time(house: House) -> None:
    study = measure_study(actor=house.tianjin, study=a_study(house.tianjin, title="=1+1").pk)
    remark_on_case(actor=house.tianjin, study=study.pk, case="SLOW", words="单证补正")
    file = study_file(house.tianjin, study.pk, "xlsx")
    with clock.travel_to(NOON + timedelta(days=9)):
        assert study_file(house.tianjin, study.pk, "xlsx").content == file.content
    book = load_workbook(BytesIO(file.content))
    assert book["案例"].max_row == 25 and [cell.value for cell in book["经办说明"][2]][:2] == ["SLOW", "单证补正"]
    assert {cell.data_type for cell in book["说明"]["B"]} == {"s"}, "text runs as no formula"
    assert "草稿" in book["说明"]["B2"].value
    assert study_file(house.tianjin, study.pk, "pdf").content.startswith(b"%PDF")
    with pytest.raises(NotFound):
        study_file(house.inner_mongolia, study.pk, "pdf")
    with pytest.raises(Refused):
        study_file(house.tianjin, study.pk, "exe")


def test_an_exercise_says_so(house: House, settings: Any) -> None:
    settings.IS_EXERCISE = True
    study = measure_study(actor=house.tianjin, study=a_study(house.tianjin).pk)
    file = study_file(house.tianjin, study.pk, "xlsx")
    assert file.name.startswith("演练-") and "演练" in load_workbook(BytesIO(file.content))["说明"]["B2"].value


def test_no_case_and_impossible_questions_are_refused_in_words(house: House) -> None:
    with pytest.raises(Refused) as refused:
        a_study(house.tianjin, title="", direction="sideways", first_day=date(2026, 3, 9), last_day=date(2026, 3, 2), case_kind="train")
    assert {each.where.field for each in refused.value.findings} == {"title", "direction", "last_day", "case_kind"}
    empty = a_study(house.tianjin, first_day=date(2026, 1, 1), last_day=date(2026, 1, 2))
    with pytest.raises(Refused) as refused:
        measure_study(actor=house.tianjin, study=empty.pk)
    assert refused.value.findings[0].code == "no_cases"
