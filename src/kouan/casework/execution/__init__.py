"""How the plan is carried out: the 147 project rows of 专栏7–10 and the plan's table of targets (国家“十四五”口岸发展规划 五, 专栏7–10).

The rows themselves are the register's (``ports.Project``) and changed by nobody here. Kept here is what users enter of them:
office in charge, days, milestones, money, progress by quarter. What nobody entered is said to be 未填, and is never zero.
"""
