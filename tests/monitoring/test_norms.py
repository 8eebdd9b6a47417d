"""Norms on record: two persons put one in force, from its day, for its ports; what is judged follows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from tests.accounts.factories import a_provincial_officer
from tests.monitoring.journal_factories import NOON, OTHER_PORT, PORT
from tests.monitoring.studies.a_log import House
from tests.ports.factories import a_port

from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock
from kouan.monitoring.case_times import explain_case
from kouan.monitoring.clearance_month import month_figures
from kouan.monitoring.norms.actions import NewNorm, decide_norm, import_norms, propose_norm, withdraw_norm
from kouan.monitoring.norms.models import OperationNorm
from kouan.monitoring.norms.queries import norms_in_force
from kouan.monitoring.processes.asking import Months
from kouan.monitoring.processes.view import process_view
from kouan.monitoring.timing.events import HOUR
from kouan.monitoring.timing.norms import norm_of_whole
from kouan.ports.models import Port

pytestmark = pytest.mark.django_db(transaction=True)
SAID = NewNorm("整体通关", "overall clearance", "overall_clearance", "inbound", Decimal(17), date(2026, 1, 1), "作业时间规范（试行）", "第三条",
               "经测算", document_number="口岸办〔2026〕1号")


@pytest.fixture
def house() -> Iterator[House]:
    """Tianjin and Manzhouli with their log; the home holds no file of norms."""
    assert not (settings.HOME.path / "norms.yaml").exists()
    with clock.travel_to(NOON + timedelta(days=60)):
        made = House()
        made.log()
        yield made


def in_force(house: House, **changes: Any) -> OperationNorm:
    """A norm that the second officer approved."""
    row = propose_norm(actor=house.national, said=replace(SAID, **changes))
    return decide_norm(actor=house.second, number=row.pk, is_approved=True, reason="同意")


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="kouan.accounts.backends.SignInBackend")
    return client


def test_two_persons_put_a_norm_in_force(house: House) -> None:
    row = propose_norm(actor=house.national, said=SAID)
    assert norms_in_force() == []
    with pytest.raises(NotAllowed):
        decide_norm(actor=house.national, number=row.pk, is_approved=True, reason="同意")
    with pytest.raises(NotAllowed):
        propose_norm(actor=house.tianjin, said=SAID)
    with pytest.raises(NotAllowed):
        decide_norm(actor=house.tianjin, number=row.pk, is_approved=True, reason="同意")
    with pytest.raises(Refused):
        decide_norm(actor=house.second, number=row.pk, is_approved=True, reason=" ")
    with pytest.raises(IntegrityError), transaction.atomic():
        OperationNorm.objects.filter(pk=row.pk).update(state="approved", decided_by=house.national)
    decide_norm(actor=house.second, number=row.pk, is_approved=True, reason="同意")
    (held,) = norms_in_force()
    assert (held.limit_us, held.citation.instrument if held.citation else "") == (17 * HOUR, "作业时间规范（试行） 口岸办〔2026〕1号")
    for again in (lambda: decide_norm(actor=house.second, number=row.pk, is_approved=False, reason="不同意"),
                  lambda: withdraw_norm(actor=house.national, number=row.pk), lambda: propose_norm(actor=house.second, said=SAID)):
        with pytest.raises(Conflict):
            again()
    other = propose_norm(actor=house.national, said=replace(SAID, valid_from=date(2027, 1, 1)))
    with pytest.raises(NotAllowed):
        withdraw_norm(actor=house.second, number=other.pk)
    assert withdraw_norm(actor=house.national, number=other.pk).state == "withdrawn" and len(norms_in_force()) == 1


@pytest.mark.parametrize("wrong", [
    {"whole": "everything"}, {"first": "arrived"}, {"first": "released", "last": "arrived"}, {"first": "loaded", "last": "departed"},
    {"hours": Decimal(0)}, {"hours": Decimal("NaN")}, {"hours": None}, {"hours": Decimal(9000)}, {"hours": Decimal("0.0001")}, {"valid_from": None},
    {"valid_to": date(2025, 1, 1)}, {"mode": "space"}, {"port_type": "moon"}, {"port": "nowhere-sea"}, {"port": PORT, "port_type": "sea"},
    {"document": " "}, {"article": ""}, {"name_zh": "长" * 81}, {"direction": "up"}, {"clock_kind": "broken"},
])
def test_a_slip_is_named(house: House, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        propose_norm(actor=house.national, said=replace(SAID, **wrong))
    assert refused.value.findings[0].where.field in {*wrong, "first", "port_type"} and not OperationNorm.objects.exists()


def test_the_norm_of_a_port_goes_before_that_of_its_type_and_that_before_all_each_for_its_days(house: House) -> None:
    kind = Port.objects.get(code=PORT).transport_class or "sea"
    Port.objects.filter(code=PORT).update(transport_class=kind)
    in_force(house)
    in_force(house, hours=Decimal(20), port_type=kind)
    in_force(house, hours=Decimal("30.5"), port=PORT, valid_from=date(2026, 3, 1), valid_to=date(2026, 3, 31))
    in_force(house, hours=Decimal(9), port_type="air_other")

    def limit(port: str, day: date) -> float | None:
        found = norm_of_whole(norms_in_force(), "overall_clearance", "inbound", "sea", port, day)
        return None if found is None else found.limit_us / HOUR

    assert limit(PORT, date(2026, 3, 15)) == 30.5 and limit(PORT, date(2026, 4, 1)) == 20 and limit(OTHER_PORT, date(2026, 4, 1)) == 17
    assert limit(PORT, date(2025, 12, 31)) is None, "a type without ports limits nothing, and nothing holds before its day"


def test_views_cases_and_notices_judge_by_them(house: House) -> None:
    before = process_view(house.national, PORT, Months.of("2026-03"))
    assert before.wholes[0].summary.share_within_norm is None and before.norms == ()
    in_force(house)
    view = process_view(house.national, PORT, Months.of("2026-03"), norms=norms_in_force())
    # 21 imports took 16 hours and a hundredth part of it more with each: seven within 17 hours, and one took 87.
    assert (view.wholes[0].summary.within_norm, view.wholes[0].summary.n) == (7, 22) and view.norms[0].hours == "17"
    with_limit = process_view(house.national, PORT, Months.of("2026-03"), norms=norms_in_force(), limit_hours=Decimal(100))
    assert with_limit.wholes[0].summary.within_norm == 22 and with_limit.norms == ()
    (check,) = [each for whole in explain_case(house.national, "SLOW")["wholes"] for each in whole["norms"]]
    assert check["is_met"] is False
    row = next(each for each in month_figures(house.national, "12", "2026-03")["rows"] if each["port"] == PORT)
    assert row["norm"]["hours"] == 17 and row["summary"]["within_norm"] == 7


def test_a_file_is_proposed_value_by_value_and_once(house: House, tmp_path: Path) -> None:
    file = tmp_path / "norms.yaml"
    file.write_text(f"""norms:
  - {{zh: 审单, en: documents, whole: overall_clearance, between: [declared, docs_checked], direction: inbound, modes: [sea, rail], ports: [{PORT}],
     values: [{{from: 2026-01-01, hours: 2, instrument: 规范, article: 第一条}}, {{from: 2026-06-01, hours: 1, instrument: 规范, article: 第一条}}]}}
