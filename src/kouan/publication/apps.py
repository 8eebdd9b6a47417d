"""Django's handle on the room."""

from django.apps import AppConfig


class PublicationConfig(AppConfig):
    """发布"""

    name = "kouan.publication"
    label = "publication"
    verbose_name = "数据发布"
