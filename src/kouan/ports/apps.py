"""Django's handle on the room."""

from django.apps import AppConfig


class PortsConfig(AppConfig):
    """口岸名录"""

    name = "kouan.ports"
    label = "ports"
    verbose_name = "口岸名录"
