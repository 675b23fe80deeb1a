"""Characters that are not seen but obeyed: a terminal moves its cursor, changes its colours or turns the text around."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

__all__ = ["visible"]

#: Control, format (direction, joiners), lone surrogate, line and paragraph separator.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def _replacement(char: str) -> str:
    return " " if char.isspace() else "\ufffd"


def visible(text: str, escape: Callable[[str], str] = _replacement) -> str:
    r"""Return the text with each character that could steer a terminal escaped; line feeds stay.

    By default a space stands for those that are white space (tab, carriage return), U+FFFD for the others.

    >>> visible("Chợ\tnổi\x1b[31m"), visible("Chợ\x9b", lambda char: f"<{ord(char):x}>")
    ('Chợ nổi�[31m', 'Chợ<9b>')
    """
    if text.isprintable():
        return text
    unseen = {ord(char): escape(char) for char in set(text) if char != "\n" and unicodedata.category(char) in _UNSEEN}
    return text.translate(unseen) if unseen else text
