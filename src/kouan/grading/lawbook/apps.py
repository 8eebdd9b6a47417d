"""Django's handle on the part: its tables are named after the law."""

from django.apps import AppConfig


class LawBookConfig(AppConfig):
    """法规变更与检索"""

    name = "kouan.grading.lawbook"
    label = "law"
    verbose_name = "法规变更与检索"

    def ready(self) -> None:
        """Register the background work."""
        from kouan.grading.lawbook import jobs  # noqa: F401 - importing registers it
