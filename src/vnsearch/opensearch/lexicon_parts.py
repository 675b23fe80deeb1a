"""The lexicon of a collection on the cluster: parts that writers publish, and a manifest that says which of them count.

A part is written once, then never changed. The manifest is changed by compare-and-set (``if_seq_no``, ``if_primary_term``): what
it names counts, whatever else there may be. It keeps for every part the names of the publications that went into it, so an
``add`` that is run again after a failure counts nothing twice, and a process that searches knows what it has already.

Who compacts makes one part of several and puts it in their place in the manifest. The name of the new part follows from what
is in it: two writers that do the same at once write the same document, and one of them changes the manifest. Parts never come
back, so a writer that finds them gone may take away what it wrote.

All reads are GETs, which see every write that was answered; nothing waits for a refresh.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError

from vnsearch.concurrency import lock_of
from vnsearch.errors import IndexCorruptedError, InvalidArgumentError, SearchIndexError, VnSearchError
from vnsearch.opensearch.failures import RAISED
from vnsearch.opensearch.lexicon import Lexicon
from vnsearch.opensearch.lexicon_making import EMPTY, Bounds, merged

__all__ = ["LOOK_EVERY_S", "LexiconParts", "Loaded", "SharedLexicon", "counts_body"]

#: How old what a searching process knows may be: it looks for new parts this often.
LOOK_EVERY_S = 10.0
#: More parts than this are made fewer.
MOST_PARTS = 8

_MANIFEST = "lexicon"
_MERGED = "merged-"
# A merged part keeps more pairs than a searching process does: what is rare in each of its parts may be common in the whole.
_PART_BOUNDS = Bounds(pairs=2_000_000)
# A request may have 100 MB, as nodes come; a part has less, and so have those that are asked for together.
_PART_BYTES_MAX = 30_000_000
_FETCHED_BYTES = 20_000_000
# Names of publications that are remembered; there may be twice as many before the oldest go.
_KEPT_NAMES = 10_000
# Changes that others were quicker with, and parts that vanish between two requests, are met again and again only by bad luck.
_RETRIES = 60
_RETRY_S = 0.02


def counts_body(replicas: int = 1) -> dict[str, Any]:
    """Return settings and mapping of the companion index: one shard; its documents are kept, and nothing in them is indexed."""
    nothing = {"type": "object", "enabled": False}
    return {
        "settings": {"number_of_shards": 1, "number_of_replicas": replicas},
        "mappings": {"dynamic": False, "properties": {"blob": nothing, "parts": nothing}},
    }


class Part(NamedTuple):
    """A part as the manifest has it: its name, how many bytes it takes there, the publications that are in it."""

    name: str
    size_bytes: int
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Manifest:
    """The manifest as it was read. ``identity`` is that of the companion index's life; ``seq_no`` is -1 where there is none."""

    parts: tuple[Part, ...] = ()
    version: int = 0
    identity: str = ""
    seq_no: int = -1
    primary_term: int = 0

    @property
    def names(self) -> frozenset[str]:
        """The publications that count."""
        return frozenset(name for part in self.parts for name in part.of)

    def has(self, parts: Iterable[str]) -> bool:
        """Tell whether all of some parts are in it."""
        return {part.name for part in self.parts}.issuperset(parts)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a process has of the lexicon: the version of the manifest that it went by, and the publications that are in it."""

    lexicon: Lexicon = EMPTY
    version: int = 0
    identity: str = ""
    names: frozenset[str] = frozenset()


class _Vanished(Exception):  # noqa: N818 - it is caught where it is raised, and no error
    """A part that the manifest had named is no longer there."""


class LexiconParts:
    """The parts in one companion index, through a client of it. Threads share it.

    Raises what the client raises; IndexCorruptedError for parts and manifests that make no sense.
    """

    def __init__(self, client: OpenSearch, index: str, look_s: float | None = None) -> None:
        self._client = client
        self._index = index
        self._look_s = look_s  # how long seeing whether there is anything new may take

    # -- writing

    def publish(self, name: str, lexicon: Lexicon) -> bool:
        """Add a part under a name; return False, and change nothing, where that name has been published before.

        When it returns, whoever reads the manifest finds the part.
        """
        if name.startswith(_MERGED):
            raise InvalidArgumentError(f"names that begin with {_MERGED!r} are those of merged parts")
        if name in self._manifest().names:
            return False
        size_bytes = self._write(name, lexicon)

        def with_part(manifest: _Manifest) -> tuple[Part, ...] | None:
            return None if name in manifest.names else (*manifest.parts, Part(name, size_bytes, (name,)))

        manifest, done = self._change(with_part)
        if not done and not manifest.has([name]):
            self._remove([name])  # it was published meanwhile, and merged into another
        return done

    def compact(self, most: int = MOST_PARTS) -> bool:
        """Make one part of the smaller ones, where there are more than ``most``; return whether that was done."""
        for _ in range(_RETRIES):
            manifest = self._manifest()
            chosen = _smaller(manifest.parts, most)
            if not chosen:
                return False
            try:
                lexicon = merged(self._fetch(chosen), _PART_BOUNDS)
            except _Vanished:
                self._still_wanted(manifest, chosen)
                continue
            return self._replace(chosen, lexicon)
        return False

    def _replace(self, chosen: Sequence[Part], lexicon: Lexicon) -> bool:
        of = tuple(dict.fromkeys(name for part in chosen for name in part.of))
        digest = hashlib.sha256("\n".join(sorted(part.name for part in chosen)).encode("utf-8", "surrogatepass"))
        name = f"{_MERGED}{digest.hexdigest()[:32]}"
        whole = Part(name, self._write(name, lexicon), of)
        gone = [part.name for part in chosen]

        def with_whole(manifest: _Manifest) -> tuple[Part, ...] | None:
            if not manifest.has(gone):
                return None
            # Those merged are older than what came after them: their publications are the first to be forgotten.
            return (whole, *(part for part in manifest.parts if part.name not in gone))

        manifest, done = self._change(with_whole)
        # It may be there already: of another who did the same, or of ourselves, where the answer was lost. If it is not, nobody
        # has use for it now that some of its parts are in others.
        self._remove(gone if done or manifest.has([name]) else [name])
        return done

    def _write(self, name: str, lexicon: Lexicon) -> int:
        """Write the document of a part; return how many bytes it takes. It is pruned where it would be too large."""
        most = _PART_BOUNDS
        while (blob := _blob(lexicon)) is None:
            most = Bounds(*(bound // 2 for bound in most))
            lexicon = merged([lexicon], most)
        self._client.index(index=self._index, id=_document(name), body={"blob": blob})
        return len(blob)

    def _remove(self, names: Sequence[str]) -> None:
        """Remove the documents of parts. What stays behind for a failure takes space, and is not counted."""
        lines = [{"delete": {"_id": _document(name)}} for name in names]
        self._client.bulk(index=self._index, body=lines)

    def _change(self, change: Callable[[_Manifest], tuple[Part, ...] | None]) -> tuple[_Manifest, bool]:
        """Change the parts of the manifest; return it as it was before, and whether it was changed: for None it is not."""
        for attempt in range(_RETRIES):
            manifest = self._manifest()
            parts = change(manifest)
            if parts is None:
                return manifest, False
            body = {
                "parts": [part._asdict() for part in _remembered(parts)],
                "version": manifest.version + 1,
                "identity": manifest.identity or f"{random.getrandbits(128):032x}",
            }
            expected: dict[str, Any] = (
                {"op_type": "create"}
                if manifest.seq_no < 0
                else {"if_seq_no": manifest.seq_no, "if_primary_term": manifest.primary_term}
            )
            try:
                self._client.index(index=self._index, id=_MANIFEST, body=body, params=expected)
            except ConflictError:
                time.sleep(_RETRY_S * random.random() * min(attempt + 1, 10))  # noqa: S311 - two should not meet again
            else:
                return manifest, True
        raise SearchIndexError(f"the manifest of {self._index} is changed by others all the time; try again later")

    # -- reading

    def load(self, known: Loaded | None = None) -> Loaded:
        """Return the lexicon as it is now; of what is ``known`` nothing is fetched again.

        One request where nothing has changed, and then it is ``known`` that is returned.
        """
        known = known or Loaded()
        if known.version and self._is_known(self._manifest(of_parts=False), known):
            return known
        for _ in range(_RETRIES):
            manifest = self._manifest()
            if self._is_known(manifest, known):
                return known
            new = _not_known(manifest, known)
            kept = [] if new is None else [known.lexicon]
            wanted = manifest.parts if new is None else new
            try:
                lexicon = merged([*kept, *self._fetch(wanted)])
            except _Vanished:
                self._still_wanted(manifest, wanted)
                continue
            return Loaded(lexicon, manifest.version, manifest.identity, manifest.names)
        raise SearchIndexError(f"the parts of {self._index} change faster than they are read; try again later")

    def _still_wanted(self, manifest: _Manifest, parts: Sequence[Part]) -> None:
        """Raise IndexCorruptedError where parts that are not there are in the manifest all the same."""
        again = self._manifest()
        if again.seq_no == manifest.seq_no and again.identity == manifest.identity:
            names = ", ".join(part.name for part in parts)
            raise IndexCorruptedError(f"counts are missing in {self._index}, among {names}: rebuild the index")

    @staticmethod
    def _is_known(manifest: _Manifest, known: Loaded) -> bool:
        # Older than what is known: of a replica that was late.
        return manifest.identity == known.identity and manifest.version <= known.version

    def _manifest(self, *, of_parts: bool = True) -> _Manifest:
        params: dict[str, Any] = {} if of_parts else {"_source_excludes": "parts"}
        if self._look_s is not None and not of_parts:
            params["request_timeout"] = self._look_s
        try:
            found = self._client.get(index=self._index, id=_MANIFEST, params=params)
        except NotFoundError as error:
            if _is_no_index(error):
                raise
            return _Manifest()
        try:
            source = found["_source"]
            parts = tuple(
                Part(str(part["name"]), int(part["size_bytes"]), tuple(map(str, part["of"])))
                for part in (source["parts"] if of_parts else ())
            )
            return _Manifest(
                parts, int(source["version"]), str(source["identity"]), found["_seq_no"], found["_primary_term"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IndexCorruptedError(
                f"the manifest of the counts in {self._index} makes no sense: {error!r}"
            ) from error

    def _fetch(self, parts: Sequence[Part]) -> list[Lexicon]:
        """Return the lexicons of some parts."""
        return [lexicon for some in _in_pieces(parts) for lexicon in self._fetch_some(some)]

    def _fetch_some(self, parts: Sequence[Part]) -> Iterator[Lexicon]:
        body = {"ids": [_document(part.name) for part in parts]}
        found = self._client.mget(index=self._index, body=body)["docs"]
        for part, document in zip(parts, found, strict=True):
            if "error" in document:
                raise SearchIndexError(f"{self._index} does not give {part.name}: {document['error']}")
            if not document.get("found"):
                raise _Vanished(part.name)
            try:
                yield Lexicon.from_bytes(base64.b64decode(document["_source"]["blob"], validate=True))
            except (KeyError, TypeError, ValueError) as error:
                raise IndexCorruptedError(f"counts in {self._index} are damaged: {part.name}: {error}") from error


class SharedLexicon:
    """The lexicon as a searching process has it. ``current`` is at most some ``LOOK_EVERY_S`` behind the cluster.

    Threads share it: one of them looks, and the others go on with what there is. While the cluster does not answer, what was
    last known stays.
    """

    def __init__(self, parts: LexiconParts, look_every_s: float = LOOK_EVERY_S) -> None:
        self._parts = parts
        self._look_every_s = look_every_s
        self._loaded: Loaded | None = None
        self._next_look = 0.0
        self._is_behind = False
        self._lock = lock_of(self, "_lock")

    @property
    def current(self) -> Lexicon:
        """The lexicon; the first time it is asked for, it raises what ``LexiconParts.load`` raises."""
        loaded = self._loaded
        if loaded is None:
            return self.look()
        behind = self._is_behind
        if not behind and time.monotonic() < self._next_look:
            return loaded.lexicon
        if self._lock.acquire(blocking=behind):
            try:
                if self._is_behind or not behind:  # nobody has looked while we waited
                    self._look()
            except (*RAISED, VnSearchError):
                self._next_look = time.monotonic() + self._look_every_s
            finally:
                self._lock.release()
        return (self._loaded or loaded).lexicon

    def look(self) -> Lexicon:
        """Look for new parts now, and return the lexicon. Raises what ``LexiconParts.load`` raises."""
        with self._lock:
            return self._look().lexicon

    def _look(self) -> Loaded:
        self._is_behind = False  # before: what is published from now on is to be looked for again
        loaded = self._loaded = self._parts.load(self._loaded)
        self._next_look = time.monotonic() + self._look_every_s
        return loaded

    def publish(self, name: str, lexicon: Lexicon) -> bool:
        """Publish a part, as ``LexiconParts.publish`` does; ``current`` has it from then on."""
        done = self._parts.publish(name, lexicon)
        self._is_behind = True
        # It is published; what cannot be compacted now will be with the next.
        with contextlib.suppress(*RAISED, SearchIndexError):
            self._parts.compact()
        return done


def _document(name: str) -> str:
    return f"part-{name}"


def _blob(lexicon: Lexicon) -> str | None:
    """Return a lexicon as text; None where it is too large."""
    try:
        blob = base64.b64encode(lexicon.to_bytes()).decode()
    except ValueError:
        return None
    return blob if len(blob) <= _PART_BYTES_MAX else None


def _smaller(parts: Sequence[Part], most: int) -> list[Part]:
    """Return the parts to merge where there are more than ``most``, none otherwise: so that half as many are left, or fewer.

    The smallest, and those that are no larger than all these together: what is large is seldom written anew.
    """
    if len(parts) <= most:
        return []
    chosen: list[Part] = []
    total = 0
    least = len(parts) - most // 2
    for part in sorted(parts, key=lambda part: (part.size_bytes, part.name)):
        if len(chosen) > least and part.size_bytes > total:
            break
        chosen.append(part)
        total += part.size_bytes
    return chosen


def _remembered(parts: Sequence[Part]) -> list[Part]:
    """Return parts with the names of the last publications, once there are twice as many as are kept."""
    count = sum(len(part.of) for part in parts)
    gone = count - _KEPT_NAMES if count > 2 * _KEPT_NAMES else 0
    kept = []
    for part in parts:
        here = min(gone, len(part.of) - 1)
        kept.append(part._replace(of=part.of[here:]))
        gone -= here
    return kept


def _not_known(manifest: _Manifest, known: Loaded) -> list[Part] | None:
    """Return the parts that hold only what is not known yet; None: nothing but to read them all anew tells what is new."""
    if manifest.identity != known.identity or not known.names <= manifest.names:
        return None
    new = [part for part in manifest.parts if not known.names.issuperset(part.of)]
    return new if all(known.names.isdisjoint(part.of) for part in new) else None


def _in_pieces(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield the parts, so many together as make an answer of a moderate size."""
    piece: list[Part] = []
    size = 0
    for part in parts:
        if piece and size + part.size_bytes > _FETCHED_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(part)
        size += part.size_bytes
    if piece:
        yield piece


def _is_no_index(error: NotFoundError) -> bool:
    """Tell whether it is the index that is not there, not the document."""
    return isinstance(error.info, Mapping) and "error" in error.info
