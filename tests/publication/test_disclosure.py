"""What is left out of a table of sums: no sensitive cell can be worked out from what is left in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from kouan.publication.disclosure import Sums, determined, hidden, is_sensitive

AREAS, MODES = ("11", "12", "44", "45"), ("road", "sea", "air")


def table(cells: list[list[int]]) -> tuple[dict[str, int], Sums]:
    """Provinces × modes with all three kinds of total."""
    values = {f"{area}/{mode}": cells[row][column] for row, area in enumerate(AREAS) for column, mode in enumerate(MODES)}
    sums = [(f"{area}/all", [f"{area}/{mode}" for mode in MODES]) for area in AREAS]
    sums += [(f"CN/{mode}", [f"{area}/{mode}" for area in AREAS]) for mode in MODES]
    for total, parts in sums:
        values[total] = sum(values[part] for part in parts)
    sums += [("CN/all", [f"{area}/all" for area in AREAS]), ("CN/all", [f"CN/{mode}" for mode in MODES])]
    values["CN/all"] = sum(values[f"{area}/all"] for area in AREAS)
    return values, sums


def solutions_differ(sums: Sums, missing: set[str], cell: str) -> bool:
    """Whether a change of ``cell`` fits the sums: some vector of the null space, in exact fractions, moves it. Another way than ``determined``."""
    columns = sorted(missing)
    rows = [[Fraction((cell == total) * -1 + (cell in parts)) for cell in columns] for total, parts in sums]
    pivots: list[int] = []
    for column in range(len(columns)):
        at = next((number for number in range(len(pivots), len(rows)) if rows[number][column]), None)
        if at is None:
            continue
        top = len(pivots)
        rows[top], rows[at] = rows[at], rows[top]
        rows[top] = [value / rows[top][column] for value in rows[top]]
        for number in range(len(rows)):
            if number != top and rows[number][column]:
                rows[number] = [a - rows[number][column] * b for a, b in zip(rows[number], rows[top], strict=True)]
        pivots.append(column)
    wanted = columns.index(cell)
    if wanted not in pivots:
        return True
    row = rows[pivots.index(wanted)]
    return any(row[column] for column in range(len(columns)) if column not in pivots)


@given(st.lists(st.lists(st.integers(0, 10_000), min_size=3, max_size=3), min_size=4, max_size=4),
       st.sets(st.sampled_from([f"{area}/{mode}" for area in AREAS for mode in MODES]), min_size=1, max_size=5))
def test_no_sensitive_cell_can_be_worked_out(cells: list[list[int]], sensitive: set[str]) -> None:
    values, sums = table(cells)
    out = hidden(values, sums, sensitive=sensitive)
    assert sensitive <= out
    for cell in sensitive:
        assert solutions_differ(sums, out, cell), f"{cell} follows from what is published"
    assert determined(sums, out) == {cell for cell in out if not solutions_differ(sums, out, cell)}


def test_one_hidden_cell_takes_the_smallest_of_its_row_and_of_its_column_with_it() -> None:
    values, sums = table([[5, 100, 200], [10, 300, 400], [20, 500, 600], [30, 700, 800]])
    out = hidden(values, sums, sensitive={"11/road"})
    assert out == {"11/road", "11/sea", "12/road", "12/sea"}, "a rectangle of the smallest cells protects one"


def test_what_is_not_published_for_another_reason_protects_as_well() -> None:
    sums: Sums = [("all", ("a", "b", "c"))]
    assert hidden({"all": 6, "a": 1, "b": 2, "c": 3}, sums, sensitive={"a"}, unknown={"b"}) == {"a"}


def test_a_sum_of_one_cell_is_that_cell() -> None:
    assert hidden({"all": 7, "a": 7}, [("all", ("a",))], sensitive={"a"}) == {"a", "all"}


def test_who_is_sensitive() -> None:
    def ask(*values: int) -> bool:
        return is_sensitive([Decimal(value) for value in values], least=3, percent=10)

    assert ask(5) and ask(5, 5), "fewer than three respondents"
    assert not ask(5, 5, 5)
    assert ask(1000, 900, 99), "the second knows the first to within 10 %"
    assert not ask(1000, 900, 100)
    assert not ask() and not ask(0, 0, 0)
