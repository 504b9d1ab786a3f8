"""The few shapes of ASGI 3.0 that our middlewares need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]


async def answer(send: Send, status: int, body: str, *headers: Header) -> None:
    """Send a whole HTML answer."""
    data = body.encode()
    plain = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(data)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*plain, *headers]})
    await send({"type": "http.response.body", "body": data})


def replaced(headers: list[Header], new: dict[bytes, bytes]) -> list[Header]:
    """Return headers with some of them set anew; names in lower case."""
    return [(name, value) for name, value in headers if name.lower() not in new] + [*new.items()]
