"""The command that writes the public site as files."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path

import click

from archive.cli.running import ensure, progress
from archive.home import Home
from archive.showing import counted


@click.command()
@click.argument("dir", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--url",
    envvar="ARCHIVE_URL",
    required=True,
    show_envvar=True,
    help="Where the site will be, as in https://archive.example.",
)
@click.option(
    "--upstream",
    metavar="URL",
    default="",
    help="A live site, to which the web server passes on what files cannot answer: searches, several filters at"
    " once, feeds of only what changed.",
)
@click.option(
    "--anew", is_flag=True, help="Ask for every page anew, also where nothing has changed."
)
@click.pass_obj
def publish(home: Home, dir: Path, url: str, upstream: str, anew: bool) -> None:
    """Write the whole public site into the folder DIR, as files that any web server can send.

    Pages and feeds in both languages, archives, calendars, the log with its proofs, the tables as a data package:
    each also compressed, with settings for nginx and Caddy that make them answer as the live site does
    (docs/publish.md). Given again, only what changed is made anew. DIR/current changes in one step; what was
    withheld or erased is gone with the release before.

    Have the web server read its settings again afterwards. DATASETTE_URL, ARCHIVE_CONTACT and ARCHIVE_HUB go into
    the pages as with `archive serve`.
    """
    from archive.keeping.datapackage import export_package
    from archive.keeping.releases import NotPublished, release
    from feeds.library import Unavailable
    from feeds.publishing import caddy, nginx
    from feeds.publishing.crawl import CannotPublish
    from feeds.publishing.headers import rules
    from feeds.publishing.site import DOWNLOADS, SITE
    from feeds.publishing.site import publish as write
    from feeds.settings import Settings

    ensure(home)
    with home.log() as log, progress("folding") as report:
        home.tables(log, report).close()
    place = dir.absolute()
    try:
        with release(place) as made, _rarely_collected():
            site = made.folder / SITE
            site.mkdir()
            export_package(home.tables_path, site / DOWNLOADS)
            settings = Settings.from_environment(
                {
                    **os.environ,
                    "ARCHIVE_URL": url,
                    "ARCHIVE_DB": str(site / DOWNLOADS / "archive.db"),
                }
            )
            with progress("publishing") as report:
                done = write(
                    settings, made.folder, made.before, now=int(time.time()), progress=report, anew=anew
                )  # fmt: skip
            found = rules((one.file or one.address, one.headers) for one in done.found)
            root = str(place / "current" / SITE)
            for name, said in (
                *nginx.settings(done, found, root, upstream),
                *caddy.settings(done, found, root, upstream),
            ):
                (made.folder / name).write_text(said, encoding="utf-8")
    except (CannotPublish, Unavailable, nginx.CannotBeSaid, ValueError) as error:
        raise NotPublished(f"nothing was published: {error}") from error
    click.echo(
        f"{dir}: {counted(done.events, 'event')} at {len(done.found)} addresses;"
        f" {done.made} made anew, {counted(done.written, 'file')} written"
    )


@contextlib.contextmanager
def _rarely_collected() -> Iterator[None]:
    """Look for garbage in circles less often: of the lists of all pages there is none, and they are gone through each time.

    That is a seventh of the time of an increment.
    """
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


COMMANDS = (publish,)
