# Nullable and without default, so that neither database writes the rows that are there anew.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0002_event_journal'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='nationality_group',
            field=models.CharField(max_length=12, null=True, verbose_name='人员分组'),
        ),
        migrations.AddField(
            model_name='event',
            name='risk_channel',
            field=models.CharField(max_length=12, null=True, verbose_name='风险通道'),
        ),
        migrations.AddField(
            model_name='event',
            name='goods_kind',
            field=models.CharField(max_length=16, null=True, verbose_name='货物种类'),
        ),
    ]
