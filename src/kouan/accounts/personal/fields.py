"""``PersonalText``: a text that lies encrypted in its column; ``PersonalIndex``: what finds it by equality; ``PersonalRow``: whose it is.

    class User(PersonalRow, …):
        email = PersonalText("电子邮箱", max_length=254, blank=True)
        email_index = PersonalIndex(of="email")

    User.objects.filter(email_index=index_of(User, "email", "ZHANG@example.cn"))

SM4-GCM under the person's own key; table, column and person are authenticated with it, so that a ciphertext moved to another row or
column does not open. A value that has not changed is not encrypted anew. Only emptiness can be asked of the column itself.
"""

from __future__ import annotations

import base64
import json
import logging
import unicodedata
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from kouan.accounts.personal import keys
from kouan.basis import Refused
from kouan.crypto import Unreadable, suite_of

PREFIX = "p1."
GONE = "（已销毁）"
UNREADABLE = "（无法读取）"

log = logging.getLogger("kouan.personal")


class Sealed(str):
    """A text as it lies in the column."""

    __slots__ = ()


def _where(table: str, column: str, subject: uuid.UUID) -> bytes:
    return json.dumps(["kouan-personal/1", table, column, str(subject)], separators=(",", ":")).encode()


def seal(table: str, column: str, subject: uuid.UUID, plain: str) -> Sealed:
    """Encrypt one value; the person's key is made with the first. Empty stays empty. Raises Refused for a destroyed subject."""
    if not plain:
        return Sealed("")
    try:
        key = keys.key_of(subject, make=True)
    except keys.Destroyed as error:
        raise Refused.because(
            "personal_subject_destroyed", "该主体的密钥已销毁，不能再写入个人信息。",
            "The key of this person was destroyed; nothing personal can be written.",
            remedy=("请另建记录。", "Make a new record.")) from error
    held = suite_of(keys.SUITE).seal(key, plain.encode(), _where(table, column, subject))
    return Sealed(PREFIX + base64.urlsafe_b64encode(held).decode())


def open_sealed(table: str, column: str, subject: uuid.UUID, held: str) -> str:
    """The value of ``seal``. Raises ``keys.Destroyed`` or Unreadable."""
    if not held.startswith(PREFIX):
        raise Unreadable("not sealed")
    try:
        raw = base64.b64decode(held[len(PREFIX) :], altchars=b"-_", validate=True)
    except ValueError as error:
        raise Unreadable("not base64") from error
    key = keys.key_of(subject, make=False)
    return suite_of(keys.SUITE).open(key, raw, _where(table, column, subject)).decode()


def normalised(value: str) -> str:
    """The spelling under which a value is looked up.

    >>> normalised(" Ｚhang@Example.CN "), normalised("+86 755-1234 5678")
    ('zhang@example.cn', '+86 755-1234 5678')
    """
    return unicodedata.normalize("NFKC", value).strip().casefold()


def index_of(model: type[models.Model], column: str, value: str) -> str:
    """What the index of that column holds for a value: HMAC-SM3 under the key of the index, bound to table and column."""
    said = normalised(value)
    if not said:
        return ""
    return suite_of(keys.SUITE).mac(keys.index_key(), f"{model._meta.db_table}|{column}|{said}".encode()).hex()


