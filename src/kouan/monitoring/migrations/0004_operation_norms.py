import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import kouan.basis.clock


class Migration(migrations.Migration):

    dependencies = [
        ('monitoring', '0003_event_traits'),
        ('ports', '0002_layout_link_document'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OperationNorm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name_zh', models.CharField(max_length=80, verbose_name='名称')),
                ('name_en', models.CharField(max_length=120, verbose_name='英文名称')),
                ('whole', models.SlugField(max_length=48, verbose_name='全程')),
                ('first', models.SlugField(blank=True, max_length=48, verbose_name='起始节点')),
                ('last', models.SlugField(blank=True, max_length=48, verbose_name='终止节点')),
                ('direction', models.CharField(max_length=12, verbose_name='方向')),
                ('mode', models.CharField(blank=True, max_length=8, verbose_name='运输方式')),
                ('port_type', models.CharField(blank=True, choices=[('sea', '海运'), ('inland_river', '内河'), ('boundary_river', '界河'), ('rail', '铁路'), ('road', '公路'), ('air_coastal', '沿海航空'), ('air_other', '其他航空')], max_length=16, verbose_name='口岸类型')),
                ('clock_kind', models.CharField(default='around', max_length=8, verbose_name='时钟')),
                ('hours', models.DecimalField(decimal_places=3, max_digits=8, verbose_name='时限（小时）')),
                ('valid_from', models.DateField(verbose_name='自')),
                ('valid_to', models.DateField(null=True, verbose_name='至')),
                ('document', models.CharField(max_length=200, verbose_name='文件名称')),
                ('document_number', models.CharField(blank=True, max_length=80, verbose_name='发文字号')),
                ('article', models.CharField(max_length=80, verbose_name='条款')),
                ('issued', models.DateField(null=True, verbose_name='印发日期')),
                ('reason', models.CharField(max_length=400, verbose_name='理由')),
                ('state', models.CharField(choices=[('waiting', '待批准'), ('approved', '已批准'), ('rejected', '不予批准'), ('withdrawn', '已撤回')], default='waiting', max_length=10, verbose_name='状态')),
                ('proposed_at', models.DateTimeField(default=kouan.basis.clock.now, verbose_name='提出时间')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='决定时间')),
                ('decision', models.CharField(blank=True, max_length=400, verbose_name='决定理由')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('port', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='operation_norms', to='ports.port')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '作业时间规范',
                'verbose_name_plural': '作业时间规范',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('hours__gt', 0)), name='norm_hours_above_zero'), models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='norm_ends_after_it_began'), models.CheckConstraint(condition=models.Q(models.Q(('first', ''), ('last', '')), models.Q(models.Q(('first', ''), _negated=True), models.Q(('last', ''), _negated=True)), _connector='OR'), name='norm_of_two_milestones_or_none'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='norm_four_eyes')],
            },
        ),
    ]
