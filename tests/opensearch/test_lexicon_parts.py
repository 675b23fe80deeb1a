"""Parts of the lexicon on a cluster: whatever writers do at once, or leave half done, every part counts once."""

from __future__ import annotations

import base64
import contextlib
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cluster import RunningCluster
from opensearchpy import exceptions

from vnsearch import Report
from vnsearch.errors import IndexCorruptedError, InvalidArgumentError
from vnsearch.index.documents import analyse_reports
from vnsearch.opensearch import Cluster, lexicon_parts
from vnsearch.opensearch.lexicon import Lexicon
from vnsearch.opensearch.lexicon_making import Bounds, lexicon_of, merged
from vnsearch.opensearch.lexicon_parts import MOST_PARTS, LexiconParts, Loaded, SharedLexicon, counts_body

Make = Callable[[], LexiconParts]


@pytest.fixture
def connect(cluster: RunningCluster) -> Iterator[Callable[[], Cluster]]:
    """A function that makes a connection to the cluster."""
    with contextlib.ExitStack() as made:
        yield lambda: made.enter_context(Cluster(cluster.urls))


@pytest.fixture
def index(connect: Callable[[], Cluster]) -> Iterator[str]:
    """The name of a new companion index."""
    name = f"test-lexicon-{uuid.uuid4().hex}"
    client = connect().client
    client.indices.create(index=name, body=counts_body(1))
    yield name
    client.indices.delete(index=name)


@pytest.fixture
def make(connect: Callable[[], Cluster], index: str) -> Make:
    """A function that returns the parts through a connection of their own."""
    return lambda: LexiconParts(connect().client, index)


def part(name: str) -> Lexicon:
    """A part that tells by its counts whether it is there."""
    return lexicon_of([analyse_reports([Report(name, "", f"làng {name}")], ())])


def counted(lexicon: Lexicon) -> dict[str, int]:
    """How often each part is in a lexicon; each of them has the first syllable once."""
    counts = lexicon.terms("syllable")
    assert counts.pop("làng", 0) == sum(counts.values()) == lexicon.syllable_count // 2
    assert {pair.removeprefix("làng "): count for pair, count in lexicon.terms("pair").items()} == counts
    return counts


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def documents(parts: LexiconParts) -> int:
    parts._client.indices.refresh(index=parts._index)
    return int(parts._client.count(index=parts._index)["count"])


def once(of: list[str]) -> dict[str, int]:
    return dict.fromkeys(of, 1)


def test_what_is_published_is_loaded(make: Make) -> None:
    parts = make()
    assert parts.load() == Loaded()
    for name in ("a", "b"):
        assert parts.publish(name, part(name))
    loaded = parts.load()
    assert counted(loaded.lexicon) == once(["a", "b"])
    assert loaded.names == {"a", "b"}


def test_a_name_counts_once(make: Make) -> None:
    parts = make()
    assert parts.publish("a", part("a"))
    before = parts.load()
    assert not parts.publish("a", part("b"))
    assert parts.load(before) is before
    assert counted(make().load().lexicon) == once(["a"])


def test_names_of_merged_parts_are_ours(make: Make) -> None:
    with pytest.raises(InvalidArgumentError, match="merged"):
        make().publish("merged-1", part("a"))


def test_what_is_known_is_not_fetched_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, writer = make(), make()
    fetched: list[str] = []
    mget = parts._client.mget
    monkeypatch.setattr(parts._client, "mget", lambda **asked: fetched.extend(asked["body"]["ids"]) or mget(**asked))
    known = None
    for number in range(12):
        writer.publish(f"a{number}", part(f"a{number}"))
        known = parts.load(known)
    assert fetched == [f"part-a{number}" for number in range(12)]
    assert writer.compact()
    known = parts.load(known)
    assert len(fetched) == 12, "a merged part holds nothing new"
    writer.publish("b", part("b"))
    assert counted(parts.load(known).lexicon) == once([*names("a", 12), "b"])
    assert len(fetched) == 13


def test_parts_merged_with_new_ones_are_counted_once(make: Make) -> None:
    parts, writer = make(), make()
    for name in names("a", 3):
        writer.publish(name, part(name))
    known = parts.load()
    for name in names("b", 9):
        writer.publish(name, part(name))
    assert writer.compact()
    assert counted(parts.load(known).lexicon) == once([*names("a", 3), *names("b", 9)])


