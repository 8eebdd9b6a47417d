"""The check engine: finds what is wrong in many series of figures at once. Pure: NumPy and basis only.

`examine` reads a `Panel`; `examine_table` a long table (subject, period, measure, value) of any origin. What each check says
and goes by stands in checks.yaml; docs/checks.md says what each was measured to find.
"""

from kouan.collection.checks.declared import CheckSpec, shipped
from kouan.collection.checks.engine import ALARM, Explained, Rulings, examine
from kouan.collection.checks.panel import Key, Panel
from kouan.collection.checks.suspicion import Suspicion
from kouan.collection.checks.table import Examined, examine_table

__all__ = ["ALARM", "CheckSpec", "Examined", "Explained", "Key", "Panel", "Rulings", "Suspicion", "examine", "examine_table", "shipped"]
