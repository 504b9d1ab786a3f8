"""A gate for what makes Datasette work hard: two requests at a time, a short queue, then 429.

Without it three clients with slow SQL block every page, for Datasette has three threads for SQL.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from archive.datasette_plugin.asgi import App, Receive, Scope, Send, answer

SLOTS = 2
QUEUE = 16
PATIENCE = 1.5
RETRY_AFTER = 5

#: What a link of an ordinary table page may carry; any other parameter makes a request a heavy one.
LIGHT = frozenset({"_next", "_size", "_shape", "_labels", "_nl", "_nosuggest", "_nocount"})

BUSY = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Busy</title>"
    "<h1>Too many queries at once</h1><p>Please try again in a few seconds; pages without a query are open."
    "<h1 lang=cy>Gormod o ymholiadau ar yr un pryd</h1>"
    "<p lang=cy>Rhowch gynnig arall arni ymhen ychydig eiliadau.</html>"
)


async def busy(send: Send) -> None:
    """Ask a client to come again later (RFC 6585, section 4)."""
    await answer(send, 429, BUSY, (b"retry-after", str(RETRY_AFTER).encode()))


class Gate:
    """ASGI middleware that lets two heavy requests through at a time."""

    def __init__(self, app: App, questions: frozenset[str] = frozenset()) -> None:
        """``questions`` are the paths, without format, of queries that are kept ready."""
        self._app = app
        self._questions = questions
        self._slots = asyncio.Semaphore(SLOTS)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._heavy(scope):
            await self._app(scope, receive, send)
            return
        async with self._slot() as free:
            if free:
                await self._app(scope, receive, send)
                return
        await busy(send)

    def _heavy(self, scope: Scope) -> bool:
        if scope["path"].rpartition(".")[0] in self._questions or scope["path"] in self._questions:
            return True
        given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        return any(name not in LIGHT for name, _ in given)

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[bool]:
        """Hold a slot, if one comes free in time."""
        if self._slots.locked() and self._waiting >= QUEUE:
            yield False
            return
        self._waiting += 1
        try:
            await asyncio.wait_for(self._slots.acquire(), PATIENCE)
        except TimeoutError:
            yield False
            return
        finally:
            self._waiting -= 1
        try:
            yield True
        finally:
            self._slots.release()
