"""The table of articles."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table."""

    initial = True
    operations = [
        migrations.CreateModel(
            name="Article",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=300)),
                ("body", models.TextField()),
                ("published", models.DateField()),
                ("source", models.CharField(blank=True, max_length=100)),
            ],
        ),
    ]
