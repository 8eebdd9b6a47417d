"""Event logs by columns: overall times, stage pairs, directly-follows graph and variants of millions of events, exactly.

Reads Parquet or CSV (``source``), computes by the definitions of ``kouan.monitoring.timing`` (``plan``) with one of the engines
(``engine``) and writes a folder of CSV (``report``). No Django, no database of ours. ``generate`` writes a log to try it on.
"""
