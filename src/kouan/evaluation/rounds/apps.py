"""Django's handle on the part."""

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    """年度评估"""

    name = "kouan.evaluation.rounds"
    label = "rounds"
    verbose_name = "年度评估"

    def ready(self) -> None:
        """Give the desk the procedures of a round, and the worker its kinds of work."""
        from kouan.desk.matters.registry import register_later
        from kouan.evaluation.rounds import jobs  # noqa: F401 - importing registers them
        from kouan.evaluation.rounds.effects import CARRIED, PROCEDURES
        from kouan.evaluation.rounds.reports import bundle  # noqa: F401 - the same

        register_later("rounds", PROCEDURES, CARRIED, is_begun_by_deeds=True)
