"""Segmentation against pyvi and underthesea: syllables per second, time to the first answer, and whether answers are equal.

    python -m bench.segmentation [--data PATH] [--articles N] [--rounds N]
    python -m bench.segmentation --identity [--seeds PATH]      # every article, every seed, 10,000 random strings

The data are lines of JSON with a "text", compressed with xz: 40,000 Vietnamese news articles. Syllables are counted as
what white space separates. *Cold*: a new vocabulary, the model loaded. *Warm*: the same texts again. All are timed in
turn, round by round, in one process; figures are medians.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import lzma
import random
import re
import statistics
import subprocess
import sys
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vnsearch.segment import segment, segment_batch, segment_spans_batch
from vnsearch.segment.model import load_model
from vnsearch.segment.segmenter import Segmenter

DATA = Path("../shared/data/vietnews/docs.jsonl.xz")
SEEDS = Path("../shared/seeds")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_FIRST_CALLS = {
    "pyvi": "from pyvi import ViTokenizer; ViTokenizer.tokenize(TEXT)",
    "underthesea": "from underthesea import word_tokenize; word_tokenize(TEXT)",
    "vnsearch.segment": "import vnsearch; from vnsearch.segment import segment; segment(TEXT)",
}

Segment = Callable[[str], str]


def articles(path: Path, limit: int | None = None) -> Iterator[str]:
    """Yield the texts of the first articles."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in itertools.islice(lines, limit):
            yield json.loads(line)["text"]


def pyvi() -> Segment:
    """Return pyvi's tokenizer, whose import warns about its own source."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyvi import ViTokenizer  # noqa: PLC0415
    tokenize: Segment = ViTokenizer.tokenize
    return tokenize


def underthesea() -> Segment | None:
    """Return underthesea's tokenizer, if it is installed."""
    try:
        from underthesea import word_tokenize  # noqa: PLC0415
    except ImportError:
        return None
    return functools.partial(word_tokenize, format="text")


def one_by_one(function: Segment, texts: Sequence[str]) -> list[str]:
    return [function(text) for text in texts]


