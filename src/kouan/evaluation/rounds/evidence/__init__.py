"""The qualitative side of a round: points of checklists with evidence, figures that no return carries, experts' marks, rulings.

``asking`` says what is asked of a port; ``filing`` and ``deciding`` are the office and its verifier; ``experts`` the panel;
``rulings`` the national office; ``cross_check`` holds self-reports against other sources; ``overlay`` takes all of it into the figures.
"""
