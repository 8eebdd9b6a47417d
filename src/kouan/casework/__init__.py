"""Casework: the procedures that open, accept, grade, merge and close a port, as dated data.

``procedures/*.yaml`` are the procedures; ``catalogue`` reads and proves them; ``effects`` says what a step does to
the register and which paper it must name; ``pages`` writes docs/procedures. A case itself (storage, documents,
desks) follows.
"""
