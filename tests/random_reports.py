"""Reports that nobody wrote: syllables drawn at random from a small vocabulary, so that every query finds something."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from vnsearch import Report

SYLLABLES = (
    "an anh ban bàn bản bạn bê bo bò bỏ bố bộ ca cá cà cả cam cảm canh cánh cây cấy chợ chở cơ cờ dân dán đan đàn đất đê "
    "đến đi đò đỏ đường dương em ghe gà gạo giá già họp hòa hoa kênh làng lúa mưa mùa năm nước người nhà ruộng sông thôn "
    "trồng vườn xã xuân ý"
).split()
WORDS = ("dân chủ", "cơ sở", "quy chế", "hợp tác xã", "nông dân", "khen thưởng")
VALUES = ("2021", "3,5 %", "20/4/2022", "12.000", "số 7")
SOURCES = ("Báo Sông Lam", "Báo Đông Hải", "Tin Y tế")
TAGS = ("chẵn", "lẻ", "ba", "năm nay")
FIRST_DAY = dt.date(2021, 1, 1)
DAYS = 900


def draw_text(chance: random.Random, length: int) -> str:
    """Some syllables, the first of the vocabulary oftener; now and then a word, a value, a full stop."""
    parts: list[str] = []
    for _ in range(length):
        kind = chance.random()
        if kind < 0.03:
            parts.append(chance.choice(WORDS))
        elif kind < 0.05:
            parts.append(chance.choice(VALUES))
        else:
            parts.append(SYLLABLES[min(int(chance.expovariate(0.07)), len(SYLLABLES) - 1)])
            if kind > 0.9:
                parts[-1] += "."
    return " ".join(parts)


def draw_report(chance: random.Random, identity: str) -> Report:
    body = "" if chance.random() < 0.05 else draw_text(chance, int(chance.expovariate(0.04)))
    return Report(
        identity,
        draw_text(chance, chance.randrange(9)),
        body,
        FIRST_DAY + dt.timedelta(chance.randrange(DAYS)) if chance.random() < 0.9 else None,
        chance.choice((*SOURCES, None)),
        None,
        chance.choice(("nông nghiệp", "du lịch", None)),
        None,
        {"tags": chance.sample(TAGS, chance.randrange(3))},
    )


def draw_commits(seed: int, count: int, commits: int) -> list[tuple[list[Report], list[str]]]:
    """What happens to an index: for each commit the reports added, old ones among them, and the ids deleted then."""
    chance = random.Random(seed)
    made: list[tuple[list[Report], list[str]]] = []
    ids: list[str] = []
    for number in range(commits):
        fresh = [f"{number}-{at}" for at in range(count // commits >> (number % 3))]
        again = chance.sample(ids, min(len(ids), len(fresh) // 4))
        chosen = fresh + again
        chance.shuffle(chosen)
        ids += fresh
        made.append(([draw_report(chance, identity) for identity in chosen], chance.sample(ids, len(ids) // 12)))
    return made


def phrases_of(reports: Sequence[Report]) -> list[tuple[str, list[str]]]:
    """The syllables of every title and body, for phrases that exist: (field, syllables)."""
    from vnsearch.analysis import syllables_of

    texts = [("title", report.title) for report in reports] + [("body", report.body) for report in reports]
    return [(name, found) for name, text in texts if len(found := syllables_of(text).syllables) > 3]
