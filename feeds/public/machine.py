"""What machines ask for first: robots.txt, sitemaps (sitemaps.org 0.9), security.txt (RFC 9116)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from flask import Flask, Response, abort, request
from markupsafe import escape

from feeds import queries
from feeds.cache import body
from feeds.content_types import TEXT, XML
from feeds.delivery import answer
from feeds.links import GATHERED, Links
from feeds.sql import sitemap as sql
from feeds.view import Here, View, moved
from feeds.words import WORDS

#: Records in a sitemap: so few that each is kept as it was answered (`feeds.ready`); it may have 50,000 addresses.
PORTION = 250
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
#: How long security.txt is good for; RFC 9116 asks for less than a year.
_GOOD = timedelta(days=180)


class MachineViews(View):
    """Files at addresses that others have laid down."""

    def add_to(self, app: Flask) -> None:
        """Add the routes."""
        for rule, view in (
            ("/robots.txt", self.robots),
            ("/sitemap.xml", self.sitemaps),
            ("/sitemap-<int(max=999999):portion>.xml", self.sitemap),
            ("/.well-known/security.txt", self.security),
        ):
            app.add_url_rule(rule, f"machine_{view.__name__}", view)

    def robots(self) -> Response:
        """Return who may fetch what: everybody all, but searches, of which there is no end."""
        lines = ["User-agent: *"]
        lines += [
            f"Disallow: {Links.within(self.site.settings, language).page('search')}?"
            for language in WORDS
        ]
        lines += ["", f"Sitemap: {self.site.settings.base_url}/sitemap.xml", ""]
        return answer(body("\n".join(lines).encode(), TEXT), request)

    def sitemaps(self) -> Response:
        """Return the list of sitemaps."""
        base = self.site.settings.base_url
        with self.site.library.open() as conn:
            number = sql.portions(conn, PORTION)
        entries = [
            f"<sitemap><loc>{escape(f'{base}/sitemap-{n}.xml')}</loc></sitemap>"
            for n in range(number)
        ]
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex {_SPACE}>\n{_joined(entries)}</sitemapindex>\n'
        return answer(body(text.encode(), XML), request)

    def sitemap(self, portion: int) -> Response:
        """Return a portion of the addresses; the first has those of the pages, too."""
        with self.site.library.open() as conn:
            if portion >= sql.portions(conn, PORTION):
                abort(404)
            found = sql.records(conn, portion, PORTION)
            position = queries.position(conn)
        entries = [*(_pages() if portion == 0 else ()), *_records(found)]
        lines = (
            _entry([here(Links.whole(self.site.settings, other)) for other in WORDS], number, day)
            for here, day in entries
            for number in range(len(WORDS))
        )
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_SPACE} xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
            f"{_joined(lines)}</urlset>\n"
        )
        return answer(body(text.encode(), XML, moved(position)), request)

    def security(self) -> Response:
        """Return whom to tell of a weakness; not there where no address is set."""
        settings = self.site.settings
        if not settings.contact:
            abort(404)
        month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        lines = [
            f"Contact: {settings.contact}",
            f"Expires: {(month + _GOOD).isoformat().replace('+00:00', 'Z')}",
            f"Preferred-Languages: {', '.join(WORDS)}",
            f"Canonical: {settings.base_url}/.well-known/security.txt",
            "",
        ]
        return answer(body("\n".join(lines).encode(), TEXT), request)


def _pages() -> Iterator[tuple[Here, str | None]]:
    yield lambda links: links.home, None
    for name in next(iter(WORDS.values())).pages:
        yield lambda links, name=name: links.page(name), None  # type: ignore[misc]
    yield lambda links: links.removals(), None
    yield lambda links: links.fixity, None


def _records(found: Iterable[tuple[str, str]]) -> Iterator[tuple[Here, str | None]]:
    for slug, day in found:
        yield lambda links, slug=slug: links.record(slug), day  # type: ignore[misc]
        if slug.partition("/")[0] in GATHERED:
            yield lambda links, slug=slug: links.about(slug), day  # type: ignore[misc]


def _entry(urls: list[str], number: int, day: str | None) -> str:
    twins = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}" href="{escape(url)}"/>'
        for language, url in zip(WORDS, urls, strict=True)
    )
    changed = f"<lastmod>{day}</lastmod>" if day else ""
    return f"<url><loc>{escape(urls[number])}</loc>{changed}{twins if len(urls) > 1 else ''}</url>"


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
