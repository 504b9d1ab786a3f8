"""How the cell of a row is shown: slugs, events and addresses as links, whole numbers whole. Pure."""

from __future__ import annotations

import re

from markupsafe import Markup

from archive.datasette_plugin.links import EVENTS, SLUG, event_page, page, row_of

#: Beyond this not every whole number is a float.
_EXACT = 2**53
_URL = re.compile(r"https?://[^\s/]+\S*")
#: Letters of an address's path.
_SHOWN = 32


def cell(value: object, column: str, table: str | None, site: str | None) -> Markup | None:
    """Return a cell as HTML, or None to leave it to Datasette.

    On the page of a table Datasette makes the links of foreign keys itself, with labels; on that of a row and
    in the answer to a query it makes none.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return Markup(int(value))  # noqa: S704 (a number)
    if isinstance(value, int) and column in EVENTS:
        return _with_page(Markup("<a href='{}'>E{}</a>").format(row_of("events", value), value),
                          event_page(site, value) if site else None)  # fmt: skip
    if not isinstance(value, str):
        return None
    if _URL.fullmatch(value):
        return Markup("<a href='{}'>{}</a>").format(value, _short(value))
    if (table is None or column != "id") and SLUG.fullmatch(value):
        link = Markup("<a href='{}'>{}</a>").format(row_of("records", value), value)
        return _with_page(link, page(site, value) if site else None)
    return None


def _short(address: str) -> str:
    """Return an address for the eye: where it leads, without the middle of a long one."""
    text = address.partition("://")[2].rstrip("/")
    host, slash, rest = text.partition("/")
    host = host.removeprefix("www.")
    return f"{host}{slash}{rest}" if len(rest) <= _SHOWN else f"{host}/…{rest[-_SHOWN:]}"


def _with_page(link: Markup, address: str | None) -> Markup:
    if address is None:
        return link
    return link + Markup(" <a class=public href='{}'>page</a>").format(address)
