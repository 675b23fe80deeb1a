"""Indexes made to do harm, one after the other, each used for all that an application does: ``python hostile.py INDEX FOLDER``.

INDEX is a sound index, FOLDER one for copies of it. Each copy has one of the ``forgeries`` in it, and every checksum is right. Prints
what is raised but ``IndexCorruptedError``; ends itself where all that takes two minutes. Memory is limited to little more than a sound
index needs.
"""

from __future__ import annotations

import faulthandler
import os
import random
import resource
import shutil
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from forgeries import Arrays, change_segment
from vnsearch import Index, IndexCorruptedError, Report, check_index, rebuild_index
from vnsearch.index.columnar.charset import encode
from vnsearch.index.columnar.container import ArrayFile
from vnsearch.index.columnar.stored import make_blocks, unpack_block
from vnsearch.index.documents import unpack_report

MEMORY = 300 << 20
SECONDS = 120

Facts = dict[str, Any]
Change = Callable[[Arrays, Facts], None]
Fill = Callable[[np.ndarray, random.Random], np.ndarray]

QUERIES = (
    "Quận ủy", "duong lang", '"giấy khen"', '"ban to chuc"~3', "qu* ch*", "12000 đồng", "title:cá OR source:x", "của và", "ba con",
)  # fmt: skip
OPTIONS: tuple[dict[str, Any], ...] = (
    {"facets": ("source", "tags")},
    {"filters": {"source": "Báo Sông Lam"}, "sort": "date"},
    {"match": "all"},
    {"fields": {"title": 1.0}, "sort": "-date", "date_from": "2021-03-01"},
)


