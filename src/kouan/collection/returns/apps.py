"""Django's handle on the part."""

from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    """统计报送"""

    name = "kouan.collection.returns"
    label = "returns"
    verbose_name = "统计报送"

    def ready(self) -> None:
        """Give the desk the procedures of returns and what their steps do."""
        from kouan.collection.returns.checks import vet_with
        from kouan.collection.returns.effects import CARRIED, PROCEDURES
        from kouan.collection.returns.vetting import vetted
        from kouan.desk.matters.registry import register_later

        register_later("returns", PROCEDURES, CARRIED, is_begun_by_deeds=True)
        vet_with(vetted)
