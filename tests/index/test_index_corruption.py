"""Damage that comes by itself: a bit that changed somewhere, a file cut short somewhere.

An index this small is compared with its checksums when it is opened. What happens in a large one, where each array is compared when
it is first used, is tried too.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from forgeries import Toc
from vnsearch import Index, IndexCorruptedError, Report, check_index
from vnsearch.index import snapshot
from vnsearch.index.columnar.container import ArrayFile

FLIPS, CUTS, SEARCHES = 2000, 500, 200
# What only Whoosh's readers and merging ask for.
UNSEARCHED = {"word.title_lengths", "word.body_lengths"}

# Of the collection, and some that are written otherwise: syllables that are there without a place, values, abbreviations.
QUERIES = [
    "12000 đồng", "Quận ủy Đông Hải", "duong lang", "QCDC ở cơ sở", "lua mua", '"giấy khen"', '"ban to chuc"~3',
    "+rừng -biển", "qu* ch*", '"rung ngap mặn" chan song', "title:đường OR body:lúa", "(cam OR tiêu) giá", "ngwoif hieens mau",
    "của và", "date:2022 nguoi", 'source:"Báo Sông Lam" lua', "tags:ba hoc sinh", "dương", "giấy khen cho tập thể", "tre em OR -bùn",
]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {},
    {"match": "all", "facets": ("source", "category", "author", "order", "tags")},
    {"filters": {"source": "Báo Sông Lam", "tags": ["ba", "lẻ"]}, "limit": 3},
    {"filters": {"category": ["du lịch", "môi trường"]}, "sort": "-date", "offset": 1},
    {"date_from": "2021-06-01", "date_to": "2022-11-30", "sort": "date", "facets": ("category",)},
    {"fields": {"title": 1.0}, "fragments": 1},
    {"fields": {"body": 2.0}, "limit": 100},
    {"fields": {"title": 5.0, "body": 0.5}, "sort": "date", "facets": ("tags",)},
]
PREFIXES = ("qu", "quận ", "h", "bà c", "đường ", "thuy l", "cho noi h", "nguoi")


def answers(index: Index, reports: list[Report]) -> Iterator[Any]:
    """Answer one question after the other: all that an application may ask, what is read seldom first."""
    yield list(index)
    yield index.abbreviations()
    yield from map(index.suggest, PREFIXES)
    for report in reports[::2]:
        yield index.get(report.id), report.id in index
    for query in QUERIES:
        results = index.search(query, match="all")
        yield [hit.snippet.html() for hit in results], results.suggestion
    for query, options in product(QUERIES, OPTIONS):
        yield search(index, query, options)
    for query in QUERIES:
        yield [(str(hit.explain()), hit.marks("title"), hit.title_html(), hit.id) for hit in index.search(query)]
    for report in reports[::4]:
        yield [(hit.id, hit.score) for hit in index.more_like_this(report.id)]


def search(index: Index, query: str, options: dict[str, Any]) -> Any:
    results = index.search(query, **options)
    return [(hit.id, hit.score) for hit in results], results.total, results.facets


@dataclass(frozen=True)
class Region:
    """A part of a file, from one byte to another."""

    name: str
    start: int
    end: int


def regions_of(path: Path) -> list[Region]:
    """Return the parts of a file, one behind the other; empty ones are left out."""
    size = path.stat().st_size
    if path.suffix == ".toc":
        toc = Toc.read(path)
        bounds = {
            "head": 14,
            "schema": len(toc.schema),
            "generation": 8,
            "segments": len(toc.segments),
            "JSON": len(toc.text),
        }
        # The length of the schema takes some bytes.
        bounds["head"] = size - sum(bounds.values()) - 20 + 14
        bounds["tail"] = 20
    else:
        file = ArrayFile(path)
        bounds = {"head": 64}
        for name in file.names():
            bounds[name] = file.unchecked(name).nbytes
            bounds[f"padding of {name}"] = -bounds[name] % 64
        bounds["directory"] = size - sum(bounds.values()) - 28
        bounds["tail"] = 28
    regions, start = [], 0
    for name, length in bounds.items():
        if length:
            regions.append(Region(name, start, start + length))
        start += length
    assert start == size
    return regions


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, reports: list[Report]) -> Path:
    """Two segments, both with deletions."""
    short = Report("viết tắt", "Quy chế dân chủ (QCDC)", "Thu 12.000 đồng một hộ." + " xóm" * 40)
    with Index.create(tmp_path_factory.mktemp("sound") / "index", filterable=("order", "tags")) as index:
        index.add([*reports[:14], Report("khoản thu", "Thu 12.000 đồng một hộ", "Mỗi hộ góp 12.000 đồng.")])
        index.add([*reports[14:], short])
        index.delete([reports[3].id, reports[20].id])
    assert len(index_files(index.path)) == 3
    return index.path


def index_files(folder: Path) -> list[Path]:
    """Return the files that have content; the lock has none."""
    return sorted(path for path in folder.iterdir() if not path.name.endswith("LOCK"))


@pytest.fixture(scope="module")
def known(sound: Path, reports: list[Report]) -> list[Any]:
    """The answers of the sound index."""
    with Index.open(sound) as index:
        return list(answers(index, reports))


Damage = Callable[[Path, bytes], Path]


@pytest.fixture
def damage(sound: Path, tmp_path: Path) -> Damage:
    """A function that gives a copy of the index in which one file has another content."""
    folder = Path(shutil.copytree(sound, tmp_path / "copy"))
    damaged: list[Path] = []

    def put(path: Path, content: bytes) -> Path:
        for before in damaged:
            shutil.copyfile(before, folder / before.name)
        damaged[:] = [path]
        (folder / path.name).unlink()  # not the file that the index before this one has open
        (folder / path.name).write_bytes(content)
        return folder

    return put


def flips(folder: Path) -> Iterator[tuple[Path, Region, bytes]]:
    """Yield files with a flipped bit, and where it is: half of them in one region after the other, half anywhere."""
    chance = random.Random(5)
    every = [(path, region) for path in index_files(folder) for region in regions_of(path)]
    sizes = [region.end - region.start for _, region in every]
    chosen = [every[at % len(every)] for at in range(FLIPS // 2)] + chance.choices(every, sizes, k=FLIPS - FLIPS // 2)
    for path, region in chosen:
        content = bytearray(path.read_bytes())
        content[chance.randrange(region.start, region.end)] ^= 1 << chance.randrange(8)
        yield path, region, bytes(content)


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let arrays be compared when they are first used, not on opening."""
    monkeypatch.setattr(snapshot, "CHECKED_BYTES", 0)


