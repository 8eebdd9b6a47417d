"""Django's handle on the room."""

from django.apps import AppConfig


class CollectionConfig(AppConfig):
    """报送"""

    name = "kouan.collection"
    label = "collection"
    verbose_name = "报送"
