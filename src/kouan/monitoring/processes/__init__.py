"""Process views (作业流程): one flow at one port over some months, out of the journal, for pages and programs.

``asking`` what can be asked and how much is read; ``legs`` the legs chosen, as a table that the generated SQL of ``eventlog``
counts; ``view`` the figures of one period; ``comparison`` two periods; ``cases`` down to single cases; ``lanes`` queues.
Everything that is read passes the scope of the user (``journal.reading``).
"""
