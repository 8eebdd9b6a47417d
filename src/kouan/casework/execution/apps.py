"""Django's handle on the part."""

from django.apps import AppConfig


class ExecutionConfig(AppConfig):
    """规划执行"""

    name = "kouan.casework.execution"
    label = "execution"
    verbose_name = "规划执行"

    def ready(self) -> None:
        """Give the desk the task of whoever confirms a quarterly report."""
        from kouan.casework.execution.effects import CARRIED, PROCEDURES
        from kouan.desk.matters.registry import register_later

        register_later("execution", PROCEDURES, CARRIED, is_begun_by_deeds=True)
