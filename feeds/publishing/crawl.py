"""Going through all of a site: each address is asked for, or taken over from the publication before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from feeds import dates, queries
from feeds.content_types import BYTES
from feeds.dossier import Position
from feeds.feed_views import CALENDAR, FORMATS
from feeds.publishing import addresses
from feeds.publishing.asking import Asked
from feeds.publishing.files import Files
from feeds.publishing.manifest import Manifest, Page
from feeds.publishing.memory import Memory
from feeds.publishing.rendering import Answer, Headers, Renderer
from feeds.settings import Settings
from feeds.sql import heads
from feeds.words import WORDS

#: Below what is served, what is sent with another status than 200, and never under an address of its own.
ERRORS = "-"

Progress = Callable[[int, int], None]


class CannotPublish(Exception):
    """The site does not answer as it should; the message says where."""


class Found(NamedTuple):
    """An answer that was given: at an address, under a status, with headers, from a file ("" for none)."""

    address: str
    status: int
    headers: Headers
    file: str


class Published(NamedTuple):
    """What was published: all answers, the paths that forms ask, how many answers were made anew, files written.

    ``routes`` are regular expressions of all paths that the site knows, whether anything is there or not.
    ``asked`` are redirects that go by the language that the reader asks for, ``moved`` those that lead from any
    older version of an archive to the one that stands.
    """

    found: list[Found]
    forms: list[str]
    asked: list[str]
    made: int
    written: int
    events: int
    routes: list[str]


class Crawl:
    """Going through the site that has these settings, tables and code (its digest), into ``files``."""

    def __init__(
        self, settings: Settings, asked: Asked, old: Manifest, files: Files, code: bytes
    ) -> None:
        self._base = settings.base_url
        self._asked = asked
        self._renderer = Renderer(settings, asked)
        self._files = files
        with asked.open() as conn:
            self._position = queries.position(conn)
            head = heads.newest(conn)
            records = [slug for (slug,) in conn.execute("SELECT id FROM records ORDER BY id")]
        self.changed = _seconds(self._position)
        self.memory = Memory(old, asked, code, list(self._position))
        self._queue = dict.fromkeys(
            addresses.counted(records, self._position.events, head.size if head else 0)
        )
        self._closed = addresses.disallowed(
            self._renderer.get("/robots.txt").content.decode("utf-8")
        )
        self._found: list[Found] = []
        self._forms: dict[str, None] = {}
        self._made = 0

    def all(self, progress: Progress) -> None:
        """Ask for every address, and for those that the answers lead to."""
        waiting = list(self._queue)
        for number, address in enumerate(waiting):  # which grows meanwhile
            page = self._page(address)
            for more in self._leads(address, page):
                if more not in self._queue and not more.startswith(self._closed or ("\0",)):
                    self._queue[more] = None
                    waiting.append(more)
            self._forms.update(dict.fromkeys(page.forms))
            if page.status != 404:
                headers = self.memory.manifest.headers[page.headers]
                self._found.append(Found(address, page.status, headers, page.file))
            progress(number + 1, len(waiting))

    def _leads(self, address: str, page: Page) -> Iterator[str]:
        yield from (self.memory.manifest.addresses[number] for number in page.links)
        if page.status == 200:
            old = addresses.outdated(address)
            yield from addresses.siblings(address, FORMATS if old else (*FORMATS, CALENDAR))
            if old:
                yield old

    def _page(self, address: str) -> Page:
        """Return what is answered at an address: as it was, where nothing that it is made of has changed."""
        page = self.memory.same(address)
        if page is not None and (not page.file or self._files.keep(page.file)):
            return self.memory.take_over(address, page)
        self._made += 1
        answer, questions, placed = self._renderer.made(address)
        if answer.status >= 500:
            raise CannotPublish(f"{address} is answered with status {answer.status}")
        file = self._write(address, answer)
        led = [] if answer.status == 404 else [*self._links(answer, address)]
        forms = addresses.forms(answer.content) if _is_page(answer) else []
        return self.memory.add(
            address, answer, file, questions, links=led, forms=forms, placed=placed
        )

    def _links(self, answer: Answer, address: str) -> Iterator[str]:
        if 300 <= answer.status < 400:
            yield from addresses.within(answer.header("Location"), address, self._base)
        elif answer.header("Content-Type") != BYTES:
            yield from addresses.links(answer.content, address, self._base)

    def _write(self, address: str, answer: Answer) -> str:
        """Write the file of an answer; return its path, "" where it has none."""
        if answer.status == 404 or 300 <= answer.status < 400:
            return ""
        place = addresses.place(address, answer.header("Content-Type"))
        if place is None:
            return ""
        path = place.path if answer.status == 200 else f"/{ERRORS}/{answer.status}{place.path}"
        changed = int(answer.changed.timestamp()) if answer.changed else self.changed
        self._files.put(path, answer.content, answer.packed, changed)
        return path

    def errors(self) -> None:
        """Write what is sent where there is nothing, where something cannot be done, and where files do not do."""
        for name, method, known in (("404", "GET", "/-"), ("405", "POST", "/robots.txt")):
            for language in ("", *WORDS):
                asked = (
                    known
                    if not language
                    else f"/{language}/-"
                    if name == "404"
                    else f"/{language}/"
                )
                self._error(name, language, self._renderer.get(asked, method=method))
        for language in ("", *WORDS):
            self._error("not-here", language, self._renderer.not_here(language))

    def _error(self, name: str, language: str, answer: Answer) -> None:
        path = f"/{ERRORS}/{name}{language and '.'}{language}.html"
        self._files.put(path, answer.content, None, self.changed)
        self._found.append(Found("", answer.status, answer.headers, path))

    def done(self) -> Published:
        """Return what was found."""
        asked = [
            one.address
            for one in self._found
            if 300 <= one.status < 400 and "Accept-Language" in dict(one.headers).get("Vary", "")
        ]
        for address in asked:
            for language in WORDS:
                answer = self._renderer.get(address, {"Accept-Language": language})
                if answer.header("Location") != f"/{language}/":
                    raise CannotPublish(f"{address} does not lead to /{language}/ in that language")
        forms = [path for path in self._forms if path in self._queue]
        routes = [*map(addresses.route, self._renderer.rules)]
        return Published(self._found, forms, asked, self._made, 0, self._position.events, routes)


def _is_page(answer: Answer) -> bool:
    return answer.header("Content-Type") == addresses.TYPES["html"]


def _seconds(position: Position) -> int:
    return int(dates.instant(position.changed_at).timestamp()) if position.changed_at else 0
