"""Django's handle on the part."""

from django.apps import AppConfig


class ConferenceConfig(AppConfig):
    """口岸工作联席会议"""

    name = "kouan.casework.conference"
    label = "conference"
    verbose_name = "口岸工作联席会议"

    def ready(self) -> None:
        """Give the desk the procedures of conferences, and what their effects do."""
        from kouan.casework.conference.effects import CARRIED, PROCEDURES
        from kouan.desk.matters.registry import register_later

        register_later("conference", PROCEDURES, CARRIED, is_begun_by_deeds=True)
