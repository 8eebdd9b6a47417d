"""Django's handle on the room."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """监测"""

    name = "kouan.monitoring"
    label = "monitoring"
    verbose_name = "监测"

    def ready(self) -> None:
        """Follow every intake: the months of daily series change with the days, in one transaction."""
        from kouan.collection.hooks import follow
        from kouan.monitoring.actions import refresh_months

        follow("monitoring.months", refresh_months)
