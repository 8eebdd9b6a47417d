"""The supervising half of the office that centre and provinces share (国家“十四五”口岸发展规划 四(五), 五(三), 七).

Tasks of the plan by province (督查督办), superiors' written instructions (批示), circulars with receipts (通知、通报). What is
supervised, instructed or to be signed for is a matter of the desk; here is kept what such a matter is about.
"""
