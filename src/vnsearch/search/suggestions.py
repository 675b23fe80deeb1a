"""Completions for what is being typed, and the query with its marks restored."""

from __future__ import annotations

from vnsearch.analysis import syllables_of
from vnsearch.errors import InvalidArgumentError
from vnsearch.limits import LIMITS, Limits
from vnsearch.search.choices import is_compatible
from vnsearch.search.keystrokes import replaced
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.query import ParsedQuery
from vnsearch.search.spelling import spellings_of
from vnsearch.search.triples import settled
from vnsearch.search.vocabulary import Vocabulary
from vnsearch.text.fold import group_key
from vnsearch.text.syllable import other_i_y

__all__ = ["beginning", "complete", "restored"]

# Folded groups and continuations looked at for one prefix: the commonest.
_GROUPS = 40
_SPELLINGS = 8
# What is not offered in place of what was typed.
_NOT_OFFERED = ("typed", "folded", "sound")


def restored(query: ParsedQuery, vocabulary: Vocabulary, parameters: Parameters = PARAMETERS) -> str | None:
    """Return the query with its likeliest marks, in its own case and punctuation; None when nothing would change.

    A syllable is changed only where one spelling is likely enough; what was typed with marks stays. Slips are put right and
    keystrokes read.
    """
    terms: dict[int, str] = {}
    spellings = settled(query.spellings.syllables, vocabulary, parameters)
    for at, (typed, readings) in enumerate(zip(query.analysis.syllables, spellings, strict=True)):
        best = readings[0]
        # The letters stay as typed: *ti gia* is read as *tỷ giá*, and restored as *tỉ giá*.
        term = other_i_y(best.term) if best.tier == "variant" else best.term
        if not term or term == typed or best.tier in _NOT_OFFERED:
            continue
        if best.probability >= parameters.suggestion_probability:
            terms[at] = term
    return replaced(query.text, query.analysis, terms) if terms else None


def complete(vocabulary: Vocabulary, prefix: str, limit: int = 8, limits: Limits = LIMITS) -> list[str]:
    """Return likely completions of what is being typed, commonest first; see ``Index.suggest``."""
    if not isinstance(prefix, str):
        raise InvalidArgumentError(f"a prefix is text, not {type(prefix).__name__}")
    prefix = prefix[-limits.query_chars :]
    analysis = syllables_of(prefix)
    typed = analysis.syllables[-limits.query_syllables :]
    if not typed or limit <= 0 or not vocabulary.syllable_count:
        return []
    *context, last = typed
    if prefix[analysis.ends[-1] :].strip(" \t") == "" and prefix[-1:].isspace():  # the last syllable is finished
        context, last = typed, ""
    counts = _continuations(vocabulary, context, last) if context else _starts(vocabulary, last)
    head = [readings[0].term for readings in spellings_of(vocabulary, context[:-1]).syllables]
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    most = min(limit, limits.result_window, len(ordered))
    return [" ".join([*head, term]) for term in vocabulary.first_held([term for term, _ in ordered], most)]


def _fits(term: str, typed: str) -> bool:
    """Tell whether a syllable starts as typed: marks that were typed are kept, missing ones are filled."""
    key, typed_key = group_key(term), group_key(typed)
    if not key.startswith(typed_key):
        return False
    return typed == typed_key or term.startswith(typed) or is_compatible(typed, term[: len(typed)])


def beginning(vocabulary: Vocabulary, typed: str) -> list[tuple[str, int]]:
    """Return the syllables that start as typed, with their counts, commonest first."""
    key = group_key(typed)
    found = [spelling for started in vocabulary.keys(key) for spelling in vocabulary.groups.get(started, ())]
    if typed != key:
        found = [item for item in found if _fits(item[0], typed)]
    return sorted(found, key=lambda item: -item[1])


def _starts(vocabulary: Vocabulary, typed: str) -> dict[str, int]:
    """Return words of several syllables, pairs and syllables that start as typed, with their counts."""
    counts: dict[str, int] = {}
    for syllable, count in beginning(vocabulary, typed)[:_GROUPS]:
        words = {word.replace("_", " "): n for word, n in vocabulary.terms("word", f"{syllable}_").items()}
        counts.update(words)
        # A syllable counts for what its words leave over.
        alone = count - sum(words.values())
        if alone > 0:
            counts[syllable] = alone
    return counts


def _continuations(vocabulary: Vocabulary, context: list[str], typed: str) -> dict[str, int]:
    """Return the pairs that start with the last syllable of the context and go on as typed, with their counts."""
    readings = spellings_of(vocabulary, context).syllables[-1][:_SPELLINGS]
    counts: dict[str, int] = {}
    for reading in readings:
        for pair, count in vocabulary.terms("pair", f"{reading.term} ").items():
            if _fits(pair.partition(" ")[2], typed):
                counts[pair] = counts.get(pair, 0) + count
    return counts
