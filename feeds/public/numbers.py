"""The numbers: a chart drawn here as SVG for each series, and always the table beside it."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask, Response, request

from feeds import dates, queries
from feeds.facts import amount
from feeds.public.paging import paging
from feeds.public.routes import add
from feeds.sql import numbers as sql
from feeds.sql.things import Thing, thing, things
from feeds.texts import fill
from feeds.view import View
from feeds.words import Words

#: The width of the longest bar, in percent of the chart; the rest is for the number at its end.
WIDEST = 40.0
#: How many series a page has, and how many numbers of each; all of them are in its table of data.
SERIES = 50
FIGURES = 12


class Bar(NamedTuple):
    """A number in words, and the width of its bar in percent of the chart."""

    id: str
    day: str | None
    said: str
    kind: str | None
    actual: bool
    area: Thing | None
    source: Thing | None
    width: float


class Chart(NamedTuple):
    """A series: a chart where there are numbers to compare, and a table."""

    measure: Thing
    anchor: str
    counts: str | None
    bars: tuple[Bar, ...]
    total: int
    areas: bool


class NumberViews(View):
    """The page of numbers."""

    def add_to(self, app: Flask) -> None:
        """Add the route."""
        add(app, "numbers", self.numbers)

    def numbers(self, language: str) -> Response:
        """Return a page of series."""
        words = self.words(language)
        with self.site.library.open() as conn:
            here = paging(request.args.get("page"), sql.count(conn), SERIES)

            def make() -> bytes:
                found = sql.series(conn, SERIES, here.offset, FIGURES)
                called = things(
                    conn, {slug for one in found for figure in one.figures for slug in (figure.area, figure.source)}, words
                )  # fmt: skip
                return self.page(
                    "numbers.html", words, lambda links: links.page("numbers", page=here.query), name="numbers",
                    paging=here, charts=[chart(one, called, words) for one in found],
                )  # fmt: skip

            if here.number > 1:
                return self.fresh(make())
            return self.kept((queries.position(conn), "numbers", language), make)


def chart(series: sql.Series, called: dict[str | None, Thing], words: Words) -> Chart:
    """Return a series in words; bars start at nothing, so that their lengths are to be compared."""
    most = max((figure.value for figure in series.figures), default=0)
    areas = {figure.area for figure in series.figures if figure.area}
    bars = tuple(
        Bar(
            id=figure.id,
            day=dates.text(figure.as_of, words.dates) if figure.as_of else None,
            said=_said(figure, words),
            kind=words.value(figure.kind) if figure.kind else None,
            actual=figure.kind in (None, "actual"),
            area=called.get(figure.area),
            source=called.get(figure.source),
            width=round(WIDEST * max(figure.value, 0) / most, 1) if most > 0 else 0,
        )
        for figure in series.figures
    )
    named = thing(series.id, series.label, series.label_cy, words)
    anchor = series.id.partition("/")[2]
    return Chart(named, anchor, series.counts, bars, series.total, areas=len(areas) > 1)


def _said(figure: sql.Figure, words: Words) -> str:
    said = amount(figure.value, figure.unit, words)
    return fill(words.say["qualified"], words.value(figure.qualifier), said) if figure.qualifier else said  # fmt: skip
