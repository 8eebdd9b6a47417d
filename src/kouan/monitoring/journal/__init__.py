"""The journal of milestone events: what happened to which matter, where, when, told by whom.

An event is acknowledged only when it is durable. The journal is append-only and idempotent by (source, event id,
revision); a correction is the next revision. Closed months are copied to Parquet, and both are read as one table
(``reading.py``).
"""
