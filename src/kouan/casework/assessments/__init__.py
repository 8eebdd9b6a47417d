"""安全评估: the yearly assessments of data security, personal information, classified protection and cryptography, as matters.

R-230, R-233 of the plan's requirements (国家“十四五”口岸发展规划 六(四)). Drawn up by one, reviewed by another, rectified by a day,
valid for a year at most, with reminders before it ends.
"""
