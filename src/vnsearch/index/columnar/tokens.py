"""The reports' texts as sequences of syllables, and where each stands in the text as given.

A document's title comes first, then its body. The positions of a syllable in a document are where its number stands in the
sequence. A token's place takes one byte: how far it is from the token before (four bits) and how long it is (four bits), in
code points; the few that do not fit are kept apart, whole, and found by the number of their token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.container import Array, ArrayFile, ArrayFileWriter, narrow

__all__ = ["Places", "Sequences", "Texts", "TokenSequences", "encode_places", "joined", "write_tokens"]

_GAP_MAX, _LENGTH_MAX = 14, 15
_ESCAPE = 0xF0  # a gap of 15

U32 = npt.NDArray[np.uint32]


@dataclass(slots=True)
class Places:
    """Where tokens stand, encoded. ``escapes`` holds for each escaped token its number, its gap and its length."""

    codes: npt.NDArray[np.uint8]
    escapes: tuple[Array, Array, Array]


def encode_places(starts: Array, ends: Array, lengths: Array) -> Places:
    """Return the places of the tokens of texts; ``lengths`` has the number of tokens of each text."""
    starts, ends = starts.astype(np.int64), ends.astype(np.int64)
    gaps = starts.copy()
    gaps[1:] -= ends[:-1]
    firsts = np.cumsum(lengths) - lengths
    firsts = firsts[lengths > 0]
    gaps[firsts] = starts[firsts]
    sizes = ends - starts
    at = np.flatnonzero((gaps < 0) | (gaps > _GAP_MAX) | (sizes > _LENGTH_MAX))
    codes = (gaps << 4 | sizes).astype(np.uint8)
    codes[at] = _ESCAPE
    return Places(codes, (at, gaps[at].astype(np.int32), sizes[at]))


def write_tokens(file: ArrayFileWriter, tokens: Sequence[Array], places: Sequence[Places], syllables: int) -> None:
    """Write the numbers of all tokens of all documents, and their places, given part after part.

    Two bytes for a token; where there are more than 65,536 syllables, one or two more for the high part of each.
    """
    file.add_parts("tokens", np.uint16, (part.astype(np.uint16, copy=False) for part in tokens))
    if syllables > 1 << 16:
        high = np.min_scalar_type(syllables - 1 >> 16)
        file.add_parts("tokens_high", high, ((part >> 16).astype(high) for part in tokens))
    file.add_parts("places", np.uint8, (part.codes for part in places))
    firsts = np.cumsum([0, *(len(part.codes) for part in places)]).tolist()
    at = [part.escapes[0].astype(np.int64) + first for part, first in zip(places, firsts, strict=False)]
    file.add("place_escape_at", narrow(np.concatenate(at)))
    file.add_parts("place_escape_gap", np.int32, (part.escapes[1] for part in places))
    file.add("place_escape_length", narrow(np.concatenate([part.escapes[2] for part in places])))


class Sequences(Protocol):
    """Token sequences, and where the tokens stand; ``Texts`` reads them."""

    def gather(self, tokens: npt.NDArray[np.int64] | slice) -> Array:
        """Return the syllables of some tokens, given by their numbers or as a run."""

    def places(self, texts: Texts) -> tuple[npt.NDArray[np.int64], Array]:
        """Return where each token of some texts ends in its text, and how long it is."""


class TokenSequences:
    """The token sequences of a segment, mapped. ``lengths`` are those of every document's title and body.

    ``syllables`` is how many different ones there are.
    """

    def __init__(self, file: ArrayFile, title_lengths: Array, body_lengths: Array, syllables: int) -> None:
        self._low = file["tokens"]
        self._high = file["tokens_high"] if "tokens_high" in file else None  # noqa: SIM401 - a file has no get
        self.codes = file["places"]
        self.escapes = (file["place_escape_at"], file["place_escape_gap"], file["place_escape_length"])
        both = title_lengths.astype(np.int64) + body_lengths
        self._starts = np.concatenate(([0], np.cumsum(both)))  # eight bytes a document
        self._title_lengths = title_lengths
        high = len(self._low) if self._high is None else len(self._high)
        if not int(self._starts[-1]) == len(self._low) == len(self.codes) == high:
            raise ValueError("texts of another length than their syllables")
        if self._high is not None and int(self._high.max(initial=0)) > max(syllables - 1, 0) >> 16:
            raise ValueError("syllables that there are none of")
        if len({len(part) for part in self.escapes}) > 1:
            raise ValueError("escaped places of different lengths")

    def __len__(self) -> int:
        return len(self._low)

    def span(self, document: int, field: int) -> tuple[int, int]:
        """Return which tokens a document's title (0) or body (1) has: (first, past the last)."""
        start = int(self._starts[document])
        middle = start + int(self._title_lengths[document])
        return (middle, int(self._starts[document + 1])) if field else (start, middle)

    def spans(
        self, documents: npt.NDArray[np.int64], field: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the first token of each document's title (0) or body (1), and how many there are."""
        starts = self._starts[documents]
        titles = self._title_lengths[documents].astype(np.int64)
        return (starts + titles, self._starts[documents + 1] - starts - titles) if field else (starts, titles)

    def gather(self, tokens: npt.NDArray[np.int64] | slice) -> Array:
        """Return the syllables of some tokens, given by their numbers or as a run."""
        low = self._low[tokens]
        if self._high is None:
            return low
        return np.asarray(low | self._high[tokens].astype(np.uint32) << np.uint32(16))

    def numbers(self, start: int, end: int) -> Array:
        """Return the syllables of a run of tokens."""
        return self.gather(slice(start, end))

    def places(self, texts: Texts) -> tuple[npt.NDArray[np.int64], Array]:
        """Return where each token of some texts ends in its text, and how long it is."""
        codes = joined([self.codes[run] for run in texts.runs], np.uint8)
        sizes = codes & 15
        steps = (codes >> 4) + sizes  # how far an end is from the one before
        escaped = (codes == _ESCAPE).nonzero()[0]
        if len(escaped):
            at, escaped_gaps, escaped_sizes = self.escapes
            owners = texts.owners(escaped)
            which = at.searchsorted((escaped - texts.firsts(owners) + texts.origins[owners]).astype(at.dtype))
            sizes, steps = sizes.astype(np.int64), steps.astype(np.int64)
            sizes[escaped] = escaped_sizes[which]
            steps[escaped] = sizes[escaped] + escaped_gaps[which]
        ends = steps.cumsum(dtype=np.int64)
        if len(texts.pasts) > 1:  # every text begins at 0
            before = np.concatenate(([0], ends))[texts.pasts - texts.lengths]
            ends -= before.repeat(texts.lengths)
        return ends, sizes

    def read(self, documents: npt.NDArray[np.int64], field: int) -> Texts:
        """Return some documents' titles (0) or bodies (1), one after the other."""
        return Texts(self, *self.spans(documents, field))


class Texts:
    """Some texts as tokens, one after the other.

    ``syllables`` has the syllable of every token; ``lengths`` says how many tokens each text has, ``pasts`` which is the first
    behind it. In the sequences a text begins at one of ``origins`` and is one of ``runs``. Where tokens stand is worked out when it is
    asked for.
    """

    def __init__(self, sequences: Sequences, origins: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
        self._sequences = sequences
        self.origins = origins
        self.runs = list(map(slice, origins.tolist(), (origins + lengths).tolist()))
        self.lengths = lengths
        self.pasts = lengths.cumsum()
        self.syllables: Array = joined([sequences.gather(run) for run in self.runs], np.uint16)

    def owners(self, tokens: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return in which text each of some tokens is."""
        return self.pasts.searchsorted(tokens, "right")

    def firsts(self, texts: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """Return which is the first token of each of some texts."""
        return (self.pasts - self.lengths)[texts]

    def places(self, tokens: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where some tokens begin and end, in code points of their text as given."""
        if not len(tokens):
            return tokens, tokens
        ends, sizes = self._places
        found = ends.take(tokens)
        return found - sizes[tokens], found

    @cached_property
    def _places(self) -> tuple[npt.NDArray[np.int64], Array]:
        return self._sequences.places(self)


def joined(parts: Sequence[Array], dtype: npt.DTypeLike) -> Array:
    """Return some arrays as one; of a type if there are none."""
    return np.concatenate(parts) if parts else np.empty(0, dtype)
