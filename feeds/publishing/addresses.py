"""Which addresses there are, and the file of each. Pure.

What no page leads to is counted out: the parts of the log, the records that were withdrawn or merged, the events.
All others are found in the pages themselves, so that no page is forgotten here.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from feeds import calendar, jsonfeed, opml, tiles
from feeds.content_types import BYTES, HTML, TEXT, XML
from feeds.words import WORDS

#: What a file is by the end of its name. The settings made of it name the same types, and no other.
TYPES = {
    "atom": XML,
    "css": "text/css; charset=utf-8",
    "html": HTML,
    "ics": calendar.CONTENT_TYPE,
    "json": f"{jsonfeed.CONTENT_TYPE}; charset=utf-8",
    "opml": opml.CONTENT_TYPE,
    "png": "image/png",
    "rss": XML,
    "svg": "image/svg+xml",
    "txt": TEXT,
    "xml": XML,
}
_ENDS = {kind: end for end, kind in TYPES.items() if end not in ("atom", "rss")}

#: Addresses that others have laid down.
_KNOWN = "/ /robots.txt /sitemap.xml /.well-known/security.txt /favicon.ico".split()
_LINK = re.compile(r"""(?:href|src|action|xmlUrl)=(?:"([^"]*)"|'([^']*)')|<loc>([^<]*)</loc>""")
_FORM = re.compile(r"""<form\b[^>]*\baction="([^"]*)"(?:(.*?)</form>)?""", re.DOTALL)
_SELECT = re.compile(r"""<select\b[^>]*\bname="([a-z]+)"[^>]*>(.*?)</select>""", re.DOTALL)
_OPTION = re.compile(r"""<option value="([^"]+)\"""")
_QUERY = re.compile(r"[A-Za-z0-9_.%+~=&-]{1,200}")
_NAME = re.compile(r"(?!\.\.?$)[^/\\\0-\x1f\x7f$\"'{}<>?#*`]{1,200}")
_FEED = re.compile(r"(/[a-z]+/feeds/.+\.)(atom|rss|json|ics)")
_ARCHIVE = re.compile(r"(.*/archive/[0-9]+-)[0-9]+(\.[a-z]+)")
_VARIABLE = re.compile(r"<(?:([a-z]+)(?:\(([^()]*)\))?:)?[a-z]+>")


class Place(NamedTuple):
    """Where an answer lies below the root: its path, which the server finds by trying ends of names."""

    path: str
    end: str


def counted(records: Iterable[str], events: int, signed: int) -> Iterator[str]:
    """Yield what is known without looking at a page, of a log with so many events, of which so many are signed."""
    yield from _KNOWN
    for language, words in WORDS.items():
        yield f"/{language}"
        yield f"/{language}/"
        yield from (f"/{language}/{words.paths['events']}/E{number}" for number in range(events))
    for slug in records:
        for language, words in WORDS.items():
            yield f"/{language}/{words.paths['records']}/{slug}"
    yield "/log/checkpoint"
    yield "/log/vkey"
    for number in range(events):
        yield f"/log/proof/{number}"
        yield f"/log/facts/{number}"
    for first in range(0, signed, tiles.WIDTH):
        yield f"/log/facts/{first}-{min(first + tiles.WIDTH, signed) - 1}"
    yield from (f"/log/tile/{path}" for path in _tiles(signed))


def _tiles(size: int) -> Iterator[str]:
    """Yield the paths of all tiles and bundles of a tree: the whole ones, and of the last one of each row every part."""
    level, rest = 0, size
    while rest:
        for row in ("entries", "0") if level == 0 else (str(level),):
            whole, part = divmod(rest, tiles.WIDTH)
            yield from (f"{row}/{_numbered(number)}" for number in range(whole))
            yield from (f"{row}/{_numbered(whole)}.p/{width}" for width in range(1, part + 1))
        level, rest = level + 1, rest >> tiles.HEIGHT


def _numbered(number: int) -> str:
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def disallowed(robots: str) -> tuple[str, ...]:
    """Return the beginnings of addresses that the site's own robots.txt asks nobody to go through."""
    return tuple(
        line.partition(":")[2].strip()
        for line in robots.splitlines()
        if line.startswith("Disallow:")
    )


def links(content: bytes, address: str, base: str) -> Iterator[str]:
    """Yield the addresses on this site that an answer leads to, as path and query; a form to one for each choice alone."""
    text = content.decode("utf-8", "replace")
    found = {found[found.lastindex or 0]: None for found in _LINK.finditer(text)}
    for link in (*found, *_choices(text)):
        # Most lead to the same place from everywhere, and then the page is not asked for.
        whole = link.startswith(("/", "http:", "https:", "tel:", "mailto:"))
        yield from _within(html.unescape(link), "/" if whole else address, base)


