import uuid

from django.db import migrations, models

import kouan.accounts.personal.fields


class Migration(migrations.Migration):

    dependencies = [
        ('personal', '0001_initial'),
        ('accounts', '0002_roles_and_offices'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='email_index',
            field=kouan.accounts.personal.fields.PersonalIndex(of='email', verbose_name='电子邮箱（索引）'),
        ),
        # The default comes after the column: given with it, all rows there already would get the same one.
        migrations.AddField(
            model_name='user',
            name='personal_subject',
            field=models.UUIDField(editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='user',
            name='personal_subject',
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True, unique=True, verbose_name='主体'),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=kouan.accounts.personal.fields.PersonalText(blank=True, max_length=254, verbose_name='电子邮箱'),
        ),
        migrations.AlterField(
            model_name='user',
            name='phone',
            field=kouan.accounts.personal.fields.PersonalText(blank=True, max_length=32, verbose_name='电话'),
        ),
    ]
