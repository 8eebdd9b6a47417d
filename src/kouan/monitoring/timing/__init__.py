"""Operation times (作业时间): which milestones there are, what is measured between them, and what one case took.

Pure: NumPy and SciPy, no database, no web, no clock of its own. `definitions` reads the dated code list and the wholes,
`timeline` measures a case, `statistics` many, `buckets` a live window, `compare` two periods, `queues` the lanes.
"""
