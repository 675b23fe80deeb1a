"""pyvi's word model and word list, read as data: no code of pyvi, scikit-learn or crfsuite is imported or run.

pyvi 0.1.1 keeps its model in ``models/pyvi3.pkl``: a pickle of an object that carries a model file of crfsuite as text.
We never unpickle it. ``pickletools.genops`` lists the instructions of a pickle without carrying any of them out, and the
model file is the argument of one of them.

The layout of that file (``lCRF``, from crfsuite's ``crf1d_model.c`` and ``cqdb.c``; all numbers little-endian)::

    header      "lCRF" size:u32 "FOMC" version:u32 features:u32 labels:u32 attributes:u32
                offsets:u32 × 5 of the features, the labels, the attributes, and two tables that we do not need
    features    "FEAT" size:u32 count:u32, then (kind:u32 source:u32 target:u32 weight:f64) × count
                kind 0: attribute -> label, kind 1: label -> the label after it
    labels,     "CQDB" size:u32 flag:u32 order:u32 count:u32 offset:u32; at that offset, count × u32: where the record
    attributes  of each number stands, counted from "CQDB"; a record is number:u32 length:u32 bytes, the last one NUL

Weights are the doubles of that file, not rounded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import cached_property
from vnsearch.segment.files import locate, read_files, refusal

__all__ = ["Model", "load_model"]

_HEADER = struct.Struct("<4sI4s9I")
_TABLE = struct.Struct("<4s5I")
_RECORD_BYTES = 8
_FEATURE_HEADER = struct.Struct("<4s2I")
_FEATURE = np.dtype([("kind", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
_BYTE_ORDER_MARK = 0x62445371

_FLAGS = frozenset(
    {"bias", "word.isupper()", "word.istitle()", "word.isdigit()"}
    | {f"{place}:word.{what}()" for place in ("-1", "+1") for what in ("istitle", "isupper", "bi_gram")}
    | {"-2:word.tri_gram()", "+2:word.tri_gram()"}
)
_LOWER = ("word.lower():", "-1:word.lower():", "+1:word.lower():")


# For B and for I.
Weights = tuple[float, float]


@dataclass(frozen=True)
class Model:
    """The weights and the word list.

    ``state`` maps an attribute of a token to its weights for *begins a word* (B) and *inside a word* (I);
    ``transition[a][b]`` is the weight of label ``b`` after label ``a`` (0 is B, 1 is I). ``pairs`` and ``triples`` are
    the entries of the word list of two and three syllables, as written there. ``ties_to_inside`` tells which label
    crfsuite prefers when both score the same: the one it numbers first.
    """

    state: dict[str, Weights]
    transition: tuple[Weights, Weights]
    ties_to_inside: bool
    pairs: tuple[str, ...]
    triples: tuple[str, ...]

    def contrast(self, attribute: str) -> float:
        """Return how much an attribute speaks for I over B; 0.0 for one that the model does not know."""
        begin, inside = self.state.get(attribute, (0.0, 0.0))
        return inside - begin

    @cached_property
    def entries(self) -> frozenset[str]:
        """The pairs and triples, to ask for one by one."""
        return frozenset(self.pairs + self.triples)

    @cached_property
    def lower_contrasts(self) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """How much a lower-cased token speaks for I over B: of itself, of the next token, of the one before it."""
        found: tuple[dict[str, float], dict[str, float], dict[str, float]] = ({}, {}, {})
        for name, (begin, inside) in self.state.items():
            for prefix, weights in zip(_LOWER, found, strict=True):
                if name.startswith(prefix):
                    weights[name[len(prefix) :]] = inside - begin
        return found


def load_model(folder: Path | None = None) -> Model:
    """Return the model of the pyvi installed, or of the one in ``folder``.

    Raises ``SegmentationModelError`` when a file is missing, damaged, or holds another model than the one we know; the
    message names the version of pyvi installed and what to do.
    """
    folder = locate() if folder is None else folder
    try:
        packed, listed = read_files(folder)
        crf = _embedded_model(packed)
        state, transition, ties_to_inside = _read_crf(crf)
        words = listed.decode("utf-8").split("\n")
    except (OSError, ValueError, struct.error) as error:
        raise refusal(folder, error) from error
    spaces = [word.count(" ") for word in words]
    return Model(
        state=state,
        transition=transition,
        ties_to_inside=ties_to_inside,
        pairs=tuple([word for word, number in zip(words, spaces, strict=True) if number == 1]),
        triples=tuple([word for word, number in zip(words, spaces, strict=True) if number == 2]),
    )


def _embedded_model(packed: bytes) -> bytes:
    """Return the crfsuite model file inside a pickle, whose instructions are listed and never carried out."""
    import pickletools  # noqa: PLC0415 - takes a while to import, and only loading a model needs it

    for _, argument, _ in pickletools.genops(packed):
        # Protocol 2 has no bytes: they are written as text, one character per byte.
        if isinstance(argument, str) and argument.startswith("lCRF"):
            return argument.encode("latin-1")
        if isinstance(argument, bytes) and argument.startswith(b"lCRF"):
            return argument
    raise ValueError("there is no crfsuite model in it")


def _read_crf(crf: bytes) -> tuple[dict[str, Weights], tuple[Weights, Weights], bool]:
    """Return state weights, transition weights and the tie rule of a crfsuite model file; ValueError if it is not ours."""
    magic, size, kind, _, _, labels, attributes, *offsets = _HEADER.unpack_from(crf)
    if (magic, kind, size) != (b"lCRF", b"FOMC", len(crf)):
        raise ValueError("not a whole first-order crfsuite model")
    features_at, labels_at, attributes_at = offsets[:3]
    label_names = _read_names(crf, labels_at, labels)
    if sorted(label_names) != ["B_W", "I_W"]:
        raise ValueError(f"labels {label_names!r} are not B_W and I_W")
    names = _read_names(crf, attributes_at, attributes)
    _check_attributes(names)

    chunk, chunk_size, count = _FEATURE_HEADER.unpack_from(crf, features_at)
    if chunk != b"FEAT" or chunk_size != _FEATURE_HEADER.size + count * _FEATURE.itemsize:
        raise ValueError("the features are damaged")
    features = np.frombuffer(crf, _FEATURE, count, features_at + _FEATURE_HEADER.size)  # ValueError past the end
    of_state, of_transition = features[features["kind"] == 0], features[features["kind"] == 1]
    if len(of_state) + len(of_transition) != count:
        raise ValueError("a feature is of a kind that we do not know")
    inside = label_names.index("I_W")
    after_begin, after_inside = _weight_table(of_transition, 2, inside)[:: -1 if inside == 0 else 1]
    state = dict(zip(names, _weight_table(of_state, len(names), inside), strict=True))
    if len(state) != len(names):
        raise ValueError("an attribute is there twice")
    return state, (after_begin, after_inside), inside == 0


def _weight_table(features: npt.NDArray[np.void], sources: int, inside: int) -> list[Weights]:
    """Return the weights for B and for I of every source (an attribute or a label)."""
    source, target = features["source"].astype(np.int64), features["target"].astype(np.int64)
    if len(features) and (source.max() >= sources or target.max() > 1):
        raise ValueError("a feature points outside its table")
    place = source * 2 + (target if inside == 1 else 1 - target)
    # bincount, not unique: the latter would import numpy.ma, a third of the time that loading takes.
    if (np.bincount(place) > 1).any() or not np.isfinite(features["weight"]).all():
        raise ValueError("a feature is there twice, or its weight is no number")
    table = np.zeros(sources * 2)
    table[place] = features["weight"]
    return list(zip(table[0::2].tolist(), table[1::2].tolist(), strict=True))


def _read_names(crf: bytes, at: int, expected: int) -> list[str]:
    """Return the strings of a CQDB table, by their numbers."""
    chunk, size, _, order, count, backward_at = _TABLE.unpack_from(crf, at)
    if chunk != b"CQDB" or order != _BYTE_ORDER_MARK or count != expected:
        raise ValueError("a table of names is damaged")
    # Whole arrays at a time: this is most of the time that loading takes.
    content = np.frombuffer(crf, np.uint8, size, at)
    offsets = np.frombuffer(crf, "<u4", count, at + backward_at).astype(np.int64)
    if count and offsets.max() > size - _RECORD_BYTES:
        raise ValueError("a table of names is damaged")
    numbers, lengths = content[offsets[:, None] + np.arange(_RECORD_BYTES)].view("<u4").astype(np.int64).T
    ends = offsets + _RECORD_BYTES + lengths
    if (numbers != np.arange(count)).any() or (lengths == 0).any() or (ends > size).any() or content[ends - 1].any():
        raise ValueError("a record in a table of names is damaged")
    places = zip((offsets + (at + _RECORD_BYTES)).tolist(), (ends + (at - 1)).tolist(), strict=True)
    return [crf[start:end].decode("utf-8") for start, end in places]


def _check_attributes(names: Iterable[str]) -> None:
    """Raise ValueError at an attribute that no token of ours can have: the model was trained on other features."""
    for name in names:
        if name not in _FLAGS and not name.startswith(_LOWER):
            raise ValueError(f"its attribute {name!r} is not one that we compute")
