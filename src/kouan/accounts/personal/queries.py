"""How the keys of personal data stand. For administrators; no personal value is ever answered."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from kouan.accounts.personal import keys
from kouan.accounts.personal.fields import Sealed, open_sealed, personal_fields, personal_models
from kouan.accounts.personal.models import SubjectKey
from kouan.basis import Finding, Place
from kouan.crypto import KeyFile, Unreadable

NAMED = 50


def status() -> dict[str, Any]:
    """Master keys with what each wraps, and how many persons there are."""
    counts = {each["master"]: each["live"] for each in SubjectKey.objects.order_by().values("master").annotate(
        live=Count("pk", filter=Q(destroyed_at__isnull=True)))}
    found = keys.masters()
    return {
        "masters": [{"number": number, "is_current": number == max(found), "is_guarded": KeyFile.read(place).is_guarded,
                     "wraps": counts.get(number, 0)} for number, place in found.items()],
        "subjects": SubjectKey.objects.filter(destroyed_at__isnull=True).count(),
        "destroyed": SubjectKey.objects.filter(destroyed_at__isnull=False).count(),
        "fields": [f"{model._meta.db_table}.{field.column}" for model in personal_models() for field in personal_fields(model)],
    }


def faults() -> list[Finding]:
    """What an operator should know: keys in clear, files gone, destroyed persons whom a restored backup brought back."""
    found = []
    present = keys.masters()
    for number in sorted(set(SubjectKey.objects.filter(destroyed_at__isnull=True).values_list("master", flat=True)) - set(present)):
        found.append(Finding.error("personal_key_missing", f"主密钥 {number} 的文件缺失，用它加密的内容无法读出。",
                                   f"The file of master key {number} is missing; what it wraps cannot be read.",
                                   remedy=("请从备份恢复 keys/personal/。", "Restore keys/personal/ from its backup.")))
    if any(not KeyFile.read(place).is_guarded for place in present.values()):
        found.append(Finding.warning(
            "personal_key_in_clear", "主密钥文件未加密，只靠文件权限保护。", "The master key's file is not encrypted; only its mode guards it.",
            remedy=("请设置 KOUAN_KEY_SECRET，再运行 kouan keys rotate --forget-old。",
                    "Set KOUAN_KEY_SECRET, then run kouan keys rotate --forget-old.")))
    back = SubjectKey.objects.filter(destroyed_at__isnull=True, subject__in=list(keys.destroyed())).count()
    if back:
        found.append(Finding.error(
            "personal_destroyed_is_back", f"有 {back} 个已销毁的主体随数据库恢复而重新出现；仍不可读。",
            f"{back} destroyed persons are back with a restored database; they stay unreadable.",
            remedy=("请对其再次执行 kouan keys destroy。", "Run kouan keys destroy for them again.")))
    return found


def unreadable() -> list[Finding]:
    """Open every value of every personal field, and name those that do not open, or lie there in clear."""
    found: list[Finding] = []
    for model in personal_models():
        table = model._meta.db_table
        for field in personal_fields(model):
            rows = model._default_manager.exclude(**{field.name: ""}).values_list("pk", "personal_subject", field.name).order_by("pk")
            for pk, subject, held in rows.iterator(chunk_size=500):
                try:
                    if held is not None:
                        open_sealed(table, str(field.column), subject, str(held) if isinstance(held, Sealed) else "")
                except keys.Destroyed:
                    continue
                except (Unreadable, UnicodeDecodeError):
                    if len(found) < NAMED:
                        found.append(Finding.error(
                            "personal_unreadable", f"{table} 第 {pk} 行的 {field.column} 无法解密：被改动、移自他处，或未加密。",
                            f"{field.column} of row {pk} of {table} does not open: altered, moved from elsewhere, or in clear.",
                            where=Place(path=f"{table}/{pk}/{field.column}")))
    return found
