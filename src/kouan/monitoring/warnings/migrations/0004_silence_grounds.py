from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ports', '0002_layout_link_document'),
        ('warnings', '0003_stored_forecasts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='plannedsilence',
            name='document',
            field=models.CharField(blank=True, default='', max_length=120, verbose_name='文件'),
        ),
        migrations.AddField(
            model_name='plannedsilence',
            name='grounds',
            field=models.CharField(choices=[('planned', '计划安排'), ('closure', '口岸关闭'), ('hours', '公布的开放时间调整')], default='planned', max_length=8, verbose_name='依据'),
        ),
        migrations.AddField(
            model_name='plannedsilence',
            name='reference',
            field=models.CharField(blank=True, default='', max_length=40, verbose_name='关联记录'),
        ),
        migrations.AlterField(
            model_name='plannedsilence',
            name='last_day',
            field=models.DateField(null=True, verbose_name='至'),
        ),
        migrations.AddConstraint(
            model_name='plannedsilence',
            constraint=models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('reference',), name='silence_once_a_closure'),
        ),
        migrations.AddConstraint(
            model_name='plannedsilence',
            constraint=models.CheckConstraint(condition=models.Q(('last_day__isnull', False), ('grounds', 'closure'), _connector='OR'), name='silence_ends_but_of_closures'),
        ),
    ]
