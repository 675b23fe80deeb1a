"""A log-log plot as SVG, legible on light and on dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 44, 52
_COLOURS = ("#2f7de1", "#2f7de1", "#d9652b", "#d9652b")
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-weight: 600 }
.grid { stroke: #8c959f; stroke-opacity: .3 } .minor { stroke-opacity: .12 } .linear { stroke: #8c959f; stroke-dasharray: 2 4 }
path { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
"""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _apart(heights: Sequence[float], least: float = 15) -> list[float]:
    """Return the heights moved down so that labels do not lie on each other."""
    moved = list(heights)
    order = sorted(range(len(moved)), key=moved.__getitem__)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + least)
    return moved


def log_log(lines: Mapping[str, Sequence[tuple[float, float]]], title: str, across: str, up: str) -> str:
    """Return the plot; the lines come in pairs, solid and dashed of one colour. Dotted grey is linear growth."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    low_x, high_x = log10(min(xs)) - 0.05, log10(max(xs)) + 0.05
    low_y, high_y = floor(log10(min(ys))), max(ceil(log10(max(ys))), floor(log10(min(ys))) + 1)

    def x_at(value: float) -> float:
        return _LEFT + (log10(value) - low_x) / (high_x - low_x) * (_WIDTH - _LEFT - _RIGHT)

    def y_at(value: float) -> float:
        return _HEIGHT - _BOTTOM - (log10(value) - low_y) / (high_y - low_y) * (_HEIGHT - _TOP - _BOTTOM)

    left, right, top, bottom = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="title" x="{left}" y="22">{escape(title)}, both axes logarithmic</text>',
        f'<text x="{(left + right) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(across)}</text>',
        f'<text transform="translate(16 {(top + bottom) / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>',
    ]
    for decade in range(low_y, high_y + 1):
        for step in range(1, 10 if decade < high_y else 2):
            y = y_at(step * 10**decade)
            out.append(
                f'<line class="grid{" minor" if step > 1 else ""}" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            )
        y = y_at(10**decade)
        out.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(10**decade)}</text>')
    for x in sorted(set(xs)):
        at = x_at(x)
        out.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>')
        out.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{_number(x)}</text>')
    ends = _apart([y_at(points[-1][1]) for points in lines.values()])
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        dashed = ' stroke-dasharray="6 4"' if number % 2 else ""
        way = " ".join(f"{'L' if i else 'M'}{x_at(x):.1f} {y_at(y):.1f}" for i, (x, y) in enumerate(points))
        out.append(f'<path d="{way}" stroke="{colour}"{dashed}/>')
        out += [f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        out.append(f'<text x="{right + 8}" y="{ends[number] + 4:.1f}" style="fill: {colour}">{escape(name)}</text>')
    first_x, first_y = next(iter(lines.values()))[0]
    limit = min(max(xs), first_x * 10**high_y / first_y)
    if limit > first_x:
        end_y = first_y * limit / first_x
        out.append(
            f'<line class="linear" x1="{x_at(first_x):.1f}" y1="{y_at(first_y):.1f}" '
            f'x2="{x_at(limit):.1f}" y2="{y_at(end_y):.1f}"/>'
        )
        out.append(f'<text x="{x_at(limit):.1f}" y="{y_at(end_y) - 6:.1f}" text-anchor="end">linear</text>')
    return "\n".join([*out, "</svg>", ""])
