"""Code lists (代码表): GB/T, customs, UN/LOCODE, IATA, HS and others, with their editions and how they map onto each other.

Pure and lazy: importing costs nothing, a list is read when it is first asked for, and a look-up in the 116,000 rows of
UN/LOCODE takes a few milliseconds (docs/codes.md). `codes.py` beside this package checks the form of single codes.

>>> registry().get("customs-port").entry("CHN799").name.zh
'深圳宝安国际机场（中国）'
"""

from kouan.basis.codelists.comparing import Comparison, Pair, compare, what_changed
from kouan.basis.codelists.mapping import RELATIONS, Link, Links, Target, lists_with, map_code, nothing_leads
from kouan.basis.codelists.registry import CodeList, Edition, Entry, MappingSource, Registry, registry
from kouan.basis.codelists.search import Hit, find
from kouan.basis.codelists.sheet import Sheet, read_sheet

__all__ = [
    "CodeList", "Comparison", "Edition", "Entry", "Hit", "Link", "Links", "MappingSource", "Pair", "RELATIONS", "Registry", "Sheet", "Target",
    "compare", "find", "lists_with", "map_code", "nothing_leads", "read_sheet", "registry", "what_changed",
]
