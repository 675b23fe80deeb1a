"""Every number that decides a ranking, in one place; what bounds a query is in ``vnsearch.limits``.

The figures behind them are here and in docs/design.md, printed by ``python -m bench.relevance`` and ``python -m bench.slips``; what
is said to be measured once was, by scripts that were not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BM25", "DEFAULT_FIELDS", "PARAMETERS", "Parameters"]


@dataclass(frozen=True, slots=True)
class BM25:
    """The free parameters of BM25 and the weight of one kind of term.

    ``b`` is how much a field's length counts; it is the same for both kinds, since frequencies are normalized once.
    """

    k1: float
    b: float
    weight: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """How terms are weighed. See each field."""

    #: k1 and b chosen on six public collections; pairs at 0.6 gained on all of them.
    syllable: BM25 = BM25(k1=1.2, b=0.9, weight=1.0)
    pair: BM25 = BM25(k1=0.6, b=0.9, weight=0.6)
    #: What a body that opens with a term (its first 30 syllables) adds to the term's frequency, whatever its length: it is what a
    #: title is to reports that have none. Near the best of 10 to 120 syllables and of 0.25 to 2 over six collections together (nDCG@10
    #: as given .8978 without, .9002 with it: five gain, up to .0072, one loses .0014).
    opening: float = 0.5
    #: A spelling of probability p scores p ** 0.3 of what it would score if it were certain.
    probability_power: float = 0.3
    #: Spellings less likely than this are not searched; nDCG@10 of six collections is the same from 0.003 to 0.02, marked (.8978
    #: to .8979), unmarked (.8939 to .8941) and half-marked (.8965 to .8967).
    least_probability: float = 0.01
    #: The commonest spellings of a syllable that are weighed against each other.
    spellings: int = 12
    #: What is taken from the count of every pair, and how many syllables the prior weighs as much as; the best of a grid
    #: (0.5 to 0.8; 5 to 30) over six collections together.
    discount: float = 0.6
    concentration: float = 10.0
    #: A place whose likeliest spelling is less likely than this is settled by the reports; spellings less likely than the
    #: second have no part in it (0.95 and 0.02 restore as many syllables, and read twice as many lists).
    doubtful: float = 0.8
    least_rival: float = 0.05
    #: How many reports weigh as much as chance: syllables restored differ by 0.1 points between 60 and 250.
    lift_weight: float = 100.0
    #: Factors for a stop word, and for a pair that has one (nDCG@10 of six collections together: .9001 without, .9019 with
    #: them; five gain, up to .0054, one loses .0013).
    #: A quarter or three quarters for stop words, a half or all for the pairs, gained less or as much.
    stop_syllable: float = 0.5
    stop_pair: float = 0.75
    #: Factor for another way to write the same: i for y, another form of a number or date, abbreviation for full form.
    variant: float = 0.9
    #: Factor for a syllable typed with marks that the index has only with more marks, or with other ones.
    compatible: float = 0.8
    folded: float = 0.5
    #: What part of their score the words of a phrase get once more where they stand as it has them. Little: of 126 headlines with
    #: quotes, searched in the articles' texts, more only cost (measured once: nDCG@10 .795 at 0, .791 at 0.25, .786 at 0.5).
    phrase: float = 0.1
    #: Factor for a slip of a spelling that the index holds. Of 951 fragments of titles, five syllables, 552 have their article among
    #: the first ten, and with a slip in one syllable 516 by 0.4, 531 by 0.6 and by 0.7, 529 by 0.8 (437 without that syllable);
    #: it stays below that of the better tiers. What only sounds alike comes last (measured once: of 227 fragments 128 typed
    #: right, 112 by 0.4, 101 without).
    slip: float = 0.7
    sound: float = 0.4
    #: Guesses at what the index does not hold are searched from this probability on (measured once: an index of 1,000 articles
    #: searches guesses for 61 of 954 words of other people's queries that it does not hold, 209 without this, and finds 370 of 418
    #: slips, 407 without).
    least_guess: float = 0.1
    #: A word that is new to a collection of n syllables counts as if it were there so often, times the square root of n (as
    #: new words grow: Heaps 1978), beside the spellings that it may be a slip of. Of 612 words of other collections' queries that
    #: 40,000 articles do not hold 33, 28 and 14 are read as others by 0.1, 0.3 and 1; of 1,000 slips in titles 875, 870 and 859
    #: are read right.
    unknown: float = 0.3
    #: A spelling this likely is offered as a suggestion; 0.5 left 0.4 to 1 of a hundred syllables as typed, most of them wrong.
    suggestion_probability: float = 0.25


PARAMETERS = Parameters()

#: Where a query is searched, and how much each field counts, when the caller does not say.
DEFAULT_FIELDS = {"title": 2.0, "body": 1.0}
