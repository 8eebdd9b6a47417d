"""Every verb and every audited table has words in both languages: the trail is read by people."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import kouan
from kouan.audit.registry import registrations
from kouan.console.deed_words import TABLES, VERBS, deed_text
from kouan.console.trail_words import EVENTS


def verbs() -> Iterator[str]:
    """The names under which @action records its verbs."""
    for found in pkgutil.walk_packages(kouan.__path__, "kouan."):
        if ".migrations" in found.name or found.name.endswith("__main__") or found.name in ("kouan.wsgi", "kouan.asgi"):
            continue
        module = importlib.import_module(found.name)
        for name, one in vars(module).items():
            if inspect.isfunction(one) and getattr(one, "__module__", "") == found.name and hasattr(one, "permission") \
                    and "actor" in inspect.signature(one).parameters:
                yield f"{found.name.removeprefix('kouan.')}.{name}"


def test_every_verb_has_words() -> None:
    known = set(verbs())
    assert {"accounts.actions.set_language", "collection.actions._commit", "ports.actions.open_port"} <= known
    assert not known - VERBS.keys(), "give these verbs words in console/deed_words.py"


def test_every_audited_table_has_words() -> None:
    tables = {registration.table for registration in registrations()}
    assert "ports_port" in tables
    assert not tables - TABLES.keys(), "give these tables words in console/deed_words.py"


def test_the_words_are_in_both_languages_and_apart() -> None:
    for name, said in {**VERBS, **TABLES, **EVENTS}.items():
        assert said.zh and not said.zh.isascii(), name
        assert said.en and said.en.isascii(), name
    for table in (VERBS, TABLES):
        assert len({said.zh for said in table.values()}) == len(table) == len({said.en for said in table.values()})


def test_a_verb_of_the_system_names_its_task() -> None:
    said = deed_text("collection.actions._commit [setup]")
    assert said is not None and (said.zh, said.en) == ("数据入库（安装）", "Take in figures (setup)")
    assert deed_text("DELETE by hand") is None
