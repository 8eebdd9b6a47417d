"""Django's handle on the part."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """数据共享"""

    name = "kouan.desk.sharing"
    label = "sharing"
    verbose_name = "数据共享"

    def ready(self) -> None:
        """Give the desk the procedure of grants and what its steps do."""
        from kouan.desk.matters.registry import register_later
        from kouan.desk.sharing.effects import CARRIED, PROCEDURES

        register_later("sharing", PROCEDURES, CARRIED, is_begun_by_deeds=True)
