"""Django's handle on the room."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """接口"""

    name = "kouan.api"
    label = "api"
    verbose_name = "接口"
