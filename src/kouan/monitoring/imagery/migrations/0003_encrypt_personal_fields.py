"""Seal what an earlier release left in clear. In a migration of its own: PostgreSQL alters no table whose rows the same transaction wrote."""

from django.db import migrations

from kouan.accounts.personal.fields import encrypt_rows


class Migration(migrations.Migration):

    dependencies = [
        ('imagery', '0002_personal_fields'),
    ]

    operations = [
        migrations.RunPython(encrypt_rows('imagery', 'ImageFeed', ('contact',)), migrations.RunPython.noop),
    ]
