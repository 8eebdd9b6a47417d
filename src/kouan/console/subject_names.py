"""Names and pages of what figures are about, for lists: one query for each kind, not one for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import SubjectKind, Text, codes
from kouan.console.addresses import address_of
from kouan.console.words import here
from kouan.ports.models import BenchmarkPort, CounterpartPoint, Port

KINDS: Mapping[str, Text] = {
    "port": Text("口岸", "Port"),
    "counterpart_point": Text("对侧口岸点", "Counterpart point"),
    "benchmark_port": Text("对标口岸", "Benchmark port"),
    "province": Text("省级行政区", "Province"),
    "nation": Text("全国", "Nation"),
    "group": Text("口岸群体", "Group of ports"),
}


class SubjectNames:
    """The names of some subjects, fetched together. ``name(kind, code)`` and ``link(kind, code)``."""

    def __init__(self, subjects: Iterable[tuple[str, str]]) -> None:
        wanted: dict[str, set[str]] = defaultdict(set)
        for kind, code in subjects:
            wanted[kind].add(code)
        self._names: dict[tuple[str, str], Text] = {}
        for kind, rows in (
            (SubjectKind.PORT, Port.objects.filter(code__in=wanted["port"]).values_list("code", "name_zh", "name_en")),
            (SubjectKind.COUNTERPART_POINT,
             CounterpartPoint.objects.filter(code__in=wanted["counterpart_point"]).values_list("code", "name_zh", "name_en")),
            (SubjectKind.BENCHMARK_PORT,
             BenchmarkPort.objects.filter(code__in=wanted["benchmark_port"]).values_list("code", "name", "name")),
        ):
            if wanted[kind.value]:
                self._names |= {(kind.value, code): Text(zh, en or zh) for code, zh, en in rows}
        for code in wanted["province"]:
            self._names["province", code] = codes.province(code).name
        for code in wanted["nation"]:
            self._names["nation", code] = KINDS["nation"]

    def name(self, kind: str, code: str) -> str:
        """The name in the page's language; the code where there is none (a row about nothing we know)."""
        found = self._names.get((kind, code))
        return here(found) if found else code

    def link(self, kind: str, code: str) -> SafeString | str:
        """The name, leading to the port's page where there is one."""
        if not code:
            return "—"
        address = address_of("port", code) if kind == "port" else ""
        name = self.name(kind, code)
        return format_html('<a href="{}">{}</a>', address, name) if address else name
