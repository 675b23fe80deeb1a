"""An app of its own that mounts vnsearch's."""

import os

from fastapi import FastAPI

from vnsearch import Index
from vnsearch.web import create_app

# One object serves all threads, and the mounted app. It sees what other processes index, since that app refreshes it.
index = Index.open(os.environ.get("VNSEARCH_INDEX", "index/"))

app = FastAPI(title="Newsroom")


@app.get("/")
def home() -> dict[str, str]:
    """Say what is where."""
    return {"page": "/tim-kiem/", "titles": "/titles?query=quy+che"}


@app.get("/titles")
def titles(
    query: str, limit: int = 10
) -> list[dict[str, str]]:  # no "async": FastAPI runs it in a thread, others are heard
    """Return ids and marked titles, for a box on some other page."""
    return [
        {"id": hit.id, "title_html": hit.title_html()} for hit in index.search(query, limit=min(max(limit, 0), 100))
    ]


app.mount("/tim-kiem", create_app(index, title="Tìm kiếm"))
