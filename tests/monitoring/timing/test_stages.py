"""Work side by side, against a count of every moment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kouan.monitoring.timing.stages import measure

INTERVALS = st.lists(st.tuples(st.sampled_from(["inspection", "quarantine", "tax"]), st.integers(-5, 45), st.integers(-5, 45)), max_size=8)


@given(INTERVALS)
def test_union_effort_and_overlap_count_every_moment(intervals: list[tuple[str, int, int]]) -> None:
    found = measure(intervals, 0, 40)
    under_way = [sum(begins <= moment < ends for _, begins, ends in intervals) for moment in range(40)]
    assert found.elapsed_us == sum(count >= 1 for count in under_way)
    assert found.overlap_us == sum(count >= 2 for count in under_way)
    assert found.effort_us == sum(under_way)
    assert found.idle_us == sum(count == 0 for count in under_way)
    assert max((piece.us for piece in found.pieces), default=0) <= found.elapsed_us <= found.effort_us


@given(INTERVALS)
def test_the_critical_path_covers_the_elapsed_time_once_with_true_stretches(intervals: list[tuple[str, int, int]]) -> None:
    found = measure(intervals, 0, 40)
    assert sum(piece.us for piece in found.critical) == found.elapsed_us
    assert all(one.ends <= next_one.begins for one, next_one in zip(found.critical, found.critical[1:], strict=False))
    for piece in found.critical:
        assert any(p.stage == piece.stage and p.begins <= piece.begins and piece.ends <= p.ends for p in found.pieces)
    if found.critical:
        assert found.critical[-1].ends == max(piece.ends for piece in found.pieces)


def test_of_stages_that_end_together_the_longer_holds_the_case() -> None:
    found = measure([("tax", 10, 20), ("inspection", 5, 20), ("quarantine", 0, 8)], 0, 20)
    assert [(piece.stage, piece.begins, piece.ends) for piece in found.critical] == [("quarantine", 0, 5), ("inspection", 5, 20)]
