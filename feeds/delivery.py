"""From a body to an HTTP response: compression, conditional requests, how long it may be kept."""

from __future__ import annotations

from flask import Request, Response
from werkzeug.exceptions import PreconditionFailed

from feeds.cache import Body

KEEP = "public, max-age=300"
KEEP_FOR_EVER = "public, max-age=31536000, immutable"
NO_STORE = "no-store"


def answer(body: Body, request: Request, keep: str = KEEP) -> Response:
    """Return the body, or 304 where the client has it (RFC 9110, section 13).

    Raises PreconditionFailed where the client insists on other bytes.
    """
    packed = request.accept_encodings.quality("gzip") > 0
    etag = body.packed_etag if packed else body.etag
    if request.if_match and not request.if_match.contains(etag):
        raise PreconditionFailed
    response = Response(body.packed if packed else body.content)
    response.headers["Content-Type"] = body.content_type
    response.headers["Cache-Control"] = keep
    response.vary.add("Accept-Encoding")
    response.set_etag(etag)
    if packed:
        response.content_encoding = "gzip"
    if body.changed:
        response.last_modified = body.changed
    if _has(etag, body, request):
        response.status_code = 304
    return response


def _has(etag: str, body: Body, request: Request) -> bool:
    """Tell whether the client has these bytes.

    Its date is looked at only where it sends no ETag, and one that cannot be read is ignored (13.1.3);
    werkzeug's make_conditional looks at the date, too, where the ETags sent are garbage.
    """
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(etag)
    since = request.if_modified_since
    return since is not None and body.changed is not None and body.changed <= since
