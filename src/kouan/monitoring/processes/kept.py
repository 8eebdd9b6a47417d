"""Views kept for a few minutes: whoever sorts a table or takes it as a file asks for the same figures again.

A view is kept under the ports that its reader may see, what was asked, and how far journal, closed months and rulings had come:
a new event or a ruling makes a new view, and nobody is shown a view made for somebody who may see more.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from kouan.monitoring.journal.compaction import rulings_digest
from kouan.monitoring.journal.models import Event, EventMonth
from kouan.monitoring.journal.visibility import ports_for

SECONDS = 300.0
MOST = 48
View = TypeVar("View")

_held: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
_lock = threading.Lock()


def kept(user: Any, asked: Hashable, make: Callable[[], View]) -> View:
    """The view made last for the same question, or a new one. ``make`` checks the scope of what it is asked for; so does its caller."""
    ports = ports_for(user)
    heads = tuple(model.objects.order_by("-pk").values_list("pk", flat=True).first() for model in (Event, EventMonth))
    key = (None if ports is None else tuple(ports), asked, heads, rulings_digest())
    now = time.monotonic()
    with _lock:
        found = _held.get(key)
        if found is not None and now - found[0] < SECONDS:
            _held.move_to_end(key)
            view: View = found[1]
            return view
    made = make()
    with _lock:
        _held[key] = (now, made)
        while len(_held) > MOST:
            _held.popitem(last=False)
    return made
