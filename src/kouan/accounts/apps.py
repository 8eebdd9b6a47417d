"""Django's handle on the room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """组织与用户"""

    name = "kouan.accounts"
    label = "accounts"
    verbose_name = "组织与用户"
