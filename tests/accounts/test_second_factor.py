"""Two factors at sign-in: codes by RFC 6238, each once, clocks that differ, recovery codes, reset with a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pyotp
import pytest
from django.db import connection, connections
from django.test import override_settings

from accounts.factories import a_national_officer, a_provincial_officer, a_user, an_administrator, an_office
from kouan.accounts import second_factor
from kouan.accounts.models import OrganisationKind, RecoveryCode, Role, SecondFactor, User
from kouan.accounts.sealing import SealBroken, opened, seal
from kouan.audit.models import AuditEntry
from kouan.basis import Conflict, NotAllowed, NotFound, Refused, clock

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 6, 4, 0, 0, tzinfo=UTC)


def set_up(user: User, at: datetime = NOON) -> tuple[str, list[str]]:
    """A confirmed factor: its secret and recovery codes. The code of ``at`` is used up by it."""
    with clock.travel_to(at):
        secret = second_factor.begin_second_factor(actor=user)
        return secret, second_factor.confirm_second_factor(actor=user, code=pyotp.TOTP(secret).at(at))


def prove(user: User, secret: str, at: datetime, of: datetime | None = None) -> None:
    with clock.travel_to(at):
        second_factor.prove_second_factor(actor=user, code=pyotp.TOTP(secret).at(of or at))


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    # RFC 6238, appendix B, SHA-1; the last six of the eight digits given there.
    user = a_national_officer()
    SecondFactor.objects.create(user=user, secret_sealed=seal("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", f"user:{user.pk}"), confirmed_at=clock.now())
    with clock.travel_to(datetime.fromtimestamp(seconds, tz=UTC)):
        second_factor.prove_second_factor(actor=user, code=code)


def test_a_code_serves_once_and_one_before_it_never_again() -> None:
    user = a_national_officer()
    secret, _ = set_up(user)
    with pytest.raises(Refused, match="已经用过"):
        prove(user, secret, NOON)
    later = NOON + timedelta(seconds=30)
    prove(user, secret, later)
    with pytest.raises(Refused):
        prove(user, secret, later)
    with pytest.raises(Refused):
        prove(user, secret, later, of=NOON)


@pytest.mark.parametrize(("drift", "passes"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_differ_by_one_step(drift: int, passes: bool) -> None:
    user = a_national_officer()
    secret, _ = set_up(user)
    now = NOON + timedelta(minutes=10)
    if passes:
        prove(user, secret, now, of=now + timedelta(seconds=drift))
    else:
        with pytest.raises(Refused):
            prove(user, secret, now, of=now + timedelta(seconds=drift))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "000000\x00"])
def test_nonsense_is_refused(code: str) -> None:
    user = a_national_officer()
    set_up(user)
    with pytest.raises(Refused):
        second_factor.prove_second_factor(actor=user, code=code)


def test_a_recovery_code_serves_once_and_only_its_owner() -> None:
    user, other = a_national_officer(), a_national_officer()
    _, codes = set_up(user)
    set_up(other)
    assert len(set(codes)) == 10
    second_factor.prove_second_factor(actor=user, code=codes[0].upper())
    for person, code in ((user, codes[0]), (other, codes[1])):
        with pytest.raises(Refused):
            second_factor.prove_second_factor(actor=person, code=code)
    assert second_factor.codes_left(user) == 9


def test_neither_database_nor_trail_holds_secret_or_codes() -> None:
    user = a_national_officer()
    secret, codes = set_up(user)
    trail = AuditEntry.objects.values("before", "after")
    kept = "".join(str(list(each)) for each in (SecondFactor.objects.values(), RecoveryCode.objects.values(), trail))
    assert secret not in kept
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


def test_a_sealed_secret_opens_only_for_its_row() -> None:
    sealed = seal("JBSWY3DPEHPK3PXP", "user:1")
    assert opened(sealed, "user:1") == "JBSWY3DPEHPK3PXP"
    for broken, owner in ((sealed, "user:2"), (sealed[:-4] + "AAAA", "user:1"), ("other:" + sealed, "user:1"), ("", "user:1")):
        with pytest.raises(SealBroken):
            opened(broken, owner)


def test_nothing_is_in_force_before_a_code_was_typed() -> None:
    user = a_national_officer()
    secret = second_factor.begin_second_factor(actor=user)
    assert second_factor.factor_of(user) is None
    assert second_factor.secret_begun(user) == secret
    with pytest.raises(Refused):
        second_factor.confirm_second_factor(actor=user, code="000000" if pyotp.TOTP(secret).at(clock.now()) != "000000" else "000001")
    assert second_factor.factor_of(user) is None
    with pytest.raises(Conflict):
        second_factor.confirm_second_factor(actor=a_national_officer(), code="123456")


def test_an_administrator_resets_with_a_reason_within_scope_and_never_the_own() -> None:
    user, administrator = a_provincial_officer("44"), an_administrator()
    set_up(user)
    set_up(administrator)
    neighbour = a_user(Role.ADMINISTRATOR, an_office(OrganisationKind.PROVINCIAL_OFFICE, province_code="15"))
    with pytest.raises(NotFound):
        second_factor.reset_second_factor(actor=neighbour, user=user, reason="手机遗失")
    with pytest.raises(NotAllowed):
        second_factor.reset_second_factor(actor=user, user=user, reason="手机遗失")
    with pytest.raises(Refused, match="理由"):
        second_factor.reset_second_factor(actor=administrator, user=user, reason=" ")
    with pytest.raises(Refused, match="自己"):
        second_factor.reset_second_factor(actor=administrator, user=administrator, reason="手机遗失")
    second_factor.reset_second_factor(actor=administrator, user=user, reason="手机遗失，已当面核验")
    assert second_factor.factor_of(user) is None
    assert second_factor.codes_left(user) == 0
    entry = AuditEntry.objects.get(note="second_factor_reset")
    assert entry.actor_id == administrator.pk
    assert "当面核验" in entry.after


def test_the_policy_is_by_role_and_its_users_cannot_end_theirs() -> None:
    user, reporter = a_national_officer(), a_user(Role.PORT_REPORTER, an_office(OrganisationKind.PORT_OPERATOR))
    with override_settings(KOUAN_SECOND_FACTOR=frozenset({"national_officer"})):
        assert second_factor.is_owed(user)
        assert not second_factor.is_owed(reporter)
        secret, _ = set_up(user)
        assert not second_factor.is_owed(user)
        with clock.travel_to(NOON + timedelta(minutes=1)), pytest.raises(Refused, match="不能停用"):
            second_factor.end_second_factor(actor=user, code=pyotp.TOTP(secret).at(NOON + timedelta(minutes=1)))
    with clock.travel_to(NOON + timedelta(minutes=2)):
        second_factor.end_second_factor(actor=user, code=pyotp.TOTP(secret).at(NOON + timedelta(minutes=2)))
    assert second_factor.factor_of(user) is None


@pytest.mark.django_db(transaction=True)
def test_two_who_type_the_same_code_at_once_are_not_both_let_in() -> None:
    user = a_national_officer()
    secret, _ = set_up(user)
    at = NOON + timedelta(minutes=5)
    code, start, answers = pyotp.TOTP(secret).at(at), Barrier(2), []

    def ask() -> None:
        start.wait()
        try:
            with clock.travel_to(at):
                second_factor.prove_second_factor(actor=user, code=code)
            answers.append("in")
        except Refused:
            answers.append("refused")
        finally:
            connections.close_all()

    threads = [Thread(target=ask) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(answers) == ["in", "refused"], connection.vendor
