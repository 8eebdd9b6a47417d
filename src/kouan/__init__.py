"""Kouan 口岸: take in what ports of entry report, check it, judge it, and show it.

The rooms and their floors are drawn in ``docs/architecture.md``; arrows point down only.
"""

__version__ = "0.3.0"
