"""堵点难点: what enterprises report, routed by rule, answered with evidence in time, and looked at again where they object.

国家“十四五”口岸发展规划 六(三) (R-185, R-186). Each issue runs as a matter of the desk under ``procedures/enterprise_issue.yaml``.
"""
