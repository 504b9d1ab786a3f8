from __future__ import annotations

import asyncio
from typing import Any

from archive.datasette_plugin.cache import Cache


class Counting:
    """An application whose every answer is another one."""

    def __init__(self, size: int = 10, status: int = 200, headers: Any = ()) -> None:
        self.asked = 0
        self._size, self._status, self._headers = size, status, list(headers)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        start = {"type": "http.response.start", "status": self._status}
        await send(start | {"headers": [(b"Content-Type", b"text/plain"), *self._headers]})
        body = f"{self.asked}".encode().ljust(self._size)
        await send({"type": "http.response.body", "body": body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": body[5:]})


class Asked:
    """A cache, asked one request after the other."""

    def __init__(self, app: Counting, **limits: int) -> None:
        self.state: str | None = "1"
        self.cache = Cache(app, lambda: self.state, **limits)

    def __call__(
        self, path: str = "/a", query: str = "", method: str = "GET", **headers: str
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()],
        }
        asyncio.run(self.cache(scope, None, send))  # type: ignore[arg-type]
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], {n.lower(): v for n, v in sent[0]["headers"]}, body


def test_the_same_answer_is_given_again_until_the_tables_change() -> None:
    app = Counting()
    ask = Asked(app)

    first, again = ask(), ask()
    assert first == again
    assert app.asked == 1

    ask.state = "2"
    status, headers, body = ask()
    assert (status, body) == (200, b"2".ljust(10))
    assert headers[b"etag"] != first[1][b"etag"]


def test_whoever_has_the_answer_already_is_told_so_without_asking_anybody() -> None:
    app = Counting()
    ask = Asked(app)
    etag = ask()[1][b"etag"].decode()

    for known in (etag, f'"other", W/{etag}', "*"):
        status, headers, body = ask(if_none_match=known)
        assert (status, body, headers[b"etag"].decode()) == (304, b"", etag)
    ask.state = "2"
    assert ask(if_none_match=etag)[0] == 200
    assert app.asked == 2


def test_answers_to_other_addresses_and_hosts_are_not_mixed() -> None:
    ask = Asked(Counting())

    tags = [
        ask(*where, **host)[1][b"etag"]
        for where in (("/a",), ("/a", "x=1"), ("/b",))
        for host in ({"host": "one.example"}, {"host": "two.example"})
    ]

    assert len(set(tags)) == 6


def test_what_is_not_for_everyone_is_neither_kept_nor_marked() -> None:
    for app, given in [
        (Counting(), {"cookie": "a=b"}),
        (Counting(), {"authorization": "Bearer x"}),
        (Counting(headers=[(b"Set-Cookie", b"a=b")]), {}),
        (Counting(headers=[(b"Cache-Control", b"private")]), {}),
        (Counting(status=400), {}),
        (Counting(status=404), {}),
    ]:
        ask = Asked(app)
        assert b"etag" not in ask(**given)[1]
        assert b"etag" not in ask(**given)[1]
        assert app.asked == 2


def test_when_the_state_of_the_tables_cannot_be_told_nothing_is_kept() -> None:
    app = Counting()
    ask = Asked(app)
    ask.state = None

    ask(), ask()

    assert app.asked == 2


def test_other_methods_go_through() -> None:
    app = Counting()
    ask = Asked(app)

    ask(method="HEAD"), ask(method="POST")

    assert app.asked == 2


def test_large_answers_go_through_whole_and_the_oldest_make_room() -> None:
    large = Counting(size=101)
    ask = Asked(large, entry=100, total=250)
    assert len(ask()[2]) == len(ask()[2]) == 101
    assert large.asked == 2

    app = Counting(size=100)
    ask = Asked(app, entry=100, total=250)
    ask("/a"), ask("/b"), ask("/a"), ask("/c")
    assert app.asked == 3
    ask("/a")
    assert app.asked == 3, "it was used last"
    ask("/b")
    assert app.asked == 4
