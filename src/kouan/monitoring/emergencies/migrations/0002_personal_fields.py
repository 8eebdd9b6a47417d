import uuid

from django.db import migrations, models

import kouan.accounts.personal.fields


class Migration(migrations.Migration):

    dependencies = [
        ('personal', '0001_initial'),
        ('emergencies', '0001_emergencies'),
    ]

    operations = [
        # The default comes after the column: given with it, all rows there already would get the same one.
        migrations.AddField(
            model_name='dutyentry',
            name='personal_subject',
            field=models.UUIDField(editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='dutyentry',
            name='personal_subject',
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='dutyentry',
            name='person',
            field=kouan.accounts.personal.fields.PersonalText(max_length=64, verbose_name='值班人员'),
        ),
        migrations.AlterField(
            model_name='dutyentry',
            name='phone',
            field=kouan.accounts.personal.fields.PersonalText(max_length=32, verbose_name='电话'),
        ),
    ]
