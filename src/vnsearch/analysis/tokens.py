"""What analysis makes of a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["Analysis", "Token"]


@dataclass(frozen=True, slots=True)
class Token:
    """One occurrence of a term.

    ``text`` is the term as it is indexed. ``kind`` is "syllable", "pair", "word", or the kind of a value ("number",
    "date", "document"…, see ``vnsearch.text.values``). ``start`` and ``end`` are code points of the text as given, end
    exclusive. ``position`` counts syllables from 0; a pair, word or value has the position of its first syllable.
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
    (first, past-the-last) positions. ``values`` are tokens already. ``definitions`` holds the abbreviations that the text
    defines: (abbreviation, full form).
    """

    syllables: list[str]
    starts: list[int]
    ends: list[int]
    words: list[tuple[int, int]] = field(default_factory=list)
    values: list[Token] = field(default_factory=list)
    definitions: list[tuple[str, str]] = field(default_factory=list)

    def pairs(self) -> list[str]:
        """Return the pair terms in order: the pair at position i is of syllables i and i + 1."""
        return [f"{a} {b}" for a, b in pairwise(self.syllables)]

    def word(self, first: int, end: int) -> str:
        """Return the term of the word that spans these positions."""
        return "_".join(self.syllables[first:end])

    def word_terms(self) -> list[str]:
        """Return the word terms in order."""
        return [self.word(first, end) for first, end in self.words]

    def value_terms(self) -> list[str]:
        """Return the value terms in order."""
        return [value.text for value in self.values]

    def tokens(self) -> list[Token]:
        """Return every token, by position; at one position the syllable first, then pair, word, values."""
        starts, ends = self.starts, self.ends
        found = [Token(term, "syllable", starts[i], ends[i], i) for i, term in enumerate(self.syllables)]
        found += [Token(term, "pair", starts[i], ends[i + 1], i) for i, term in enumerate(self.pairs())]
        found += [Token(self.word(a, b), "word", starts[a], ends[b - 1], a) for a, b in self.words]
        found += self.values
        found.sort(key=lambda token: token.position)  # stable: the order of kinds above stays
        return found
