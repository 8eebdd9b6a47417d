"""Django's handle on the part."""

from django.apps import AppConfig


class WarningsConfig(AppConfig):
    """预警"""

    name = "kouan.monitoring.warnings"
    label = "warnings"
    verbose_name = "预警"

    def ready(self) -> None:
        """Give the desk the procedure of warnings, what its steps do, and the work of a back-test."""
        from kouan.desk.matters.registry import register_later
        from kouan.monitoring.warnings import jobs  # noqa: F401 - registers its kind of work
        from kouan.monitoring.warnings.effects import CARRIED
        from kouan.monitoring.warnings.routing import PROCEDURES

        register_later("warnings", PROCEDURES, CARRIED, is_begun_by_deeds=True)
