"""Django's handle on the part."""

from django.apps import AppConfig


class ImageryConfig(AppConfig):
    """影像源"""

    name = "kouan.monitoring.imagery"
    label = "imagery"
    verbose_name = "影像源"
