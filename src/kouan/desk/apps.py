"""Django's handle on the room."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """公共桌面"""

    name = "kouan.desk"
    label = "desk"
    verbose_name = "公共桌面"

    def ready(self) -> None:
        """Let the worker know the kinds of work of this room."""
        from kouan.desk import verification  # noqa: F401 - importing registers them
        from kouan.desk.matters import (  # noqa: F401 - importing listens, and registers
            changes_of_people,
            mails,
        )
