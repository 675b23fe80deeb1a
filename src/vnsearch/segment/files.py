"""pyvi's files: where they are, and a fingerprint of what is in them. Cheap: opening an index asks, and no model is loaded."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from vnsearch.errors import SegmentationModelError

__all__ = ["FORMAT", "fingerprint", "installed_fingerprint", "locate", "read_files", "refusal"]

# Part of the fingerprint: raise it when a change to this package changes where words begin or end.
FORMAT = 1

_MODEL_FILE = "models/pyvi3.pkl"
_WORDS_FILE = "models/words.txt"


def locate() -> Path:
    """Return the folder of the installed pyvi, without importing it.

    Raises ``SegmentationModelError`` when pyvi is not installed.
    """
    try:
        spec = importlib.util.find_spec("pyvi")
    except (ImportError, ValueError):
        spec = None
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise SegmentationModelError("pyvi, whose word model we use, is not installed: pip install 'pyvi==0.1.1'")
    return Path(places[0])


def read_files(folder: Path) -> tuple[bytes, bytes]:
    """Return the bytes of the word model and of the word list. Raises ``OSError``."""
    return (folder / _MODEL_FILE).read_bytes(), (folder / _WORDS_FILE).read_bytes()


def refusal(folder: Path, error: Exception) -> SegmentationModelError:
    """Return the error to raise when the files in a folder cannot be used."""
    return SegmentationModelError(
        f"cannot read the word model of pyvi {_installed_version()} in {folder}: {error}. "
        "Install the version we know: pip install 'pyvi==0.1.1'"
    )


def _installed_version() -> str:
    from importlib import metadata  # noqa: PLC0415 - slow to import, and needed for a message only

    try:
        return metadata.version("pyvi")
    except metadata.PackageNotFoundError:
        return "(unknown version)"


def fingerprint(folder: Path) -> str:
    """Return sixteen hexadecimal digits that change whenever the files in a folder do, or our reading of them does.

    Raises ``SegmentationModelError`` when a file is missing.
    """
    import hashlib  # noqa: PLC0415 - takes a while to import, and only an index needs it

    try:
        model, words = read_files(folder)
    except OSError as error:
        raise refusal(folder, error) from error
    digest = hashlib.sha256(b"%d/%d/" % (FORMAT, len(model)))
    digest.update(model)
    digest.update(words)
    return digest.hexdigest()[:16]


@functools.cache
def installed_fingerprint() -> str:
    """Return the fingerprint of the pyvi installed; its files are read once."""
    return fingerprint(locate())
