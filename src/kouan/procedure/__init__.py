"""Procedures as data: states, transitions, parties, papers, opinions and clocks, dated and proved when they are read.

One engine serves every running matter of the house: returns under review, early warnings, evaluation rounds,
cases and declarations. It is pure: it knows no database, no web and no clock of its own. A caller keeps what
``Running`` holds, hands in the day, the facts and who acts, and stores what comes back.

    read     a YAML file into a ``Procedure``; every slip is a finding, every promise is proved
    begin    a matter; refused while a period is unsettled or the holiday table too short
    offers   what the people who ask may do next, and what each step still lacks
    fire     one step; refused with the rule, the reason and the remedy
    answer   one opinion of a consultation (征求意见) or a countersigning (会签)
    standing of each clock, and ``due`` for what the passing of days brings

Periods are counted as 中华人民共和国民法典 第二百零一条, 第二百零三条 and 行政许可法 第八十二条 say.
"""

from kouan.procedure.clocks import Due, Notice, Standing, due, standing
from kouan.procedure.engine import Duty, Moved, Offer, Override, answer, begin, blocks, duties, fire, offers
from kouan.procedure.model import (
    Clock,
    Condition,
    Consultation,
    Fact,
    Length,
    Opinion,
    Party,
    Procedure,
    Running,
    State,
    Step,
    Transition,
)
from kouan.procedure.proof import prove
from kouan.procedure.reading import read, read_text
from kouan.procedure.working_days import WorkingDays, bundled_tables

__all__ = [
    "Clock", "Condition", "Consultation", "Due", "Duty", "Fact", "Length", "Moved", "Notice", "Offer", "Opinion",
    "Override", "Party", "Procedure", "Running", "Standing", "State", "Step", "Transition", "WorkingDays", "answer",
    "begin", "blocks", "bundled_tables", "due", "duties", "fire", "offers", "prove", "read", "read_text", "standing",
]
