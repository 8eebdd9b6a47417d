"""EPCIS 2.0 (ISO/IEC 19987), JSON and JSON-LD: events of the supply chain in and out of the journal.

Pure: no database, no web. What has no place in EPCIS travels under our own prefix, ``kouan:``.
"""

from kouan.exchange.epcis.reading import read_epcis
from kouan.exchange.epcis.writing import write_epcis

__all__ = ["read_epcis", "write_epcis"]
