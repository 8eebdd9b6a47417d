"""The yearly evaluation as officials run it (规划 四(一), 六(一)): scheme versions, rounds, frozen figures, stored scores.

The method is ``evaluation.method`` (pure); here stands what is recorded, who may do what, and what may be asked.
"""
