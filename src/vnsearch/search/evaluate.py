"""The one evaluator: runs a tree over the whole index, or over as much of it as the page asked for needs.

At the top of most queries is a sum of terms. Of those, the ones that many documents hold bring little to each of them. So the
others are added up first; a document that has too little by then to get among the best, whatever the long lists may bring,
is not looked up in them (MaxScore: Turtle and Flood 1995). Which documents match at all, and how many, is told by bit masks
that are kept for the long lists.

Scores have single precision, so a sum depends a little on the order of its terms, and that on how many documents were asked
for. The order of the hits does not: where two scores are so close that rounding may decide, exact ones are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from vnsearch.search.late import Late, LateBest
from vnsearch.search.long_lists import LEVEL_MAX, Levels, LongMatches
from vnsearch.search.matches import Bits, Documents, Floats, bits_of, count_bits, held
from vnsearch.search.scoring import LANES, Scorer
from vnsearch.search.tree import Any, Evaluator, Filtered, Node, TimeUp, Without

__all__ = ["Evaluation", "evaluate"]

Mask = npt.NDArray[np.bool_]
Exact = Callable[[Documents], npt.NDArray[np.float64]]

# Upper bounds and sums are rounded differently; scores of single precision differ by less than this part of them.
_SLACK = 2e-5
# Two sums of n terms are told apart if they differ by more than n times this part of them: four roundings to a term, and some.
_ROUNDING = 2.0**-22
# Candidates are looked up one by one while they are at most this part of the documents.
_CANDIDATES = 16
# So many are looked up in all the long lists at once; more, in the strongest ones first.
_AT_ONCE = 500
_STEP = 3
# Where their rows are at hand, so few lists are added for all documents in the time that it takes to find out for which to leave it.
_STRAIGHT = 2


@dataclass(slots=True)
class Evaluation:
    """What a query matched. ``complete`` is False when time ran out.

    ``row`` has the score of every document, 0 where nothing matched, filled up with zeros to whole lanes. If only the best
    documents were asked for, others may have less than their score there.
    """

    row: Floats
    size: int
    complete: bool = True
    _bits: Bits | None = field(default=None, repr=False)
    _candidates: Documents | None = field(default=None, repr=False)
    _exact: Exact | None = field(default=None, repr=False)
    _apart: float = 1.0

    @property
    def scores(self) -> Floats:
        """The score of every document."""
        return self.row[: self.size]

    @property
    def matched(self) -> Mask:
        """Which documents matched."""
        if self._bits is None:
            return self.scores > 0
        return np.unpackbits(self._bits, count=self.size, bitorder="little").astype(np.bool_)

    @property
    def total(self) -> int:
        """How many documents matched."""
        return int(np.count_nonzero(self.scores > 0)) if self._bits is None else count_bits(self._bits)

    def best(self, count: int) -> Documents:
        """Return the documents that may be among the ``count`` best ones; at least as many, if so many match."""
        if self._candidates is not None:
            return self._candidates
        bar = _bar(self.row, count)
        return np.flatnonzero(self.row >= bar * (1 - _SLACK) if bar > 0 else self.row > 0)

    def ranked(self, start: int, end: int) -> Documents:
        """Return the documents from one rank to another, the best first, equals in the order in which they were added.

        A document has the same rank however many of the best ones were asked for.
        """
        documents = self.best(end)  # ascending
        scores = self.row[documents]
        order = (-scores).argsort(kind="stable")
        documents = documents[order]
        if self._exact is not None:
            scores = scores[order]
            shown = scores[max(start - 1, 0) : end + 1]
            if (shown[1:] >= shown[:-1] * self._apart).any():
                try:
                    self._settle(self._exact, documents, scores, start, end)
                except TimeUp:
                    self.complete = False
        return documents[start:end]

    def _settle(self, exact_scores: Exact, documents: Documents, scores: Floats, start: int, end: int) -> None:
        """Order by exact scores what is too close to its neighbours, as far as it has to do with some ranks."""
        close = scores[1:] >= scores[:-1] * self._apart
        # The run of close neighbours that a rank is in.
        runs = np.concatenate([[0], np.cumsum(~close)])
        first = int(np.searchsorted(runs, runs[start]))
        last = int(np.searchsorted(runs, runs[min(end, len(runs)) - 1], side="right"))
        mine, runs = documents[first:last], runs[first:last]
        ascending = np.sort(mine)
        exact = exact_scores(ascending)[np.searchsorted(ascending, mine)]
        order = np.lexsort((mine, -exact, runs))
        self.row[mine] = exact
        documents[first:last] = mine[order]


def evaluate(run: Evaluator, node: Node, masks: Sequence[Mask] = (), best: int | None = None) -> Evaluation:
    """Run a tree on the documents that all masks leave.

    ``best``: how many of the best documents need their scores; None for all. When time is up, what an ``Any`` at the top has
    found until then is given.
    """
    totals = run.scorer.row()
    found = Evaluation(totals, run.scorer.snapshot.size)
    try:
        while isinstance(node, Filtered | Without):  # so that what is filtered is run as if it were alone
            masks = [*masks, node.mask(run)]
            node = node.wanted
        if isinstance(node, Any):
            put_off: list[Late] = []
            node.add_to(totals, run, None if best is None else put_off)
            if best and _is_short(put_off, run.scorer):
                for child in put_off:
                    child.add_to(totals)
                put_off.clear()
            if put_off:
                _leave(found.scores, masks)
                _add_late(run, totals, put_off, masks, best or 0, found)
            # All scores are always added up in the same order.
            if best is not None and (children := len(node.children) + len(node.optional)) > 1:
                found._exact = partial(node.exact_scores, run)
                found._apart = 1 - (children + 4) * _ROUNDING
            if put_off:
                return found
        else:
            node.matches(run).add_to(totals)
    except TimeUp:
        found.complete = False
    _leave(found.scores, masks)
    return found


def _is_short(late: Sequence[Late], scorer: Scorer) -> bool:
    """Tell whether late children are better added at once."""
    return len(late) <= _STRAIGHT and scorer.rows_fit and not any(child.is_optional for child in late)


def _leave(scores: Floats, masks: Sequence[Mask]) -> None:
    for mask in masks:
        scores *= mask


def _matching(scorer: Scorer, totals: Floats, late: Sequence[Late], masks: Sequence[Mask]) -> Bits:
    """Return which documents match: those that have scores already, and those that late children match."""
    bits = bits_of(totals > 0)
    mask = np.zeros(0, np.bool_)
    for child in late:
        for matches in child.telling:
            if isinstance(matches, LongMatches):
                bits |= matches.bits()
            else:  # a rare spelling beside a common one
                mask = mask if len(mask) else np.zeros(scorer.width, np.bool_)
                mask[matches.sparse()[0]] = True
    if len(mask):
        bits |= bits_of(mask)
    if scorer.snapshot.has_deletions:
        bits &= scorer.live_bits
    for allowed in masks:
        bits &= scorer.bits(allowed)
    return bits


def _add_late(
    run: Evaluator, totals: Floats, late: Sequence[Late], masks: Sequence[Mask], best: int, found: Evaluation
) -> None:
    """Add what late children bring to the documents that can be among the best; others keep less than their score."""
    found._bits = _matching(run.scorer, totals, late, masks)
    if not best:
        return
    lists = sorted([child for child in late if isinstance(child, LateBest)], key=lambda child: child.bound)
    others = [child for child in late if not isinstance(child, LateBest)]
    of_others = sum(child.bound for child in others)
    rest = sum(child.bound for child in lists) + of_others
    bar = 0.0
    while lists or others:
        run.check()
        if not bar:
            leaders = _leaders(totals, 2 * best)
            if len(leaders) >= best:
                reached = totals[leaders] + _scores_at(lists, leaders) if lists else totals[leaders]
                bar = float(np.partition(reached, -best)[-best]) * (1 - _SLACK)
        least = bar - rest * (1 + _SLACK)
        if least > 0:
            reaching = totals >= least
            if _are_few(reaching):
                candidates = reaching.nonzero()[0]
                break
        # Too many could still get there: the list that brings most is added for all, and last what is no list.
        if lists:
            child: Late = lists.pop()
            rest -= child.bound
        else:
            child = others.pop()
        child.add_to(totals)
        _leave(found.scores, [found.matched] if child.is_optional else masks)
    else:
        return
    candidates, scores = _narrowed(candidates, totals[candidates], lists, bar, rest)
    totals[candidates] = scores
    found._candidates = candidates
    if others:  # they cost much, so they come last, for the few documents left
        candidates = candidates[(scores >= bar - of_others * (1 + _SLACK)).nonzero()[0]]
        totals[candidates] += _scores_at(others, candidates)
        found._candidates = candidates


def _narrowed(
    candidates: Documents, scores: Floats, lists: list[LateBest], bar: float, rest: float
) -> tuple[Documents, Floats]:
    """Add what lists score to what candidates have, the strongest first; return those that can reach the bar, and their scores.

    ``rest`` is what the lists, and all that comes after them, score at most.
    """
    while lists:
        if len(candidates) <= _AT_ONCE:
            scores += _scores_at(lists, candidates)
            break
        strongest, lists = lists[-_STEP:], lists[:-_STEP]
        rest -= sum(child.bound for child in strongest)
        scores += _scores_at(strongest, candidates)
        kept = (scores >= bar - rest * (1 + _SLACK)).nonzero()[0]
        candidates, scores = candidates[kept], scores[kept]
    return candidates, scores


def _leaders(totals: Floats, count: int) -> Documents:
    """Return documents with the highest scores by now, ascending: ``count`` as a rule, fewer if fewer have a score."""
    # The highest score of every lane belongs to another document.
    lanes = totals.reshape(LANES, -1)
    highest = lanes.max(axis=0)
    if count > len(highest):
        return held(totals)
    columns = highest.argpartition(-count)[-count:]
    columns = columns[held(highest[columns])]
    return np.sort(lanes[:, columns].argmax(axis=0) * len(highest) + columns)


def _scores_at(children: Sequence[Late], documents: Documents) -> Floats:
    """Return what some children score together in some documents, ascending."""
    parts: list[Floats] = []
    levels: list[Levels] = []
    worths: list[float] = []
    for child in children:
        if isinstance(child, LateBest) and child.levels_at is not None:
            levels.append(child.levels_at(documents))
            worths.append(child.worth)
        else:
            parts.append(child.at(documents))
    if levels:
        parts.append((np.array(worths, np.float32) / np.float32(LEVEL_MAX)) @ np.array(levels))
    return sum(parts[1:], parts[0])


def _bar(totals: Floats, best: int) -> float:
    """Return a score that at least ``best`` documents reach; 0 if so many do not match."""
    # The highest score of every lane belongs to another document.
    highest = totals.reshape(LANES, -1).max(axis=0)
    if best > len(highest):
        highest = totals
    return float(np.partition(highest, -best)[-best]) if 0 < best <= len(highest) else 0.0


def _are_few(mask: Mask) -> bool:
    return int(np.count_nonzero(mask)) * _CANDIDATES <= len(mask)
