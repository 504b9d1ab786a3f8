"""The pages that gather and list, and those of plain words."""

from __future__ import annotations

from flask import Flask

from feeds.public.agenda import AgendaViews
from feeds.public.corrections import CorrectionViews
from feeds.public.directory import DirectoryViews
from feeds.public.machine import MachineViews
from feeds.public.numbers import NumberViews
from feeds.public.promises import PromiseViews
from feeds.public.prose import ProseViews
from feeds.public.search import SearchViews
from feeds.public.timeline import TimelineViews
from feeds.public.trust import TrustViews
from feeds.site import Site


def add_public(app: Flask, site: Site) -> None:
    """Add the routes of all these pages, in every language under its own words."""
    for views in (
        PromiseViews,
        TimelineViews,
        AgendaViews,
        DirectoryViews,
        NumberViews,
        SearchViews,
        ProseViews,
        CorrectionViews,
        TrustViews,
        MachineViews,
    ):
        views(site).add_to(app)
