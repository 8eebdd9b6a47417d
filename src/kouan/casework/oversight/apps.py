"""Django's handle on the part."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """督查督办"""

    name = "kouan.casework.oversight"
    label = "oversight"
    verbose_name = "督查督办"

    def ready(self) -> None:
        """Give the desk the two procedures of this part, and what their effects do."""
        from pathlib import Path

        from kouan.casework.oversight.effects import CARRIED
        from kouan.desk.matters.registry import register_later

        register_later("oversight", Path(__file__).parent / "procedures", CARRIED, {"evidence": "other"}, is_begun_by_deeds=True)
