"""A write with the same key is done once, however often a program sends it.

The key belongs to its user. The same key with another body is refused: it would hide that the
second body was never taken in.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction

from kouan.api.models import KeptAnswer
from kouan.basis import Conflict, Finding, Place, clock

KEPT_FOR = timedelta(days=7)


def once(user: Any, key: str, digest: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The kept answer of ``key``, or that of ``work`` done now. A refused write keeps nothing."""
    KeptAnswer.objects.filter(created_at__lt=clock.now() - KEPT_FOR).delete()
    kept = KeptAnswer.objects.filter(user_id=user.pk, key=key).first()
    if kept is None:
        body = json.loads(json.dumps(work(), cls=DjangoJSONEncoder))
        try:
            with transaction.atomic():
                KeptAnswer.objects.create(user_id=user.pk, key=key, request_digest=digest, status=200, body=body)
        except IntegrityError:
            # Two requests with one key at the same moment: the intake itself is idempotent by
            # checksum, so the one that came second changed nothing.
            kept = KeptAnswer.objects.get(user_id=user.pk, key=key)
        else:
            return body
    if kept.request_digest != digest:
        raise Conflict([Finding.error(
            "key_used_before", "这个 Idempotency-Key 已用于另一份内容，本次内容未处理。",
            "This Idempotency-Key was used for other content; this one was not taken in.",
            where=Place(field="Idempotency-Key"),
            remedy=("每份新内容使用新的键。", "Use a new key for each new content."),
        )])
    return kept.body
