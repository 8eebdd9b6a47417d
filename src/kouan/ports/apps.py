"""Django's handle on the room."""

from django.apps import AppConfig


class PortsConfig(AppConfig):
    """口岸名录"""

    name = "kouan.ports"
    label = "ports"
    verbose_name = "口岸名录"

    def ready(self) -> None:
        """Let the catalogue of data sets know where ports lie, and the register as a kind of data."""
        from kouan.desk.sharing.rooms import register_places, register_room
        from kouan.ports.sharing import ROOM, SHARED, beyond_own, provinces_of

        register_places(provinces_of, beyond_own)
        register_room(ROOM, SHARED)
