"""Running matters (办件): what is under way, on whose desk it lies, and until when.

Every room's procedures run here: returns under review, warnings, evaluation rounds, cases, declarations. The room
registers its procedures and what their effects do (``registry``); this part keeps the steps, hands out tasks,
counts the days and tells people. The way itself is ``kouan.procedure``.
"""
