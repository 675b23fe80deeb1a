"""Offset maps: what they promise, alone and in a chain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vnsearch.text.offsets import OffsetMap, chain


def check(offsets: OffsetMap, size: int, given_size: int) -> None:
    """The invariants of a map from ``size`` characters to a text of ``given_size``."""
    starts, ends = list(offsets.starts), list(offsets.ends)
    assert len(starts) == len(ends) == size
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(0 <= start < end <= given_size for start, end in zip(starts, ends, strict=True))
    # Characters share a slice or have slices apart.
    for i in range(1, size):
        assert starts[i] >= ends[i - 1] or (starts[i], ends[i]) == (starts[i - 1], ends[i - 1])


@st.composite
def maps(draw: st.DrawFn, given_size: int) -> OffsetMap:
    """Cuts the text as given in slices, drops some, and makes one to three characters of each."""
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while at < given_size:
        length, copies = draw(st.integers(1, 3)), draw(st.integers(0, 3))
        end = min(given_size, at + length)
        starts += [at] * copies
        ends += [end] * copies
        at = end
    return OffsetMap(starts, ends)


@given(st.data(), st.integers(1, 20))
def test_chain(data: st.DataObject, size: int) -> None:
    inner = data.draw(maps(size))
    outer = data.draw(maps(len(inner.starts)))
    both = chain(inner, outer)
    assert both is not None
    check(inner, len(inner.starts), size)
    check(outer, len(outer.starts), len(inner.starts))
    assert len(both.starts) == len(outer.starts)
    assert list(both.starts) == sorted(both.starts)
    assert list(both.ends) == sorted(both.ends)
    for start in range(len(both.starts)):
        for end in range(start + 1, len(both.starts) + 1):
            assert both.span(start, end) == inner.span(*outer.span(start, end))


@given(st.data(), st.integers(1, 12))
def test_chain_is_associative(data: st.DataObject, size: int) -> None:
    first = data.draw(maps(size))
    second = data.draw(maps(len(first.starts)))
    third = data.draw(maps(len(second.starts)))
    assert chain(chain(first, second), third) == chain(first, chain(second, third))


def test_no_map_is_the_identity() -> None:
    offsets = OffsetMap([0, 2], [2, 3])
    assert chain(None, None) is None
    assert chain(offsets, None) is offsets
    assert chain(None, offsets) is offsets


def test_span_covers_first_to_last() -> None:
    offsets = OffsetMap([0, 2, 2, 5], [2, 5, 5, 6])
    assert [offsets.span(i, i + 1) for i in range(4)] == [(0, 2), (2, 5), (2, 5), (5, 6)]
    assert offsets.span(0, 4) == (0, 6)
    assert offsets.span(2, 3) == (2, 5)
