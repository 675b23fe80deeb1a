r"""Bytes -> text, by these rules in this order.

1. a byte order mark (UTF-8, UTF-16) decides;
2. a charset declared by the file itself (HTML ``meta``, XML declaration) is honoured when the bytes agree with it;
3. NUL bytes are either UTF-16 without a mark (every other byte is a high byte that Vietnamese uses) or a binary file;
4. strict UTF-8;
5. windows-1252, when that shows TCVN3 or VNI, which ``legacy`` converts;
6. windows-1258, when it decodes to plausible Vietnamese. That encoding writes most tones as separate combining
   characters, which no author chose: the text is composed (NFC). Text from every other encoding is left as it is;
7. UTF-8 in which a few bytes are damaged (a file cut in the middle of a letter): U+FFFD stands for them.

Anything else is a ``ReadError``. Line ends become ``\n``.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from vnsearch.corpus.legacy import convert
from vnsearch.errors import ReadError

__all__ = ["Decoded", "decode", "detect_encoding", "normalize_line_ends", "plausible_vietnamese"]

_LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyfjwz"
_VIETNAMESE = frozenset(
    unicodedata.normalize("NFC", letter + tone)
    for letter in _LETTERS + _LETTERS.upper()
    for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
)
_PUNCTUATION = frozenset("–—‘’‚“”„…•·«»©®™°º²³±×€§\u00a0½¼¾´")
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)|^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)["']""",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_HIGH_BYTES = frozenset((0x00, 0x01, 0x03, 0x1E, 0x20))  # Latin, Ext-A/B, combining, Ext Additional, punctuation
_SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded text, the codec that read it, and how many damaged places stand as U+FFFD."""

    text: str
    encoding: str
    replaced: int = 0


def normalize_line_ends(text: str) -> str:
    r"""Return ``text`` with every line end as ``\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def plausible_vietnamese(text: str) -> bool:
    """Return whether NFC ``text`` reads like Vietnamese: its non-ASCII letters are ours and no tone stands astray."""
    foreign = sum(1 for c in text if c > "\x7f" and c not in _VIETNAMESE and c not in _PUNCTUATION)
    ours = sum(1 for c in text if c > "\x7f" and c in _VIETNAMESE)
    controls = sum(1 for c in text if c < " " and c not in "\t\n\r\f")
    return ours > 0 and foreign * 20 <= ours and controls == 0


def _utf16_without_mark(data: bytes) -> str | None:
    sample = data[: _SAMPLE_BYTES & ~1]
    half = len(sample) // 2
    if half < 2 or len(data) % 2:
        return None
    for codec, high, low in (("utf-16-le", sample[1::2], sample[0::2]), ("utf-16-be", sample[0::2], sample[1::2])):
        known = sum(1 for byte in high if byte in _HIGH_BYTES)
        zeros = high.count(0)
        if known >= 0.95 * half and zeros >= 0.4 * half and low.count(0) <= 0.02 * half:
            return codec
    return None


def _decode_1258(data: bytes) -> str | None:
    try:
        text = unicodedata.normalize("NFC", data.decode("cp1258"))
    except UnicodeDecodeError:
        return None
    return text if plausible_vietnamese(text) else None


def _declared(data: bytes) -> str | None:
    match = _DECLARED.search(data[:4096])
    if match is None:
        return None
    name = (match[1] or match[2]).decode("ascii", "replace")
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    # A file whose declaration we could read as ASCII is not UTF-16, whatever it says; "hex" and the like decode no text.
    if codec.startswith(("utf-16", "utf-32")) or codec in _NOT_TEXT:
        return None
    return codec


_NOT_TEXT = frozenset(("hex", "base64", "bz2", "zlib", "quopri", "uu", "rot13", "unicode_escape", "raw_unicode_escape"))


def detect_encoding(data: bytes, *, complete: bool = True) -> str | None:
    """Return the codec of a file's first bytes, or None for a binary file; ``complete=False``: more bytes follow.

    For files that are read as a stream; ``decode`` says more about a whole one.

    >>> detect_encoding("Quận Ba Đình".encode("utf-16"))
    'utf-16'
    """
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return codec
    if b"\0" in data:
        return _utf16_without_mark(data[: len(data) & ~1])
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=complete)
    except UnicodeDecodeError:
        return "cp1258" if _decode_1258(data) is not None else "utf-8"
    return "utf-8"


def decode(data: bytes, *, markup: bool = False) -> Decoded:
    """Return the text of a whole file; ``markup`` honours a charset that the file declares.

    >>> decode("Quận Đống Đa".encode("utf-16")).text
    'Quận Đống Đa'

    Raises:
        ReadError: the bytes are no text in an encoding we know.

    """
    if data.startswith(codecs.BOM_UTF8):
        return _utf8(data[3:])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
        if text.count("\ufffd") * 20 > len(text):
            raise ReadError("it starts like UTF-16 but is none; save it as UTF-8 text")
        return Decoded(normalize_line_ends(text), "utf-16", text.count("\ufffd"))
    codec = _declared(data) if markup else None
    if codec is not None and codec != "utf-8":
        try:
            text = data.decode(codec)
        except (UnicodeError, LookupError):
            text = ""
        if text:
            return Decoded(
                normalize_line_ends(unicodedata.normalize("NFC", text) if codec == "cp1258" else text), codec
            )
    if b"\0" in data:
        wide = _utf16_without_mark(data)
        if wide is None:
            raise ReadError("it holds NUL bytes: a binary file, not text; save it as UTF-8 text")
        text = data.decode(wide, "replace")
        return Decoded(normalize_line_ends(text), wide, text.count("\ufffd"))
    return _utf8(data)


def _utf8(data: bytes) -> Decoded:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        western = data.decode("cp1252", "replace")
        if convert(_TAG.sub("\n", western)).encodings:
            return Decoded(normalize_line_ends(western), "cp1252")
        legacy = _decode_1258(data)
        if legacy is not None:
            return Decoded(normalize_line_ends(legacy), "cp1258")
        text = data.decode("utf-8", "replace")
        damaged = text.count("\ufffd")
        good = sum(1 for c in text if c > "\x7f") - damaged
        if damaged > 3 and damaged * 10 > good:
            raise ReadError("its bytes are neither UTF-8, UTF-16 nor windows-1258; save it as UTF-8 text") from None
        return _checked(text, damaged)
    return _checked(text, 0)


def _checked(text: str, damaged: int) -> Decoded:
    controls = sum(1 for c in text if c < " " and c not in "\t\n\r\f\v\x1a\x1b")
    if controls * 50 > len(text):
        raise ReadError("it is mostly control characters: a binary file, not text; save it as UTF-8 text")
    return Decoded(normalize_line_ends(text), "utf-8", damaged)
