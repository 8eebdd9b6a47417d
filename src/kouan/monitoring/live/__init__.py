"""The live panorama: the running day of every port, replays of past days, and who may see what of them.

``day``        the tables of one day, fed with events (pure NumPy)
``vocabulary`` the flows and stages shown
"""
