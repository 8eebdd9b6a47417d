"""Django's handle on the room."""

from django.apps import AppConfig


class GradingConfig(AppConfig):
    """分级"""

    name = "kouan.grading"
    label = "grading"
    verbose_name = "分级"
