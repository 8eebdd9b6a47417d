"""Two-character pieces of text, by which Chinese can be found without being cut into words.

A word of Chinese is mostly two characters long, and an index of three-character pieces cannot find it. Every pair
of neighbours inside a line is a piece; so whatever stands in the text, from two characters up, is found by its pairs.

>>> sorted(bigrams("口岸验收 X光"))
['x光', '口岸', '岸验', '验收']
>>> words_of("口岸　ＷＴＯ")
['口岸', 'wto']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kouan.basis.names import half_width

MOST_WORDS = 8
LONGEST_WORD = 60


def plain(text: str) -> str:
    """Write a text as it is compared: half width, small letters, each character in its place.

    A letter whose small form is longer (İ) is kept as it is, so that a place found here is a place in the text.
    """
    return "".join(small if len(small := character.lower()) == 1 else character for character in half_width(text))


def bigrams(text: str) -> Counter[str]:
    """Count the pairs of neighbours of a text; blanks end a run."""
    found: Counter[str] = Counter()
    for run in plain(text).split():
        found.update(run[at : at + 2] for at in range(len(run) - 1))
    return found


def words_of(said: str) -> list[str]:
    """Return the words of a search as they are compared: at most eight, of sixty characters."""
    return [word[:LONGEST_WORD] for word in plain(said).split()[:MOST_WORDS]]


def share(words: Sequence[str], held: set[str]) -> float:
    """Tell how much of the words' pairs is held, 0 to 1; words of one character do not count."""
    wanted = {gram for word in words for gram in bigrams(word)}
    return len(wanted & held) / len(wanted) if wanted else 0.0