def test_the_questions_use_every_array(sound: Path, known: list[Any], reports: list[Report], touched: None) -> None:
    """So what they do not notice is nowhere."""
    assert len(known) >= SEARCHES
    with Index.open(sound) as index:
        assert list(answers(index, reports)) == known
        for leaf in index._current.leaves:
            file = leaf.segment.file
            assert set(file.names()) - set(file._arrays) == {"stored", *UNSEARCHED}
    assert sum(bool(answer) for answer in known) > SEARCHES * 3 / 4


def test_a_check_sees_every_flipped_bit(sound: Path, damage: Damage) -> None:
    assert check_index(sound)
    for path, region, content in flips(sound):
        found = check_index(damage(path, content))
        assert not found, region
        assert any(problem.startswith(f"{path.name}: ") for problem in found.problems), (region, found.problems)


def test_an_index_with_a_flipped_bit_does_not_open(sound: Path, damage: Damage) -> None:
    for path, region, content in flips(sound):
        with pytest.raises(IndexCorruptedError) as raised:
            Index.open(damage(path, content))
        assert raised.value.file == path.name, region


def test_a_flipped_bit_is_noticed_before_it_is_used(
    sound: Path, known: list[Any], reports: list[Report], damage: Damage, touched: None
) -> None:
    """Whatever is answered is what the sound index answers; and sooner or later the damage is named."""
    for path, region, content in flips(sound):
        folder = damage(path, content)
        file = None
        try:
            with Index.open(folder) as index:
                for expected, answer in zip(known, answers(index, reports), strict=True):
                    assert answer == expected, region
        except IndexCorruptedError as error:
            file = error.file
        # A stored report has a checksum of its own: not of all that is around its text.
        unnoticed = file is None and region.name.removeprefix("padding of ") in {"stored", *UNSEARCHED}
        assert unnoticed or file == path.name, region


def test_a_file_that_is_cut_short(sound: Path, damage: Damage) -> None:
    """Where its parts end, and anywhere."""
    chance = random.Random(6)
    edges = [(path, region.end - 1) for path in index_files(sound) for region in regions_of(path)[::2]]
    anywhere = [(path, chance.randrange(path.stat().st_size)) for path in index_files(sound) for _ in range(CUTS // 3)]
    for path, length in chance.sample(edges, CUTS // 5) + anywhere:
        folder = damage(path, path.read_bytes()[:length])
        with pytest.raises(IndexCorruptedError, match=path.name):
            Index.open(folder)
        found = check_index(folder)
        assert not found
        assert any(problem.startswith(f"{path.name}: ") for problem in found.problems)
