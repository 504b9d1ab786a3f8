"""Addresses, made of the settings and never of a request. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from feeds.settings import Settings
from feeds.words import WORDS

#: Kinds of records that have a page on which all about them is gathered, and its name.
GATHERED = {"topic": "topics", "org": "bodies", "person": "people"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses in one language. ``base`` is empty for links within the site, whole for feeds."""

    base: str
    datasette: str
    language: str

    @classmethod
    def within(cls, settings: Settings, language: str) -> Links:
        """Return links as pages have them: they lead to whatever host the reader is at."""
        return cls(base="", datasette=settings.datasette_url, language=language)

    @classmethod
    def whole(cls, settings: Settings, language: str) -> Links:
        """Return links as feeds have them, with the host."""
        return cls(base=settings.base_url, datasette=settings.datasette_url, language=language)

    @property
    def home(self) -> str:
        """The home page."""
        return f"{self.base}/{self.language}/"

    def page(self, name: str, **query: str | int | None) -> str:
        """Return a page by its name in `Words.paths`, with what is asked of it; what is empty is left out."""
        asked = urlencode({key: value for key, value in query.items() if value})
        path = f"{self.base}/{self.language}/{WORDS[self.language].paths[name]}"
        return f"{path}?{asked}" if asked else path

    def about(self, slug: str) -> str:
        """Return the page that gathers all on a topic, a body or a person; of anything else its record."""
        kind, _, name = slug.partition("/")
        page = GATHERED.get(kind)
        return f"{self.page(page)}/{quote(name)}" if page else self.record(slug)

    @property
    def checkpoint(self) -> str:
        """The newest signed head of the log: what is shown can be held against it."""
        return f"{self.base}/log/checkpoint"

    def removals(self, event: int | None = None) -> str:
        """Return the page of what was withheld and erased, at the place of an act."""
        return f"{self.page('removals')}{f'#E{event}' if event is not None else ''}"

    @property
    def fixity(self) -> str:
        """The page of checks that everything is still what it was."""
        return self.page("fixity")

    def feed(self, name: str, format: str) -> str:
        """Return the address of a feed."""
        return f"{self.base}/{self.language}/feeds/{name}.{format}"

    @property
    def opml(self) -> str:
        """The list of all feeds, for a feed reader to take in at once."""
        return f"{self.base}/{self.language}/feeds.opml"

    def record(self, slug: str, event: int | None = None) -> str:
        """Return the page of a record, at the place of an event in its history."""
        place = f"#E{event}" if event is not None else ""
        return f"{self.page('records')}/{quote(slug)}{place}"

    def row(self, table: str, key: str | int) -> str:
        """Return a row in Datasette."""
        return f"{self.datasette}/archive/{table}/{tilde(str(key))}"

    def table(self, table: str) -> str:
        """Return a table in Datasette."""
        return f"{self.datasette}/archive/{table}"

    def rows(self, table: str, column: str, value: str) -> str:
        """Return the rows of a table with a value, in Datasette."""
        return f"{self.datasette}/archive/{table}?{column}__exact={quote(value, safe='')}"

    def lines(self, table: str, given: Mapping[str, str], among: Iterable[str]) -> str:
        """Return a table in Datasette with conditions on columns, and others in SQL."""
        asked = urlencode([*given.items(), *(("_where", one) for one in among)])
        return f"{self.datasette}/archive/{table}{f'?{asked}' if asked else ''}"


def tilde(text: str) -> str:
    """Return text as Datasette writes it in paths: any byte but letters, digits, _ and - as ~XX."""
    return "".join(chr(b) if chr(b) in _PLAIN else f"~{b:02X}" for b in text.encode())