def test_compacting_keeps_all_and_leaves_few(make: Make) -> None:
    parts = make()
    assert not parts.compact()
    for name in names("a", 30):
        parts.publish(name, part(name))
    assert parts.compact()
    assert not parts.compact()
    left = parts._manifest().parts
    assert len(left) <= MOST_PARTS
    assert documents(parts) == len(left) + 1, "merged parts are gone"
    assert counted(parts.load().lexicon) == once(names("a", 30))
    assert not any(parts.publish(name, part(name)) for name in names("a", 30))


def test_large_parts_are_seldom_written_anew(make: Make) -> None:
    parts = make()
    parts.publish("large", part(" ".join(f"chữ{number}" for number in range(3000))))
    for name in names("a", 20):
        parts.publish(name, part(name))
        parts.compact()
    assert "large" in [one.name for one in parts._manifest().parts]


def _interrupted(monkeypatch: pytest.MonkeyPatch, parts: LexiconParts, *, is_done: bool) -> None:
    """Let the next change of the manifest fail as if the connection were lost, before it was done or after."""
    index = parts._client.index

    def once_lost(**asked: Any) -> Any:
        if asked["id"] != "lexicon":
            return index(**asked)
        monkeypatch.undo()
        if is_done:
            index(**asked)
        raise exceptions.ConnectionError("N/A", "lost", OSError())

    monkeypatch.setattr(parts._client, "index", once_lost)


@pytest.mark.parametrize("is_done", [False, True])
def test_an_interrupted_publication_is_run_again(make: Make, monkeypatch: pytest.MonkeyPatch, is_done: bool) -> None:
    parts = make()
    parts.publish("a", part("a"))
    _interrupted(monkeypatch, parts, is_done=is_done)
    with pytest.raises(exceptions.ConnectionError):
        parts.publish("b", part("b"))
    assert parts.publish("b", part("b")) is not is_done
    assert counted(parts.load().lexicon) == once(["a", "b"])


@pytest.mark.parametrize("is_done", [False, True])
def test_an_interrupted_compaction_harms_nothing(make: Make, monkeypatch: pytest.MonkeyPatch, is_done: bool) -> None:
    parts = make()
    for name in names("a", 10):
        parts.publish(name, part(name))
    _interrupted(monkeypatch, parts, is_done=is_done)
    with pytest.raises(exceptions.ConnectionError):
        parts.compact()
    assert counted(parts.load().lexicon) == once(names("a", 10))
    assert parts.compact() is not is_done
    assert counted(make().load().lexicon) == once(names("a", 10))


def test_a_change_whose_answer_was_lost_and_that_is_sent_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = make()
    index = parts._client.index

    def sent_twice(**asked: Any) -> Any:
        index(**asked)
        return index(**asked)

    monkeypatch.setattr(parts._client, "index", sent_twice)
    for name in names("a", 12):
        parts.publish(name, part(name))
    parts.compact()
    assert counted(parts.load().lexicon) == once(names("a", 12))
    assert documents(parts) == len(parts._manifest().parts) + 1


