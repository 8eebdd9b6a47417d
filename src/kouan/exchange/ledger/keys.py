"""This installation's own keys: files in the home folder, their public halves in the database. Which one signs now."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from kouan.basis import Refused, clock
from kouan.crypto import KeyFile, secret_of_environment, suite_of, thumbprint
from kouan.exchange.envelope import Signer
from kouan.exchange.ledger.models import Partner, PartnerKey, Purpose
from kouan.exchange.services import limits


def folder() -> Path:
    """Where the private keys lie."""
    return Path(settings.HOME.path) / "keys" / "exchange"


def own() -> Partner:
    """This installation as a partner of others. Refused before ``kouan exchange begin``."""
    found = Partner.objects.filter(is_self=True).first()
    if found is None:
        raise Refused.because(
            "exchange_not_begun", "本单位尚未开通数据交换。", "This installation has no name in the exchange yet.",
            remedy=("请先运行 kouan exchange begin。", "Run kouan exchange begin first."))
    return found


def make_key(partner: Partner, purpose: Purpose, suite_name: str, *, valid_from: datetime) -> PartnerKey:
    """Make a key: the file first, then the row, so that no row is without its file."""
    secret = secret_of_environment()
    if not secret and not settings.DEBUG and not settings.IS_EXERCISE:
        raise Refused.because(
            "exchange_secret_missing", "正式环境的交换私钥须加密保存：请先设置环境变量 KOUAN_KEY_SECRET。",
            "On a real installation private keys are kept encrypted: set KOUAN_KEY_SECRET first.",
            remedy=("请设置 16 个字符以上的随机串，并另处妥善保存。", "Set a random one of 16 characters or more, and keep it elsewhere as well."))
    suite = suite_of(suite_name)
    private = suite.generate()
    public = suite.public_of(private)
    name = thumbprint(suite, public)
    KeyFile.write(folder() / f"{name}.json", suite_name, private, secret=secret, about={"key_id": name, "purpose": str(purpose), "of": partner.code})
    return PartnerKey.objects.create(
        partner=partner, key_id=name, purpose=purpose, suite=suite_name, public=public.hex(), valid_from=valid_from,
        valid_to=valid_from + timedelta(days=limits().keys_valid_days))


def current(partner: Partner, purpose: Purpose) -> PartnerKey:
    """The key that signs or stamps now: the newest in force. Refused when there is none."""
    now = clock.now()
    found = (partner.keys.filter(purpose=purpose, valid_from__lte=now, valid_to__gt=now, revoked_at__isnull=True)
             .order_by("-valid_from", "-pk").first())
    if found is None:
        raise Refused.because(
            "exchange_no_key", f"没有可用的{purpose.label}密钥（过期或已吊销）。", f"There is no key in force for “{purpose}” (expired or revoked).",
            remedy=("请运行 kouan exchange keys rotate。", "Run kouan exchange keys rotate."))
    return found


def signer(partner: Partner, purpose: Purpose) -> Signer:
    """The private half of ``current``."""
    key = current(partner, purpose)
    held = KeyFile.read(folder() / f"{key.key_id}.json")
    return Signer(key.suite, key.key_id, held.key(secret_of_environment()))


def card_of(partner: Partner) -> dict[str, Any]:
    """What another agency needs to know of us; nothing secret."""
    from kouan.exchange.envelope import written

    return {
        "format": "kouan-card/1", "code": partner.code, "name_zh": partner.name_zh, "name_en": partner.name_en, "address": partner.address,
        "keys": [{"key": each.key_id, "purpose": each.purpose, "suite": each.suite, "public": each.public,
                  "valid_from": written(each.valid_from), "valid_to": written(each.valid_to)}
                 for each in partner.keys.filter(revoked_at__isnull=True, valid_to__gt=clock.now())],
    }
