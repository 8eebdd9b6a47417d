"""口岸工作联席会议: agendas made of open cases, minutes confirmed by a second person, action items followed up.

国家“十四五”口岸发展规划 七 (R-237 the ministries' conference, R-238 the provinces'). A conference, each invitation and each
action item runs as a matter of the desk under the procedures of ``procedures/``.
"""
