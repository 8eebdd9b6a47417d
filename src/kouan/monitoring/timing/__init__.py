"""Operation times (作业时间): which milestones there are, what is measured between them, and what one case and many took.

Pure: NumPy and SciPy, no database, no web, no clock of its own. `events` the columns of a milestone event; `definitions` the
dated code list, wholes and parts; `clocks` opening hours; `timeline` one case; `stages` work side by side; `explain` one case as
plain data; `statistics`, `survival`, `cohorts` many cases; `buckets` the live window; `compare` two periods; `queues` the lanes;
`parameters` the dated numbers. Named here is what needs no NumPy, so that doors which only pass events on start at once; the
figures of many cases are imported from their own files.
"""

from kouan.monitoring.timing.definitions import Definitions, Milestone, Part, Whole, shipped, subject_of
from kouan.monitoring.timing.events import COLUMNS, Event, current
from kouan.monitoring.timing.timeline import Slice, Status, Timeline, timelines

__all__ = [
    "COLUMNS",
    "Definitions",
    "Event",
    "Milestone",
    "Part",
    "Slice",
    "Status",
    "Timeline",
    "Whole",
    "current",
    "shipped",
    "subject_of",
    "timelines",
]