def test_parts_that_vanish_while_they_are_read(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = make(), make()
    for name in names("a", 12):
        writer.publish(name, part(name))
    mget = reader._client.mget

    def late(**asked: Any) -> Any:
        monkeypatch.undo()
        assert writer.compact()
        return mget(**asked)

    monkeypatch.setattr(reader._client, "mget", late)
    assert counted(reader.load().lexicon) == once(names("a", 12))

    for name in names("b", 12):
        writer.publish(name, part(name))
    monkeypatch.setattr(reader._client, "mget", late)
    assert not reader.compact(), "the other was quicker"
    assert counted(reader.load().lexicon) == once([*names("a", 12), *names("b", 12)])


@pytest.mark.parametrize("blob", [None, "kein base64!", base64.b64encode(b"x" * 99).decode()])
def test_missing_and_damaged_parts_are_told(make: Make, blob: str | None) -> None:
    parts = make()
    parts.publish("a", part("a"))
    if blob is None:
        parts._client.delete(index=parts._index, id="part-a")
    else:
        parts._client.index(index=parts._index, id="part-a", body={"blob": blob})
    with pytest.raises(IndexCorruptedError, match=r"part|counts"):
        parts.load()


def test_a_manifest_that_makes_no_sense_is_told(make: Make) -> None:
    parts = make()
    parts._client.index(index=parts._index, id="lexicon", body={"parts": [{"name": "a"}], "version": 1})
    with pytest.raises(IndexCorruptedError, match="manifest"):
        parts.load()


def test_one_publishes_where_many_try(make: Make) -> None:
    writers = [make() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for name in names("a", 4):
            assert sum(pool.map(lambda writer, name=name: writer.publish(name, part(name)), writers)) == 1
    assert counted(writers[0].load().lexicon) == once(names("a", 4))


def test_a_part_that_comes_too_late_leaves_nothing_behind(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    late, other = make(), make()
    index = late._client.index

    def overtaken(**asked: Any) -> Any:
        monkeypatch.undo()
        for name in names("a", 10):
            other.publish(name, part(name))
        assert other.compact()
        return index(**asked)

    monkeypatch.setattr(late._client, "index", overtaken)
    assert not late.publish("a0", part("a0"))
    assert counted(late.load().lexicon) == once(names("a", 10))
    assert documents(late) == len(late._manifest().parts) + 1


def test_threads_that_publish_and_compact_at_once(make: Make) -> None:
    ready, reading = threading.Event(), [True]
    whole = [f"{writer}{number}" for writer in "abc" for number in range(15)]

    def write(writer: str) -> None:
        parts = make()
        ready.wait()
        for name in names(writer, 15):
            assert parts.publish(name, part(name))
            parts.compact(2)

    def read() -> int:
        parts, known, looks = make(), None, 0
        while reading[0]:
            loaded = parts.load(known)
            assert counted(loaded.lexicon) == once(sorted(loaded.names))
            assert known is None or known.names <= loaded.names
            known, looks = loaded, looks + 1
        return looks

    with ThreadPoolExecutor(4) as pool:
        reader, *writers = [pool.submit(read), *(pool.submit(write, writer) for writer in "abc")]
        ready.set()
        try:
            for writer in writers:
                writer.result()
        finally:
            reading[0] = False
        assert reader.result() > 3
    parts = make()
    assert counted(parts.load().lexicon) == once(sorted(whole))
    assert documents(parts) == len(parts._manifest().parts) + 1, "nothing is left behind"


def test_processes_that_publish_and_compact_at_once(make: Make, cluster: RunningCluster, index: str) -> None:
    script = """
import sys
from vnsearch import Report
from vnsearch.index.documents import analyse_reports
from vnsearch.opensearch import Cluster
from vnsearch.opensearch.lexicon_making import lexicon_of
from vnsearch.opensearch.lexicon_parts import LexiconParts
index, writer, *urls = sys.argv[1:]
parts = LexiconParts(Cluster(urls).client, index)
for number in range(12):
    for name in (f"{writer}{number}", f"both{number}"):
        parts.publish(name, lexicon_of([analyse_reports([Report(name, "", f"làng {name}")], ())]))
        parts.compact(3)
"""
    running = [subprocess.Popen([sys.executable, "-c", script, index, writer, *cluster.urls]) for writer in "pq"]
    assert [process.wait(120) for process in running] == [0, 0]
    parts = make()
    assert counted(parts.load().lexicon) == once([*names("p", 12), *names("q", 12), *names("both", 12)])
    assert documents(parts) == len(parts._manifest().parts) + 1


def test_names_are_forgotten_and_nothing_else(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon_parts, "_KEPT_NAMES", 12)
    writer, reader, known = make(), make(), None
    for number, name in enumerate(names("a", 30)):
        writer.publish(name, part(name))
        writer.compact(3)
        if number % 3 == 0:
            known = reader.load(known)
            assert counted(known.lexicon) == once(names("a", number + 1))
    assert len(writer._manifest().names) <= 24
    assert not writer.publish("a29", part("a29"))
    assert counted(make().load().lexicon) == once(names("a", 30))


def test_parts_that_are_too_large_are_pruned(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = make()
    many = part(" ".join(f"chữ{number}" for number in range(2000)))
    monkeypatch.setattr(lexicon_parts, "_PART_BOUNDS", Bounds(pairs=3000))
    most = 9 * len(base64.b64encode(many.to_bytes())) // 10
    monkeypatch.setattr(lexicon_parts, "_PART_BYTES_MAX", most)
    assert parts.publish("a", many)
    (held,) = parts._manifest().parts
    assert held.size_bytes <= most
    found = parts.load().lexicon
    assert 0 < found.size("pair") < many.size("pair")
    assert (found.pair_types, found.syllable_count) == (many.pair_types, many.syllable_count)


def test_merged_parts_have_bounds(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = make()
    for name in names("a", 10):
        parts.publish(name, part(name))
    monkeypatch.setattr(lexicon_parts, "_PART_BOUNDS", Bounds(pairs=3))
    assert parts.compact(1)
    found = parts.load().lexicon
    assert (found.size("pair"), found.size("syllable")) == (3, 11)
    assert (found.pair_types, found.syllable_count) == (10, 20)
    assert found.neighbours(["làng"]) == [(0, 10)]


def test_parts_are_fetched_in_pieces(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, asked = make(), []
    for name in names("a", 5):
        parts.publish(name, part(name))
    size = max(one.size_bytes for one in parts._manifest().parts)
    monkeypatch.setattr(lexicon_parts, "_FETCHED_BYTES", 2 * size)
    mget = parts._client.mget
    monkeypatch.setattr(parts._client, "mget", lambda **some: asked.append(len(some["body"]["ids"])) or mget(**some))
    assert counted(parts.load().lexicon) == once(names("a", 5))
    assert asked == [2, 2, 1]


def test_an_index_that_is_not_there_is_told(connect: Callable[[], Cluster]) -> None:
    with pytest.raises(exceptions.NotFoundError):
        LexiconParts(connect().client, "test-lexicon-nirgends").load()


def test_an_index_made_anew_is_read_anew(make: Make, index: str) -> None:
    parts = make()
    parts.publish("a", part("a"))
    known = parts.load()
    parts._client.indices.delete(index=index)
    parts._client.indices.create(index=index, body=counts_body(0))
    assert counted(parts.load(known).lexicon) == {}
    parts.publish("b", part("b"))
    assert counted(parts.load(known).lexicon) == once(["b"])


# -- shared by threads


def test_own_additions_are_there_at_once_and_others_when_it_is_time(make: Make) -> None:
    shared, patient = SharedLexicon(make()), SharedLexicon(make(), look_every_s=0.0)
    assert counted(shared.current) == counted(patient.current) == {}
    for number, name in enumerate(names("a", 12)):
        assert shared.publish(name, part(name))
        assert counted(shared.current) == counted(patient.current) == once(names("a", number + 1))
    assert len(make()._manifest().parts) <= MOST_PARTS
    make().publish("b", part("b"))
    assert "b" not in counted(shared.current), "it is not yet time to look"
    assert counted(shared.look())["b"] == 1
    assert shared.current is shared.current


def test_the_last_lexicon_stays_while_the_cluster_does_not_answer(make: Make) -> None:
    parts = make()
    shared = SharedLexicon(parts, look_every_s=0.0)
    shared.publish("a", part("a"))
    before = shared.current
    answering = parts._client
    try:
        parts._client = Cluster("http://127.0.0.1:9").client
        assert shared.current is before
        with pytest.raises(exceptions.ConnectionError):
            shared.look()
        with pytest.raises(exceptions.ConnectionError):
            assert SharedLexicon(parts).current
    finally:
        parts._client = answering
    make().publish("b", part("b"))
    assert counted(shared.current) == once(["a", "b"])


def test_one_thread_looks_and_the_others_go_on(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = make()
    shared = SharedLexicon(parts, look_every_s=0.0)
    before = shared.current
    make().publish("a", part("a"))
    looking, go_on = threading.Event(), threading.Event()
    mget = parts._client.mget

    def slow(**asked: Any) -> Any:
        looking.set()
        assert go_on.wait(60)
        return mget(**asked)

    monkeypatch.setattr(parts._client, "mget", slow)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(lambda: shared.current)
        try:
            assert looking.wait(60)
            assert shared.current is before
        finally:
            go_on.set()
        assert counted(found.result()) == once(["a"])
    assert counted(shared.current) == once(["a"])


def test_a_part_published_while_another_thread_looks_is_there_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, other = make(), make()
    shared = SharedLexicon(parts, look_every_s=1000.0)
    assert counted(shared.current) == {}
    other.publish("a", part("a"))
    looking, mget = threading.Event(), parts._client.mget

    def slow(**asked: Any) -> Any:
        looking.set()
        time.sleep(0.3)  # long enough for the part to be published meanwhile
        return mget(**asked)

    monkeypatch.setattr(parts._client, "mget", slow)
    with ThreadPoolExecutor(1) as pool:
        look = pool.submit(shared.look)
        assert looking.wait(60)
        shared.publish("b", part("b"))
        assert counted(shared.current) == once(["a", "b"])
        look.result()
    assert counted(shared.current) == once(["a", "b"])


def test_merging_what_was_loaded_in_steps_is_loading_it_whole(make: Make) -> None:
    parts, known = make(), None
    for name in names("a", 6):
        parts.publish(name, part(name))
        known = parts.load(known)
    assert known is not None
    assert known.lexicon.to_bytes() == parts.load().lexicon.to_bytes() == merged(map(part, names("a", 6))).to_bytes()
