"""Django's handle on the room."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """监测"""

    name = "kouan.monitoring"
    label = "monitoring"
    verbose_name = "监测"
