"""Following the links of a site, as a browser and a client of the API would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx

#: Keys of our JSON whose values are addresses.
_LINK_KEYS = {"self", "next", "previous", "document"}


class _Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("href", "src", "action") and value is not None]


def _of_json(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inside in value.items():
            if key in _LINK_KEYS and isinstance(inside, str):
                yield inside
            yield from _of_json(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _of_json(inside)


def _links(answer: httpx.Response) -> list[str]:
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/html"):
        return _Links(answer.text).found
    return list(_of_json(answer.json())) if kind.startswith("application/json") else []


def crawl(client: httpx.Client, starts: Iterable[str], most: int = 300) -> dict[str, int]:
    """Return the status of every address of this site that the starts lead to, at most so many."""
    seen: dict[str, int] = {}
    to_see = [urljoin(str(client.base_url), start) for start in starts]
    while to_see and len(seen) < most:
        address = to_see.pop(0)
        if address in seen:
            continue
        answer = client.get(address)
        seen[address] = answer.status_code
        for link in _links(answer):
            absolute = urldefrag(urljoin(address, link)).url
            if urlsplit(absolute).netloc == client.base_url.netloc.decode():
                to_see.append(absolute)
    return seen