def use(folder: Path, target: Path | None) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield all that an application does with an index, by name; what is sound of it goes to ``target``."""
    opened: list[Index] = []
    yield "open", lambda: opened.append(Index.open(folder, lock_timeout_s=0))
    yield "check", lambda: check_index(folder)
    if target is not None:
        yield "rebuild", lambda: rebuild_index(folder, target, overwrite=True)
    if not opened:
        return
    index = opened[0]
    for query, some in zip(QUERIES, cycle(OPTIONS)):
        yield f"search {query!r} {some}", lambda query=query, some=some: index.search(query, **some)
        hits: list[Any] = []
        yield f"hits of {query!r}", lambda query=query, hits=hits: hits.extend(index.search(query, limit=2))
        for hit in hits:
            yield f"snippet of {query!r}", lambda hit=hit: hit.snippet.html()
            yield f"marks of {query!r}", lambda hit=hit: (hit.marks("title"), hit.marks("body"), hit.title_html())
            yield f"explain of {query!r}", lambda hit=hit: str(hit.explain())
    yield "suggestion", lambda: index.search("ngwoif hieens mau").suggestion
    for prefix in ("qu", "quận ", "bà c"):
        yield f"suggest {prefix!r}", lambda prefix=prefix: index.suggest(prefix)
    yield "iterate", lambda: [report.id for report in index]
    yield "abbreviations", index.abbreviations
    yield "get", lambda: (index.get("duong-lang"), "ho-tieu" in index)
    yield "more like this", lambda: [hit.snippet.text for hit in index.more_like_this("duong-lang")]
    yield "stats", index.stats
    yield "delete", lambda: index.delete(["ong-duong"])
    yield "add, and merge", lambda: index.add([Report("new", "Chợ nổi", "họp lúc 5 giờ", extra={"tags": ["ba"]})])
    yield "search what was added", lambda: [hit.snippet.html() for hit in index.search("cho noi")]


# -- forgeries


def filled(name: str, make: Fill) -> Change:
    def change(arrays: Arrays, facts: Facts) -> None:
        arrays[name] = make(arrays[name], random.Random(name))

    return change


def within(array: np.ndarray, chance: random.Random) -> np.ndarray:
    """Numbers as large as those there are."""
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    return np.array([chance.randint(low, high) for _ in array], array.dtype)


def bounds(array: np.ndarray, chance: random.Random) -> np.ndarray:
    """As where runs begin: ascending, the first and the last as they are."""
    return np.sort(np.concatenate([array[:1], within(array, chance)[2:], array[-1:]]))


FILLS: dict[str, Fill] = {
    "zeros": lambda array, _: np.zeros_like(array),
    "the greatest": lambda array, _: np.full_like(array, np.iinfo(array.dtype).max),
    "random": lambda array, chance: np.frombuffer(chance.randbytes(array.nbytes), array.dtype),
    "descending": lambda array, _: np.sort(array)[::-1],
    "as large": within,
    "short": lambda array, _: array[: len(array) // 2],
    "huge": lambda array, _: np.full(len(array), (1 << 63) - 1, np.uint64),
}
# What goes further with arrays whose names end so.
MORE: dict[str, Fill] = {
    "starts": bounds,
    "frequencies": lambda array, _: np.full_like(array, 0x7F),
    "places": lambda array, _: np.full_like(array, 0xF0),
    "lengths": lambda array, _: np.full(len(array), (1 << 31) - 1, np.uint32),
    "gap": lambda array, _: np.full_like(array, -(1 << 31)),
}
# What a rebuilding does not read.
UNREAD = ("syllable", "pair", "word", "value", "group", "place", "token", "field.tags", "field.definitions")
# Lists like the others.
ALIKE = tuple(f"field.{name}." for name in ("author", "category", "order", "source"))


def stored(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    """Other packed reports."""

    def all_of_them(arrays: Arrays, facts: Facts) -> None:
        data, starts = arrays["stored"].tobytes(), arrays["stored_starts"].tolist()
        counts = np.diff(arrays["stored_documents"]).tolist()
        records = [
            record
            for start, end, count in zip(starts, starts[1:], counts, strict=False)
            for record in unpack_block(data[start:end], count)
        ]
        put_blocks(arrays, list(make_blocks(change(records))))

    return all_of_them


def put_blocks(arrays: Arrays, blocks: list[tuple[bytes, int]]) -> None:
    arrays["stored"] = np.frombuffer(b"".join(data for data, _ in blocks), np.uint8)
    arrays["stored_starts"] = np.cumsum([0, *(len(data) for data, _ in blocks)], dtype=np.uint32)
    arrays["stored_documents"] = np.cumsum([0, *(count for _, count in blocks)], dtype=np.uint32)


def with_fields(text: str, body: str | None = None) -> Change:
    """Reports with other fields, as JSON, and another body, maybe."""

    def pack(record: bytes) -> bytes:
        report = unpack_report(record)
        texts = [report.id, report.title, report.body if body is None else body]
        data, single = encode("".join(texts) + text)
        return struct.pack("<?3I", single, *map(len, texts)) + data

    return stored(lambda records: list(map(pack, records)))


def heads(*lengths: int) -> Change:
    return stored(lambda records: [struct.pack("<?3I", True, *lengths) + record[13:] for record in records])


def _block(content: bytes, times: int = 0) -> bytes:
    """Return a block of Zstandard: content as it is, or a byte so many times."""
    size, kind = (times, 1) if times else (len(content), 0)
    return struct.pack("<I", size << 3 | kind << 1)[:3] + content


def bomb(size: int, claim: int | None = None, records: int = 1) -> Change:
    """Reports whose body is one letter again and again: frames of Zstandard that grow to so many bytes, and claim as many or others.

    Their blocks are one byte each, and how often it comes (RFC 8878, 3.1.1.2).
    """
    length = size // records - 4
    blocks = [_block(struct.pack(f"<{records}I", *[length] * records))]
    for _ in range(records):
        blocks.append(_block(struct.pack("<?3I", True, 1, 0, length - 14)))
        blocks += [_block(b"a", min(length - 13 - at, 1 << 17)) for at in range(0, length - 13, 1 << 17)]
    blocks[-1] = bytes((blocks[-1][0] | 1, *blocks[-1][1:]))  # the last
    said = records * (length + 4) if claim is None else claim
    frame = b"\x28\xb5\x2f\xfd\xe0" + said.to_bytes(8, "little") + b"".join(blocks)

    def change(arrays: Arrays, facts: Facts) -> None:
        whole, rest = divmod(facts["documents"], records)
        put_blocks(arrays, [(frame, records)] * whole + list(make_blocks([b""])) * rest)

    return change


def fact(name: str, value: object) -> Change:
    return lambda arrays, facts: facts.update({name: value})


def high(value: int) -> Change:
    """The high parts of tokens, as of more than 65,536 syllables."""
    return lambda arrays, facts: arrays.update(tokens_high=np.full(len(arrays["tokens"]), value, np.uint32))


def forgeries(names: list[str]) -> Iterator[tuple[str, Change]]:
    for name in names:
        if name.startswith(ALIKE):
            continue
        more = {f"more {end}": make for end, make in MORE.items() if name.endswith(end)}
        for fill, make in {**FILLS, **more}.items():
            yield f"{name}: {fill}", filled(name, make)
        yield f"{name}: gone", lambda arrays, facts, name=name: arrays.pop(name)
    for name in ("days", "stored", "stored_starts", "tokens", "field.id.terms", "group.starts", "pair.seconds"):
        yield f"{name}: none", filled(name, lambda array, _: array[:0])
    for text in (
        "5", "null", "[]", '[["body", 5]]', '{"body": 5}', '{"id": null}', '{"title": []}', '{"x": 1}', '{"extra": []}',
        '{"source": 5}', '{"date": 5}', '{"date": "T"}', '{"date": ["T"]}', '{"author": {}}', "[" * 100_000, "{",
        '{"extra": {"a": ' + "9" * 5000 + "}}",
    ):  # fmt: skip
        yield f"fields {text[:20]}", with_fields(text)
    for body in ("", "\ud800", "chợ"):
        yield f"body {body!a}", with_fields("", body)
    for lengths in ((0, 0, 0), (2**32 - 1,) * 3, (1, 2**31, 0), (5, 0, 3)):
        yield f"lengths {lengths}", heads(*lengths)
    yield "records of nothing", stored(lambda records: [b""] * len(records))
    yield "records of noise", stored(lambda records: [random.Random(1).randbytes(50) for _ in records])
    for size in (1 << 27, 1 << 28):
        for records in (1, 3):
            yield f"bomb of {size}, {records} records", bomb(size, records=records)
    for claim in (0, 1, 1 << 28, 1 << 30, 1 << 34, 1 << 62, (1 << 64) - 1):
        yield f"bomb that claims {claim}", bomb(1 << 27, claim)
    for name, values in {
        "documents": (0, 1, 65_536, 1 << 40, -1, None, "5", [], 1.5, float("nan"), 10**400),
        "lists": (None, 5, "id", [], ["id"], ["no such list"], [None], [["id"]]),
        "age": (None, 5, [], [1], ["a", "b"], [1, 2, 3], [2**70, 1]),
    }.items():
        for value in values:
            yield f"{name} {value!a:.20}", fact(name, value)
    for value in (0, 1, 1 << 15, (1 << 32) - 1):
        yield f"high parts {value}", high(value)


def main(sound: Path, work: Path) -> None:
    os.fsync = lambda _: None  # nothing here is kept
    names = ArrayFile(next(sound.glob("*.seg"))).names()
    for _, call in use(shutil.copytree(sound, work / "sound"), work / "target"):  # all is imported
        call()
    with Path("/proc/self/statm").open() as statm:
        limit = int(statm.read().split()[0]) * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    tried = refused = 0
    for name, change in forgeries(names):
        folder = work / "forged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(sound, folder)
        change_segment(folder, change)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        calls = use(folder, None if name.startswith(UNREAD) else work / "target")
        tried += 1
        refused += sum(_is_refused(call, f"{name}: {what}") for what, call in calls) > 0
        faulthandler.cancel_dump_traceback_later()
    print(f"{tried} forgeries, {refused} refused")


def _is_refused(call: Callable[[], Any], what: str) -> bool:
    try:
        call()
    except IndexCorruptedError:
        return True
    except BaseException:  # noqa: BLE001 - nothing else may be raised
        print(f"{what}: {traceback.format_exc()}")
    return False


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
