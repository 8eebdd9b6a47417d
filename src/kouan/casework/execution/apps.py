"""Django's handle on the part."""

from django.apps import AppConfig


class ExecutionConfig(AppConfig):
    """规划执行"""

    name = "kouan.casework.execution"
    label = "execution"
    verbose_name = "规划执行"
