"""Security headers for every answer, and what crawlers are asked to leave alone."""

from __future__ import annotations

from archive.datasette_plugin.asgi import App, Message, Receive, Scope, Send, replaced

#: Datasette's own pages have scripts and styles in them, and nothing from elsewhere.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"interest-cohort=()",
}

#: Facets and filters make endless addresses: what takes open Datasettes down are crawlers that follow them.
ROBOTS = """User-agent: *
Disallow: /*?
Disallow: /*.json
Disallow: /*.csv
Disallow: /*.atom
Disallow: /*.ics
"""


class Headers:
    """ASGI middleware that adds the headers."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                new = dict(HEADERS)
                if scope["query_string"]:
                    new[b"x-robots-tag"] = b"noindex, nofollow"
                message = {**message, "headers": replaced(list(message["headers"]), new)}
            await send(message)

        await self._app(scope, receive, with_headers)
