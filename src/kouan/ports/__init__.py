"""The register of ports of entry, its two clocks, and what surrounds it.

Beside the ports stand the layout of the plan, counterpart points, benchmark ports and projects:
other things, never counted as ports. `models.py` says what is recorded, `actions.py` what may
change, `queries.py` what can be asked, `register/` holds the facts that the product ships.
"""
