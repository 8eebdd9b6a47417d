"""Django's handle on the part."""

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    """年度评估"""

    name = "kouan.evaluation.rounds"
    label = "rounds"
    verbose_name = "年度评估"
