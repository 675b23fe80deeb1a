"""``manage.py index_articles``."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from articles.models import Article
from articles.search import report
from vnsearch import Index


class Command(BaseCommand):
    """Brings the index in step with all articles, in one commit; then takes out those that are no more."""

    help = "Index all articles, and forget those that were deleted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--rebuild``."""
        parser.add_argument(
            "--rebuild", action="store_true", help="start the index anew, as after an update of vnsearch"
        )

    def handle(self, *args: Any, rebuild: bool, **options: Any) -> None:
        """Do it."""
        folder = settings.VNSEARCH_INDEX
        with Index.create(folder, overwrite=True) if rebuild else Index.open(folder, create=True) as index:
            # Read before the articles are: what is added meanwhile is not taken for deleted.
            indexed = {known.id for known in index}
            stats = index.add(report(article) for article in Article.objects.iterator(chunk_size=1000))
            gone = indexed.difference(map(str, Article.objects.values_list("pk", flat=True).iterator()))
            deleted = index.delete(gone)
            self.stdout.write(
                f"{stats.added} added, {stats.updated} updated, {deleted} deleted; {len(index)} articles now"
            )
