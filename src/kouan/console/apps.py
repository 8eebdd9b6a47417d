"""Django's handle on the room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """控制台"""

    name = "kouan.console"
    label = "console"
    verbose_name = "控制台"