def _choices(text: str) -> Iterator[str]:
    """Yield the addresses that the forms of a page ask when one of their fields is filled in."""
    for action, inside in _FORM.findall(text):
        for name, options in _SELECT.findall(inside):
            for value in _OPTION.findall(options):
                asked = urlencode({name: html.unescape(value)})
                yield f"{action}?{html.escape(asked)}"


def within(link: str, address: str, base: str) -> tuple[str, ...]:
    """Return where a link on a page leads, without its fragment, if it is to this site; and that without its query."""
    try:
        parts = urlsplit(urljoin(base + address, link))
    except ValueError:
        return ()
    if f"{parts.scheme}://{parts.netloc}" != base:
        return ()
    path = parts.path or "/"
    return (f"{path}?{parts.query}", path) if parts.query else (path,)


_within = functools.lru_cache(100_000)(within)


def feed(address: str) -> str | None:
    """Return what the formats of a feed have in common; None for what is no feed, and for a calendar."""
    found = _FEED.fullmatch(address)
    return found[1] if found and found[2] != "ics" else None


def siblings(address: str, formats: Iterable[str]) -> Iterator[str]:
    """Yield a feed in its other formats; a calendar may be one of them, and may be of something that has no feed."""
    found = _FEED.fullmatch(address)
    if found and found[2] != "ics":
        yield from (found[1] + one for one in formats if one != found[2])


def outdated(address: str) -> str | None:
    """Return the address that an archive of a feed had before anything was in it; None of anything else."""
    found = _ARCHIVE.fullmatch(address)
    return f"{found[1]}0{found[2]}" if found else None


def stem(address: str) -> str | None:
    """Return an archive's address with a star for its version; None of anything else."""
    found = _ARCHIVE.fullmatch(address)
    return f"{found[1]}*{found[2]}" if found else None


def forms(content: bytes) -> list[str]:
    """Return the paths that the forms of a page ask."""
    return [html.unescape(found[1]) for found in _FORM.finditer(content.decode("utf-8", "replace"))]


def place(address: str, content_type: str) -> Place | None:
    """Return the file of an address; None where a file cannot have such a name."""
    path, _, query = address.partition("?")
    path = unquote(path)
    if query and not _QUERY.fullmatch(query):
        return None
    *folders, name = path.split("/")[1:]
    if folders[:1] == ["-"] or any(part.startswith("@") for part in (*folders, name)):
        return None
    name = name or "index"
    if not all(_NAME.fullmatch(part) for part in (*folders, name)):
        return None
    end = _end(name, content_type) if path[-1] != "/" else f".{_ENDS.get(content_type, 'html')}"
    begin = f"/@{query}" if query else ""
    return Place("/".join([begin, *folders, name + end]), end)


def _end(name: str, content_type: str) -> str:
    """Return what is put after a name for it to tell the type."""
    _, dot, end = name.rpartition(".")
    if content_type == (TYPES.get(end, BYTES) if dot else BYTES):
        return ""
    return f".{_ENDS.get(content_type) or named(content_type)}"


def route(rule: str) -> str:
    """Return the regular expression of the paths that fit a rule of the site, as PCRE and RE2 read it."""
    parts, after = [], 0
    for found in _VARIABLE.finditer(rule):
        parts += [re.escape(rule[after : found.start()]), _fitting(*found.groups())]
        after = found.end()
    return f"^{''.join(parts)}{re.escape(rule[after:])}$"


def _fitting(kind: str | None, given: str | None) -> str:
    match kind:
        case "any":
            return f"(?:{'|'.join((given or '').split(', '))})"
        case "int":
            return "[0-9]+"
        case "path":
            return "[^/].*"
        case _:
            return "[^/]+"


def named(content_type: str) -> str:
    """Return the end of names for a type that has none of its own."""
    return re.sub(r"[^a-z0-9]+", "-", content_type.lower()).strip("-")


def types(paths: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return which types the ends of names tell, of these paths and types."""
    found = dict(TYPES)
    for path, content_type in paths:
        if content_type not in (*TYPES.values(), BYTES):
            found[path.rpartition(".")[2]] = content_type
    return found


def languages(addresses: Sequence[str]) -> dict[str, str]:
    """Return for each language of the site, and "" for none, an address in it."""
    return {"": addresses[0], **{language: f"/{language}/{addresses[0][1:]}" for language in WORDS}}
