"""Django's handle on the part."""

from django.apps import AppConfig


class BottlenecksConfig(AppConfig):
    """堵点难点"""

    name = "kouan.casework.bottlenecks"
    label = "bottlenecks"
    verbose_name = "堵点难点"

    def ready(self) -> None:
        """Give the desk the procedure, its effects, what follows a step, and the way by which a weak indicator opens a task."""
        from kouan.casework.bottlenecks.actions import open_from_indicator
        from kouan.casework.bottlenecks.effects import CARRIED
        from kouan.casework.bottlenecks.routing import PROCEDURES
        from kouan.casework.bottlenecks.tidings import tell_enterprise
        from kouan.desk.matters.openers import register_opener
        from kouan.desk.matters.registry import register_follower, register_later

        register_later("bottlenecks", PROCEDURES, CARRIED, is_begun_by_deeds=True)
        register_follower("bottlenecks", tell_enterprise)
        register_opener("weak_indicator", open_from_indicator)
