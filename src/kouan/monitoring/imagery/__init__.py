"""影像源登记: which camera, video or image feed exists where, on what legal basis, and whether it lives (R-163).

国家“十四五”口岸发展规划 专栏9. No picture is stored here and none passes through: only that a feed exists, who answers for it, and its heartbeats.
"""