class _OpenedWhenRead(DeferredAttribute):
    """Decrypts on first reading, so that rows that are listed without their personal fields cost nothing."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Sealed):
            return value
        name = self.field.attname
        plain = self._open(instance, value) if value else ""
        instance.__dict__[name] = plain
        instance.__dict__[f"_{name}_sealed"] = (plain, value)
        return plain

    def __set__(self, instance: Any, value: Any) -> None:
        # Having this method, the descriptor is asked before the row's own dictionary.
        instance.__dict__[self.field.attname] = value

    def _open(self, instance: Any, value: Sealed) -> str:
        table = instance._meta.db_table
        try:
            return open_sealed(table, str(self.field.column), instance.personal_subject, value)
        except keys.Destroyed:
            return GONE
        except (Unreadable, UnicodeDecodeError):
            # One altered row must not close the page on which it stands; `kouan keys status --check` names them all.
            log.error("personal data of %s/%s does not open", table, instance.pk)
            return UNREADABLE


class PersonalText(models.TextField):
    """A text encrypted in its column. The model is a ``PersonalRow``. ``max_length`` is the plain text's, for forms."""

    descriptor_class = _OpenedWhenRead

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """What lies there is opened only when it is read. Values of an older release are plain until their migration."""
        return Sealed(value) if isinstance(value, str) and value.startswith(PREFIX) else value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """The sealed text to be written: the one that lies there already while its value is the same."""
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        plain, held = model_instance.__dict__.get(f"_{self.attname}_sealed", (None, None))
        if held is not None and plain == value:
            return held
        sealed = seal(model_instance._meta.db_table, str(self.column), model_instance.personal_subject, str(value))
        model_instance.__dict__[f"_{self.attname}_sealed"] = (value, sealed)
        return sealed

    def get_prep_value(self, value: Any) -> Any:
        """Only sealed text and emptiness reach the database: an ``update()`` or a filter by plain text is a mistake in the code."""
        if value is None or value == "":
            return value
        if not isinstance(value, Sealed):
            raise FieldError(f"{self.model.__name__}.{self.name} is encrypted: write it by save(), look it up by its PersonalIndex")
        return str(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """``exact`` (for emptiness) and ``isnull``; anything else would search in ciphertext."""
        return super().get_lookup(lookup_name) if lookup_name in ("exact", "isnull") else None


class PersonalIndex(models.CharField):
    """The keyed index of a ``PersonalText`` of the same model, kept in step by ``PersonalRow.save``. Not in the audit trail."""

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        kwargs.update(max_length=64, blank=True, default="", editable=False, db_index=True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """For migrations."""
        name, path, arguments, named = super().deconstruct()
        for each in ("max_length", "blank", "default", "editable", "db_index"):
            named.pop(each, None)
        return name, path, arguments, {**named, "of": self.of}

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """Worked out anew where the value was read or written; as it was where nobody touched it."""
        held = model_instance.__dict__.get(self.of)
        if isinstance(held, Sealed) or held in (GONE, UNREADABLE) or self.of not in model_instance.__dict__:
            return getattr(model_instance, self.attname)
        value = index_of(type(model_instance), self.of, held or "")
        setattr(model_instance, self.attname, value)
        return value


class PersonalRow(models.Model):
    """A row about one person. ``personal_subject`` names the key; destroying that key ends its personal fields for ever."""

    personal_subject = models.UUIDField("主体", default=uuid.uuid4, null=True, unique=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Keep the indexes in step where only some fields are saved."""
        if self.personal_subject is None:
            self.personal_subject = uuid.uuid4()
            update_fields = None if update_fields is None else [*update_fields, "personal_subject"]
        if update_fields is not None:
            named = set(update_fields)
            named |= {each.name for each in self._meta.local_fields if isinstance(each, PersonalIndex) and each.of in named}
            update_fields = sorted(named)
        super().save(*args, update_fields=update_fields, **kwargs)


def personal_models() -> list[type[PersonalRow]]:
    """Every model with personal fields."""
    from django.apps import apps

    return [each for each in apps.get_models() if issubclass(each, PersonalRow)]


def personal_fields(model: type[models.Model]) -> list[PersonalText]:
    """The encrypted fields of a model."""
    return [each for each in model._meta.local_fields if isinstance(each, PersonalText)]


def encrypt_rows(label: str, model_name: str, columns: tuple[str, ...]) -> Callable[[Any, Any], None]:
    """For a data migration: give every row a subject and seal the values that an older release left in clear. Safe to repeat."""

    def run(apps: Any, schema_editor: Any) -> None:
        model = apps.get_model(label, model_name)
        indexes = [each.name for each in model._meta.local_fields if isinstance(each, PersonalIndex)]
        for row in model.objects.using(schema_editor.connection.alias).all().iterator(chunk_size=500):
            if row.personal_subject is None:
                row.personal_subject = uuid.uuid4()
            row.save(update_fields=["personal_subject", *columns, *indexes])

    return run
