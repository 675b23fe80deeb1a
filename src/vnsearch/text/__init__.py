"""Characters: one spelling for each text, marks dropped on demand, and offsets that stay true."""

from vnsearch.text.fold import fold
from vnsearch.text.normalize import normalize

__all__ = ["fold", "normalize"]
