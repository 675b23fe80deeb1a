"""The app, and what keeps its index in step with the database."""

from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_save


class ArticlesConfig(AppConfig):
    """Articles and their search."""

    name = "articles"

    def ready(self) -> None:
        """Hear of every change of an article."""
        for signal in (post_save, post_delete):
            signal.connect(_changed, sender="articles.Article")


def _changed(instance: Any, **_: Any) -> None:
    from articles.search import bring_in_step  # noqa: PLC0415 - needs the models, which are there only now

    pk = instance.pk  # read now: after a deletion the object has none
    # What is rolled back is not indexed. An index that is locked or full fails no save: index_articles makes good for it.
    transaction.on_commit(lambda: bring_in_step(pk), robust=True)
