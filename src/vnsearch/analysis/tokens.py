"""What analysis makes of a text."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Analysis", "Token"]


@dataclass(frozen=True, slots=True)
class Token:
    """One occurrence of a term.

    ``text`` is the term as it is indexed. ``kind`` is "syllable", "pair", "word" or "value". ``start`` and ``end`` are code
    points of the text as given, end exclusive. ``position`` counts syllables from 0; a pair or word has the position of
    its first syllable, a value that of the first syllable it covers.
    """

    text: str
    kind: str
    start: int
    end: int
    position: int


@dataclass(slots=True)
class Analysis:
    """A text taken apart; what the index and the query parser work on. Lists, not tokens, because there are many.

    ``syllables[i]`` is the term at position i, found at ``starts[i]:ends[i]`` of the text as given. ``words`` holds
    (first, past-the-last) positions; ``values`` holds (term, position, start, end).
    """

    syllables: list[str]
    starts: list[int]
    ends: list[int]
    words: list[tuple[int, int]] = field(default_factory=list)
    values: list[tuple[str, int, int, int]] = field(default_factory=list)

    def pairs(self) -> list[str]:
        """Return the pair terms in order: the pair at position i is of syllables i and i + 1."""
        return [f"{a} {b}" for a, b in zip(self.syllables, self.syllables[1:], strict=False)]

    def word(self, first: int, end: int) -> str:
        """Return the term of the word that spans these positions."""
        return "_".join(self.syllables[first:end])

    def word_terms(self) -> list[str]:
        """Return the word terms in order."""
        return [self.word(first, end) for first, end in self.words]

    def tokens(self) -> list[Token]:
        """Return every token, by position; at one position the syllable first, then pair, word, values."""
        starts, ends = self.starts, self.ends
        found = [Token(term, "syllable", starts[i], ends[i], i) for i, term in enumerate(self.syllables)]
        found += [Token(term, "pair", starts[i], ends[i + 1], i) for i, term in enumerate(self.pairs())]
        found += [Token(self.word(a, b), "word", starts[a], ends[b - 1], a) for a, b in self.words]
        found += [Token(term, "value", start, end, position) for term, position, start, end in self.values]
        found.sort(key=lambda token: token.position)  # stable: the order of kinds above stays
        return found
