"""The index of the articles: reports whose ids are primary keys."""

import functools

from django.conf import settings

from articles.models import Article
from vnsearch import Index, Report


@functools.cache
def index() -> Index:
    """Return the index of this process; all threads share it."""
    return Index.open(settings.VNSEARCH_INDEX, create=True)


def report(article: Article) -> Report:
    """Return an article as it is indexed."""
    return Report(str(article.pk), article.title, article.body, article.published, article.source or None)


def bring_in_step(pk: int) -> None:
    """Make the index say of an article what the database says: its present text, or nothing."""
    article = Article.objects.filter(pk=pk).first()
    if article is None:
        index().delete([str(pk)])
    else:
        index().add([report(article)])
