"""Django's handle on the room."""

from django.apps import AppConfig


class PublicationConfig(AppConfig):
    """发布"""

    name = "kouan.publication"
    label = "publication"
    verbose_name = "数据发布"

    def ready(self) -> None:
        """Give the desk the procedure by which figures that are not public are released."""
        from kouan.desk.matters.registry import register_later
        from kouan.publication.effects import CARRIED, PROCEDURES

        register_later("publication", PROCEDURES, CARRIED, is_begun_by_deeds=True)
