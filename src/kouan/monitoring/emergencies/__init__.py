"""突发事件: plans published by a second person, events that activate them, tasks at every desk, a log, the after-action report, drills.

国家“十四五”口岸发展规划 专栏9 (R-159), 三(三) (R-042). Plans, events, tasks and measures run as matters of the desk under ``procedures/``; a drill is
an event with a flag, labelled wherever it is shown and counted in no statistic of events.
"""
