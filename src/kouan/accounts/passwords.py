"""Passwords: initial ones that can be read out over a telephone, and rules told as findings.

>>> first = initial_password()
>>> len(first), first.count("-")
(14, 2)
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from kouan.accounts.models import FormerPassword, User
from kouan.basis import Finding, Place, Text, clock

# Longer ones are refused, never cut off.
LONGEST = 256
# Without characters that are taken for each other on paper: 0 O 1 l I.
_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def initial_password() -> str:
    """Twelve random characters in groups of four (70 bits); it must be changed at the first sign-in."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def findings_of_password(password: str, user: User | None, *, field: str) -> list[Finding]:
    """What the password rules of the settings have against a password; empty when it is good."""
    said: dict[str, list[str]] = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            try:
                validate_password(password, user)
                return []
            except ValidationError as error:
                said[language] = list(error.messages)
    return [
        Finding.error(
            "weak_password", zh, en, where=Place(field=field),
            remedy=Text("请换一个至少10个字符、不含姓名和登录名、不常见的密码。",
                        "Choose one of at least 10 characters that is not common and does not hold your name."),
        )
        for zh, en in zip(said["zh-hans"], said["en"], strict=True)
    ]


class OperatorsList(CommonPasswordValidator):
    """Refuses what stands in the operator's own list (``KOUAN_PASSWORD_LIST``: one to a line, UTF-8), beside Django's 20,000."""

    def __init__(self, path: str) -> None:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        self.passwords = {line.strip().lower() for line in lines if line.strip()}

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password of the list, whatever its capitals."""
        super().validate(password, user)


class NotEndless:
    """Refuses a password longer than the doors read: what is cut off would count for nothing without anybody knowing."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError above ``LONGEST`` characters."""
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """The rule in the language in force."""
        return _here(Text(f"密码不得超过 {LONGEST} 个字符。", f"A password has {LONGEST} characters at most."))


class HouseWords:
    """Refuses a password that is mostly words everybody here would try first: take them out, and eight characters must be left.

    >>> HouseWords().validate("the eleventh bridge at dusk")
    >>> HouseWords().validate("Kouan-Admin-2026")
    Traceback (most recent call last):
    django.core.exceptions.ValidationError: ...
    """

    # Documented in docs/security.md: the product, its trade, its roles and the year of the plan.
    WORDS = ("kouan", "guokou", "haiguan", "customs", "bianjian", "haishi", "admin", "password", "mima", "auditor", "guojia",
             "office", "welcome", "port", "口岸", "海关", "边检", "海事", "国家", "管理员", "密码", "china", "zhongguo")
    LEFT = 8

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where too little is left; years, digits in a row and punctuation count for nothing."""
        left = password.lower()
        for word in sorted(self.WORDS, key=len, reverse=True):
            left = left.replace(word, "")
        if left == password.lower():
            return
        left = re.sub(r"(?:19|20)\d\d|123+4*5*6*7*8*9*0*|[\W_]", "", left)
        if len(left) < self.LEFT:
            raise ValidationError(self.get_help_text(), code="house_words")

    def get_help_text(self) -> str:
        """The rule in the language in force."""
        return _here(_HOUSE_WORDS)


def _here(text: Text) -> str:
    return text.en if (translation.get_language() or "zh").startswith("en") else text.zh


_HOUSE_WORDS = Text("密码主要由本系统、本行业的常用词（如 kouan、口岸、admin、年份）组成，容易被猜中。",
                    "The password is mostly words that anybody here would guess (kouan, 口岸, admin, a year).")


def findings_of_reuse(password: str, user: User, *, field: str) -> list[Finding]:
    """Refuses the last ``KOUAN_PASSWORDS_REMEMBERED`` passwords, the present one among them."""
    kept = [user.password, *FormerPassword.objects.filter(user_id=user.pk).values_list("password", flat=True)]
    if not any(check_password(password, each) for each in kept[: settings.KOUAN_PASSWORDS_REMEMBERED]):
        return []
    return [Finding.error(
        "password_used_before", "新密码不能是最近用过的密码。", "The new password must not be one that you used lately.", where=Place(field=field),
        required=str(settings.KOUAN_PASSWORDS_REMEMBERED), remedy=("请另想一个密码。", "Choose another."))]


def remember(user: User) -> None:
    """Keep the present hash among the former ones, and no more of them than count. Call it before the new one is set."""
    if user.has_usable_password():
        FormerPassword.objects.create(user=user, password=user.password)
    beyond = FormerPassword.objects.filter(user_id=user.pk).values_list("pk", flat=True)[max(0, settings.KOUAN_PASSWORDS_REMEMBERED - 1):]
    FormerPassword.objects.filter(pk__in=list(beyond)).delete()


def is_too_old(user: User) -> bool:
    """Whether a password has passed the age that the installation allows (``KOUAN_PASSWORD_DAYS``; 0: no limit)."""
    days = settings.KOUAN_PASSWORD_DAYS
    return bool(days) and not user.is_demonstration and clock.now() - user.password_changed_at > timedelta(days=days)
