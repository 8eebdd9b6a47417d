"""Random people on random days: no step without right, no matter without a next action, nothing told twice."""

from __future__ import annotations

from hypothesis import settings
from tests.procedure.samples import CALENDAR, SETTINGS, the_wharf
from tests.procedure.walking import walk_of

TestWharf = walk_of(the_wharf(), CALENDAR, SETTINGS).TestCase
TestWharf.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
