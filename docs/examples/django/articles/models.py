"""What is searched."""

from django.db import models
from django.urls import reverse


class Article(models.Model):
    """A published article."""

    title = models.CharField(max_length=300)
    body = models.TextField()
    published = models.DateField()
    source = models.CharField(max_length=100, blank=True)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return where the article is read."""
        return reverse("article", args=[self.pk])
