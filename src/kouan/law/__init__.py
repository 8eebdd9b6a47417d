"""Law: dated parameters, readings of open texts, rules and their traces.

A number that a decree may change is a dated value in `parameters/**.yaml`; a text that can be read in two
ways is a setting in `settings/**.yaml`; `Law(as_of=…)` answers for a day. This room is plain Python: no
web, no database, no clock.
"""

from kouan.law.criteria import Criterion, Fact
from kouan.law.law import Catalogue, Law, check_ruling
from kouan.law.library import Library
from kouan.law.rule import Rule, registered_rules
from kouan.law.rulings import load_rulings
from kouan.law.trace import Step, Trace
from kouan.law.values import DatedValue, Parameter, Question, Ruling, Setting

__all__ = [
    "Law",
    "Library",
    "DatedValue",
    "Parameter",
    "Question",
    "Setting",
    "Ruling",
    "load_rulings",
    "check_ruling",
    "Catalogue",
    "Criterion",
    "Fact",
    "Rule",
    "registered_rules",
    "Step",
    "Trace",
]
