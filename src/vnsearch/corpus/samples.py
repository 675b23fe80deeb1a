"""Where the sample reports are."""

from __future__ import annotations

from pathlib import Path

__all__ = ["samples_path"]


def samples_path() -> Path:
    """Return the folder of the sample reports: inside the installed package, or ``corpus/`` of a checkout."""
    package = Path(__file__).parents[1]
    packed = package / "_samples"
    return packed if packed.is_dir() else package.parents[1] / "corpus"
