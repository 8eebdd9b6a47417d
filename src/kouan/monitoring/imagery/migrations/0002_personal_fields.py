import uuid

from django.db import migrations, models

import kouan.accounts.personal.fields


class Migration(migrations.Migration):

    dependencies = [
        ('personal', '0001_initial'),
        ('imagery', '0001_imagery'),
    ]

    operations = [
        # The default comes after the column: given with it, all rows there already would get the same one.
        migrations.AddField(
            model_name='imagefeed',
            name='personal_subject',
            field=models.UUIDField(editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='imagefeed',
            name='personal_subject',
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='imagefeed',
            name='contact',
            field=kouan.accounts.personal.fields.PersonalText(max_length=120, verbose_name='联系人及电话'),
        ),
    ]
