"""Terms, ids and labels as the cluster has them, for documents and for queries alike."""

from __future__ import annotations

import re

import xxhash

__all__ = ["EVERY", "TERM_CHARS", "document_id", "label_of", "written", "written_label"]

#: The term that stands once in every weighed field of every report: the cluster takes the number of documents that have a field for
#: the number of all. No other term is written like this.
EVERY = "~"
#: A term has so many code points at most.
TERM_CHARS = 200
# What no UTF-8 has.
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# That, what ends a term or its frequency, and what a digest begins with.
_ODD = re.compile(r"^~|[\s|\ud800-\udfff]")
# Bytes of an id: OpenSearch takes 512. Bytes of a label: Lucene takes 32,766; and what is kept of a longer one.
_ID_BYTES = 500
_LABEL_BYTES = 8000
_LABEL_CHARS = 1000
# No byte.
_DIGEST_FOLLOWS = "\u0100"


def _digest(text: str) -> str:
    return "~" + xxhash.xxh128_hexdigest(text.encode("utf-8", "surrogatepass"))


def written(kind: str, term: str) -> str:
    """Return how a term of a kind stands in the fields and in queries: as it is, the space of a pair as ``_``.

    A digest stands for one that is longer than 200 code points, or has white space or ``|`` in it.

    >>> written("syllable", "quận"), written("pair", "quận ủy"), written("value", "a|b")
    ('quận', 'quận_ủy', '~e4bb8f8c00c16987c7ee863ab9632249')
    """
    found = term.replace(" ", "_", 1) if kind == "pair" else term
    return _digest(found) if len(found) > TERM_CHARS or _ODD.search(found) else found


def document_id(id: str) -> str:
    """Return the ``_id`` of the document of a report: its id, or a digest where that cannot be one.

    >>> document_id("xa/uy-vuon"), document_id("_doc")
    ('xa/uy-vuon', '~01c28d607c10efe2a05c0d5ce2a01b40')
    """
    size = len(id.encode("utf-8", "surrogatepass"))
    odd = not 0 < size <= _ID_BYTES or id.startswith(("~", "_")) or _SURROGATES.search(id)
    return _digest(id) if odd else id


def written_label(label: str) -> str:
    """Return how a label is kept and asked for: as it is; as ``~`` and its bytes where UTF-8 does not have it, or it begins with ``~``.

    Of one of more than 8,000 bytes there is the beginning, and a digest. Different labels are written differently; ``label_of``
    reads them.

    >>> written_label("Ba Đình"), written_label("~5")
    ('Ba Đình', '~~5')
    """
    size = len(label.encode("utf-8", "surrogatepass"))
    if size > _LABEL_BYTES:
        return f"~{_as_bytes(label[:_LABEL_CHARS] + '…')}{_DIGEST_FOLLOWS}{_digest(label)}"
    return f"~{_as_bytes(label)}" if label.startswith("~") or _SURROGATES.search(label) else label


def label_of(written: str) -> str:
    """Return the label that is written so; of a very long one the beginning.

    >>> label_of("Ba Đình"), label_of(written_label("~5")), len(label_of(written_label("dài " * 9000)))
    ('Ba Đình', '~5', 1001)

    Raises:
        ValueError: no label is written so.

    """
    if not written.startswith("~"):
        return written
    return written[1:].partition(_DIGEST_FOLLOWS)[0].encode("latin-1").decode("utf-8", "surrogatepass")


def _as_bytes(label: str) -> str:
    """Return its bytes in UTF-8, each as a character."""
    return label.encode("utf-8", "surrogatepass").decode("latin-1")
