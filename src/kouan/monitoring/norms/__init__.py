"""Norms of operation times as dated records: who proposed, who approved, on which paper, from when to when (R-173).

Judging is ``timing/norms`` (pure); here is what offices entered. The file ``norms.yaml`` of a home is still read beside the records.
"""