def speed(path: Path, count: int, rounds: int) -> bool:
    """Print the table of speeds; return whether all answers were equal."""
    texts = list(articles(path, count))
    sentences = [part for text in texts for part in _SENTENCE_END.split(text) if part.strip()]
    model = load_model()
    cold = [Segmenter(model) for _ in range(rounds)]
    for fresh in cold:
        fresh.words_of(["Hà Nội"])  # tables are made on first use
    theirs, other = pyvi(), underthesea()
    one_by_one(theirs, texts[:5])
    cases: dict[str, tuple[Sequence[str], Callable[[], object]]] = {
        "pyvi, articles": (texts, lambda: one_by_one(theirs, texts)),
        "ours, articles, cold": (texts, lambda: cold.pop().words_of(texts)),
        "ours, articles, warm": (texts, lambda: segment_batch(texts)),
        "ours, spans, warm": (texts, lambda: segment_spans_batch(texts)),
        "pyvi, sentence by sentence": (sentences, lambda: one_by_one(theirs, sentences)),
        "ours, sentence by sentence": (sentences, lambda: one_by_one(segment, sentences)),
    }
    if other is None:
        print("underthesea is not installed: pip install underthesea")
    else:
        part = texts[: max(1, count // 10)]  # it takes minutes for all of them
        cases["underthesea, articles (a tenth)"] = (part, lambda: one_by_one(other, part))
    segment_spans_batch(texts)
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    answers: dict[str, object] = {}
    equal = True
    for _ in range(rounds):
        for name, (_, run) in cases.items():
            began = time.perf_counter()
            answers[name] = run()
            seconds[name].append(time.perf_counter() - began)
        equal &= answers["pyvi, articles"] == answers["ours, articles, cold"] == answers["ours, articles, warm"]
        equal &= answers["pyvi, sentence by sentence"] == answers["ours, sentence by sentence"]
    print(f"{len(texts)} articles, {len(sentences)} sentences, medians of {rounds} rounds\n")
    print(f"{'':34}{'syllables/s':>12}{'x pyvi':>8}")
    base: dict[bool, float] = {}
    for name, (given, _) in cases.items():
        rate = sum(len(text.split()) for text in given) / statistics.median(seconds[name])
        by_sentence = "sentence" in name
        base.setdefault(by_sentence, rate)
        print(f"{name:34}{rate:12,.0f}{rate / base[by_sentence]:8.1f}")
    print(f"\nanswers equal to pyvi's: {'yes' if equal else 'NO'}")
    return equal


def first_calls(rounds: int) -> None:
    """Print how long import and first call take, each in a fresh process."""
    print(f"\n{'import and first call':34}{'ms':>12}{'x pyvi':>8}")
    base = 0.0
    for name, script in _FIRST_CALLS.items():
        code = (
            "import time\nbegan = time.perf_counter()\nTEXT = 'Quy chế dân chủ ở cơ sở'\n"
            f"{script}\nprint(time.perf_counter() - began)"
        )
        times = []
        for _ in range(rounds):
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
            )
            if done.returncode == 0:
                times.append(float(done.stdout.split()[-1]) * 1000)
        if times:
            base = base or statistics.median(times)
            print(f"{name:34}{statistics.median(times):12,.0f}{statistics.median(times) / base:8.2f}")
        else:
            print(f"{name:34}{'not here':>12}")


def random_texts(count: int, seed: int = 20240229) -> Iterator[str]:
    """Yield random strings: Vietnamese, ASCII, emoji, control characters, white space, composed and not.

    No lone surrogates, on which pyvi raises, and no NUL, at which it cuts (see ``vnsearch.segment.segment``).
    """
    rng = random.Random(seed)
    lower = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ"
    syllables = sorted({syllable for entry in load_model().pairs for syllable in entry.split()})
    alphabets = [
        lower + lower.upper(),
        "".join(map(chr, range(1, 128))),
        "".join(map(chr, [*range(1, 32), *range(0x7F, 0xA1), 0x200B, 0x200D, 0x2028, 0x3000, 0xFEFF])),
        "😀👍🏽🇻🇳👨\u200d👩\u200d👧❤\ufe0f①②½²ß¿ŸΑΣσςİıǅﬁ中文ไทยعربيहिन्दी한국어",
        "\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031baAeEoOuU",
        "...---==>>->://@@__.,;!?()[]“”'\"%/&",
        " \t\n\r\u00a0\u3000",
    ]
    shapes: list[Segment] = [str, str, str, str.title, str.upper, functools.partial(unicodedata.normalize, "NFD")]
    special = ["TP.HCM", "ThS.", "Tp.", "Mr.", "1.000,5", "12/3/2024", "a.b@c.vn", "https://x.vn/?a=1,2", "...", "==>"]
    for _ in range(count):
        parts = []
        for _ in range(rng.choice([1, 3, 10, 30, 100])):
            choice = rng.random()
            if choice < 0.6:
                parts.append(rng.choice(shapes)(rng.choice(syllables)))
            elif choice < 0.7:
                parts.append(rng.choice(special))
            else:
                alphabet = rng.choice(alphabets)
                parts.append("".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 9))))
            parts.append(rng.choice([" ", " ", " ", " ", "", "\n", ", "]))
        text = "".join(parts)
        if rng.random() < 0.2:
            text = unicodedata.normalize("NFD", text)
        elif rng.random() < 0.05:
            text = "".join(chr(rng.choice([rng.randrange(1, 0xD800), rng.randrange(0xE000, 0x110000)])) for _ in text)
        yield text


def identity(path: Path, seeds: Path) -> bool:
    """Print the number of texts whose answers differ from pyvi's; return whether there were none."""
    theirs = pyvi()
    sets: dict[str, Iterator[str]] = {"random strings": random_texts(10_000)}
    if seeds.is_dir():
        sets["seeds"] = (file.read_text(encoding="utf-8") for file in sorted(seeds.glob("*.txt")))
    else:
        print(f"no seeds in {seeds}: left out")
    sets["articles"] = articles(path)
    none = True
    for name, texts in sets.items():
        total = differences = syllables = 0
        began = time.perf_counter()
        while part := list(itertools.islice(texts, 1000)):
            for text, together in zip(part, segment_batch(part), strict=True):
                expected = theirs(text)
                total += 1
                syllables += len(text.split())
                if not together == expected == segment(text):
                    differences += 1
                    if differences <= 3:
                        print(f"  differs: {text[:200]!r}")
        none &= not differences
        print(
            f"{name}: {total:,} texts, {syllables:,} syllables, {differences} differences "
            f"({time.perf_counter() - began:.0f} s)",
            flush=True,
        )
    return none


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.segmentation", description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA, help=f"articles (default: {DATA})")
    parser.add_argument("--seeds", type=Path, default=SEEDS, help=f"folder of texts for --identity (default: {SEEDS})")
    parser.add_argument("--articles", type=int, default=500, help="how many articles to time (default: 500)")
    parser.add_argument("--rounds", type=int, default=3, help="how many times (default: 3)")
    parser.add_argument("--identity", action="store_true", help="compare the answers on everything, time nothing")
    options = parser.parse_args()
    if not options.data.exists():
        print(f"skipped: the articles are not at {options.data} (--data PATH)")
        return 0
    if options.identity:
        return 0 if identity(options.data, options.seeds) else 1
    equal = speed(options.data, options.articles, options.rounds)
    first_calls(max(3, options.rounds))
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
