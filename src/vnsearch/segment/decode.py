"""Scores -> labels: the Viterbi algorithm for two labels, on whole arrays.

The model is a linear-chain conditional random field with two labels: B, a token begins a word, and I, it goes on with the
word before it. The Viterbi algorithm keeps, for every token k, the best score of a labelling that ends there in B, and in I.
With two labels only their difference matters:

    d[k] = best score ending in I − best score ending in B
    d[k] = s[k] + f(d[k−1]),    f(d) = max(BI, d + II) − max(BB, d + IB)

where s[k] is what the features of token k say, I over B, and BI is the weight of I after B, and so on. f is flat at both
ends: at ``BI − BB`` for d below both edges ``lo = BB − IB`` and ``hi = BI − II`` (whichever label follows, the best one
before it is B), and at ``II − IB`` above both (it is I). So d[k] depends on the token before only when d[k−1] falls
between the edges or, bounding f by its ends, when s[k−1] leaves that open. That is so for a few tokens in a hundred; all
the others are a sum of two arrays, and the few are filled in behind them.

Backwards it is the same: the last token is I if its d > 0; before an I a token is I if its d > hi, before a B if its d > lo;
so only tokens between the edges need to know what follows.

crfsuite adds up the two scores separately, in doubles. Our differences agree with its own to about 1e-9; wherever a
decision is closer than ``DOUBT``, the text is decoded again exactly as crfsuite does it (see ``exact.py``), so that the
labels are the same by construction and not by luck. It happens about once in ten million tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vnsearch.segment.lexicon import PAIR, PREFIX, Lexicon
from vnsearch.segment.model import Model
from vnsearch.segment.tokens import Columns, Row

__all__ = ["DOUBT", "Decoder"]

DOUBT = 1e-6

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

# Tokens in a row that depend on the one before: so many are done as arrays, the rest of a longer run one by one.
_ROUNDS = 4


class Decoder:
    """The weights in the shape that decoding uses."""

    def __init__(self, model: Model, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        (self._bb, self._bi), (self._ib, self._ii) = model.transition
        self._before = self._bb - self._ib  # the edge that counts before a B
        self._within = self._bi - self._ii  # … and before an I
        self._lo, self._hi = sorted((self._before, self._within))
        self._flat_b, self._flat_i = self._bi - self._bb, self._ii - self._ib
        self._pair_back = model.contrast("-1:word.bi_gram()")
        self._pair_ahead = model.contrast("+1:word.bi_gram()")
        self._triple_back = model.contrast("-2:word.tri_gram()")
        self._triple_ahead = model.contrast("+2:word.tri_gram()")

    # Whole arrays.

    def scores(self, columns: Columns, slots: Places) -> Floats:
        """Return s for every slot; breaks between texts bring nothing, and what they get is of no meaning."""
        score = columns.own[slots]
        score[1:] += columns.to_next[slots[:-1]]
        score[:-1] += columns.to_previous[slots[1:]]
        keys = columns.left[slots[:-1]]
        right = columns.right[slots]
        keys += right[1:]
        bits = self._lexicon.bits(keys)
        pairs = np.flatnonzero(bits & PAIR)
        score[pairs + 1] += self._pair_back
        score[pairs] += self._pair_ahead
        starts = np.flatnonzero(bits & PREFIX)
        starts = starts[: np.searchsorted(starts, len(slots) - 2)]
        triples = starts[
            self._lexicon.has_triples(keys[starts].astype(np.int64) * self._lexicon.width + right[starts + 2])
        ]
        score[triples + 2] += self._triple_back
        score[triples] += self._triple_ahead
        return score

    def labels(self, score: Floats, breaks: Places) -> tuple[Mask, list[int]]:
        """Return which tokens are I, and which texts are to be decoded exactly.

        ``breaks`` are the places before, between and after the texts (so text t lies between ``breaks[t]`` and
        ``breaks[t + 1]``); the first is 0 and the last the last place. What is returned for a break has no meaning.
        """
        firsts = breaks[:-1] + 1
        step = np.where(score > self._hi - min(self._flat_b, self._flat_i), self._flat_i, self._flat_b)
        open_ = (score > self._lo - max(self._flat_b, self._flat_i)) & (
            score <= self._hi - min(self._flat_b, self._flat_i)
        )
        open_[firsts] = False
        open_[breaks] = False
        step[firsts] = self._carry(score[firsts])
        step[breaks] = 0.0  # a first token has no label before it: d = s
        self._fill_forward(score, step, np.flatnonzero(open_))
        d = score
        d[1:] += step[:-1]

        inside = d > self._hi
        near = (d > self._lo - DOUBT) & (d <= self._hi + DOUBT)
        lasts = (breaks[1:] - 1)[np.diff(breaks) > 1]  # an empty text has none
        inside[lasts] = d[lasts] > 0.0
        near[lasts] = False
        near[breaks] = False
        places = np.flatnonzero(near)
        self._fill_backward(d, inside, places)

        found = d[places]
        close = np.minimum(np.abs(found - self._lo), np.abs(found - self._hi)) < DOUBT
        doubtful = np.concatenate((places[close], lasts[np.abs(d[lasts]) < DOUBT]))
        texts = np.searchsorted(breaks, doubtful) - 1 if len(doubtful) else doubtful
        return inside, sorted(set(texts.tolist()))

    def _carry(self, d: Floats) -> Floats:
        """Return f(d)."""
        return np.maximum(self._bi, d + self._ii) - np.maximum(self._bb, d + self._ib)

    def _fill_forward(self, score: Floats, step: Floats, places: Places) -> None:
        """Set ``step`` = f(d) at places (ascending) that depend on the step before them."""
        rank = _ranks(places)
        for round_ in range(_ROUNDS):
            now = places[rank == round_]
            step[now] = self._carry(score[now] + step[now - 1])
        late = places[rank >= _ROUNDS]
        bb, bi, ib, ii = self._bb, self._bi, self._ib, self._ii
        values = step[late - 1].tolist()
        previous = -1
        for n, (place, s) in enumerate(zip(late.tolist(), score[late].tolist(), strict=True)):
            d = s + (values[n - 1] if place == previous + 1 and n else values[n])
            values[n] = max(bi, d + ii) - max(bb, d + ib)
            previous = place
        step[late] = values

    def _fill_backward(self, d: Floats, inside: Mask, places: Places) -> None:
        """Set the labels at places (ascending) that depend on the label after them."""
        places = places[::-1]
        rank = _ranks(-places)
        for round_ in range(_ROUNDS):
            now = places[rank == round_]
            inside[now] = d[now] > np.where(inside[now + 1], self._within, self._before)
        late = places[rank >= _ROUNDS]
        for place, value in zip(late.tolist(), d[late].tolist(), strict=True):
            inside[place] = value > (self._within if inside[place + 1] else self._before)

    # One short text, token by token: the same, without the fixed cost of forty array operations.

    def short_labels(self, rows: Sequence[Row]) -> list[bool] | None:
        """Return which tokens of one text are I; None if it is to be decoded exactly."""
        scores = self._short_scores(rows)
        bb, bi, ib, ii = self._bb, self._bi, self._ib, self._ii
        lo, hi, flat_b, flat_i = self._lo, self._hi, self._flat_b, self._flat_i
        d = 0.0
        differences: list[float] = []
        step = 0.0
        for s in scores:
            d = s + step
            differences.append(d)
            step = flat_b if d <= lo else flat_i if d >= hi else max(bi, d + ii) - max(bb, d + ib)
        edge = 0.0
        labels: list[bool] = []
        for d in reversed(differences):
            if -DOUBT < d - edge < DOUBT:
                return None
            label = d > edge
            labels.append(label)
            edge = self._within if label else self._before
        labels.reverse()
        return labels

    def _short_scores(self, rows: Sequence[Row]) -> list[float]:
        lexicon = self._lexicon
        get, triples, width = lexicon.pairs.get, lexicon.triples, lexicon.width
        scores: list[float] = []
        carried = 0.0
        left = 0
        prefix = 0
        for k, (own, to_next, to_previous, next_left, right, _, _, _, _) in enumerate(rows):
            score = own + carried
            if k:
                scores[k - 1] += to_previous
                if right:
                    if prefix and prefix * width + right in triples:
                        score += self._triple_back
                        scores[k - 2] += self._triple_ahead
                    prefix = 0
                    if left:
                        bits = get(left + right, 0)
                        if bits & PAIR:
                            score += self._pair_back
                            scores[k - 1] += self._pair_ahead
                        if bits & PREFIX:
                            prefix = left + right
                else:
                    prefix = 0
            scores.append(score)
            carried = to_next
            left = next_left
        return scores


def _ranks(places: Places) -> Places:
    """Return for ascending places how many of them stand directly before each: 0 for the first of a run."""
    order = np.arange(len(places))
    starts = np.where(np.diff(places, prepend=-2) == 1, 0, order)
    return order - np.maximum.accumulate(starts)
