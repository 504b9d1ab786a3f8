"""The pages that gather and list: promises, timeline, topics, bodies, people, numbers, search, and plain prose."""

from __future__ import annotations

from flask import Flask

from feeds.public.corrections import CorrectionViews
from feeds.public.directory import DirectoryViews
from feeds.public.machine import MachineViews
from feeds.public.numbers import NumberViews
from feeds.public.promises import PromiseViews
from feeds.public.prose import ProseViews
from feeds.public.search import SearchViews
from feeds.public.timeline import TimelineViews
from feeds.site import Site


def add_public(app: Flask, site: Site) -> None:
    """Add the routes of all these pages, in every language under its own words."""
    for views in (
        PromiseViews,
        TimelineViews,
        DirectoryViews,
        NumberViews,
        SearchViews,
        ProseViews,
        CorrectionViews,
        MachineViews,
    ):
        views(site).add_to(app)