""", encoding="utf-8")
    made, before = import_norms(actor=house.national, path=file, reason="登记")
    assert (len(made), before) == (4, 0) and {(row.mode, row.hours) for row in made} == {("sea", 2), ("sea", 1), ("rail", 2), ("rail", 1)}
    assert import_norms(actor=house.national, path=file, reason="登记") == ([], 4)
    with pytest.raises(NotAllowed):
        import_norms(actor=house.tianjin, path=file, reason="登记")
    own = settings.HOME.path / "norms.yaml"
    try:
        own.write_bytes(file.read_bytes())
        assert len(norms_in_force()) == 2, "the home's own file is read beside what is on record"
    finally:
        own.unlink()


def test_the_pages_list_propose_and_decide_and_hide_what_is_of_ports_out_of_sight(house: House) -> None:
    a_port("shenzhen-water", "water", province_code="44")
    national, second, stranger = client_of(house.national), client_of(house.second), client_of(a_provincial_officer("44"))
    said = {"name_zh": "查验等待", "name_en": "wait for inspection", "whole": "overall_clearance", "direction": "inbound", "port": PORT, "hours": "8",
            "valid_from": "2026-01-01", "document": "规范", "article": "第二条", "reason": "经测算"}
    assert national.post("/processes/norms", {**said, "hours": "八"}).status_code == 422
    assert national.post("/processes/norms", {**said, "valid_from": "元旦"}).status_code == 422
    assert stranger.post("/processes/norms", said).status_code == 403
    assert national.post("/processes/norms", said).status_code == 302
    address = f"/processes/norms/{OperationNorm.objects.get().pk}"
    assert "查验等待" in national.get("/processes/norms").content.decode() and "撤回" in national.get(address).content.decode()
    assert national.post(address, {"deed": "approve", "reason": "同意"}).status_code == 403
    assert stranger.get(address).status_code == 404 == stranger.post(address, {"deed": "approve", "reason": "同意"}).status_code
    assert "查验等待" not in stranger.get("/processes/norms").content.decode() and 'id="new"' not in stranger.get("/processes/norms").content.decode()
    assert AuditEntry.objects.filter(note="out_of_scope", after__contains="operation_norm").exists()
    assert second.post(address, {"deed": "approve", "reason": ""}).status_code == 422
    assert second.post(address, {"deed": "approve", "reason": "同意"}).status_code == 302
    shown = client_of(house.tianjin).get(address).content.decode()
    assert "正在施行" in shown and 'name="deed"' not in shown
    assert second.post(address, {"deed": "reject", "reason": "再想想"}).status_code == 409
    with pytest.raises(NotFound):
        decide_norm(actor=house.second, number=999_999, is_approved=True, reason="同意")
