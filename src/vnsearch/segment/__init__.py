"""Syllables -> words: pyvi's word model, run fast.

``segment`` gives what ``pyvi.ViTokenizer.tokenize`` gives; the model and the word list are read from the installed pyvi,
without importing it (``files``, ``model``). The path of a text: ``tokens`` (characters to tokens), ``lexicon`` (which neighbours are in the word
list), ``decode`` (scores to labels; the theory is there), ``segmenter`` (labels to words).

Everything here may be called from many threads, and in processes forked from one that has called it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vnsearch.segment.files import installed_fingerprint
from vnsearch.segment.segmenter import default_segmenter

__all__ = ["model_fingerprint", "segment", "segment_batch", "segment_spans", "segment_spans_batch"]


def segment(text: str) -> str:
    """Return the text with its words joined by underscores and all tokens apart: pyvi's ``ViTokenizer.tokenize``, exactly.

    As there, the text is put in NFC, white space becomes one space, a line break stays as a token, and a text without
    tokens comes back as given. Two things differ where pyvi fails: it raises on a lone surrogate, and for its model a token
    ends at a NUL character, so that one is scored like an empty word; here both are characters like any other that the
    model has never met.

    Raises ``SegmentationModelError`` when the installed pyvi has a model that we do not know, or there is none.

    >>> segment("Quy chế dân chủ ở cơ sở")
    'Quy_chế dân_chủ ở cơ_sở'
    """
    return default_segmenter().words(text)


def segment_batch(texts: Sequence[str]) -> list[str]:
    """Return ``segment`` of every text; several times faster than one by one, since texts are decoded together.

    Raises ``SegmentationModelError``: see ``segment``.

    >>> segment_batch(["Thành phố Hà Nội", ""])
    ['Thành_phố Hà_Nội', '']
    """
    return default_segmenter().words_of(texts)


def segment_spans(text: str) -> list[tuple[int, int]]:
    """Return where the words of a text are: (start, end) in code points of the text as given, end exclusive, in order.

    Every group of tokens that pyvi joins is a word, punctuation marks and line breaks too; between words there is white
    space or nothing. In text that is not NFC a span covers whole letters with their marks. pyvi takes a mark that does not
    compose for a token of its own: only such words overlap, sharing the letter.

    Raises ``SegmentationModelError``: see ``segment``.

    >>> text = "Hà Nội, mùa thu"
    >>> [text[start:end] for start, end in segment_spans(text)]
    ['Hà Nội', ',', 'mùa', 'thu']
    """
    return default_segmenter().spans(text)


def segment_spans_batch(texts: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    """Return ``segment_spans`` of every text, each as an array of int64 of shape (words, 2): column 0 starts, 1 ends.

    Raises ``SegmentationModelError``: see ``segment``.

    >>> segment_spans_batch(["Hà Nội, mùa thu", "…"])[0].tolist()
    [[0, 6], [6, 7], [8, 11], [12, 15]]
    """
    return default_segmenter().spans_of(texts)


def model_fingerprint() -> str:
    """Return sixteen hexadecimal digits that name the weights, the word list and the version of this code.

    The same fingerprint, the same words: an index made under another one should be refused.

    The files of pyvi are read for it, but no model is made of them.

    Raises ``SegmentationModelError`` when a file is missing.

    >>> len(model_fingerprint())
    16
    """
    return installed_fingerprint()
