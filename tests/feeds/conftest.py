"""A site over the archive of Aberdulas, and a feed made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from feeds import queries, selecting
from feeds.app import create_app
from feeds.dossier import Dossier
from feeds.entries import Category, Entry, Feed, Link
from feeds.entries import feed as make_feed
from feeds.kinds import KINDS
from feeds.library import Library
from feeds.selecting import Selection
from feeds.settings import Settings
from feeds.words import WORDS
from tests.conftest import Aberdulas

PAPER = {"source": "source/aberdulas-post-2031-03-05", "start": 10, "end": 30}


def on(edtf: str) -> dict[str, str]:
    """A date as a source states it."""
    return {"edtf": edtf, "basis": "stated"}


class Reader:
    """What a citizen sees of the archive of Aberdulas, after all that was recorded."""

    def __init__(self, archive: Any) -> None:
        self.archive = archive
        self.settings = Settings(
            archive_db=archive.path,
            base_url="https://archive.example",
            datasette_url="https://data.example",
        )

    def number(self, slug: str) -> int:
        """The number of the first event about a record."""
        ((number,),) = self.archive.rows("SELECT first_event FROM records WHERE id = ?", slug)
        return int(number)

    def label(self, slug: str) -> str:
        ((label,),) = self.archive.rows("SELECT label FROM records WHERE id = ?", slug)
        return str(label)

    def amend(self, slug: str, path: str, before: Any, after: Any, **more: Any) -> int:
        change = {"path": path, "from": before, "to": after}
        more = {"reason": "archive-error", "note": "We misread it.", **more}
        target = self.number(slug)
        return int(self.archive.record("RecordAmended", target=target, changes=[change], **more))

    def retract(self, target: int, **more: Any) -> int:
        more = {"reason": "source-error", "note": "The paper took it back.", **more}
        return int(self.archive.record("RecordRetracted", target=target, **more))

    def feed(self, name: str = "all") -> Feed:
        self.archive.tables()
        library = Library(self.settings.archive_db)
        try:
            with library.open() as conn:
                choice = selecting.choice(conn, Selection(name, KINDS[name]))
                rows = selecting.newest(conn, choice, selecting.ENTRIES)
                found = queries.dossiers(conn, (row.record_id for row in rows if row.record_id))
        finally:
            library.close()
        return make_feed(name, rows, found, settings=self.settings, words=WORDS["en"])

    def entry(self, number: int) -> Entry:
        (found,) = [one for one in self.feed().entries if one.id.endswith(f":E{number}")]
        return found

    def dossier(self, slug: str) -> Dossier:
        self.archive.tables()
        library = Library(self.settings.archive_db)
        try:
            with library.open() as conn:
                return queries.dossiers(conn, [slug])[slug]
        finally:
            library.close()


@pytest.fixture
def reader(aberdulas: Any) -> Reader:
    return Reader(aberdulas)


@pytest.fixture
def open_site() -> Iterator[Callable[[Settings], FlaskClient]]:
    """Return a way to open sites that are closed after the test."""
    opened = []

    def open_one(settings: Settings) -> FlaskClient:
        app = create_app(settings)
        opened.append(app)
        return app.test_client()

    yield open_one
    for app in opened:
        app.extensions["site"].library.close()


@pytest.fixture(scope="session")
def still_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """An archive to which nothing happens, for the tests that only look."""
    archive = Aberdulas(tmp_path_factory.mktemp("still")).settle()
    archive.sign()
    yield Reader(archive)
    archive.close()


@pytest.fixture(scope="session")
def still(still_reader: Reader) -> Iterator[FlaskClient]:
    """The site of that archive."""
    app = create_app(still_reader.settings)
    yield app.test_client()
    app.extensions["site"].library.close()


@pytest.fixture
def client(reader: Reader, open_site: Callable[[Settings], FlaskClient]) -> FlaskClient:
    reader.archive.tables()
    return open_site(reader.settings)


def an_entry(number: int = 5, **changed: Any) -> Entry:
    values: dict[str, Any] = {
        "id": f"tag:archive.example,2026:E{number}",
        "title": "The branch in Tŷ Mawr opens <again> & stays",
        "links": (
            Link(
                "alternate",
                f"https://archive.example/en/records/development/e{number}",
                "text/html",
            ),
            Link("via", "https://post.example/a?b=1&c=2", "text/html", "The “Post”"),
        ),
        "published": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "updated": datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        "content": '<p>Opens <a href="https://archive.example/en/">again</a> &amp; stays</p>',
        "categories": (Category("development", "Development"), Category("topic/a", "A & B")),
    }
    return Entry(**{**values, **changed})


def a_feed(*entries: Entry, **changed: Any) -> Feed:
    values: dict[str, Any] = {
        "id": "tag:archive.example,2026:feeds/en/all",
        "url": "https://archive.example/en/feeds/all",
        "home": "https://archive.example/en/",
        "language": "en",
        "title": "Aberdulas: Everything new",
        "subtitle": "All that is new.",
        "author": "The archivists of Aberdulas",
        "author_url": "https://archive.example",
        "rights": "CC BY 4.0",
        "checkpoint": "https://archive.example/log/checkpoint",
        "updated": datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        "entries": entries,
    }
    return Feed(**{**values, **changed})
