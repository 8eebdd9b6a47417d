"""Names and pages of what figures are about, for lists: one query for each kind, not one for each row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString

from kouan.basis import SubjectKind, Text, codes, measures
from kouan.console.addresses import address_of
from kouan.console.words import capitalised, here
from kouan.ports.models import BenchmarkPort, CounterpartPoint, Port

KINDS: Mapping[str, Text] = {
    "port": Text("口岸", "Port"),
    "counterpart_point": Text("对侧口岸点", "Counterpart point"),
    "benchmark_port": Text("对标口岸", "Benchmark port"),
    "province": Text("省级行政区", "Province"),
    "nation": Text("全国", "Nation"),
    "group": Text("口岸群体", "Group of ports"),
}


# How the points of a region are named in full, and what its inbound and outbound are to a reader on this side.
PLACES: Mapping[str, Text] = {"HK": Text("香港", "Hong Kong")}
_THERE: Mapping[str, tuple[Text, Text]] = {
    "HK": (Text("抵港", "arriving in Hong Kong"), Text("离港", "leaving Hong Kong")),
    "MO": (Text("抵澳", "arriving in Macao"), Text("离澳", "leaving Macao")),
}
_ACROSS = (Text("抵对侧", "arriving on the other side"), Text("离对侧", "leaving the other side"))


def direction_text(measure: str, direction: str, region: str = "") -> Text:
    """A direction as its publisher means it. ``region``: of the point across the border, where 入境 is into there: 入境（抵港）."""
    said = capitalised(measures.get(measure).direction_name(direction))
    if not region or direction not in ("inbound", "outbound"):
        return said
    there = _THERE.get(region, _ACROSS)[direction == "outbound"]
    return Text(f"{said.zh}（{there.zh}）", f"{said.en} ({there.en})")


class SubjectNames:
    """The names of some subjects, fetched together. ``name(kind, code)`` and ``link(kind, code)``."""

    def __init__(self, subjects: Iterable[tuple[str, str]]) -> None:
        wanted: dict[str, set[str]] = defaultdict(set)
        for kind, code in subjects:
            wanted[kind].add(code)
        self._names: dict[tuple[str, str], Text] = {}
        for kind, rows in (
            (SubjectKind.PORT, Port.objects.filter(code__in=wanted["port"]).values_list("code", "name_zh", "name_en")),
            (SubjectKind.BENCHMARK_PORT,
             BenchmarkPort.objects.filter(code__in=wanted["benchmark_port"]).values_list("code", "name", "name")),
        ):
            if wanted[kind.value]:
                self._names |= {(kind.value, code): Text(zh, en or zh) for code, zh, en in rows}
        self._regions: dict[str, str] = {}
        if wanted["counterpart_point"]:
            points = CounterpartPoint.objects.filter(code__in=wanted["counterpart_point"])
            for code, zh, en, region in points.values_list("code", "name_zh", "name_en", "region_code"):
                self._regions[code] = region
                place = PLACES.get(region)
                self._names["counterpart_point", code] = Text(
                    f"{place.zh}{zh}管制站" if place else zh, f"{en or zh} Control Point, {place.en}" if place else en or zh)
        for code in wanted["province"]:
            self._names["province", code] = codes.province(code).name
        for code in wanted["nation"]:
            self._names["nation", code] = KINDS["nation"]

    def name(self, kind: str, code: str) -> str:
        """The name in the page's language; the code where there is none (a row about nothing we know)."""
        found = self._names.get((kind, code))
        return here(found) if found else code

    def region(self, kind: str, code: str) -> str:
        """The region of a counterpart point (HK); empty for everything else."""
        return self._regions.get(code, "") if kind == "counterpart_point" else ""

    def link(self, kind: str, code: str) -> SafeString | str:
        """The name, leading to the port's page where there is one."""
        if not code:
            return "—"
        address = address_of("port", code) if kind == "port" and (kind, code) in self._names else ""
        name = self.name(kind, code)
        return format_html('<a href="{}">{}</a>', address, name) if address else name
