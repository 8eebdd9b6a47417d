"""Django's handle on the part."""

from django.apps import AppConfig


class WatchConfig(AppConfig):
    """运行审计"""

    name = "kouan.desk.watch"
    label = "watch"
    verbose_name = "运行审计"
