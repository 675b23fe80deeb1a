"""The labels of one text, computed step by step as crfsuite computes them: the same sums in the same order.

Slow, and used only where rounding could decide (see ``decode.py``). It follows ``crf1d_tag.c`` and ``crf1d_context.c``:
the score of a label is the sum of its weights in the order in which pyvi lists the features; a label wins when its score
is greater than that of the labels numbered before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vnsearch.segment.model import Model

__all__ = ["attributes", "exact_labels"]


def attributes(tokens: Sequence[str], model: Model) -> Iterator[list[str]]:
    """Yield for every token the names of its attributes that hold, in pyvi's order."""
    lower = [token.lower() for token in tokens]
    end = len(tokens)

    def shape(k: int, place: str, names: tuple[str, ...]) -> list[str]:
        return [f"{place}word.{name}()" for name in names if getattr(tokens[k], name)()]

    def listed(first: int, past: int) -> bool:
        return " ".join(lower[first:past]) in model.entries

    for k in range(end):
        found = ["bias", f"word.lower():{lower[k]}", *shape(k, "", ("isupper", "istitle", "isdigit"))]
        if k > 0:
            found += [f"-1:word.lower():{lower[k - 1]}", *shape(k - 1, "-1:", ("istitle", "isupper"))]
            if listed(k - 1, k + 1):
                found.append("-1:word.bi_gram()")
            if k > 1 and listed(k - 2, k + 1):
                found.append("-2:word.tri_gram()")
        if k < end - 1:
            found += [f"+1:word.lower():{lower[k + 1]}", *shape(k + 1, "+1:", ("istitle", "isupper"))]
            if listed(k, k + 2):
                found.append("+1:word.bi_gram()")
            if k < end - 2 and listed(k, k + 3):
                found.append("+2:word.tri_gram()")
        yield found


def exact_labels(tokens: Sequence[str], model: Model) -> list[bool]:
    """Return which tokens go on with the word before them (I), with crfsuite's own arithmetic."""
    (bb, bi), (ib, ii) = model.transition
    prefer_inside = model.ties_to_inside
    begin = inside = 0.0
    back: list[tuple[bool, bool]] = []  # for every token after the first: was the one before an I, if this is B, if I
    for k, names in enumerate(attributes(tokens, model)):
        state_begin = state_inside = 0.0
        for name in names:
            weights = model.state.get(name)
            if weights is not None:
                state_begin += weights[0]
                state_inside += weights[1]
        if k == 0:
            begin, inside = state_begin, state_inside
            continue
        from_begin, from_inside = begin + bb, inside + ib
        to_begin = from_inside > from_begin or (prefer_inside and from_inside == from_begin)
        best_begin = from_inside if to_begin else from_begin
        from_begin, from_inside = begin + bi, inside + ii
        to_inside = from_inside > from_begin or (prefer_inside and from_inside == from_begin)
        best_inside = from_inside if to_inside else from_begin
        back.append((to_begin, to_inside))
        begin, inside = best_begin + state_begin, best_inside + state_inside
    label = inside > begin or (prefer_inside and inside == begin)
    labels = [label]
    for choice in reversed(back):
        label = choice[label]
        labels.append(label)
    labels.reverse()
    return labels
