"""Answers kept for as long as the tables stay as they are: ETag, 304, and a small LRU cache (RFC 9110, RFC 9111)."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from archive.datasette_plugin.asgi import App, Header, Message, Receive, Scope, Send, replaced

ENTRY = 512 << 10
TOTAL = 32 << 20
#: Whoever keeps an answer asks again each time, which costs almost nothing while the tables are the same.
CONTROL = b"public, max-age=0, must-revalidate"

#: Tells the state of the tables; answers of different states never mix. None: it cannot be told, keep nothing.
State = Callable[[], str | None]


class Kept(NamedTuple):
    """An answer as it was sent."""

    headers: list[Header]
    body: bytes


class Cache:
    """ASGI middleware that answers again what it answered before, while the tables are the same."""

    def __init__(self, app: App, state: State, *, entry: int = ENTRY, total: int = TOTAL) -> None:
        """``entry`` and ``total`` are bytes: of the largest answer kept, and of all together."""
        self._app = app
        self._state = state
        self._entry = entry
        self._total = total
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (tag := self._tag(scope)) is None:
            await self._app(scope, receive, send)
            return
        etag = f'"{tag}"'.encode()
        if _matches(dict(scope["headers"]).get(b"if-none-match", b""), etag):
            headers = [(b"etag", etag), (b"cache-control", CONTROL)]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        elif kept := self._kept.get(tag):
            self._kept.move_to_end(tag)
            headers = kept.headers
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": kept.body})
        else:
            await self._fill(scope, receive, send, tag, etag)

    def _tag(self, scope: Scope) -> str | None:
        """Return what names the answer: the tables' state and the address; None if it is not for everyone."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        headers = dict(scope["headers"])
        if b"cookie" in headers or b"authorization" in headers or (state := self._state()) is None:
            return None
        path = scope.get("raw_path") or scope["path"].encode()
        parts = [
            state.encode(),
            headers.get(b"host", b""),
            path.split(b"?")[0],
            scope["query_string"],
        ]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]

    async def _fill(
        self, scope: Scope, receive: Receive, send: Send, tag: str, etag: bytes
    ) -> None:
        """Let the answer through, and keep it if it is whole, small and for everyone."""
        headers: list[Header] | None = None
        body = bytearray()

        async def keeping(message: Message) -> None:
            nonlocal headers
            if message["type"] == "http.response.start":
                if message["status"] == 200 and not _private(message["headers"]):
                    new = {b"etag": etag, b"cache-control": CONTROL}
                    headers = replaced(list(message["headers"]), new)
                    message = {**message, "headers": headers}
            elif headers is not None:
                body.extend(message.get("body", b""))
                if len(body) > self._entry:
                    headers = None
                    body.clear()
                elif not message.get("more_body", False):
                    self._keep(tag, Kept(headers, bytes(body)))
            await send(message)

        await self._app(scope, receive, keeping)

    def _keep(self, tag: str, kept: Kept) -> None:
        if (before := self._kept.pop(tag, None)) is not None:
            self._size -= len(before.body)
        self._kept[tag] = kept
        self._size += len(kept.body)
        while self._size > self._total:
            self._size -= len(self._kept.popitem(last=False)[1].body)


def _matches(given: bytes, etag: bytes) -> bool:
    """Whether If-None-Match names the answer; weak comparison (RFC 9110, section 13.1.2)."""
    return any(item.strip().removeprefix(b"W/") in (etag, b"*") for item in given.split(b","))


def _private(headers: list[Header]) -> bool:
    lower = {name.lower(): value for name, value in headers}
    control = lower.get(b"cache-control", b"")
    return b"set-cookie" in lower or b"private" in control or b"no-store" in control
