"""Django's handle on the room."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """公共桌面"""

    name = "kouan.desk"
    label = "desk"
    verbose_name = "公共桌面"
