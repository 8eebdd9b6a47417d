"""Django's handle on the room."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    """评估"""

    name = "kouan.evaluation"
    label = "evaluation"
    verbose_name = "评估"
