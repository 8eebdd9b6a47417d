"""Django's handle on the part."""

from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    """安全评估"""

    name = "kouan.casework.assessments"
    label = "assessments"
    verbose_name = "安全评估"

    def ready(self) -> None:
        """Give the desk the procedures of assessments, and what their effects do. They are begun by their form."""
        from kouan.casework.assessments.effects import CARRIED, PROCEDURES
        from kouan.desk.matters.registry import register_later

        register_later("assessments", PROCEDURES, CARRIED)
