"""Django's handle on the room: triggers follow every migration, and every connection is prepared."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """审计"""

    name = "kouan.audit"
    label = "audit"
    verbose_name = "审计"

    def ready(self) -> None:
        """Hook the installation of triggers to migrations, and the key to connections."""
        from django.db.backends.signals import connection_created
        from django.db.models.signals import post_migrate, pre_migrate

        from kouan.audit import checks, install, keys

        connection_created.connect(keys.prepare_connection, dispatch_uid="kouan.audit.prepare")
        pre_migrate.connect(install.before_migrations, sender=self, dispatch_uid="kouan.audit.lift")
        post_migrate.connect(install.after_migrations, sender=self, dispatch_uid="kouan.audit.install")
        checks.register_checks()
