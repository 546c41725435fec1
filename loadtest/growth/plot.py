"""A plot as SVG, by hand: one line for each series, each on a scale of its own that begins at zero; the horizontal axis is logarithmic."""

from __future__ import annotations

import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP = 640, 130, 56, 40
COLOURS = ("#0b6bcb", "#b3510b", "#2e7d32", "#7b3fa0")
STYLE = "text{font:11px sans-serif;fill:#555}line{stroke:#ccc}polyline{fill:none;stroke-width:2}"

Series = dict[str, list[float]]


def svg(title: str, places: list[float], series: Series) -> str:
    """One panel below the other."""
    height = TOP + len(series) * (HEIGHT + TOP)
    panels = "".join(_panel(number, name, places, values) for number, (name, values) in enumerate(series.items()))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">'
    back = f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    return f'{head}<title>{escape(title)}</title><style>{STYLE}</style>{back}<text x="{LEFT}" y="16">{escape(title)}</text>{panels}</svg>\n'


def _panel(number: int, name: str, places: list[float], values: list[float]) -> str:
    top, colour = TOP + number * (HEIGHT + TOP), COLOURS[number % len(COLOURS)]
    most = max(*values, 1e-9)
    points = [(_across(one, places), top + HEIGHT - HEIGHT * value / most) for one, value in zip(places, values, strict=True)]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    marks = "".join(_text(x, top + HEIGHT + 14, "middle", f"{one:,.0f}") for one, (x, _) in zip(places, points, strict=True))
    scale = _text(LEFT - 6, top + 6, "end", f"{most:,.0f}" if most >= 100 else f"{most:.3g}") + _text(LEFT - 6, top + HEIGHT, "end", "0")
    base = f'<line x1="{LEFT}" y1="{top + HEIGHT}" x2="{WIDTH - 16}" y2="{top + HEIGHT}"/>'
    label = f'<text x="{LEFT}" y="{top - 6}" style="fill:{colour}">{escape(name)}</text>'
    return f'{base}{scale}{label}<polyline points="{drawn}" stroke="{colour}"/>{dots}{marks}'


def _text(x: float, y: float, anchor: str, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def _across(place: float, places: list[float]) -> float:
    """0 has no logarithm, and stands where 1 would be half of."""
    low, high = _log(min(places)), _log(max(places))
    return LEFT + 20 + (WIDTH - LEFT - 60) * (_log(place) - low) / ((high - low) or 1)


def _log(place: float) -> float:
    return math.log(max(place, 0.5))
