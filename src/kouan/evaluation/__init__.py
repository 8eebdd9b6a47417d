"""Evaluation: 口岸综合绩效评估. `method` is the engine (pure), `frameworks` what it is given.

Records of runs and scores are in `models`, what may change in `actions`, what can be asked in `queries`.
"""
