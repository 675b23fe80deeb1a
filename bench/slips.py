"""Typing slips: how often they are read right, what they cost, and how often a word that is new is taken for one.

    python -m bench.slips INDEX [--data FILE] [--collections FOLDER] [--count N] [--seed S]

INDEX holds the articles of the data (``bench.search --keep DIR`` leaves one). *Fragments*: five syllables from the middle of a title,
as they are, with a slip in one of them, and without that one, searched in the bodies; found is an article that is among the first
ten. The slip is searched with several factors (``Parameters.slip``). *Titles*: a slip in one syllable; read right is one whose
likeliest spelling is the syllable that was meant. *Unknown words*: syllables of the collections' queries that the index does not
hold, and those of them that are read as another; both by how much a word that is new counts (``Parameters.unknown``). A slip is a
letter doubled, left out or swapped with the next, or the key beside; only what the index does not hold is one.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import replace
from pathlib import Path

from bench import data, judged, work
from bench.measure import print_setting, table
from vnsearch import Index
from vnsearch.analysis import syllables_of
from vnsearch.index.snapshot import Snapshot
from vnsearch.search.choices import GUESSES
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.query import parse
from vnsearch.search.searcher import Searcher, SearchOptions
from vnsearch.text.fold import group_key

FACTORS = (0.4, 0.6, 0.7, 0.8)
UNKNOWN = (0.1, 0.3, 1.0)
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {key: row[max(at - 1, 0) : at] + row[at + 1 : at + 2] for row in _ROWS for at, key in enumerate(row)}
_SHORTEST = 3


def slip(chance: random.Random, syllable: str) -> str:
    """Return a syllable with one slip."""
    at = chance.randrange(len(syllable) - 1)
    before, key, after = syllable[:at], syllable[at], syllable[at + 1 :]
    forms = [before + key + key + after, before + after, before + after[0] + key + after[1:]]
    if key in _BESIDE:
        forms.append(before + chance.choice(_BESIDE[key]) + after)
    return chance.choice(forms)


def slipped(chance: random.Random, syllables: list[str], snapshot: Snapshot) -> tuple[int, str] | None:
    """Return where a slip was made, and what was typed; None where none comes to what the index does not hold."""
    places = [at for at, syllable in enumerate(syllables) if len(syllable) >= _SHORTEST and syllable.isalpha()]
    chance.shuffle(places)
    for at in places:
        typed = slip(chance, syllables[at])
        if not snapshot.groups.held([group_key(typed)]):
            return at, typed
    return None


def titles(path: Path, count: int) -> list[tuple[str, list[str]]]:
    """Return (id, syllables) of so many titles, evenly spread."""
    every = [(report.id, report.title) for report in data.reports(path, None)]
    return [(identity, syllables_of(title).syllables) for identity, title in data.evenly(every, count)]


def find_fragments(searcher: Searcher, asked: list[tuple[str, list[str]]], chance: random.Random) -> None:
    found = dict.fromkeys(("as they are", *(f"with a slip, by {factor}" for factor in FACTORS), "without it"), 0)
    count = 0

    def is_found(identity: str, syllables: list[str], factor: float) -> bool:
        query = parse(" ".join(syllables), searcher.snapshot, replace(PARAMETERS, slip=factor))
        return identity in [hit.id for hit in searcher.run(query, SearchOptions(fields={"body": 1.0}))]

    for identity, syllables in asked:
        start = max(len(syllables) - 5, 0) // 2
        fragment = syllables[start : start + 5]
        made = slipped(chance, fragment, searcher.snapshot)
        if made is None:
            continue
        at, typed = made
        count += 1
        found["as they are"] += is_found(identity, fragment, PARAMETERS.slip)
        found["without it"] += is_found(identity, fragment[:at] + fragment[at + 1 :], PARAMETERS.slip)
        for factor in FACTORS:
            found[f"with a slip, by {factor}"] += is_found(
                identity, [*fragment[:at], typed, *fragment[at + 1 :]], factor
            )
    rows = [(how, number, f"{100 * number / count:.1f}") for how, number in found.items()]
    table(f"{count:,} fragments of titles, five syllables", ("", "found among ten", "%"), rows)


def read_right(snapshot: Snapshot, made: list[tuple[list[str], int, str]], unknown: float) -> int:
    """Return how many slips are read as the syllable that was meant."""
    parameters = replace(PARAMETERS, unknown=unknown)
    queries = (" ".join([*syllables[:at], typed, *syllables[at + 1 :]]) for syllables, at, typed in made)
    readings = [parse(query, snapshot, parameters).spellings.syllables for query in queries]
    return sum(found[at][0].term == syllables[at] for found, (syllables, at, _) in zip(readings, made, strict=True))


def read_unknown(snapshot: Snapshot, texts: list[str], unknown: float) -> tuple[int, int]:
    """Return how many words of some queries are not held, and how many of these are read as others."""
    count = changed = 0
    for text in texts:
        spellings = parse(text, snapshot, replace(PARAMETERS, unknown=unknown)).spellings
        count += len(spellings.unknown)
        changed += sum(spellings.syllables[at][0].tier in GUESSES for at in spellings.unknown)
    return count, changed


def print_readings(snapshot: Snapshot, asked: list[tuple[str, list[str]]], folder: Path, chance: random.Random) -> None:
    made = [
        (syllables, *found) for _, syllables in asked if (found := slipped(chance, syllables, snapshot)) is not None
    ]
    files = [path / "queries.jsonl" for path in judged.find(folder)]
    texts = [text for file in files if file.exists() for text in judged.read_queries(file).values()]
    rows = []
    for unknown in UNKNOWN:
        count, changed = read_unknown(snapshot, texts, unknown)
        rows.append((f"{unknown}", len(made), read_right(snapshot, made, unknown), count, changed))
    columns = ("a new word counts", "slips in titles", "read right", "unknown words", "read as others")
    table("slips read right, and new words taken for slips", columns, rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.slips", description=__doc__.partition("\n")[0])
    parser.add_argument("index", type=Path, help="an index of the articles")
    parser.add_argument("--data", type=Path, default=data.DATA, help=f"articles (default: {data.DATA})")
    parser.add_argument("--collections", type=Path, default=data.DATA.parents[1], help="collections with queries")
    parser.add_argument("--count", type=int, default=1000, help="how many titles (default: 1000)")
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    work.require(options.data)
    print_setting("bench.slips")
    chance = random.Random(options.seed)
    asked = titles(options.data, options.count)
    with Index.open(options.index) as index:
        searcher = Searcher(Snapshot(index.whoosh))
        find_fragments(searcher, asked, chance)
        print_readings(searcher.snapshot, asked, options.collections, chance)


if __name__ == "__main__":
    main()
