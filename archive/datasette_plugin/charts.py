"""A query's answer as a chart: SVG drawn on the server, readable without colour, by eye and by screen reader. Pure.

Days and values give a line, labels and values give bars; ``series`` tells several lines apart by their marks.
Beside each chart stands the table of the same rows, so nothing is said by the picture alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from archive.datasette_plugin.xml import clean

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 16, 34
BAR, GAP = 22, 10
LABELS = 240
#: Beyond this a number is no figure of public life, and no float can count it.
LARGEST = 1e15
MARKS = ("circle", "square", "diamond", "triangle")
#: One hue each in light and dark; contrast to the ground at least 3:1 (WCAG 2.2, 1.4.11).
STYLE = """
text{font:13px sans-serif;fill:#1d1d1d}.axis{stroke:#767676}.grid{stroke:#d8d8d8}
.s0{fill:#00588f;stroke:#00588f}.s1{fill:#a03c00;stroke:#a03c00}.s2{fill:#3d6b00;stroke:#3d6b00}.s3{fill:#7a1f78;stroke:#7a1f78}
path{fill:none!important;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#eee}.grid{stroke:#444}
.s0{fill:#6cb4ee;stroke:#6cb4ee}.s1{fill:#f0a070;stroke:#f0a070}.s2{fill:#a5d16a;stroke:#a5d16a}.s3{fill:#dd8fdb;stroke:#dd8fdb}}
"""


class Shown(NamedTuple):
    """A chart on the front page: the question that it draws, and what it is called."""

    href: str
    image: str
    text: str


#: What people would rather look at than read: a question, its parameters, and the caption.
FRONT = (
    ("figures-over-time", "measure=measure/children-looked-after", "Children looked after"),
    (
        "figures-over-time",
        "measure=measure/overspend-childrens-services",
        "Overspend of children’s services",
    ),
    ("deadlines-by-status", "", "Promises and duties by status"),
    ("coverage-by-month", "", "Sources by month"),
)


def front(database: str) -> list[Shown]:
    """Return the charts of the front page of a database."""
    return [
        Shown(_address(database, name, given), _address(database, f"{name}.svg", given), text)
        for name, given, text in FRONT
    ]


def _address(database: str, page: str, given: str) -> str:
    return f"/{database}/{page}?{given}" if given else f"/{database}/{page}"


class Point(NamedTuple):
    """One mark of a line: a day, a value, and to which line it belongs."""

    day: date
    value: float
    series: str


class Bar(NamedTuple):
    """One bar."""

    label: str
    value: float


def can_draw(columns: Sequence[str]) -> bool:
    """Whether a query's columns make a chart: ``value``, and ``day`` or ``label``."""
    return "value" in columns and bool({"day", "label"} & set(columns))


def draw(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str) -> str:
    """Return a chart of a query's rows as SVG; rows without a number, or without a day, are left out."""
    plain = [dict(zip(columns, row, strict=True)) for row in rows]
    if "day" in columns:
        points = sorted(filter(None, map(_point, plain)))
        return _lines(points, title)
    bars = [Bar(str(row["label"]), float(row["value"])) for row in plain if _number(row["value"])]
    return _bars(bars, title)


def _point(row: Mapping[str, Any]) -> Point | None:
    if not _number(row["value"]):
        return None
    try:
        day = date.fromisoformat(str(row["day"]))
    except ValueError:
        return None
    return Point(day, float(row["value"]), str(row.get("series") or ""))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < LARGEST


def _lines(points: Sequence[Point], title: str) -> str:
    if not points:
        return _svg(title, HEIGHT, [_text(WIDTH / 2, HEIGHT / 2, "No figures", "middle")])
    first, last = points[0].day.toordinal(), points[-1].day.toordinal()
    ticks = _ticks(min(0.0, *(p.value for p in points)), max(p.value for p in points))
    bottom, top = ticks[0], ticks[-1]

    def x(day: float) -> float:
        share = (day - first) / (last - first) if last > first else 0.5
        return LEFT + 8 + share * (WIDTH - LEFT - RIGHT - 16)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - bottom) / (top - bottom) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid(y(tick), tick) for tick in ticks]
    parts += [_year(x(date(year, 1, 1).toordinal()), year) for year in _years(points)]
    names = list(dict.fromkeys(point.series for point in points))
    for number, name in enumerate(names):
        own = [p for p in points if p.series == name]
        places = [(x(p.day.toordinal()), y(p.value)) for p in own]
        if len(places) > 1:
            path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in places)
            parts.append(Markup('<path class="s{}" d="{}"/>').format(number % 4, path))
        parts += [
            _mark(number, *place, f"{p.day}: {shown(p.value)} {name}".strip())
            for place, p in zip(places, own, strict=True)
        ]
    if any(names):
        parts += [_key(number, name) for number, name in enumerate(names)]
    height = HEIGHT + (20 * len(names) if any(names) else 0)
    return _svg(title, height, parts)


def _bars(bars: Sequence[Bar], title: str) -> str:
    top = max((bar.value for bar in bars), default=0) or 1
    room = WIDTH - LABELS - 90
    parts: list[Markup] = []
    for number, bar in enumerate(bars):
        y = TOP + number * (BAR + GAP)
        width = max(1.0, bar.value / top * room)
        parts += [
            _text(LABELS - 8, y + BAR - 6, bar.label, "end"),
            Markup('<rect class="s0" x="{}" y="{}" width="{}" height="{}"/>').format(
                LABELS, y, f"{width:.1f}", BAR
            ),
            _text(LABELS + width + 6, y + BAR - 6, shown(bar.value)),
        ]
    return _svg(title, TOP + max(1, len(bars)) * (BAR + GAP), parts)


def shown(value: float) -> str:
    """Return a number as people read it: thousands apart, no needless decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0")


def _ticks(low: float, high: float) -> list[float]:
    """Return a few round numbers from at most ``low`` to at least ``high``."""
    span = max(high - low, abs(high) / 1e9, 1e-9)
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * n for n in (1, 2, 5, 10) if span / (power * n) <= 8)
    start, end = math.floor(low / step), math.ceil(high / step)
    return [n * step for n in range(start, max(end, start + 1) + 1)]


def _years(points: Sequence[Point]) -> list[int]:
    years = range(points[0].day.year + 1, points[-1].day.year + 1)
    return [*years][:: max(1, len(years) // 10)]


def _grid(y: float, tick: float) -> Markup:
    line = Markup('<line class="grid" x1="{}" x2="{}" y1="{y}" y2="{y}"/>')
    return line.format(LEFT, WIDTH - RIGHT, y=f"{y:.1f}") + _text(
        LEFT - 6, y + 4, _tick(tick), "end"
    )


def _tick(value: float) -> str:
    """Return a number of the scale: millions as such, for nine figures would not fit beside it."""
    return f"{value / 1e6:,g}m" if abs(value) >= 1e6 else shown(value)


def _year(x: float, year: int) -> Markup:
    line = Markup('<line class="axis" x1="{x}" x2="{x}" y1="{}" y2="{}"/>')
    low = HEIGHT - BOTTOM
    return line.format(low, low + 6, x=f"{x:.1f}") + _text(x, low + 22, str(year), "middle")


def _mark(series: int, x: float, y: float, title: str) -> Markup:
    shapes = {
        "circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"/>',
        "square": f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>',
        "diamond": f'<polygon points="{_around(x, y, ((0, -6), (6, 0), (0, 6), (-6, 0)))}"/>',
        "triangle": f'<polygon points="{_around(x, y, ((0, -6), (6, 5), (-6, 5)))}"/>',
    }
    shape = Markup(shapes[MARKS[series % 4]])  # noqa: S704 (numbers only)
    return Markup('<g class="s{}"><title>{}</title>{}</g>').format(series % 4, title, shape)


def _around(x: float, y: float, steps: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in steps)


def _key(series: int, name: str) -> Markup:
    y = HEIGHT + 20 * series + 4
    return _mark(series, LEFT + 8, y, name) + _text(LEFT + 22, y + 4, name or "other")


def _text(x: float, y: float, words: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", anchor, words
    )


def _svg(title: str, height: float, parts: Iterable[Markup]) -> str:
    return clean(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{''.join(parts)}</svg>"
    )
