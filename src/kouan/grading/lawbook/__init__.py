"""The law book: changes of law proposed and approved, what they would change, and the index by which the law is searched.

The engine of ``law`` is pure and stays so; what is kept of it stands here, in the lowest room that knows the law, the
people, the trail and the ports judged (docs/decisions/0009).
"""
