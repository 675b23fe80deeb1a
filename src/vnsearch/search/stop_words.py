"""Stop words: function syllables (hư từ), which nearly every report holds, and which say nothing of what it is about.

They have a part in scores like any other term; they do not make a report match. A table, not a share of the reports: in an
index of three reports on one subject every word of that subject is common, and a reader can look a table up. It was drawn
from the closed classes of hư từ as grammars list them (Ủy ban Khoa học xã hội Việt Nam, *Ngữ pháp tiếng Việt*, 1983), leaving
out those that are content as often: *sau, trước* (when, where), *hay* (good), *con, cái* (child, female), *ai* (AI), *ta* (TA).
Each is in one of six of 40,000 news articles or more, except a few of the classes' rarer members.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["STOP_SYLLABLES", "has_stop_word", "stop_words"]

#: Lower case, with their marks, as terms have them.
STOP_SYLLABLES = frozenset(
    """
    và hoặc nhưng mà thì là rằng nếu tuy dù vì do bởi nên
    của cho với trong trên tại ở từ đến tới về theo để bằng cùng như
    đã đang sẽ vẫn còn cũng đều chỉ mới lại rất hơn càng cứ từng rồi nữa
    không chưa chẳng có được bị phải
    các những mỗi mọi một sự
    này đó đây ấy kia đấy thế vậy nào gì đâu khi nhau
    ra vào lên qua
    """.split()
)


def stop_words(terms: Iterable[str]) -> frozenset[str]:
    """Return those of some terms that are stop words: syllables of the table, and the pairs of these.

    >>> sorted(stop_words(["của", "cửa", "các"]))
    ['các', 'các của', 'của', 'của các']
    """
    found = STOP_SYLLABLES.intersection(terms)
    return found.union([f"{a} {b}" for a in found for b in found if a != b]) if len(found) > 1 else found


def has_stop_word(term: str) -> bool:
    """Tell whether a syllable is a stop word, or one of a pair.

    >>> has_stop_word("của"), has_stop_word("của dân"), has_stop_word("dân")
    (True, True, False)
    """
    return not STOP_SYLLABLES.isdisjoint(term.split(" "))
