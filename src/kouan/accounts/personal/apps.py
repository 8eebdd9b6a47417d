"""Django's handle on the part."""

from django.apps import AppConfig


class PersonalConfig(AppConfig):
    """个人信息"""

    name = "kouan.accounts.personal"
    label = "personal"
    verbose_name = "个人信息"
