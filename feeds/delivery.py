"""From a body to an HTTP response: compression, conditional requests, how long it may be kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from flask import Request, Response
from werkzeug.exceptions import PreconditionFailed
from werkzeug.http import parse_accept_header

from feeds.cache import Body

KEEP = "public, max-age=300"
KEEP_FOR_EVER = "public, max-age=31536000, immutable"
NO_STORE = "no-store"

#: Who asks for a part and then takes it for an error, so that nothing new would ever arrive: rss2email 3.13 ("HTTP
#: status 226"), and programs that do not know that their library asks.
_ASKS_IN_VAIN = re.compile(r"\b(?:rss2email|feedparser)/", re.IGNORECASE)

#: The ETag of a body that has a stand.
_STATE = re.compile(r"(\d{1,12})-[0-9a-f]{32}")


def answer(
    body: Body,
    request: Request,
    keep: str = KEEP,
    since: Callable[[int], Body | None] | None = None,
) -> Response:
    """Return the body, or 304 where the client has it (RFC 9110, section 13).

    ``since`` makes of a feed what changed after an event: for clients that have an earlier state, and say
    that they can take a part of it for the whole (RFC 3229, 226; "A-IM: feed").
    Raises PreconditionFailed where the client insists on other bytes.
    """
    welcome = request.accept_encodings.quality("gzip") > 0
    etag = body.packed_etag if welcome else body.etag
    if _is_another(etag, body, request):
        raise PreconditionFailed
    response = Response()
    _put(body, response, packed=welcome)
    response.headers["Content-Type"] = body.content_type
    response.headers["Cache-Control"] = keep
    response.vary.add("Accept-Encoding")
    if since is not None:
        response.vary.add("A-IM")
    response.set_etag(etag)
    if body.changed:
        response.last_modified = body.changed
    if _has(etag, body, request):
        response.status_code = 304
    elif since is not None and (base := _base(body, request)) and (part := since(base.stand)):
        _put(part, response, packed=welcome)
        response.status_code = 226
        response.headers["IM"] = "feed"
        response.headers["Delta-Base"] = f'"{base.etag}"'
        response.headers["Cache-Control"] = (
            f"{NO_STORE}, im"  # for any cache that knows of no parts
        )
        response.vary.add("If-None-Match")
    return response


def _put(body: Body, response: Response, *, packed: bool) -> None:
    """Put a body into a response, compressed where that is welcome and worth it."""
    sent = body.packed if packed else None
    response.set_data(body.content if sent is None else sent)
    if sent is None:
        response.headers.pop("Content-Encoding", None)
    else:
        response.content_encoding = "gzip"


class _Base(NamedTuple):
    """The state of a feed that a client has."""

    stand: int
    etag: str


def _base(body: Body, request: Request) -> _Base | None:
    """Return the newest state that the client has, where it asks for what changed since."""
    if (
        body.stand is None
        or _ASKS_IN_VAIN.search(request.headers.get("User-Agent", ""))
        or parse_accept_header(request.headers.get("A-IM", "")).quality("feed") <= 0
    ):
        return None
    found = [
        _Base(int(match[1]), etag)
        for etag in (*request.if_none_match.as_set(include_weak=True),)
        if (match := _STATE.fullmatch(etag)) and int(match[1]) < body.stand
    ]
    return max(found, default=None)


def _is_another(etag: str, body: Body, request: Request) -> bool:
    """Tell whether the client wants none but other bytes, or older ones.

    As with `_has` its date is looked at only where it sends no ETag, and one that cannot be read is ignored (13.1.4).
    """
    if request.if_match:
        return not request.if_match.contains(etag)
    since = request.if_unmodified_since
    return since is not None and body.changed is not None and body.changed > since


def _has(etag: str, body: Body, request: Request) -> bool:
    """Tell whether the client has these bytes.

    Its date is looked at only where it sends no ETag, and one that cannot be read is ignored (13.1.3);
    werkzeug's make_conditional looks at the date, too, where the ETags sent are garbage.
    """
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(etag)
    since = request.if_modified_since
    return since is not None and body.changed is not None and body.changed <= since
