"""What the pages of process views share: the address bar read into a question, its words, and the form's choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from kouan.accounts.scope import scope_of
from kouan.basis import Place, Refused, Text
from kouan.console.words import here
from kouan.monitoring.processes.asking import BY, Months, latest_months
from kouan.monitoring.processes.legs import Flow
from kouan.monitoring.processes.view import milestone_name
from kouan.monitoring.timing.definitions import NATURES, OWNERS
from kouan.monitoring.timing.explain import UNDIVIDED
from kouan.monitoring.timing.page import DIRECTIONS, MODES
from kouan.ports.models import Port
from kouan.ports.queries import ports_visible_to

KINDS: Mapping[str, Text] = {
    "consignment": Text("货物（提运单）", "goods by consignment"), "declaration": Text("货物（报关单）", "goods by declaration"),
    "container": Text("货物（集装箱）", "goods by container"), "vehicle": Text("车辆", "vehicles"), "train": Text("列车", "trains"),
    "vessel_call": Text("船舶", "vessel calls"), "flight": Text("航班", "flights"), "passenger_batch": Text("人员", "persons"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What the address asks for. ``port`` None: none chosen yet."""

    port: Port | None
    flow: Flow
    months: Months
    by: str
    whole: str
    limit: Decimal | None

    def parameters(self, **changed: str) -> dict[str, str]:
        """The address bar again, with something changed; empty values are left out."""
        parts = {
            "port": self.port.code if self.port else "", "kind": self.flow[0], "mode": self.flow[1], "direction": self.flow[2],
            "first": self.months.first, "last": self.months.last if self.months.last != self.months.first else "",
            "by": "" if self.by == "release" else self.by, "whole": self.whole, "limit": f"{self.limit.normalize():f}" if self.limit else "",
        }
        return {name: value for name, value in (parts | changed).items() if value}

    def query(self, **changed: str) -> str:
        """The same as a query string."""
        return f"?{urlencode(self.parameters(**changed))}"


def question_of(request: HttpRequest) -> Question:
    """Read the address. Refused names every field that cannot be used; a port out of scope is for the reading to refuse."""
    given = request.GET
    first, last = given.get("first", "").strip()[:20], given.get("last", "").strip()[:20]
    flow = (_one(given.get("kind", ""), KINDS, "kind"), _one(given.get("mode", ""), MODES, "mode"),
            _one(given.get("direction", ""), DIRECTIONS, "direction"))
    months = Months.of(first, last) if first else Months.of(last) if last else latest_months()
    return Question(chosen_port(request), flow, months, _one(given.get("by", ""), BY, "by") or "release", given.get("whole", "")[:48],
                    _limit(given.get("limit", "").strip()))


def _one(value: str, choices: Mapping[str, Any], field: str) -> str:
    if value and value not in choices:
        raise Refused.because("not_a_choice", f"没有“{value[:20]}”这个选项。", f"“{value[:20]}” is no choice here.", where=Place(field=field),
                              remedy=("从列表中选择。", "Choose from the list."))
    return value


def _limit(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text[:12])
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= 10_000:
        raise Refused.because("not_hours", f"“{text[:12]}”不是小时数。", f"“{text[:12]}” is no number of hours.", where=Place(field="limit"),
                              remedy=("填写大于0的小时数，如 24。", "Give hours above zero, such as 24."))
    return value


def chosen_port(request: HttpRequest) -> Port | None:
    """The port of the address, or the only one in scope; an unsaved stand-in for a code that is not there, which reading refuses."""
    code = request.GET.get("port", "").strip()[:64]
    user: Any = request.user
    if code:
        return ports_visible_to(user).filter(code=code).first() or Port(code=code)
    if scope_of(user).everything:
        return None
    own = list(ports_visible_to(user).order_by("code")[:2])
    return own[0] if len(own) == 1 else None


def form_of(request: HttpRequest) -> dict[str, Any]:
    """What the form shows: its choices, and what was said, right or wrong."""
    user: Any = request.user
    return {
        "ports": [(each.code, Text(each.name_zh, each.name_en or each.name_zh)) for each in ports_visible_to(user).order_by("pinyin", "code")],
        "case_kinds": KINDS.items(), "modes": MODES.items(), "directions": DIRECTIONS.items(), "bys": BY.items(),
        "said": {name: request.GET.get(name, "") for name in ("kind", "mode", "direction", "by", "limit")},
    }


def flow_name(flow: Flow) -> Text:
    """货物（集装箱） 海运 进境."""
    kind, mode, direction = flow
    words = [KINDS.get(kind, Text(kind, kind)), MODES.get(mode, Text(mode, mode)), DIRECTIONS.get(direction, Text(direction, direction))]
    return Text(" ".join(each.zh for each in (words[1], words[2], words[0])), f"{words[0].en}, {words[1].en}, {words[2].en}")


def owners_name(owners: tuple[str, ...]) -> Text:
    """Whose step it is; several where the times cannot be told apart."""
    return Text("、".join(OWNERS[each].zh for each in owners), ", ".join(OWNERS[each].en for each in owners))


def nature_name(nature: str) -> Text:
    """Working, waiting, or not to be told apart."""
    return NATURES.get(nature, UNDIVIDED)


def path_name(milestones: tuple[str, ...], direction: str) -> str:
    """A path in words, in the page's language."""
    return " → ".join(here(milestone_name(code, direction)) for code in milestones)


def hours(value: float | None, places: int = 2) -> str:
    """Hours for a column whose head says so; a dash for none."""
    return "—" if value is None else f"{value:,.{places}f}"


