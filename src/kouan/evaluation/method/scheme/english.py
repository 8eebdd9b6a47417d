"""What the tables of a scheme say in Chinese alone, in both languages, for those who read them.

>>> told("海关/卫健").en, told("设施台账;建标185").en, told("没有的话").en
('customs/health authority', 'facilities ledger; construction standard 185', '没有的话')
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from kouan.basis import Text

_FILE = Path(__file__).with_name("english.yaml")
_PARTS = re.compile(r"([;/])")


def told(words: str) -> Text:
    """A phrase, or several divided by ; or /, in both languages; what nobody put into English stays as it is written."""
    said = "".join("; " if each == ";" else _english().get(each, each) for each in _PARTS.split(words))
    return Text(words.replace(";", "；"), _english().get(words, said))


@lru_cache(maxsize=1)
def _english() -> dict[str, str]:
    return {zh: en for part in yaml.safe_load(_FILE.read_text(encoding="utf-8")).values() for zh, en in part.items()}
