"""Django's handle on the room."""

from django.apps import AppConfig


class GradingConfig(AppConfig):
    """分级与准入退出"""

    name = "kouan.grading"
    label = "grading"
    verbose_name = "分级与准入退出"
