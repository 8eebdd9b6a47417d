"""Sharing between agencies: the catalogue of data sets, the grants that extend reading, and who read what through them.

It lies at the desk, below the register and collection, so that their querysets can ask it which grants a reader holds
(DESIGN.md, contract 7: "a grant extends it, nothing else does"). It knows no figure and no port: the rooms above say
what their fields are, which coverage exists and how good the data is (``rooms.py``).
"""
