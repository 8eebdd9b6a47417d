"""Passwords: initial ones that can be read out over a telephone, and rules told as findings.

>>> first = initial_password()
>>> len(first), first.count("-")
(14, 2)
"""

from __future__ import annotations

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from kouan.accounts.models import User
from kouan.basis import Finding, Place, Text

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
