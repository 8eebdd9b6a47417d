"""Finding a port by whatever somebody wrote: our code, a name, pinyin, or another office's code.

``PortIndex`` holds the names of the ports that one user may see, so that a file of many rows asks
the database once and an answer never gives away a port out of scope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q

from kouan.basis import Finding, Place, clock, nearest
from kouan.basis.names import half_width
from kouan.ports.models import CodeScheme, Port, PortCode, PortQuerySet, TransportMode
from kouan.ports.names import plain, unprintable

if TYPE_CHECKING:
    from kouan.ports.models import Reader


@dataclass(slots=True)
class PortIndex:
    """Names and codes → ports, for one reader and one day."""

    ports: dict[str, Port]
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    retired: dict[str, list[PortCode]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, user: Reader = None, *, everything: bool = False, on: date | None = None) -> PortIndex:
        """Read the ports that ``user`` may see (or all, for rooms that judge scope elsewhere)."""
        day = on or clock.today()
        query = Port.objects.all() if everything else Port.objects.visible_to(user)
        index = cls({port.code: port for port in query})
        for port in index.ports.values():
            for name in (port.code, port.name_zh, port.short_name_zh, port.name_en, port.pinyin):
                index._enter(name, port.code)
            index.shown[port.name_zh] = port.code
            index.shown.setdefault(port.short_name_zh, port.code)
        keys = {port.pk: port.code for port in index.ports.values()}
        for row in PortCode.objects.filter(port__in=list(keys)) if not everything else PortCode.objects.all():
            code = keys.get(row.port_id)
            if code is None:
                continue
            if row.valid_to is not None and row.valid_to <= day:
                index.retired[plain(row.code)].append(row)
            elif row.valid_from is None or row.valid_from <= day:
                index._enter(row.code, code)
                if row.scheme == CodeScheme.NAME:
                    index.shown.setdefault(row.code, code)
        return index

    def _enter(self, name: str, code: str) -> None:
        known = self.by_name[plain(name)] if name else None
        if known is not None and code not in known:
            known.append(code)

    def resolve(self, text: str, *, mode: str | None = None, where: Place | None = None) -> Port | Finding:
        """The one port that ``text`` names, or a finding that says what was meant instead.

        ``mode`` decides between the ports of one place (满洲里 by rail or road) where the source says it.
        """
        wanted = plain(text or "")
        exact = self.ports.get(half_width(text or "").strip().casefold())
        if exact is not None:
            return exact
        found = self._those(self.by_name.get(wanted, []), mode)
        if not found and half_width(text or "").strip().endswith("港口岸"):
            # 大连港口岸 is the port of entry at the harbour; 大连港 alone is the harbour.
            found = self._those(self.by_name.get(wanted.removesuffix("港"), []), TransportMode.WATER)
        if len(found) == 1:
            return found[0]
        finding = self._several(text, found) if found else self._none(text, wanted, mode)
        return finding.at(where) if where else finding

    def _those(self, codes: Iterable[str], mode: str | None) -> list[Port]:
        return [port for code in codes if (port := self.ports[code]) and mode in (None, "", port.mode)]

    def _several(self, text: str, found: list[Port]) -> Finding:
        zh = "、".join(f"{port.name_zh}（{port.code}）" for port in found)
        en = ", ".join(port.code for port in found)
        return Finding.error(
            "ambiguous_port", f"“{text}”可指{len(found)}个口岸：{zh}。", f"“{text}” may be any of {len(found)} ports: {en}.",
            measured=text, remedy=("请写明方式的全称或口岸代码。", "Write the full name with its mode, or the port code."),
        )

    def _none(self, text: str, wanted: str, mode: str | None) -> Finding:
        others = self._those(self.by_name.get(wanted, []), None)
        if others:
            names = "、".join(port.name_zh for port in others)
            label = TransportMode(mode).label if mode in TransportMode.values else mode
            return Finding.error(
                "unknown_port", f"名录中没有“{text}”的{label}口岸，只有{names}。",
                f"The register has no {mode} port “{text}”, only {', '.join(port.code for port in others)}.",
                measured=text, remedy=("请核对运输方式。", "Check the mode of transport."),
            )
        if self.retired.get(wanted):
            row = self.retired[wanted][-1]
            return Finding.error(
                "code_retired", f"代码“{text}”自 {row.valid_to} 起停用，原属{row.port.name_zh}（{row.port.code}）。",
                f"The code “{text}” is out of use since {row.valid_to}; it named {row.port.code}.",
                measured=text, remedy=("请改用现行代码。", "Use the code now in force."),
            )
        harbour = self._those(self.by_name.get(wanted.removesuffix("港"), []), TransportMode.WATER)
        if wanted.endswith("港") and harbour:
            return Finding.error(
                "harbour_not_port",
                f"“{text}”是港口，不是口岸；港口吞吐量含内贸货物，不能记作{harbour[0].name_zh}的货运量。",
                f"“{text}” is a harbour, not a port of entry; its throughput holds domestic cargo and is not that of "
                f"{harbour[0].code}.",
                measured=text, remedy=("请提供口岸的出入境数据。", "Give the cross-border figures of the port of entry."),
            )
        near = nearest(text, self.shown, n=3) or [
            port.name_zh for port in self.ports.values() if port.initials == wanted
        ][:3]
        hint = "、".join(f"{name}（{self.shown[name]}）" for name in near)
        return Finding.error(
            "unknown_port", f"没有“{text}”这个口岸。", f"There is no port “{text}”.", measured=text,
            remedy=(f"是否为：{hint}？" if near else "请核对名称，或先登记该口岸。",
                    f"Did you mean {', '.join(f'{name} ({self.shown[name]})' for name in near)}?" if near
                    else "Check the name, or register the port first."),
        )


def search(ports: PortQuerySet, text: str) -> PortQuerySet:
    """Those of ``ports`` that match what was typed: Chinese, pinyin, initials (mzl), English or a code."""
    typed = half_width(text).strip()
    if not typed:
        return ports
    if unprintable(typed):
        return ports.none()
    bare = plain(typed)
    found = (
        Q(name_zh__icontains=typed) | Q(short_name_zh__icontains=bare) | Q(name_en__icontains=typed)
        | Q(code__startswith=typed.casefold()) | Q(city_name__startswith=typed)
        | Q(pk__in=PortCode.objects.filter(code__icontains=typed).values("port_id"))
    )
    if bare.isascii():
        found |= Q(pinyin__startswith=bare) | Q(initials__startswith=bare)
    else:
        found |= Q(name_zh__icontains=bare)
    return ports.filter(found)
