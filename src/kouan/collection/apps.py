"""Django's handle on the room."""

from django.apps import AppConfig


class CollectionConfig(AppConfig):
    """报送"""

    name = "kouan.collection"
    label = "collection"
    verbose_name = "报送"

    def ready(self) -> None:
        """Let the worker know the kinds of work of this room, and the desk which files figures lead back to."""
        from kouan.collection import jobs  # noqa: F401 - importing registers them
        from kouan.collection.lineage import leads_back_to
        from kouan.desk.actions import keep_while

        keep_while("collection.lineage", leads_back_to)

        from kouan.collection.granted import SHARED
        from kouan.collection.visibility import ROOM
        from kouan.desk.sharing.rooms import register_room

        register_room(ROOM, SHARED)
