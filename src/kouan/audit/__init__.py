"""Who changed what, whatever path wrote it: triggers, batch entries, sealed blocks (DESIGN.md, contract 6).

The public face. A room with storage needs four names:

``register``       next to each model in ``models.py``: this table is audited (registry.py)
``acting``         the transaction in which somebody acts; ``accounts.action`` opens it for every verb
``RowsDigest``     what the writer of a bulk table feeds while it streams (canonical.py)
``record_batch``   the one entry that stands for the inserts of a bulk batch

and every door has ``record_event`` for what leaves no row: refusals, exports, sign-ins.
"""

from kouan.audit.actions import record_batch, record_event
from kouan.audit.canonical import RowsDigest
from kouan.audit.context import acting
from kouan.audit.registry import exempt, register

__all__ = ["RowsDigest", "acting", "exempt", "record_batch", "record_event", "register"]
