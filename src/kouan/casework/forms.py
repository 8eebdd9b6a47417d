"""What the first form of each procedure asks besides the title and the offices named.

>>> [ask.name for ask in asks_of("merge")]
['port', 'target']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kouan.basis import Text

MODES: Mapping[str, Text] = {
    "water": Text("水运", "Water"), "air": Text("航空", "Air"), "rail": Text("铁路", "Rail"), "road": Text("公路", "Road"),
}
# The bodies of article 4 decide by the kind of place.
PLACE_KINDS: Mapping[str, Text] = {
    "airport": Text("机场", "Airport"), "land_border": Text("陆路边境", "Land border"), "restricted_airport": Text("限制性航空口岸",
        "Restricted airport"),
    "restricted_land_port": Text("限制性陆路口岸", "Restricted land port"), "harbour": Text("港口", "Harbour"), "waters": Text("水域", "Waters"),
    "restricted_water_port": Text("限制性水运口岸", "Restricted water port"),
    "unused_berth": Text("已开放水运口岸内未启用泊位", "Unused berth in an open water port"),
}
GROUNDS: Mapping[str, Text] = {
    "disaster_relief_or_pilgrimage": Text("抢险救灾或朝觐", "Disaster relief or pilgrimage"),
    "international_event": Text("国际性会议、赛事等活动", "International event"), "trial_operation": Text("试运行", "Trial operation"),
    "urgent_goods": Text("急需物资", "Urgent goods"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. ``kind``: text, port, opening, class_two, or choice of ``choices``. ``fact``: what it answers at once."""

    name: str
    label: Text
    kind: str = "text"
    is_required: bool = False
    hint: Text = Text("", "")
    choices: Mapping[str, Text] | None = None
    fact: str = ""


_NAMED = Text("名称、拼音或代码", "name, pinyin or code")
PORT = Ask("port", Text("涉及的口岸", "Port"), "port", True, _NAMED)
MAYBE = Ask("port", Text("涉及的口岸", "Port"), "port", False, Text("名称、拼音或代码；尚未登记的可不填",
    "name, pinyin or code; empty if not yet registered"))
CITY = Ask("city_name", Text("所在市县", "City or county"))

_FORMS: Mapping[str, tuple[Ask, ...]] = {
    "opening": (
        MAYBE,
        Ask("new_name", Text("新口岸名称", "Name of the new port"), hint=Text("口岸尚未登记时填写", "where the port is not yet registered")),
        Ask("new_mode", Text("新口岸运输方式", "Mode of the new port"), "choice", choices=MODES),
        Ask("new_code", Text("新口岸代码", "Code of the new port"),
            hint=Text("拼音-方式，如 ezhou-air；批准后按此登记", "pinyin-mode, such as ezhou-air; it is registered so")),
        CITY,
    ),
    "temporary_opening": (
        MAYBE,
        Ask("place_name", Text("地点名称", "Name of the place"), hint=Text("不是口岸的机场、港口、水域等",
            "an airport, harbour or waters that is no port")),
        Ask("place_kind", Text("临时开放对象", "Kind of place"), "choice", True, choices=PLACE_KINDS, fact="place_kind"),
        Ask("ground", Text("临时开放事由", "Ground"), "choice", True, choices=GROUNDS, fact="ground"),
    ),
    "temporary_extension": (Ask("opening", Text("要延期的临时开放", "Temporary opening to be extended"), "opening", True),),
    "merge": (PORT, Ask("target", Text("整合后的口岸", "Port it is merged into"), "port", True, _NAMED)),
    "supervision_site": (
        PORT,
        Ask("site_name", Text("场地名称", "Name of the site"), is_required=True),
        Ask("site_kinds", Text("场地种类", "Kinds of site"), hint=Text("如：肉类、冰鲜水产品、粮食", "such as meat, chilled seafood, grain")),
    ),
    "class_two_clearance": (Ask("class_two", Text("要清理的原二类口岸", "Class-II port to be cleared"), "class_two", True),),
    "agency_matter": (MAYBE,),
}


def asks_of(procedure: str) -> tuple[Ask, ...]:
    """The questions of a procedure's first form; most ask for the port alone."""
    return _FORMS.get(procedure, (PORT,))
