"""What the settings of every server are made of: what leads elsewhere, and how a file is found. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from feeds.publishing import addresses
from feeds.publishing.crawl import Found, Published

#: What is sent of the downloads, by the ends of their names.
DOWNLOAD_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "db": "application/vnd.sqlite3",
    "json": "application/json",
}


class File(NamedTuple):
    """A file of settings."""

    name: str
    content: str


def ends(found: Iterable[Found]) -> list[str]:
    """Return what may have to be put after the path of an address for the name of its file."""
    known = {"", ".html"}
    for one in found:
        path, _, query = one.address.partition("?")
        begin = f"{'/@' if query else ''}{query}{unquote(path)}"
        if one.status == 200 and one.file.startswith(begin) and path[-1] != "/":
            known.add(one.file[len(begin) :])
    return sorted(known)


def closed(found: Sequence[Found], ends: Iterable[str]) -> str:
    """Return the regular expression of those of these ends of files that no address has, and of ends that are no address."""
    none = (end for end in ends if end and not any(one.address.endswith(end) for one in found))
    return f"(?:{'|'.join(map(re.escape, (*none, '.gz', '/index')))})$"


def in_parts(done: Published) -> str:
    """Return the regular expression of the ends of what may be asked for in part (RFC 3229); "" where nothing may."""
    ends = {
        one.file.rpartition(".")[2]
        for one in done.found
        if one.file and "A-IM" in dict(one.headers).get("Vary", "")
    }
    return rf"\.(?:{'|'.join(sorted(ends))})$" if ends else ""


def asking(done: Published) -> str:
    """Return the regular expression of the paths that forms ask; "" where there are no forms."""
    return f"(?:{'|'.join(map(re.escape, done.forms))})$" if done.forms else ""


def types(done: Published) -> Mapping[str, str]:
    """Return which types the ends of names tell."""
    return addresses.types(
        (one.file, dict(one.headers).get("Content-Type", "")) for one in done.found if one.file
    )


def redirects(done: Published, status: int) -> Iterator[tuple[str, str]]:
    """Yield where addresses lead; $archive_language stands for the language that is asked for."""
    for one in done.found:
        if one.status not in ({301, 308} if status == 301 else {302, 303, 307}):
            continue
        target = dict(one.headers)["Location"]
        if one.address in done.asked:
            yield one.address, "/$archive_language/"
        elif "?" not in one.address and addresses.stem(one.address) is None:
            yield one.address, target


def archives(done: Published) -> Iterator[tuple[str, str]]:
    """Yield an old address of each archive of a feed, and the one that stands."""
    for one in done.found:
        if 300 <= one.status < 400 and addresses.stem(one.address):
            yield one.address, dict(one.headers)["Location"]
