"""Django's handle on the room."""

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """办件"""

    name = "kouan.casework"
    label = "casework"
    verbose_name = "办件"

    def ready(self) -> None:
        """Give the desk the procedures of this room, and what their effects do."""
        from kouan.casework.carrying import CARRIED
        from kouan.casework.catalogue import FOLDER
        from kouan.casework.effects import PAPERS
        from kouan.casework.fact_words import register as register_words
        from kouan.casework.gathering import subjects_of
        from kouan.casework.past import past
        from kouan.desk.matters.registry import register_later
        from kouan.grading.lawbook.cases import register_past
        from kouan.grading.list_facts import register_subjects

        register_subjects("casework", subjects_of)
        register_past("casework", past)
        register_words()
        register_later("casework", FOLDER, CARRIED, PAPERS)
