"""The index as the cluster is told of it: fields, how their terms are scored, and what says that it is ours.

A weighed field holds ``term|frequency``: how often a report has the term, each field of it weighed and divided by its length
(see ``documents``), times ``SCALE``. So there are no lengths in Lucene's one byte, no norms, and ``b`` is 0; ``k1`` is scaled like the
frequencies. Of a term query the cluster makes ``boost * idf * (SCALE * k1 + 1) * tf / (tf + k1)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vnsearch.analysis import analysis_fingerprint
from vnsearch.errors import IndexVersionError
from vnsearch.index.schema import TEXT_FIELDS, label_fields
from vnsearch.search.parameters import PARAMETERS

__all__ = [
    "GROUPS",
    "MAPPING_VERSION",
    "SCALE",
    "WEIGHED_KINDS",
    "Meta",
    "check_meta",
    "field_of",
    "index_body",
    "read_meta",
]

#: Goes up whenever another mapping, or other terms or frequencies, would be made of the same reports.
MAPPING_VERSION = 1
#: What frequencies are multiplied by before they are rounded.
SCALE = 128
#: Both fields of a report together, and each alone.
GROUPS = ("both", *TEXT_FIELDS)
#: The kinds of terms that each group has. Both together have words, too.
WEIGHED_KINDS = ("syllable", "pair", "value")

_REBUILD = "make it again from its own reports with `vnsearch rebuild --url …`"
# More than any term we write has, in UTF-16: a longer one would be cut.
_TOKEN_LENGTH = 1000
_WINDOW = 100_000
_FIELDS_LIMIT = 1000
# UTF-16 units that Lucene takes, however many bytes each has.
_KEYWORD_LENGTH = 8191


@dataclass(frozen=True, slots=True)
class Meta:
    """What an index says of itself: the version of its mapping, the analysis that made its terms, the keys that can be filtered."""

    version: int
    analysis: str
    filterable: tuple[str, ...]


def field_of(group: str, kind: str) -> str:
    """Return the weighed field that holds the terms of a kind.

    >>> field_of("both", "syllable"), field_of("title", "pair")
    ('both.syllables', 'title.pairs')
    """
    return f"{group}.{kind}s"


def index_body(filterable: Iterable[str], shards: int, replicas: int) -> dict[str, Any]:
    """Return the body of the request that creates an index."""
    keys = tuple(filterable)
    labels = label_fields(keys)
    tokens = {"type": "custom", "tokenizer": "vnsearch"}
    settings = {
        "number_of_shards": shards,
        "number_of_replicas": replicas,
        "max_result_window": _WINDOW,
        "mapping.total_fields.limit": _FIELDS_LIMIT + len(labels),
        "similarity": {kind: _similarity(kind) for kind in ("syllable", "pair")},
        "analysis": {
            "tokenizer": {"vnsearch": {"type": "whitespace", "max_token_length": _TOKEN_LENGTH}},
            "analyzer": {
                "vnsearch_terms": tokens,
                "vnsearch_weighed": {**tokens, "filter": ["delimited_term_freq"]},
            },
        },
    }
    keyword = {"type": "keyword", "ignore_above": _KEYWORD_LENGTH}
    texts = {"type": "text", "analyzer": "vnsearch_terms", "norms": False}
    properties: dict[str, Any] = {
        "id": keyword,
        "report": {"type": "object", "enabled": False},
        "packed": {"type": "keyword", "index": False, "doc_values": False},
        "day": {"type": "integer"},
        "labels": {"properties": dict.fromkeys(labels, keyword)},
        "text": {"properties": dict.fromkeys(TEXT_FIELDS, texts)},
    }
    for group in GROUPS:
        kinds = (*WEIGHED_KINDS, "word") if group == "both" else WEIGHED_KINDS
        fields = {field_of(group, kind).partition(".")[2]: _weighed(kind) for kind in kinds}
        properties[group] = {"properties": fields}
    meta = {"version": MAPPING_VERSION, "analysis": analysis_fingerprint(), "filterable": list(keys)}
    return {
        "settings": {"index": settings},
        "mappings": {
            "dynamic": "strict",
            "_meta": {"vnsearch": meta},
            "_source": {"includes": ["report", "packed"]},
            "properties": properties,
        },
    }


def _similarity(kind: str) -> dict[str, Any]:
    k1 = PARAMETERS.pair.k1 if kind == "pair" else PARAMETERS.syllable.k1
    return {"type": "BM25", "k1": SCALE * k1, "b": 0.0}


def _weighed(kind: str) -> dict[str, Any]:
    # Frequencies that the terms bring with them cannot have positions.
    return {
        "type": "text",
        "analyzer": "vnsearch_weighed",
        "index_options": "freqs",
        "norms": False,
        "similarity": "pair" if kind == "pair" else "syllable",
    }


def read_meta(mapping: Mapping[str, Any]) -> Meta:
    """Return what an index says of itself; ``mapping`` has its ``_meta``.

    Raises:
        IndexVersionError: it says nothing, or nothing that we know how to read.

    """
    try:
        found = mapping["_meta"]["vnsearch"]
        version, analysis, filterable = found["version"], found["analysis"], found["filterable"]
        if isinstance(version, int) and isinstance(analysis, str) and all(isinstance(key, str) for key in filterable):
            return Meta(version, analysis, tuple(filterable))
    except (KeyError, TypeError):
        pass
    raise IndexVersionError(
        "this index was not made by vnsearch; give the name of one that was, or of none, to create it"
    )


def check_meta(mapping: Mapping[str, Any]) -> Meta:
    """Return what an index says of itself, if this vnsearch can write to it and search it.

    Raises:
        IndexVersionError: it was not made by vnsearch, or by one of another mapping or analysis.

    """
    meta = read_meta(mapping)
    if meta.version != MAPPING_VERSION:
        raise IndexVersionError(
            f"the index has mapping {meta.version}, this vnsearch reads {MAPPING_VERSION}; {_REBUILD}"
        )
    if meta.analysis != analysis_fingerprint():
        raise IndexVersionError(
            f"the index was made with another analysis ({meta.analysis}, now {analysis_fingerprint()}): its terms would not meet "
            f"today's queries; {_REBUILD}"
        )
    return meta
