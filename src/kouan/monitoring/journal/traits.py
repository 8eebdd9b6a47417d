"""What an event may tell of its case beyond the milestone, in codes: none of it says anything of a person or a firm.

* ``nationality_group``, of passenger batches: ``citizens`` (Chinese citizens) or ``others``; the limit of thirty minutes is for citizens (R-027).
* ``risk_channel``, of goods: ``green`` let go on the data, ``yellow`` documents looked at, ``red`` goods looked at; the channels of the WCO's
  *Guide to Measure the Time Required for the Release of Goods*.
* ``goods_kind``, of goods: our own list, because no public text prints one for operation times.

All three may be absent, and then the event stands as one that does not tell. A batch of travellers is of one group, or does not say.

>>> unfit("passenger_batch", "citizens", None, None), unfit("container", "citizens", "red", None)
(None, 'nationality_group')
"""

from __future__ import annotations

from kouan.basis import Text
from kouan.monitoring.timing.events import SUBJECT_OF_KIND

TRAITS = ("nationality_group", "risk_channel", "goods_kind")
NATIONALITY_GROUPS = {"citizens": Text("中国公民", "Chinese citizens"), "others": Text("外籍及其他人员", "other travellers")}
RISK_CHANNELS = {
    "green": Text("低风险放行（绿色通道）", "green channel"), "yellow": Text("审单（黄色通道）", "yellow channel: documents"),
    "red": Text("查验（红色通道）", "red channel: goods examined"),
}
GOODS_KINDS = {
    "general": Text("普通货物", "general goods"), "bulk_dry": Text("干散货", "dry bulk"), "bulk_liquid": Text("液体散货", "liquid bulk"),
    "perishable": Text("鲜活易腐", "fresh and perishable"), "dangerous": Text("危险货物", "dangerous goods"),
    "vehicles": Text("整车", "vehicles"), "parcels": Text("快件和跨境电商", "parcels and cross-border e-commerce"),
}
WORDS = {"nationality_group": NATIONALITY_GROUPS, "risk_channel": RISK_CHANNELS, "goods_kind": GOODS_KINDS}
_SUBJECT = {"nationality_group": "persons", "risk_channel": "goods", "goods_kind": "goods"}


def unfit(case_kind: str, nationality_group: str | None, risk_channel: str | None, goods_kind: str | None) -> str | None:
    """The column that tells what such a case cannot have; None where all fits."""
    for name, value in zip(TRAITS, (nationality_group, risk_channel, goods_kind), strict=True):
        if value is not None and SUBJECT_OF_KIND[case_kind] != _SUBJECT[name]:
            return name
    return None
