import uuid

from django.db import migrations, models

import kouan.accounts.personal.fields


class Migration(migrations.Migration):

    dependencies = [
        ('personal', '0001_initial'),
        ('bottlenecks', '0001_initial'),
    ]

    operations = [
        # The default comes after the column: given with it, all rows there already would get the same one.
        migrations.AddField(
            model_name='issue',
            name='personal_subject',
            field=models.UUIDField(editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='issue',
            name='personal_subject',
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='issue',
            name='contact_name',
            field=kouan.accounts.personal.fields.PersonalText(blank=True, max_length=64, verbose_name='联系人'),
        ),
        migrations.AlterField(
            model_name='issue',
            name='contact_phone',
            field=kouan.accounts.personal.fields.PersonalText(blank=True, max_length=32, verbose_name='联系电话'),
        ),
    ]
