"""Django's handle on the part."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """放行时间研究"""

    name = "kouan.monitoring.studies"
    label = "studies"
    verbose_name = "放行时间研究"

    def ready(self) -> None:
        """Give the desk the background work of this part."""
        from kouan.monitoring.studies import jobs  # noqa: F401 - registers the kind of job
