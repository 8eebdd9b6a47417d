"""Django's handle on the part."""

from django.apps import AppConfig


class EmergenciesConfig(AppConfig):
    """突发事件"""

    name = "kouan.monitoring.emergencies"
    label = "emergencies"
    verbose_name = "突发事件"

    def ready(self) -> None:
        """Give the desk the procedures of emergencies and what their steps do."""
        from kouan.desk.matters.registry import register_later
        from kouan.monitoring.emergencies.codes import PROCEDURES
        from kouan.monitoring.emergencies.effects import CARRIED

        register_later("emergencies", PROCEDURES, CARRIED, is_begun_by_deeds=True)
