"""Text -> tokens, and the vocabulary: what the model says about each token, worked out once.

pyvi finds its tokens with one regular expression. No token of it spans white space, and the line break is a token of its
own; so a text is its white-space *chunks* ("Nội," is a chunk of two tokens) with line breaks between them, and chunks
repeat. The vocabulary numbers them: a text becomes a list of numbers by ``str.split`` and a dictionary, and all that the
decoder needs is looked up by number. A chunk is a row of *slots*, one for each of its tokens, which tile it without gaps.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vnsearch.segment.lexicon import Lexicon
from vnsearch.segment.model import Model
from vnsearch.text.patterns import lazy_pattern

__all__ = ["BREAK", "NEWLINE", "Columns", "Growing", "Row", "Vocabulary", "tokens_of_chunk"]

# Chunk numbers that every vocabulary gives: what stands before, between and after texts, and the line break.
BREAK, NEWLINE = 0, 1

_LOCAL = r"a-zA-Z0-9_.+\-"
_DOMAIN = r"(?:[a-zA-Z0-9\-]+\.)+[a-zA-Z0-9\-]"
_PATTERN = (
    r"[A-ZĐ]+\.|Tp\.|Mr\.|Mrs\.|Ms\.|Dr\.|ThS\.|==>|->|\.\.\.|>>|\n|\w+://[^\s]+{email}|\d+(?:[.,_]\d+)+|[^\w\s]|\w+"
)
_WITH_EMAIL = lazy_pattern(_PATTERN.format(email=rf"|[{_LOCAL}]+@{_DOMAIN}+"))
_WITHOUT_EMAIL = lazy_pattern(_PATTERN.format(email=""))
_EMAIL_SITE = lazy_pattern(rf"[{_LOCAL}]@{_DOMAIN}")
# As in the module string, which takes a while to import.
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_LOCAL_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-"
_LONG_CHUNK_CHARS = 200


class Row(NamedTuple):
    """What a token brings, wherever it stands.

    ``own``, ``to_next`` and ``to_previous`` are its shares in the scores of itself and of its neighbours, I over B.
    ``left`` and ``right`` are its numbers in the word list (see ``Lexicon``). ``kind``: 0 never joins another token
    (punctuation, or it starts with a digit), 2 starts with a capital letter, 1 any other. ``spaced`` and ``joined`` are
    the token behind a space and behind an underscore.
    """

    own: float
    to_next: float
    to_previous: float
    left: int
    right: int
    kind: int
    text: str
    spaced: str
    joined: str


def tokens_of_chunk(chunk: str) -> list[str]:
    """Return pyvi's tokens of a text without white space.

    The same as its expression finds, in linear time: it tries an e-mail address at every token, each time up to the end
    of "....", so we let it try only where one can be.

    >>> tokens_of_chunk("(lan.huong@bao.example),TP.HCM")
    ['(', 'lan.huong@bao.example', ')', ',', 'TP.', 'HCM']
    """
    if chunk.isalpha():  # most are, and then no alternative but \w+ can match
        return [chunk]
    if "@" not in chunk:
        return _WITHOUT_EMAIL.findall(chunk)
    if len(chunk) < _LONG_CHUNK_CHARS:
        return _WITH_EMAIL.findall(chunk)
    return list(_tokens_of_long_chunk(chunk))


def _tokens_of_long_chunk(chunk: str) -> Iterator[str]:
    at = 0
    while site := _EMAIL_SITE.search(chunk, at):
        sign = site.start() + 1
        # The letters, digits and dots before the "@": an address starts among them or not at all.
        local = at + len(chunk[at:sign].rstrip(_LOCAL_CHARS))
        while at <= sign:
            found = (_WITHOUT_EMAIL if at < local else _WITH_EMAIL).match(chunk, at)
            assert found is not None, "every character that is not white space belongs to a token"
            yield found[0]
            at = found.end()
    yield from _WITHOUT_EMAIL.findall(chunk, at)


@dataclass(frozen=True)
class Columns:
    """The slots as arrays, and for every chunk its first slot and their number.

    ``offset`` is a token's place in its chunk, ``length`` its length, both in code points. ``pieces[2 * slot]`` is the
    token behind a space, ``pieces[2 * slot + 1]`` behind an underscore. The other names are those of ``Row``.
    """

    first: npt.NDArray[np.int32]
    count: npt.NDArray[np.int32]
    own: npt.NDArray[np.float64]
    to_next: npt.NDArray[np.float64]
    to_previous: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int8]
    offset: npt.NDArray[np.int32]
    length: npt.NDArray[np.int32]
    pieces: npt.NDArray[np.object_]


class Growing:
    """An array that grows at its end. What was handed out stays valid: rows are never changed, only added."""

    def __init__(self, dtype: Any) -> None:
        self._array = np.empty(1024, dtype)
        self._size = 0

    def extend(self, values: Sequence[Any]) -> npt.NDArray[Any]:
        """Add values and return all there are."""
        size = self._size + len(values)
        if size > len(self._array):
            larger = np.empty(max(size, 2 * len(self._array)), self._array.dtype)
            larger[: self._size] = self._array[: self._size]
            self._array = larger
        self._array[self._size : size] = values
        self._size = size
        return self._array[:size]


class Vocabulary(dict[str, int]):
    """Chunk -> number; a chunk looked up for the first time is given the next one.

    Invariants, which make it safe to read while another thread adds to it: everything about a chunk is in place before
    its number can be seen, and nothing in place changes afterwards. ``size_bytes`` is an estimate of what it keeps; the
    caller starts anew when it is too large.
    """

    def __init__(self, model: Model, lexicon: Lexicon, lock: threading.Lock) -> None:
        super().__init__()
        self._bias = model.contrast("bias")
        self._lower = model.lower_contrasts
        self._shapes = [
            [model.contrast(f"{place}word.{shape}()") for place in ("", "-1:", "+1:")]
            for shape in ("isupper", "istitle", "isdigit")
        ]
        self._lexicon = lexicon
        self._lock = lock
        self._rows: dict[str, Row] = {}
        self._arrays = [
            Growing(np.dtype(kind)) for kind in ("i4", "i4", *["f8"] * 3, "i4", "i4", "i1", "i4", "i4", "O")
        ]
        self._columns: Columns | None = None
        self._slots = 0
        self._written = 0
        self.size_bytes = 0
        #: The rows of every chunk, by its number.
        self.chunks: list[tuple[Row, ...]] = [
            (Row(0.0, 0.0, 0.0, 0, 0, 0, "", "", ""),),  # BREAK: brings nothing, joins nothing
            (self._row("\n"),),
        ]
        self["\n"] = NEWLINE

    def __missing__(self, chunk: str) -> int:
        rows = tuple([self._rows.get(token) or self._row(token) for token in tokens_of_chunk(chunk)])
        with self._lock:
            number = self.get(chunk)
            if number is None:
                number = len(self.chunks)
                self.chunks.append(rows)
                # A dictionary entry, a string, a tuple, and two numbers and nine values per slot.
                self.size_bytes += 250 + 4 * len(chunk) + 60 * len(rows)
                self[chunk] = number
        return number

    def _row(self, token: str) -> Row:
        lower = token.lower()
        of_own, of_next, of_previous = self._lower
        own, to_next, to_previous = of_own.get(lower, 0.0), of_next.get(lower, 0.0), of_previous.get(lower, 0.0)
        if not token.islower():  # what is in lower case has none of the shapes
            for holds, shares in zip((token.isupper(), token.istitle(), token.isdigit()), self._shapes, strict=True):
                if holds:
                    own += shares[0]
                    to_next += shares[1]
                    to_previous += shares[2]
        start = token[0]
        # pyvi asks ``token in string.punctuation``: true of runs of it such as "()" too, which no token is.
        alone = token in _PUNCTUATION or start.isdigit()
        row = Row(
            self._bias + own,
            to_next,
            to_previous,
            self._lexicon.left.get(lower, 0),
            self._lexicon.right.get(lower, 0),
            0 if alone else 2 if start.istitle() else 1,
            token,
            " " + token,
            "_" + token,
        )
        self.size_bytes += 800 + 12 * len(token)
        self._rows[token] = row
        return row

    def columns(self) -> Columns:
        """Return arrays of all slots of, at least, every chunk whose number the caller has."""
        columns = self._columns
        if columns is not None and len(columns.first) == len(self.chunks):
            return columns
        with self._lock:
            return self._grow()

    def _grow(self) -> Columns:
        new = self.chunks[self._written :]
        if new:
            counts = list(map(len, new))
            firsts = list(itertools.accumulate(counts, initial=self._slots))
            *values, texts, spaced, joined = zip(*itertools.chain.from_iterable(new), strict=True)
            lengths = list(map(len, texts))
            offsets: list[int] = []
            for rows in new:
                offsets.append(0)
                if len(rows) > 1:
                    offsets += itertools.accumulate([len(row.text) for row in rows[:-1]])
            pieces = [""] * (2 * len(texts))
            pieces[0::2], pieces[1::2] = spaced, joined
            self._slots = firsts.pop()
            parts = [firsts, counts, *values, offsets, lengths, pieces]
            arrays = [array.extend(part) for array, part in zip(self._arrays, parts, strict=True)]
            self._written += len(new)
            self._columns = Columns(*arrays)
        assert self._columns is not None
        return self._columns
