"""What may not be published because it would tell of a single respondent: 能够识别或者推断单个统计调查对象身份的资料，任何单位和个人不得对外提供、
泄露 (《统计法》 as revised in 2009, 第二十五条; the amendment of 2024 keeps the sentence under a later number).

A table of sums is a set of *cells* and *sums*, each sum a cell that is the total of others. Which cells are sensitive is for the publisher
to say (``is_sensitive``: fewer respondents than the threshold, or one that another could estimate too closely). Leaving those out is not
enough: a left-out cell that follows from the cells left in is published all the same. ``hidden`` therefore leaves out further cells, the
smallest first, until no sensitive cell is determined by the sums (complementary suppression; Willenborg & de Waal, *Elements of Statistical
Disclosure Control*, 2001, ch. 6). Determined means: the sums with the visible cells put in have one solution for it. How narrow an interval
of solutions is, is not looked at.

>>> sums = [("all", ("north", "south", "west"))]
>>> sorted(hidden({"all": 100, "north": 5, "south": 40, "west": 55}, sums, sensitive={"north"}))
['north', 'south']
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import numpy as np

# Each total with its parts; a cell may be a total twice over (of the rows and of the columns).
Sums = Sequence[tuple[str, Sequence[str]]]
PRIME = 2_147_483_647


def is_sensitive(respondents: Sequence[Decimal], *, least: int, percent: int) -> bool:
    """Whether a sum of these respondents' values tells too much of one of them.

    ``least``: with fewer respondents it is sensitive whatever the values. ``percent``: the second largest respondent knows its own value,
    and so the largest to within what the others add; below this share of the largest the sum is sensitive (the p % rule). Nobody's zero
    is a secret: a sum of zeros is sensitive by number only.
    """
    if not respondents:
        return False
    if len(respondents) < least:
        return True
    first, _, *others = sorted(respondents, reverse=True)
    return sum(others, Decimal(0)) * 100 < first * percent


def hidden(values: Mapping[str, Decimal | int], sums: Sums, *, sensitive: Collection[str], unknown: Collection[str] = ()) -> set[str]:
    """The cells to leave out: the sensitive ones and as many more as keep each of them from being worked out.

    ``values``: every cell. ``unknown``: cells that are not published for another reason, and protect like those left out.
    The choice is greedy: where a sum has one missing cell, which follows from the rest, the smallest of the rest goes too.
    """
    out, totals = set(sensitive), {total for total, _ in sums}
    while out:
        missing = out | set(unknown)
        known = determined(sums, missing)
        told = known & set(sensitive)
        if not told:
            break
        sides = [{total, *parts} for total, parts in sums]
        # A sum that tells a sensitive cell itself, else one that tells another cell on the way to it, else any through the cell, else all.
        near = next((found for found in (
            *(side - missing for cell in sorted(told) for side in sides if side & missing == {cell}),
            *(side - missing for side in sides if len(side & missing) == 1 and side & known),
            *(side - missing for cell in sorted(told) for side in sides if cell in side),
            set().union(*sides) - missing) if found), None)
        if near is None:
            break  # nothing is published at all
        out.add(min(near, key=lambda cell: (cell in totals, values.get(cell, 0), cell)))
    return out


def determined(sums: Sums, missing: Collection[str]) -> set[str]:
    """Which missing cells follow from the others by the sums.

    Gaussian elimination over the missing cells: a cell is determined when a row of the reduced form holds it alone. Reckoned modulo a
    prime, not in floats: the coefficients are 0 and ±1, and no minor of sums as small as these reaches the prime.

    >>> sorted(determined([("all", "abc")], {"a"})), sorted(determined([("all", "abc")], {"a", "b"}))
    (['a'], [])
    """
    columns = sorted(missing)
    place = {cell: number for number, cell in enumerate(columns)}
    rows = np.zeros((len(sums), len(columns)), dtype=np.int64)
    for number, (total, parts) in enumerate(sums):
        for cell, sign in ((total, -1), *((part, 1) for part in parts)):
            if cell in place:
                rows[number, place[cell]] += sign
    rows %= PRIME
    lead = 0
    for column in range(len(columns)):
        candidates = np.flatnonzero(rows[lead:, column])
        if not len(candidates):
            continue
        pivot = lead + int(candidates[0])
        rows[[lead, pivot]] = rows[[pivot, lead]]
        rows[lead] = rows[lead] * pow(int(rows[lead, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(rows[:, column])
        others = others[others != lead]
        rows[others] = (rows[others] - rows[others, column][:, None] * rows[lead][None, :]) % PRIME
        lead += 1
        if lead == len(rows):
            break
    alone = np.flatnonzero((rows[:lead] != 0).sum(axis=1) == 1)
    return {columns[int(np.flatnonzero(rows[number])[0])] for number in alone}
