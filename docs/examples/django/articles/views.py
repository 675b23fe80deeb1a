"""The search page and the page of an article."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe

from articles.models import Article
from articles.search import index

PER_PAGE = 5


class Hits:
    """What a query finds, as Django's Paginator wants it: it can be counted, and cut into pages."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.suggestion: str | None = None

    def count(self) -> int:
        """Return how many articles are found."""
        return index().search(self.query, limit=0).total

    def __getitem__(self, page: slice) -> list[dict]:
        results = index().search(self.query, limit=page.stop - page.start, offset=page.start)
        self.suggestion = results.suggestion
        articles = Article.objects.in_bulk([int(hit.id) for hit in results])
        return [
            # The library has escaped the text of these two: nothing but its own <mark> is markup.
            {
                "article": articles[int(hit.id)],
                "title": mark_safe(hit.title_html()),
                "snippet": mark_safe(hit.snippet.html()),
            }
            for hit in results
            if int(hit.id) in articles  # one that was deleted a moment ago is left out
        ]


def search(request: HttpRequest) -> HttpResponse:
    """Show the hits of ``?q=``, page by page."""
    index().refresh()  # see what other processes indexed; costs next to nothing when there is nothing new
    hits = Hits(request.GET.get("q", ""))
    page = Paginator(hits, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "articles/search.html", {"hits": hits, "page": page})


def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an article."""
    return render(request, "articles/article.html", {"article": get_object_or_404(Article, pk=pk)})
