"""Grading: dated law applied to the facts of a port, giving verdicts with their trace.

The rules are plain Python and read plain facts (`facts.py` and `rules.py`; `case_facts.py`, `access.py` and
`ladder.py`); the Django part records verdicts.
A verdict of the system is advice with reasons: only the State Council opens and closes ports.
"""

from kouan.grading.access import AccessAir, AccessBorder, AccessWater, ProvinceGate
from kouan.grading.facts import PortFacts, TransportClass
from kouan.grading.ladder import GradeProposal, WithdrawalLadder
from kouan.grading.rules import VolumeStandard
from kouan.grading.verdict import Verdict, VolumeVerdict

__all__ = [
    "AccessAir",
    "AccessBorder",
    "AccessWater",
    "GradeProposal",
    "PortFacts",
    "ProvinceGate",
    "TransportClass",
    "Verdict",
    "VolumeStandard",
    "VolumeVerdict",
    "WithdrawalLadder",
]
