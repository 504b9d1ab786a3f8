from __future__ import annotations

import asyncio
from typing import Any

import pytest

from archive.datasette_plugin import gate
from archive.datasette_plugin.gate import Gate


class Slow:
    """An application that answers when it is told to."""

    def __init__(self) -> None:
        self.running = self.most = 0
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.go_on.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.running -= 1


def scope(path: str, query: str = "") -> dict[str, Any]:
    return {"type": "http", "path": path, "query_string": query.encode()}


async def ask(app: Gate, scope: dict[str, Any]) -> tuple[int, dict[bytes, bytes]]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, None, send)  # type: ignore[arg-type]
    return sent[0]["status"], dict(sent[0]["headers"])


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


HEAVY = scope("/archive.json", "sql=select+1")


def test_two_heavy_requests_run_the_queue_waits_and_the_rest_is_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        slow = Slow()
        app = Gate(slow)
        first = [asyncio.ensure_future(ask(app, HEAVY)) for _ in range(gate.SLOTS + gate.QUEUE)]
        await settle()
        assert slow.running == gate.SLOTS

        status, headers = await ask(app, HEAVY)
        assert (status, headers[b"retry-after"]) == (429, b"5")
        assert slow.running == gate.SLOTS

        cheap = asyncio.ensure_future(ask(app, scope("/archive/people", "_size=20&_next=5")))
        await settle()
        assert slow.running == gate.SLOTS + 1, "a page without a query waits for nobody"

        slow.go_on.set()
        assert [status for status, _ in await asyncio.gather(*first, cheap)] == [200] * 19
        assert slow.most == gate.SLOTS + 1

    monkeypatch.setattr(gate, "PATIENCE", 60)
    asyncio.run(main())


def test_who_waits_too_long_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        slow = Slow()
        app = Gate(slow)
        holding = [asyncio.ensure_future(ask(app, HEAVY)) for _ in range(gate.SLOTS)]
        await settle()
        assert (await ask(app, HEAVY))[0] == 429
        slow.go_on.set()
        assert [status for status, _ in await asyncio.gather(*holding)] == [200, 200]
        assert (await ask(app, HEAVY))[0] == 200, "the slots are free again"

    monkeypatch.setattr(gate, "PATIENCE", 0.01)
    asyncio.run(main())


def test_a_request_that_ends_early_gives_its_slot_back() -> None:
    async def main() -> None:
        slow = Slow()
        app = Gate(slow)
        leaving = [asyncio.ensure_future(ask(app, HEAVY)) for _ in range(gate.SLOTS + 1)]
        await settle()
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        assert slow.running == 0
        slow.go_on.set()
        assert (await ask(app, HEAVY))[0] == 200

    asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "query", "heavy"),
    [
        ("/archive/people", "", False),
        ("/archive/people", "_size=50&_next=person~2Fx", False),
        ("/archive/people.json", "_shape=array", False),
        ("/archive/people", "_facet=name", True),
        ("/archive/people", "_search=x", True),
        ("/archive/people", "name__contains=x", True),
        ("/archive/people.csv", "_stream=1", True),
        ("/archive", "sql=", True),
        ("/archive/find-words", "", True),
        ("/archive/find-words.json", "", True),
        ("/archive/find-wordsx", "", False),
    ],
)
def test_what_counts_as_heavy(path: str, query: str, heavy: bool) -> None:
    async def main() -> None:
        slow = Slow()
        app = Gate(slow, frozenset({"/archive/find-words"}))
        holding = [asyncio.ensure_future(ask(app, HEAVY)) for _ in range(gate.SLOTS)]
        await settle()
        asked = asyncio.ensure_future(ask(app, scope(path, query)))
        await settle()
        assert slow.running == gate.SLOTS + (not heavy)
        slow.go_on.set()
        await asyncio.gather(*holding, asked)

    asyncio.run(main())
