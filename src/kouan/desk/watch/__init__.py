"""运行审计: unusual use told from the trail of operations and from what was read through grants; a month's report for the auditor.

``traces``     what somebody did, plain; read from the trail by ``reading``
``detectors``  what is unusual in a day of traces (pure)
``actions``    look a day over, rule on what was found
``monthly``    the report of a month
Docs: docs/operation-audit.md. Sources: 国家“十四五”口岸发展规划 六(四); 《数据安全法》第二十九条 (monitoring of risks); GB/T 22239 8.1.4.3 (audit).
"""
