"""The reports of a round: one port's as PDF and Word, made only of what their reader may read.

Each states the versions and digests by which its figures can be made again, and bears 演练 and 建议稿 on every page where they hold.
"""

from kouan.evaluation.rounds.reports.making import Drawn, port_file

__all__ = ["Drawn", "port_file"]
