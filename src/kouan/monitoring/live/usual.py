"""What is usual at this time of day: the band that today's curve is held against.

The band of a quarter hour is the median of the same quarter hour of earlier days, with 2 × 1.4826 × MAD on either side
(about two standard deviations of ordinary days, unmoved by one strange day). With fewer than four days there is no band,
and the page says so rather than draw one.

>>> usual = Usual(np.ones((5, 1, len(FLOWS), 2, SLOTS), dtype=np.int32), np.zeros((7, 1, BUCKETS), dtype=np.int32))
>>> [float(each[0, -1]) for each in usual.by_now([0])]
[192.0, 192.0, 192.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kouan.monitoring.live.day import BUCKETS, SLOTS, Floats, Ints, LiveDay, quantiles
from kouan.monitoring.live.vocabulary import FLOWS

FEWEST_DAYS = 4
WIDTH = 2 * 1.4826
# Persons come by the coach; a hundred persons are not a hundred events.
PERSONS_AS_ONE = 40


@dataclass(frozen=True)
class Usual:
    """Earlier days of the same ports. ``counts``: (days, ports, flows, directions, slots); ``stages``: (stages, ports, buckets)."""

    counts: npt.NDArray[np.int32]
    stages: npt.NDArray[np.int32]

    @classmethod
    def of(cls, days: Sequence[LiveDay]) -> Usual | None:
        """From whole days of the same list of ports; None if there are too few for a band."""
        if len(days) < FEWEST_DAYS:
            return None
        return cls(np.stack([day.counts for day in days]).astype(np.int32),
                   np.sum([day.durations for day in days], axis=0, dtype=np.int32))

    def per_slot(self, ports: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """(middle, low, high), each (flows, slots): what a quarter hour of these ports usually brings, both ways together."""
        return _band(self._of(ports))

    def by_now(self, ports: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """The same, added up from midnight to the end of each quarter hour."""
        return _band(self._of(ports).cumsum(axis=-1))

    def _of(self, ports: npt.ArrayLike) -> Ints:
        return self.counts[:, np.asarray(ports, dtype=np.int64)].sum(axis=(1, 3), dtype=np.int64)

    def stage_median(self, ports: npt.ArrayLike) -> Floats:
        """The usual median of each stage in µs over these ports together; NaN where there was none."""
        return quantiles(self.stages[:, np.asarray(ports, dtype=np.int64)].sum(axis=1, dtype=np.int64), 0.5)

    @cached_property
    def stage_median_by_port(self) -> Floats:
        """(stages, ports): the usual median of each port by itself; NaN where fewer than thirty were timed."""
        flat = self.stages.reshape(-1, BUCKETS)
        return np.where(flat.sum(axis=1) >= 30, quantiles(flat, 0.5), np.nan).reshape(self.stages.shape[:2])

    def cases_of_last_hour(self, slot: int) -> Floats:
        """(ports): the median number of cases in the four quarter hours before this one; forty persons count as a case."""
        return self._hourly[:, max(slot - 1, 0)]

    def persons_of_hour(self, slot: int) -> Floats:
        """(ports): the median number of persons cleared in the hour around this quarter hour."""
        return self._persons[:, slot]

    @cached_property
    def _persons(self) -> Floats:
        each = self.counts[:, :, [flow.by_quantity for flow in FLOWS]].sum(axis=(2, 3)).astype(np.float64)
        # Two quarter hours before it, itself and the one after: the hour that holds it.
        padded = np.pad(each, ((0, 0), (0, 0), (2, 1)), mode="edge")
        return np.asarray(np.median(sum(padded[..., at:at + SLOTS] for at in range(4)), axis=0))

    @cached_property
    def _hourly(self) -> Floats:
        """(ports, slots): the median number of cases in the four quarter hours that end with each one."""
        weights = np.array([1 / PERSONS_AS_ONE if flow.by_quantity else 1.0 for flow in FLOWS])
        added = np.einsum("dpfws,f->dps", self.counts, weights).cumsum(axis=-1)
        return np.asarray(np.median(np.concatenate([added[..., :4], added[..., 4:] - added[..., :-4]], axis=-1), axis=0))


def _band(days: Ints) -> tuple[Floats, Floats, Floats]:
    middle = np.median(days, axis=0)
    spread = WIDTH * np.median(np.abs(days - middle), axis=0)
    return middle, np.maximum(middle - spread, 0), middle + spread
