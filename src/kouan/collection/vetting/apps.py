"""Django's handle on the part."""

from django.apps import AppConfig


class VettingConfig(AppConfig):
    """数据核查"""

    name = "kouan.collection.vetting"
    label = "vetting"
    verbose_name = "数据核查"

    def ready(self) -> None:
        """Let the worker know the kind of work of this part."""
        from kouan.collection.vetting import jobs  # noqa: F401 - importing registers it
