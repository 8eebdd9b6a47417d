"""Django's handle on the room."""

from django.apps import AppConfig


class CollectionConfig(AppConfig):
    """报送"""

    name = "kouan.collection"
    label = "collection"
    verbose_name = "报送"

    def ready(self) -> None:
        """Let the worker know the kinds of work of this room."""
        from kouan.collection import jobs  # noqa: F401 - importing registers them
